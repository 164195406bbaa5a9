//! Fetches a URL and returns a value that can be judged without a network.

use crate::{
    context::{Context, Place},
    expected::NotKnown,
    service,
};
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use nexy_contract::{Fix, text};
use nexy_outside::net::http::{Answer, Ask, Url};
use std::io::Read as _;

pub(crate) use nexy_contract::health::is_from_intermediary;
pub(crate) use nexy_outside::net::http::look_there;

/// Answers of the server are some kilobytes; more than this is none of them.
const MAX_BYTES: u64 = 1 << 20;

/// Status and body that a server answered, or why there is none that could be read.
pub(crate) type Look = Result<(u16, Vec<u8>), Unread>;

/// Why an answer cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// No server that could know has answered.
    Nothing(NotKnown),
    /// The server has answered, and no client could use the answer.
    Useless(String),
}

impl From<NotKnown> for Unread {
    fn from(not_known: NotKnown) -> Self {
        Self::Nothing(not_known)
    }
}

/// Asks for a small document, past every cache.
pub(crate) fn fetch(context: &Context, url: &str, place: Place) -> Look {
    let answer = ask(context, url, place)?;
    let compression = answer.header("Content-Encoding").unwrap_or_default().trim().to_ascii_lowercase();
    match unpacked(&compression, answer.body) {
        Unpacked::Plain(body) => Ok((answer.status, body)),
        Unpacked::Broken => Err(Unread::Useless(format!(
            "{url} declares `Content-Encoding: {compression}`, and its bytes are not that from end to end, so no client can read them"
        ))),
        Unpacked::Unknown => {
            let because = format!("{url} answers compressed with `{}`, which was not asked for", text::excerpt(&compression, 40));
            Err(NotKnown { because, fix: look_there(url) }.into())
        }
    }
}

/// Asks for a small document with its header fields, as it came.
pub(crate) fn ask(context: &Context, url: &str, place: Place) -> Result<Answer, NotKnown> {
    let no_url = || NotKnown { because: format!("`{}` is no URL", text::excerpt(url, 120)), fix: Fix::note("correct it in nexy.toml") };
    let parsed = Url::parse(url).ok_or_else(no_url)?;
    let ask = Ask::get(parsed, context.patience(place), MAX_BYTES).header("Cache-Control", "no-cache");
    context.http.ask(&ask).map_err(|error| match place {
        Place::Here => NotKnown { because: error.said, fix: service::look_at(&context.workspace.target.service.unit) },
        Place::Outside => error.into(),
    })
}

/// A body without its compression.
#[derive(Debug, PartialEq, Eq)]
enum Unpacked {
    Plain(Vec<u8>),
    /// It is not compressed as it says.
    Broken,
    /// The compression is not known here.
    Unknown,
}

/// The body as clients see it, which undo what a server in front compresses without being asked. Never larger than an answer.
fn unpacked(compression: &str, body: Vec<u8>) -> Unpacked {
    let mut plain = Vec::new();
    let read = match compression {
        "" | "identity" => return Unpacked::Plain(body),
        "gzip" | "x-gzip" => MultiGzDecoder::new(body.as_slice()).take(MAX_BYTES).read_to_end(&mut plain),
        "deflate" => ZlibDecoder::new(body.as_slice()).take(MAX_BYTES).read_to_end(&mut plain),
        _ => return Unpacked::Unknown,
    };
    // A refusal may come without a body, whatever its header fields say of one.
    if read.is_ok() || body.is_empty() { Unpacked::Plain(plain) } else { Unpacked::Broken }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{
        Compression,
        write::{GzEncoder, ZlibEncoder},
    };
    use std::io::Write as _;

    #[test]
    fn what_was_compressed_without_being_asked_is_unpacked_and_never_larger_than_an_answer() {
        let gzip = |bytes: &[u8]| {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(bytes).expect("in memory");
            encoder.finish().expect("in memory")
        };
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
        zlib.write_all(b"<rss/>").expect("in memory");
        let packed = gzip(b"<rss/>");
        for (compression, body) in [
            ("gzip", packed.clone()),
            ("x-gzip", packed.clone()),
            ("deflate", zlib.finish().expect("in memory")),
            ("", b"<rss/>".to_vec()),
            ("identity", b"<rss/>".to_vec()),
        ] {
            assert_eq!(unpacked(compression, body), Unpacked::Plain(b"<rss/>".to_vec()), "{compression}");
        }
        for (compression, body) in
            [("gzip", packed[..packed.len() - 3].to_vec()), ("gzip", b"<rss/>".to_vec()), ("deflate", packed.clone())]
        {
            assert_eq!(unpacked(compression, body), Unpacked::Broken, "{compression}");
        }
        assert_eq!(unpacked("br", packed), Unpacked::Unknown);
        assert_eq!(unpacked("gzip", Vec::new()), Unpacked::Plain(Vec::new()));
        let bomb = gzip(&vec![b' '; 64 << 20]);
        assert!(matches!(unpacked("gzip", bomb), Unpacked::Plain(plain) if plain.len() as u64 == MAX_BYTES));
    }
}
