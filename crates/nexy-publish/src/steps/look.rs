//! Before anything happens: the file, the release, what lies on the channel, and what follows from it.

use super::{Job, Scene, fetch, file};
use crate::plan::{self, Wanted};
use nexy_contract::{
    Exit, Problem, Record, before_publish,
    record::{self, Artifact},
    target::ArtifactRow,
};
use nexy_outside::{
    Workspace,
    github::{Asset, Release},
};

pub(crate) const FROM_THE_INBOX: &str =
    "start again from the bytes in the inbox:\nnexy-version record | nexy-gate before-publish - | nexy-publish -";

/// The row of `nexy.toml` that an artifact of a record belongs to.
pub(crate) fn row<'a>(workspace: &'a Workspace, artifact: &Artifact) -> Result<&'a ArtifactRow, Problem> {
    workspace.target.artifact(&artifact.name).filter(|row| row.channel == artifact.channel).ok_or_else(|| {
        Problem::new(
            Exit::BadDocument,
            format!("{} of the record is not published", artifact.name),
            "nexy.toml knows no such artifact on that channel",
            FROM_THE_INBOX,
        )
    })
}

/// Looks at one artifact that is to be published.
pub(crate) fn publication<'a>(
    scene: &Scene<'a>,
    workspace: &'a Workspace,
    record: &Record,
    artifact: &Artifact,
    again: bool,
) -> Result<Job<'a>, Problem> {
    let row = row(workspace, artifact)?;
    let path = workspace.path(&workspace.target.layout.inbox).join(&artifact.name);
    let carried = record.signature(&artifact.name, artifact.sha256);
    let opened = file::open(scene, &path, Some((artifact.size_bytes, artifact.sha256)), carried.as_ref(), FROM_THE_INBOX)?;
    let release = release(scene, row)?;
    let mut channel =
        scene.list(&release, &artifact.name).map_err(|error| error.problem(format!("cannot list the assets of {}", row.channel)))?;
    let judged = record
        .latest_report(before_publish::BY, before_publish::PROFILE)
        .and_then(|report| report.subjects.iter().find(|subject| subject.name == artifact.name));
    let changed = judged.and_then(|subject| before_publish::still_as_judged(subject, channel.seen().as_ref()).err()).map(|because| {
        Problem::new(
            Exit::Busy,
            "nothing was published: the channel has changed",
            because,
            "look at it, then ask the gates again:\nnexy-publish show\nnexy-version record | nexy-gate before-publish - | nexy-publish -",
        )
    });
    // Only its bytes can tell whether it is the same file.
    if channel.live.as_ref().is_some_and(|live| live.size == artifact.size_bytes) {
        channel.live = channel.live.map(|asset| with_digest(scene, row, asset)).transpose()?;
    }
    let wanted = Wanted {
        by_hand: scene.by_hand(),
        artifact: &artifact.name,
        version: record.version,
        size_bytes: artifact.size_bytes,
        sha256: artifact.sha256,
        mark: scene.mark(&row.channel),
        again,
    };
    let plan = match (changed, channel.reserve()) {
        (None, _) => plan::publication(&wanted, &channel)?,
        (Some(problem), None) => return Err(problem),
        (Some(problem), Some(reserve)) => plan::only_revive(reserve, problem),
    };
    Ok(Job {
        artifact: record::Artifact { live: None, ..artifact.clone() },
        version: record.version,
        row,
        file: Some(opened.file),
        tail: opened.tail,
        signature: opened.signature,
        release,
        channel,
        plan,
        staged: None,
        uploaded_here: false,
        contested: true,
        from_the_start: FROM_THE_INBOX,
        restaged: None,
        aside: None,
        revived_at: None,
        swapped_at: None,
    })
}

/// GitHub does not know the digest of every asset; then it is taken from the bytes themselves.
pub(crate) fn with_digest(scene: &Scene<'_>, row: &ArtifactRow, asset: Asset) -> Result<Asset, Problem> {
    if !asset.is_uploaded() || asset.sha256().is_some() {
        return Ok(asset);
    }
    let found = fetch::whole(scene, &row.channel, &asset.name, asset.size).map_err(|error| {
        error.problem(format!("cannot download {}, whose digest GitHub does not know", asset.name)).ending(Exit::CouldNotLook)
    })?;
    Ok(Asset { digest: Some(format!("sha256:{}", found.sha256)), ..asset })
}

/// The fixed release of a channel, which must be there and open to changes.
pub(crate) fn release(scene: &Scene<'_>, row: &ArtifactRow) -> Result<Release, Problem> {
    let ArtifactRow { name, channel, .. } = row;
    let release = release_of_any_kind(scene, row)?;
    if release.draft || release.immutable {
        let state = if release.draft { "a draft, which users cannot see" } else { "immutable, so its assets can never change" };
        return Err(Problem::new(
            Exit::No,
            format!("cannot publish {name}"),
            format!("the release `{channel}` is {state}"),
            format!(
                "publish the draft in the browser, or make it anew without immutability:\ngh release view {channel} -R {} --web",
                scene.target.repositories.artifacts
            ),
        ));
    }
    Ok(release)
}

/// The fixed release of a channel, for those who only look.
pub(crate) fn release_of_any_kind(scene: &Scene<'_>, row: &ArtifactRow) -> Result<Release, Problem> {
    let ArtifactRow { channel, .. } = row;
    let repository = &scene.target.repositories.artifacts;
    let what = || format!("cannot look at the release {channel}");
    scene.patience.ask(|| scene.github.release(channel)).map_err(|error| error.problem(what()))?.ok_or_else(|| {
        Problem::new(
            Exit::No,
            what(),
            format!("{repository} has no release `{channel}` that this token can see; a draft counts as none"),
            format!("create the fixed release once by hand:\ngh release create {channel} -R {repository} --title {channel} --notes ''"),
        )
    })
}
