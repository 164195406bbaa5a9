//! The story of a publication: may it, look at everything, stage and verify all, then swap and confirm.

use crate::{
    TOOL,
    cli::Publish,
    names,
    patience::Patience,
    signals::Signals,
    steps::{Job, Scene, announced, confirm, look, stage, swap, verify},
};
use nexy_contract::{
    Exit, Problem, Record,
    before_publish::{self, Refusal},
    record::{Live, Previous, Retry},
};
use nexy_outside::{
    Common, Workspace,
    acting::{self, Deed},
    clock,
    github::Github,
    http::Http,
    owned_version, token,
};

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
    admit(order, record)?;
    let target = &workspace.target;
    common.note(&format!("Current Version: {}", record.version));
    common.note(&format!("Target Repo: {}", target.repositories.artifacts));
    let token = match token::find(target) {
        Ok(token) => Some(token.secret),
        Err(_) if wishes.dry_run => None,
        Err(problem) => return Err(problem),
    };
    let http = Http::new(&target.limits)
        .map_err(|error| Problem::new(Exit::CouldNotLook, "cannot reach GitHub", error.to_string(), error.fix()))?;
    let scene = Scene {
        target,
        github: Github::new(&http, target, token),
        patience: Patience::new(target.limits.mutation_pause_ms),
        signals: Signals::watch(),
        common,
        version: record.version,
    };
    let result = walk(order, record, &scene);
    *retries = Some(scene.patience.retries());
    result
}

fn walk<'a>(order: &Order<'a>, record: &mut Record, scene: &Scene<'a>) -> Result<Deed, Problem> {
    let Order { workspace, wishes, .. } = *order;
    let subjects =
        record.latest_report(before_publish::BY, before_publish::PROFILE).map(|report| report.subjects.clone()).unwrap_or_default();
    announced::look(workspace, record)?;
    let mut jobs = Vec::new();
    for artifact in &record.artifacts {
        let judged = subjects.iter().find(|subject| subject.name == artifact.name);
        jobs.push(look::look(scene, workspace, artifact, judged)?);
    }
    if wishes.dry_run {
        let planned = jobs.iter().flat_map(planned).collect();
        return Ok(Deed { planned, ..Deed::done("dry run: nothing was changed", false) });
    }
    for job in jobs.iter_mut().filter(|job| !job.plan.already_live) {
        swap::revive(scene, job)?;
        stage::apply(scene, job)?;
    }
    for job in jobs.iter().filter(|job| !job.plan.already_live) {
        verify::apply(scene, job)?;
    }
    go_live(scene, &mut jobs)?;
    let changed = jobs.iter().any(|job| job.swapped_at.is_some());
    for (artifact, job) in record.artifacts.iter_mut().zip(&jobs) {
        artifact.live = Some(live(scene, job)?);
    }
    let places: Vec<String> = jobs.iter().map(Job::place).collect();
    let message = if changed {
        format!("{} live at version {}", places.join(" and "), scene.version)
    } else {
        format!("{} live already, nothing was changed", places.join(" and "))
    };
    Ok(Deed { next: Some("tell the clients: nexy-manifest write -".to_owned()), ..Deed::done(message, changed) })
}

/// Rule 4 of the record: a fresh, complete, passing report about these very bytes, or a reason for a missing one.
fn admit(order: &Order<'_>, record: &Record) -> Result<(), Problem> {
    let Order { workspace, wishes, common } = *order;
    if record.artifacts.is_empty() {
        return Err(Problem::new(
            Exit::No,
            "nothing is published",
            "the record names no artifact",
            format!("put the finished files into {}/ and start again with nexy-version record", workspace.target.layout.inbox),
        ));
    }
    owned_version::must_be(workspace, record.version)?;
    match (before_publish::judge(record, clock::now(), &workspace.target.limits), &wishes.ungated) {
        (Ok(_), _) => Ok(()),
        (Err(Refusal::Excusable(because)), Some(reason)) if !reason.trim().is_empty() => {
            common.note(&format!("{TOOL}: publishing although {because}; reason given: {}", nexy_contract::text::printable(reason)));
            Ok(())
        }
        (Err(refusal), _) => Err(refusal.problem()),
    }
}

/// All swaps, then all confirmations; a failure undoes what was swapped so far.
fn go_live(scene: &Scene<'_>, jobs: &mut [Job<'_>]) -> Result<(), Problem> {
    scene.signals.defer();
    let swapped = jobs.iter_mut().filter(|job| !job.plan.already_live).try_for_each(|job| swap::apply(scene, job));
    scene.signals.allow();
    let confirmed = swapped.and_then(|()| jobs.iter().try_for_each(|job| confirm::apply(scene, job)));
    let Err(problem) = confirmed else {
        return Ok(());
    };
    if jobs.iter().all(|job| job.swapped_at.is_none()) {
        return Err(problem);
    }
    scene.signals.defer();
    let stuck: Vec<Problem> = jobs.iter_mut().rev().filter_map(|job| swap::undo(scene, job).err()).collect();
    scene.signals.allow();
    let needs_person: Vec<Problem> =
        std::iter::once(problem.clone()).filter(|problem| problem.exit == Exit::NeedsPerson).chain(stuck).collect();
    if needs_person.is_empty() {
        return Err(Problem { what: format!("users have the old artifacts again; {}", problem.what), ..problem }.ending(Exit::PutBack));
    }
    let joined = |part: fn(&Problem) -> &str, by: &str| needs_person.iter().map(part).collect::<Vec<_>>().join(by);
    Err(Problem::new(
        Exit::NeedsPerson,
        joined(|problem| &problem.what, "; "),
        joined(|problem| &problem.because, "; "),
        joined(|problem| &problem.fix, "; and "),
    ))
}

fn planned(job: &Job<'_>) -> Vec<String> {
    let staged = names::staged(&job.artifact.name, job.artifact.sha256);
    job.plan.words(&job.artifact.name, &job.artifact.channel, &staged, &names::previous(&job.artifact.name), job.artifact.size_bytes)
}

/// What the record says is live: only what this run has confirmed.
fn live(scene: &Scene<'_>, job: &Job<'_>) -> Result<Live, Problem> {
    let (asset, before) = match job.swapped_at {
        Some(_) => (job.staged.as_ref(), job.channel.live.as_ref()),
        None => (job.channel.live.as_ref(), job.channel.previous.as_ref()),
    };
    let asset = asset.ok_or_else(|| Problem::new(Exit::Bug, "nothing is live after a publication", "", "report this as a bug"))?;
    Ok(Live {
        url: scene.target.public_url(job.row),
        asset_id: asset.id,
        size_bytes: job.artifact.size_bytes,
        sha256: job.artifact.sha256,
        previous: before.map(|asset| Previous {
            asset_id: asset.id,
            name: names::previous(&job.artifact.name),
            size_bytes: asset.size,
            sha256: asset.sha256(),
        }),
        changed: job.swapped_at.is_some(),
        swapped_at: job.swapped_at,
    })
}
