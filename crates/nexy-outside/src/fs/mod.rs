//! Files, folders, permissions, locks and accounts.

pub mod accounts;
pub mod beneath;
pub mod disk_usage;
pub mod files;
pub mod line_reader;
pub mod permissions;
pub mod root_fs;
pub mod user_lock;
