//! `tag-coherent` against real tags: lightweight and annotated, with every kind of thing in them that must not be.

use crate::{ask, asked, holds, mended, said, tagged, vm, world};
use nexy_standin::world::{World, fix_commands, fix_text};
use serde_json::Value;
use std::{fs, os::unix::fs::chown};

const GATE: &str = "tag-coherent";
const TAG: &str = "v2.0.0.4";
/// What a real key looks like; put together here, so that this file holds none.
const BODY: &str = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj";

fn key() -> String {
    format!("-----BEGIN {}-----\n{BODY}\n-----END {}-----\n", "PRIVATE KEY", "PRIVATE KEY")
}

/// Asks on the VM, whose checkout is at an older commit than the tag.
#[track_caller]
fn asked_there(world: &World, code: i32) -> Value {
    vm::judged(&vm::ask_there(world, &[GATE, "--tag", TAG]), GATE, code)
}

#[test]
fn a_lightweight_and_an_annotated_tag_pass() {
    let world = tagged(|_| {});
    let finding = asked(&world, GATE, 0);
    holds(&finding, "found", "19 version places and 2 manifests agree");
    holds(&finding, "found", "it is what is checked out");
    world.git(&["tag", "--force", "--annotate", "--message=a release", TAG]);
    holds(&asked(&world, GATE, 0), "found", ", annotated");
    world.clone_to_vm();
    asked_there(&world, 0);
}

#[test]
fn a_missing_tag_is_a_no_and_the_printed_commands_make_it() {
    let world = world();
    let missing = asked(&world, GATE, 1);
    assert_eq!(fix_text(&missing["fix"]), "make tag");
    vm::type_fix(&world, &missing, &world.workspace());
    asked(&world, GATE, 0);
    world.set_version("2.0.0.5");
    let missing = asked(&world, GATE, 1);
    vm::type_fix(&world, &missing, &world.workspace());
    holds(&asked(&world, GATE, 0), "found", "v2.0.0.5");
}

#[test]
fn every_place_of_the_tag_counts_and_not_what_is_checked_out() {
    let world = tagged(|world| {
        world.set_version("2.0.0.3");
        world.write("VERSION", "2.0.0.4\n");
    });
    let finding = asked(&world, GATE, 1);
    holds(&finding, "found", "holds 2.0.0.3");
    world.set_version("2.0.0.4");
    asked(&world, GATE, 1);
    vm::type_fix(&world, &finding, &world.workspace());
    assert_eq!(world.read("VERSION"), "2.0.0.5\n");
    holds(&asked(&world, GATE, 0), "found", "v2.0.0.5");
}

/// A tag is never moved, so the commit is asked about before it gets one: what git holds of it counts, not what is checked out.
#[test]
fn a_commit_is_asked_before_it_has_the_tag_and_is_simply_followed_by_a_better_one() {
    let world = world();
    let workflow = ".github/workflows/deploy-to-azure.yml";
    fs::remove_file(world.workspace().join(workflow)).expect("the workflow");
    let head = world.git(&["rev-parse", "HEAD"]).trim().to_owned();
    let ask = |tag: &str, commit: &str| ask(&world, &[GATE, "layout", "workflow-triggers", "--tag", tag, "--commit", commit]);
    ask(TAG, &head).exits(0);
    world.git(&["commit", "--quiet", "--all", "--message=without"]);
    let next = world.git(&["rev-parse", "HEAD"]);
    let ran = ask("v2.0.0.5", next.trim());
    let finding = ran.exits(1).finding(GATE);
    holds(&finding, "found", "VERSION at v2.0.0.5 holds 2.0.0.4");
    assert_eq!(fix_commands(&finding["fix"]), ["make tag"]);
    holds(&ran.finding("workflow-triggers"), "found", "deploy-to-azure.yml does not exist");
    holds(&ask(TAG, &"0".repeat(40)).exits(69).finding(GATE), "found", "there is no commit 0000");
    ask(TAG, "HEAD").exits(2);
}

#[test]
fn a_branch_of_the_tags_name_is_a_no_and_the_printed_command_renames_it() {
    let world = tagged(|_| {});
    world.git(&["branch", TAG]);
    mended(&world, GATE, "refs/heads/v2.0.0.4 is a branch of the same name");
    world.git(&["rev-parse", "--verify", "refs/heads/branch-v2.0.0.4"]);
    world.bare_remotes();
    world.git(&["push", "--quiet", "origin", "main", "main:refs/heads/v2.0.0.4"]);
    mended(&world, GATE, "refs/remotes/origin/v2.0.0.4 is a branch");
}

