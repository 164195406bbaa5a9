//! From what is known to the one command to type next; pure. Typing it brings the release forward, or harms nothing.

use super::{
    facts::{Facts, InInbox, OnGithub, Stage},
    rows::moment,
};
use crate::expected::NotKnown;
use nexy_contract::{Fix, ReleaseVersion, immutable_releases, record::Kind, status::Next, text::shell_word};

/// What stops the walk: a step that comes before all others, or what is not known.
enum Stop {
    Step(Next),
    NotKnown(NotKnown),
}

impl From<&NotKnown> for Stop {
    fn from(not_known: &NotKnown) -> Self {
        Self::NotKnown(not_known.clone())
    }
}

type Walk = Result<(), Stop>;

/// The step that is right now. Each question is asked only when all before it have the answer that lets a release go on.
pub(super) fn next(facts: &Facts) -> Next {
    match walk(facts) {
        Ok(next) | Err(Stop::Step(next)) => next,
        Err(Stop::NotKnown(not_known)) => ask_first(facts, &not_known.because, &not_known.fix),
    }
}

fn walk(facts: &Facts) -> Result<Next, Stop> {
    let version = facts.version.as_ref()?.version;
    is_at_work(facts)?;
    channels_are_open(facts)?;
    rollback_is_whole(facts, version)?;
    users_have_a_file(facts, version)?;
    server_answers(facts)?;
    release_goes_on(facts, version)?;
    manifest_is_pushed(facts)?;
    feed_is_right(facts)?;
    let live = facts.live(facts.feed_artifact());
    version_is_free(facts, version, live)?;
    let pending = pending(facts, version)?;
    let is_out = live == Some(version);
    if is_out && pending.is_empty() && !is_begun(facts, version) {
        database_is_safe(facts)?;
        return Ok(nothing(out_since(facts, version)));
    }
    version_is_everywhere(facts, version)?;
    tag_is_pushed(facts, version)?;
    code_is_deployed(facts, version)?;
    if pending.is_empty() && !is_out {
        let stays = live.map_or_else(String::new, |live| format!(", clients stay at {live}"));
        let inbox = &facts.target.layout.inbox;
        return Ok(nothing(format!("nothing to publish: the server runs {version}{stays}; a new artifact goes into {inbox}/ first")));
    }
    artifacts_are_of(facts, version, &pending)?;
    if let Some((because, fix)) = facts.immutability.as_ref().ok().and_then(|seen| seen.refusal(&facts.target)) {
        return Ok(ask_first(facts, &because, &fix));
    }
    Ok(make(facts, begun_because(facts, version), &release_words(facts, version)))
}

fn make(facts: &Facts, because: impl Into<String>, words: &str) -> Next {
    Next { because: because.into(), fix: Fix::command(facts.make(words)) }
}

fn step(next: Next) -> Walk {
    Err(Stop::Step(next))
}

fn nothing(because: String) -> Next {
    Next { because, fix: Fix::none() }
}

/// The first command of a fix; without one, the same look again.
fn ask_first(facts: &Facts, because: &str, fix: &Fix) -> Next {
    let mut lines = fix.lines().iter();
    let note = fix.lines().iter().find(|line| !line.is_command()).map(|line| format!("; {}", line.text().trim_end_matches(':')));
    let because = format!("{because}{}", note.unwrap_or_default());
    match lines.find(|line| line.is_command()) {
        Some(command) => Next { because, fix: Fix::command(command.text().to_owned()) },
        None => make(facts, because, "status"),
    }
}

fn is_at_work(facts: &Facts) -> Walk {
    let running = facts.releases.as_ref()?.iter().find_map(|release| Some((release.version, release.running.as_ref()?)));
    running.map_or(Ok(()), |(version, process)| {
        step(make(facts, format!("{version} is at work in process {process}: wait until it ends, then look again"), "status"))
    })
}

