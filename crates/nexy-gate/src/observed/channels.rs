//! The fixed releases as GitHub shows them: one look a channel and a run, shared by all gates.

use super::inbox::Inbox;
use nexy_contract::{
    Problem, ReleaseVersion, channels,
    manifest::one_artifact::{Known, Origin, Pair},
    report::SeenAsset,
    target_file::ArtifactRow,
};
use nexy_outside::net::github::{Asset, Github, Kind};

/// What is on the channels of the artifacts in question.
#[derive(Debug, Default)]
pub(crate) struct Channels {
    /// One look an artifact, in the order of `nexy.toml`.
    pub(crate) looks: Vec<Look>,
    /// All assets on the channel of each artifact that was seen.
    pub(crate) assets: Vec<(String, Vec<Asset>)>,
}

/// One artifact's channel.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    /// The artifact's name.
    pub(crate) artifact: String,
    /// The tag of its fixed release.
    pub(crate) channel: String,
    /// What was seen, or why nothing could be seen.
    pub(crate) seen: Result<Seen, Problem>,
    /// The version that the label of the live asset names.
    pub(crate) labelled: Option<ReleaseVersion>,
}

/// What GitHub shows under the tag of a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// No release that we can see.
    Nothing,
    /// A release.
    Release {
        /// Whether the public cannot see it.
        draft: bool,
        /// Whether its assets can never change.
        immutable: bool,
        /// The asset under the artifact's name.
        live: Option<SeenAsset>,
    },
    /// A release whose asset under the artifact's name is in this state instead of `uploaded`.
    Stuck(String),
}

impl Channels {
    /// The live asset of an artifact; `None` when the look failed, `Some(None)` when the channel has none.
    pub(crate) fn seen(&self, artifact: &str) -> Option<Option<SeenAsset>> {
        let look = self.looks.iter().find(|look| look.artifact == artifact)?;
        match &look.seen {
            Ok(Seen::Release { live, .. }) => Some(live.clone()),
            Ok(Seen::Nothing | Seen::Stuck(_)) => Some(None),
            Err(_) => None,
        }
    }
}

impl Look {
    /// The version that the label of the live asset gives its bytes, as far as GitHub tells both.
    pub(crate) fn announced(&self) -> Option<Known> {
        let Ok(Seen::Release { live: Some(SeenAsset { sha256: Some(sha256), .. }), .. }) = &self.seen else { return None };
        Some(Known { pair: Pair { version: self.labelled?, sha256: *sha256 }, origin: Origin::Label })
    }
}

/// Looks at the channels of the artifacts in the inbox, or of all in `nexy.toml` when the inbox has none.
pub(crate) fn look(inbox: &Inbox, rows: &[ArtifactRow], github: Result<Github<'_>, &Problem>) -> Channels {
    let mut looks: Vec<Look> = Vec::new();
    let mut all = Vec::new();
    for row in rows.iter().filter(|row| inbox.artifacts.is_empty() || inbox.artifacts.iter().any(|found| found.row.name == row.name)) {
        // What does not answer once will not answer twice: a second wait tells a person nothing new.
        let outage = looks.iter().find_map(|look| look.seen.as_ref().err());
        let looked = match (outage, &github) {
            (Some(problem), _) => {
                Err(Problem::new(problem.exit, format!("the channel {} was not asked after that", row.channel), "", &problem.fix))
            }
            (None, Err(problem)) => Err((*problem).clone()),
            (None, Ok(github)) => look_at(github, &row.channel, &row.name),
        };
        // A release that GitHub does not show may be there all the same, so nothing is known of what is on it.
        let shown = |(seen, assets)| if seen == Seen::Nothing { (Ok(seen), None) } else { (Ok(seen), Some(assets)) };
        let (seen, assets) = looked.map_or_else(|problem| (Err(problem), None), shown);
        let live = assets.iter().flatten().find(|asset| asset.name == row.name && asset.is_uploaded());
        let labelled = live.and_then(|asset| channels::labelled_version(&row.name, asset.label.as_deref()?));
        all.extend(assets.map(|assets| (row.name.clone(), assets)));
        looks.push(Look { artifact: row.name.clone(), channel: row.channel.clone(), seen, labelled });
    }
    Channels { looks, assets: all }
}

fn look_at(github: &Github<'_>, channel: &str, artifact: &str) -> Result<(Seen, Vec<Asset>), Problem> {
    let what = || format!("cannot look at the channel {channel}");
    let Some(release) = github.release(channel).map_err(|error| error.problem(what()))? else {
        return Ok((Seen::Nothing, Vec::new()));
    };
    let assets = match github.assets(release.id) {
        Ok(assets) => assets,
        Err(error) if error.kind == Kind::NotFound => return Ok((Seen::Nothing, Vec::new())),
        Err(error) => return Err(error.problem(what())),
    };
    let named = || assets.iter().filter(|asset| asset.name == artifact);
    let live = named().find(|asset| asset.is_uploaded());
    if let (None, Some(stuck)) = (live, named().next()) {
        return Ok((Seen::Stuck(stuck.state.clone()), assets));
    }
    let live = live.map(|asset| SeenAsset { asset_id: asset.id, sha256: asset.sha256() });
    Ok((Seen::Release { draft: release.draft, immutable: release.immutable, live }, assets))
}
