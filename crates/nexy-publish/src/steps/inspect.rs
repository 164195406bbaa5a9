//! The first look at one artifact: its file, its release, its channel, and the plan that follows.

use super::{download, local_file, manifest_rule, restore_live};
use crate::{
    cli, fixes,
    job::{Job, Opened, Operation},
    plan::{Plan, channel::Channel, publish, rollback},
    session::Session,
};
use nexy_contract::{
    Exit, Fix, Problem, Record, ReleaseVersion, Sha256Digest, before_publish, immutable_releases, record::Artifact,
    target_file::ArtifactRow,
};
use nexy_outside::{
    Workspace,
    frame::published,
    net::github::{Asset, Release},
};
use std::path::PathBuf;

/// Looks at every artifact. When one is refused, the downloads that are missing on earlier ones are restored first.
pub(crate) fn all<'a, T>(
    session: &Session<'_>,
    dry_run: bool,
    artifacts: &[T],
    inspect: impl Fn(&T) -> Result<Job<'a>, Problem>,
) -> Result<Vec<Job<'a>>, Problem> {
    let mut jobs = Vec::new();
    for artifact in artifacts {
        match inspect(artifact) {
            Ok(job) => jobs.push(job),
            Err(problem) if dry_run => return Err(problem),
            Err(problem) => return Err(restore_live::all(session, &mut jobs).err().unwrap_or(problem)),
        }
    }
    Ok(jobs)
}

/// The row of `nexy.toml` that an artifact of a record belongs to.
pub(crate) fn row<'a>(workspace: &'a Workspace, artifact: &Artifact) -> Result<&'a ArtifactRow, Problem> {
    workspace.target.artifact(&artifact.name).filter(|row| row.channel == artifact.channel).ok_or_else(|| {
        Problem::new(
            Exit::BadDocument,
            format!("{} of the record is not published", artifact.name),
            "nexy.toml knows no such artifact on that channel",
            Operation::Publication.start_over(),
        )
    })
}

/// Why nothing may be published now: what is published while immutable releases are switched on is frozen for ever.
fn refused_by_the_setting(session: &Session<'_>) -> Result<Option<Problem>, Problem> {
    let setting = session.retry.read(|| session.github.immutability());
    let setting = setting.map_err(|error| error.problem("cannot look whether immutable releases are switched on"))?;
    Ok(setting.refusal(session.target).map(|(because, fix)| Problem::new(Exit::No, "nothing is published", because, fix)))
}

/// Looks at one artifact that is to be published. A refusal still lets it restore a download that is missing.
pub(crate) fn for_publication<'a>(
    session: &Session<'_>,
    workspace: &'a Workspace,
    record: &Record,
    artifact: &Artifact,
    allow_rolled_back: bool,
) -> Result<Job<'a>, Problem> {
    let row = row(workspace, artifact)?;
    let path = workspace.path(&workspace.target.layout.inbox).join(&artifact.name);
    let judged = Some((artifact.size_bytes, artifact.sha256));
    let carried = record.signature(&artifact.name, artifact.sha256);
    let opened = local_file::open(session, &path, judged, carried.as_ref(), Operation::Publication)?;
    let refused = refused_by_the_setting(session)?;
    let (release, mut channel) = look(session, row)?;
    let refused = refused.or_else(|| changed_since_the_gates(record, &artifact.name, &channel));
    // Equal sizes are no proof, so an unknown digest of the live asset is computed from its bytes.
    if channel.live.as_ref().is_some_and(|live| live.size == artifact.size_bytes) {
        channel.live = channel.live.map(|asset| with_digest(session, row, asset)).transpose()?;
    }
    let wanted = session.wanted(row, artifact.size_bytes, artifact.sha256);
    let plan = match (refused, channel.fallback()) {
        (None, _) => publish::publication(&wanted, record.version, allow_rolled_back, &channel)?,
        (Some(problem), None) => return Err(problem),
        (Some(problem), Some(fallback)) => Plan::restore_only(fallback, problem),
    };
    let job = Job::new(Operation::Publication, artifact.clone(), row, release, channel, plan).with_file(opened);
    Ok(Job { version: Some(record.version), ..job })
}

/// Refuses a channel whose live asset is not the one that the gates have seen.
fn changed_since_the_gates(record: &Record, artifact: &str, channel: &Channel) -> Option<Problem> {
    let report = record.latest_report(before_publish::BY, before_publish::PROFILE)?;
    let judged = report.subjects.iter().find(|subject| subject.name == artifact)?;
    let because = before_publish::still_as_judged(judged, channel.seen().as_ref()).err()?;
    Some(Problem::new(
        Exit::Busy,
        "nothing was published: the channel has changed",
        because,
        fixes::look("look at the channel:").then(fixes::publish_from_the_inbox()),
    ))
}

/// What the options of a rollback say, with VERSION's version.
pub(crate) fn said(options: &cli::Rollback, current: ReleaseVersion) -> rollback::Said<'_> {
    rollback::Said {
        bad: options.from.unwrap_or(current),
        named: options.from.is_some(),
        to: options.to_version,
        file: options.artifact.as_deref(),
    }
}

