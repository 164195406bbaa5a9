//! `push` against a real repository: one commit of the manifests upon what the remote has, and nothing else of this clone.

use crate::published::{files, published, written};
use nexy_standin::world::{MANIFEST_FOLDERS, Ran, Tool, World, fix_commands};
use serde_json::Value;
use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

const MARKER: &str = "Manifest changes pushed to remote";

/// A laptop whose manifests were written for a release, and the record of that.
pub(crate) fn ready() -> (World, Value) {
    let world = World::new();
    world.workspace_on_github();
    let record = written(&world);
    (world, record)
}

pub(crate) fn pushing(world: &World, record: &Value) -> Tool {
    world.tool("nexy-manifest").args(["push", "-"]).stdin(record.to_string())
}

fn push(world: &World, record: &Value) -> Ran {
    pushing(world, record).run()
}

pub(crate) fn on_github(world: &World, arguments: &[&str]) -> String {
    world.git_in(&world.bare("Nexy"), arguments).trim_end().to_owned()
}

/// What the laptop has besides its own files: HEAD, branch, staged and other changes.
pub(crate) fn laptop(world: &World) -> String {
    let head = fs::read_to_string(world.workspace().join(".git/HEAD")).expect("HEAD");
    head + &world.git(&["rev-parse", "HEAD"]) + &world.git(&["diff", "--cached"]) + &world.git(&["status", "--porcelain"])
}

/// A commit of another person on the remote's branch; its name.
fn others_push(world: &World) -> String {
    let commit = on_github(world, &["commit-tree", "-p", "main", "-m", "another person's", "main^{tree}"]);
    on_github(world, &["update-ref", "refs/heads/main", &commit]);
    commit
}

fn program(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, format!("#!/bin/sh\n{text}\n")).expect("a program");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("its mode");
}

fn next(ran: &Ran) -> Value {
    ran.json()["outcomes"].as_array().and_then(|outcomes| outcomes.last()).expect("an outcome")["next"].clone()
}

#[test]
fn one_commit_of_the_manifests_goes_upon_what_the_remote_has_and_nothing_else_of_the_laptop() {
    let (world, record) = ready();
    world.git(&["commit", "--quiet", "--allow-empty", "--message=not pushed yet"]);
    world.write("server/main.py", "staged\n");
    world.git(&["add", "server/main.py"]);
    world.write("VERSION", "not staged\n");
    let (others, before) = (others_push(&world), laptop(&world));

    let ran = push(&world, &record);
    ran.exits(0).says(MARKER).says("nexy-manifest: pushed to origin main: Manifests of v2.0.0.4");
    assert_eq!(laptop(&world), before);
    assert_eq!(on_github(&world, &["rev-parse", "main^"]), others);
    assert_eq!(on_github(&world, &["log", "-1", "--format=%an <%ae> %s", "main"]), "Person <person@example.org> Manifests of v2.0.0.4");
    let changed = on_github(&world, &["diff", "--name-status", "--no-renames", "main^", "main"]);
    let mut expected: Vec<String> = MANIFEST_FOLDERS
        .iter()
        .flat_map(|folder| {
            [
                format!("M\t{folder}/manifest.json"),
                format!("D\t{folder}/manifest_2.0.0.3.json"),
                format!("A\t{folder}/manifest_2.0.0.4.json"),
            ]
        })
        .collect();
    expected.sort_by_key(|line| line[2..].to_owned());
    assert_eq!(changed.lines().collect::<Vec<_>>(), expected);
    for (path, text) in files(&world) {
        assert_eq!(world.git_in(&world.bare("Nexy"), &["show", &format!("main:{path}")]), text);
    }

    let tip = on_github(&world, &["rev-parse", "main"]);
    push(&world, &record).exits(0).says("nothing to push").never_says(MARKER);
    assert_eq!(on_github(&world, &["rev-parse", "main"]), tip);
}

/// Types the commands that a push prints, and holds that the clone is at the remote's commit then, or has it in its history.
fn pulled(world: &World, ran: &Ran, says: &str) {
    ran.exits(0).says(says).says("this pull meets no conflict");
    let tip = on_github(world, &["rev-parse", "main"]);
    for command in fix_commands(&next(ran)) {
        world.sh(command).exits(0);
    }
    assert_eq!(world.git(&["status", "--porcelain", "--", "server"]), "");
    world.git(&["merge-base", "--is-ancestor", &tip, "HEAD"]);
}

