//! `git-remotes` against real git.

use crate::{ask, asked, holds, said, tells, world};
use nexy_standin::world::fix_text;
use std::fs;

const GATE: &str = "git-remotes";

#[test]
fn remotes_as_configured_pass() {
    holds(&asked(&world(), GATE, 0), "found", "origin leads to Seregawpn/Nexy");
}

#[test]
fn a_remote_that_leads_elsewhere_fails_and_its_secret_is_not_shown() {
    let world = world();
    world.git(&["remote", "set-url", "origin", "https://person:s3cretvalue@elsewhere.example/Seregawpn/Nexy.git"]);
    let ran = ask(&world, &[GATE]);
    ran.exits(1).says("fetches from https://elsewhere.example/Seregawpn/Nexy.git");
    assert!(!said(&ran).contains("s3cretvalue"));
}

#[test]
fn a_push_url_of_its_own_and_rewritten_urls_are_seen() {
    let one = world();
    one.git(&["remote", "set-url", "--push", "server_repo", "git@elsewhere.example:Seregawpn/Nexy_server.git"]);
    holds(&asked(&one, GATE, 1), "fix", "git config --replace-all remote.server_repo.pushurl ");
    let other = world();
    let web = other.standin.web_url();
    other.git(&["config", "url.https://elsewhere.example/.pushInsteadOf", &format!("{web}/")]);
    tells(&asked(&other, GATE, 1), "origin pushes to https://elsewhere.example/Seregawpn/Nexy.git", "take out the setting that rewrites");
}

#[test]
fn a_host_that_only_ssh_knows_is_unknown_and_the_fix_mends_it() {
    let world = world();
    world.git(&["remote", "set-url", "origin", "git@work:Seregawpn/Nexy.git"]);
    let finding = asked(&world, GATE, 69);
    holds(&finding, "found", "origin fetches from Seregawpn/Nexy on `work`, a name that only ssh knows");
    world.sh(&fix_text(&finding["fix"])).exits(0);
    asked(&world, GATE, 0);
    world.git(&["remote", "add", "assets", "work:Seregawpn/Nexy_production.git"]);
    holds(&asked(&world, GATE, 69), "fix", "git remote remove assets");
}

#[test]
fn a_folder_without_repository_fails() {
    let world = world();
    fs::remove_dir_all(world.workspace().join(".git")).expect("the repository");
    holds(&asked(&world, GATE, 1), "found", "is no git repository");
}

#[test]
fn a_missing_or_refusing_git_is_unknown() {
    let world = world();
    let ran = world.tool("nexy-gate").arg(GATE).env("PATH", "/nowhere").run();
    ran.exits(69).says("not on PATH");
    fs::write(world.workspace().join(".git/config"), "[broken\n").expect("the configuration");
    holds(&asked(&world, GATE, 69), "found", "git refuses to tell");
}