#[test]
fn a_tag_that_tracks_the_servers_settings_is_a_no_on_both_machines() {
    let world = tagged(|world| world.write("config.env", "GEMINI_API_KEY=s3cretvalue\n"));
    let ran = ask(&world, &[GATE]);
    let finding = vm::judged(&ran, GATE, 1);
    holds(&finding, "found", "v2.0.0.4 tracks config.env");
    assert!(!said(&ran).contains("s3cretvalue"));
    world.clone_to_vm();
    holds(&asked_there(&world, 1), "fix", "on the laptop, in the workspace:");
    world.write(".gitignore", &format!("{}/config.env\n", world.read(".gitignore")));
    vm::type_fix(&world, &finding, &world.workspace());
    assert!(world.workspace().join("config.env").exists(), "the file itself stays");
    holds(&asked(&world, GATE, 0), "found", "v2.0.0.5");
}

#[test]
fn a_tag_that_removes_the_servers_settings_is_a_no_and_the_printed_command_keeps_them() {
    let world = world();
    world.write("config.env", "A=\n");
    world.git(&["add", "--force", "config.env"]);
    world.git(&["commit", "--quiet", "--message=as it once was"]);
    world.git(&["rm", "--cached", "--quiet", "config.env"]);
    fs::remove_file(world.workspace().join("config.env")).expect("the settings");
    let old = world.git(&["rev-parse", "HEAD"]);
    world.tag_release();
    let settings = world.read_vm("config.env");
    world.clone_to_vm();
    world.git_vm(&["checkout", "--quiet", "--force", "--detach", old.trim()]);
    world.set_config_env(&settings);
    let finding = asked_there(&world, 1);
    holds(&finding, "found", "HEAD tracks config.env and v2.0.0.4 does not");
    vm::type_fix(&world, &finding, &world.vm());
    asked_there(&world, 0);
    world.git_vm(&["checkout", "--quiet", "--force", TAG]);
    assert_eq!(world.read_vm("config.env"), settings);
}

#[test]
fn keys_by_name_and_by_content_are_a_no_and_what_is_public_is_none() {
    let public = [
        ("keys/release.pub", "ssh-ed25519 AAAA".to_owned()),
        ("certs/ca.crt", "-----BEGIN CERTIFICATE-----\n".to_owned()),
        ("certs/bundle.pem", "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----\n".repeat(9000)),
        ("config.env.example", "GEMINI_API_KEY=abc\n".to_owned()),
        (".env.production", "A=\nB=your_key_here\n".to_owned()),
        ("Docs/keys.md", format!("a file that begins with -----BEGIN {}----- is a key", "PRIVATE KEY")),
    ];
    asked(&tagged(|world| public.iter().for_each(|(path, text)| world.write(path, text))), GATE, 0);
    for (path, text, because) in [
        ("server/keys/ca.pem", key(), "a key by its name"),
        ("server/server/config.env", "TOKEN=abc\n".to_owned(), "settings with values"),
        ("notes with 'blanks'.txt", key(), "it holds a private key"),
    ] {
        let world = tagged(|world| world.write(path, &text));
        let ran = ask(&world, &[GATE]);
        let finding = vm::judged(&ran, GATE, 1);
        holds(&finding, "found", &format!("{path} ({because}"));
        assert!(!said(&ran).contains(BODY), "{ran}");
        vm::type_fix(&world, &finding, &world.workspace());
        holds(&asked(&world, GATE, 0), "found", "v2.0.0.5");
    }
}

#[test]
fn a_key_in_the_workspace_alone_or_in_another_commit_is_not_the_tags() {
    let world = tagged(|_| {});
    world.write("untracked.pem", &key());
    asked(&world, GATE, 0);
    world.git(&["add", "--all"]);
    world.git(&["commit", "--quiet", "--message=later"]);
    holds(&asked(&world, GATE, 0), "found", "has gone on with the same version");
}

#[test]
fn code_that_was_never_committed_is_a_no_and_the_printed_commands_commit_it() {
    let world = tagged(|world| world.write("server/main.py", "from .prompts import PROMPT\n"));
    for path in ["server/prompts.py", "server/__pycache__/main.py", "notes/scratch.py", "server/notes.txt", "server/updates/x.py"] {
        world.write(path, "PROMPT = ''\n");
    }
    let finding = asked(&world, GATE, 1);
    assert_eq!(finding["found"], "the workspace holds code that is in no commit: server/prompts.py");
    vm::type_fix(&world, &finding, &world.workspace());
    holds(&asked(&world, GATE, 0), "found", "v2.0.0.5");
    assert!(world.git(&["ls-tree", "-r", "--name-only", "v2.0.0.5"]).contains("server/prompts.py"));
}

