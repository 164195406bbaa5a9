//! The story of `set`: writes a version into every place, or into none.

use nexy_contract::{Exit, Fix, Problem, ReleaseVersion, text::shell_word, version_places};
use nexy_outside::{Common, Workspace, frame::stdio, fs::files};

/// Files that hold a version are small; a larger file is refused.
pub(crate) const MAX_BYTES: u64 = 8 << 20;

/// One file with its old and new text.
struct Change {
    file: String,
    old: String,
    new: String,
}

pub(crate) fn run(workspace: &Workspace, version: ReleaseVersion, dry_run: bool, common: &Common) -> Result<Exit, Problem> {
    let lock = files::lock_folder(&workspace.root)
        .map_err(|error| error.problem(Exit::CouldNotLook, Fix::note("check the permissions of the workspace")))?;
    let Some(_lock) = lock else {
        let fix = Fix::note("wait until it has ended, then run the same command again");
        return Err(Problem::new(Exit::Busy, "cannot set the version", "another nexy-version is at work in this workspace", fix));
    };
    let changes = plan(workspace, version)?;
    let changed: Vec<&Change> = changes.iter().filter(|change| change.old != change.new).collect();
    if !dry_run {
        write(workspace, &changed)?;
    }
    let verb = if dry_run { "would set" } else { "set" };
    for change in &changes {
        let state = if change.old == change.new { "already" } else { verb };
        common.note(&format!("{state:<9} {version}  {}", change.file));
    }
    let owner = changes.iter().find(|change| change.file == workspace.target.layout.version_file);
    match owner.and_then(|change| change.old.trim().parse::<ReleaseVersion>().ok()) {
        Some(old) if version < old => {
            common.note(&format!(
                "{old} -> {version}: lower than before; clients never go down, so a release needs a version above what is live"
            ));
        }
        Some(old) if version > old => common.note(&format!("{old} -> {version}; next: commit, tag {} and push", version.tag())),
        _ => {}
    }
    let document = format!("{version}\n");
    stdio::write_document(document.as_bytes())?;
    Ok(Exit::Yes)
}

/// The new text of every file, in the order of nexy.toml. VERSION comes last, so that after an interrupted run it still holds the
/// old version, and the next check notices.
fn plan(workspace: &Workspace, version: ReleaseVersion) -> Result<Vec<Change>, Problem> {
    let mut changes: Vec<Change> = Vec::new();
    for place in &workspace.target.version_places {
        let shown = workspace.path(&place.file).display().to_string();
        let index = match changes.iter().position(|change| change.file == place.file) {
            Some(index) => index,
            None => {
                let old = files::read_text(&workspace.path(&place.file), MAX_BYTES).map_err(|error| {
                    error.problem(
                        Exit::No,
                        Fix::note("nothing was changed; restore the file, or take it out of version_places in nexy.toml:")
                            .then_command(format!("git checkout -- {}", shell_word(&shown))),
                    )
                })?;
                changes.push(Change { file: place.file.clone(), new: old.clone(), old });
                changes.len() - 1
            }
        };
        let change = &mut changes[index];
        change.new = version_places::replaced(place, &change.new, version).map_err(|error| {
            let fix = Fix::note(format!("nothing was changed; correct {shown} or its row in nexy.toml"));
            Problem::new(Exit::No, format!("cannot set the version in {shown}"), error.to_string(), fix)
        })?;
    }
    changes.sort_by_key(|change| change.file == workspace.target.layout.version_file);
    Ok(changes)
}

/// Writes and syncs all files under temporary names before the first one is replaced.
fn write(workspace: &Workspace, changes: &[&Change]) -> Result<(), Problem> {
    let mut staged = Vec::new();
    for change in changes {
        let file = files::stage(&workspace.path(&change.file), change.new.as_bytes()).map_err(|error| {
            let fix = "nothing was changed; check permissions and space on the disk, then run the same command again";
            error.problem(Exit::CouldNotLook, Fix::note(fix))
        })?;
        staged.push(file);
    }
    for file in staged {
        file.commit()
            .map_err(|error| error.problem(Exit::NeedsPerson, Fix::note("run the same command again; it finishes what was begun")))?;
    }
    Ok(())
}
