//! Feeds as the real server writes them, and every way in which one goes wrong.

use super::*;
use crate::Timestamp;
use proptest::prelude::*;

const URL: &str = "https://example.test/Update/Nexy.dmg";
/// Sparkle's own test signature.
const SIGNATURE: &str = "EIawm2YkDZ2gBfkEMF2+1VuuTeXnCGZOdnMdVgPPvDZioq7bvDayXqKkIIzSjKMmeFdcFJOHdnba5ZV60+gPBw==";

/// The feed as the real server strings it together.
fn real(url: &str, build: &str, length: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:sparkle="{NAMESPACE}">
    <channel><title>Nexy Updates</title><description>Updates</description><language>en</language>
        <item><title>Version 2.0.0.4</title><pubDate>Sat, 21 Nov 2026 06:35:17 +0000</pubDate>
            <enclosure url="{url}" sparkle:version="{build}" sparkle:shortVersionString="2.0.0.4" length="{length}" type="application/octet-stream"
                sparkle:dsaSignature="" sparkle:minimumSystemVersion="11.0" /></item></channel></rss>
"#
    )
}

fn good() -> String {
    real(URL, "2.0.0.4", "1048576")
}

fn announced() -> Announced<'static> {
    Announced { version: ReleaseVersion::new([2, 0, 0, 4]), url: URL, size_bytes: 1_048_576 }
}

fn read(feed: &str) -> Result<Feed, FeedError> {
    Feed::read(feed.as_bytes())
}

fn offer(feed: &str) -> Result<Offer, FeedError> {
    read(feed)?.offer()
}

#[test]
fn the_real_servers_feed_offers_what_was_announced() {
    let offer = offer(&good()).expect("a good feed");
    assert_eq!(offer, Offer { version: "2.0.0.4".to_owned(), url: URL.to_owned(), length_bytes: 1_048_576 });
    assert_eq!(offer.differences(&announced()), Vec::<String>::new());
}

#[test]
fn every_difference_from_the_manifest_is_named() {
    let feed = real("http://example.test/old.dmg", "2.0.0.3", "1048577");
    let differences = offer(&feed).expect("well-formed").differences(&announced());
    for part in ["sparkle:version is `2.0.0.3`", "length is 1048577", "old.dmg", "not a plain https URL"] {
        assert!(differences.iter().any(|difference| difference.contains(part)), "{part}: {differences:?}");
    }
}

#[test]
fn the_version_is_a_text_and_not_a_number() {
    for build in ["2.0.0.04", "v2.0.0.4", "2.0.0.4 ", "2004"] {
        let differences = offer(&real(URL, build, "1048576")).expect("well-formed").differences(&announced());
        assert_eq!(differences.len(), 1, "{build}: {differences:?}");
    }
}

#[test]
fn only_a_plain_url_is_an_offer_and_plain_http_on_loopback_alone() {
    let at = |url: &str| {
        let mut announced = announced();
        announced.url = url;
        offer(&real(url, "2.0.0.4", "1048576")).expect("well-formed").differences(&announced).len()
    };
    assert_eq!(at("http://127.0.0.1:4000/Nexy.dmg"), 0);
    assert_eq!(at("http://example.test/Nexy.dmg"), 1);
    assert_eq!(at("file:///Nexy.dmg"), 1);
    assert_eq!(at("Nexy.dmg"), 1);
    assert_eq!(at("https://example.test/Nexy.dmg#latest"), 1);
}

#[test]
fn a_misspelt_namespace_hides_the_version_and_is_named() {
    for other in [
        "https://www.andymatuschak.org/xml-namespaces/sparkle",
        "http://www.andymatuschak.org/xml-namespaces/sparkle/",
        "http://sparkle-project.org/",
        "urn:x",
    ] {
        let error = offer(&good().replace(NAMESPACE, other)).expect_err(other).to_string();
        assert_eq!(error, format!("Sparkle's namespace is spelled `{other}`, so clients see no version"));
    }
    let another_prefix = good().replace("sparkle:", "s:").replace("xmlns:s=", "xmlns:sparkle=").replace("xmlns:sparkle=", "xmlns:s=");
    assert!(offer(&another_prefix).is_ok(), "a prefix is only a prefix");
}

#[test]
fn whatever_is_no_feed_offers_nothing() {
    for (feed, because) in [
        (String::new(), "well-formed"),
        ("Error generating AppCast XML".to_owned(), "well-formed"),
        (real("https://example.test/x?a=1&b=2", "2.0.0.4", "7"), "well-formed"),
        (good().replace("</rss>", ""), "well-formed"),
        (good().replace("sparkle:dsaSignature=\"\"", "sparkle:version=\"2.0.0.4\""), "well-formed"),
        (good().replace("<?xml", " <?xml"), "well-formed"),
        ("<html><body>502</body></html>".to_owned(), "<html>"),
        (format!("<rss xmlns:sparkle=\"{NAMESPACE}\"><channel/></rss>"), "no /rss/channel/item"),
        (good().replace("<channel>", "<x><channel>").replace("</channel>", "</channel></x>"), "no /rss/channel/item"),
        ("<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>".to_owned(), "well-formed"),
    ] {
        let error = offer(&feed).expect_err(&feed);
        assert!(error.to_string().contains(because), "{error}");
    }
    assert!(Feed::read(b"<rss>\xff</rss>").is_err_and(|error| error.to_string().contains("no UTF-8")));
}

