//! The feed that the update server of this machine serves after a manifest was installed; it reads the files at every request.

use nexy_contract::{
    appcast::{Announced, Feed, Offer},
    manifest::ManifestFacts,
};
use nexy_outside::{
    Workspace,
    net::http::{Ask, Failure, Http, Url},
};
use std::time::Duration;

/// A feed is a few kilobytes.
const MAX_BYTES: u64 = 1 << 20;

/// Why the feed does not announce the manifest.
pub(crate) enum Unserved {
    /// It did not answer, so nothing is known about what clients are told.
    NoAnswer(String),
    /// Its answer is something else, or nothing that clients can use.
    Otherwise(String),
}

/// Where the feed stands on this machine.
pub(crate) fn url(workspace: &Workspace) -> String {
    format!("{}/appcast.xml", workspace.target.endpoints.local_updates)
}

/// Reads the feed, which must announce the manifest.
pub(crate) fn read(workspace: &Workspace, facts: &ManifestFacts) -> Result<Offer, Unserved> {
    let address = Url::parse(&url(workspace)).ok_or_else(|| Unserved::NoAnswer("it is not a URL".to_owned()))?;
    let http = Http::new(&workspace.target.limits).map_err(|error| Unserved::NoAnswer(error.to_string()))?;
    let timeout = Duration::from_secs(workspace.target.limits.request_timeout_s);
    let answer = http.ask(&Ask::get(address, timeout, MAX_BYTES)).map_err(|error| match error.kind {
        Failure::Network | Failure::Tls => Unserved::NoAnswer(error.said),
        Failure::TooLarge | Failure::Refused | Failure::EndlessRedirects => Unserved::Otherwise(error.said),
    })?;
    judge(answer.status, &answer.body, facts)
}

fn judge(status: u16, body: &[u8], facts: &ManifestFacts) -> Result<Offer, Unserved> {
    match status {
        200 => {}
        // These are the words of a proxy, or of a server that is not up yet.
        408 | 429 | 502..=504 => return Err(Unserved::NoAnswer(format!("it answers with HTTP {status}"))),
        _ => return Err(Unserved::Otherwise(format!("it answers with HTTP {status}"))),
    }
    let offer = Feed::read(body).and_then(|feed| feed.offer()).map_err(|error| Unserved::Otherwise(error.to_string()))?;
    let announced = Announced { version: facts.version, url: &facts.url, size_bytes: facts.size_bytes };
    match offer.differences(&announced) {
        differences if differences.is_empty() => Ok(offer),
        differences => Err(Unserved::Otherwise(differences.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexy_contract::{ReleaseVersion, Sha256Digest, appcast::NAMESPACE};

    #[test]
    fn only_an_answer_speaks_against_a_manifest() {
        let facts = ManifestFacts {
            version: ReleaseVersion::new([2, 0, 0, 4]),
            url: "https://h/Nexy.dmg".to_owned(),
            size_bytes: 7,
            sha256: Sha256Digest::of(b""),
            kind: "dmg".to_owned(),
            ed25519: String::new(),
        };
        let feed = |version: &str, length: u64, url: &str| {
            format!(
                "<rss xmlns:sparkle=\"{NAMESPACE}\"><channel><item><enclosure url=\"{url}\" sparkle:version=\"{version}\" length=\"{length}\"/></item></channel></rss>"
            )
        };
        let good = feed("2.0.0.4", 7, "https://h/Nexy.dmg");
        assert!(judge(200, good.as_bytes(), &facts).is_ok());
        for (status, body, is_answer) in [
            (200, feed("2.0.0.3", 7, "https://h/Nexy.dmg"), true),
            (200, feed("2.0.0.4", 8, "https://h/Nexy.dmg"), true),
            (200, feed("2.0.0.4", 7, "https://h/Other.dmg"), true),
            (200, "<rss".to_owned(), true),
            (200, String::new(), true),
            (500, good.clone(), true),
            (404, good.clone(), true),
            (502, good.clone(), false),
            (503, good.clone(), false),
            (429, good, false),
        ] {
            let found = judge(status, body.as_bytes(), &facts);
            assert!(
                matches!((found, is_answer), (Err(Unserved::Otherwise(_)), true) | (Err(Unserved::NoAnswer(_)), false)),
                "{status} {body}"
            );
        }
    }
}
