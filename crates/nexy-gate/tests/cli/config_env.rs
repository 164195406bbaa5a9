//! `config-env` against real files.

use crate::vm::{self, SECRET, ask, ask_as_a_stranger, ask_in_root, asked, is_root, judged, plant, set_mode, set_mounted};
use crate::{holds, tells, world};
use nexy_standin::world::{UNIT, World, fix_commands};
use std::{fs, os::unix::fs::symlink};

const GATE: &str = "config-env";

#[test]
fn the_usual_file_passes() {
    holds(&asked(&world(), GATE, 0), "found", "6 assignments, read alike by all");
}

#[test]
fn a_line_that_readers_disagree_on_is_named_by_rule_and_line_and_never_shown() {
    let world = world();
    for (text, rule) in [
        (format!("A=1\nexport K={SECRET}\n"), "export in line 2"),
        (format!("A=1\nK={SECRET} # mine\n"), "inline-comment in line 2"),
        (format!("A=1\nK={SECRET}\u{1b}[2J\n"), "control-character in line 2"),
    ] {
        world.set_config_env(&text);
        holds(&asked(&world, GATE, 1), "found", rule);
    }
    fs::write(world.vm_path("config.env"), [b"A=1\nK=", SECRET.as_bytes(), b"\xff\n"].concat()).expect("the file");
    holds(&asked(&world, GATE, 1), "found", "bad-utf8 in line 2");
}

#[test]
fn the_printed_commands_mend_what_needs_no_editor() {
    let world = world();
    world.set_config_env(&format!("\u{feff}A=1\r\nexport K={SECRET}\r\n"));
    let finding = asked(&world, GATE, 1);
    let fix = fix_commands(&finding["fix"]);
    let (again, mend) = fix.split_last().expect("several commands");
    assert_eq!(*again, "sudo nexy-gate hard");
    mend.iter().for_each(|line| vm::type_line(&world, line, &world.workspace()));
    holds(&asked(&world, GATE, 0), "found", "2 assignments");
}

#[test]
fn a_path_that_is_not_a_regular_file_with_settings_is_a_failure() {
    let world = world();
    let file = world.vm_path("config.env");
    let no = |said: &str| holds(&asked(&world, GATE, 1), "found", said);
    fs::write(&file, "\n \n").expect("blanks");
    no("is empty");
    fs::write(&file, format!("K={}\n", "a".repeat(1 << 20))).expect("a large file");
    no("is larger than 1 MiB");
    fs::remove_file(&file).expect("the file");
    no("does not exist");
    symlink(world.vm_path("nowhere"), &file).expect("a link");
    no("is a link that leads nowhere");
    fs::remove_file(&file).expect("the link");
    fs::create_dir(&file).expect("a folder");
    no("is a directory");
    fs::remove_dir(&file).expect("the folder");
    world.sh(&format!("mkfifo {}", file.display())).exits(0);
    no("is not a regular file");
}

#[test]
fn a_file_that_the_asking_user_may_not_read_is_unknown() {
    let world = world();
    if !is_root(&world, "a_file_that_the_asking_user_may_not_read_is_unknown") {
        return;
    }
    set_mode(&world.vm(), 0o755);
    tells(&judged(&ask_as_a_stranger(&world, GATE), GATE, 69), "permission denied", "sudo nexy-gate hard");
}

#[test]
fn a_second_file_that_another_layout_reads_must_not_say_otherwise() {
    let world = world();
    world.set_config_env(&format!("A=1\nK={SECRET}\n"));
    let other = world.vm_path("server/config.env");
    fs::write(&other, format!("# the same\nK='{SECRET}'\nA=1\n")).expect("a file");
    holds(&asked(&world, GATE, 0), "found", &format!("{}, which another layout reads, holds the same", other.display()));
    fs::write(&other, format!("A=1\nK={SECRET}{SECRET}\n")).expect("a file");
    let finding = asked(&world, GATE, 1);
    holds(&finding, "found", &format!("{} holds other settings", other.display()));
    let mv = format!("mv --backup=numbered -T -- {0} {0}.kept", other.display());
    let fix = fix_commands(&finding["fix"]);
    assert!(fix.iter().any(|line| line.starts_with("sudo ") && line.ends_with(&mv)), "{fix:?}");
    world.sh(&mv).exits(0);
    asked(&world, GATE, 0);
    // What a deploy has linked is the very same file.
    symlink(world.vm_path("config.env"), &other).expect("a link");
    assert_eq!(asked(&world, GATE, 0)["found"].as_str().expect("text").matches("layout").count(), 0);
}

