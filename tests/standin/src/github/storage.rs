//! The storage host: bytes by signed address, in ranges, and never with an Authorization header.

use super::store::AssetInfo;
use crate::http::{Body, Request, Response};
use crate::listener::Listener;
use crate::state::State;
use crate::{clock, disk};

/// The address of an asset's bytes, valid for an hour.
pub(super) fn signed_url(state: &State, asset: &AssetInfo) -> String {
    let end = clock::iso(clock::now_seconds() + 3600);
    let signature = signature(&asset.uuid, &end);
    let base = state.url(Listener::Storage);
    let end = end.replace(':', "%3A");
    format!("{base}/asset/{}?sp=r&se={end}&sig={signature}&rscd=attachment", asset.uuid)
}

/// Answers one download.
pub(crate) fn answer(state: &State, request: &Request) -> Response {
    if request.header("authorization").is_some() {
        return problem(
            400,
            "InvalidAuthenticationInfo",
            "Authentication information is not given in the correct format. Check the value of \
             Authorization header.",
        );
    }
    let segments = request.segments();
    let [folder, uuid] = segments.as_slice() else {
        return problem(404, "ResourceNotFound", "no such address").unscripted();
    };
    if folder != "asset" || !matches!(request.method.as_str(), "GET" | "HEAD") {
        return problem(404, "ResourceNotFound", "no such address").unscripted();
    }
    let end = request.parameter("se").unwrap_or_default();
    let is_signed = request.parameter("sig") == Some(signature(uuid, end).as_str()) && end > clock::iso(clock::now_seconds()).as_str();
    if !is_signed {
        return problem(403, "AuthenticationFailed", "the signature is wrong or old");
    }
    let store = state.store();
    let Some(asset) = store.asset_by_uuid(uuid) else {
        return problem(404, "BlobNotFound", "the blob does not exist");
    };
    let tag = format!("\"0x{}\"", &asset.uuid[..16]);
    if request.header("if-none-match") == Some(tag.as_str()) {
        return Response::new(304, Vec::new()).with("ETag", &tag).about(asset.id);
    }
    let whole = asset.size;
    let range = request.header("range").map(|text| range(text, whole));
    let (status, start, length) = match range {
        Some(Range::Part(start, length)) => (206, start, length),
        Some(Range::Unsatisfiable) => {
            return problem(416, "InvalidRange", "the range is outside of the blob")
                .with("Content-Range", &format!("bytes */{whole}"))
                .about(asset.id);
        }
        Some(Range::Ignored) | None => (200, 0, whole),
    };
    let mut response = Response::new(status, Vec::new())
        .with("Content-Type", &asset.content_type)
        .with("Accept-Ranges", "bytes")
        .with("ETag", &tag)
        .with("Content-Disposition", &format!("attachment; filename={}", asset.name))
        .about(asset.id);
    if status == 206 {
        let last = start + length - 1;
        response = response.with("Content-Range", &format!("bytes {start}-{last}/{whole}"));
    }
    response.body = Body::File { path: store.bytes_of(&asset), start, length };
    response
}

fn signature(uuid: &str, end: &str) -> String {
    disk::sha256(format!("key of the stand-in {uuid} {end}").as_bytes())
}

fn problem(status: u16, code: &str, text: &str) -> Response {
    let body = format!("<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{code}</Code><Message>{text}</Message></Error>");
    Response::new(status, body.into_bytes()).with("Content-Type", "application/xml")
}

#[derive(Debug, PartialEq, Eq)]
enum Range {
    /// Start and length.
    Part(u64, u64),
    Unsatisfiable,
    /// Not understood: the whole is sent, as the standard asks.
    Ignored,
}

fn range(text: &str, whole: u64) -> Range {
    let Some((first, last)) = text.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Range::Ignored;
    };
    let number = |text: &str| text.parse::<u64>().ok();
    match (first, number(first), last, number(last)) {
        ("", _, _, Some(0)) => Range::Unsatisfiable,
        ("", _, _, Some(count)) if whole > 0 => {
            let count = count.min(whole);
            Range::Part(whole - count, count)
        }
        (_, Some(first), _, _) if first >= whole => Range::Unsatisfiable,
        (_, Some(first), "", _) => Range::Part(first, whole - first),
        (_, Some(first), _, Some(last)) if first <= last => Range::Part(first, last.min(whole - 1) - first + 1),
        _ => Range::Ignored,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut_to_the_blob() {
        assert_eq!(range("bytes=0-3", 10), Range::Part(0, 4));
        assert_eq!(range("bytes=8-99", 10), Range::Part(8, 2));
        assert_eq!(range("bytes=4-", 10), Range::Part(4, 6));
        assert_eq!(range("bytes=-3", 10), Range::Part(7, 3));
        assert_eq!(range("bytes=-30", 10), Range::Part(0, 10));
        assert_eq!(range("bytes=10-", 10), Range::Unsatisfiable);
        assert_eq!(range("bytes=-0", 10), Range::Unsatisfiable);
        assert_eq!(range("bytes=5-2", 10), Range::Ignored);
        assert_eq!(range("bytes=0-1,4-5", 10), Range::Ignored);
        assert_eq!(range("lines=1-2", 10), Range::Ignored);
    }
}
