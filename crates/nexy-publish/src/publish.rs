//! The story of a publication: may it, look at everything, stage and verify all, then swap and confirm.

use crate::{
    TOOL, clean,
    cli::Publish,
    live,
    session::{Locks, network},
    steps::{Job, Scene, announced, look, revive, room, stage, verify},
    words,
};
use nexy_contract::{
    Exit, Problem, Record,
    before_publish::{self, Refusal},
    record::Retry,
};
use nexy_outside::{
    Common, Workspace,
    acting::{self, Deed},
    clock, owned_version,
};
use std::time::Duration;

/// What this run was told, and where.
struct Order<'a> {
    workspace: &'a Workspace,
    wishes: &'a Publish,
    common: &'a Common,
}

pub(crate) fn run(workspace: &Workspace, wishes: &Publish, common: &Common) -> Result<Exit, Problem> {
    let order = Order { workspace, wishes, common };
    let mut retries = None;
    acting::act(TOOL, TOOL, workspace, common, |record| {
        let deed = publish(&order, record, &mut retries).unwrap_or_else(|problem| {
            let acted = matches!(problem.exit, Exit::PutBack | Exit::NeedsPerson);
            Deed::failed(&problem, acted)
        });
        Deed { retries: retries.take().unwrap_or_default(), ungated: wishes.ungated.clone(), ..deed }
    })
}

fn publish(order: &Order<'_>, record: &mut Record, retries: &mut Option<Vec<Retry>>) -> Result<Deed, Problem> {
    let Order { workspace, wishes, common } = *order;
    let left = admit(order, record)?;
    let target = &workspace.target;
    common.note(&format!("Current Version: {}", record.version));
    common.note(&format!("Target Repo: {}", target.repositories.artifacts));
    announced::look(workspace, record)?;
    let channels = record.artifacts.iter().map(|artifact| artifact.channel.as_str());
    let locks = if wishes.dry_run { Locks::only_looking(target, channels) } else { Locks::take(target, channels)? };
    let http = network(target)?;
    let scene = locks.scene(target, &http, common, wishes.dry_run, left)?;
    let result = walk(order, record, &scene);
    *retries = Some(scene.patience.retries());
    result
}

fn walk<'a>(order: &Order<'a>, record: &mut Record, scene: &Scene<'a>) -> Result<Deed, Problem> {
    let Order { workspace, wishes, .. } = *order;
    let mut jobs = Vec::new();
    for artifact in &record.artifacts {
        match look::publication(scene, workspace, record, artifact, wishes.again.is_some()) {
            Ok(job) => jobs.push(job),
            Err(problem) if wishes.dry_run => return Err(problem),
            Err(problem) => return Err(repair(scene, &mut jobs).err().unwrap_or(problem)),
        }
    }
    clean::mention(order.common, &jobs);
    if wishes.dry_run {
        return words::dry_run(&jobs);
    }
    repair(scene, &mut jobs)?;
    if let Err(problem) = make_live(scene, &mut jobs) {
        stage::give_up(scene, &mut jobs);
        return Err(problem);
    }
    jobs.iter_mut().for_each(|job| room::tidy(scene, job));
    live::write_down(scene, record, &jobs)?;
    let places: Vec<String> = jobs.iter().map(Job::place).collect();
    let changed = jobs.iter().any(|job| job.changed_at().is_some());
    let mut message = if changed {
        format!("{} live at version {}", places.join(" and "), record.version)
    } else {
        format!("{} live already, nothing was changed", places.join(" and "))
    };
    if let Some(reason) = &wishes.again {
        message += &format!("; bytes that were rolled back are allowed again: {}", nexy_contract::text::printable(reason));
        record.ext.insert("published_again".to_owned(), reason.clone().into());
    }
    Ok(Deed { next: Some("tell the clients: nexy-manifest write -".to_owned()), ..Deed::done(message, changed) })
}

fn make_live(scene: &Scene<'_>, jobs: &mut [Job<'_>]) -> Result<(), Problem> {
    for job in jobs.iter_mut().filter(|job| !job.plan.already_live) {
        stage::apply(scene, job)?;
    }
    for job in jobs.iter_mut().filter(|job| !job.plan.already_live) {
        verify::apply(scene, job)?;
    }
    live::go(scene, jobs)
}

/// Users come first: what an interrupted run has left without a download gets one before any refusal is spoken.
pub(crate) fn repair(scene: &Scene<'_>, jobs: &mut [Job<'_>]) -> Result<(), Problem> {
    for job in jobs.iter_mut() {
        revive::apply(scene, job)?;
    }
    let refusal = jobs.iter_mut().find_map(|job| job.plan.refusal.take());
    let revived = jobs.iter().any(|job| job.revived_at.is_some());
    match refusal {
        Some(refusal) if revived => Err(Problem { what: format!("users have a download again; {}", refusal.what), ..refusal }),
        Some(refusal) => Err(refusal),
        None => Ok(()),
    }
}

/// Rule 4 of the record: a fresh, complete, passing report about these very bytes, or a reason for a missing one. What comes
/// back is how long the report stands, as seen from now.
fn admit(order: &Order<'_>, record: &Record) -> Result<Option<Duration>, Problem> {
    let Order { workspace, wishes, common } = *order;
    if record.artifacts.is_empty() {
        return Err(Problem::new(
            Exit::No,
            "nothing is published",
            "the record names no artifact",
            format!("put the finished files into {}/ and start again with nexy-version record", workspace.target.layout.inbox),
        ));
    }
    if wishes.again.as_ref().is_some_and(|reason| reason.trim().is_empty()) {
        return Err(Problem::new(Exit::Usage, "--again needs a reason", "", "--again 'why these bytes are right after all'"));
    }
    owned_version::must_be(workspace, record.version)?;
    let limits = &workspace.target.limits;
    let now = clock::now();
    match (before_publish::judge(record, now, limits), &wishes.ungated) {
        (Ok(report), _) => {
            let left = limits.report_max_age_s - (now.as_second() - report.at.as_second());
            Ok(u64::try_from(left).ok().map(Duration::from_secs))
        }
        (Err(Refusal::Excusable(because)), Some(reason)) if !reason.trim().is_empty() => {
            common.note(&format!("{TOOL}: publishing although {because}; reason given: {}", nexy_contract::text::printable(reason)));
            Ok(None)
        }
        (Err(refusal), _) => Err(refusal.problem()),
    }
}
