//! `set` changes every place or none.

use nexy_standin::world::World;

/// Every file that holds a version, with its text.
fn places(world: &World) -> Vec<(String, String)> {
    [
        "VERSION",
        "server/config/unified_config.yaml",
        "server/config/unified_config.py",
        "server/Docs/SERVER_DEPLOYMENT_GUIDE.md",
        "server/Docs/RELEASE_AND_UPDATE_GUIDE.md",
        "client/config/unified_config.yaml",
    ]
    .into_iter()
    .map(|file| (file.to_owned(), world.read(file)))
    .collect()
}

#[test]
fn every_place_changes_and_nothing_else_does() {
    let world = World::new();
    let before = places(&world);
    let manifest = world.manifest();
    let ran = world.tool("nexy-version").args(["set", "2.0.0.5"]).run();
    ran.exits(0).says("set       2.0.0.5  VERSION");
    assert_eq!(ran.stdout, "2.0.0.5\n");
    for ((file, old), (_, new)) in before.iter().zip(places(&world)) {
        assert_eq!(old.replace("2.0.0.4", "2.0.0.5"), new, "{file}");
    }
    assert_eq!(world.manifest(), manifest, "manifests are written by nexy-manifest alone");
    world.tool("nexy-version").args(["check"]).run().exits(0);
}

#[test]
fn a_dry_run_says_the_same_and_changes_nothing() {
    let world = World::new();
    let before = places(&world);
    world.tool("nexy-version").args(["set", "2.0.0.5", "--dry-run"]).run().exits(0).says("would set 2.0.0.5  VERSION");
    assert_eq!(places(&world), before);
}

#[test]
fn one_place_that_does_not_match_stops_all_of_them() {
    type Breaking = fn(&str) -> String;
    let broken: &[(&str, Breaking)] = &[
        ("server/config/unified_config.yaml", |text| text.replace("default_version: 2.0.0.4", "default_version: \"2.0.0.4\"")),
        ("server/config/unified_config.py", |text| format!("{text}    return os.getenv('SERVER_VERSION', '2.0.0.4')\n")),
        ("client/config/unified_config.yaml", |_| String::new()),
        ("VERSION", |_| "2.0.0\n".to_owned()),
    ];
    for (file, breaking) in broken {
        let world = World::new();
        let text = breaking(&world.read(file));
        world.write(file, &text);
        let before = places(&world);
        let ran = world.tool("nexy-version").args(["set", "2.0.0.5"]).run();
        ran.exits(1).says(file).says("nothing was changed").silent_stdout();
        assert_eq!(places(&world), before, "{file}");
    }
}

#[test]
fn a_missing_file_stops_all_of_them() {
    let world = World::new();
    std::fs::remove_file(world.workspace().join("server/config/unified_config.py")).expect("removed");
    world.tool("nexy-version").args(["set", "2.0.0.5"]).run().exits(1).says("no such file").says("git checkout --");
    assert_eq!(world.read("VERSION"), "2.0.0.4\n");
}

#[test]
fn an_interrupted_run_is_finished_by_the_next_one() {
    let world = World::new();
    let half = world.read("server/config/unified_config.py").replace("2.0.0.4", "2.0.0.5");
    world.write("server/config/unified_config.py", &half);
    world.tool("nexy-version").args(["check"]).run().exits(1);
    world.tool("nexy-version").args(["set", "2.0.0.5"]).run().exits(0);
    world.tool("nexy-version").args(["check"]).run().exits(0);
}

#[test]
fn the_same_version_again_touches_no_file() {
    let world = World::new();
    let modified = || std::fs::metadata(world.workspace().join("VERSION")).and_then(|file| file.modified()).expect("a time");
    let before = modified();
    world.tool("nexy-version").args(["set", "2.0.0.4"]).run().exits(0).says("already   2.0.0.4  VERSION");
    assert_eq!(modified(), before);
}

#[test]
fn a_second_run_at_the_same_time_is_refused() {
    let world = World::new();
    let _held = {
        let folder = std::fs::File::open(world.workspace()).expect("the workspace");
        folder.lock().expect("a lock");
        folder
    };
    world.tool("nexy-version").args(["set", "2.0.0.5"]).run().exits(75).says("another nexy-version is at work");
    assert_eq!(world.read("VERSION"), "2.0.0.4\n");
}

#[test]
fn a_version_in_another_spelling_is_a_usage_error() {
    let world = World::new();
    for text in ["2.0.0", "v2.0.0.5", "2.0.0.05", "", "2.0.0.5 "] {
        world.tool("nexy-version").args(["set", text]).run().exits(2).silent_stdout();
    }
    assert_eq!(world.read("VERSION"), "2.0.0.4\n");
}

#[test]
fn the_old_version_is_said_and_a_step_down_is_told_as_one() {
    let world = World::new();
    let set = |version: &str| world.tool("nexy-version").args(["set", version]).run();
    set("2.0.0.5").exits(0).says("2.0.0.4 -> 2.0.0.5; next: commit, tag v2.0.0.5 and push").never_says("lower");
    set("2.0.0.3").exits(0).says("2.0.0.5 -> 2.0.0.3: lower than before");
    set("2.0.0.3").exits(0).never_says("->");
}
