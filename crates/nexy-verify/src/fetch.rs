//! Fetches a URL and returns a value that can be judged without a network.

use crate::context::Context;
pub(crate) use nexy_contract::health::is_from_intermediary;
use nexy_contract::{Fix, text};
use nexy_outside::net::http::{Ask, HttpError, Url};

/// Answers of the server are some kilobytes; more than this is none of them.
const MAX_BYTES: u64 = 1 << 20;

/// What came of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// A server answered.
    Answered {
        /// The status code.
        status: u16,
        /// The body.
        body: Vec<u8>,
    },
    /// No server did, or not to the end.
    Nothing {
        /// Why, with the URL.
        because: String,
        /// What to do.
        fix: Fix,
    },
}

/// Why an answer cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// No server that could know has answered.
    Nothing {
        /// Why.
        because: String,
        /// What to do.
        fix: Fix,
    },
    /// The server has answered, and no client could use the answer.
    Useless(String),
}

pub(crate) use nexy_outside::net::http::look_there;

/// Asks for a small document, past every cache.
pub(crate) fn fetch(context: &Context, url: &str) -> Look {
    let Some(url) = Url::parse(url) else {
        return Look::Nothing { because: format!("`{}` is no URL", text::excerpt(url, 120)), fix: Fix::note("correct it in nexy.toml") };
    };
    let ask = Ask::get(url, context.patience(), MAX_BYTES).header("Cache-Control", "no-cache");
    match context.http.ask(&ask) {
        Ok(answer) => Look::Answered { status: answer.status, body: answer.body },
        Err(error) => nothing(&error),
    }
}

/// An error of the network as a look.
pub(crate) fn nothing(error: &HttpError) -> Look {
    Look::Nothing { because: error.to_string(), fix: error.fix() }
}
