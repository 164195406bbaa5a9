//! What is checked out is the tag, file by file, but for what the running server changes.

mod look;

use crate::{
    answer_builder::AnswerBuilder,
    context::Context,
    gate::{Answer, Explain, Gate, Machine, Takes},
    observed::repository::{Repository, SHOWN, Side, Tag, counted, short},
};
use nexy_contract::Fix;
use nexy_contract::fix::{command, note};
use nexy_contract::{
    Target,
    text::{excerpt, shell_word},
};
use nexy_outside::programs::git::{Change, Strays};

pub(crate) const GATE: Gate = Gate {
    id: "checkout-state",
    asks: "Is exactly the tag checked out, with no difference but in files that the running server changes?",
    profiles: &["hard"],
    runbook: "S0 §3, S0 §4.1, S3 §2.3",
    at: Machine::Vm,
    takes: Takes::Outside,
    explain: Explain {
        symptom: "The server runs something that is in no tag: a hot edit on the VM, half a checkout, files of an older release.",
        check: "Compares HEAD with the tag's commit, and HEAD with index and files: staged, changed, deleted, in conflict, not known to git and \
                ignored by no .gitignore, or hidden from git by assume-unchanged or skip-worktree; and what git overlooks: empty submodules, pointers of git-lfs and git-annex and \
                cipher text of git-crypt in place of files, links checked out as files. Only what layout.runtime_files names may \
                differ, and no merge, rebase or bisect may be unfinished.",
        fix: &[note(
            "Look at what differs, move what you need away, then check the tag out again, as the owner of the \
                     checkout. Never git clean: it removes what the running server needs. Never git stash: it takes \
                     the server's settings away.",
        )],
        verify: &[command("sudo nexy-gate checkout-state")],
    },
    check,
    repair: None,
};

/// Everything that was looked at.
#[derive(Clone, Debug, Default)]
struct Facts {
    /// The commit that is checked out; `None` for an empty branch.
    head: Option<String>,
    changes: Vec<Change>,
    strays: Strays,
    hidden: Vec<String>,
    /// Files that hold only what a filter keeps in git in their place, and its name.
    pointers: Vec<(String, String)>,
    /// All submodules of the index.
    submodules: Vec<String>,
    /// Submodules whose folders are empty.
    empty_submodules: Vec<String>,
    /// What git was in the middle of, with the command that leaves it.
    unfinished: Vec<(&'static str, &'static str)>,
    /// The repository's settings keep git from comparing modes.
    ignores_modes: bool,
}

fn check(context: &Context) -> Answer {
    look_and_judge(context).unwrap_or_else(|answer| answer)
}

fn look_and_judge(context: &Context) -> Result<Answer, Answer> {
    let repository = Repository::on_vm(&context.workspace.target, &context.tree, GATE.id)?;
    let tag = repository.tag(&context.workspace.target, context.tag(), context.commit(), GATE.id)?;
    let facts = look::look(&repository).map_err(|error| repository.unreadable(&error, GATE.id))?;
    Ok(judge(&context.workspace.target, &repository.side, &tag, &facts))
}