#[test]
fn an_item_that_lacks_something_offers_nothing() {
    for (old, new, because) in [
        (" sparkle:version=\"2.0.0.4\"", "", "no sparkle:version"),
        (" length=\"1048576\"", "", "the length ``"),
        ("\"1048576\"", "\"0\"", "the length `0`"),
        ("\"1048576\"", "\"+1048576\"", "the length `+1048576`"),
        ("\"1048576\"", "\"1,048,576\"", "the length `1,048,576`"),
        ("\"1048576\"", "\"99999999999999999999\"", "the length `9999"),
        (URL, "", "without url"),
        ("<enclosure", "<inclosure", "no <enclosure>"),
        ("<pubDate>", "<sparkle:version>2.0.0.5</sparkle:version><pubDate>", "two versions, `2.0.0.5` and `2.0.0.4`"),
    ] {
        let feed = good();
        assert!(feed.contains(old), "{old}");
        let error = offer(&feed.replace(old, new)).expect_err(new);
        assert!(error.to_string().contains(because), "{error}");
    }
}

#[test]
fn the_version_may_be_an_element() {
    let feed =
        good().replace(" sparkle:version=\"2.0.0.4\"", "").replace("<pubDate>", "<sparkle:version> 2.0.0.4 </sparkle:version><pubDate>");
    assert_eq!(offer(&feed).expect("well-formed").version, "2.0.0.4");
}

#[test]
fn the_first_item_is_what_clients_read() {
    let second = "</item><item><sparkle:version>2.0.0.9</sparkle:version><enclosure url=\"x\" length=\"1\"/></item></channel>";
    let feed = read(&good().replace("</item></channel>", second)).expect("well-formed");
    assert_eq!(feed.offer().expect("a good first item").version, "2.0.0.4");
    assert!(feed.advice(Timestamp::UNIX_EPOCH).iter().any(|rule| rule.contains("item 2 is newer")));
}

#[test]
fn advice_names_what_the_real_server_does_otherwise_than_sparkle_asks() {
    let asked_at: Timestamp = "2026-11-21T06:35:18Z".parse().expect("a time");
    let feed = good().replace("dsaSignature=\"\"", &format!("dsaSignature=\"{SIGNATURE}\""));
    let advice = read(&feed).expect("well-formed").advice(asked_at);
    for part in ["minimumSystemVersion is an attribute", "moment of asking", "no sparkle:edSignature", "belongs in sparkle:edSignature"] {
        assert!(advice.iter().any(|rule| rule.contains(part)), "{part}: {advice:?}");
    }
    assert_eq!(advice.len(), 4, "{advice:?}");
}

#[test]
fn a_feed_that_keeps_all_rules_gets_no_advice() {
    let feed = good()
        .replace("sparkle:dsaSignature=\"\" sparkle:minimumSystemVersion=\"11.0\"", &format!("sparkle:edSignature=\"{SIGNATURE}\""))
        .replace(
            "<pubDate>",
            "<sparkle:minimumSystemVersion>11.0</sparkle:minimumSystemVersion><sparkle:channel>beta</sparkle:channel><pubDate>",
        );
    assert_eq!(read(&feed).expect("well-formed").advice(Timestamp::UNIX_EPOCH), Vec::<String>::new());
}

#[test]
fn dates_channels_and_signatures_of_other_forms_are_named() {
    for (old, new, because) in [
        ("Sat, 21 Nov 2026 06:35:17 +0000", "2026-11-21T06:35:17Z", "is no date"),
        ("Sat, 21 Nov", "Fri, 21 Nov", "is no date"),
        ("<pubDate>Sat, 21 Nov 2026 06:35:17 +0000</pubDate>", "", "no pubDate"),
        ("<pubDate>", "<sparkle:channel>be ta</sparkle:channel><pubDate>", "offer the item to every client"),
        ("sparkle:dsaSignature=\"\"", "sparkle:edSignature=\"abc=\"", "no base64 of 64 bytes"),
        (".dmg", ".pkg", "a .pkg without"),
        ("sparkle:shortVersionString=\"2.0.0.4\"", "", "to show to people"),
    ] {
        let advice = read(&good().replace(old, new)).expect("well-formed").advice(Timestamp::UNIX_EPOCH);
        assert!(advice.iter().any(|rule| rule.contains(because)), "{because}: {advice:?}");
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
        if let Ok(feed) = Feed::read(&bytes) {
            let _ = (feed.offer(), feed.advice(Timestamp::UNIX_EPOCH));
        }
    }

    #[test]
    fn a_cut_feed_offers_nothing(at in 0usize..600) {
        let feed = good();
        let end = feed.trim_end().len();
        if at < end && feed.is_char_boundary(at) {
            prop_assert!(offer(&feed[..at]).is_err());
        }
    }
}

#[test]
fn a_feed_that_is_nested_without_end_is_refused_and_breaks_nothing() {
    let nested = "<a>".repeat(300_000);
    assert!(read(&nested).is_err());
    let closed = format!("{nested}{}", "</a>".repeat(300_000));
    assert!(read(&closed).is_err());
}
