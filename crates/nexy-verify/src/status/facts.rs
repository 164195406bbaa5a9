//! What a status is made of: one value for each thing that was looked up, or why it is not known.

use crate::{
    expected::{Expected, Manifest, NotKnown},
    health::Said,
};
use nexy_contract::{
    Fix, ReleaseVersion, Report, Sha256Digest, Target, Timestamp, appcast::Offer, channels::ShownChannel, check::Answer,
    immutable_releases::Immutability, record::Kind,
};

/// Everything that is known when the status is judged.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    /// What `nexy.toml` says.
    pub(crate) target: Target,
    /// What a person types behind a `make` command when the Makefile does not lie in the workspace, with a blank before it.
    pub(crate) make_words: String,
    /// When it was looked.
    pub(crate) now: Timestamp,
    /// The version of the workspace.
    pub(crate) version: Expected<Version>,
    /// The repository of the workspace.
    pub(crate) git: Expected<Local>,
    /// What the workspace's remote has.
    pub(crate) remote: Expected<Remote>,
    /// Whether the server repository's remote has the tag of VERSION.
    pub(crate) server_tag: Expected<bool>,
    /// What the folders in `releases/` say, the highest version last.
    pub(crate) releases: Expected<Vec<Release>>,
    /// The artifacts in the inbox.
    pub(crate) inbox: Expected<Vec<InInbox>>,
    /// The channel of each artifact, in the order of `nexy.toml`; `None` when GitHub shows no such release.
    pub(crate) channels: Vec<Expected<Option<OnGithub>>>,
    /// Whether what is published is frozen.
    pub(crate) immutability: Expected<Immutability>,
    /// The manifest of the work tree; `None` when there is none in any folder.
    pub(crate) manifest: Expected<Option<Here>>,
    /// What the public feed offers, or why no client can use it.
    pub(crate) feed: Expected<Result<Offer, String>>,
    /// What the public `/health` says, or why its answer is of no use.
    pub(crate) health: Expected<Result<Said, String>>,
    /// Whether the public certificate is accepted, and for how long.
    pub(crate) certificate: Answer,
    /// The last answers of the VM.
    pub(crate) vm: Vm,
}

/// VERSION, and the places that hold another version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) version: ReleaseVersion,
    pub(crate) places: usize,
    pub(crate) others: Vec<String>,
}

/// What git knows in the workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Local {
    /// The commit that is checked out.
    pub(crate) head: Option<String>,
    /// Every release tag, and its commit.
    pub(crate) tags: Vec<(ReleaseVersion, String)>,
    /// Digest of the manifest file of HEAD.
    pub(crate) manifest: Option<Sha256Digest>,
}

/// What a remote has now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Remote {
    /// Release tags that were asked for, and their commits.
    pub(crate) tags: Vec<(ReleaseVersion, String)>,
    /// The newest commit of the branch that is released from.
    pub(crate) tip: Option<String>,
    /// Whether the history of HEAD lacks that commit.
    pub(crate) is_behind: bool,
    /// Whether that commit lacks HEAD as well.
    pub(crate) has_parted: bool,
    /// Digest of the manifest file of that commit; not known while the commit is not here.
    pub(crate) manifest: Expected<Option<Sha256Digest>>,
}

/// The folder of one version in `releases/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Release {
    pub(crate) version: ReleaseVersion,
    pub(crate) stage: Stage,
    /// What the release moves.
    pub(crate) kind: Kind,
    /// The process that is at work on it.
    pub(crate) running: Option<String>,
    /// When the last swap was done, and the account that its records belong to.
    pub(crate) at: Option<Timestamp>,
    pub(crate) by: Option<String>,
    /// When the VM last took a manifest, and the digest of that file.
    pub(crate) delivered: Option<(Timestamp, Sha256Digest)>,
}

