//! The laptop's scripts and the Makefile, run as a person runs them, against a scripted `az` that conceals what the real one conceals.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests prepare files and run programs; what goes wrong ends the test"
)]

mod build_receipt;
mod done;
mod laptop;
mod makefile;
mod manifest_to_vm;
mod release;
mod status;
mod tag_release;
mod validate_updates;
mod vm;
mod vm_refusals;
