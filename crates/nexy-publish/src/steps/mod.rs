//! The steps of a publication and of a rollback, one file each.

pub(crate) mod asset_ops;
pub(crate) mod confirm;
pub(crate) mod contention;
pub(crate) mod download;
pub(crate) mod inspect;
pub(crate) mod local_file;
pub(crate) mod manifest_rule;
pub(crate) mod park_previous;
pub(crate) mod recheck;
pub(crate) mod restore_live;
pub(crate) mod signature;
pub(crate) mod swap;
pub(crate) mod upload;
pub(crate) mod verify;