fn channels_are_open(facts: &Facts) -> Walk {
    for (row, seen) in facts.target.artifacts.iter().zip(&facts.channels) {
        match seen.as_ref()? {
            Some(found) if found.is_immutable => {
                let (because, fix) = immutable_releases::frozen(&facts.target, &row.channel);
                return step(ask_first(facts, &because, &fix));
            }
            Some(found) if !found.is_draft => {}
            _ => {
                let because = format!("users see no release {} on GitHub; the gate says how it is made", row.channel);
                return step(Next { because, fix: Fix::command("nexy-gate fixed-channel") });
            }
        }
    }
    Ok(())
}

/// The words of a rollback of this version.
fn rollback(current: ReleaseVersion, bad: ReleaseVersion) -> String {
    if bad == current { "rollback".to_owned() } else { format!("rollback FROM={bad}") }
}

fn rollback_is_whole(facts: &Facts, version: ReleaseVersion) -> Walk {
    let releases = facts.releases.as_ref()?;
    let begun = releases.iter().rev().find(|release| matches!(release.stage, Stage::RollbackBegun(_)));
    if let Some(release) = begun {
        let because = format!("the rollback of {} is not finished", release.version);
        return step(make(facts, because, &rollback(version, release.version)));
    }
    let Some(live) = facts.live(facts.feed_artifact()) else { return Ok(()) };
    let Some(bad) = highest_bad(facts).filter(|bad| *bad > live) else { return Ok(()) };
    let feed = facts.feed.as_ref().ok().and_then(|seen| seen.as_ref().ok()).map(|offer| offer.version.as_str());
    let is_told = feed == Some(bad.to_string().as_str());
    let is_here = facts.here().is_some_and(|here| here.manifest.version == bad) && feed != Some(live.to_string().as_str());
    if is_told || is_here {
        let because = format!("{bad} was rolled back to {live}, and clients are still told {bad}");
        return step(make(facts, because, &rollback(version, bad)));
    }
    Ok(())
}

/// The highest version of what was rolled back, of the artifact that clients update from.
fn highest_bad(facts: &Facts) -> Option<ReleaseVersion> {
    facts.channel(facts.feed_artifact())?.shown.bad.iter().filter_map(|asset| asset.version).max()
}

fn users_have_a_file(facts: &Facts, version: ReleaseVersion) -> Walk {
    let has_another = |found: &OnGithub| {
        let shown = &found.shown;
        shown.live.is_none() && (shown.previous.is_some() || !shown.bad.is_empty())
    };
    let Some((row, _)) =
        facts.target.artifacts.iter().zip(&facts.channels).find(|(_, seen)| matches!(seen, Ok(Some(found)) if has_another(found)))
    else {
        return Ok(());
    };
    let is_publishing = facts.release(version).is_some_and(|release| match &release.stage {
        Stage::Begun(open) => !open.is_published && open.done.as_deref() == Some("20-gates"),
        _ => false,
    });
    let words = if is_publishing { release_words(facts, version) } else { "rollback".to_owned() };
    step(make(facts, format!("NOTHING is live as {}: users get 404", row.name), &words))
}

fn server_answers(facts: &Facts) -> Walk {
    let public = &facts.target.endpoints.public;
    match &facts.health {
        Err(not_known) => {
            let because = format!("the server does not answer: {}", not_known.because);
            let look = format!("nexy-gate azure-vm && {}", facts.make("vm-versions"));
            step(Next { because, fix: Fix::command(look) })
        }
        Ok(Err(found)) => step(make(facts, format!("the server is not well: {found}"), "vm-versions")),
        Ok(Ok(said)) if said.status != "OK" => step(make(facts, format!("{public}/health says {}", said.status), "vm-versions")),
        Ok(Ok(_)) => Ok(()),
    }
}

