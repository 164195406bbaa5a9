//! The story of a rollback: users get back what they had before, with two renames, and a record that the manifest can follow.

use crate::{
    clean,
    cli::{Rollback, TOOL},
    job::Job,
    publish::{done, dry_run, failed, with_retries},
    session::{self, Session},
    steps::{inspect, park_previous, restore_live, upload, verify},
    swap_all,
};
use nexy_contract::{
    Exit, Fix, Problem, Record,
    record::{self, Reader},
    target_file::ArtifactRow,
};
use nexy_outside::{
    Common, Workspace,
    frame::{
        record_io::{self, ActionOutcome},
        stdio,
    },
};

pub(crate) fn run(workspace: &Workspace, options: &Rollback, common: &Common) -> Result<Exit, Problem> {
    // Only an outcome of this name lets `nexy-manifest write` go back to a lower version.
    record_io::act(TOOL, Reader::Acts(record::ROLLBACK), workspace, common, |record| {
        roll_back(workspace, options, common, record).unwrap_or_else(|problem| failed(&problem))
    })
}

/// Requires no report of the gates, because production is broken.
fn roll_back(workspace: &Workspace, options: &Rollback, common: &Common, record: &mut Record) -> Result<ActionOutcome, Problem> {
    let target = &workspace.target;
    let rows = rows(workspace, options, record)?;
    common.note(&format!("Target Repo: {}", target.repositories.artifacts));
    session::within(target, common, rows.iter().map(|row| row.channel.as_str()), options.dry_run, |session| {
        with_retries(session, inspect_and_roll_back(session, workspace, options, &rows, record))
    })
}

fn inspect_and_roll_back(
    session: &Session<'_>,
    workspace: &Workspace,
    options: &Rollback,
    rows: &[&ArtifactRow],
    record: &mut Record,
) -> Result<ActionOutcome, Problem> {
    let mut jobs =
        inspect::all(session, options.dry_run, rows, |row| inspect::for_rollback(session, workspace, row, options, record.version))?;
    clean::mention_leftovers(session.common, &jobs);
    for job in jobs.iter().filter(|job| job.plan.refusal.is_none()) {
        session.common.note(&format!("{}: {}", job.place(), way(job)));
    }
    if options.dry_run {
        return dry_run(&jobs);
    }
    if options.ask && jobs.iter().any(|job| job.plan.refusal.is_none() && !job.plan.already_live) {
        ask(&inspect::said(options, record.version).words(None, None))?;
    }
    restore_live::all(session, &mut jobs)?;
    for job in jobs.iter_mut().filter(|job| job.file.is_some() && !job.plan.already_live) {
        upload::apply(session, job)?;
    }
    for job in &mut jobs {
        verify::rollback(session, job)?;
    }
    let left = jobs.iter().filter_map(|job| job.leaves).max();
    swap_all::swap_all(session, &mut jobs)?;
    jobs.iter_mut().for_each(|job| park_previous::delete_parked(session, job));
    record.artifacts.retain(|artifact| jobs.iter().any(|job| job.artifact.name == artifact.name));
    swap_all::record_live(session, record, &jobs)?;
    // The record names the version of the artifact that clients update from. Without that artifact the manifest stays.
    let announced = jobs.iter().find(|job| job.row.feed).or(jobs.first());
    if let Some(version) = announced.and_then(|job| job.version) {
        record.version = version;
        record.tag = version.tag();
    }
    let changed = jobs.iter().any(|job| job.changed_at().is_some());
    let places = jobs.iter().filter_map(|job| Some(format!("{} is {}", job.place(), job.version?))).collect::<Vec<_>>().join(" and ");
    let message = if changed {
        let left = left.map_or_else(|| "a later one".to_owned(), |left| left.to_string());
        format!("{places} again; clients that already have {left} stay there until a higher version comes")
    } else {
        format!("{places} already, nothing was changed")
    };
    Ok(done(message, changed))
}

/// From what to what an artifact goes, in words.
fn way(job: &Job<'_>) -> String {
    let version = job.version.map_or_else(|| "an unknown version".to_owned(), |version| version.to_string());
    match (&job.plan.retire, job.leaves) {
        _ if job.plan.already_live => format!("{version} already"),
        (Some(_), Some(bad)) => format!("{bad} -> {version}"),
        (Some(_), None) => format!("what is live -> {version}"),
        (None, _) => format!("nothing -> {version}"),
    }
}

/// Asks before users get something else. The same `words` stand behind what is typed next, else it would be another rollback.
fn ask(words: &str) -> Result<(), Problem> {
    let refuse = |because: &str, fix: Fix| Err(Problem::new(Exit::No, "nothing was rolled back", because.to_owned(), fix));
    match stdio::ask("Give users these files back? Type yes:") {
        Some(answer) if answer.eq_ignore_ascii_case("yes") => Ok(()),
        Some(_) => {
            refuse("the answer was not yes", Fix::note("to look at the plan again:").then_command(format!("make rollback-plan{words}")))
        }
        None => {
            let fix = Fix::note("to roll back without a question:").then_command(format!("make rollback{words} YES=1"));
            refuse("there is no terminal to ask on", fix)
        }
    }
}

/// What is rolled back: the artifact that the file belongs to, else those of the record, else the one clients update from.
fn rows<'a>(workspace: &'a Workspace, options: &Rollback, record: &Record) -> Result<Vec<&'a ArtifactRow>, Problem> {
    let target = &workspace.target;
    if let Some(file) = &options.artifact {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let mut of_kind = target.artifacts.iter().filter(|row| name.ends_with(&format!(".{}", row.kind.word())));
        let only = of_kind.next().filter(|_| of_kind.next().is_none());
        return target.artifact(&name).or(only).map(|row| vec![row]).ok_or_else(|| {
            Problem::new(
                Exit::Usage,
                format!("cannot determine which artifact {} is", file.display()),
                "neither its name nor its ending belongs to exactly one artifact of nexy.toml",
                Fix::note(format!("call it {}", target.artifacts.iter().map(|row| row.name.as_str()).collect::<Vec<_>>().join(" or "))),
            )
        });
    }
    if record.artifacts.is_empty() {
        return Ok(target.feed_artifact().into_iter().collect());
    }
    record.artifacts.iter().map(|artifact| inspect::row(workspace, artifact)).collect()
}
