//! Which URLs stay on this machine: plain http is allowed there only, and what runs there is a rehearsal.

use std::net::IpAddr;

/// Whether a URL leads to this very machine.
#[must_use]
pub fn is_on_loopback(url: &str) -> bool {
    host_of(url).is_some_and(is_loopback)
}

/// Whether a client may be sent there: https anywhere, http on loopback only.
#[must_use]
pub fn is_safe(url: &str) -> bool {
    host_of(url).is_some() && (url.starts_with("https://") || is_on_loopback(url))
}

/// The host of a http or https URL, without port; `None` for anything else.
#[must_use]
pub fn host_of(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next()?,
        None => authority.split(':').next()?,
    };
    (!host.is_empty() && !authority.contains('@')).then_some(host)
}

/// Whether a host name or address is this very machine.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_loopback_only() {
        for (url, safe, loopback) in [
            ("https://example.test/Nexy.dmg", true, false),
            ("http://example.test/Nexy.dmg", false, false),
            ("http://127.0.0.1:8080/Nexy.dmg", true, true),
            ("https://[::1]:8080/Nexy.dmg", true, true),
            ("http://localhost", true, true),
            ("http://localhost.example.test", false, false),
            ("http://127.0.0.1@example.test/", false, false),
            ("http://127.0.0.1?@example.test/", true, true),
            ("file:///etc/passwd", false, false),
            ("https://", false, false),
            ("Nexy.dmg", false, false),
        ] {
            assert_eq!((is_safe(url), is_on_loopback(url)), (safe, loopback), "{url}");
        }
    }
}
