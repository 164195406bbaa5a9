//! The tag holds what it says, and nothing that a checkout of it would destroy or give away.

mod look;

use crate::gate::prelude::*;
use crate::observed::repository::{Repository, SHOWN, Side, Tag, counted, short};
use nexy_contract::{manifest::ManifestFacts, target_file::VersionPlace, version_places};
use nexy_outside::programs::git::shelf::Held;

pub(crate) const GATE: Gate = Gate {
    id: "tag-coherent",
    asks: "Does the tag exist, hold the version that it is named after, and neither keys nor the server's settings?",
    profiles: &["pre-production", "before-deploy", "before-checkout"],
    runbook: "S0 §2, S0 §3, S3 §1",
    at: Machine::Either,
    takes: Takes::Outside,
    explain: Explain {
        symptom: "A server that says another version than its tag, an update loop, a server that lost its settings in a checkout, or a key \
                  that every reader of the repository sees.",
        check: "Reads the tag from git, without checking it out. Its version file and every row of version_places hold its version; its \
                manifests are equal and not newer; no branch has its name; it neither tracks nor removes the file that vm.config_env names; no \
                file is a key by name or content, and no environment file has values. In the workspace the tag must also be in HEAD's \
                history, with the same version, and no Python file beside the server's code may be unknown to git.",
        fix: &[note(
            "Correct it in the workspace, commit, nexy-version set the next version, and tag that. A tag that \
                     others may have is never moved. A key that was in git is no secret any more: make a new one.",
        )],
        verify: &[command("nexy-gate tag-coherent --tag vX.Y.Z.W")],
    },
    check: |context| ask(context).unwrap_or_else(|answer| answer),
    repair: None,
};

/// The server's settings, in the tag and in this checkout.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Runtime {
    path: String,
    /// The tag tracks the file.
    in_tag: bool,
    /// What is checked out now tracks it.
    is_here: bool,
}

/// How the workspace stands to the tag.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Head {
    Same,
    /// It is to get the tag, and follows on HEAD.
    Ahead,
    /// It has gone on; the places whose version is another one now.
    Further {
        head: String,
        moved: Vec<String>,
    },
    /// The tag is not in its history.
    Apart(String),
    /// The tag is not in that part of its history that was fetched.
    CutOff(String),
}

