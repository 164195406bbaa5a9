//! `checkout-state` against a real checkout, with every way in which one can differ from its tag.

use crate::vm::{self, checked_out};
use crate::{holds, world};
use nexy_standin::world::{MANIFEST_FOLDERS, World, fix_commands};
use serde_json::Value;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::{fs, path::PathBuf};

const GATE: &str = "checkout-state";
const TAG: &str = "v2.0.0.4";

#[track_caller]
fn asked(world: &World, code: i32) -> Value {
    vm::asked_there(world, GATE, code)
}

/// A no with these words, and a pass after the printed commands were typed.
#[track_caller]
fn mended(world: &World, said: &str) {
    vm::mended(world, said, |code| asked(world, code));
}

fn kept(world: &World, path: &str) -> PathBuf {
    world.vm_path(".git/kept").join(path)
}

#[test]
fn the_tag_with_the_servers_own_changes_passes() {
    let world = checked_out();
    holds(&asked(&world, 0), "found", "v2.0.0.4 (");
    world.set_vm_manifest(&world.live_manifest("2.0.0.4"));
    world.write_vm("monitoring/latest_status.json", "{}");
    world.write_vm("server/updates/downloads/x", "");
    world.write_vm("server/__pycache__/main.pyc", "");
    fs::remove_file(world.vm_path(MANIFEST_FOLDERS[1]).join("manifest.json")).expect("a manifest");
    world.git_vm(&["add", "--force", "config.env"]);
    asked(&world, 0);
}

#[test]
fn an_annotated_tag_is_followed_to_its_commit_and_a_branch_there_will_do() {
    let world = checked_out();
    world.git_vm(&["tag", "--force", "--annotate", "--message=a release", TAG]);
    asked(&world, 0);
    world.git_vm(&["switch", "--quiet", "--create", "deployed"]);
    asked(&world, 0);
}

#[test]
fn another_commit_is_a_no_and_the_printed_command_goes_to_the_tag() {
    let world = checked_out();
    world.git_vm(&["commit", "--quiet", "--allow-empty", "--message=a hot edit"]);
    mended(&world, " is checked out, v2.0.0.4 is ");
    world.git_vm(&["checkout", "--quiet", "--orphan", "empty"]);
    holds(&asked(&world, 1), "found", "nothing is checked out");
}

#[test]
fn a_tag_that_is_not_here_is_unknown() {
    let world = checked_out();
    let finding = vm::judged(&vm::ask_there(&world, &[GATE, "--tag", "v2.0.0.5"]), GATE, 69);
    holds(&finding, "fix", "fetch origin refs/tags/v2.0.0.5:refs/tags/v2.0.0.5");
}

#[test]
fn changes_are_a_no_and_the_printed_command_restores_them() {
    let world = checked_out();
    let main = world.vm_path("server/main.py");
    fs::write(&main, "print('a hot edit')\n").expect("the script");
    mended(&world, "server/main.py (changed)");
    fs::remove_file(&main).expect("the script");
    mended(&world, "server/main.py (deleted)");
    fs::set_permissions(&main, fs::Permissions::from_mode(0o755)).expect("its mode");
    world.git_vm(&["config", "core.fileMode", "false"]);
    mended(&world, "server/main.py (changed)");
    fs::remove_file(&main).expect("the script");
    symlink("requirements.txt", &main).expect("a link");
    mended(&world, "server/main.py (another kind of file)");
}

#[test]
fn staged_changes_are_a_no_also_when_the_files_are_right() {
    let world = checked_out();
    world.write_vm("server/main.py", "staged\n");
    world.git_vm(&["add", "server/main.py"]);
    mended(&world, "server/main.py (changed, staged)");
    world.write_vm("server/main.py", "staged\n");
    world.git_vm(&["add", "server/main.py"]);
    world.git_vm(&["restore", "--source=HEAD", "--worktree", "server/main.py"]);
    mended(&world, "server/main.py (changed, staged, and then changed)");
    world.write_vm("server/new.py", "");
    world.git_vm(&["add", "server/new.py"]);
    mended(&world, "server/new.py (added, staged)");
    world.git_vm(&["rm", "--quiet", "--cached", "VERSION"]);
    mended(&world, "VERSION (deleted, staged)");
}

