//! Readers of formats: what a file says, before a gate judges it.

pub(crate) mod guide_block;
pub(crate) mod package;
pub(crate) mod requirements;
pub(crate) mod secrets;
pub(crate) mod words;
pub(crate) mod workflow;
pub(crate) mod xar;
pub(crate) mod yaml;
