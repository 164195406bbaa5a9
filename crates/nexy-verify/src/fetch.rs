//! Fetches a URL and returns a value that can be judged without a network.

use crate::{
    context::{Context, Place},
    expected::NotKnown,
    service,
};
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use nexy_contract::{Fix, text};
use nexy_outside::net::http::{Ask, Url};
use std::io::Read as _;

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
    let parsed = Url::parse(url).ok_or_else(no_url)?;
    let ask = Ask::get(parsed, context.patience(place), MAX_BYTES).header("Cache-Control", "no-cache");
    let answer = context.http.ask(&ask).map_err(|error| match place {
        Place::Here => NotKnown { because: error.said, fix: service::look_at(&context.workspace.target.service.unit) },
        Place::Outside => error.into(),
    })?;
    let compression = answer.header("Content-Encoding").unwrap_or_default().trim().to_ascii_lowercase();
    match unpacked(&compression, answer.body) {
        Some(body) => Ok((answer.status, body)),
        None => {
            let because = format!("{url} answers compressed with `{}`, which was not asked for", text::excerpt(&compression, 40));
            Err(NotKnown { because, fix: look_there(url) })
        }
    }
}

/// The body as clients see it, which undo what a server in front compresses without being asked; `None` for a compression that is
/// not known here. What cannot be unpacked stays as it came: its reader says what it is.
fn unpacked(compression: &str, body: Vec<u8>) -> Option<Vec<u8>> {
    let mut plain = Vec::new();
    let read = match compression {
        "" | "identity" => return Some(body),
        "gzip" | "x-gzip" => MultiGzDecoder::new(body.as_slice()).take(MAX_BYTES).read_to_end(&mut plain),
        "deflate" => ZlibDecoder::new(body.as_slice()).take(MAX_BYTES).read_to_end(&mut plain),
        _ => return None,
    };
    Some(if read.is_ok() { plain } else { body })
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
            assert_eq!(unpacked(compression, body).as_deref(), Some(&b"<rss/>"[..]), "{compression}");
        }
        let cut = packed[..packed.len() - 3].to_vec();
        assert_eq!(unpacked("gzip", cut.clone()), Some(cut));
        assert_eq!(unpacked("br", packed), None);
        let bomb = gzip(&vec![b' '; 64 << 20]);
        assert_eq!(unpacked("gzip", bomb).map(|plain| plain.len() as u64), Some(MAX_BYTES));
    }
}
