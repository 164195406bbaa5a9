//! A http or https URL, read by the crate that the HTTP client itself uses: its origin decides about tokens, plain http is for
//! this machine only, and its query is never shown.

use http::{Uri, uri::Scheme};
use std::{fmt, net::IpAddr};

/// A http or https URL.
#[derive(Clone, PartialEq, Eq)]
pub struct Url {
    text: String,
    uri: Uri,
}

impl Url {
    /// Takes a text as URL; `None` when it is none, names a user, or holds blanks or control characters.
    pub fn parse(text: &str) -> Option<Self> {
        let is_plain = text.starts_with("https://") || text.starts_with("http://");
        let uri: Uri = text.parse().ok().filter(|_| is_plain && text.bytes().all(|byte| byte.is_ascii_graphic()))?;
        let authority = uri.authority()?;
        let has_port = authority.as_str().rsplit_once(':').is_some_and(|(_, port)| !port.contains(']'));
        let sound = !authority.host().is_empty() && !authority.as_str().contains('@') && (!has_port || authority.port_u16().is_some());
        sound.then(|| Self { text: text.to_owned(), uri })
    }

    /// The whole URL.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Scheme, host and port, in lower case; the scheme's own port is left off.
    pub fn origin(&self) -> String {
        let (scheme, default_port) = if self.is_https() { ("https", 443) } else { ("http", 80) };
        let host = self.uri.host().unwrap_or_default().to_ascii_lowercase();
        let port = self.uri.port_u16().filter(|port| *port != default_port);
        port.map_or_else(|| format!("{scheme}://{host}"), |port| format!("{scheme}://{host}:{port}"))
    }

    /// Host without port, and without the brackets of an IPv6 address.
    pub fn host(&self) -> &str {
        self.uri.host().unwrap_or_default().trim_matches(['[', ']'])
    }

    /// Its port, or its scheme's own.
    pub fn port(&self) -> u16 {
        self.uri.port_u16().unwrap_or(if self.is_https() { 443 } else { 80 })
    }

    /// Whether its host is written as a place inside one's own network: this machine, or a private or link-local address.
    pub fn is_inside(&self) -> bool {
        self.is_on_loopback() || self.host().parse().is_ok_and(is_inside)
    }

    /// Whether it is encrypted.
    pub fn is_https(&self) -> bool {
        self.uri.scheme() == Some(&Scheme::HTTPS)
    }

    /// Whether it leads to this very machine.
    pub fn is_on_loopback(&self) -> bool {
        is_loopback(self.host())
    }

    /// Whether it may be asked: https anywhere, http on loopback only.
    pub fn is_safe(&self) -> bool {
        self.is_https() || self.is_on_loopback()
    }

    /// For people: without query, since signed URLs carry their secret there.
    pub fn shown(&self) -> String {
        self.text.split(['?', '#']).next().unwrap_or_default().to_owned()
    }

    /// The place that a `Location` names, seen from here.
    pub fn join(&self, location: &str) -> Option<Self> {
        let (scheme, authority) = (self.uri.scheme_str()?, self.uri.authority()?);
        if location.starts_with("//") {
            Self::parse(&format!("{scheme}:{location}"))
        } else if location.starts_with('/') {
            Self::parse(&format!("{scheme}://{authority}{location}"))
        } else {
            Self::parse(location)
        }
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown())
    }
}

/// Whether a text is a URL that leads to this very machine.
pub fn is_on_loopback(text: &str) -> bool {
    Url::parse(text).is_some_and(|url| url.is_on_loopback())
}

/// Whether a client may be sent there: https anywhere, http on loopback only.
pub fn is_safe(text: &str) -> bool {
    Url::parse(text).is_some_and(|url| url.is_safe())
}

/// Whether a host name or address is this very machine.
pub fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether an address leads to this machine, or to a network that is not the public one (RFC 6890).
pub fn is_inside(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            let is_shared = first == 100 && second & 0xc0 == 64;
            first == 0 || address.is_loopback() || address.is_private() || address.is_link_local() || is_shared || first >= 224
        }
        IpAddr::V6(address) => {
            let [first, ..] = address.octets();
            address.is_unspecified()
                || address.is_loopback()
                || address.is_unique_local()
                || address.is_unicast_link_local()
                || first == 0xff
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_compare_without_case_and_default_port() {
        let origin = |text| Url::parse(text).map(|url| url.origin());
        assert_eq!(origin("https://API.github.com:443/x?y"), origin("https://api.github.com"));
        assert_ne!(origin("https://api.github.com"), origin("http://api.github.com"));
        assert_ne!(origin("https://api.github.com"), origin("https://api.github.com:8443"));
        assert_ne!(origin("https://api.github.com.evil.test/"), origin("https://api.github.com"));
    }

    #[test]
    fn texts_that_hide_something_are_no_urls() {
        for text in [
            "",
            "ftp://x",
            "https://",
            "https://user:secret@host/",
            "https://ho st/",
            "https://h/\r\nX: y",
            "file:///etc/passwd",
            "https://h:x/",
            "https://h:99999/",
            "Nexy.dmg",
        ] {
            assert!(Url::parse(text).is_none(), "{text:?} was accepted");
        }
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        for (text, safe) in [
            ("http://127.0.0.1:9/x", true),
            ("http://[::1]:9/", true),
            ("http://localhost/", true),
            ("http://127.0.0.1?@example.test/", true),
            ("http://example.test/", false),
            ("http://localhost.example.test", false),
            ("https://example.test/", true),
        ] {
            let url = Url::parse(text).expect(text);
            assert_eq!((url.is_safe(), url.is_https() || url.is_on_loopback()), (safe, safe), "{text}");
        }
    }

    #[test]
    fn addresses_inside_are_told_from_public_ones() {
        for inside in [
            "127.0.0.1",
            "0.0.0.0",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "224.0.0.1",
            "[::]",
            "[::1]",
            "[fd00::1]",
            "[fe80::1]",
            "[::ffff:127.0.0.1]",
            "[ff02::1]",
            "localhost",
        ] {
            assert!(Url::parse(&format!("https://{inside}/")).is_some_and(|url| url.is_inside()), "{inside}");
        }
        for outside in ["1.1.1.1", "172.32.0.1", "100.128.0.1", "[2606:4700::1]", "[::ffff:1.1.1.1]", "h.example", "localhost.example"] {
            assert!(Url::parse(&format!("https://{outside}/")).is_some_and(|url| !url.is_inside()), "{outside}");
        }
    }

    #[test]
    fn a_shown_url_has_no_query() {
        let url = Url::parse("https://storage.test/asset/1?sig=secret#frag").expect("a URL");
        assert_eq!(url.shown(), "https://storage.test/asset/1");
        assert_eq!(format!("{url:?}"), "https://storage.test/asset/1");
    }

    #[test]
    fn locations_are_read_from_where_they_were_met() {
        let here = Url::parse("https://a.test/x/y?z").expect("a URL");
        let join = |location| here.join(location).map(|url| url.text);
        assert_eq!(join("/p").as_deref(), Some("https://a.test/p"));
        assert_eq!(join("//b.test/p").as_deref(), Some("https://b.test/p"));
        assert_eq!(join("http://c.test/").as_deref(), Some("http://c.test/"));
        assert_eq!(join("javascript:alert(1)"), None);
    }
}
