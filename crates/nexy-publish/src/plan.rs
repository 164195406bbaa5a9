//! The repair table: from what lies on a channel to what must be done, for every state that a crash can leave. Pure.

use crate::channel::{self, Channel};
use nexy_contract::{Exit, Problem, Sha256Digest};

/// What one artifact needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Before anything else: nothing is live, so the previous artifact goes live again.
    pub(crate) revive_previous: Option<u64>,
    /// What is live already holds these bytes: only confirm it.
    pub(crate) already_live: bool,
    /// A staged file of this name that cannot be used is removed first.
    pub(crate) discard_staged: Option<u64>,
    /// Whether the bytes must be uploaded; otherwise a staged file is used again.
    pub(crate) upload: bool,
    /// An older previous artifact that gives up its name.
    pub(crate) delete_previous: Option<u64>,
    /// What is live now and becomes the previous one.
    pub(crate) retire_live: Option<u64>,
}

/// Reads the repair table for one artifact of `repository`.
///
/// # Errors
/// Exit 4 when something half-uploaded lies under a name that users or a rollback need.
pub(crate) fn plan(repository: &str, artifact: &str, channel: &Channel, size_bytes: u64, sha256: Sha256Digest) -> Result<Plan, Problem> {
    for asset in [&channel.live, &channel.previous].into_iter().flatten() {
        if !asset.is_uploaded() {
            return Err(Problem::new(
                Exit::NeedsPerson,
                format!("{} on the channel is no whole file", asset.name),
                format!("asset {} is in the state `{}`", asset.id, asset.state),
                format!(
                    "nexy-publish show; when nobody is uploading: gh api -X DELETE repos/{repository}/releases/assets/{}   (uses $GH_TOKEN), then run the whole pipeline again",
                    asset.id
                ),
            ));
        }
    }
    if channel.live.as_ref().is_some_and(|live| channel::holds(live, size_bytes, sha256)) {
        return Ok(Plan {
            revive_previous: None,
            already_live: true,
            discard_staged: None,
            upload: false,
            delete_previous: None,
            retire_live: None,
        });
    }
    let revived = match (&channel.live, &channel.previous) {
        (None, Some(previous)) => Some(previous.id),
        _ => None,
    };
    let staged = channel.staged_for(artifact, sha256);
    let usable = staged.is_some_and(|asset| channel::may_hold(asset, size_bytes, sha256));
    Ok(Plan {
        revive_previous: revived,
        already_live: false,
        discard_staged: staged.filter(|_| !usable).map(|asset| asset.id),
        upload: !usable,
        delete_previous: channel.previous.as_ref().filter(|_| revived.is_none()).map(|asset| asset.id),
        retire_live: channel.live.as_ref().map(|asset| asset.id).or(revived),
    })
}

