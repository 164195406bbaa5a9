//! The plan of a rollback: what one artifact goes back to and how, in every state that a crash can leave.

use super::{
    Plan, Wanted, asset_names, busy,
    channel::{self, Channel},
    refuse_partial_upload, staging,
};
use crate::{fixes, gh_commands::GhCommands};
use nexy_contract::{
    Exit, Fix, Problem, ReleaseVersion, Sha256Digest,
    manifest::one_artifact::{Known, Origin},
    text::shell_word,
};
use nexy_outside::net::github::Asset;
use std::path::Path;

/// Plans the rollback of one artifact: to the bytes of a file, else to what was live before. The live asset must have a digest,
/// which its new name contains.
///
/// # Errors
/// Exit 1 when there is nothing to go back to, exit 4 when a half-uploaded asset has the live or the previous name.
pub(crate) fn rollback(gh: GhCommands<'_>, artifact: &str, channel: &Channel, file: Option<&Wanted<'_>>) -> Result<Plan, Problem> {
    refuse_partial_upload(gh, channel)?;
    let is_the_file = |asset: &&Asset| file.is_some_and(|wanted| wanted.is_held_by(asset));
    if let Some(live) = channel.live.iter().find(is_the_file) {
        return Ok(already_live(live));
    }
    let bad = channel.rolled_back.iter().find(|asset| file.is_some_and(|wanted| wanted.is_rolled_back_as(asset)));
    if let Some(bad) = bad {
        return Err(refuse(artifact, format!("these bytes were rolled back themselves: {} is on the channel", bad.name)));
    }
    let restore = channel.fallback().cloned();
    // After a completed rollback, an asset that an earlier publication has left parked is not a second candidate.
    let is_done = |live: &Asset| channel.previous.is_none() && was_rolled_back_to(artifact, channel, live);
    let candidate = channel.rollback_candidate().filter(|_| !channel.live.as_ref().is_some_and(is_done));
    let source = candidate.filter(|candidate| file.is_none() || is_the_file(candidate)).cloned();
    let mut plan = match (&source, file) {
        // Only the second rename of an interrupted rollback is missing.
        (Some(_), _) if channel.live.is_none() => return Ok(Plan { source, restore, ..Plan::confirm_only() }),
        (Some(_), _) => Plan { source, ..Plan::default() },
        (None, Some(wanted)) => staged(wanted, channel)?,
        (None, None) => match channel.live.as_ref().filter(|live| was_rolled_back_to(artifact, channel, live)) {
            Some(live) => return Ok(already_live(live)),
            None => {
                let refusal = refuse(artifact, "the channel keeps no previous artifact".to_owned());
                return Ok(Plan { restore, refusal: Some(refusal), ..Plan::default() });
            }
        },
    };
    plan.retire = channel.live.clone().or_else(|| restore.clone());
    plan.retire_as = match (&restore, channel.live.as_ref().and_then(Asset::sha256)) {
        (Some(restore), _) => asset_names::after_restore(artifact, &restore.name),
        (None, Some(sha256)) => asset_names::rolled_back(artifact, sha256),
        (None, None) => String::new(),
    };
    // The same bytes may have been rolled back before, so that their copy has the name.
    let has_the_name = |asset: &&Asset| restore.is_none() && asset.name == plan.retire_as;
    plan.blocking = channel.rolled_back.iter().find(has_the_name).cloned();
    plan.restore = restore;
    Ok(plan)
}

/// Stages the bytes of a file. Uploads of other publications do not stop a rollback, because production is broken and a
/// publication notices that the channel has changed. Only an upload of the same bytes that may be under way is left alone.
fn staged(wanted: &Wanted<'_>, channel: &Channel) -> Result<Plan, Problem> {
    match channel.staged_for(wanted.artifact, wanted.sha256).filter(|asset| wanted.is_foreign(channel, asset)) {
        Some(foreign) => Err(busy(wanted.gh, channel, foreign)),
        None => Ok(staging(wanted, channel)),
    }
}

fn already_live(live: &Asset) -> Plan {
    Plan { source: Some(live.clone()), ..Plan::confirm_only() }
}

/// Whether an earlier rollback has made the live asset live: an asset with a later version was rolled back.
fn was_rolled_back_to(artifact: &str, channel: &Channel, live: &Asset) -> bool {
    let live = channel::version(artifact, live);
    channel.rolled_back.iter().any(|bad| match (live, channel::version(artifact, bad)) {
        (Some(live), Some(bad)) => bad > live,
        // This tool labels what it makes live, so an asset without a label was not made live by it.
        (Some(_), None) => true,
        (None, _) => false,
    })
}

fn refuse(artifact: &str, because: String) -> Problem {
    Problem::new(Exit::No, format!("{artifact} cannot be rolled back"), because, fixes::roll_back_to_a_file())
}

/// What the operator said on the command line of a rollback.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said<'a> {
    /// The version that is bad: `--from`, else the version of the record, which is that of VERSION.
    pub(crate) bad: ReleaseVersion,
    /// Whether `--from` named it.
    pub(crate) named: bool,
    /// `--to-version`.
    pub(crate) to: Option<ReleaseVersion>,
    /// `--artifact`.
    pub(crate) file: Option<&'a Path>,
}

