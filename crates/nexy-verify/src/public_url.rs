//! The public base URL, with the host or port that a person gave in place of the configured ones.

use nexy_contract::{Exit, Fix, Problem, Target, Url, url};

/// The base URL to ask, without a trailing slash.
pub(crate) fn base(target: &Target, host: Option<&str>, port: Option<u16>) -> Result<String, Problem> {
    if let Some(host) = host {
        check(host, target)?;
    }
    Ok(replaced(&target.endpoints.public, host, port))
}

fn check(host: &str, target: &Target) -> Result<(), Problem> {
    let refuse = |because: &str, fix: Fix| Err(Problem::new(Exit::Usage, format!("cannot ask the host `{host}`"), because, fix));
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let is_name = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
    if !is_name && bare.parse::<std::net::Ipv6Addr>().is_err() {
        return refuse("it is no host name", Fix::note("give the name alone, without https:// and port"));
    }
    if target.legacy.hosts.iter().any(|past| past.eq_ignore_ascii_case(host.trim_end_matches('.'))) {
        return refuse("it is a legacy name (nexy.toml: legacy.hosts)", Fix::note(format!("use {}", target.release_target.host)));
    }
    Ok(())
}

fn replaced(configured: &str, host: Option<&str>, port: Option<u16>) -> String {
    let base = Url::parse(configured);
    let bare = host.or(base.as_ref().map(Url::host)).unwrap_or_default().trim_matches(['[', ']']);
    let is_https = match host {
        None => base.as_ref().is_none_or(Url::is_https),
        Some(_) => !url::is_loopback(bare),
    };
    if port.is_none() && base.as_ref().is_none_or(|base| base.is_https() == is_https && base.host() == bare) {
        return configured.to_owned();
    }
    let scheme = if is_https { "https" } else { "http" };
    let host = if bare.contains(':') { format!("[{bare}]") } else { bare.to_owned() };
    let port = port.map_or_else(String::new, |port| format!(":{port}"));
    format!("{scheme}://{host}{port}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_and_port_replace_the_configured_ones() {
        let at_home = "https://nexy.example.test";
        for (configured, host, port, wanted) in [
            (at_home, None, None, at_home),
            (at_home, None, Some(8443), "https://nexy.example.test:8443"),
            (at_home, Some("other.example.test"), None, "https://other.example.test"),
            (at_home, Some("other.example.test"), Some(443), "https://other.example.test:443"),
            (at_home, Some("127.0.0.1"), Some(8080), "http://127.0.0.1:8080"),
            (at_home, Some("localhost"), None, "http://localhost"),
            (at_home, Some("::1"), Some(8080), "http://[::1]:8080"),
            (at_home, Some("[::1]"), Some(8080), "http://[::1]:8080"),
            ("http://127.0.0.1:4000", None, Some(4001), "http://127.0.0.1:4001"),
            ("http://127.0.0.1:4000", None, None, "http://127.0.0.1:4000"),
            ("http://[::1]:4000", None, Some(4001), "http://[::1]:4001"),
        ] {
            assert_eq!(replaced(configured, host, port), wanted);
        }
    }
}
