//! `layout` against real repositories: the four layouts that were released, and links in place of files.

use crate::{ask, asked, holds, tagged, vm, world};
use nexy_standin::world::fix_commands;
use std::fs;

const GATE: &str = "layout";
const TAG: &str = "v2.0.0.4";

#[test]
fn the_declared_layout_passes() {
    let world = tagged(|_| {});
    holds(&asked(&world, GATE, 0), "found", "has all 5 declared files");
    world.clone_to_vm();
    holds(&vm::asked_there(&world, GATE, 0), "found", TAG);
}

#[test]
fn a_whole_monorepo_one_level_down_is_a_no() {
    let world = world();
    world.tag_layout(
        &[
            ("server/main.py", "server/server/main.py"),
            ("VERSION", "server/VERSION"),
            ("server/requirements.txt", "server/server/requirements.txt"),
        ],
        &["server/main.py", "VERSION", "server/requirements.txt"],
    );
    let finding = vm::judged(&ask(&world, &[GATE, "--tag", TAG]), GATE, 1);
    holds(&finding, "found", "lacks server/main.py, server/requirements.txt, VERSION");
    holds(&finding, "found", "has server/server/main.py, server/VERSION, of another layout");
    holds(&finding, "fix", "nexy-version set 2.0.0.5");
}

#[test]
fn the_printed_commands_make_a_tag_that_passes() {
    let world = world();
    world.tag_layout(&[("VERSION", "server/VERSION")], &[]);
    let finding = asked(&world, GATE, 1);
    holds(&finding, "found", "has server/VERSION, of another layout");
    fs::remove_file(world.workspace().join("server/VERSION")).expect("the second owner");
    vm::type_fix(&world, &finding, &world.workspace());
    holds(&asked(&world, GATE, 0), "found", "v2.0.0.5");
}

#[test]
fn the_tag_counts_and_not_what_is_checked_out() {
    let world = tagged(|_| {});
    fs::remove_file(world.workspace().join("server/main.py")).expect("the script");
    world.write("main.py", "");
    asked(&world, GATE, 0);
    world.git(&["add", "--all"]);
    world.git(&["commit", "--quiet", "--message=another layout"]);
    asked(&world, GATE, 0);
}

#[test]
fn a_missing_tag_is_unknown_on_the_vm_and_the_printed_command_fetches_it() {
    let world = world();
    world.bare_remotes();
    world.clone_to_vm();
    let missing = vm::asked_there(&world, GATE, 69);
    holds(&missing, "fix", " fetch origin refs/tags/v2.0.0.4:refs/tags/v2.0.0.4\nsudo nexy-gate layout --tag v2.0.0.4");
    world.tag_release();
    world.git(&["push", "--quiet", "origin", TAG]);
    vm::type_line(&world, fix_commands(&missing["fix"])[0], &world.vm());
    vm::asked_there(&world, GATE, 0);
}

#[test]
fn a_tag_of_something_else_than_a_commit_is_a_no() {
    let world = world();
    world.git(&["tag", TAG, "HEAD^{tree}"]);
    holds(&asked(&world, GATE, 1), "found", "v2.0.0.4 leads to a tree");
    world.git(&["tag", "--force", TAG, "HEAD:VERSION"]);
    holds(&asked(&world, GATE, 1), "found", "v2.0.0.4 leads to a blob");
}

#[test]
fn a_mounted_tree_is_asked_about_its_own_checkout() {
    let world = world();
    world.vm_checkout();
    let root = world.root().join("image");
    let checkout = root.join(world.vm().strip_prefix("/").expect("absolute"));
    fs::create_dir_all(checkout.parent().expect("a folder")).expect("the image");
    fs::rename(world.vm(), &checkout).expect("the checkout");
    let ran = ask(&world, &[GATE, "--root", root.to_str().expect("a path")]);
    holds(&vm::judged(&ran, GATE, 0), "found", TAG);
    fs::remove_file(checkout.join("VERSION")).expect("the version");
    let ran = ask(&world, &[GATE, "--root", root.to_str().expect("a path")]);
    holds(&vm::judged(&ran, GATE, 69), "fix", "nexy-gate layout --tag vX.Y.Z.W");
}

#[test]
fn a_repository_further_up_is_another_one() {
    let world = tagged(|_| {});
    world.git_in(&world.root(), &["init", "--quiet"]);
    fs::remove_dir_all(world.workspace().join(".git")).expect("the repository");
    holds(&asked(&world, GATE, 1), "found", "is no git repository");
}

#[test]
fn files_that_stand_elsewhere_are_unknown() {
    let world = tagged(|_| {});
    world.git(&["config", "core.worktree", world.home().to_str().expect("a path")]);
    let finding = ask(&world, &[GATE]).finding(GATE);
    holds(&finding, "found", "for the files of this repository");
    vm::type_fix(&world, &finding, &world.workspace());
    asked(&world, GATE, 0);
}
