//! Fuzzes the feed reader: any bytes are read or refused, and the same bytes are read the same again.

use super::{Target, kind, promised};
use nexy_contract::appcast::Feed;

pub(super) const TARGET: Target = Target {
    name: "appcast",
    seeds: &[
        b"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rss version=\"2.0\" xmlns:sparkle=\"http://www.andymatuschak.org/xml-namespaces/sparkle\">\n<channel><item><title>Version 2.0.0.4</title><enclosure url=\"https://example.org/A.dmg\" sparkle:version=\"2.0.0.4\" sparkle:shortVersionString=\"2.0.0.4\" length=\"9\" type=\"application/octet-stream\"/></item></channel></rss>",
        b"<rss><channel/></rss>",
    ],
    tokens: &[
        b"<", b">", b"/>", b"</", b"&amp;", b"&#0;", b"&x;", b"<!DOCTYPE a [<!ENTITY x \"y\">]>", b"<![CDATA[", b"]]>", b"<!--", b"-->", b"\"", b"=",
        b"<item>", b"</item>", b"<enclosure ", b" url=\"", b" length=\"", b" sparkle:version=\"", b"http://", b"xmlns:sparkle=\"", b"-1", b"\0",
    ],
    run,
};

fn run(bytes: &[u8]) -> Result<u64, String> {
    let read = || match Feed::read(bytes) {
        Ok(feed) => format!("feed {}", feed.offer().map_or_else(|error| error.to_string(), |_| "offer".to_owned())),
        Err(error) => error.to_string(),
    };
    let answer = read();
    promised(answer == read(), "the same bytes are read the same again")?;
    Ok(kind(&answer))
}
