//! `checkout-origin` against real clones on the VM.

use crate::{holds, vm, world};
use nexy_standin::world::{World, fix_text};
use serde_json::Value;
use std::fs;

const GATE: &str = "checkout-origin";

#[track_caller]
fn asked(world: &World, code: i32) -> Value {
    vm::asked_there(world, GATE, code)
}

#[test]
fn a_clone_of_the_configured_repository_passes_wherever_it_is_asked_from() {
    let world = vm::checked_out();
    holds(&asked(&world, 0), "found", "origin leads to Seregawpn/Nexy");
    // The workspace's own remotes say nothing about the VM.
    world.git(&["remote", "remove", "origin"]);
    crate::asked(&world, GATE, 0);
    world.git_vm(&["remote", "add", "backup", "https://elsewhere.example/a/b.git"]);
    asked(&world, 0);
}

#[test]
fn another_repository_is_a_no_and_the_printed_command_mends_it() {
    let world = vm::checked_out();
    let web = world.standin.web_url();
    for url in
        [format!("{web}/Seregawpn/Nexy_server.git"), "https://elsewhere.example/Seregawpn/Nexy.git".to_owned(), "/srv/git/Nexy".to_owned()]
    {
        world.git_vm(&["remote", "set-url", "origin", &url]);
        vm::mended(&world, "origin fetches from ", |code| asked(&world, code));
    }
    world.git_vm(&["remote", "rename", "origin", "old"]);
    vm::mended(&world, "there is no remote origin", |code| asked(&world, code));
}

#[test]
fn the_owners_own_configuration_counts() {
    let world = vm::checked_out();
    let rewrite = format!("[url \"https://elsewhere.example/\"]\n\tinsteadOf = {}/\n", world.standin.web_url());
    fs::write(world.home().join(".gitconfig"), rewrite).expect("a configuration");
    holds(&asked(&world, 1), "found", "origin fetches from https://elsewhere.example/Seregawpn/Nexy.git");
}

#[test]
fn no_repository_is_a_no_and_the_printed_commands_make_one() {
    let world = world();
    world.bare_remotes();
    world.tag_release();
    world.git(&["push", "--quiet", "origin", "main", "v2.0.0.4"]);
    let finding = asked(&world, 1);
    holds(&finding, "found", "is no git repository");
    vm::type_fix(&world, &finding, &world.workspace());
    // In this world the person's configuration leads to the copies that can be fetched from; that was for the fetch alone.
    fs::remove_file(world.home().join(".gitconfig")).expect("the configuration");
    asked(&world, 0);
    world.git_vm(&["rev-parse", "--verify", "refs/tags/v2.0.0.4"]);
}

#[test]
fn a_missing_checkout_is_a_no_with_the_command_that_clones_it() {
    let world = world();
    fs::rename(world.vm(), world.root().join("gone")).expect("the checkout");
    let ran = world.tool("nexy-gate").args([GATE, "--format=json"]).run();
    let finding = vm::judged(&ran, GATE, 1);
    holds(&finding, "fix", " git clone http://");
    holds(&finding, "fix", &format!("/Seregawpn/Nexy.git {}", world.vm().display()));
    fs::rename(world.root().join("gone"), world.vm()).expect("the checkout");
}

#[test]
fn a_checkout_of_another_account_is_asked_as_that_account() {
    let world = vm::checked_out();
    if !vm::is_root(&world, "a_checkout_of_another_account_is_asked_as_that_account") {
        return;
    }
    vm::give_checkout_away(&world);
    // The account cannot read root's settings, and need not.
    fs::write(world.home().join(".gitconfig"), "[broken\n").expect("a configuration");
    vm::set_mode(&world.home(), 0o700);
    asked(&world, 0);
    let stranger = vm::ask_as_a_stranger(&world, GATE);
    let finding = vm::judged(&stranger, GATE, 69);
    holds(&finding, "found", "dubious ownership");
    assert_eq!(fix_text(&finding["fix"]), "sudo nexy-gate checkout-origin");
    world.sh(&format!("chown -R 4242 '{}'", world.vm().display())).exits(0);
    holds(&asked(&world, 69), "found", "belongs to user 4242");
}

#[test]
fn root_runs_no_git_where_another_account_can_change_what_git_obeys() {
    let world = vm::checked_out();
    if !vm::is_root(&world, "root_runs_no_git_where_another_account_can_change_what_git_obeys") {
        return;
    }
    asked(&world, 0);
    // What `chmod -R g+w` leaves.
    for path in [".git/config", ".git"] {
        let path = world.vm_path(path);
        let before = fs::metadata(&path).expect("it is there").permissions();
        world.sh(&format!("chmod g+w '{}'", path.display())).exits(0);
        let finding = asked(&world, 69);
        holds(&finding, "found", &format!("{} can be written by other accounts than root", path.display()));
        vm::type_fix(&world, &finding, &world.workspace());
        asked(&world, 0);
        fs::set_permissions(&path, before).expect("its mode");
    }
}

#[test]
fn a_mounted_tree_is_asked_by_its_own_paths() {
    let world = vm::checked_out();
    let root = world.root().join("image");
    let checkout = root.join(world.vm().strip_prefix("/").expect("absolute"));
    fs::create_dir_all(checkout.parent().expect("a folder")).expect("the image");
    fs::rename(world.vm(), &checkout).expect("the checkout");
    let asked = |code| {
        let ran = world.tool("nexy-gate").args([GATE, "--format=json", "--root"]).arg(root.to_str().expect("a path")).run();
        vm::judged(&ran, GATE, code)
    };
    asked(0);
    fs::remove_dir_all(checkout.join(".git")).expect("the repository");
    let finding = asked(1);
    assert!(!finding.to_string().contains("/image"), "{finding}");
}
