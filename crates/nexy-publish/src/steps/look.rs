//! Before anything happens: the file, the release, what lies on the channel, and what follows from it.

use super::{Job, Scene};
use crate::{channel, plan};
use nexy_contract::{Exit, Problem, before_publish, record, report::Subject, text::shell_word};
use nexy_outside::{Workspace, files::OpenArtifact};

/// So many of the last bytes are compared with the public URL; a disk image differs there from every other one.
const TAIL_BYTES: usize = 64 << 10;

const FROM_THE_INBOX: &str = "start again from the bytes in the inbox: nexy-version record | nexy-gate before-publish - | nexy-publish -";

/// Looks at one artifact of the record.
pub(crate) fn look<'a>(
    scene: &Scene<'a>,
    workspace: &'a Workspace,
    artifact: &record::Artifact,
    judged: Option<&Subject>,
) -> Result<Job<'a>, Problem> {
    let row = workspace.target.artifact(&artifact.name).filter(|row| row.channel == artifact.channel).ok_or_else(|| {
        Problem::new(
            Exit::BadDocument,
            format!("{} of the record is not published", artifact.name),
            "nexy.toml knows no such artifact on that channel",
            FROM_THE_INBOX,
        )
    })?;
    let (file, tail) = open(scene, workspace, artifact)?;
    let release = scene
        .patience
        .ask(|| scene.github.release(&row.channel))
        .map_err(|error| error.problem(format!("cannot look at the release {}", row.channel)))?
        .ok_or_else(|| {
            Problem::new(
                Exit::No,
                format!("cannot publish {}", artifact.name),
                format!(
                    "{} has no release `{}` that this token can see; a draft counts as none",
                    scene.target.repositories.artifacts, row.channel
                ),
                format!(
                    "create the fixed release once by hand: gh release create {} -R {} --title {0} --notes ''",
                    row.channel, scene.target.repositories.artifacts
                ),
            )
        })?;
    if release.draft || release.immutable {
        let state = if release.draft { "a draft, which users cannot see" } else { "immutable, so its assets can never change" };
        return Err(Problem::new(
            Exit::No,
            format!("cannot publish {}", artifact.name),
            format!("the release `{}` is {state}", row.channel),
            format!(
                "open the release `{}` in the browser (gh release view {0} -R {} --web) and publish the draft, or make it anew without immutability",
                row.channel, scene.target.repositories.artifacts
            ),
        ));
    }
    let assets = scene
        .patience
        .ask(|| scene.github.assets(release.id))
        .map_err(|error| error.problem(format!("cannot list the assets of {}", row.channel)))?;
    let channel = channel::sort(&artifact.name, assets);
    if let Some(subject) = judged {
        before_publish::still_as_judged(subject, channel.seen().as_ref())
            .map_err(|because| Problem::new(Exit::Busy, "nothing was published: the channel has changed", because, "look at it (nexy-publish show), then ask the gates again: nexy-version record | nexy-gate before-publish - | nexy-publish -"))?;
    }
    let plan = plan::plan(&scene.target.repositories.artifacts, &artifact.name, &channel, artifact.size_bytes, artifact.sha256)?;
    Ok(Job { artifact: artifact.clone(), row, file, tail, release, channel, plan, staged: None, swapped_at: None })
}

/// Opens the file of the inbox, and holds it against the record.
fn open(scene: &Scene<'_>, workspace: &Workspace, artifact: &record::Artifact) -> Result<(OpenArtifact, Vec<u8>), Problem> {
    let path = workspace.path(&workspace.target.layout.inbox).join(&artifact.name);
    let unreadable =
        |error: nexy_outside::files::FileError| error.problem(Exit::No, format!("put the finished file there, then {FROM_THE_INBOX}"));
    let mut file = OpenArtifact::open(&path).map_err(unreadable)?;
    let refuse = |because: String| Problem::new(Exit::No, format!("{} is not published", path.display()), because, FROM_THE_INBOX);
    if file.size_bytes == 0 {
        return Err(refuse("it is empty".to_owned()));
    }
    if file.size_bytes > scene.target.limits.artifact_max_bytes {
        return Err(refuse(format!("it has {} bytes, at most {} are allowed", file.size_bytes, scene.target.limits.artifact_max_bytes)));
    }
    if file.size_bytes != artifact.size_bytes {
        return Err(refuse(format!("it has {} bytes now, {} were judged", file.size_bytes, artifact.size_bytes)));
    }
    scene.common.note(&format!("hashing {}", shell_word(&path.display().to_string())));
    let sha256 = file.hash().map_err(unreadable)?;
    if sha256 != artifact.sha256 {
        return Err(refuse(format!("it holds other bytes now ({}) than were judged ({})", sha256.short(), artifact.sha256.short())));
    }
    let (_, tail) = file.ends(TAIL_BYTES).map_err(unreadable)?;
    Ok((file, tail))
}
