//! Fetches a URL and returns a value that can be judged without a network.

use crate::{
    context::{Context, Place},
    expected::NotKnown,
    service,
};
use nexy_contract::{Fix, text};
use nexy_outside::net::http::{Ask, Url};

pub(crate) use nexy_contract::health::is_from_intermediary;
pub(crate) use nexy_outside::net::http::look_there;

/// Answers of the server are some kilobytes; more than this is none of them.
const MAX_BYTES: u64 = 1 << 20;

/// Status and body that a server answered, or why none did, or not to the end.
pub(crate) type Look = Result<(u16, Vec<u8>), NotKnown>;

/// Why an answer cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// No server that could know has answered.
    Nothing(NotKnown),
    /// The server has answered, and no client could use the answer.
    Useless(String),
}

/// Asks for a small document, past every cache.
pub(crate) fn fetch(context: &Context, url: &str, place: Place) -> Look {
    let no_url = || NotKnown { because: format!("`{}` is no URL", text::excerpt(url, 120)), fix: Fix::note("correct it in nexy.toml") };
    let url = Url::parse(url).ok_or_else(no_url)?;
    let ask = Ask::get(url, context.patience(place), MAX_BYTES).header("Cache-Control", "no-cache");
    let answer = context.http.ask(&ask).map_err(|error| match place {
        Place::Here => NotKnown { because: error.said, fix: service::look_at(&context.workspace.target.service.unit) },
        Place::Outside => error.into(),
    })?;
    Ok((answer.status, answer.body))
}