#[test]
fn a_planted_link_receives_nothing_of_roots_doing() {
    let world = checked_out();
    if !vm::is_root(&world, "a_planted_link_receives_nothing_of_roots_doing") {
        return;
    }
    world.write_vm("units/evil.service", "x");
    let account = vm::give_checkout_away(&world);
    let roots = world.root().join("roots");
    fs::create_dir(&roots).expect("a folder");
    vm::set_mode(&roots, 0o755);
    let link = world.vm_path(".git/kept");
    vm::plant(&account, &roots, &link);
    let finding = asked(&world, 1);
    for command in fix_commands(&finding["fix"]) {
        let as_bin = command.replace("sudo -u bin ", "setpriv --reuid bin --regid bin --init-groups -- ");
        drop(world.shell(&as_bin.replace("sudo ", "")).run());
    }
    assert!(fs::read_dir(&roots).expect("a folder").next().is_none(), "root followed a planted link");
    assert_eq!(vm::owned(&roots), (0, 0, 0o755));
    fs::remove_file(link).expect("the link");
    mended(&world, "these are not the tag's: units/");
    assert_eq!(fs::read_to_string(kept(&world, "units/evil.service")).expect("it is kept"), "x");
}

#[test]
fn what_git_does_not_know_is_a_no_and_is_moved_away() {
    let world = checked_out();
    world.write_vm("server/hot fix.py", "only copy");
    world.write_vm("main.py", "");
    mended(&world, "these are not the tag's: main.py, server/hot fix.py");
    assert_eq!(fs::read_to_string(kept(&world, "server/hot fix.py")).expect("it is kept"), "only copy");
    world.write_vm("nested/file", "");
    world.git_in(&world.vm_path("nested"), &["init", "--quiet"]);
    mended(&world, "nested/");
    world.write_vm("venv.old/x", "");
    mended(&world, "venv.old/x");
}

#[test]
fn ignore_lists_of_this_machine_hide_nothing_and_those_of_the_tag_do() {
    let world = checked_out();
    world.write_vm("server/__pycache__/ignored.pyc", "");
    asked(&world, 0);
    world.write_vm("server/hidden.py", "");
    world.write_vm(".git/info/exclude", "*\n");
    fs::write(world.home().join("ignore"), "*\n").expect("a list");
    let setting = world.home().join("ignore");
    world.git_vm(&["config", "core.excludesFile", setting.to_str().expect("a path")]);
    world.git_vm(&["config", "status.showUntrackedFiles", "no"]);
    mended(&world, "server/hidden.py");
    world.write_vm(".gitignore", "*\n");
    mended(&world, ".gitignore (changed)");
}

#[test]
fn files_that_git_was_told_not_to_look_at_are_a_no() {
    for flag in ["--assume-unchanged", "--skip-worktree"] {
        let world = checked_out();
        world.git_vm(&["update-index", flag, "server/main.py"]);
        world.write_vm("server/main.py", "a hot edit\n");
        let finding = asked(&world, 1);
        holds(&finding, "found", "git was told not to look at server/main.py");
        for command in fix_commands(&finding["fix"]).into_iter().filter(|command| !command.starts_with("sudo nexy-gate ")) {
            vm::type_line(&world, command, &world.workspace());
        }
        mended(&world, "server/main.py (changed)");
    }
}