/// A publication that is done is always finished first.
fn release_goes_on(facts: &Facts, version: ReleaseVersion) -> Walk {
    match facts.release(version).map(|release| &release.stage) {
        Some(Stage::Begun(open)) if open.is_published => step(make(facts, begun_because(facts, version), &release_words(facts, version))),
        _ => Ok(()),
    }
}

fn release_words(facts: &Facts, version: ReleaseVersion) -> String {
    let is_update = facts.release(version).is_some_and(|release| release.kind == Kind::Update);
    if is_update { "release KIND=update".to_owned() } else { "release".to_owned() }
}

fn is_begun(facts: &Facts, version: ReleaseVersion) -> bool {
    facts.release(version).is_some_and(|release| matches!(&release.stage, Stage::Begun(open) if open.done.is_some()))
}

fn begun_because(facts: &Facts, version: ReleaseVersion) -> String {
    match facts.release(version).map(|release| &release.stage) {
        Some(Stage::Begun(open)) => match (&open.stopped, &open.because, &open.done) {
            (Some(stage), Some(because), _) => format!("{version} stopped at {stage}: {because}"),
            (Some(stage), None, _) => format!("{version} was interrupted at {stage}"),
            (None, _, Some(stage)) => format!("{version} is done up to {stage}"),
            (None, _, None) => format!("{version} is deployed and lies in the inbox"),
        },
        _ => format!("{version} is deployed and lies in the inbox"),
    }
}

fn manifest_is_pushed(facts: &Facts) -> Walk {
    let Some(here) = facts.manifest.as_ref()? else { return Ok(()) };
    let (remote, git) = (facts.remote.as_ref()?, facts.git.as_ref()?);
    let (version, name) = (here.manifest.version, &facts.target.remotes.workspace);
    let (is_pushed, is_committed) = (*remote.manifest.as_ref()? == Some(here.file), git.manifest == Some(here.file));
    match (is_pushed, is_committed) {
        (true, false) if remote.is_behind => {
            let because = format!("the manifest of {version} is on {name}, in a commit that this branch does not have");
            step(Next { because, fix: Fix::command(take_over(facts, remote.has_parted)) })
        }
        (true, _) => Ok(()),
        (false, true) if remote.is_behind => {
            let because = format!("{name} has another manifest, in commits that this branch does not have");
            step(Next { because, fix: Fix::command(pull(facts)) })
        }
        (false, _) => {
            let because = format!("the manifest of {version} is not on {name}: a checkout would undo it");
            step(make(facts, because, "manifest-push"))
        }
    }
}

/// Remote and branch that a release comes from.
fn remote(facts: &Facts) -> String {
    format!("{} {}", shell_word(&facts.target.remotes.workspace), shell_word(&facts.target.workflow.branch))
}

/// Brings the branch to the pushed manifests, which the work tree holds already: git pulls over the same bytes when they are added.
fn take_over(facts: &Facts, has_parted: bool) -> String {
    let folders = facts.target.layout.manifest_dirs.iter().map(|folder| shell_word(folder)).collect::<Vec<_>>().join(" ");
    let pull = if has_parted {
        format!("git commit --message='Manifests of what is live' -- {folders} && git pull --no-rebase --no-edit")
    } else {
        "git pull --ff-only".to_owned()
    };
    format!("git add --all -- {folders} && {pull} {}", remote(facts))
}

fn pull(facts: &Facts) -> String {
    format!("git pull --ff-only {}", remote(facts))
}

fn feed_is_right(facts: &Facts) -> Walk {
    let seen = facts.feed.as_ref()?;
    let Some(here) = facts.here() else { return Ok(()) };
    let found = match seen {
        Ok(offer) if offer.differences(&here.manifest.announced()).is_empty() => return Ok(()),
        Ok(offer) => format!("clients are told {}, the manifest here says {}", offer.version, here.manifest.version),
        Err(found) => found.clone(),
    };
    let live = facts.channel(facts.feed_artifact()).and_then(|found| found.shown.live.as_ref());
    let is_live = live
        .is_some_and(|live| live.size_bytes == here.manifest.size_bytes && live.sha256.is_none_or(|sha256| sha256 == here.manifest.sha256));
    if is_live {
        return step(make(facts, found, "manifest-deliver"));
    }
    step(Next { because: format!("{found}, and that one is not about what is live"), fix: Fix::command("nexy-manifest check") })
}