#[test]
fn the_printed_pull_brings_the_clone_to_the_commit_without_a_conflict() {
    let (world, record) = ready();
    world.write("VERSION", "staged\n");
    world.git(&["add", "VERSION"]);
    pulled(&world, &push(&world, &record), "main of this clone is behind");
    assert_eq!(world.git(&["status", "--porcelain"]).trim_end(), "M  VERSION");

    let (world, record) = ready();
    world.git(&["commit", "--quiet", "--allow-empty", "--message=not pushed yet"]);
    pulled(&world, &push(&world, &record), "main of this clone keeps its own commits");
    let mine = on_github(&world, &["log", "--format=%s", "main"]);
    assert!(!mine.contains("not pushed yet"), "{mine}");

    let (world, record) = ready();
    world.git(&["checkout", "--quiet", "--detach"]);
    let before = laptop(&world);
    push(&world, &record).exits(0).says(MARKER).says("main of this clone is not checked out");
    assert_eq!(laptop(&world), before);
}

#[test]
fn a_push_that_loses_the_race_is_made_again_upon_the_new_commit_and_not_for_ever() {
    let (world, record) = ready();
    let (bare, once) = (world.bare("Nexy"), world.root().join("once"));
    let git = format!("git --git-dir='{}' -c user.name=x -c user.email=x@example.org", bare.display());
    let move_it = format!(
        "unset $(git rev-parse --local-env-vars); {git} update-ref refs/heads/main $({git} commit-tree -p main -m other 'main^{{tree}}')"
    );
    let hook = world.workspace().join(".git/hooks/pre-push");
    program(&hook, &format!("mkdir '{}' || exit 0; {move_it}", once.display()));
    push(&world, &record).exits(0).says("origin main has moved meanwhile").says(MARKER);
    assert_eq!(on_github(&world, &["log", "-2", "--format=%s", "main"]), "Manifests of v2.0.0.4\nother");

    on_github(&world, &["update-ref", "refs/heads/main", "main~1"]);
    program(&hook, &move_it);
    let stopped = push(&world, &record);
    stopped.exits(75).says("others have pushed to it during each of 5 attempts").says("make manifest-push").never_says(MARKER);
    assert!(!on_github(&world, &["log", "--format=%s", "main"]).contains("Manifests"));
}

#[test]
fn two_laptops_at_once_end_with_one_commit() {
    let (world, record) = ready();
    let (second, bare) = (world.root().join("second"), format!("file://{}", world.bare("Nexy").display()));
    // A partial clone, which never gets the content of a file that is pushed later.
    on_github(&world, &["config", "uploadpack.allowFilter", "true"]);
    world.git_in(&world.root(), &["clone", "--quiet", "--filter=blob:none", &bare, second.to_str().expect("a path")]);
    world.write("notes", "of later\n");
    world.git(&["add", "notes"]);
    world.git(&["commit", "--quiet", "--message=later", "--", "notes"]);
    world.git(&["push", "--quiet", "origin", "main"]);
    let url = world.git(&["remote", "get-url", "origin"]);
    world.git_in(&second, &["remote", "set-url", "origin", url.trim()]);
    for (path, text) in files(&world) {
        fs::write(second.join(path), text).expect("written");
    }
    let target = second.join("nexy.toml");
    let both = [
        pushing(&world, &record).spawn(),
        world.tool("nexy-manifest").bare().args(["--target", target.to_str().expect("a path"), "push"]).spawn(),
    ];
    for running in both {
        running.wait().exits(0);
    }
    assert_eq!(on_github(&world, &["log", "-2", "--format=%s", "main"]), "Manifests of v2.0.0.4\nlater");
}

#[test]
fn a_remote_that_refuses_is_told_with_what_to_type_and_has_what_it_had() {
    let (world, record) = ready();
    let (hook, ours) = (world.bare("Nexy").join("hooks/pre-receive"), world.workspace().join(".git/hooks/pre-push"));
    let (before, tip) = (laptop(&world), on_github(&world, &["rev-parse", "main"]));
    let refuses = world.root().join("remotes/refuses");
    for (place, text, code, says) in [
        (
            &hook,
            "echo 'no manifests on a Friday'; exit 1",
            1,
            &["pre-receive hook declined", "no manifests on a Friday", "do what its words above ask for"][..],
        ),
        (
            &hook,
            "echo 'error: GH006: Protected branch update failed for refs/heads/main.'; exit 1",
            1,
            &["GH006", "gh pr create --repo Seregawpn/Nexy --base main --head manifests-"],
        ),
        (&ours, "echo 'not from here' >&2; exit 1", 1, &["not from here"]),
        (&refuses, "git@github.com: Permission denied (publickey).", 69, &["Permission denied (publickey)", "ssh-add -l"]),
        (&refuses, "ssh: connect to host github.com port 22: Connection timed out", 69, &["Connection timed out", "curl --head"]),
    ] {
        if place == &refuses {
            fs::write(place, text).expect("written")
        } else {
            program(place, text)
        };
        let ran = push(&world, &record);
        fs::remove_file(place).expect("it is gone");
        ran.exits(code).never_says(MARKER).says("make manifest-push");
        for words in says {
            ran.says(words);
        }
        assert_eq!((on_github(&world, &["rev-parse", "main"]), laptop(&world)), (tip.clone(), before.clone()), "{text}");
    }
    // The commit can be proposed as it stands.
    program(
        &hook,
        "while read old new name; do [ \"$name\" != refs/heads/main ] || { echo 'Protected branch update failed'; exit 1; }; done",
    );
    let ran = push(&world, &record);
    world.sh(fix_commands(&next(&ran)).first().expect("a command")).exits(0);
    let proposed = on_github(&world, &["for-each-ref", "--format=%(subject)", "refs/heads/manifests-*"]);
    assert_eq!(proposed, "Manifests of v2.0.0.4");
}

