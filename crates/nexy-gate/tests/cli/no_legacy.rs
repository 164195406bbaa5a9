//! `no-legacy` against a real repository; which spellings count stands in the unit tests of the scan.

use crate::{ask, asked, holds, said, tells, world};
use nexy_standin::world::{World, fix_commands};
use std::{fs, os::unix::fs::symlink};

const GATE: &str = "no-legacy";
const OLD_HOST: &str = "nexy-server.canadacentral.cloudapp.azure.com";

/// Writes a file and lets git track it.
fn track(world: &World, path: &str, text: &str) {
    world.write(path, text);
    world.git(&["add", "--", path]);
}

#[test]
fn a_workspace_of_today_passes_and_nexy_toml_itself_may_name_legacy_targets() {
    let world = world();
    assert!(world.read("nexy.toml").contains(OLD_HOST));
    holds(&asked(&world, GATE, 0), "found", "tracked text files name no legacy target");
}

#[test]
fn a_legacy_name_is_refused_with_its_line_and_the_printed_command_shows_it() {
    let world = world();
    let secret = "hx7Qp2Lr9ZtW4vBn8sKd3mYf6Tc";
    track(&world, "server/notes/old plan.md", &format!("a line of today\nTOKEN={secret} az vm show --resource-group x --name Nexy\n"));
    let ran = ask(&world, &[GATE]);
    assert!(!said(&ran).contains(&secret[..8]), "{ran}");
    let finding = asked(&world, GATE, 1);
    holds(&finding, "found", "server/notes/old plan.md:2 names the VM Nexy");
    world.sh(fix_commands(&finding["fix"])[0]).exits(0).prints("server/notes/old plan.md:2");
}

#[test]
fn a_repository_of_ours_at_the_address_of_this_github_is_legal_and_another_is_not() {
    let world = world();
    let web = world.standin.web_url();
    track(&world, "a.md", &format!("{web}/Seregawpn/Nexy_production/releases and {web}/Seregawpn/Nexy.git\n"));
    asked(&world, GATE, 0);
    track(&world, "a.md", &format!("x\n{web}/Seregawpn/Nexy_old/releases\n"));
    holds(&asked(&world, GATE, 1), "found", "a.md:2 names the unknown repository Seregawpn/Nexy_old");
}

#[test]
fn only_what_git_tracks_is_looked_at_and_no_link_is_followed() {
    let world = world();
    world.write("scratch.md", OLD_HOST);
    world.write("releases/old.md", OLD_HOST);
    fs::write(world.root().join("elsewhere"), OLD_HOST).expect("a file");
    symlink(world.root().join("elsewhere"), world.workspace().join("link")).expect("a link");
    world.git(&["add", "link"]);
    asked(&world, GATE, 0);
}

#[test]
fn the_path_of_a_file_cannot_steer_the_terminal_or_the_shell() {
    let world = world();
    track(&world, "a\u{1b}[2J'$(touch pwned).md", OLD_HOST);
    let finding = asked(&world, GATE, 1);
    holds(&finding, "found", "a\\x1b[2J'$(touch pwned).md:1");
    world.sh(fix_commands(&finding["fix"])[0]).exits(0);
    assert!(!world.workspace().join("pwned").exists());
}

#[test]
fn binary_files_are_skipped_and_long_lines_are_not() {
    let world = world();
    track(&world, "image.bin", &format!("\0{OLD_HOST}"));
    asked(&world, GATE, 0);
    track(&world, "minified.json", &format!("\n{}\"{OLD_HOST}\"{}", "x,".repeat(200_000), ",x".repeat(10)));
    let finding = asked(&world, GATE, 1);
    assert_eq!(finding["found"], format!("minified.json:2 names the host {OLD_HOST}"));
}

#[test]
fn what_cannot_be_read_is_unknown_and_says_why() {
    let one = world();
    track(&one, "large.json", &"x\n".repeat(2 << 20));
    track(&one, "larger.json", &"x\n".repeat(3 << 20));
    let finding = asked(&one, GATE, 69);
    holds(&finding, "found", "larger.json has 6291456 bytes");
    assert!(!finding["found"].as_str().expect("found").contains("large.json has"), "{finding:#}");
    holds(&finding, "fix", "git grep -cwF");

    let two = world();
    fs::remove_file(two.workspace().join("server/main.py")).expect("the file");
    let object = two.git(&["rev-parse", ":server/main.py"]);
    let (folder, name) = object.trim().split_at(2);
    fs::remove_file(two.workspace().join(".git/objects").join(folder).join(name)).expect("the object");
    tells(
        &asked(&two, GATE, 69),
        "server/main.py is tracked and does not exist (git does not hold the content of",
        "git fetch --refetch --no-filter --tags",
    );

    let three = world();
    fs::remove_file(three.workspace().join("server/main.py")).expect("the file");
    fs::create_dir(three.workspace().join("server/main.py")).expect("a folder");
    holds(&asked(&three, GATE, 69), "found", "server/main.py is not a file");
    fs::remove_dir(three.workspace().join("server/main.py")).expect("the folder");
    symlink("/etc/passwd", three.workspace().join("server/main.py")).expect("a link");
    holds(&asked(&three, GATE, 69), "found", "server/main.py cannot be read");

    let four = world();
    four.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{},module", "1".repeat(40))]);
    holds(&asked(&four, GATE, 69), "found", "module is a submodule");
}

#[test]
fn a_file_that_is_gone_is_looked_up_in_git() {
    let world = world();
    fs::remove_file(world.workspace().join("server/main.py")).expect("the file");
    asked(&world, GATE, 0);
    track(&world, "old plan.md", &format!("x\n{OLD_HOST}\n"));
    fs::remove_file(world.workspace().join("old plan.md")).expect("the file");
    let finding = asked(&world, GATE, 1);
    holds(&finding, "found", &format!("old plan.md:2 does not exist here, and in git it names the host {OLD_HOST}"));
    world.sh(fix_commands(&finding["fix"])[0]).exits(0);
    asked(&world, GATE, 0);
}
