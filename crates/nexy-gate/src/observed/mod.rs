//! What several gates look at; it is looked at in one way, and once.

pub(crate) mod azure;
pub(crate) mod cached_answer;
pub(crate) mod channels;
pub(crate) mod config_env;
pub(crate) mod git_files;
pub(crate) mod inbox;
pub(crate) mod receipts;
pub(crate) mod remotes;
pub(crate) mod repository;
pub(crate) mod version;