#[test]
fn what_is_unfinished_is_a_no_and_the_printed_command_leaves_it() {
    let world = checked_out();
    world.git_vm(&["switch", "--quiet", "--create", "other"]);
    world.write_vm("server/main.py", "other\n");
    world.git_vm(&["commit", "--quiet", "--all", "--message=other"]);
    world.git_vm(&["checkout", "--quiet", "--detach", TAG]);
    world.write_vm("server/main.py", "mine\n");
    world.git_vm(&["commit", "--quiet", "--all", "--message=mine"]);
    for (command, said) in
        [("merge other", "a merge is unfinished"), ("cherry-pick other", "a cherry-pick is"), ("rebase other", "a rebase is")]
    {
        world.sh(&format!("cd '{}' && git -c user.name=P -c user.email=p@x {command} || true", world.vm().display())).exits(0);
        let finding = asked(&world, 1);
        holds(&finding, "found", said);
        if command.starts_with("merge") {
            holds(&finding, "found", "server/main.py (in conflict)");
        }
        vm::type_line(&world, fix_commands(&finding["fix"])[0], &world.workspace());
    }
    world.git_vm(&["checkout", "--quiet", "--detach", TAG]);
    asked(&world, 0);
    world.git_vm(&["bisect", "start"]);
    mended(&world, "a bisect is unfinished");
}

#[test]
fn everything_at_once_is_mended_by_the_printed_commands() {
    let world = checked_out();
    world.write_vm("server/main.py", "another release\n");
    world.git_vm(&["commit", "--quiet", "--all", "--message=another release"]);
    world.write_vm("server/main.py", "and a hot edit\n");
    world.write_vm("server/requirements.txt", "");
    world.write_vm("stray", "");
    let settings = world.read_vm("config.env");
    mended(&world, " is checked out, v2.0.0.4 is ");
    assert_eq!(world.read_vm("config.env"), settings);
    assert!(world.vm_path("venv/bin/python3").exists(), "the server keeps what it needs");
}

#[test]
fn the_checkouts_owner_is_asked_and_where_it_cannot_look_nobody_knows() {
    let world = checked_out();
    if !vm::is_root(&world, "the_checkouts_owner_is_asked_and_where_it_cannot_look_nobody_knows") {
        return;
    }
    let account = vm::give_checkout_away(&world);
    asked(&world, 0);
    world.write_vm("server/main.py", "a hot edit\n");
    let finding = asked(&world, 1);
    holds(&finding, "fix", &format!("sudo -u {} git -C ", account.name));
    vm::type_fix(&world, &finding, &world.workspace());
    asked(&world, 0);
    for (folder, code) in [("monitoring", 0), ("secret", 69)] {
        world.write_vm(&format!("{folder}/x"), "");
        vm::set_mode(&world.vm_path(folder), 0o700);
        let finding = asked(&world, code);
        if code == 69 {
            holds(&finding, "found", "git could not look everywhere: warning: could not open directory 'secret/'");
        }
    }
    fs::remove_dir_all(world.vm_path("secret")).expect("a folder");
    let trace = world.root().join("trace");
    fs::create_dir(&trace).expect("a folder");
    vm::set_mode(&trace, 0o777);
    let filter = format!("id -u >> '{}/ran'; cat", trace.display());
    world.sh(&format!("git config --file '{}/.git/config' filter.x.clean \"{filter}\"", world.vm().display())).exits(0);
    world.write_vm(".gitattributes", "server/main.py filter=x\n");
    world.write_vm("server/main.py", "a hot edit\n");
    asked(&world, 1);
    let ran = fs::read_to_string(trace.join("ran")).unwrap_or_default();
    assert!(ran.lines().all(|line| line == account.uid.to_string()), "root ran a program of the owner's: {ran}");
}

#[test]
fn no_repository_is_a_no_and_a_git_that_refuses_is_unknown() {
    let world = world();
    holds(&asked(&world, 1), "found", "is no git repository");
    world.vm_checkout();
    fs::write(world.vm_path(".git/index"), "broken").expect("the index");
    holds(&asked(&world, 69), "found", "git refuses to tell");
    let target = format!("--target={}", world.vm_path("etc/nexy.toml").display());
    let ran = world.tool("nexy-gate").bare().args([target.as_str(), GATE, "--format=json"]).env("PATH", "/nowhere").run();
    holds(&vm::judged(&ran, GATE, 69), "found", "not on PATH");
}