/// A version that clients may have, or that was given away, is not used again.
fn version_is_free(facts: &Facts, version: ReleaseVersion, live: Option<ReleaseVersion>) -> Walk {
    let refuse = |because: String| step(make(facts, because, &format!("version-set V={}", lowest(facts, version))));
    let out = live.max(runs(facts)).filter(|out| version < *out);
    if let Some(out) = out {
        let because = format!("VERSION says {version}, and {out} is out");
        return if facts.remote.as_ref()?.is_behind { step(Next { because, fix: Fix::command(pull(facts)) }) } else { refuse(because) };
    }
    let was_rolled_back = facts.release(version).is_some_and(|release| release.stage == Stage::RolledBack)
        || live != Some(version) && highest_bad(facts).is_some_and(|bad| version <= bad);
    if was_rolled_back {
        return refuse(format!("{version} was rolled back: the next release needs a higher version"));
    }
    let new_bytes = |artifact: &&InInbox| facts.live(&artifact.name) == Some(version) && !is_live(facts, artifact);
    if let Some(artifact) = facts.inbox.as_ref()?.iter().find(new_bytes) {
        return refuse(format!("{} in the inbox is new, and {version} is out with other bytes", artifact.name));
    }
    match facts.tags(version) {
        (Some(here), Some(there)) if here != there => {
            refuse(format!("{} is another commit on {}: that version is used up", version.tag(), facts.target.remotes.workspace))
        }
        _ => Ok(()),
    }
}

/// The version of the code that the server runs.
fn runs(facts: &Facts) -> Option<ReleaseVersion> {
    facts.health.as_ref().ok()?.as_ref().ok()?.version.parse().ok()
}

/// The lowest version above all that clients may have, which no tag has.
fn lowest(facts: &Facts, version: ReleaseVersion) -> ReleaseVersion {
    let shown = facts.target.artifacts.iter().filter_map(|row| Some(&facts.channel(&row.name)?.shown));
    let labelled = shown.flat_map(|shown| shown.live.iter().chain(&shown.bad)).filter_map(|asset| asset.version);
    let feed = facts.feed.iter().flatten().filter_map(|offer| offer.version.parse().ok());
    let out = facts.releases.iter().flatten().filter(|release| matches!(release.stage, Stage::Done | Stage::RolledBack));
    let used = labelled.chain(feed).chain(facts.here().map(|here| here.manifest.version)).chain(out.map(|release| release.version));
    let mut lowest = used.chain(runs(facts)).max().unwrap_or(version).next();
    while facts.tags(lowest) != (None, None) {
        lowest = lowest.next();
    }
    lowest
}

fn is_live(facts: &Facts, artifact: &InInbox) -> bool {
    let live = facts.channel(&artifact.name).and_then(|found| found.shown.live.as_ref());
    live.is_some_and(|live| live.sha256.map_or(live.size_bytes == artifact.size_bytes, |sha256| sha256 == artifact.sha256))
}

/// Artifacts of the inbox that a release would publish: neither live nor rolled back.
fn pending(facts: &Facts, version: ReleaseVersion) -> Result<Vec<&InInbox>, Stop> {
    let is_bad = |artifact: &InInbox| {
        let bad = facts.channel(&artifact.name).into_iter().flat_map(|found| &found.shown.bad);
        bad.filter_map(|asset| asset.sha256).any(|sha256| sha256 == artifact.sha256)
    };
    let is_new = |artifact: &&InInbox| !is_live(facts, artifact) && !is_bad(artifact) && facts.live(&artifact.name) != Some(version);
    Ok(facts.inbox.as_ref()?.iter().filter(is_new).collect())
}