#[derive(Clone, Debug)]
struct Facts {
    version: Held,
    places: Vec<(VersionPlace, Held)>,
    manifests: Vec<(String, Held)>,
    branches: Vec<String>,
    runtime: Option<Runtime>,
    keys: Vec<(String, &'static str)>,
    files: usize,
    /// Code of the server in the workspace that git does not know.
    left_out: Vec<String>,
    head: Option<Head>,
}

fn ask(context: &Context) -> Result<Answer, Answer> {
    let repository = Repository::in_question(&context.workspace, &context.tree, GATE.id)?;
    let tag = repository.tag(&context.workspace.target, context.tag(), context.commit(), GATE.id)?;
    let facts = look::look(context, &repository, &tag).map_err(|error| repository.unreadable(&error, GATE.id))?;
    Ok(judge(&context.workspace.target, &repository.side, &tag, &facts))
}

fn judge(target: &Target, side: &Side, tag: &Tag, facts: &Facts) -> Answer {
    let mut builder = AnswerBuilder::default();
    let name = &tag.name;
    judge_version(target, side, tag, facts, &mut builder);
    judge_manifests(side, tag, &facts.manifests, &mut builder);
    for branch in &facts.branches {
        builder.fail(
            format!("{} is a branch of the same name, so git may take one for the other", excerpt(branch, 100)),
            rename(side, branch, name),
        );
    }
    if let Some(runtime) = &facts.runtime {
        judge_runtime(side, tag, runtime, &mut builder);
    }
    judge_keys(side, tag, &facts.keys, &mut builder);
    judge_left_out(side, tag, &facts.left_out, &mut builder);
    if let Some(head) = &facts.head {
        judge_head(target, tag, head, &mut builder);
    }
    let kind = if tag.object == tag.commit { "" } else { ", annotated" };
    let (places, manifests, files) = (facts.places.len(), facts.manifests.len(), facts.files);
    builder.pass(format!(
        "{name} is {}{kind}: {places} version places and {manifests} manifests agree, no key among {files} files",
        short(&tag.commit)
    ));
    builder.answer(format!("{} in all of {name}, equal manifests that are not newer, no settings and no keys in it", tag.version))
}

fn judge_version(target: &Target, side: &Side, tag: &Tag, facts: &Facts, builder: &mut AnswerBuilder) {
    let fix = side.next_version(tag, Fix::none());
    let file = &target.layout.version_file;
    match &facts.version {
        Held::Missing => builder.fail(format!("{} holds no {file}", tag.name), &fix),
        Held::NoText(because) => builder.fail(format!("{file} at {}: {because}", tag.name), &fix),
        Held::Text(_) => {}
    }
    for (place, held) in &facts.places {
        let at = format!("{} at {}", version_places::name(place), tag.name);
        match held {
            // The owner's own file was judged above.
            Held::Missing | Held::NoText(_) if place.file == *file => {}
            Held::Missing if place.optional => {}
            Held::Missing => builder.fail(format!("{at}: there is no such file"), &fix),
            Held::NoText(because) => builder.fail(format!("{at}: {because}"), &fix),
            Held::Text(text) => match version_places::read(place, text) {
                Ok(spots) => {
                    for spot in spots.iter().filter(|spot| spot.version != tag.version) {
                        builder.fail(format!("{at} holds {}, in line {}", spot.version, spot.line), &fix);
                    }
                }
                Err(error) => builder.fail(format!("{at}: {error}"), &fix),
            },
        }
    }
}

fn judge_manifests(side: &Side, tag: &Tag, manifests: &[(String, Held)], builder: &mut AnswerBuilder) {
    let fix = side.next_version(tag, Fix::command("make manifest-sync"));
    let mut first: Option<(&str, &str)> = None;
    for (path, held) in manifests {
        let text = match held {
            Held::Text(text) => text,
            Held::Missing => {
                builder.fail(format!("{} holds no {path}", tag.name), &fix);
                continue;
            }
            Held::NoText(because) => {
                builder.fail(format!("{path} at {}: {because}", tag.name), &fix);
                continue;
            }
        };
        match ManifestFacts::read(text) {
            Ok(facts) if facts.version > tag.version => {
                builder.fail(format!("{path} at {} announces {}, which is newer than the code", tag.name, facts.version), &fix);
            }
            Ok(_) => {}
            Err(error) => builder.fail(format!("{path} at {} {error}", tag.name), &fix),
        }
        match first {
            None => first = Some((path, text)),
            Some((other, those)) if those != text => builder.fail(format!("{other} and {path} differ at {}", tag.name), &fix),
            Some(_) => {}
        }
    }
}

/// The branch gets another name; nothing of it is lost.
fn rename(side: &Side, branch: &str, name: &str) -> Fix {
    let git = &side.git;
    let (tag, other) = (shell_word(name), shell_word(&format!("branch-{name}")));
    let Some(remote) = branch.strip_prefix("refs/remotes/").and_then(|rest| rest.strip_suffix(&format!("/{name}"))) else {
        return Fix::command(format!("{git} branch -m {tag} {other}"));
    };
    let remote = shell_word(remote);
    if side.is_vm {
        return Fix::command(format!("{git} fetch --prune {remote}"))
            .then_note("if it is still there: nexy-gate tag-coherent in the workspace says how to rename it");
    }
    Fix::command(format!("git fetch --prune {remote}"))
        .then_note("if it is still there:")
        .then_command(format!("git push {remote} {branch}:refs/heads/branch-{name} :refs/heads/{name}"))
}

fn judge_runtime(side: &Side, tag: &Tag, runtime: &Runtime, builder: &mut AnswerBuilder) {
    let (path, word) = (&runtime.path, shell_word(&runtime.path));
    if runtime.in_tag {
        let fix = side.next_version(tag, Fix::command(format!("git rm --cached -- {word}")));
        builder.fail(format!("{} tracks {path}, so a checkout puts its own in place of the server's settings", tag.name), fix);
    } else if runtime.is_here {
        // Afterwards git knows nothing of the file, and leaves it alone.
        let fix = Fix::command(format!("{} rm --cached --quiet -- {word}", side.git));
        builder.fail(format!("HEAD tracks {path} and {} does not, so a checkout removes the server's settings", tag.name), fix);
    }
}

fn judge_keys(side: &Side, tag: &Tag, keys: &[(String, &'static str)], builder: &mut AnswerBuilder) {
    if keys.is_empty() {
        return;
    }
    let named: Vec<String> = keys.iter().map(|(path, because)| format!("{} ({because})", excerpt(path, 200))).collect();
    let words: Vec<String> = keys.iter().take(SHOWN).map(|(path, _)| shell_word(path)).collect();
    let remove = Fix::command(format!("git rm --cached -- {}", words.join(" ")))
        .then_note("what was in git is no secret any more: replace it where it is used");
    builder.fail(format!("{} holds {}", tag.name, counted(&named)), side.next_version(tag, remove));
}

/// What works in the workspace and was never committed fails to import everywhere else.
fn judge_left_out(side: &Side, tag: &Tag, paths: &[String], builder: &mut AnswerBuilder) {
    if paths.is_empty() {
        return;
    }
    let named: Vec<String> = paths.iter().map(|path| excerpt(path, 200)).collect();
    let words: Vec<String> = paths.iter().take(SHOWN).map(|path| shell_word(path)).collect();
    let add = Fix::note("remove it if the server does not need it, or name it in .gitignore; else:")
        .then_command(format!("git add -- {}", words.join(" ")));
    builder.fail(format!("the workspace holds code that is in no commit: {}", counted(&named)), side.next_version(tag, add));
}

fn judge_head(target: &Target, tag: &Tag, head: &Head, builder: &mut AnswerBuilder) {
    let name = if tag.exists { shell_word(&tag.name) } else { tag.commit.clone() };
    match head {
        Head::Same => builder.pass("it is what is checked out"),
        Head::Ahead => builder.pass("it follows on HEAD"),
        Head::Further { head, moved } if moved.is_empty() => {
            builder.pass(format!("HEAD ({}) has gone on with the same version", short(head)))
        }
        Head::Further { head, moved } => {
            let found = format!("HEAD ({}) has another version than {} in {}", short(head), tag.name, moved.join(", "));
            let fix = Fix::note("name the tag that HEAD is about:")
                .then_command(format!("git tag --list --contains {name}"))
                .then_note("or go back to this one:")
                .then_command(format!("git switch --detach {name}"));
            builder.fail(found, fix);
        }
        Head::Apart(head) => {
            let fix = Fix::note("see where they part:")
                .then_command(format!("git log --oneline --graph -20 HEAD {name}"))
                .then_note("or go to it:")
                .then_command(format!("git switch --detach {name}"));
            builder.fail(format!("{} ({}) is not in the history of HEAD ({})", tag.name, short(&tag.commit), short(head)), fix);
        }
        Head::CutOff(head) => {
            let fix = Fix::command(format!("git fetch --unshallow {}", shell_word(&target.remotes.workspace)));
            builder.unknown(format!("{} is not in the part of HEAD's history ({}) that was fetched", tag.name, short(head)), fix);
        }
    }
}

#[cfg(test)]
mod tests;
