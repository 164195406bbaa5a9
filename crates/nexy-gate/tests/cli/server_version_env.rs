//! `server-version-env` against real files and a scripted service manager.

use crate::vm::{SECRET, ask_with_path, asked, judged, path, scripted, type_fix};
use crate::{holds, mended, world};
use nexy_standin::world::{OLD_VERSION, UNIT, VERSION, World, fix_commands, good_config_env};
use serde_json::json;
use std::{fs, os::unix::fs::MetadataExt as _};

const GATE: &str = "server-version-env";

fn with<'a>(world: &'a World, lines: &str) -> &'a World {
    world.set_config_env(&format!("{}{lines}", good_config_env()));
    world
}

#[test]
fn an_environment_that_leaves_the_version_to_its_file_passes() {
    let world = world();
    let finding = asked(&world, GATE, 0);
    holds(&finding, "found", "neither SERVER_VERSION nor SERVER_BUILD is set");
    holds(&finding, "found", VERSION);
    asked(with(&world, "#SERVER_VERSION=1.0.0.3\nSERVER_CHANNEL=1.0.0.3\n"), GATE, 0);
}

#[test]
fn a_stale_version_is_a_no_and_the_printed_command_takes_it_out_and_nothing_else() {
    let world = world();
    with(&world, &format!("SERVER_VERSION={OLD_VERSION}\nexport SERVER_BUILD=\"{OLD_VERSION}\"\nLAST=1\n"));
    let before = fs::metadata(world.vm_path("config.env")).expect("the file");
    let finding = asked(&world, GATE, 1);
    holds(&finding, "found", &format!("is {OLD_VERSION}, which wins over VERSION ({VERSION})"));
    holds(&finding, "found", "config.env (line 7) is stale");
    holds(&finding, "fix", "sudo sed ");
    type_fix(&world, &finding, &world.workspace());
    assert_eq!(world.read_vm("config.env"), format!("{}LAST=1\n", good_config_env()));
    let after = fs::metadata(world.vm_path("config.env")).expect("the file");
    assert_eq!((before.mode(), before.uid(), before.gid()), (after.mode(), after.uid(), after.gid()));
    asked(&world, GATE, 0);
    type_fix(&world, &finding, &world.workspace());
    asked(&world, GATE, 0);
}

#[test]
fn the_version_of_before_is_a_no_when_another_tag_is_meant() {
    let world = world();
    with(&world, &format!("SERVER_VERSION={VERSION}\n"));
    holds(&asked(&world, GATE, 0), "found", &format!("is {VERSION}, as VERSION says"));
    for (tag, code) in [("v2.0.0.5", 1), (&format!("v{VERSION}"), 0)] {
        let ran = ask_with_path(&world, &["before-checkout", "--tag", tag], &path(&world));
        let finding = ran.finding(GATE);
        assert_eq!(finding["verdict"] == "fail", code == 1, "{finding:#}");
        holds(&finding, "found", &format!("VERSION of {tag}"));
    }
}

#[test]
fn what_is_no_version_is_a_no_and_is_not_shown() {
    let world = world();
    for (line, said) in [
        (format!("SERVER_VERSION={SECRET}\n"), "is no release version (not shown)"),
        (format!("SERVER_VERSION=${{X}}{SECRET}\n"), "is made of another variable"),
        (format!("SERVER_VERSION={VERSION}\nSERVER_VERSION={SECRET}\n"), "(line 8)"),
    ] {
        mended(with(&world, &line), GATE, said);
    }
}

#[test]
fn a_missing_or_undecodable_file_is_a_no() {
    let world = world();
    fs::write(world.vm_path("config.env"), b"A=1\nSERVER_VERSION=\xff\n").expect("the file");
    holds(&asked(&world, GATE, 1), "found", "it is no UTF-8");
    fs::remove_file(world.vm_path("config.env")).expect("the file");
    holds(&asked(&world, GATE, 1), "found", "does not exist");
}

#[test]
fn a_checkout_without_its_version_is_a_no() {
    let world = world();
    world.write("VERSION", "soon\n");
    holds(&asked(&world, GATE, 1), "found", "VERSION");
    fs::remove_file(world.workspace().join("VERSION")).expect("the version");
    let finding = asked(&world, GATE, 1);
    holds(&finding, "found", "VERSION is missing, so the server would name the version that is written in its code");
    holds(&finding, "fix", "checkout HEAD -- VERSION");
}