fn judge(target: &Target, side: &Side, tag: &Tag, facts: &Facts) -> Answer {
    let mut builder = AnswerBuilder::default();
    let (git, name) = (&side.git, shell_word(&tag.name));
    let may_differ = |path: &str| is_runtime(&target.layout.runtime_files, path);
    // What is unfinished comes first: it must be left before anything else can be typed.
    for (what, leave) in &facts.unfinished {
        builder.fail(format!("a {what} is unfinished"), Fix::command(format!("{git} {leave}")));
    }
    let checkout = format!("{git} checkout --detach {name}");
    let is_tag = facts.head.as_ref() == Some(&tag.commit);
    match &facts.head {
        Some(_) if is_tag => builder.pass(format!("{} ({}) is checked out", tag.name, short(&tag.commit))),
        Some(head) => {
            builder.fail(format!("{} is checked out, {} is {}", short(head), tag.name, short(&tag.commit)), Fix::command(checkout.clone()))
        }
        None => builder.fail(format!("nothing is checked out, {} is {}", tag.name, short(&tag.commit)), Fix::command(checkout.clone())),
    }
    let hidden: Vec<&str> = facts.hidden.iter().map(String::as_str).filter(|path| !may_differ(path)).collect();
    if !hidden.is_empty() {
        // git does only the first of the two when both are said at once.
        let look = |flag: &str| with_paths(&format!("{git} update-index {flag} --"), &hidden, side);
        let fix = look("--no-assume-unchanged").then(look("--no-skip-worktree")).then_command(format!("sudo nexy-gate {}", GATE.id));
        builder.fail(format!("git was told not to look at {}", named(&hidden)), fix);
    }
    let pointers = |is: fn(&str) -> bool| facts.pointers.iter().filter(move |(_, filter)| is(filter)).map(|(path, _)| path).collect();
    let submodules = facts.empty_submodules.iter().collect();
    let whole: [(Vec<&String>, &str, &[&str]); 4] = [
        (submodules, "submodules whose files are not here", &["submodule update --init --recursive"]),
        (pointers(|name| name == "annex"), "files that hold only a pointer of git-annex", &["annex init", "annex get ."]),
        (pointers(|name| name.starts_with("git-crypt")), "files that git-crypt has not decrypted", &["crypt unlock"]),
        (
            pointers(|name| name != "annex" && !name.starts_with("git-crypt")),
            "files that hold only a pointer of git-lfs",
            &["lfs install --local", "lfs pull"],
        ),
    ];
    for (paths, what, commands) in whole {
        let paths: Vec<&str> = paths.into_iter().map(String::as_str).filter(|path| !may_differ(path)).collect();
        if !paths.is_empty() {
            let commands = commands.iter().map(|command| format!("{git} {command}"));
            builder.fail(format!("{what}: {}", named(&paths)), Fix::commands(commands));
        }
    }
    let changed: Vec<(&str, String)> =
        facts.changes.iter().filter(|change| !may_differ(&change.path)).map(|change| (change.path.as_str(), how(change))).collect();
    if !changed.is_empty() {
        let shown: Vec<String> = changed.iter().map(|(path, how)| format!("{} ({how})", excerpt(path, 200))).collect();
        let paths: Vec<&str> = changed.iter().map(|(path, _)| *path).collect();
        // With the repository's own setting git would not see a mode that differs, and leave it.
        let modes = if facts.ignores_modes { " -c core.fileMode=true" } else { "" };
        let restore = with_paths(&format!("{git}{modes} restore --source={name} --staged --worktree --"), &paths, side);
        builder.fail(
            format!("these differ from what is checked out: {}", counted(&shown)),
            Fix::note("look at it first, it may be the only copy:")
                .then_command(format!("{git}{modes} diff HEAD"))
                .then(restore)
                .then(in_submodules(side, &paths, &facts.submodules)),
        );
    }
    // What was only taken out of the index is put back there.
    let is_change = |path: &str| changed.iter().any(|(other, _)| *other == path);
    let strays: Vec<&str> = facts.strays.paths.iter().map(String::as_str).filter(|path| !may_differ(path) && !is_change(path)).collect();
    if !strays.is_empty() {
        builder.fail(format!("these are not the tag's: {}", named(&strays)), moves(side, &strays));
    }
    for complaint in facts.strays.complaints.iter().filter(|complaint| !is_about_runtime(complaint, &target.layout.runtime_files)) {
        builder.unknown(
            format!("git could not look everywhere: {}", excerpt(complaint, 200)),
            Fix::command(format!("sudo ls -la {}", shell_word(&side.shown))),
        );
    }
    if facts.unfinished.is_empty() && hidden.is_empty() && changed.is_empty() && strays.is_empty() {
        builder.pass("nothing differs but what the server changes");
    }
    last(builder.answer(format!("{} in {}, and no difference but in layout.runtime_files", tag.name, side.shown)), &checkout)
}

/// git refuses to check out over differences, so that is typed when they are gone.
fn last(answer: Answer, command: &str) -> Answer {
    Answer { fix: answer.fix.ending_with(&[command]), ..answer }
}

/// Whether the running server changes this path; `/` at the end of a row stands for all below.
fn is_runtime(rows: &[String], path: &str) -> bool {
    rows.iter().any(|row| if row.ends_with('/') { path.starts_with(row.as_str()) } else { path == row })
}

