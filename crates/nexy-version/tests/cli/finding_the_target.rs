//! Which nexy.toml is used, and which is not trusted.

use nexy_standin::skip::{Need, skipped};
use nexy_standin::world::World;
use std::os::unix::fs::PermissionsExt as _;

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0)
}

#[test]
fn a_wrong_file_names_the_line_and_ends_with_78() {
    let world = World::new();
    let target = world.read("nexy.toml");
    world.write("nexy.toml", &target.replace("grpc_tls = true", "grpc_tls = true\nsurprise = 1"));
    world.tool("nexy-version").args(["show"]).run().exits(78).says("line 13").says("surprise").silent_stdout();
    world.write("nexy.toml", &target.replace("channel = \"Update\"", "channel = \"v2.0.0.4\""));
    world.tool("nexy-version").args(["show"]).run().exits(78).says("artifacts.channel");
    world.write("nexy.toml", "\u{0}\u{1}");
    world.tool("nexy-version").args(["show"]).run().exits(78);
    std::fs::write(world.workspace().join("nexy.toml"), [0xff, 0xfe]).expect("written");
    world.tool("nexy-version").args(["show"]).run().exits(78).says("no UTF-8");
}

#[test]
fn a_file_that_does_not_exist_ends_with_78() {
    let world = World::new();
    let ran = world.tool("nexy-version").bare().args(["--target", "/nonexistent/nexy.toml", "show"]).run();
    ran.exits(78).says("/nonexistent/nexy.toml").says("--target FILE").silent_stdout();
    let ran = world.tool("nexy-version").bare().args(["show"]).dir("/").run();
    ran.exits(78).says("no nexy.toml").says("--target").silent_stdout();
}

#[test]
fn root_ignores_the_environment_and_the_folders_above_and_others_use_them() {
    let world = World::new();
    let target = world.workspace().join("nexy.toml");
    let by_environment =
        world.tool("nexy-version").bare().args(["show", "version"]).env("NEXY_TARGET", target.to_str().expect("a path")).dir("/").run();
    let by_folder = world.tool("nexy-version").bare().args(["show", "version"]).dir(world.workspace().join("server")).run();
    for ran in [by_environment, by_folder] {
        if is_root() {
            ran.exits(78).says("root reads only --target FILE or /etc/nexy/nexy.toml");
        } else {
            ran.exits(0).prints("2.0.0.4");
        }
    }
}

#[test]
fn root_refuses_a_file_that_another_user_can_change() {
    if !is_root() {
        skipped("root_refuses_a_file_that_another_user_can_change", "it is about root", Need::Root);
        return;
    }
    let world = World::new();
    let target = world.workspace().join("nexy.toml");
    let show = || world.tool("nexy-version").args(["show", "version"]).run();
    show().exits(0);
    std::fs::set_permissions(&target, std::fs::Permissions::from_mode(0o666)).expect("a mode");
    show().exits(78).says("can be written by others").says("chown root").silent_stdout();
    std::fs::set_permissions(&target, std::fs::Permissions::from_mode(0o644)).expect("a mode");
    std::os::unix::fs::chown(&target, Some(12345), None).expect("an owner");
    show().exits(78).says("belongs to user 12345");
    std::os::unix::fs::chown(&target, Some(0), None).expect("an owner");
    std::fs::set_permissions(world.workspace(), std::fs::Permissions::from_mode(0o777)).expect("a mode");
    // The file itself is right here, so its own rights would not help.
    show().exits(78).says("can be written by others").says("sudo install -D -m 644").never_says("chown root");
}

#[test]
fn root_uses_the_folder_of_the_target_of_a_link() {
    if !is_root() {
        skipped("root_uses_the_folder_of_the_target_of_a_link", "it is about root", Need::Root);
        return;
    }
    let world = World::new();
    let link = world.home().join("nexy.toml");
    std::os::unix::fs::symlink(world.workspace().join("nexy.toml"), &link).expect("a link");
    let ran = world.tool("nexy-version").bare().args(["--target", link.to_str().expect("a path"), "show", "root"]).run();
    let workspace = world.workspace().canonicalize().expect("it is there");
    ran.exits(0).prints(workspace.to_str().expect("a path"));
}

#[test]
fn check_config_shows_what_is_understood_or_every_mistake() {
    let world = World::with(&nexy_standin::world::Options { git: false, ..Default::default() });
    let check = |format: &str| world.tool("nexy-version").args(["check-config", "--format", format]).run();
    check("text").exits(0).prints("server      NexyNew in NexyNewRG").prints("Nexy.dmg (dmg, which clients update from)").silent_stderr();
    let understood = check("json").exits(0).json();
    assert_eq!((understood["target"]["vm"]["lock_dir"].is_string(), &understood["mistakes"]), (true, &serde_json::json!([])));
    let target = world.read("nexy.toml");
    world
        .write("nexy.toml", &target.replace("grpc_tls = true", "grpc_tsl = true").replace("retry_total_s = 20", "retry_total_s = \"20s\""));
    check("text").exits(78).prints("line 12: release_target.grpc_tsl: is no key; did you mean `grpc_tls`?").prints("2 mistakes in ");
    let wrong = check("json").exits(78).json();
    assert_eq!((&wrong["target"], &wrong["mistakes"][0]["line"]), (&serde_json::Value::Null, &serde_json::json!(12)));
    // Whatever else is asked names the command, with the file.
    world.tool("nexy-version").arg("show").run().exits(78).says("nexy-version check-config --target /");
}
