//! A plan in words, step by step, for a dry run.

use crate::{
    names::{self, Place},
    steps::Job,
};
use nexy_contract::Problem;
use nexy_outside::acting::Deed;

/// What a dry run says: every step, or why there would be none.
pub(crate) fn dry_run(jobs: &[Job<'_>]) -> Result<Deed, Problem> {
    let planned: Vec<String> = jobs.iter().flat_map(words).collect();
    if let Some(refusal) = jobs.iter().find_map(|job| job.plan.refusal.clone()) {
        let first = planned.iter().map(|step| format!("; before that it would {step}")).collect::<String>();
        return Err(Problem { because: format!("{}{first}", refusal.because), ..refusal });
    }
    Ok(Deed { planned, ..Deed::done("dry run: nothing was changed", false) })
}

/// The steps of one artifact, in the order in which they would happen.
fn words(job: &Job<'_>) -> Vec<String> {
    let (artifact, channel) = (&job.artifact.name, &job.artifact.channel);
    let mut words = Vec::new();
    let plan = &job.plan;
    if let Some(reserve) = &plan.revive {
        words.push(format!("rename {channel}/{} (asset {}) to {artifact}, since nothing is live", reserve.name, reserve.id));
    }
    if plan.refusal.is_some() {
        return words;
    }
    if plan.already_live {
        words.push(format!("confirm that {channel}/{artifact} serves these bytes already"));
        return words;
    }
    for useless in &plan.discard {
        words.push(format!("delete {channel}/{} (asset {}), which nobody can use", useless.name, useless.id));
    }
    let staged = names::staged(artifact, job.artifact.sha256);
    let source = match (&plan.restage, &job.staged) {
        _ if plan.upload => {
            words.push(format!("upload {} bytes to {channel} as {staged}", job.artifact.size_bytes));
            staged
        }
        (Some(bad), _) => {
            words.push(format!("rename {channel}/{} (asset {}) to {staged}", bad.name, bad.id));
            staged
        }
        (None, Some(kept)) => kept.name.clone(),
        (None, None) => {
            words.push(format!("use {channel}/{staged} again, which an earlier run has uploaded"));
            staged
        }
    };
    words.push(format!("download {channel}/{source} without a token and compare size and sha256"));
    if let Some(older) = &plan.make_room {
        words.push(match names::place(artifact, &older.name) {
            Place::Bad => format!("delete the older {channel}/{} (asset {})", older.name, older.id),
            _ => format!("rename the older {channel}/{} (asset {}) to {}", older.name, older.id, names::aside(artifact, older.id)),
        });
    }
    if let Some(live) = &plan.retire {
        words.push(format!("rename {channel}/{artifact} (asset {}) to {}", live.id, plan.retire_as));
    }
    words.push(format!("rename {channel}/{source} to {artifact}"));
    words.push(format!("confirm that {channel}/{artifact} serves these bytes"));
    if let Some(older) = plan.make_room.as_ref().filter(|older| names::place(artifact, &older.name) != Place::Bad) {
        words.push(format!("delete {channel}/{}", names::aside(artifact, older.id)));
    }
    words
}