#[test]
fn another_folder_of_files_fools_nobody() {
    let world = checked_out();
    world.write_vm("server/main.py", "a hot edit\n");
    let good = world.root().join("good");
    world.git_vm(&["worktree", "add", "--quiet", "--detach", good.to_str().expect("a path"), TAG]);
    world.git_vm(&["config", "core.worktree", good.to_str().expect("a path")]);
    holds(&asked(&world, 69), "found", "for the files of this repository");
}

/// git status is clean in each of these.
#[test]
fn a_tree_that_is_not_whole_is_a_no_though_git_says_nothing() {
    let world = checked_out();
    world.git_vm(&["config", "core.symlinks", "false"]);
    symlink("main.py", world.vm_path("server/link.py")).expect("a link");
    world.write_vm(".gitattributes", "*.bin filter=lfs -text\n*.part filter=annex\n*.sealed filter=git-crypt\n");
    symlink("../.git/annex/objects/aa/bb/x", world.vm_path("server/annexed")).expect("a link");
    world.write_vm("server/b.part", "/annex/objects/SHA256E-s5--0.part\n");
    world.write_vm("server/c.sealed", "\0GITCRYPT\0cipher");
    let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{:064}\nsize 5\n", 0);
    world.write_vm("server/a.bin", &pointer);
    world.write_vm("server/lfs.md", &pointer);
    world.git_vm(&["-c", "core.symlinks=true", "add", "--all", "server", ".gitattributes"]);
    let object = world.git_vm(&["rev-parse", "HEAD"]);
    world.git_vm(&["update-index", "--add", "--cacheinfo", &format!("160000,{},server/vendor", object.trim())]);
    world.git_vm(&["commit", "--quiet", "--message=not whole"]);
    world.git_vm(&["tag", "--force", TAG]);
    fs::create_dir(world.vm_path("server/vendor")).expect("its empty folder");
    fs::remove_file(world.vm_path("server/link.py")).expect("the link");
    world.write_vm("server/link.py", "main.py");
    assert!(!world.git_vm(&["status", "--porcelain", "--untracked-files=no"]).contains("server"), "git sees it by itself");
    let finding = asked(&world, 1);
    for words in [
        "files are not here: server/vendor",
        "a pointer of git-lfs: server/a.bin",
        "a pointer of git-annex: server/b.part, server/annexed",
        "has not decrypted: server/c.sealed",
        "server/link.py (another kind of file)",
    ] {
        holds(&finding, "found", words);
    }
    assert!(!finding["found"].to_string().contains("server/lfs.md"), "{finding:#}");
}

#[test]
fn a_changed_submodule_is_brought_back_by_the_printed_commands() {
    let world = checked_out();
    let made = "git init --quiet sub.source && cd sub.source && git config user.name P && git config user.email p@example.test \
                && echo 1 >file && git add file && git commit --quiet --message=one && echo 2 >file && git commit --quiet --all --message=two";
    world.sh(made).exits(0);
    let source = world.workspace().join("sub.source");
    world.git_vm(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &source.display().to_string(), "server/sub"]);
    world.git_vm(&["commit", "--quiet", "--message=a submodule"]);
    world.git_vm(&["tag", "--force", TAG]);
    asked(&world, 0);
    // Another commit is checked out in it, and a file of it is edited.
    world.git_vm(&["-C", "server/sub", "checkout", "--quiet", "HEAD~1"]);
    mended(&world, "server/sub (changed)");
    world.write_vm("server/sub/file", "3");
    mended(&world, "server/sub (changed)");
    world.git_vm(&["-C", "server/sub", "checkout", "--quiet", "--force", "HEAD~1"]);
    world.git_vm(&["add", "server/sub"]);
    world.write_vm("server/sub/file", "3");
    mended(&world, "server/sub (changed, staged, and then changed)");
}
