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
        ("<html><body>502</body></html>".to_owned(), "an HTML page answers"),
        (format!("<rss xmlns:sparkle=\"{NAMESPACE}\"><channel/></rss>"), "no /rss/channel/item"),
        (good().replace("<channel>", "<x><channel>").replace("</channel>", "</channel></x>"), "no /rss/channel/item"),
        ("<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>".to_owned(), "its root is <a>"),
        ("<!DOCTYPE rss SYSTEM \"http://h/x.dtd\"><rss>&b;</rss>".to_owned(), "(DTD) does not define the entity `&b;`"),
        ("<!DOCTYPE a [<!ENTITY b \"&b;\">]><a>&b;</a>".to_owned(), "(DTD) defines entities of entities"),
        ("<!DOCTYPE a [<!ENTITY b]><a/>".to_owned(), "well-formed"),
        ("\u{feff}\n<!doctype HTML><html><meta charset=utf-8></html>".to_owned(), "an HTML page answers"),
        ("<HTML><body><p>Just a moment...</body>".to_owned(), "an HTML page answers"),
    ] {
        let error = offer(&feed).expect_err(&feed);
        assert!(error.to_string().contains(because), "{error}");
    }
    assert!(Feed::read(b"\x1f\x8b\x08").is_err_and(|error| error.to_string().contains("compressed with gzip")));
}

/// The XML declaration with another encoding.
fn declaring(label: &str) -> String {
    good().replace("encoding=\"utf-8\"", &format!("encoding='{label}'"))
}

fn utf_16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(to_bytes).collect()
}

#[test]
fn a_feed_is_read_in_the_encoding_that_it_is_in_when_it_declares_that_one() {
    let is_read = |bytes: &[u8]| Feed::read(bytes).and_then(|feed| feed.offer()).is_ok_and(|offer| offer.url == URL);
    let bom = format!("\u{feff}{}", declaring("UTF-16"));
    for bytes in [
        good().into_bytes(),
        format!("\u{feff}{}", good()).into_bytes(),
        good().replace(" encoding=\"utf-8\"", "").into_bytes(),
        utf_16(&bom, u16::to_le_bytes),
        utf_16(&bom, u16::to_be_bytes),
        utf_16(&declaring("utf-16"), u16::to_le_bytes),
        utf_16(&declaring("utf-16"), u16::to_be_bytes),
        declaring("us-ascii").into_bytes(),
        [declaring("windows-1251").as_bytes(), b"<!-- \xcf -->"].concat(),
        [declaring("ISO-8859-1").as_bytes(), b"<!-- \xe9 -->"].concat(),
    ] {
        assert!(is_read(&bytes), "{}", String::from_utf8_lossy(&bytes));
    }
    for (bytes, because) in [
        (declaring("utf-16").into_bytes(), "declares the encoding `utf-16` and is no UTF-16"),
        (utf_16(&format!("\u{feff}{}", good()), u16::to_le_bytes), "declares the encoding `utf-8` and is UTF-16"),
        (declaring("x-foo").into_bytes(), "do not know the encoding `x-foo`"),
        (declaring("gb18030").into_bytes(), "do not know the encoding `gb18030`"),
        ([good().as_bytes(), b"<!-- \xff -->"].concat(), "it is not UTF-8 from end to end"),
        ([declaring("us-ascii").as_bytes(), b"<!-- \xe9 -->"].concat(), "`us-ascii` and holds other characters"),
        (utf_16(&bom, u16::to_le_bytes)[..301].to_vec(), "it is not UTF-16LE from end to end"),
    ] {
        let error = Feed::read(&bytes).expect_err(because).to_string();
        assert!(error.contains(because), "{error}");
    }
}

#[test]
fn entities_of_the_feed_itself_are_read_and_never_grow_without_bound() {
    let with = |entities: &str, title: &str| {
        good().replace("<rss", &format!("<!DOCTYPE rss [{entities}]>\n<rss")).replace("<title>Version", &format!("<title>{title}"))
    };
    let feed = with("<!ENTITY nbsp \"&#160;\"><!ENTITY v \"2.0.0.4\">", "Version&nbsp;")
        .replace("sparkle:version=\"2.0.0.4\"", "sparkle:version=\"&v;\"");
    assert_eq!(offer(&feed).expect("clients read it").version, "2.0.0.4");
    let elsewhere = good().replace("<rss", "<!DOCTYPE rss SYSTEM \"http://h/x.dtd\">\n<rss");
    assert_eq!(offer(&elsewhere), offer(&good()), "nothing of it is needed, and it is never fetched");
    let long = format!("<!ENTITY a \"{}\">", "x".repeat(10_000));
    assert!(offer(&with(&long, &"&a;".repeat(1000))).expect_err("it would grow").to_string().contains("so often"));
    let nested: String = (1..40).map(|n| format!("<!ENTITY a{n} \"&a{};&a{};\">", n - 1, n - 1)).collect();
    assert!(offer(&with(&format!("<!ENTITY a0 \"x\">{nested}"), "&a39;")).is_err());
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
    let parted = feed.replace("> 2.0.0.4 <", ">2.0<!-- a comment -->.0<?p i?><![CDATA[.4]]><");
    assert_eq!(offer(&parted).expect("clients read over what parts it").version, "2.0.0.4");
}