/// `warning: could not open directory 'PATH/': …`
fn is_about_runtime(complaint: &str, rows: &[String]) -> bool {
    let path = complaint.strip_prefix("warning: could not open directory '").and_then(|rest| rest.split_once("': "));
    path.is_some_and(|(path, _)| is_runtime(rows, path))
}

fn how(change: &Change) -> String {
    let word = |state: char| match state {
        'A' => "added",
        'D' => "deleted",
        'T' => "another kind of file",
        'U' => "in conflict",
        _ => "changed",
    };
    match (change.staged, change.unstaged) {
        ('U', _) | (_, 'U') => "in conflict".to_owned(),
        ('.', unstaged) => word(unstaged).to_owned(),
        (staged, '.') => format!("{}, staged", word(staged)),
        (staged, unstaged) => format!("{}, staged, and then {}", word(staged), word(unstaged)),
    }
}

fn named(paths: &[&str]) -> String {
    counted(&paths.iter().map(|path| excerpt(path, 200)).collect::<Vec<_>>())
}

/// A name that cannot be shown as it is cannot be typed as it is.
fn can_be_typed(path: &str) -> bool {
    !path.chars().any(char::is_control) && !path.contains('\u{fffd}') && excerpt(path, usize::MAX) == path
}

fn with_paths(command: &str, paths: &[&str], side: &Side) -> Fix {
    let shown = &paths[..paths.len().min(SHOWN)];
    if !shown.iter().all(|path| can_be_typed(path)) {
        return Fix::command(format!("{} status", side.git)).then_note("some of these names cannot be typed: correct them by hand");
    }
    Fix::command(format!("{command} {}", shown.iter().map(|path| shell_word(path)).collect::<Vec<_>>().join(" ")))
}

/// What brings a changed submodule back: `git restore` writes only its row of the index, and nothing in its folder.
fn in_submodules(side: &Side, changed: &[&str], submodules: &[String]) -> Fix {
    let is_submodule = |path: &&&str| submodules.iter().any(|submodule| submodule == **path);
    let paths: Vec<&str> = changed.iter().filter(is_submodule).copied().take(SHOWN).collect();
    if paths.is_empty() || !paths.iter().all(|path| can_be_typed(path)) {
        return Fix::none();
    }
    let git = &side.git;
    let inside = paths.iter().map(|path| format!("{git} -C {}", shell_word(path)));
    let look = Fix::note("look into the submodule first, and move away what git does not know there:")
        .then(Fix::commands(inside.clone().map(|git| format!("{git} status"))));
    look.then(Fix::commands(inside.map(|git| format!("{git} restore --source=HEAD --staged --worktree -- .")))).then(with_paths(
        &format!("{git} submodule update --init --recursive --"),
        &paths,
        side,
    ))
}

/// Moves strays aside and removes none, since each may be the only copy; a copy of an earlier time is kept beside it. The checkout's
/// owner moves them, and they stay below the checkout: the owner can exchange a folder on the way, so that a command of root would move
/// another file of the machine.
fn moves(side: &Side, strays: &[&str]) -> Fix {
    let shown = &strays[..strays.len().min(SHOWN)];
    let first = Fix::note("look at it first, it may be the only copy:");
    if !shown.iter().all(|path| can_be_typed(path)) {
        return first.then_command(format!("sudo ls -laRb {}", shell_word(&side.shown)));
    }
    let (place, owner) = (side.shown.trim_end_matches('/'), &side.as_owner);
    let kept = |path: &str| shell_word(&format!("{place}/.git/kept/{}", path.rsplit_once('/').map_or("", |(folder, _)| folder)));
    let paths = || shown.iter().map(|path| path.trim_end_matches('/'));
    // All folders first: a command that several paths need is printed once.
    let folders = Fix::commands(paths().map(|path| format!("{owner}mkdir -p {}", kept(path))));
    let moved = paths().map(|path| format!("{owner}mv --backup=numbered -- {} {}", shell_word(&format!("{place}/{path}")), kept(path)));
    first.then(folders).then(Fix::commands(moved))
}

#[cfg(test)]
mod tests;
