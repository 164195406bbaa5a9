//! Which redirect is followed: never from https to http, and never from outside to an address inside one's own network, whether
//! it is written in the URL or a name resolves to it.

use nexy_contract::{Url, url};
use std::{
    collections::BTreeSet,
    fmt,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};
use ureq::{
    config::Config,
    http::Uri,
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::NextTimeout,
    },
};

/// Why a redirect is not followed, if it is not; `from_inside` says whether the first URL is itself inside one's own network.
pub(super) fn refusal(from_inside: bool, from: &Url, to: &Url) -> Option<&'static str> {
    if !to.is_safe() {
        Some("which is neither https nor loopback")
    } else if from.is_https() && !to.is_https() {
        Some("which is not encrypted")
    } else if !from_inside && to.is_inside() {
        Some(INSIDE)
    } else {
        None
    }
}

const INSIDE: &str = "which is inside this machine's own network";

/// A name that leads inside: the error of a resolver that may not.
#[derive(Debug)]
pub(super) struct LeadsInside(IpAddr);

impl fmt::Display for LeadsInside {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{INSIDE} ({})", self.0)
    }
}

impl std::error::Error for LeadsInside {}

/// The system's resolver, which notes every host that leads inside, or refuses it. What a proxy resolves cannot be known.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    pub(super) inside: Arc<Mutex<BTreeSet<String>>>,
    pub(super) refuse: bool,
    pub(super) system: DefaultResolver,
}

impl Resolver for Addresses {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.system.resolve(uri, config, timeout)?;
        let is_proxy = config.proxy().is_some_and(|proxy| proxy.uri() == uri);
        if let Some(address) = found.iter().map(std::net::SocketAddr::ip).find(|address| !is_proxy && url::is_inside(*address)) {
            if self.refuse {
                return Err(ureq::Error::Other(Box::new(LeadsInside(address))));
            }
            self.inside.lock().unwrap_or_else(PoisonError::into_inner).insert(uri.host().unwrap_or_default().to_owned());
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_redirect_leads_to_http_or_inside() {
        for (from_inside, from, to, said) in [
            (false, "https://a.example", "https://b.example", None),
            (false, "https://a.example", "http://b.example", Some("neither https nor loopback")),
            (false, "https://a.example", "http://127.0.0.1:8080/admin", Some("not encrypted")),
            (true, "https://127.0.0.1", "http://127.0.0.1:8080/admin", Some("not encrypted")),
            (false, "https://a.example", "https://127.0.0.1", Some("own network")),
            (false, "https://a.example", "https://[::ffff:10.0.0.1]/", Some("own network")),
            (false, "https://a.example", "https://169.254.169.254/metadata", Some("own network")),
            (true, "https://10.0.0.1", "https://10.0.0.2", None),
            (true, "http://127.0.0.1:1", "http://127.0.0.1:2", None),
            (true, "http://127.0.0.1:1", "https://a.example", None),
        ] {
            let url = |text| Url::parse(text).expect("a URL");
            let refused = refusal(from_inside, &url(from), &url(to));
            assert_eq!(refused.is_some(), said.is_some(), "{from} {to}");
            assert!(refused.zip(said).is_none_or(|(refused, said)| refused.contains(said)), "{from} {to}: {refused:?}");
        }
    }

    #[test]
    fn a_name_that_leads_inside_is_noted_or_refused() {
        let resolve = |refuse: bool, uri: &str| {
            let addresses = Addresses { refuse, ..Addresses::default() };
            let never = NextTimeout { after: ureq::unversioned::transport::time::Duration::NotHappening, ..NextTimeout::default() };
            let found = addresses.resolve(&uri.parse().expect("a URL"), &Config::default(), never);
            let noted = addresses.inside.lock().expect("no test panics with it").iter().cloned().collect::<Vec<_>>();
            (found.map_err(|error| error.to_string()).map(|found| found.len()), noted)
        };
        let (found, noted) = resolve(false, "https://localhost/");
        assert!(found.is_ok_and(|count| count > 0));
        assert_eq!(noted, ["localhost"]);
        // Other spellings of an address are read by the system's resolver alone.
        for uri in ["https://localhost/", "https://2130706433/", "https://0x7f.1/", "https://0/"] {
            let (found, _) = resolve(true, uri);
            assert!(found.is_err_and(|said| said.contains(INSIDE)), "{uri}");
        }
        assert_eq!(resolve(true, "https://192.0.2.1/"), (Ok(1), Vec::new()));
    }
}