/// Beside its old name it would be a file that is in no tag, and `checkout-state` would refuse it.
#[test]
fn a_second_file_in_a_checkout_is_moved_where_git_does_not_see_it() {
    let world = vm::checked_out();
    let other = world.vm_path("server/config.env");
    fs::write(&other, "A=2\n").expect("a file");
    let finding = asked(&world, GATE, 1);
    let moves = |line: &&&str| line.contains("mkdir -p ") || line.contains("mv --backup");
    fix_commands(&finding["fix"]).iter().filter(moves).for_each(|line| vm::type_line(&world, line, &world.workspace()));
    assert_eq!(fs::read_to_string(world.vm_path(".git/kept/server/config.env")).expect("it is kept"), "A=2\n");
    asked(&world, GATE, 0);
    vm::asked_there(&world, "checkout-state", 0);
}

#[test]
fn a_second_file_is_moved_with_the_rights_of_the_account_whose_folder_it_stands_in() {
    let world = world();
    if !is_root(&world, "a_second_file_is_moved_with_the_rights_of_its_account") {
        return;
    }
    world.set_config_env("A=1\n");
    let (other, roots) = (world.vm_path("server/config.env"), world.root().join("roots"));
    fs::write(&other, "A=2\n").expect("a file");
    fs::create_dir(&roots).expect("a folder");
    let account = vm::give_checkout_away(&world);
    let kept = world.vm_path("server/config.env.kept");
    plant(&account, &roots, &kept);
    let finding = judged(&vm::ask_there(&world, &[GATE]), GATE, 1);
    holds(&finding, "fix", &format!("sudo -u bin mv --backup=numbered -T -- {} {}", other.display(), kept.display()));
    for line in ["sudo -u bin mv --backup=numbered -T -- ", "sudo mv --backup=numbered -T -- "]
        .map(|start| format!("{start}{} {}", other.display(), kept.display()))
    {
        fs::write(&other, "A=2\n").expect("a file");
        vm::type_line(&world, &line, &world.workspace());
        // The link gives way to the file, and so does the file of an earlier time.
        assert!(!kept.is_symlink() && !other.exists() && fs::read_to_string(&kept).expect("it is kept") == "A=2\n");
    }
    assert!(fs::read_dir(&roots).expect("a folder").next().is_none(), "a planted link received the file");
}

#[test]
fn a_second_file_that_nobody_may_read_is_unknown() {
    let world = world();
    if !is_root(&world, "a_second_file_that_nobody_may_read_is_unknown") {
        return;
    }
    for folder in [world.root(), world.vm(), world.vm_path("server")] {
        set_mode(&folder, 0o755);
    }
    set_mode(&world.vm_path("config.env"), 0o644);
    fs::write(world.vm_path("server/config.env"), "A=1\n").expect("a file");
    set_mode(&world.vm_path("server/config.env"), 0o600);
    holds(&judged(&ask_as_a_stranger(&world, GATE), GATE, 69), "found", "server/config.env, which another layout reads");
}

#[test]
fn a_value_with_an_equals_sign_is_a_no_while_the_code_splits_at_the_last_one() {
    let world = world();
    world.set_config_env(&format!("A=1\nK={SECRET}==\n"));
    asked(&world, GATE, 0);
    let code = "server/config/unified_config.py";
    let new = world.read_vm(code);
    world.write_vm(code, &format!("{new}\n\ndef read(line):\n    key, value = line.rsplit('=', 1)\n"));
    let finding = asked(&world, GATE, 1);
    holds(&finding, "found", "equals-sign in the value of line 2");
    holds(&finding, "found", code);
    // The code that lies there now is about to be replaced.
    judged(&ask(&world, &["--tag=v9.9.9.9", GATE]), GATE, 0);
    judged(&ask(&world, &["--tag=v2.0.0.4", GATE]), GATE, 1);
    world.set_config_env("A=1\nK=abc\n");
    asked(&world, GATE, 0);
    world.set_config_env("A=1\nK=abc=\n");
    world.write_vm(code, &format!("{new}\n# no more rsplit('=', 1)\n"));
    asked(&world, GATE, 0);
}

