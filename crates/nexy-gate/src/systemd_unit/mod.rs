//! A unit of the service manager: as the manager has loaded it, and as the files that it is made of say.

pub(crate) mod edit;
pub(crate) mod files;
pub(crate) mod loaded;
pub(crate) mod overrides;
pub(crate) mod reach;
pub(crate) mod sandbox;
pub(crate) mod settings;
