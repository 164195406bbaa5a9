//! `no-force-push` against real remotes: bare repositories that others push into as well.

use crate::{ask, asked, holds, mended, said, tells, vm, world};
use nexy_standin::{
    leak_scan,
    world::{World, fix_commands},
};
use std::fs;

const GATE: &str = "no-force-push";
const TAG: &str = "v2.0.0.4";

/// A workspace whose commit and tag the remote has.
fn pushed() -> World {
    let world = world();
    world.bare_remotes();
    world.tag_release();
    world.git(&["push", "--quiet", "--set-upstream", "origin", "main", TAG]);
    world
}

/// A commit of another person on the remote's main branch.
fn others_push(world: &World) {
    let clone = world.root().join("others");
    let bare = world.bare("Nexy");
    world.git_in(&world.root(), &["clone", "--quiet", "--branch=main", bare.to_str().expect("a path"), clone.to_str().expect("a path")]);
    world.git_in(&clone, &["commit", "--quiet", "--allow-empty", "--message=another person's"]);
    world.git_in(&clone, &["push", "--quiet", "origin", "main"]);
}

#[test]
fn what_is_pushed_already_or_follows_on_it_passes() {
    let world = pushed();
    holds(&asked(&world, GATE, 0), "found", "origin has the same v2.0.0.4");
    world.git(&["commit", "--quiet", "--allow-empty", "--message=more"]);
    holds(&asked(&world, GATE, 0), "found", "is in the history of main");
    world.git(&["switch", "--quiet", "--create", "feature"]);
    holds(&asked(&world, GATE, 0), "found", "origin has no branch feature yet");
    world.git(&["checkout", "--quiet", "--detach"]);
    holds(&asked(&world, GATE, 0), "found", "is in the history of main");
}

#[test]
fn commits_of_others_are_a_no_and_the_printed_command_takes_them_in() {
    let world = pushed();
    others_push(&world);
    world.git(&["commit", "--quiet", "--allow-empty", "--message=mine"]);
    mended(&world, GATE, "is not in the history of main, so only force could push it");
    world.git(&["push", "--quiet", "origin", "main"]);
    world.git(&["commit", "--quiet", "--amend", "--allow-empty", "--message=rewritten"]);
    asked(&world, GATE, 1);
}

#[test]
fn the_branch_is_compared_with_the_one_it_is_pushed_to() {
    let world = pushed();
    others_push(&world);
    world.git(&["switch", "--quiet", "--create", "work"]);
    holds(&asked(&world, GATE, 0), "found", "origin has no branch work yet");
    world.git(&["branch", "--quiet", "--set-upstream-to=origin/main"]);
    holds(&asked(&world, GATE, 1), "found", "origin's main (");
}

#[test]
fn a_moved_tag_is_a_no_also_when_it_leads_to_the_same_commit() {
    let world = pushed();
    world.git(&["tag", "--force", "--annotate", "--message=again", TAG]);
    let finding = asked(&world, GATE, 1);
    holds(&finding, "found", "so only force could push it");
    world.git(&["tag", "--delete", TAG]);
    vm::type_line(&world, fix_commands(&finding["fix"]).last().expect("a command"), &world.workspace());
    asked(&world, GATE, 0);
    world.git(&["tag", "--delete", TAG]);
    mended(&world, GATE, "already, and it is not here");
}

#[test]
fn the_servers_tag_stands_on_the_split_commit_and_not_on_the_workspaces() {
    let world = pushed();
    // What git subtree makes: a commit whose root is the folder.
    let split = world.git(&["commit-tree", "-m", "split", "HEAD:server"]);
    world.git(&[
        "push",
        "--quiet",
        "server_repo",
        &format!("{}:refs/heads/main", split.trim()),
        &format!("{}:refs/tags/{TAG}", split.trim()),
    ]);
    holds(&asked(&world, GATE, 0), "found", "whether it holds this version cannot be seen from here");
    world.git(&["push", "--quiet", "server_repo", &format!(":refs/tags/{TAG}")]);
    world.git(&["push", "--quiet", "server_repo", TAG]);
    tells(&asked(&world, GATE, 1), "the whole workspace was pushed there", "nexy-version set 2.0.0.5");
}