/// How far the records of one version go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// A release that is not finished.
    Begun(Open),
    /// A verified release.
    Done,
    /// A rollback that is not finished.
    RollbackBegun(Open),
    /// A verified rollback.
    RolledBack,
}

/// What is known of a release or rollback that is not finished.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Open {
    /// The last stage that is done.
    pub(crate) done: Option<String>,
    /// The stage that has failed or was interrupted.
    pub(crate) stopped: Option<String>,
    /// What its record says.
    pub(crate) because: Option<String>,
    /// Whether the publication is done.
    pub(crate) is_published: bool,
}

/// An artifact in the inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InInbox {
    pub(crate) name: String,
    pub(crate) size_bytes: u64,
    pub(crate) sha256: Sha256Digest,
    /// The version that the receipt of its build names, when the receipt is about these bytes.
    pub(crate) built: Option<String>,
}

/// A fixed release and its assets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OnGithub {
    pub(crate) shown: ShownChannel,
    pub(crate) is_draft: bool,
    pub(crate) is_immutable: bool,
}

/// The manifest of the work tree, and the digest of its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Here {
    pub(crate) manifest: Manifest,
    pub(crate) file: Sha256Digest,
}

/// What `make status VM=1` has brought last, and when.
#[derive(Clone, Debug, Default)]
pub(crate) struct Vm {
    /// Digests of the manifest files on the VM.
    pub(crate) manifests: Option<(Timestamp, Vec<Option<Sha256Digest>>)>,
    /// The report of the gates of the profile `db`.
    pub(crate) database: Option<(Timestamp, Report)>,
}

/// What has not answered.
pub(crate) fn late() -> NotKnown {
    NotKnown { because: format!("no answer within {} s", super::WITHIN.as_secs()), fix: Fix::note("look again in a minute") }
}

impl Facts {
    /// The channel of an artifact, as far as it was seen.
    pub(crate) fn channel(&self, artifact: &str) -> Option<&OnGithub> {
        let place = self.target.artifacts.iter().position(|row| row.name == artifact)?;
        self.channels.get(place)?.as_ref().ok()?.as_ref()
    }

    /// The version that users download as this artifact: that of the label, else that of the manifest about the same bytes.
    pub(crate) fn live(&self, artifact: &str) -> Option<ReleaseVersion> {
        let live = self.channel(artifact)?.shown.live.as_ref()?;
        let of_manifest = || {
            let manifest = &self.manifest.as_ref().ok()?.as_ref()?.manifest;
            (live.sha256 == Some(manifest.sha256)).then_some(manifest.version)
        };
        live.version.or_else(of_manifest)
    }

    /// The name of the artifact that clients update from.
    pub(crate) fn feed_artifact(&self) -> &str {
        self.target.feed_artifact().map(|row| row.name.as_str()).unwrap_or_default()
    }

    /// The manifest of the work tree, if there is one.
    pub(crate) fn here(&self) -> Option<&Here> {
        self.manifest.as_ref().ok()?.as_ref()
    }

    /// What the records say of one version.
    pub(crate) fn release(&self, version: ReleaseVersion) -> Option<&Release> {
        self.releases.as_ref().ok()?.iter().find(|release| release.version == version)
    }

    /// The tag of a version in the workspace, and on its remote.
    pub(crate) fn tags(&self, version: ReleaseVersion) -> (Option<&str>, Option<&str>) {
        let find = |tags: &[(ReleaseVersion, String)]| tags.iter().position(|(tagged, _)| *tagged == version);
        let here = self.git.as_ref().ok().and_then(|git| Some(git.tags[find(&git.tags)?].1.as_str()));
        let there = self.remote.as_ref().ok().and_then(|remote| Some(remote.tags[find(&remote.tags)?].1.as_str()));
        (here, there)
    }

    /// What is typed in the workspace: `make` and its words.
    pub(crate) fn make(&self, words: &str) -> String {
        format!("make {words}{}", self.make_words)
    }
}