fn out_since(facts: &Facts, version: ReleaseVersion) -> String {
    let recorded = facts.release(version).and_then(|release| release.at);
    let live = facts.channel(facts.feed_artifact()).and_then(|found| Some((found.shown.at?, found.shown.live.as_ref()?.age_s?)));
    let shown = live.and_then(|(at, age_s)| at.checked_sub(jiff::SignedDuration::from_secs(age_s)).ok());
    let since = recorded.or(shown).map_or_else(String::new, |at| format!(" since {}", moment(at)));
    format!("nothing to do: {version} is out{since}")
}

fn database_is_safe(facts: &Facts) -> Walk {
    let Some((_, report)) = &facts.vm.database else { return Ok(()) };
    let failed = report.findings.iter().find(|finding| finding.verdict == nexy_contract::Verdict::Fail);
    failed.map_or(Ok(()), |finding| step(make(facts, format!("{}: {}", finding.id, finding.found), "vm-db")))
}

fn version_is_everywhere(facts: &Facts, version: ReleaseVersion) -> Walk {
    let others = &facts.version.as_ref()?.others;
    others.first().map_or(Ok(()), |file| {
        step(make(facts, format!("{file} holds another version than {version}"), &format!("version-set V={version}")))
    })
}

fn tag_is_pushed(facts: &Facts, version: ReleaseVersion) -> Walk {
    facts.git.as_ref()?;
    facts.remote.as_ref()?;
    let (tag, remotes) = (version.tag(), &facts.target.remotes);
    match facts.tags(version) {
        (None, None) if facts.remote.as_ref()?.is_behind => {
            let because = format!("{version} is set, and {} has commits that this branch does not have", remotes.workspace);
            step(Next { because, fix: Fix::command(format!("git pull --rebase --autostash {}", remote(facts))) })
        }
        (None, None) => step(make(facts, format!("{version} is set and not tagged"), "tag")),
        (Some(_), None) => step(make(facts, format!("{tag} is not on {}", remotes.workspace), "tag")),
        (None, Some(_)) => {
            let fetch = format!("git fetch {} refs/tags/{tag}:refs/tags/{tag}", shell_word(&remotes.workspace));
            step(Next { because: format!("{tag} is on {} and not here", remotes.workspace), fix: Fix::command(fetch) })
        }
        (Some(_), Some(_)) if !*facts.server_tag.as_ref()? => step(make(facts, format!("{tag} is not on {}", remotes.server), "tag")),
        (Some(_), Some(_)) => Ok(()),
    }
}

/// Code goes before artifacts, but for an update of the artifacts alone.
fn code_is_deployed(facts: &Facts, version: ReleaseVersion) -> Walk {
    let is_update = facts.release(version).is_some_and(|release| release.kind == Kind::Update);
    let Ok(Ok(said)) = &facts.health else { return Ok(()) };
    if is_update || said.version == version.to_string() {
        return Ok(());
    }
    let alone = facts.make("release KIND=update");
    let because = format!(
        "the server runs {}: deploy {} as docs/releasing.md says, beginning with the gates (artifacts alone: {alone})",
        said.version,
        version.tag()
    );
    step(make(facts, because, "gate-deploy"))
}

fn artifacts_are_of(facts: &Facts, version: ReleaseVersion, pending: &[&InInbox]) -> Walk {
    let other =
        pending.iter().find_map(|artifact| Some((artifact, artifact.built.as_ref().filter(|built| **built != version.to_string())?)));
    other.map_or(Ok(()), |(artifact, built)| {
        let because =
            format!("{} in the inbox is {built}, not {version}: put the build of {version} there, then ask the gates", artifact.name);
        step(make(facts, because, "gate-publish"))
    })
}
