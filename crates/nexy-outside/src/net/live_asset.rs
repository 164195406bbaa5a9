//! What users download as an artifact: what the public URL serves, and what GitHub says of the asset behind it.

use crate::{
    Common, Secret,
    net::{
        github::{Github, GithubError},
        http::Http,
    },
};
use nexy_contract::{Fix, Problem, ReleaseVersion, Sha256Digest, Target, channels, target_file::ArtifactRow};

/// What GitHub says of an artifact's live asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveAsset {
    /// Its size, in bytes.
    pub size_bytes: u64,
    /// Its digest, when GitHub has one.
    pub sha256: Option<Sha256Digest>,
    /// The version that its label names.
    pub version: Option<ReleaseVersion>,
}

/// The length that users would download, in bytes: asked with a small range and without a token, as a client asks.
/// Errors: the problem to print: the URL cannot be asked, or serves nothing.
pub fn length(target: &Target, artifact: &ArtifactRow) -> Result<u64, Problem> {
    let what = what(target, artifact);
    let http = Http::new(&target.limits).map_err(|error| error.problem(what.clone()))?;
    let tail = Github::new(&http, target, None).tail(&artifact.channel, &artifact.name, 1);
    Ok(tail.map_err(|error: GithubError| error.problem(what))?.whole_bytes)
}

/// What GitHub says of the live asset; `None` when it shows none. Without a token GitHub answers fewer questions an hour.
/// Errors: the problem to print: GitHub cannot be asked.
pub fn listed(target: &Target, artifact: &ArtifactRow, token: Option<Secret>) -> Result<Option<LiveAsset>, Problem> {
    let what = format!("cannot look at the channel {}", artifact.channel);
    let http = Http::new(&target.limits).map_err(|error| error.problem(what.clone()))?;
    let github = Github::new(&http, target, token);
    let assets = match github.release(&artifact.channel) {
        Ok(Some(release)) => github.assets(release.id),
        Ok(None) => return Ok(None),
        Err(error) => Err(error),
    };
    let assets = assets.map_err(|error| error.problem(what))?;
    let live = assets.into_iter().find(|asset| asset.name == artifact.name && asset.is_uploaded());
    Ok(live.map(|asset| LiveAsset {
        size_bytes: asset.size,
        sha256: asset.sha256(),
        version: asset.label.as_deref().and_then(|label| channels::labelled_version(&artifact.name, label)),
    }))
}

/// The digest of what the public URL serves, which has this length: GitHub's own for the asset, else that of a whole download, which is
/// bounded in size and time.
/// Errors: the problem to print, exit 69: the digest is not known.
pub fn digest(
    target: &Target,
    artifact: &ArtifactRow,
    length: u64,
    asset: Option<&LiveAsset>,
    common: &Common,
) -> Result<Sha256Digest, Problem> {
    if let Some(sha256) = asset.filter(|asset| asset.size_bytes == length).and_then(|asset| asset.sha256) {
        return Ok(sha256);
    }
    let url = target.public_url(artifact);
    common.note(&format!("GitHub tells no digest of {url}: downloading its {length} bytes to hash them"));
    let http = Http::new(&target.limits).map_err(|error| error.problem(what(target, artifact)))?;
    let github = Github::new(&http, target, None);
    let whole = github.download(&artifact.channel, &artifact.name, length.min(target.limits.artifact_max_bytes), &mut |_| {});
    whole.map(|whole| whole.sha256).map_err(|error| {
        let problem = error.problem(format!("unknown: the digest of what {url} serves"));
        let fix = Fix::note("GitHub tells no digest and the download failed; wait a minute, then run the same command again");
        Problem::new(nexy_contract::Exit::CouldNotLook, problem.what, problem.because, fix)
    })
}

fn what(target: &Target, artifact: &ArtifactRow) -> String {
    format!("cannot see what {} serves", target.public_url(artifact))
}