impl Plan {
    /// The steps in words, for a dry run; `staged` and `previous` are names on the channel.
    pub(crate) fn words(&self, artifact: &str, channel: &str, staged: &str, previous: &str, size_bytes: u64) -> Vec<String> {
        if self.already_live {
            return vec![format!("confirm that {channel}/{artifact} serves these bytes already")];
        }
        let mut words = Vec::new();
        if let Some(id) = self.revive_previous {
            words.push(format!("rename {channel}/{previous} (asset {id}) to {artifact}, since nothing is live"));
        }
        if let Some(id) = self.discard_staged {
            words.push(format!("delete {channel}/{staged} (asset {id}), which is not whole"));
        }
        if self.upload {
            words.push(format!("upload {size_bytes} bytes to {channel} as {staged}"));
        } else {
            words.push(format!("use {channel}/{staged} again, which an earlier run has uploaded"));
        }
        words.push(format!("download {channel}/{staged} without a token and compare size and sha256"));
        if let Some(id) = self.delete_previous {
            words.push(format!("delete the older {channel}/{previous} (asset {id})"));
        }
        if let Some(id) = self.retire_live {
            words.push(format!("rename {channel}/{artifact} (asset {id}) to {previous}"));
        }
        words.push(format!("rename {channel}/{staged} to {artifact}"));
        words.push(format!("confirm that {channel}/{artifact} serves these bytes"));
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexy_outside::github::Asset;

    const SIZE: u64 = 7;

    fn asset(id: u64, name: &str, bytes: &[u8], state: &str, with_digest: bool) -> Asset {
        Asset {
            id,
            name: name.into(),
            label: None,
            state: state.into(),
            size: bytes.len() as u64,
            digest: with_digest.then(|| format!("sha256:{}", Sha256Digest::of(bytes))),
            created_at: None,
            updated_at: None,
            browser_download_url: String::new(),
        }
    }

    fn table(assets: Vec<Asset>) -> Result<Plan, Problem> {
        plan("owner/artifacts", "Nexy.dmg", &channel::sort("Nexy.dmg", assets), SIZE, Sha256Digest::of(b"newnew!"))
    }

    fn live() -> Asset {
        asset(1, "Nexy.dmg", b"old", "uploaded", true)
    }

    fn previous() -> Asset {
        asset(2, "Nexy.prev.dmg", b"older", "uploaded", true)
    }

    fn staged(bytes: &[u8], state: &str, with_digest: bool) -> Asset {
        asset(3, &crate::names::staged("Nexy.dmg", Sha256Digest::of(b"newnew!")), bytes, state, with_digest)
    }

    #[test]
    fn every_row_of_the_repair_table_has_its_plan() {
        let fresh = Plan {
            revive_previous: None,
            already_live: false,
            discard_staged: None,
            upload: true,
            delete_previous: None,
            retire_live: None,
        };
        // An empty tag: the first publication.
        assert_eq!(table(vec![]), Ok(fresh.clone()));
        // Normal, without and with a previous artifact.
        assert_eq!(table(vec![live()]), Ok(Plan { retire_live: Some(1), ..fresh.clone() }));
        assert_eq!(table(vec![live(), previous()]), Ok(Plan { retire_live: Some(1), delete_previous: Some(2), ..fresh.clone() }));
        // Stopped before the swap: a whole staged file is used again, with and without GitHub's digest.
        for with_digest in [true, false] {
            let found = table(vec![live(), staged(b"newnew!", "uploaded", with_digest)]);
            assert_eq!(found, Ok(Plan { upload: false, retire_live: Some(1), ..fresh.clone() }));
        }
        // Anything else under its name is removed and uploaded anew.
        for wrong in [staged(b"newnew!", "starter", false), staged(b"newnew?", "uploaded", true), staged(b"new", "uploaded", false)] {
            assert_eq!(table(vec![live(), wrong]), Ok(Plan { discard_staged: Some(3), retire_live: Some(1), ..fresh.clone() }));
        }
        // Crashed between the two renames: users get the previous artifact back before anything else.
        let revived = Plan { revive_previous: Some(2), retire_live: Some(2), ..fresh.clone() };
        assert_eq!(table(vec![previous()]), Ok(revived.clone()));
        assert_eq!(table(vec![previous(), staged(b"newnew!", "uploaded", true)]), Ok(Plan { upload: false, ..revived }));
        // The first publication was interrupted.
        assert_eq!(table(vec![staged(b"newnew!", "uploaded", true)]), Ok(Plan { upload: false, ..fresh }));
    }

    #[test]
    fn equal_bytes_under_the_live_name_are_only_confirmed() {
        let same = asset(1, "Nexy.dmg", b"newnew!", "uploaded", true);
        assert!(table(vec![same.clone(), previous()]).is_ok_and(|plan| plan.already_live));
        // Without GitHub's digest equal sizes prove nothing.
        let unknown = asset(1, "Nexy.dmg", b"newnew!", "uploaded", false);
        assert!(table(vec![unknown]).is_ok_and(|plan| !plan.already_live));
    }

    #[test]
    fn half_a_file_under_a_name_that_users_need_is_left_to_a_person() {
        for broken in [asset(1, "Nexy.dmg", b"ne", "starter", false), asset(2, "Nexy.prev.dmg", b"ne", "open", false)] {
            let command = format!("gh api -X DELETE repos/owner/artifacts/releases/assets/{} ", broken.id);
            assert!(table(vec![broken]).is_err_and(|problem| problem.exit == Exit::NeedsPerson && problem.fix.contains(&command)));
        }
    }

    #[test]
    fn a_stranger_on_the_channel_changes_nothing() {
        let stranger = asset(9, "notes.txt", b"x", "starter", false);
        assert_eq!(table(vec![live(), stranger]), table(vec![live()]));
    }
}
