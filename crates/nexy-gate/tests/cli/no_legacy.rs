//! `no-legacy` against a real repository: names of the past as they really stood in it, and the legal word beside them.

use crate::{ask, asked, finding, holds, said, world};
use nexy_standin::world::World;
use std::{fs, os::unix::fs::symlink};

const GATE: &str = "no-legacy";
const OLD_HOST: &str = "nexy-server.canadacentral.cloudapp.azure.com";

/// Writes a file and lets git track it.
fn track(world: &World, path: &str, text: &str) {
    world.write(path, text);
    world.git(&["add", "--", path]);
}

#[test]
fn a_workspace_of_today_passes_and_nexy_toml_itself_may_speak_of_the_past() {
    let world = world();
    assert!(world.read("nexy.toml").contains(OLD_HOST));
    holds(&asked(&world, GATE, 0), "found", "tracked text files");
}

#[test]
fn every_name_that_ever_steered_a_release_is_refused_with_its_line() {
    for (text, what) in [
        (format!("curl -f https://{OLD_HOST}/health\n"), format!("the host {OLD_HOST}")),
        (format!("HOST={}\n", OLD_HOST.to_uppercase()), format!("the host {OLD_HOST}")),
        (
            "az vm show \\\n  --resource-group \"NetworkWatcherRG\" \\\n  --name x\n".to_owned(),
            "the resource group NetworkWatcherRG".to_owned(),
        ),
        ("az vm run-command invoke -g x -n nexy-regular\n".to_owned(), "the VM nexy-regular".to_owned()),
        ("az vm show --resource-group x --name Nexy -o table\n".to_owned(), "the VM Nexy".to_owned()),
        ("resource_group: \"Nexy\"\n".to_owned(), "the resource group Nexy".to_owned()),
        ("git clone https://github.com/Seregawpn/nexy_new.git\n".to_owned(), "the unknown repository Seregawpn/nexy_new".to_owned()),
    ] {
        let world = world();
        track(&world, "server/notes/old plan.md", &format!("a line of today\n{text}"));
        let finding = asked(&world, GATE, 1);
        holds(&finding, "found", &format!("names {what}"));
        holds(&finding, "found", "server/notes/old plan.md:");
        holds(&finding, "fix", "git grep -nwiF -e ");
        holds(&finding, "fix", "'server/notes/old plan.md'");
        let fix = finding["fix"].as_str().expect("a fix");
        world.sh(fix.lines().next().expect("a command")).exits(0).prints("server/notes/old plan.md:");
    }
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
fn the_legal_word_is_never_refused() {
    let world = world();
    let text = "name: Nexy\n# Nexy Updates\n`Seregawpn/Nexy`, Nexy.dmg, -g NexyNewRG --name NexyNew\npyinstaller --name Nexy\n/Applications/Nexy\n";
    track(&world, "client/build.md", text);
    asked(&world, GATE, 0);
}

#[test]
fn what_may_speak_of_the_past_is_not_scanned() {
    let world = world();
    track(&world, "Docs/assistant_exchange/2026.md", OLD_HOST);
    asked(&world, GATE, 0);
    track(&world, "Docs/assistant_exchange.md", OLD_HOST);
    holds(&asked(&world, GATE, 1), "found", "Docs/assistant_exchange.md:1 ");
    world.set_target("legacy", "not_scanned", "[\"Docs/assistant_exchange.md\", \"Docs/assistant_exchange/\"]");
    asked(&world, GATE, 0);
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
fn ten_places_are_named_the_rest_is_counted_and_no_line_is_repeated() {
    let world = world();
    let secret = "hx7Qp2Lr9ZtW4vBn8sKd3mYf6Tc";
    track(&world, "a.sh", &format!("TOKEN={secret} ssh {OLD_HOST}\n").repeat(12));
    let ran = ask(&world, &[GATE]);
    let finding = finding(&ran, GATE);
    assert_eq!(finding["found"].as_str().expect("found").matches("a.sh:").count(), 10);
    holds(&finding, "found", "and 2 more");
    assert!(!said(&ran).contains(&secret[..8]), "{ran}");
}

#[test]
fn the_path_of_a_file_cannot_steer_the_terminal_or_the_shell() {
    let world = world();
    track(&world, "a\u{1b}[2J'$(touch pwned).md", OLD_HOST);
    let finding = asked(&world, GATE, 1);
    holds(&finding, "found", "a\\x1b[2J'$(touch pwned).md:1");
    world.sh(finding["fix"].as_str().expect("a fix").lines().next().expect("a command")).exits(0);
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
fn what_nobody_can_look_into_is_unknown_and_says_why() {
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
    let finding = asked(&two, GATE, 69);
    holds(&finding, "found", "server/main.py is tracked and not there (git refuses to tell");
    holds(&finding, "fix", "git checkout -- server/main.py");

    let three = world();
    fs::remove_file(three.workspace().join("server/main.py")).expect("the file");
    fs::create_dir(three.workspace().join("server/main.py")).expect("a folder");
    holds(&asked(&three, GATE, 69), "found", "server/main.py is no file here");
    fs::remove_dir(three.workspace().join("server/main.py")).expect("the folder");
    symlink("/etc/passwd", three.workspace().join("server/main.py")).expect("a link");
    holds(&asked(&three, GATE, 69), "found", "server/main.py cannot be read");

    let four = world();
    four.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{},module", "1".repeat(40))]);
    holds(&asked(&four, GATE, 69), "found", "module is a repository of its own");
}

#[test]
fn a_file_that_is_gone_is_looked_up_in_git() {
    let world = world();
    fs::remove_file(world.workspace().join("server/main.py")).expect("the file");
    asked(&world, GATE, 0);
    track(&world, "old plan.md", &format!("x\n{OLD_HOST}\n"));
    fs::remove_file(world.workspace().join("old plan.md")).expect("the file");
    let finding = asked(&world, GATE, 1);
    holds(&finding, "found", &format!("old plan.md:2 is gone here, and as git still has it, names the host {OLD_HOST}"));
    world.sh(finding["fix"].as_str().expect("a fix").lines().next().expect("a command")).exits(0);
    asked(&world, GATE, 0);
}

#[test]
fn a_folder_without_repository_fails_and_a_missing_or_refusing_git_is_unknown() {
    let world = world();
    let ran = world.tool("nexy-gate").arg(GATE).env("PATH", "/nowhere").run();
    ran.exits(69).says("not on PATH");
    fs::write(world.workspace().join(".git/config"), "[broken\n").expect("the configuration");
    holds(&asked(&world, GATE, 69), "found", "git refuses to tell");
    fs::remove_dir_all(world.workspace().join(".git")).expect("the repository");
    holds(&asked(&world, GATE, 1), "found", "is no git repository");
}
