//! Which proxy a request goes through: the one for its scheme, never for this machine, and never for what `NO_PROXY` names.

use crate::{Secret, environment};
use nexy_contract::{Url, text};
use std::net::IpAddr;
use ureq::{Proxy, ProxyProtocol};

/// Where the proxy for https stands, as curl and git look for it. There is none for plain http, which is asked on loopback only:
/// the loopback of a proxy is another machine's.
const PROXIES: &[&str] = &["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
/// What is asked without it.
const EXCEPTIONS: &[&str] = &["no_proxy", "NO_PROXY"];

/// The proxy of the environment for this URL.
/// Errors: why it cannot be used, without its value, which may hold a password.
pub(super) fn of(url: &Url) -> Result<Option<Proxy>, String> {
    choose(url, environment::text)
}

fn choose(url: &Url, variable: impl Fn(&str) -> Option<String>) -> Result<Option<Proxy>, String> {
    let first = |names: &[&'static str]| names.iter().find_map(|name| Some((*name, variable(name)?)));
    let Some((name, value)) = first(PROXIES).filter(|_| !url.is_on_loopback()) else { return Ok(None) };
    if let Some((name, list)) = first(EXCEPTIONS)
        && is_excepted(url, &list).map_err(|entry| format!("{name} holds `{}`, which is no network", text::excerpt(entry, 60)))?
    {
        return Ok(None);
    }
    let proxy = Proxy::new(value.trim()).map_err(|_| format!("the value of {name} is no address of a proxy"))?;
    if let Some(password) = proxy.password() {
        drop(Secret::new(password));
    }
    match proxy.protocol() {
        ProxyProtocol::Http | ProxyProtocol::Https => Ok(Some(proxy)),
        other => Err(format!("{name} names a {other} proxy, and only http:// and https:// proxies can be used")),
    }
}

/// Whether a list names the host of a URL, in any of the forms that curl, Go and Python read.
/// Errors: an entry that is meant as a network and is none.
fn is_excepted<'a>(url: &Url, list: &'a str) -> Result<bool, &'a str> {
    for entry in list.split([',', ' ', '\t']).filter(|entry| !entry.is_empty()) {
        if names(entry, url).ok_or(entry)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether one entry does: `*`, a name with all below it, an address or network, each with or without a port.
fn names(entry: &str, url: &Url) -> Option<bool> {
    let host = url.host().trim_end_matches('.').to_ascii_lowercase();
    let address = host.parse::<IpAddr>().ok();
    if let Some((network, bits)) = entry.split_once('/') {
        let network: IpAddr = network.trim_matches(['[', ']']).parse().ok()?;
        let bits = bits.parse::<u32>().ok().filter(|bits| *bits <= if network.is_ipv4() { 32 } else { 128 })?;
        return Some(address.is_some_and(|address| is_in(address, network, bits)));
    }
    // An IPv6 address has colons of its own, and with a port it stands in brackets.
    let with_port = entry.rsplit_once(':').filter(|(name, _)| !name.contains(':') || name.ends_with(']'));
    let (name, port) = with_port.map_or((entry, None), |(name, port)| (name, Some(port)));
    if port.is_some_and(|port| port.parse() != Ok(url.port())) {
        return Some(false);
    }
    let name = name.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase();
    if let Some(beginning) = name.strip_suffix('*') {
        return Some(host.starts_with(beginning));
    }
    let name = name.trim_start_matches('*').trim_start_matches('.');
    let is_same_address = address.is_some() && name.parse().ok() == address;
    Some(is_same_address || host == name || (address.is_none() && host.ends_with(&format!(".{name}"))))
}

fn is_in(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    match (address.to_canonical(), network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => (address.to_bits() ^ network.to_bits()).checked_shr(32 - bits).unwrap_or(0) == 0,
        (IpAddr::V6(address), IpAddr::V6(network)) => (address.to_bits() ^ network.to_bits()).checked_shr(128 - bits).unwrap_or(0) == 0,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(url: &str, variables: &[(&str, &str)]) -> Result<Option<String>, String> {
        let variable = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let proxy = choose(&Url::parse(url).expect("a URL"), variable)?;
        Ok(proxy.map(|proxy| format!("{}:{}", proxy.host(), proxy.port())))
    }

    #[test]
    fn the_proxy_is_the_one_for_the_scheme_and_never_for_this_machine() {
        let both =
            [("HTTP_PROXY", "http://plain:1"), ("https_proxy", "http://small:2"), ("HTTPS_PROXY", "big:3"), ("ALL_PROXY", "http://all:4")];
        for (url, variables, proxy) in [
            ("https://h.example/", &both[..], Some("small:2")),
            ("https://h.example/", &both[2..], Some("big:3")),
            ("https://h.example/", &both[3..], Some("all:4")),
            ("https://h.example/", &both[..1], None),
            ("https://h.example/", &[("https_proxy", "https://user:pass%20word@p.example")], Some("p.example:443")),
            ("https://127.0.0.1:8081/", &both, None),
            ("http://127.9.9.9:8081/", &both, None),
            ("https://[::1]/", &both, None),
            ("http://localhost:5000/", &both, None),
        ] {
            assert_eq!(chosen(url, variables), Ok(proxy.map(str::to_owned)), "{url} {variables:?}");
        }
    }

    #[test]
    fn what_no_proxy_names_is_asked_directly() {
        for (host, list, excepted) in [
            ("h.example", "*", true),
            ("h.example", "h.example", true),
            ("H.example.", "h.EXAMPLE", true),
            ("a.h.example", "h.example", true),
            ("a.h.example", ".h.example", true),
            ("a.h.example", "*.h.example", true),
            ("ah.example", "h.example", false),
            ("h.example", "a.h.example", false),
            ("h.example", "localhost, other.example ,h.example", true),
            ("h.example", "localhost h.example", true),
            ("h.example:8443", "h.example:8443", true),
            ("h.example", "h.example:443", true),
            ("h.example:8443", "h.example:443", false),
            ("10.1.2.3", "10.0.0.0/8", true),
            ("11.1.2.3", "10.0.0.0/8", false),
            ("10.1.2.3", "0.0.0.0/0", true),
            ("10.1.2.3", "10.1.2.3/32", true),
            ("10.1.2.4", "10.1.2.3/32", false),
            ("10.1.2.3", "10.1.2.3", true),
            ("10.1.2.3", "10.1.*", true),
            ("[fd00::1]", "fd00::/8", true),
            ("[fd00::1]", "::/0", true),
            ("[fd00::1]", "fd00:0::1", true),
            ("[fd00::1]:8443", "[fd00::1]:8443", true),
            ("[fd00::1]", "[fd00::1]:8443", false),
            ("h.example", "10.0.0.0/8", false),
            ("h.example", ",,", false),
        ] {
            let found = chosen(&format!("https://{host}/"), &[("HTTPS_PROXY", "p:1"), ("NO_PROXY", list)]).expect("it can be used");
            assert_eq!(found.is_none(), excepted, "{host} {list}");
        }
    }

    #[test]
    fn what_cannot_be_used_is_an_error_that_shows_no_password() {
        for (variables, because) in [
            ([("HTTPS_PROXY", "socks5://u:secret-word@p:1"), ("", "")], "HTTPS_PROXY names a SOCKS5 proxy"),
            ([("all_proxy", "ftp://u:secret-word@p:1"), ("", "")], "the value of all_proxy is no address"),
            ([("HTTPS_PROXY", "http://"), ("", "")], "the value of HTTPS_PROXY is no address"),
            ([("HTTPS_PROXY", "p:1"), ("NO_PROXY", "10.0.0.0/33")], "NO_PROXY holds `10.0.0.0/33`, which is no network"),
            ([("HTTPS_PROXY", "p:1"), ("NO_PROXY", "h/8")], "NO_PROXY holds `h/8`, which is no network"),
        ] {
            let said = chosen("https://h.example/", &variables).expect_err(because);
            assert!(said.starts_with(because) && !said.contains("secret-word"), "{said}");
            assert_eq!(chosen("http://127.0.0.1/", &variables), Ok(None), "it is not needed");
        }
    }
}
