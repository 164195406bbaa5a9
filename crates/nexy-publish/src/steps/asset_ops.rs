//! Renames and deletes single assets by id. A change whose answer was lost is looked up before it is sent again.

use crate::{retry, session::Session};
use nexy_outside::net::github::{Asset, GithubError, Kind, Release};
use std::time::Duration;

/// The longest wait between the two renames of a swap, as long as there is a way back.
const LONGEST_WITHOUT_DOWNLOAD: Duration = Duration::from_secs(5);

/// A rename that was refused, or whose outcome is unknown.
pub(crate) struct NotRenamed {
    pub(crate) error: GithubError,
    /// The asset may have the new name: an answer was lost, and the asset could not be looked up.
    pub(crate) may_have_happened: bool,
}

/// Result of looking up an asset.
enum Lookup {
    Found(Box<Asset>),
    Gone,
    Failed,
}

/// Gives an asset another name and label. The caller has rechecked the channel.
pub(crate) fn rename(session: &Session<'_>, release: &Release, id: u64, name: &str, label: &str) -> Result<Asset, NotRenamed> {
    rename_within(session, release, id, name, label, None)
}

/// The same while users have no download and there is another way to restore it: it does not wait for a long limit.
pub(crate) fn rename_without_long_wait(
    session: &Session<'_>,
    release: &Release,
    id: u64,
    name: &str,
    label: &str,
) -> Result<Asset, NotRenamed> {
    rename_within(session, release, id, name, label, Some(LONGEST_WITHOUT_DOWNLOAD))
}

/// Gives an asset the name and label back that it had before.
pub(crate) fn rename_back(session: &Session<'_>, release: &Release, before: &Asset) -> Result<Asset, NotRenamed> {
    rename(session, release, before.id, &before.name, before.label.as_deref().unwrap_or_default())
}

/// Gives an asset another name, with the label that it has.
pub(crate) fn rename_to(session: &Session<'_>, release: &Release, asset: &Asset, name: &str) -> Result<Asset, NotRenamed> {
    rename(session, release, asset.id, name, asset.label.as_deref().unwrap_or_default())
}

fn rename_within(
    session: &Session<'_>,
    release: &Release,
    id: u64,
    name: &str,
    label: &str,
    longest: Option<Duration>,
) -> Result<Asset, NotRenamed> {
    let mut attempt = 1;
    let mut unknown = false;
    loop {
        let error = if unknown {
            // The rename is not sent again while the outcome of the last one is unknown.
            not_looked_up("PATCH asset")
        } else {
            session.retry.note_change();
            match session.github.rename(id, name, label) {
                Ok(asset) if asset.name == name => return Ok(asset),
                Ok(asset) => {
                    let said = format!("GitHub renamed it to `{}` instead of `{name}`", asset.name);
                    return Err(NotRenamed { error: GithubError::unexpected("PATCH asset", &said), may_have_happened: true });
                }
                Err(error) => error,
            }
        };
        // A taken name may have been taken by this very rename, whose first answer GitHub's front end has lost.
        if unknown || error.kind.is_ambiguous() || error.kind == Kind::AlreadyExists {
            match look_up(session, release, id) {
                Lookup::Found(asset) if asset.name == name => return Ok(*asset),
                // The network is back, and users may be waiting.
                Lookup::Found(_) if unknown => {
                    unknown = false;
                    attempt += 1;
                    continue;
                }
                Lookup::Found(_) => {}
                Lookup::Gone => return Err(NotRenamed { error, may_have_happened: false }),
                Lookup::Failed => unknown = true,
            }
        }
        let error = if unknown { GithubError { kind: Kind::Network, ..error } } else { error };
        if longest.is_some_and(|longest| retry::delay(&error, attempt) > longest) {
            return Err(NotRenamed { error, may_have_happened: unknown });
        }
        session.retry.wait(error, attempt).map_err(|error| NotRenamed { error, may_have_happened: unknown })?;
        attempt += 1;
    }
}

/// Deletes an asset that still has the name under which it was found.
pub(crate) fn delete(session: &Session<'_>, release: &Release, asset: &Asset) -> Result<(), GithubError> {
    let mut attempt = 1;
    let mut unknown = false;
    loop {
        let error = if unknown {
            not_looked_up("DELETE asset")
        } else {
            session.retry.pause_before_change();
            session.retry.note_change();
            match session.github.delete(asset.id) {
                Ok(()) => return Ok(()),
                Err(error) => error,
            }
        };
        if unknown || error.kind.is_ambiguous() {
            match look_up(session, release, asset.id) {
                Lookup::Gone => return Ok(()),
                Lookup::Found(now) if now.name == asset.name && unknown => {
                    unknown = false;
                    attempt += 1;
                    continue;
                }
                Lookup::Found(now) if now.name == asset.name => {}
                Lookup::Found(now) => {
                    let because = format!("asset {} is called {} now: another run or person has renamed it meanwhile", now.id, now.name);
                    return Err(GithubError { kind: Kind::AlreadyExists, because, ..error });
                }
                Lookup::Failed => unknown = true,
            }
        }
        let error = if unknown { GithubError { kind: Kind::Network, ..error } } else { error };
        session.retry.wait(error, attempt)?;
        attempt += 1;
    }
}

/// Why a change is not sent again yet; the network may be back in a moment.
fn not_looked_up(call: &str) -> GithubError {
    let error = GithubError::unexpected(call, "its answer was lost, and the asset could not be looked up");
    GithubError { kind: Kind::Network, ..error }
}

/// Looks an asset up by id, and else in the list.
fn look_up(session: &Session<'_>, release: &Release, id: u64) -> Lookup {
    match session.github.asset(id) {
        Ok(Some(asset)) => Lookup::Found(Box::new(asset)),
        Ok(None) => Lookup::Gone,
        Err(_) => match session.github.listing(release.id) {
            Ok(listing) => match listing.assets.into_iter().find(|asset| asset.id == id) {
                Some(asset) => Lookup::Found(Box::new(asset)),
                None => Lookup::Gone,
            },
            Err(_) => Lookup::Failed,
        },
    }
}