#[test]
fn the_first_item_is_what_clients_read() {
    let second = "</item><item><sparkle:version>2.0.0.9</sparkle:version><enclosure url=\"x\" length=\"1\"/></item></channel>";
    let feed = read(&good().replace("</item></channel>", second)).expect("well-formed");
    assert_eq!(feed.offer().expect("a good first item").version, "2.0.0.4");
    assert!(feed.advice(Timestamp::UNIX_EPOCH, "11.0").iter().any(|rule| rule.contains("item 2 is newer")));
}

#[test]
fn advice_names_what_the_real_server_does_otherwise_than_sparkle_asks() {
    let asked_at: Timestamp = "2026-11-21T06:35:18Z".parse().expect("a time");
    let feed = good().replace("dsaSignature=\"\"", &format!("dsaSignature=\"{SIGNATURE}\""));
    let advice = read(&feed).expect("well-formed").advice(asked_at, "11.0");
    for part in ["minimumSystemVersion is an attribute", "moment of asking", "no sparkle:edSignature", "belongs in sparkle:edSignature"] {
        assert!(advice.iter().any(|rule| rule.contains(part)), "{part}: {advice:?}");
    }
    assert_eq!(advice.len(), 4, "{advice:?}");
}

#[test]
fn a_feed_that_keeps_all_rules_gets_no_advice() {
    let feed = good()
        .replace("sparkle:dsaSignature=\"\" sparkle:minimumSystemVersion=\"11.0\"", &format!("sparkle:edSignature=\"{SIGNATURE}\""))
        .replace("<pubDate>", "<sparkle:minimumSystemVersion>11</sparkle:minimumSystemVersion><pubDate>");
    assert_eq!(read(&feed).expect("well-formed").advice(Timestamp::UNIX_EPOCH, "11.0"), Vec::<String>::new());
}

#[test]
fn dates_and_signatures_of_other_forms_and_whatever_hides_an_item_are_named() {
    for (old, new, because) in [
        ("Sat, 21 Nov 2026 06:35:17 +0000", "2026-11-21T06:35:17Z", "is no date"),
        ("Sat, 21 Nov", "Fri, 21 Nov", "is no date"),
        ("<pubDate>Sat, 21 Nov 2026 06:35:17 +0000</pubDate>", "", "no pubDate"),
        ("<pubDate>", "<sparkle:channel>be ta</sparkle:channel><pubDate>", "offer the item to every client"),
        ("sparkle:dsaSignature=\"\"", "sparkle:edSignature=\"abc=\"", "no base64 of 64 bytes"),
        (".dmg", ".pkg", "a .pkg without"),
        ("sparkle:shortVersionString=\"2.0.0.4\"", "", "to show to people"),
        ("<pubDate>", "<sparkle:channel>stable</sparkle:channel><pubDate>", "channel `stable` hides it from every client"),
        ("<pubDate>", "<sparkle:minimumSystemVersion>macOS 12</sparkle:minimumSystemVersion><pubDate>", "`macOS 12` is no version"),
        ("<pubDate>", "<sparkle:minimumSystemVersion>11.0.1</sparkle:minimumSystemVersion><pubDate>", "`11.0.1` hides it from systems"),
        ("<pubDate>", "<sparkle:maximumSystemVersion>26</sparkle:maximumSystemVersion><pubDate>", "hides it from newer systems"),
        ("<pubDate>", "<sparkle:hardwareRequirements>arm64</sparkle:hardwareRequirements><pubDate>", "hides it from other Macs"),
        ("<pubDate>", "<sparkle:minimumUpdateVersion>2</sparkle:minimumUpdateVersion><pubDate>", "from clients of an older version"),
        ("<pubDate>", "<sparkle:phasedRolloutInterval>86400</sparkle:phasedRolloutInterval><pubDate>", "from most clients at first"),
        ("<pubDate>", "<sparkle:informationalUpdate/><pubDate>", "does not install it"),
        ("<enclosure", "<enclosure sparkle:os=\"windows\"", "`windows` hides it on macOS"),
    ] {
        let advice = read(&good().replace(old, new)).expect("well-formed").advice(Timestamp::UNIX_EPOCH, "11.0");
        assert!(advice.iter().any(|rule| rule.contains(because)), "{because}: {advice:?}");
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
        if let Ok(feed) = Feed::read(&bytes) {
            let _ = (feed.offer(), feed.advice(Timestamp::UNIX_EPOCH, "11.0"));
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
