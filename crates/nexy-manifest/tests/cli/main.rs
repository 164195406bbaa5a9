//! `nexy-manifest` as a black box.

mod checking;
mod delivering;
mod installing;
mod published;
mod writing;
