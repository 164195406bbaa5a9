//! A plan in words, step by step, for `--dry-run`.

use super::{
    Plan,
    asset_names::{self, Slot},
};
use nexy_contract::{Problem, record::Artifact};
use nexy_outside::net::github::Asset;

/// Every step of all artifacts.
///
/// # Errors
/// The refusal of a plan, with the steps that would come before it.
pub(crate) fn steps(all: &[(&Artifact, &Plan)]) -> Result<Vec<String>, Problem> {
    let steps: Vec<String> = all.iter().flat_map(|(artifact, plan)| steps_of(artifact, plan)).collect();
    if let Some(refusal) = all.iter().find_map(|(_, plan)| plan.refusal.clone()) {
        let first: String = steps.iter().map(|step| format!("; before that it would {step}")).collect();
        return Err(Problem { because: format!("{}{first}", refusal.because), ..refusal });
    }
    Ok(steps)
}

/// The steps of one artifact, in the order in which they would happen.
fn steps_of(artifact: &Artifact, plan: &Plan) -> Vec<String> {
    let Artifact { name: artifact, channel, size_bytes, sha256, .. } = artifact;
    let mut steps = Vec::new();
    if let Some(restored) = &plan.restore {
        steps.push(format!("rename {channel}/{} (asset {}) to {artifact}, because nothing is live", restored.name, restored.id));
    }
    if plan.refusal.is_some() {
        return steps;
    }
    if plan.already_live {
        steps.push(format!("confirm that {channel}/{artifact} serves these bytes already"));
        return steps;
    }
    for unusable in &plan.discard {
        steps.push(format!("delete {channel}/{} (asset {}), which cannot be used", unusable.name, unusable.id));
    }
    let staged = asset_names::staged(artifact, *sha256);
    let source = match (&plan.restage, &plan.source) {
        _ if plan.upload => {
            steps.push(format!("upload {size_bytes} bytes to {channel} as {staged}"));
            staged
        }
        (Some(bad), _) => {
            steps.push(format!("rename {channel}/{} (asset {}) to {staged}", bad.name, bad.id));
            staged
        }
        (None, Some(source)) => source.name.clone(),
        (None, None) => {
            steps.push(format!("use {channel}/{staged} again, which an earlier run has uploaded"));
            staged
        }
    };
    steps.push(format!("download {channel}/{source} without a token and compare size and sha256"));
    let is_deleted_at_once = |asset: &Asset| asset_names::slot(artifact, &asset.name) == Slot::RolledBack;
    if let Some(older) = &plan.blocking {
        steps.push(match is_deleted_at_once(older) {
            true => format!("delete the older {channel}/{} (asset {})", older.name, older.id),
            false => {
                format!("rename the older {channel}/{} (asset {}) to {}", older.name, older.id, asset_names::parked(artifact, older.id))
            }
        });
    }
    if let Some(live) = &plan.retire {
        steps.push(format!("rename {channel}/{artifact} (asset {}) to {}", live.id, plan.retire_as));
    }
    steps.push(format!("rename {channel}/{source} to {artifact}"));
    steps.push(format!("confirm that {channel}/{artifact} serves these bytes"));
    if let Some(older) = plan.blocking.as_ref().filter(|older| !is_deleted_at_once(older)) {
        steps.push(format!("delete {channel}/{}", asset_names::parked(artifact, older.id)));
    }
    steps
}
