//! `nexy-verify` as a black box: one file for every kind of probe, and one for every way of asking.

#![expect(clippy::expect_used, clippy::disallowed_methods, reason = "tests stop at the first surprise, and lay out files as they please")]

mod asked;
mod beta_feed;
mod certificate_renewal;
mod channel_assets;
mod client;
mod diagnose;
mod done;
mod feed;
mod feed_advice;
mod gated;
mod health;
mod host;
mod journal_clean;
mod live_artifact;
mod local_feed;
mod manifest_pair;
mod naming;
mod one_artifact;
mod process_newer;
mod public_grpc;
mod public_headers;
mod public_tls;
mod record;
mod refusals;
mod release_assets;
mod run_command;
mod unit_active;
mod versions_agree;
mod vm_asked;
mod waiting;
mod workflow_run;