#[test]
fn settings_that_force_are_a_no_and_the_printed_command_takes_them_away() {
    let world = pushed();
    for (scope, key, value, said) in [
        ("--local", "remote.origin.push", "+refs/heads/main:refs/heads/main", "begins with `+`"),
        ("--global", "remote.server_repo.mirror", "true", "remote.server_repo.mirror forces every push"),
    ] {
        world.git(&["config", scope, key, value]);
        mended(&world, GATE, said);
    }
}

#[test]
fn a_pre_push_hook_that_git_would_pass_over_is_a_no() {
    let world = pushed();
    let hook = world.workspace().join(".git/hooks/pre-push");
    fs::create_dir_all(hook.parent().expect("a folder")).expect("the hooks");
    let trace = world.root().join("hook-was-run");
    fs::write(&hook, format!("#!/bin/sh\ntouch '{}'\nexit 1\n", trace.display())).expect("a hook");
    vm::set_mode(&hook, 0o644);
    mended(&world, GATE, "may not be run, so git passes over it");
    for folder in ["/dev/null", ".githooks"] {
        world.git(&["config", "core.hooksPath", folder]);
        mended(&world, GATE, "core.hooksPath leads past the pre-push hook");
    }
    world.write(".githooks/pre-push", "#!/bin/sh\n");
    vm::set_mode(&world.workspace().join(".githooks/pre-push"), 0o755);
    world.git(&["config", "core.hooksPath", ".githooks"]);
    asked(&world, GATE, 0);
    assert!(!trace.exists(), "the gate pushed");
}

#[test]
fn a_remote_that_does_not_answer_is_unknown_and_what_was_seen_of_it_is_enough_for_a_no() {
    let world = pushed();
    fs::rename(world.bare("Nexy_server"), world.root().join("gone")).expect("the remote");
    tells(&asked(&world, GATE, 69), "server_repo does not answer: git refuses to tell: fatal: ", "git remote set-url server_repo ");
    fs::rename(world.bare("Nexy"), world.root().join("gone too")).expect("the remote");
    holds(&asked(&world, GATE, 69), "found", "origin does not answer");
    world.git(&["commit", "--quiet", "--amend", "--allow-empty", "--message=rewritten"]);
    holds(&asked(&world, GATE, 1), "found", "is not in the history of main");
}

#[test]
fn a_remote_that_hangs_is_unknown_in_time() {
    let world = pushed();
    world.git(&["config", "remote.origin.uploadpack", "sleep 60; :"]);
    holds(&asked(&world, GATE, 69), "found", "origin does not answer: `git` did not end within ");
}

#[test]
fn a_password_in_a_url_is_neither_shown_nor_given_to_git() {
    let world = pushed();
    let url = world.standin.web_url().replace("http://", "http://person:s3cretvalue@");
    world.git(&["remote", "set-url", "origin", &format!("{url}/Seregawpn/Nexy.git")]);
    let ran = ask(&world, &[GATE]);
    let finding = vm::judged(&ran, GATE, 69);
    holds(&finding, "found", "the URL of origin holds a password");
    assert!(!said(&ran).contains("s3cretvalue"), "{ran}");
    assert!(world.standin.requests().is_empty(), "it was asked all the same");
    vm::type_line(&world, fix_commands(&finding["fix"])[0], &world.workspace());
    asked(&world, GATE, 0);
}

#[test]
fn remotes_that_are_missing_or_lead_to_two_places_are_unknown() {
    let world = pushed();
    world.git(&["remote", "set-url", "--push", "origin", "https://elsewhere.example/a/b.git"]);
    holds(&asked(&world, GATE, 69), "fix", "nexy-gate git-remotes");
    world.git(&["remote", "remove", "server_repo"]);
    holds(&asked(&world, GATE, 69), "found", "there is no remote server_repo");
}

