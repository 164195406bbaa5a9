//! The story of a rollback: users get back what they had before, with two renames, and a record that the manifest can follow.

use crate::{
    TOOL,
    back::{self, Back, Goal},
    channel, clean,
    cli::Rollback,
    live,
    plan::{self, Wanted},
    publish::repair,
    session::{Locks, network},
    steps::{
        Job, Scene, announced, fetch,
        file::{self, Opened},
        look, lost, room, stage, verify,
    },
    words,
};
use nexy_contract::{
    Exit, Problem, Record,
    record::{Artifact, Retry},
    target::ArtifactRow,
};
use nexy_outside::{
    Common, Workspace,
    acting::{self, Deed},
    github::Kind,
};
use std::path::Path;

/// How its outcome is called; `nexy-manifest write` goes back to an older version for this one alone.
const BY: &str = nexy_contract::record::ROLLBACK;

const AGAIN: &str = "run the same command again";

pub(crate) fn run(workspace: &Workspace, wishes: &Rollback, common: &Common) -> Result<Exit, Problem> {
    let mut retries = None;
    acting::act(TOOL, BY, workspace, common, |record| {
        let deed = roll_back(workspace, wishes, common, record, &mut retries).unwrap_or_else(|problem| {
            let acted = matches!(problem.exit, Exit::PutBack | Exit::NeedsPerson);
            Deed::failed(&problem, acted)
        });
        Deed { retries: retries.take().unwrap_or_default(), ..deed }
    })
}

/// Production is broken, so no report is asked for; everything that can be looked at is looked at.
fn roll_back(
    workspace: &Workspace,
    wishes: &Rollback,
    common: &Common,
    record: &mut Record,
    retries: &mut Option<Vec<Retry>>,
) -> Result<Deed, Problem> {
    let target = &workspace.target;
    let rows = rows(workspace, wishes, record)?;
    common.note(&format!("Target Repo: {}", target.repositories.artifacts));
    let channels = rows.iter().map(|row| row.channel.as_str());
    let locks = if wishes.dry_run { Locks::only_looking(target, channels) } else { Locks::take(target, channels)? };
    let http = network(target)?;
    let scene = locks.scene(target, &http, common, wishes.dry_run, None)?;
    let result = walk(&scene, workspace, wishes, &rows, record);
    *retries = Some(scene.patience.retries());
    result
}

fn walk<'a>(
    scene: &Scene<'a>,
    workspace: &'a Workspace,
    wishes: &Rollback,
    rows: &[&'a ArtifactRow],
    record: &mut Record,
) -> Result<Deed, Problem> {
    let mut jobs = Vec::new();
    for row in rows {
        let looked = look_back(scene, row, wishes).and_then(|mut job| {
            let can = match row.feed && job.plan.refusal.is_none() {
                true => announced::can_go_back(workspace, job.version, job.artifact.sha256),
                false => Ok(()),
            };
            if let (Err(problem), Some(reserve)) = (&can, job.channel.reserve()) {
                job.plan = plan::only_revive(reserve, problem.clone());
                return Ok(job);
            }
            can.map(|()| job)
        });
        match looked {
            Ok(job) => jobs.push(job),
            Err(problem) if wishes.dry_run => return Err(problem),
            Err(problem) => return Err(repair(scene, &mut jobs).err().unwrap_or(problem)),
        }
    }
    clean::mention(scene.common, &jobs);
    if wishes.dry_run {
        return words::dry_run(&jobs);
    }
    repair(scene, &mut jobs)?;
    for job in jobs.iter_mut().filter(|job| job.file.is_some() && !job.plan.already_live) {
        stage::apply(scene, job)?;
    }
    for job in &mut jobs {
        prove(scene, job)?;
    }
    let left = jobs.iter().filter_map(|job| channel::version(&job.artifact.name, job.plan.retire.as_ref()?)).max();
    live::go(scene, &mut jobs)?;
    jobs.iter_mut().for_each(|job| room::tidy(scene, job));
    record.artifacts.retain(|artifact| jobs.iter().any(|job| job.artifact.name == artifact.name));
    live::write_down(scene, record, &jobs)?;
    // Clients are told the version of what they update from; without it, any will do, and the manifest stays as it is.
    if let Some(told) = jobs.iter().find(|job| job.row.feed).or(jobs.first()) {
        record.version = told.version;
        record.tag = told.version.tag();
    }
    let changed = jobs.iter().any(|job| job.changed_at().is_some());
    let places: Vec<String> = jobs.iter().map(|job| format!("{} is {}", job.place(), job.version)).collect();
    let message = match (changed, left) {
        (false, _) => format!("{} already, nothing was changed", places.join(" and ")),
        (true, Some(left)) => {
            format!("{} again; clients that already have {left} stay there until a higher version comes", places.join(" and "))
        }
        (true, None) => {
            format!("{} again; clients that already have a later one stay there until a higher version comes", places.join(" and "))
        }
    };
    Ok(Deed { next: Some("tell the clients: nexy-manifest write -".to_owned()), ..Deed::done(message, changed) })
}

