//! GitHub's release API, its upload host, the public downloads and the storage behind them.

mod accounts;
mod actions;
mod answers;
mod api;
mod assets;
mod enterprise;
mod git;
mod graphql;
mod names;
mod pages;
mod releases;
mod repository;
mod root;
mod storage;
mod store;
mod upload;
mod watch;
mod web;

pub use actions::ScriptedRun;
pub(crate) use api::answer as api;
pub(crate) use enterprise::behind_one_host;
pub(crate) use names::as_github_names_it;
pub(crate) use storage::answer as storage;
pub use store::AssetInfo;
pub(crate) use store::{Release, Store};
pub(crate) use upload::answer as uploads;
pub(crate) use web::answer as web;
