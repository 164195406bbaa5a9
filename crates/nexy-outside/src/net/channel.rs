//! The assets of one channel, sorted by their slots for one artifact, and as a person is shown them.

use crate::net::github::{Asset, Listing};
use nexy_contract::{
    ReleaseVersion, Sha256Digest, Timestamp,
    asset_names::{self, Slot},
    channels::{ShownAsset, ShownChannel},
    report::SeenAsset,
    target_file::ArtifactRow,
};
use std::cmp::Reverse;

/// Below this age, in seconds, another publication may still be working on an asset.
const SETTLED_S: i64 = 3600;

/// The assets of one channel as they concern one artifact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Channel {
    /// What users download.
    pub live: Option<Asset>,
    /// What a rollback returns to.
    pub previous: Option<Asset>,
    /// Staged uploads of every machine.
    pub staged: Vec<Asset>,
    /// Former previous assets that publications have parked, latest first.
    pub parked: Vec<Asset>,
    /// Rolled-back assets, latest first.
    pub rolled_back: Vec<Asset>,
    /// Everything else; never touched.
    pub others: Vec<Asset>,
    /// GitHub's clock when it listed the assets.
    pub at: Option<Timestamp>,
    /// Number of calls made to GitHub by then.
    pub calls: u64,
}

/// Sorts the assets of a channel.
pub fn sort(artifact: &str, listing: Listing) -> Channel {
    let mut channel = Channel { at: listing.at, calls: listing.calls, ..Channel::default() };
    for asset in listing.assets {
        match asset_names::slot(artifact, &asset.name) {
            Slot::Live => channel.live = Some(asset),
            Slot::Previous => channel.previous = Some(asset),
            Slot::Staged => channel.staged.push(asset),
            Slot::Parked => channel.parked.push(asset),
            Slot::RolledBack => channel.rolled_back.push(asset),
            Slot::Other => channel.others.push(asset),
        }
    }
    for latest_first in [&mut channel.rolled_back, &mut channel.parked] {
        latest_first.sort_by_key(|asset| Reverse((asset.last_change(), asset.id)));
    }
    channel
}

impl Channel {
    /// The staged asset that belongs to these bytes.
    pub fn staged_for(&self, artifact: &str, sha256: Sha256Digest) -> Option<&Asset> {
        let name = asset_names::staged(artifact, sha256);
        self.staged.iter().find(|asset| asset.name == name)
    }

    /// An asset by its id, whatever its name is.
    pub fn find(&self, id: u64) -> Option<&Asset> {
        let named = self.live.iter().chain(&self.previous).chain(&self.staged);
        named.chain(&self.parked).chain(&self.rolled_back).chain(&self.others).find(|asset| asset.id == id)
    }

    /// The live asset in the form that reports remember.
    pub fn seen(&self) -> Option<SeenAsset> {
        self.live.as_ref().map(|asset| SeenAsset { asset_id: asset.id, sha256: asset.sha256() })
    }

    /// Seconds since an asset was last changed, by GitHub's clock alone; `None` when GitHub does not say.
    pub fn age_s(&self, asset: &Asset) -> Option<i64> {
        Some((self.at?.as_second() - asset.last_change()?.as_second()).max(0))
    }

    /// Whether an asset is so old that no run works on it any more. An unknown age counts as young.
    pub fn is_settled(&self, asset: &Asset) -> bool {
        self.age_s(asset).is_some_and(|age| age >= SETTLED_S)
    }

    /// What a rollback returns to: the previous asset, else the one that an interrupted publication has left parked.
    pub fn rollback_candidate(&self) -> Option<&Asset> {
        self.previous.as_ref().or_else(|| self.parked.iter().find(|asset| asset.is_uploaded()))
    }

    /// What users can get at once when nothing is live: what was live before, else what was rolled back last.
    pub fn fallback(&self) -> Option<&Asset> {
        if self.live.is_some() {
            return None;
        }
        self.previous.iter().chain(&self.parked).chain(&self.rolled_back).find(|asset| asset.is_uploaded())
    }

    /// Assets of this tool that a run may still work on, with the seconds until they are leftovers; `None` when GitHub tells no age.
    pub fn unsettled(&self) -> Vec<(&Asset, Option<i64>)> {
        let all = self.staged.iter().chain(&self.parked).chain(&self.rolled_back);
        all.filter(|asset| !self.is_settled(asset)).map(|asset| (asset, self.age_s(asset).map(|age| SETTLED_S - age))).collect()
    }

    /// Settled assets of this tool that no run needs. The rollback candidate is none of them, however old it is.
    pub fn leftovers(&self) -> Vec<&Asset> {
        let candidate = self.rollback_candidate().map(|asset| asset.id);
        let all = self.staged.iter().chain(&self.parked).chain(&self.rolled_back);
        all.filter(|asset| self.is_settled(asset) && candidate != Some(asset.id)).collect()
    }
}