#[test]
fn a_workspace_that_is_elsewhere_is_a_no() {
    let world = tagged(|_| {});
    world.set_version("2.0.0.5");
    world.git(&["commit", "--quiet", "--all", "--message=the next one"]);
    let finding = vm::judged(&ask(&world, &[GATE, "--tag", TAG]), GATE, 1);
    holds(&finding, "found", "has another version than v2.0.0.4 in VERSION, ");
    holds(&finding, "fix", "git switch --detach v2.0.0.4");
    let world = tagged(|_| {});
    world.git(&["checkout", "--quiet", "--orphan", "elsewhere"]);
    world.git(&["commit", "--quiet", "--message=another history"]);
    let finding = asked(&world, GATE, 1);
    holds(&finding, "found", "is not in the history of HEAD");
    world.git(&["switch", "--quiet", "--detach", TAG]);
    asked(&world, GATE, 0);
}

#[test]
fn a_history_that_was_cut_off_is_unknown() {
    let world = tagged(|_| {});
    world.git(&["commit", "--quiet", "--allow-empty", "--message=later"]);
    let head = world.git(&["rev-parse", "HEAD"]);
    fs::write(world.workspace().join(".git/shallow"), head).expect("the mark of a shallow clone");
    holds(&asked(&world, GATE, 69), "fix", "git fetch --unshallow origin");
}

#[test]
fn replaced_objects_and_programs_of_the_configuration_fool_nobody() {
    let world = tagged(|world| world.write("VERSION", "2.0.0.3\n"));
    world.write("VERSION", "2.0.0.4\n");
    let good = world.git(&["hash-object", "-w", "VERSION"]);
    let bad = world.git(&["rev-parse", "v2.0.0.4:VERSION"]);
    world.git(&["replace", bad.trim(), good.trim()]);
    let trace = world.root().join("was-run");
    let program = format!("touch {}; cat", trace.display());
    for key in ["core.fsmonitor", "core.pager", "pager.ls-tree", "diff.external", "diff.x.textconv", "filter.x.clean", "filter.x.smudge"] {
        world.git(&["config", key, &program]);
    }
    world.write(".gitattributes", "* diff=x filter=x\n");
    let _ = fs::remove_file(&trace);
    holds(&vm::judged(&ask(&world, &[GATE, "--tag", TAG]), GATE, 1), "found", "VERSION at v2.0.0.4 holds 2.0.0.3");
    assert!(!trace.exists(), "git ran a program of the repository's configuration");
}

#[test]
fn git_runs_as_the_account_that_owns_the_checkout() {
    let world = world();
    if !vm::is_root(&world, "git_runs_as_the_account_that_owns_the_checkout") {
        return;
    }
    world.vm_checkout();
    vm::give_checkout_away(&world);
    asked_there(&world, 0);
    let stranger = vm::ask_as_a_stranger(&world, GATE);
    let finding = vm::judged(&stranger, GATE, 69);
    holds(&finding, "found", "dubious ownership");
    assert_eq!(fix_text(&finding["fix"]), "sudo nexy-gate tag-coherent");
    // Two accounts own it: git runs as one of them, and the other one could have configured it.
    chown(world.vm_path(".git"), Some(0), Some(0)).expect("its owner");
    let finding = asked_there(&world, 69);
    holds(&finding, "found", "dubious ownership");
    vm::type_fix(&world, &finding, &world.vm());
    asked_there(&world, 0);
    world.sh(&format!("chown -R 4242:4242 '{}'", world.vm().display())).exits(0);
    holds(&asked_there(&world, 69), "found", "belongs to user 4242, who has no account on this machine");
}

#[test]
fn a_missing_or_refusing_git_is_unknown_and_no_repository_is_a_no() {
    let world = tagged(|_| {});
    let ran = world.tool("nexy-gate").args([GATE, "--format=json"]).env("PATH", "/nowhere").run();
    holds(&vm::judged(&ran, GATE, 69), "fix", "put git on PATH");
    fs::remove_dir_all(world.workspace().join(".git")).expect("the repository");
    holds(&asked(&world, GATE, 1), "fix", "git clone ");
}

/// What a partial clone left out, or a disk lost. The layout needs no content, and is judged all the same.
#[test]
fn content_that_is_not_here_is_unknown_with_its_name_and_the_printed_command_fetches_it() {
    let world = tagged(|world| world.write("server/big.bin", "so large that a partial clone leaves it out"));
    world.bare_remotes();
    world.git(&["push", "--quiet", "origin", TAG]);
    for path in ["server/big.bin", "VERSION"] {
        let object = world.git(&["rev-parse", &format!("{TAG}:{path}")]);
        let (folder, file) = object.trim().split_at(2);
        fs::remove_file(world.workspace().join(".git/objects").join(folder).join(file)).expect("a loose object");
        asked(&world, "layout", 0);
        let finding = asked(&world, GATE, 69);
        holds(&finding, "found", &format!("does not hold the content of {path}"));
        holds(&finding, "found", object.trim());
        vm::type_line(&world, fix_commands(&finding["fix"])[0], &world.workspace());
        asked(&world, GATE, 0);
    }
}