/// Looks at one artifact that is to be rolled back. A missing download is restored before any refusal is printed.
pub(crate) fn for_rollback<'a>(
    session: &Session<'_>,
    workspace: &Workspace,
    row: &'a ArtifactRow,
    options: &cli::Rollback,
    current: ReleaseVersion,
) -> Result<Job<'a>, Problem> {
    let open = |path: &PathBuf| local_file::open(session, path, None, None, Operation::Rollback);
    let opened = options.artifact.as_ref().map(open).transpose()?;
    let (release, mut channel) = look(session, row)?;
    channel.live = channel.live.map(|asset| with_digest(session, row, asset)).transpose()?;
    let restore_first = |problem: Problem| match channel.fallback() {
        Some(fallback) if problem.exit != Exit::NeedsPerson => Ok(Plan::restore_only(fallback, problem)),
        _ => Err(problem),
    };
    let wanted = opened.as_ref().map(|opened| session.wanted(row, opened.file.size_bytes, opened.sha256));
    let mut plan = rollback::rollback(session.gh(), &row.name, &channel, wanted.as_ref()).or_else(restore_first)?;
    plan.source = plan.source.map(|asset| with_digest(session, row, asset)).transpose()?;
    // A refused rollback may have no bytes; then nothing is compared with these.
    let (size_bytes, sha256) = bytes(&plan, opened.as_ref()).unwrap_or((0, Sha256Digest::of(b"")));
    let (mut leaves, mut version) = (None, None);
    if plan.refusal.is_none() {
        let said = said(options, current);
        let past = if row.feed { published::of_workspace(workspace).known } else { Vec::new() };
        let recorded = channel.live.as_ref().and_then(|live| rollback::known_as(&past, &row.name, live));
        let known = rollback::known_version(&past, sha256);
        let allowed = rollback::version(&row.name, &channel, &plan, known, said).and_then(|version| {
            let bad = rollback::leaves(&row.name, &channel, &plan, recorded, said)?;
            if row.feed {
                manifest_rule::check_rollback(workspace, version, sha256)?;
            }
            Ok((bad, version))
        });
        match allowed {
            Ok((bad, known)) => (leaves, version) = (bad, Some(known)),
            Err(problem) => plan = restore_first(problem)?,
        }
    }
    let artifact = Artifact { name: row.name.clone(), channel: row.channel.clone(), size_bytes, sha256, live: None };
    let is_on_channel = plan.source.is_some();
    let mut job = Job::new(Operation::Rollback, artifact, row, release, channel, plan);
    if let Some(opened) = opened {
        job = job.with_file(opened);
    }
    // What lies on the channel needs no upload.
    let file = job.file.take().filter(|_| !is_on_channel);
    Ok(Job { version, leaves, file, ..job })
}

/// Size and digest of what goes live.
fn bytes(plan: &Plan, opened: Option<&Opened>) -> Option<(u64, Sha256Digest)> {
    match &plan.source {
        Some(asset) => asset.sha256().map(|sha256| (asset.size, sha256)),
        None => opened.map(|opened| (opened.file.size_bytes, opened.sha256)),
    }
}

/// The release of a channel, which must be open to changes, and what lies on it.
fn look(session: &Session<'_>, row: &ArtifactRow) -> Result<(Release, Channel), Problem> {
    let release = release(session, row)?;
    let channel = session.list(&release, &row.name).map_err(|error| error.problem(format!("cannot list the assets of {}", row.channel)))?;
    Ok((release, channel))
}

/// The asset with its digest, computed from a download when GitHub does not know it.
fn with_digest(session: &Session<'_>, row: &ArtifactRow, asset: Asset) -> Result<Asset, Problem> {
    if !asset.is_uploaded() || asset.sha256().is_some() {
        return Ok(asset);
    }
    let found = download::whole(session, &row.channel, &asset.name, asset.size).map_err(|error| {
        error.problem(format!("cannot download {}, whose digest GitHub does not know", asset.name)).ending(Exit::CouldNotLook)
    })?;
    Ok(Asset { digest: Some(format!("sha256:{}", found.sha256)), ..asset })
}

/// The fixed release of a channel, which must exist and be open to changes.
pub(crate) fn release(session: &Session<'_>, row: &ArtifactRow) -> Result<Release, Problem> {
    let ArtifactRow { name, channel, .. } = row;
    let release = release_in_any_state(session, row)?;
    if release.immutable {
        let (because, fix) = immutable_releases::frozen(session.target, channel);
        return Err(Problem::new(Exit::NeedsPerson, format!("cannot publish {name}"), because, fix));
    }
    if release.draft {
        let because = format!("the release `{channel}` is a draft, which users cannot see");
        return Err(Problem::new(Exit::No, format!("cannot publish {name}"), because, ask_the_gate()));
    }
    Ok(release)
}

/// The fixed release of a channel, for those who only look.
pub(crate) fn release_in_any_state(session: &Session<'_>, row: &ArtifactRow) -> Result<Release, Problem> {
    let ArtifactRow { channel, .. } = row;
    let what = || format!("cannot look at the release {channel}");
    session.retry.read(|| session.github.release(channel)).map_err(|error| error.problem(what()))?.ok_or_else(|| {
        let because = format!("{} has no release `{channel}` that this token can see; a draft counts as none", session.gh().repository);
        Problem::new(Exit::No, what(), because, ask_the_gate())
    })
}

/// The gate asks whether a release would be frozen before it prints the command that creates or publishes it.
fn ask_the_gate() -> Fix {
    Fix::note("the gate says how the fixed release is created:").then_command("nexy-gate fixed-channel")
}