#[test]
fn the_unit_wins_over_the_file_and_is_judged_first() {
    let world = world();
    world.set_unit("Environment", json!(format!("PATH=/bin SERVER_VERSION={OLD_VERSION} X={SECRET}")));
    let finding = asked(with(&world, &format!("SERVER_VERSION={VERSION}\n")), GATE, 1);
    holds(&finding, "found", &format!("SERVER_VERSION in Environment= of {UNIT} is {OLD_VERSION}, which wins over VERSION"));
    holds(&finding, "fix", "daemon-reload");
    world.set_unit("Environment", json!(format!("SERVER_VERSION={VERSION}")));
    asked(&world, GATE, 0);
    let finding = asked(with(&world, &format!("SERVER_VERSION={OLD_VERSION}\n")), GATE, 1);
    holds(&finding, "found", "hidden by Environment= of ");
    world.set_unit("Environment", json!(format!("SERVER_BUILD={SECRET}")));
    holds(&asked(&world, GATE, 1), "found", "SERVER_BUILD in Environment= of ");
}

#[test]
fn the_printed_commands_take_the_version_out_of_a_drop_in() {
    let world = world();
    let drop_in = world.root().join("version.conf");
    fs::write(&drop_in, format!("[Service]\nEnvironment=PATH=/bin\nEnvironment=\"SERVER_VERSION={OLD_VERSION}\"\n")).expect("a drop-in");
    world.set_unit("FragmentPath", json!(""));
    world.set_unit("DropInPaths", json!(drop_in));
    world.set_unit("Environment", json!(format!("PATH=/bin SERVER_VERSION={OLD_VERSION}")));
    let finding = asked(&world, GATE, 1);
    assert_eq!(fix_commands(&finding["fix"]).last(), Some(&"sudo systemctl daemon-reload"));
    type_fix(&world, &finding, &world.workspace());
    assert_eq!(fs::read_to_string(&drop_in).expect("the drop-in"), "[Service]\nEnvironment=PATH=/bin\n");
}

#[test]
fn a_file_that_the_unit_reads_is_judged_too() {
    let world = world();
    let file = world.root().join("more.env");
    let shown = file.display();
    fs::write(&file, format!("SERVER_VERSION={OLD_VERSION}\nX={SECRET}\n")).expect("a file");
    world.set_unit(
        "EnvironmentFiles",
        json!([format!("{} (ignore_errors=no)", world.vm_path("config.env").display()), format!("{shown} (ignore_errors=no)")]),
    );
    mended(&world, GATE, &format!("SERVER_VERSION in {shown} (line 1) is {OLD_VERSION}"));
    fs::write(&file, format!("A=\"{SECRET}\nSERVER_VERSION={VERSION}\n")).expect("a file");
    holds(&asked(&world, GATE, 69), "found", "its readers understand it otherwise");
    fs::remove_file(&file).expect("the file");
    holds(&asked(&world, GATE, 69), "found", "cannot read the EnvironmentFile= ");
    world.set_unit("EnvironmentFiles", json!(format!("{shown} (ignore_errors=yes)")));
    asked(&world, GATE, 0);
    world.set_unit("EnvironmentFiles", json!("/etc/*.env (ignore_errors=yes)"));
    holds(&asked(&world, GATE, 69), "found", "is a pattern");
}

#[test]
fn a_manager_that_cannot_be_asked_or_hides_a_value_is_unknown_and_hides_no_fault() {
    let world = world();
    let nowhere = |code: i32| judged(&ask_with_path(&world, &[GATE], "/nonexistent"), GATE, code);
    holds(&nowhere(69), "found", "`systemctl` is not on PATH");
    with(&world, &format!("SERVER_VERSION={OLD_VERSION}\n"));
    holds(&nowhere(1), "found", "is stale");
    world.set_config_env(&good_config_env());
    for (script, said) in [
        ("echo 'Host is down' >&2; exit 1", "Host is down"),
        ("exit 0", "LoadState is nothing"),
        ("echo LoadState=not-found", "LoadState is not-found"),
        ("echo LoadState=loaded; echo 'Environment=A=1 [unprintable]'", "hides what it sets"),
        ("echo LoadState=loaded; echo PassEnvironment=SERVER_BUILD", "PassEnvironment="),
        ("echo LoadState=loaded; echo EnvironmentFiles=/etc/new-form", "in a form that is not known"),
    ] {
        let folder = scripted(&world, "systemctl", script);
        let ran = ask_with_path(&world, &[GATE], &format!("{}:{}", folder.display(), path(&world)));
        holds(&judged(&ran, GATE, 69), "found", said);
    }
}

#[test]
fn what_the_manager_gives_to_every_service_is_judged_and_the_printed_command_takes_it_out() {
    let world = world();
    world.set_manager_environment(&["LANG=C.UTF-8", &format!("SERVER_VERSION={OLD_VERSION}"), &format!("X={SECRET} y")]);
    mended(&world, GATE, &format!("SERVER_VERSION in the manager's own environment is {OLD_VERSION}"));
}
