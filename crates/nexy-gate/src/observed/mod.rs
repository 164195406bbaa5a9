//! What several gates look at, looked at in one way.

pub(crate) mod azure;
pub(crate) mod remote_url;
pub(crate) mod remotes;
