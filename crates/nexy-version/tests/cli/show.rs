//! `show` prints one raw value, for scripts.

use nexy_standin::world::World;

#[test]
fn one_value_comes_raw_and_nothing_else() {
    let world = World::new();
    for (field, value) in [
        ("version", "2.0.0.4\n"),
        ("tag", "v2.0.0.4\n"),
        ("release_target.vm", "NexyNew\n"),
        ("artifacts.0.name", "Nexy.dmg\n"),
        ("limits.artifact_max_bytes", "2147483647\n"),
        ("release_target.grpc_tls", "true\n"),
        ("layout.manifest_dirs", "server/updates/manifests\nserver/server/updates/manifests\n"),
    ] {
        let ran = world.tool("nexy-version").args(["show", field]).run();
        ran.exits(0).silent_stderr();
        assert_eq!(ran.stdout, value, "{field}");
    }
    let root = world.tool("nexy-version").args(["show", "root"]).run();
    assert_eq!(root.stdout.trim_end(), world.workspace().to_str().expect("a path"));
}

#[test]
fn a_key_without_a_single_value_is_a_usage_error() {
    let world = World::new();
    for field in ["", "limits", "artifacts", "artifacts.9.name", "artifacts.x", "release_target.vm.x", "no.such.key"] {
        world.tool("nexy-version").args(["show", field]).run().exits(2).says("no single value").silent_stdout();
    }
}

#[test]
fn without_a_field_it_prints_an_overview() {
    let world = World::new();
    let overview = world.tool("nexy-version").args(["show"]).run().exits(0).json();
    assert_eq!(overview["tag"], "v2.0.0.4");
    world.tool("nexy-version").args(["show", "--format", "text"]).run().exits(0).prints("version  2.0.0.4");
}

#[test]
fn help_and_version_need_no_target_and_no_verb_is_a_usage_error() {
    let world = World::new();
    let bare = |arguments: &[&str]| world.tool("nexy-version").bare().args(arguments.iter().copied()).dir("/").run();
    bare(&["--help"]).exits(0).prints("record").prints("Exit codes:");
    bare(&["--version"]).exits(0).prints("nexy-version 0.1.0");
    bare(&[]).exits(2).silent_stdout();
    bare(&["frobnicate"]).exits(2).silent_stdout();
}
