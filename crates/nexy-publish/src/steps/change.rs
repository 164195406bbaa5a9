//! Changes of single assets by their id: one whose answer was lost is looked up before it is sent again.

use super::Scene;
use crate::patience;
use nexy_outside::github::{Asset, GithubError, Kind, Release};
use std::time::Duration;

/// The longest wait between two renames, as long as there is a way back.
const BRIEFLY: Duration = Duration::from_secs(5);

/// A rename that was refused, or of which nobody knows.
pub(crate) struct NotRenamed {
    pub(crate) error: GithubError,
    /// The asset may have another name than before: an answer was lost, and nobody could look.
    pub(crate) perhaps_moved: bool,
}

/// What became of an asset whose change had no clear answer.
enum Seen {
    As(Box<Asset>),
    Gone,
    /// Nobody could look.
    Unknown,
}

/// Gives an asset another name and label. Whether it may, was looked up right before.
pub(crate) fn rename(scene: &Scene<'_>, release: &Release, id: u64, name: &str, label: &str) -> Result<Asset, NotRenamed> {
    rename_within(scene, release, id, name, label, None)
}

/// The same while users have no download, and there is another way to give them one: no limit is waited out that lasts longer.
pub(crate) fn rename_soon(scene: &Scene<'_>, release: &Release, id: u64, name: &str, label: &str) -> Result<Asset, NotRenamed> {
    rename_within(scene, release, id, name, label, Some(BRIEFLY))
}

fn rename_within(
    scene: &Scene<'_>,
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
            // Not sent again as long as nobody knows what the last one did.
            nobody_looked("PATCH asset")
        } else {
            scene.patience.changed();
            match scene.github.rename(id, name, label) {
                Ok(asset) if asset.name == name => return Ok(asset),
                Ok(asset) => {
                    let error =
                        GithubError::unexpected("PATCH asset", &format!("GitHub renamed it to `{}` instead of `{name}`", asset.name));
                    return Err(NotRenamed { error, perhaps_moved: true });
                }
                Err(error) => error,
            }
        };
        // A name that is taken may have been taken by this very rename, whose first answer GitHub's front end has lost.
        if unknown || error.kind.is_ambiguous() || error.kind == Kind::AlreadyExists {
            match look(scene, release, id) {
                Seen::As(asset) if asset.name == name => return Ok(*asset),
                // The network is back, and users may be waiting.
                Seen::As(_) if unknown => {
                    unknown = false;
                    attempt += 1;
                    continue;
                }
                Seen::As(_) => {}
                Seen::Gone => return Err(NotRenamed { error, perhaps_moved: false }),
                Seen::Unknown => unknown = true,
            }
        }
        let error = if unknown { GithubError { kind: Kind::Network, ..error } } else { error };
        if longest.is_some_and(|longest| patience::wanted(&error, attempt) > longest) {
            return Err(NotRenamed { error, perhaps_moved: unknown });
        }
        scene.patience.wait(error, attempt).map_err(|error| NotRenamed { error, perhaps_moved: unknown })?;
        attempt += 1;
    }
}

/// Removes an asset that still has the name under which it was found.
pub(crate) fn remove(scene: &Scene<'_>, release: &Release, asset: &Asset) -> Result<(), GithubError> {
    let mut attempt = 1;
    let mut unknown = false;
    loop {
        let error = if unknown {
            nobody_looked("DELETE asset")
        } else {
            // Nobody waits for a removal.
            scene.patience.before_change();
            scene.patience.changed();
            match scene.github.delete(asset.id) {
                Ok(()) => return Ok(()),
                Err(error) => error,
            }
        };
        if unknown || error.kind.is_ambiguous() {
            match look(scene, release, asset.id) {
                Seen::Gone => return Ok(()),
                Seen::As(now) if now.name == asset.name && unknown => {
                    unknown = false;
                    attempt += 1;
                    continue;
                }
                Seen::As(now) if now.name == asset.name => {}
                Seen::As(now) => {
                    let because = format!("asset {} is called {} now: somebody else has renamed it meanwhile", now.id, now.name);
                    return Err(GithubError { kind: Kind::AlreadyExists, because, ..error });
                }
                Seen::Unknown => unknown = true,
            }
        }
        let error = if unknown { GithubError { kind: Kind::Network, ..error } } else { error };
        scene.patience.wait(error, attempt)?;
        attempt += 1;
    }
}

/// Why a change is not sent again yet; the network may be back in a moment.
fn nobody_looked(call: &str) -> GithubError {
    let error = GithubError::unexpected(call, "its answer was lost, and nobody could look");
    GithubError { kind: Kind::Network, ..error }
}

/// Looks in both ways there are: by id, and in the list.
fn look(scene: &Scene<'_>, release: &Release, id: u64) -> Seen {
    match scene.github.asset(id) {
        Ok(Some(asset)) => Seen::As(Box::new(asset)),
        Ok(None) => Seen::Gone,
        Err(_) => match scene.github.listing(release.id) {
            Ok(listing) => listing.assets.into_iter().find(|asset| asset.id == id).map_or(Seen::Gone, |asset| Seen::As(Box::new(asset))),
            Err(_) => Seen::Unknown,
        },
    }
}