/// A machine whose root is the world's, with the unit's files in it.
fn machine(unit: &str) -> World {
    let world = world();
    set_mounted(&world);
    let folder = world.root().join("etc/systemd/system");
    fs::create_dir_all(folder.join(format!("{UNIT}.d"))).expect("folders");
    fs::write(folder.join(UNIT), unit).expect("the unit");
    world
}

#[test]
fn a_mounted_tree_is_read_by_its_own_paths_and_its_links_stay_in_it() {
    let world = machine("[Service]\nEnvironment=\"PATH=/x\" \"NEXY_ENV=prod\"\n");
    let ask = |code| judged(&ask_in_root(&world, &[GATE]), GATE, code);
    holds(&ask(0), "found", "/vm/config.env: 6 assignments");
    fs::rename(world.vm_path("config.env"), world.root().join("etc/real.env")).expect("the file");
    symlink("/etc/real.env", world.vm_path("config.env")).expect("a link");
    holds(&ask(0), "found", "/vm/config.env: 6 assignments");
    symlink("/vm/config.env", world.root().join("config.env")).expect("a link");
    ask(0);
    fs::remove_file(world.root().join("etc/real.env")).expect("the file");
    let finding = ask(1);
    holds(&finding, "found", "/vm/config.env is a link that leads nowhere");
    assert!(!finding.to_string().contains(world.root().to_str().expect("a path")), "{finding:#}");
}

#[test]
fn what_the_unit_loads_must_not_contradict() {
    let world = machine("[Service]\nEnvironment=NEXY_ENV=prod\nEnvironmentFile=-/etc/extra.env\nEnvironmentFile=/vm/config.env\n");
    let extra = world.root().join("etc/extra.env");
    let drop_in = world.root().join(format!("etc/systemd/system/{UNIT}.d/over.conf"));
    let ask = |code| judged(&ask_in_root(&world, &[GATE]), GATE, code);
    ask(0);
    fs::write(&extra, "GRPC_PORT=50051\nOTHER=x\n").expect("a file");
    holds(&ask(0), "found", "/etc/extra.env, which the unit loads, contradicts nothing");
    fs::write(&extra, format!("GRPC_PORT=1\nGEMINI_API_KEY={SECRET}\n")).expect("a file");
    tells(&ask(1), "2 names have another value in /etc/extra.env", "sudoedit /etc/extra.env");
    fs::write(&extra, format!("OTHER='{SECRET}\n")).expect("a file");
    holds(&ask(1), "found", "/etc/extra.env, which the unit loads: unbalanced-quotes in line 1");
    fs::remove_file(&extra).expect("the file");
    fs::write(&drop_in, format!("[Service]\nEnvironment='NEXY_ENV={SECRET}'\n")).expect("a drop-in");
    tells(&ask(1), "sets NEXY_ENV to another value than /vm/config.env, and wins", "sudo systemctl edit --full ");
    for (line, code, said) in [
        ("EnvironmentFile=/etc/missing.env", 1, "and there is no such file, so it does not start"),
        ("EnvironmentFile=-/etc/missing.env", 0, "6 assignments"),
        ("EnvironmentFile=/etc/*.env", 69, "is a pattern"),
        ("Environment=NEXY_ENV=%i", 69, "to what only the manager can tell"),
        ("EnvironmentFile=", 0, "6 assignments"),
    ] {
        fs::write(&drop_in, format!("[Service]\n{line}\n")).expect("a drop-in");
        holds(&ask(code), "found", said);
    }
}

#[test]
fn code_that_cannot_be_read_leaves_open_how_it_splits_a_line() {
    let world = world();
    world.set_config_env("GEMINI_API_KEY=hx7Qp2Lr9Zt\nDB_PASSWORD=abc=\n");
    asked(&world, GATE, 0);
    let code = world.vm_path("server/config/unified_config.py");
    fs::remove_file(&code).expect("the code");
    asked(&world, GATE, 0);
    fs::create_dir(&code).expect("a folder in its place");
    holds(&asked(&world, GATE, 69), "found", "unified_config.py");
}
