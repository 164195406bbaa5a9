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
    let send = || {
        session.retry.note_change();
        session.github.rename(id, name, label)
    };
    let seen = |now: Option<Asset>, _: &mut GithubError| match now {
        Some(asset) if asset.name == name => Seen::Done(asset),
        Some(_) => Seen::NotYet,
        None => Seen::Impossible,
    };
    let asset = change(session, release, id, "PATCH asset", longest, send, seen)?;
    if asset.name == name {
        return Ok(asset);
    }
    let said = format!("GitHub renamed it to `{}` instead of `{name}`", asset.name);
    Err(NotRenamed { error: GithubError::unexpected("PATCH asset", &said), may_have_happened: true })
}

/// Deletes an asset that still has the name under which it was found.
pub(crate) fn delete(session: &Session<'_>, release: &Release, asset: &Asset) -> Result<(), GithubError> {
    let send = || {
        session.retry.pause_before_change();
        session.retry.note_change();
        session.github.delete(asset.id)
    };
    let seen = |now: Option<Asset>, error: &mut GithubError| match now {
        None => Seen::Done(()),
        Some(now) if now.name == asset.name => Seen::NotYet,
        Some(now) => {
            error.kind = Kind::AlreadyExists;
            error.because = format!("asset {} is called {} now: another run or person has renamed it meanwhile", now.id, now.name);
            Seen::Impossible
        }
    };
    change(session, release, asset.id, "DELETE asset", None, send, seen).map_err(|failed| failed.error)
}

/// What a look at the asset says of a change whose answer was lost.
enum Seen<T> {
    Done(T),
    NotYet,
    Impossible,
}

/// Sends a change until its outcome is known. After a lost answer the asset is looked up before the change is sent again.
fn change<T>(
    session: &Session<'_>,
    release: &Release,
    id: u64,
    call: &str,
    longest: Option<Duration>,
    send: impl Fn() -> Result<T, GithubError>,
    seen: impl Fn(Option<Asset>, &mut GithubError) -> Seen<T>,
) -> Result<T, NotRenamed> {
    let mut attempt = 1;
    let mut unknown = false;
    loop {
        let mut error = if unknown {
            let error = GithubError::unexpected(call, "its answer was lost, and the asset could not be looked up");
            GithubError { kind: Kind::Network, ..error }
        } else {
            match send() {
                Ok(done) => return Ok(done),
                Err(error) => error,
            }
        };
        // A taken name may have been taken by this very rename, whose first answer GitHub's front end has lost.
        if unknown || error.kind.is_ambiguous() || error.kind == Kind::AlreadyExists {
            match look_up(session, release, id).map(|now| seen(now, &mut error)) {
                Ok(Seen::Done(done)) => return Ok(done),
                Ok(Seen::Impossible) => return Err(NotRenamed { error, may_have_happened: false }),
                // The network is back, and users may be waiting.
                Ok(Seen::NotYet) if unknown => {
                    unknown = false;
                    attempt += 1;
                    continue;
                }
                Ok(Seen::NotYet) => {}
                Err(_) => unknown = true,
            }
        }
        if unknown {
            error.kind = Kind::Network;
        }
        if longest.is_some_and(|longest| retry::delay(&error, attempt) > longest) {
            return Err(NotRenamed { error, may_have_happened: unknown });
        }
        session.retry.wait(error, attempt).map_err(|error| NotRenamed { error, may_have_happened: unknown })?;
        attempt += 1;
    }
}

/// Looks an asset up by id, and else in the list.
fn look_up(session: &Session<'_>, release: &Release, id: u64) -> Result<Option<Asset>, GithubError> {
    session.github.asset(id).or_else(|_| {
        let listing = session.github.listing(release.id)?;
        Ok(listing.assets.into_iter().find(|asset| asset.id == id))
    })
}
