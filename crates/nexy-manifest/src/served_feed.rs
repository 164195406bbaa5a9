//! The feed that the update server of this machine serves after a manifest was installed; it reads the files at every request.

use nexy_contract::{
    Exit, Fix, Problem,
    appcast::{Feed, Offer},
    manifest::ManifestFacts,
};
use nexy_outside::{
    Workspace,
    net::http::{Ask, Http, Url},
};
use std::time::Duration;

/// A feed is a few kilobytes.
const MAX_BYTES: u64 = 1 << 20;

/// Reads the feed, which must announce the manifest.
///
/// # Errors
/// Exit 4: the files are installed, but clients are not told.
pub(crate) fn read(workspace: &Workspace, facts: &ManifestFacts) -> Result<Offer, Problem> {
    let url = format!("{}/appcast.xml", workspace.target.endpoints.local_updates);
    let refuse = |because: String| {
        Problem::new(
            Exit::NeedsPerson,
            format!("the manifest of {} is installed, but {url} does not announce it", facts.version),
            because,
            Fix::command(format!("systemctl status {}", workspace.target.service.unit)).then_command("nexy-verify local"),
        )
    };
    let address = Url::parse(&url).ok_or_else(|| refuse("it is not a URL".to_owned()))?;
    let http = Http::new(&workspace.target.limits).map_err(|error| refuse(error.to_string()))?;
    let timeout = Duration::from_secs(workspace.target.limits.request_timeout_s);
    let answer = http.ask(&Ask::get(address, timeout, MAX_BYTES)).map_err(|error| refuse(error.to_string()))?;
    if answer.status != 200 {
        return Err(refuse(format!("it answers with HTTP {}", answer.status)));
    }
    let offer = Feed::read(&answer.body).and_then(|feed| feed.offer()).map_err(|error| refuse(error.to_string()))?;
    if offer.version != facts.version.to_string() || offer.length_bytes != facts.size_bytes {
        return Err(refuse(format!("it announces version {} with {} bytes", offer.version, offer.length_bytes)));
    }
    Ok(offer)
}