/// What is rolled back: the artifact that a file belongs to, else those of the record, else what clients update from.
fn rows<'a>(workspace: &'a Workspace, wishes: &Rollback, record: &Record) -> Result<Vec<&'a ArtifactRow>, Problem> {
    let target = &workspace.target;
    if let Some(file) = &wishes.artifact {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let mut of_kind = target.artifacts.iter().filter(|row| name.ends_with(&format!(".{}", row.kind.word())));
        let only = of_kind.next().filter(|_| of_kind.next().is_none());
        return target.artifact(&name).or(only).map(|row| vec![row]).ok_or_else(|| {
            Problem::new(
                Exit::Usage,
                format!("cannot tell which artifact {} is", file.display()),
                "neither its name nor its ending belongs to exactly one artifact of nexy.toml",
                format!("call it {}", target.artifacts.iter().map(|row| row.name.as_str()).collect::<Vec<_>>().join(" or ")),
            )
        });
    }
    if record.artifacts.is_empty() {
        return Ok(target.feed_artifact().into_iter().collect());
    }
    record.artifacts.iter().map(|artifact| look::row(workspace, artifact)).collect()
}

/// Looks at one channel and finds the way back.
fn look_back<'a>(scene: &Scene<'a>, row: &'a ArtifactRow, wishes: &Rollback) -> Result<Job<'a>, Problem> {
    let opened = wishes.artifact.as_deref().map(|path: &Path| file::open(scene, path, None, None, AGAIN)).transpose()?;
    let release = look::release(scene, row)?;
    let mut channel =
        scene.list(&release, &row.name).map_err(|error| error.problem(format!("cannot list the assets of {}", row.channel)))?;
    channel.live = channel.live.map(|asset| look::with_digest(scene, row, asset)).transpose()?;
    let wanted = opened.as_ref().zip(wishes.to_version).map(|(opened, version)| Wanted {
        by_hand: scene.by_hand(),
        artifact: &row.name,
        version,
        size_bytes: opened.file.size_bytes,
        sha256: opened.sha256,
        mark: scene.mark(&row.channel),
        again: false,
    });
    let goal = wanted.as_ref().map_or(Goal::Previous, Goal::Bytes);
    // Users come first: what is missing comes back before any refusal is spoken.
    let Back { plan, source } = match (back::rollback(scene.by_hand(), &row.name, &channel, goal), channel.reserve()) {
        (Ok(back), _) => back,
        (Err(problem), Some(reserve)) if problem.exit != Exit::NeedsPerson => {
            Back { plan: plan::only_revive(reserve, problem), source: None }
        }
        (Err(problem), _) => return Err(problem),
    };
    let source = source.map(|asset| look::with_digest(scene, row, asset)).transpose()?;
    let mut back = Back { plan, source };
    // With a refusal nothing goes live that a version would be told of.
    let mut version = wishes.to_version.unwrap_or(nexy_contract::ReleaseVersion::new([0; 4]));
    if back.plan.refusal.is_none() {
        match (back::version(&row.name, &channel, &back, wishes.to_version), channel.reserve()) {
            (Ok(known), _) => version = known,
            (Err(problem), Some(reserve)) => back.plan = plan::only_revive(reserve, problem),
            (Err(problem), None) => return Err(problem),
        }
    }
    let Back { plan, source } = back;
    let bytes = match (&source, &opened) {
        (Some(asset), _) => asset.sha256().map(|sha256| (asset.size, sha256)),
        (None, Some(opened)) => Some((opened.file.size_bytes, opened.sha256)),
        (None, None) => None,
    };
    let (size_bytes, sha256) = bytes.unwrap_or((0, nexy_contract::Sha256Digest::of(b"")));
    let (file, tail, signature) = match opened {
        Some(Opened { file, tail, signature, .. }) => (Some(file).filter(|_| source.is_none()), tail, signature),
        None => (None, Vec::new(), None),
    };
    Ok(Job {
        artifact: Artifact { name: row.name.clone(), channel: row.channel.clone(), size_bytes, sha256, live: None },
        version,
        row,
        file,
        tail,
        signature,
        release,
        channel,
        plan,
        staged: source,
        uploaded_here: false,
        contested: false,
        from_the_start: AGAIN,
        restaged: None,
        aside: None,
        revived_at: None,
        swapped_at: None,
    })
}

/// All bytes come through the public URL before users get them again: what was uploaded just now, what was kept, or what is
/// live already.
fn prove(scene: &Scene<'_>, job: &mut Job<'_>) -> Result<(), Problem> {
    if job.file.is_some() && !job.plan.already_live {
        return verify::apply(scene, job);
    }
    let name = match (&job.staged, job.plan.already_live) {
        (_, true) => job.artifact.name.clone(),
        (Some(kept), false) => kept.name.clone(),
        (None, false) => return Err(Problem::new(Exit::Bug, "nothing is there to go back to", "", "report this as a bug")),
    };
    scene.common.note(&format!("Verifying {}/{name} from release URL...", job.artifact.channel));
    let found = match (fetch::whole(scene, &job.artifact.channel, &name, job.artifact.size_bytes), job.staged.clone()) {
        (Ok(found), _) => found,
        (Err(error), Some(kept)) if error.kind == Kind::NotFound && !job.plan.already_live => {
            lost::where_it_went(scene, job, &kept, &error)?;
            return prove(scene, job);
        }
        (Err(error), _) => {
            return Err(error.problem(format!("cannot download {name}, so nothing was rolled back")).ending(Exit::CouldNotLook));
        }
    };
    if !found.is(scene, job) {
        return Err(Problem::new(
            Exit::No,
            format!("{name} is damaged, so nothing was rolled back"),
            format!(
                "it serves {} bytes {}, GitHub knows {} bytes {}",
                found.size_bytes,
                found.sha256.short(),
                job.artifact.size_bytes,
                job.artifact.sha256.short()
            ),
            "go back to a file of your own:\nnexy-version record | nexy-publish rollback --artifact FILE --to-version X.Y.Z.W - | nexy-manifest write -",
        ));
    }
    job.tail = found.tail;
    Ok(())
}
