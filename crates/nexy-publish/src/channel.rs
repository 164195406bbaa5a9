//! What lies on a channel, sorted by what it means for one artifact. Pure.

use crate::names::{self, Place};
use nexy_contract::{ReleaseVersion, Sha256Digest, Timestamp, report::SeenAsset};
use nexy_outside::github::{Asset, Listing};

/// Younger than this, an upload of somebody else may still be under way, in seconds.
pub(crate) const SETTLED_S: i64 = 3600;

/// The assets of one channel as they concern one artifact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Channel {
    /// What users download.
    pub(crate) live: Option<Asset>,
    /// What a rollback returns to.
    pub(crate) previous: Option<Asset>,
    /// Staged files, whoever staged them.
    pub(crate) staged: Vec<Asset>,
    /// What a publication has moved away from under the name of the previous one, the latest first.
    pub(crate) aside: Vec<Asset>,
    /// What was rolled back, the latest first.
    pub(crate) bad: Vec<Asset>,
    /// Everything else; never touched.
    pub(crate) others: Vec<Asset>,
    /// GitHub's own clock at that moment.
    pub(crate) at: Option<Timestamp>,
    /// How many calls GitHub had got by then.
    pub(crate) calls: u64,
}

/// Sorts the assets of a channel.
pub(crate) fn sort(artifact: &str, listing: Listing) -> Channel {
    let mut channel = Channel { at: listing.at, calls: listing.calls, ..Channel::default() };
    for asset in listing.assets {
        match names::place(artifact, &asset.name) {
            Place::Live => channel.live = Some(asset),
            Place::Previous => channel.previous = Some(asset),
            Place::Staged => channel.staged.push(asset),
            Place::Aside => channel.aside.push(asset),
            Place::Bad => channel.bad.push(asset),
            Place::Other => channel.others.push(asset),
        }
    }
    for latest_first in [&mut channel.bad, &mut channel.aside] {
        latest_first.sort_by_key(|asset| std::cmp::Reverse((asset.last_change(), asset.id)));
    }
    channel
}

impl Channel {
    /// The staged file that belongs to these bytes.
    pub(crate) fn staged_for(&self, artifact: &str, sha256: Sha256Digest) -> Option<&Asset> {
        let name = names::staged(artifact, sha256);
        self.staged.iter().find(|asset| asset.name == name)
    }

    /// An asset by its id, whatever it is called.
    pub(crate) fn find(&self, id: u64) -> Option<&Asset> {
        let named = self.live.iter().chain(&self.previous).chain(&self.staged);
        named.chain(&self.aside).chain(&self.bad).chain(&self.others).find(|asset| asset.id == id)
    }

    /// The live asset in the form that reports remember.
    pub(crate) fn seen(&self) -> Option<SeenAsset> {
        self.live.as_ref().map(|asset| SeenAsset { asset_id: asset.id, sha256: asset.sha256() })
    }

    /// Seconds since an asset was last changed, by GitHub's clock alone; `None` when GitHub does not say.
    pub(crate) fn age_s(&self, asset: &Asset) -> Option<i64> {
        Some((self.at?.as_second() - asset.last_change()?.as_second()).max(0))
    }

    /// Whether nobody can be at work on it any more. An age that nobody knows is none.
    pub(crate) fn is_settled(&self, asset: &Asset) -> bool {
        self.age_s(asset).is_some_and(|age| age >= SETTLED_S)
    }

    /// What a rollback returns to. A publication that was cut off may have left it aside.
    pub(crate) fn kept(&self) -> Option<&Asset> {
        self.previous.as_ref().or_else(|| self.aside.iter().find(|asset| asset.is_uploaded()))
    }

    /// What users can be given at once when nothing is live: what was live before, else what was rolled back last.
    pub(crate) fn reserve(&self) -> Option<&Asset> {
        if self.live.is_some() {
            return None;
        }
        self.previous.iter().chain(&self.aside).chain(&self.bad).find(|asset| asset.is_uploaded())
    }
}

/// The version that an asset's label names.
pub(crate) fn version(artifact: &str, asset: &Asset) -> Option<ReleaseVersion> {
    names::version(artifact, asset.label.as_deref()?)
}

/// Whether it was rolled back, and is live only because nothing else was there.
pub(crate) fn is_rolled_back(asset: &Asset) -> bool {
    asset.label.as_deref().is_some_and(|label| label.ends_with(names::ROLLED_BACK))
}

/// Whether an upload was made on this machine, under the lock that is held now.
pub(crate) fn is_of_mark(asset: &Asset, mark: &str) -> bool {
    asset.label.as_deref().is_some_and(|label| names::has_mark(label, mark))
}

/// Whether GitHub says that an asset holds exactly these bytes: whole, of this size, of this digest.
pub(crate) fn holds(asset: &Asset, size_bytes: u64, sha256: Sha256Digest) -> bool {
    asset.is_uploaded() && asset.size == size_bytes && asset.sha256() == Some(sha256)
}

/// Whether an asset may hold these bytes: nothing that GitHub says speaks against it. A download must prove it.
pub(crate) fn may_hold(asset: &Asset, size_bytes: u64, sha256: Sha256Digest) -> bool {
    asset.is_uploaded() && asset.size == size_bytes && asset.sha256().is_none_or(|digest| digest == sha256)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenery::{asset, at, listing};

    #[test]
    fn ages_are_taken_from_githubs_clock_and_an_unknown_one_is_young() {
        let mut upload = asset(1, "A.next-0123456789ab.dmg", b"x");
        upload.created_at = Some(at(0).to_string());
        let channel = |now| sort("A.dmg", listing(vec![upload.clone()], now));
        assert!(!channel(Some(at(3599))).is_settled(&upload));
        assert!(channel(Some(at(3600))).is_settled(&upload));
        assert!(!channel(None).is_settled(&upload));
        let silent = asset(2, "A.prev.dmg", b"x");
        assert!(!channel(Some(at(99_999))).is_settled(&silent));
        // A rename is a change: what was renamed a moment ago belongs to somebody who is at work.
        upload.updated_at = Some(at(3000).to_string());
        assert_eq!(sort("A.dmg", listing(vec![], Some(at(3600)))).age_s(&upload), Some(600));
    }

    #[test]
    fn what_users_get_back_first_is_what_was_live_before() {
        let previous = asset(1, "A.prev.dmg", b"x");
        let mut early = asset(2, "A.bad-0123456789ab.dmg", b"y");
        let mut late = asset(3, "A.bad-ba9876543210.dmg", b"z");
        early.updated_at = Some(at(9).to_string());
        late.updated_at = Some(at(5).to_string());
        let reserve = |assets| sort("A.dmg", listing(assets, None)).reserve().map(|asset| asset.id);
        assert_eq!(reserve(vec![early.clone(), previous.clone(), late.clone()]), Some(1));
        assert_eq!(reserve(vec![late.clone(), early.clone()]), Some(2));
        assert_eq!(reserve(vec![asset(4, "A.dmg", b"!"), previous.clone()]), None);
        let half = Asset { state: "starter".into(), ..previous };
        assert_eq!(reserve(vec![half, late]), Some(3));
    }
}