#[test]
fn a_history_that_was_cut_off_is_unknown() {
    let world = pushed();
    others_push(&world);
    world.git(&["fetch", "--quiet", "origin"]);
    world.git(&["commit", "--quiet", "--allow-empty", "--message=mine"]);
    let head = world.git(&["rev-parse", "HEAD"]);
    fs::write(world.workspace().join(".git/shallow"), head).expect("the mark of a shallow clone");
    holds(&asked(&world, GATE, 69), "fix", "git fetch --unshallow origin");
}

#[test]
fn no_repository_is_a_no_and_no_git_and_no_version_are_unknown() {
    let world = pushed();
    let ran = world.tool("nexy-gate").args([GATE, "--format=json"]).env("PATH", "/nowhere").run();
    holds(&vm::judged(&ran, GATE, 69), "found", "not on PATH");
    fs::remove_file(world.workspace().join("VERSION")).expect("the version");
    holds(&asked(&world, GATE, 69), "fix", "--tag vX.Y.Z.W");
    fs::remove_dir_all(world.workspace().join(".git")).expect("the repository");
    holds(&asked(&world, GATE, 1), "found", "is no git repository");
}

#[test]
fn nothing_is_written_and_nothing_is_fetched() {
    let world = pushed();
    others_push(&world);
    let refs = world.git(&["for-each-ref"]);
    asked(&world, GATE, 1);
    assert_eq!(world.git(&["for-each-ref"]), refs);
    assert!(!world.workspace().join(".git/FETCH_HEAD").exists());
}

/// What git and ssh repeat of a token is cleaned like everything else that leaves.
#[test]
fn a_token_that_git_repeats_is_not_shown() {
    const SENTINEL: &str = "ghp_SENTINELzQ7vX2mK9pL4wR8tY1uB6nH3";
    let world = pushed();
    let git = format!(
        "#!/bin/sh\ncase \"$*\" in *ls-remote*) echo 'remote: no such {SENTINEL}' >&2; exit 128 ;; esac\nexec /usr/bin/git \"$@\"\n"
    );
    world.write("bin/git", &git);
    world.sh("chmod +x bin/git").exits(0);
    let path = format!("{}/bin:/usr/bin:/bin", world.workspace().display());
    let ran = world.tool("nexy-gate").arg(GATE).env("PATH", &path).env("GITHUB_TOKEN", SENTINEL).run();
    ran.exits(69).says("remote: no such [secret]");
    leak_scan::assert_none(SENTINEL, &said(&ran), "what the gate says");
}

#[test]
fn git_reaches_a_remote_with_what_the_person_has_set_for_it() {
    let world = pushed();
    world.write("bin/git", "#!/bin/sh\ncase \"$*\" in *ls-remote*) env >>\"$HOME/seen\" ;; esac\nexec /usr/bin/git \"$@\"\n");
    world.sh("chmod +x bin/git").exits(0);
    let path = format!("{}/bin:/usr/bin:/bin", world.workspace().display());
    let asks = world.tool("nexy-gate").arg(GATE).env("PATH", &path).env("https_proxy", "http://127.0.0.1:1");
    asks.env("GIT_SSH_COMMAND", "ssh -F none").env("GIT_SSL_CAINFO", "/ca.pem").run().exits(0);
    let seen = fs::read_to_string(world.home().join("seen")).expect("git asked the remote");
    for set in ["https_proxy=http://127.0.0.1:1", "GIT_SSH_COMMAND=ssh -F none", "GIT_SSL_CAINFO=/ca.pem"] {
        assert!(seen.lines().any(|line| line == set), "{set}: {seen}");
    }
    assert!(!seen.contains("TOKEN"), "{seen}");
}
