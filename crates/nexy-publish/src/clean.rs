//! `clean`: removes what no run needs any more, and nothing else.

use crate::{
    channel::Channel,
    session::{Locks, network},
    steps::{Job, Scene, change, look},
};
use nexy_contract::{
    Exit, Problem,
    channels::{CLEANED, Cleaned, CleanedAsset},
    target::ArtifactRow,
    text::printable,
};
use nexy_outside::{Common, Format, Workspace, cli, github::Asset, stdio};

pub(crate) fn run(workspace: &Workspace, dry_run: bool, common: &Common) -> Result<Exit, Problem> {
    let target = &workspace.target;
    let format = common.format()?;
    let channels = target.artifacts.iter().map(|row| row.channel.as_str());
    let locks = if dry_run { Locks::only_looking(target, channels) } else { Locks::take(target, channels)? };
    let http = network(target)?;
    let scene = locks.scene(target, &http, common, dry_run, None)?;
    let mut removed = Vec::new();
    let ended = target.artifacts.iter().try_for_each(|row| clean(&scene, row, dry_run, &mut removed));
    let acted = !removed.is_empty() && !dry_run;
    let cleaned = Cleaned { schema: CLEANED.to_owned(), dry_run, removed };
    let document = match format {
        Format::Json => cli::json(&cleaned)?,
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
            format!("{} files were removed, but nobody received the list of them", cleaned.removed.len()),
            problem.because,
            "look at what is left:\nnexy-publish show",
        )),
        Err(problem) => Err(problem),
    }
}

fn clean(scene: &Scene<'_>, row: &ArtifactRow, dry_run: bool, removed: &mut Vec<CleanedAsset>) -> Result<(), Problem> {
    let release = look::release(scene, row)?;
    let what = || format!("cannot look at the channel {}", row.channel);
    let list = || scene.list(&release, &row.name).map_err(|error| error.problem(what()));
    let found = list()?;
    for leftover in leftovers(&found) {
        if !dry_run {
            scene.patience.before_change();
            let now = list()?;
            is_live(&now, row)?;
            if !leftovers(&now).iter().any(|asset| asset.id == leftover.id && asset.name == leftover.name) {
                continue;
            }
            change::remove(scene, &release, leftover)
                .map_err(|error| error.problem(format!("cannot remove {}/{}", row.channel, leftover.name)))?;
        } else {
            is_live(&found, row)?;
        }
        removed.push(CleanedAsset { channel: row.channel.clone(), asset_id: leftover.id, name: leftover.name.clone() });
    }
    Ok(())
}

/// Ours by name, and so old that nobody can be at work with it. What a rollback returns to is none, however old it is.
pub(crate) fn leftovers(channel: &Channel) -> Vec<&Asset> {
    let kept = channel.kept().map(|asset| asset.id);
    let all = channel.staged.iter().chain(&channel.aside).chain(&channel.bad);
    all.filter(|asset| channel.is_settled(asset) && kept != Some(asset.id)).collect()
}

/// Says what lies there that nobody needs.
pub(crate) fn mention(common: &Common, jobs: &[Job<'_>]) {
    for (job, left) in jobs.iter().flat_map(|job| leftovers(&job.channel).into_iter().map(move |left| (job, left))) {
        common.note(&format!("left over: {}/{}; nexy-publish clean removes it", job.artifact.channel, left.name));
    }
}

/// While users have no download, whatever lies there may be what they get back.
fn is_live(channel: &Channel, row: &ArtifactRow) -> Result<(), Problem> {
    if channel.live.as_ref().is_some_and(Asset::is_uploaded) {
        return Ok(());
    }
    Err(Problem::new(
        Exit::No,
        format!("nothing is cleaned on the channel {}", row.channel),
        format!("users have no {} right now, and what lies there may be needed", row.name),
        "finish what was begun: run the publication or the rollback again; look with:\nnexy-publish show",
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        channel,
        scenery::{asset, at, listing},
    };

    #[test]
    fn only_old_uploads_and_old_rolled_back_artifacts_are_leftovers() {
        let aged = |id, name: &str, age: i64| Asset { updated_at: Some(at(7200 - age).to_string()), ..asset(id, name, b"x") };
        let assets = vec![
            aged(1, "A.dmg", 7200),
            aged(2, "A.prev.dmg", 7200),
            aged(3, "A.next-0123456789ab.dmg", 3600),
            aged(4, "A.next-ba9876543210.dmg", 3599),
            aged(5, "A.bad-0123456789ab.dmg", 7200),
            Asset { state: "starter".into(), ..aged(6, "A.next-00000000000a.dmg", 7200) },
            aged(7, "notes.txt", 7200),
            asset(8, "A.bad-00000000000b.dmg", b"x"),
        ];
        let channel = channel::sort("A.dmg", listing(assets, Some(at(7200))));
        let ids: Vec<u64> = leftovers(&channel).iter().map(|asset| asset.id).collect();
        assert_eq!(ids, [3, 6, 5]);
    }
}
