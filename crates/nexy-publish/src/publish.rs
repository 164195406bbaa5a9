//! The story of a publication: check the report, look at everything, upload and verify all, then swap and confirm.

use crate::{
    clean,
    cli::{Publish, TOOL},
    fixes,
    job::Job,
    plan::dry_run,
    session::{self, Session},
    steps::{inspect, manifest_rule, park_previous, restore_live, upload, verify},
    swap_all,
};
use nexy_contract::{
    Exit, Fix, Problem, Record,
    before_publish::{self, Refusal},
    record::Reader,
    text::printable,
};
use nexy_outside::{
    Common, Workspace, clock,
    frame::{
        record_io::{self, ActionOutcome},
        version_file,
    },
};
use std::time::Duration;

pub(crate) fn run(workspace: &Workspace, options: &Publish, common: &Common) -> Result<Exit, Problem> {
    record_io::act(TOOL, Reader::Acts(TOOL), workspace, common, |record| {
        let done = publish(workspace, options, common, record).unwrap_or_else(|problem| failed(&problem));
        ActionOutcome { ungated: options.ungated.clone(), ..done }
    })
}

/// A refusal; after these exits the channel has changed.
pub(crate) fn failed(problem: &Problem) -> ActionOutcome {
    ActionOutcome::failed(problem, matches!(problem.exit, Exit::PutBack | Exit::NeedsPerson))
}

/// Keeps the retries in the outcome, however a session ends.
pub(crate) fn with_retries(session: &Session<'_>, done: Result<ActionOutcome, Problem>) -> Result<ActionOutcome, Problem> {
    Ok(ActionOutcome { retries: session.retry.retries(), ..done.unwrap_or_else(|problem| failed(&problem)) })
}

fn publish(workspace: &Workspace, options: &Publish, common: &Common, record: &mut Record) -> Result<ActionOutcome, Problem> {
    let report_valid_for = admit(workspace, options, common, record)?;
    common.note(&format!("Current Version: {}", record.version));
    common.note(&format!("Target Repo: {}", workspace.target.repositories.artifacts));
    manifest_rule::check_publication(workspace, record)?;
    let channels: Vec<String> = record.artifacts.iter().map(|artifact| artifact.channel.clone()).collect();
    session::within(&workspace.target, common, channels.iter().map(String::as_str), options.dry_run, |session| {
        session.retry.limit_to_report(report_valid_for);
        with_retries(session, inspect_and_publish(workspace, options, record, session))
    })
}

fn inspect_and_publish(
    workspace: &Workspace,
    options: &Publish,
    record: &mut Record,
    session: &Session<'_>,
) -> Result<ActionOutcome, Problem> {
    let allow_rolled_back = options.allow_rolled_back.as_ref();
    let mut jobs = inspect::all(session, options.dry_run, &record.artifacts, |artifact| {
        inspect::for_publication(session, workspace, record, artifact, allow_rolled_back.is_some())
    })?;
    clean::mention_leftovers(session.common, &jobs);
    if options.dry_run {
        return dry_run(&jobs);
    }
    restore_live::all(session, &mut jobs)?;
    if let Err(problem) = make_live(session, &mut jobs) {
        upload::undo_restaging(session, &mut jobs);
        return Err(problem);
    }
    // The rulebook's line means the fixed address, so it is true from here on (S2 §3 Phase 2 step 4).
    for job in jobs.iter().filter(|job| job.swapped_at.is_some()) {
        session.common.note(&format!("Uploaded. URL: {}", session.target.public_url(job.row)));
    }
    jobs.iter_mut().for_each(|job| park_previous::delete_parked(session, job));
    swap_all::record_live(session, record, &jobs)?;
    let places: Vec<String> = jobs.iter().map(Job::place).collect();
    let changed = jobs.iter().any(|job| job.changed_at().is_some());
    let mut message = if changed {
        format!("{} live at version {}", places.join(" and "), record.version)
    } else {
        format!("{} live already, nothing was changed", places.join(" and "))
    };
    if let Some(reason) = allow_rolled_back {
        message += &format!("; rolled-back bytes are allowed: {}", printable(reason));
        record.ext.insert("published_again".to_owned(), reason.clone().into());
    }
    Ok(done(message, changed))
}

fn make_live(session: &Session<'_>, jobs: &mut [Job<'_>]) -> Result<(), Problem> {
    for job in jobs.iter_mut().filter(|job| !job.plan.already_live) {
        upload::apply(session, job)?;
    }
    for job in jobs.iter_mut().filter(|job| !job.plan.already_live) {
        verify::upload(session, job)?;
    }
    swap_all::swap_all(session, jobs)
}

/// Done; the manifest comes next.
pub(crate) fn done(message: String, changed: bool) -> ActionOutcome {
    ActionOutcome { next: Fix::note("tell the clients:").then_command("nexy-manifest write -"), ..ActionOutcome::done(message, changed) }
}

/// The outcome of a dry run: every step, or the refusal.
pub(crate) fn dry_run(jobs: &[Job<'_>]) -> Result<ActionOutcome, Problem> {
    let planned = dry_run::steps(&jobs.iter().map(|job| (&job.artifact, &job.plan)).collect::<Vec<_>>())?;
    Ok(ActionOutcome { planned, ..ActionOutcome::done("dry run: nothing was changed", false) })
}

/// Requires a fresh, complete and passing report about these bytes, or a reason for a missing one (rule 4 of the record).
/// Returns how long the report is still valid.
fn admit(workspace: &Workspace, options: &Publish, common: &Common, record: &Record) -> Result<Option<Duration>, Problem> {
    if record.artifacts.is_empty() {
        return Err(Problem::new(
            Exit::No,
            "nothing is published",
            "the record names no artifact",
            Fix::note(format!("put the finished files into {}/", workspace.target.layout.inbox)).then(fixes::publish_from_the_inbox()),
        ));
    }
    if options.allow_rolled_back.as_ref().is_some_and(|reason| reason.trim().is_empty()) {
        let what = "--allow-rolled-back needs a reason";
        return Err(Problem::new(Exit::Usage, what, "", Fix::note("say why: --allow-rolled-back 'these bytes are right after all'")));
    }
    version_file::ensure_is(workspace, record.version)?;
    let limits = &workspace.target.limits;
    let now = clock::now();
    match (before_publish::judge(record, now, limits), &options.ungated) {
        (Ok(report), _) => {
            let left = limits.report_max_age_s - (now.as_second() - report.at.as_second());
            Ok(u64::try_from(left).ok().map(Duration::from_secs))
        }
        (Err(Refusal::Excusable(because)), Some(reason)) if !reason.trim().is_empty() => {
            common.note(&format!("{TOOL}: publishing although {because}; reason given: {}", printable(reason)));
            Ok(None)
        }
        (Err(refusal), _) => Err(refusal.problem()),
    }
}
