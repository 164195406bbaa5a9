//! What lies on a channel, sorted by what it means for one artifact. Pure.

use crate::names;
use nexy_contract::{Sha256Digest, report::SeenAsset};
use nexy_outside::github::Asset;

/// The assets of one channel as they concern one artifact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Channel {
    /// What users download.
    pub(crate) live: Option<Asset>,
    /// What a rollback returns to.
    pub(crate) previous: Option<Asset>,
    /// Staged files, whoever staged them.
    pub(crate) staged: Vec<Asset>,
    /// Everything else; never touched.
    pub(crate) others: Vec<Asset>,
}

/// Sorts the assets of a channel.
pub(crate) fn sort(artifact: &str, assets: Vec<Asset>) -> Channel {
    let previous = names::previous(artifact);
    let mut channel = Channel::default();
    for asset in assets {
        if asset.name == artifact {
            channel.live = Some(asset);
        } else if asset.name == previous {
            channel.previous = Some(asset);
        } else if names::is_staged(artifact, &asset.name) {
            channel.staged.push(asset);
        } else {
            channel.others.push(asset);
        }
    }
    channel
}

impl Channel {
    /// The staged file that belongs to these bytes.
    pub(crate) fn staged_for(&self, artifact: &str, sha256: Sha256Digest) -> Option<&Asset> {
        let name = names::staged(artifact, sha256);
        self.staged.iter().find(|asset| asset.name == name)
    }

    /// The live asset in the form that reports remember.
    pub(crate) fn seen(&self) -> Option<SeenAsset> {
        self.live.as_ref().map(|asset| SeenAsset { asset_id: asset.id, sha256: asset.sha256() })
    }
}

/// Whether GitHub says that an asset holds exactly these bytes: whole, of this size, of this digest.
pub(crate) fn holds(asset: &Asset, size_bytes: u64, sha256: Sha256Digest) -> bool {
    asset.is_uploaded() && asset.size == size_bytes && asset.sha256() == Some(sha256)
}

/// Whether an asset may hold these bytes: nothing that GitHub says speaks against it. A download must prove it.
pub(crate) fn may_hold(asset: &Asset, size_bytes: u64, sha256: Sha256Digest) -> bool {
    asset.is_uploaded() && asset.size == size_bytes && asset.sha256().is_none_or(|digest| digest == sha256)
}