impl Said<'_> {
    /// The same rollback as it is typed, with other versions.
    fn typed(&self, from: Option<ReleaseVersion>, to: Option<&str>) -> String {
        format!("make rollback{}", self.words(from, to))
    }

    /// The words behind `make rollback`, each after a blank; make reads `$$` as one `$`.
    pub(crate) fn words(&self, from: Option<ReleaseVersion>, to: Option<&str>) -> String {
        let file = self.file.map(|file| format!(" ARTIFACT={}", shell_word(&file.display().to_string()).replace('$', "$$")));
        let from = from.or(Some(self.bad).filter(|_| self.named)).map(|from| format!(" FROM={from}"));
        let to = to.map(str::to_owned).or_else(|| self.to.map(|to| to.to_string())).map(|to| format!(" TO={to}"));
        [from, file, to].into_iter().flatten().collect()
    }
}

/// What the records in `releases/` say about the live asset; the manifests in git are asked only when its label names no version.
pub(crate) fn known_as(past: &[Known], artifact: &str, live: &Asset) -> Option<ReleaseVersion> {
    let sha256 = live.sha256()?;
    let recorded = agreed(past, sha256, |origin| matches!(origin, Origin::Record(_)));
    recorded.or_else(|| if channel::version(artifact, live).is_none() { known_version(past, sha256) } else { None })
}

/// The version of these bytes: what the records say, else what the manifests in git say; `None` when two of them disagree.
pub(crate) fn known_version(past: &[Known], sha256: Sha256Digest) -> Option<ReleaseVersion> {
    let is_record = |origin: &Origin| matches!(origin, Origin::Record(_));
    if past.iter().any(|known| known.pair.sha256 == sha256 && is_record(&known.origin)) {
        return agreed(past, sha256, is_record);
    }
    agreed(past, sha256, |_| true)
}

fn agreed(past: &[Known], sha256: Sha256Digest, counts: impl Fn(&Origin) -> bool) -> Option<ReleaseVersion> {
    let mut versions = past.iter().filter(|known| known.pair.sha256 == sha256 && counts(&known.origin)).map(|known| known.pair.version);
    let first = versions.next()?;
    versions.all(|other| other == first).then_some(first)
}

/// The version that goes away: what the label of the live asset and the records in `releases/` say must be the bad version.
/// `None` when nothing goes away, or when only `--from` names it.
///
/// # Errors
/// Exit 1 when another version is live, or when it cannot be determined which one is.
pub(crate) fn leaves(
    artifact: &str,
    channel: &Channel,
    plan: &Plan,
    recorded: Option<ReleaseVersion>,
    said: Said<'_>,
) -> Result<Option<ReleaseVersion>, Problem> {
    let Some(live) = channel.live.as_ref().filter(|_| plan.retire.is_some()) else {
        return Ok(None);
    };
    let bad = said.bad;
    let meant = if said.named { format!("{bad} should go back") } else { format!("VERSION says {bad}") };
    let (because, from) = match (channel::version(artifact, live), recorded) {
        (Some(label), Some(recorded)) if label != recorded && !said.named => {
            (format!("the label of the live asset says {label}, a record in releases/ knows the same bytes as {recorded}"), label)
        }
        (label, recorded) if label == Some(bad) || recorded == Some(bad) => return Ok(Some(bad)),
        (Some(known), _) | (None, Some(known)) => (format!("{known} is live, and {meant}"), known),
        (None, None) if said.named => return Ok(None),
        (None, None) => (format!("cannot determine which version is live: it has no label, and no record knows its bytes; {meant}"), bad),
    };
    let fix = Fix::note("look at what is live:")
        .then_command("nexy-publish show")
        .then_note(format!("when {from} is live and is the bad one:"))
        .then_command(said.typed(Some(from), None));
    Err(Problem::new(Exit::No, format!("{artifact} is not rolled back"), because, fix))
}

/// The version that goes live: the one in the label, else the `known` one of these bytes, else the one given by the operator. All
/// must agree, and be lower than the live version.
///
/// # Errors
/// Exit 1 when the version is unknown, or when it is not lower.
pub(crate) fn version(
    artifact: &str,
    channel: &Channel,
    plan: &Plan,
    known: Option<ReleaseVersion>,
    said: Said<'_>,
) -> Result<ReleaseVersion, Problem> {
    let refuse = |because: String, fix: Fix| Err(Problem::new(Exit::No, format!("{artifact} is not rolled back"), because, fix));
    let labelled = plan.source.as_ref().and_then(|asset| channel::version(artifact, asset)).or(known);
    let version = match (labelled, said.to) {
        (Some(labelled), Some(given)) if labelled != given => {
            return refuse(
                format!("what it would go back to is known as {labelled}, not as {given}"),
                Fix::note(format!("when {labelled} is the one:")).then_command(said.typed(None, Some(&labelled.to_string()))),
            );
        }
        (Some(version), _) | (None, Some(version)) => version,
        (None, None) => {
            return refuse(
                "what it would go back to has no label that names a version, no record in releases/ and no manifest in git knows its \
                 bytes, and clients are told a version"
                    .to_owned(),
                Fix::note("say which version it is, in place of X.Y.Z.W:").then_command(said.typed(None, Some("X.Y.Z.W"))),
            );
        }
    };
    if plan.already_live {
        return Ok(version);
    }
    let live = channel.live.as_ref().and_then(|live| channel::version(artifact, live));
    if let Some(live) = live.filter(|live| version >= *live) {
        return refuse(
            format!("{version} is not lower than {live}, which is live"),
            fixes::roll_back_to_a_file().then_note("or publish a newer one"),
        );
    }
    if let Some(bad) = channel.rolled_back.iter().find(|asset| channel::version(artifact, asset) == Some(version)) {
        return refuse(format!("{version} was rolled back itself: {} is on the channel", bad.name), fixes::roll_back_to_a_file());
    }
    Ok(version)
}