#[test]
fn nothing_goes_to_another_place_without_a_name_or_from_another_state() {
    let (world, record) = ready();
    let tip = on_github(&world, &["rev-parse", "main"]);
    let refused = |code: i32, says: &str, ran: &Ran| {
        ran.exits(code).says(says).never_says(MARKER);
        assert_eq!(on_github(&world, &["rev-parse", "main"]), tip);
    };
    let url = world.git(&["remote", "get-url", "origin"]);
    world.git(&["remote", "set-url", "--push", "origin", "git@elsewhere.example:Seregawpn/Nexy.git"]);
    refused(1, "nexy-gate git-remotes", &push(&world, &record));
    world.git(&["config", "--unset", "remote.origin.pushurl"]);
    let config = world.home().join(".gitconfig");
    let named = fs::read_to_string(&config).expect("it can be read");
    fs::write(&config, named.split("[user]").next().expect("a part")).expect("written");
    refused(1, "git config user.email", &push(&world, &record));
    fs::write(&config, named).expect("written");
    world.set_target("workflow", "branch", "\"release\"");
    refused(1, "origin has no branch release", &world.tool("nexy-manifest").arg("push").run());
    world.set_target("workflow", "branch", "\"main\"");
    // The record is of other manifests, or of none; then the manifest is not about what is live.
    let mut other = record.clone();
    other["manifests"][0]["sha256"] = "0".repeat(64).into();
    refused(1, "the record says 000000", &push(&world, &other));
    refused(1, "no manifest was written for this record", &push(&world, &published(&world)));
    let text = world.read(&format!("{}/manifest.json", MANIFEST_FOLDERS[0]));
    world.write(&format!("{}/manifest.json", MANIFEST_FOLDERS[1]), "{}");
    refused(1, "differ", &push(&world, &record));
    world.write(&format!("{}/manifest.json", MANIFEST_FOLDERS[1]), &text);
    let mut stale = world.manifest();
    stale["artifact"]["size"] = 7.into();
    MANIFEST_FOLDERS.iter().for_each(|folder| world.write(&format!("{folder}/manifest.json"), &stale.to_string()));
    refused(1, "it announces 7 bytes", &world.tool("nexy-manifest").arg("push").run());
    MANIFEST_FOLDERS.iter().for_each(|folder| world.write(&format!("{folder}/manifest.json"), &text));
    assert_eq!(world.git(&["remote", "get-url", "origin"]), url);
    fs::remove_dir_all(world.workspace().join(".git")).expect("it is gone");
    refused(1, "is no git repository", &push(&world, &record));
}

#[test]
fn a_dry_run_says_what_would_be_pushed_and_a_lost_answer_is_asked_for() {
    let (world, record) = ready();
    let tip = on_github(&world, &["rev-parse", "main"]);
    let refs = world.git(&["show-ref"]);
    let dry = world.tool("nexy-manifest").args(["push", "--dry-run", "-"]).stdin(record.to_string()).run();
    dry.exits(0).never_says(MARKER).says("would push one commit to origin main: write server/updates/manifests/manifest_2.0.0.4.json");
    assert_eq!((on_github(&world, &["rev-parse", "main"]), world.git(&["show-ref"])), (tip, refs));
    push(&world, &dry.json()).exits(0).says(MARKER);

    let (world, record) = ready();
    // git is told nothing of what came of it, and the remote is asked.
    program(
        &world.programs().join("ssh"),
        &format!(
            "for asked; do :; done; cd '{}' && eval \"git ${{asked#git-}}\" || exit; case $asked in git-receive*) exit 255 ;; esac",
            world.root().join("remotes").display()
        ),
    );
    push(&world, &record).exits(0).says(MARKER);
}
