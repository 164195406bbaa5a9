//! The story of `clean`: deletes old uploads, parked and rolled-back assets that no run needs, and nothing else.

use crate::{
    fixes,
    job::Job,
    plan::channel::Channel,
    session::{self, Session},
    steps::{asset_ops, inspect},
};
use nexy_contract::{
    Exit, Problem,
    channels::{CLEANED, Cleaned, CleanedAsset},
    target_file::ArtifactRow,
    text::printable,
};
use nexy_outside::{
    Common, Format, Workspace,
    frame::{options, stdio},
    net::github::Asset,
};

pub(crate) fn run(workspace: &Workspace, dry_run: bool, common: &Common) -> Result<Exit, Problem> {
    let target = &workspace.target;
    let format = common.format()?;
    let channels = target.artifacts.iter().map(|row| row.channel.as_str());
    let mut removed = Vec::new();
    let ended = session::within(target, common, channels, dry_run, |session| {
        target.artifacts.iter().try_for_each(|row| clean(session, row, dry_run, &mut removed))
    });
    let acted = !removed.is_empty() && !dry_run;
    let cleaned = Cleaned { schema: CLEANED.to_owned(), dry_run, removed };
    let document = match format {
        Format::Json => options::json(&cleaned)?,
        Format::Text | Format::Tap => text(&cleaned),
    };
    if let Err(problem) = ended {
        for asset in cleaned.removed.iter().filter(|_| acted) {
            stdio::note(&format!("removed before that: {}/{}", asset.channel, asset.name));
        }
        return Err(problem);
    }
    match stdio::write_document(document.as_bytes()) {
        Ok(()) => Ok(Exit::Yes),
        Err(problem) if acted => Err(Problem::new(
            Exit::NeedsPerson,
            format!("{} files were removed, but the list of them was not delivered", cleaned.removed.len()),
            problem.because,
            fixes::look("look at what is left:"),
        )),
        Err(problem) => Err(problem),
    }
}

fn clean(session: &Session<'_>, row: &ArtifactRow, dry_run: bool, removed: &mut Vec<CleanedAsset>) -> Result<(), Problem> {
    let release = inspect::release(session, row)?;
    let what = || format!("cannot list the channel {}", row.channel);
    let list = || session.list(&release, &row.name).map_err(|error| error.problem(what()));
    let found = list()?;
    for (asset, left) in found.unsettled() {
        let until = left.map_or_else(|| "of unknown age".to_owned(), |left| format!("for another {} min", (left + 59) / 60));
        session.common.note(&format!("kept {until}: {}/{}; another run may need it", row.channel, printable(&asset.name)));
    }
    for leftover in found.leftovers() {
        if !dry_run {
            session.retry.pause_before_change();
            let now = list()?;
            refuse_without_download(&now, row)?;
            if !now.leftovers().iter().any(|asset| asset.id == leftover.id && asset.name == leftover.name) {
                continue;
            }
            asset_ops::delete(session, &release, leftover)
                .map_err(|error| error.problem(format!("cannot remove {}/{}", row.channel, leftover.name)))?;
        } else {
            refuse_without_download(&found, row)?;
        }
        removed.push(CleanedAsset { channel: row.channel.clone(), asset_id: leftover.id, name: leftover.name.clone() });
    }
    Ok(())
}

/// Mentions the leftovers on the channels of a run.
pub(crate) fn mention_leftovers(common: &Common, jobs: &[Job<'_>]) {
    for (job, left) in jobs.iter().flat_map(|job| job.channel.leftovers().into_iter().map(move |left| (job, left))) {
        common.note(&format!("left over: {}/{}; nexy-publish clean removes it", job.artifact.channel, left.name));
    }
}

/// Refuses while users have no download, because any asset on the channel may be their fallback.
fn refuse_without_download(channel: &Channel, row: &ArtifactRow) -> Result<(), Problem> {
    if channel.live.as_ref().is_some_and(Asset::is_uploaded) {
        return Ok(());
    }
    Err(Problem::new(
        Exit::No,
        format!("nothing is cleaned on the channel {}", row.channel),
        format!("users have no {} right now, and what lies on the channel may be needed", row.name),
        fixes::look("finish what was begun: run the publication or the rollback again; look with:"),
    ))
}

fn text(cleaned: &Cleaned) -> String {
    let verb = if cleaned.dry_run { "would remove" } else { "removed" };
    if cleaned.removed.is_empty() {
        return "nothing to clean\n".to_owned();
    }
    cleaned
        .removed
        .iter()
        .map(|asset| format!("{verb} {}/{} (asset {})\n", asset.channel, printable(&asset.name), asset.asset_id))
        .collect()
}