/// A channel as `nexy-publish show` prints it; users download the artifact from `url`.
pub fn shown(found: &Channel, row: &ArtifactRow, url: String) -> ShownChannel {
    let asset = |asset: &Asset| ShownAsset {
        asset_id: asset.id,
        name: asset.name.clone(),
        version: version(&row.name, asset),
        label: asset.label.clone(),
        state: asset.state.clone(),
        size_bytes: asset.size,
        sha256: asset.sha256(),
        age_s: found.age_s(asset),
    };
    let candidate = found.rollback_candidate().map(|asset| asset.id);
    let mut leftovers = found.leftovers();
    // A young parked asset is no leftover yet, but `show` has no other list for it.
    let is_listed = |one: &&Asset| candidate == Some(one.id) || leftovers.iter().any(|other| other.id == one.id);
    let parked: Vec<&Asset> = found.parked.iter().filter(|one| !is_listed(one)).collect();
    leftovers.extend(parked);
    let others = |assets: &[Asset]| assets.iter().filter(|one| !leftovers.iter().any(|other| other.id == one.id)).map(asset).collect();
    ShownChannel {
        channel: row.channel.clone(),
        artifact: row.name.clone(),
        url,
        at: found.at,
        live: found.live.as_ref().map(asset),
        previous: found.rollback_candidate().map(asset),
        staged: others(&found.staged),
        bad: others(&found.rolled_back),
        leftovers: leftovers.iter().map(|one| asset(one)).collect(),
        others: found.others.iter().map(asset).collect(),
    }
}

/// The version that an asset's label names.
pub fn version(artifact: &str, asset: &Asset) -> Option<ReleaseVersion> {
    asset_names::version(artifact, asset.label.as_deref()?)
}

/// Whether an asset was rolled back and is live only because nothing else was there.
pub fn is_rolled_back(asset: &Asset) -> bool {
    asset.label.as_deref().is_some_and(asset_names::is_rolled_back)
}

/// Whether an upload was made on the machine with this tag, whose lock this run holds.
pub fn has_machine_tag(asset: &Asset, machine_tag: &str) -> bool {
    asset.label.as_deref().is_some_and(|label| asset_names::has_machine_tag(label, machine_tag))
}

/// Whether GitHub says that an asset holds exactly these bytes: whole, of this size, of this digest.
pub fn holds(asset: &Asset, size_bytes: u64, sha256: Sha256Digest) -> bool {
    asset.is_uploaded() && asset.size == size_bytes && asset.sha256() == Some(sha256)
}

/// Whether nothing that GitHub says contradicts that an asset holds these bytes. Only a download proves it.
pub fn may_hold(asset: &Asset, size_bytes: u64, sha256: Sha256Digest) -> bool {
    asset.is_uploaded() && asset.size == size_bytes && asset.sha256().is_none_or(|digest| digest == sha256)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asset(id: u64, name: &str, bytes: &[u8]) -> Asset {
        let digest = Some(format!("sha256:{}", Sha256Digest::of(bytes)));
        let (label, created_at, updated_at, browser_download_url) = (None, None, None, String::new());
        let (name, state, size) = (name.into(), "uploaded".into(), bytes.len() as u64);
        Asset { id, name, label, state, size, digest, created_at, updated_at, browser_download_url }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + second).expect("a time")
    }

    fn listing(assets: Vec<Asset>, at: Option<Timestamp>) -> Listing {
        Listing { assets, at, calls: 1 }
    }

    #[test]
    fn ages_are_taken_from_githubs_clock_and_an_unknown_one_is_young() {
        let mut upload = asset(1, "A.next-0123456789ab.dmg", b"x");
        upload.created_at = Some(at(0).to_string());
        let channel = |now| sort("A.dmg", listing(vec![upload.clone()], now));
        assert!(!channel(Some(at(3599))).is_settled(&upload));
        assert!(channel(Some(at(3600))).is_settled(&upload));
        assert!(!channel(None).is_settled(&upload));
        let undated = asset(2, "A.prev.dmg", b"x");
        assert!(!channel(Some(at(99_999))).is_settled(&undated));
        // A rename is a change: a run may be working on what was renamed a moment ago.
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
        let fallback = |assets| sort("A.dmg", listing(assets, None)).fallback().map(|asset| asset.id);
        assert_eq!(fallback(vec![early.clone(), previous.clone(), late.clone()]), Some(1));
        assert_eq!(fallback(vec![late.clone(), early.clone()]), Some(2));
        assert_eq!(fallback(vec![asset(4, "A.dmg", b"!"), previous.clone()]), None);
        let partial = Asset { state: "starter".into(), ..previous };
        assert_eq!(fallback(vec![partial, late]), Some(3));
    }

    #[test]
    fn only_old_uploads_and_old_rolled_back_artifacts_are_leftovers() {
        let aged = |id, name: &str, age: i64| Asset { updated_at: Some(at(7200 - age).to_string()), ..asset(id, name, b"x") };
        let assets = vec![
            aged(1, "A.dmg", 7200),
            aged(2, "A.prev.dmg", 7200),
            aged(3, "A.next-0123456789ab.dmg", 3600),
            aged(4, "A.next-ba9876543210.dmg", 3599),
            aged(5, "A.bad-0123456789ab.dmg", 7200),
            Asset { state: "starter".into(), ..aged(6, "A.next-00000000000a.dmg", 7200) },
            aged(7, "notes.txt", 7200),
            asset(8, "A.bad-00000000000b.dmg", b"x"),
        ];
        let channel = sort("A.dmg", listing(assets, Some(at(7200))));
        let ids: Vec<u64> = channel.leftovers().iter().map(|asset| asset.id).collect();
        assert_eq!(ids, [3, 6, 5]);
        let kept: Vec<(u64, Option<i64>)> = channel.unsettled().into_iter().map(|(asset, left)| (asset.id, left)).collect();
        assert_eq!(kept, [(4, Some(1)), (8, None)]);
    }
}
