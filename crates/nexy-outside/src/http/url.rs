//! A URL that is split once: its origin decides about tokens, and its query is never shown.

use std::{fmt, net::IpAddr};

/// A http or https URL.
#[derive(Clone, PartialEq, Eq)]
pub struct Url {
    text: String,
    scheme_end: usize,
    authority_end: usize,
}

impl Url {
    /// Takes a text as URL; `None` when it is none, names a user, or holds blanks or control characters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let scheme_end = match text {
            _ if text.starts_with("https://") => 8,
            _ if text.starts_with("http://") => 7,
            _ => return None,
        };
        let rest = &text[scheme_end..];
        let authority_end = scheme_end + rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let authority = &text[scheme_end..authority_end];
        let sound = !authority.is_empty() && !authority.contains('@') && text.bytes().all(|byte| byte.is_ascii_graphic());
        sound.then(|| Self { text: text.to_owned(), scheme_end, authority_end })
    }

    /// The whole URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Scheme, host and port, in lower case.
    #[must_use]
    pub fn origin(&self) -> String {
        let origin = self.text[..self.authority_end].to_ascii_lowercase();
        let default_port = if origin.starts_with("https://") { ":443" } else { ":80" };
        origin.strip_suffix(default_port).map_or(origin.clone(), str::to_owned)
    }

    /// Host without port.
    #[must_use]
    pub fn host(&self) -> &str {
        let authority = &self.text[self.scheme_end..self.authority_end];
        match authority.strip_prefix('[') {
            Some(v6) => v6.split(']').next().unwrap_or_default(),
            None => authority.split(':').next().unwrap_or_default(),
        }
    }

    /// Whether it may be asked: https anywhere, http on loopback only.
    #[must_use]
    pub fn is_safe(&self) -> bool {
        self.text.starts_with("https://")
            || self.host() == "localhost"
            || self.host().parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// For people: without query, since signed URLs carry their secret there.
    #[must_use]
    pub fn shown(&self) -> String {
        self.text.split(['?', '#']).next().unwrap_or_default().to_owned()
    }

    /// The place that a `Location` names, seen from here.
    #[must_use]
    pub fn join(&self, location: &str) -> Option<Self> {
        if location.starts_with("//") {
            Self::parse(&format!("{}:{location}", &self.text[..self.scheme_end - 3]))
        } else if location.starts_with('/') {
            Self::parse(&format!("{}{location}", &self.text[..self.authority_end]))
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
        for text in ["", "ftp://x", "https://", "https://user:secret@host/", "https://ho st/", "https://h/\r\nX: y", "file:///etc/passwd"] {
            assert!(Url::parse(text).is_none(), "{text:?} was accepted");
        }
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        for (text, safe) in [
            ("http://127.0.0.1:9/x", true),
            ("http://[::1]:9/", true),
            ("http://localhost/", true),
            ("http://example.test/", false),
            ("https://example.test/", true),
        ] {
            assert_eq!(Url::parse(text).expect(text).is_safe(), safe, "{text}");
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
