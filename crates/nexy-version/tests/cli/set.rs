//! `set` changes every place or none.

use nexy_standin::crash::Killer;
use nexy_standin::skip::{Need, skipped};
use nexy_standin::world::{ARTIFACTS, Options, World};
use std::fs;

/// Every file that holds a version, with its text.
fn places(world: &World) -> Vec<(String, String)> {
    [
        "VERSION",
        "server/config.env.example",
        "server/config/unified_config.yaml",
        "server/config/unified_config.py",
        "server/Docs/SERVER_DEPLOYMENT_GUIDE.md",
        "server/Docs/RELEASE_AND_UPDATE_GUIDE.md",
        "client/config/unified_config.yaml",
        "client/modules/grpc_client/macos/info/Info.plist",
        "client/modules/hardware_id/macos/info/Info.plist",
        "client/modules/input_processing/macos/info/Info.plist",
        "client/packaging/distribution.xml",
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
    ran.exits(0).says("set       2.0.0.4 -> 2.0.0.5  VERSION").says("next: make tag");
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
    world
        .tool("nexy-version")
        .args(["set", "2.0.0.5", "--dry-run"])
        .run()
        .exits(0)
        .says("would set 2.0.0.4 -> 2.0.0.5  VERSION")
        .never_says("next: make tag");
    assert_eq!(places(&world), before);
}

#[test]
fn one_place_that_does_not_match_stops_all_of_them() {
    type Breaking = fn(&str) -> String;
    let broken: &[(&str, Breaking)] = &[
        ("server/config/unified_config.yaml", |text| text.replace("default_version: 2.0.0.4", "default_version: \"2.0.0.4")),
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
    fs::remove_file(world.workspace().join("server/config/unified_config.py")).expect("removed");
    world.tool("nexy-version").args(["set", "2.0.0.5"]).run().exits(1).says("no such file").says("git checkout --");
    assert_eq!(world.read("VERSION"), "2.0.0.4\n");
}

#[test]
fn the_same_version_again_touches_no_file() {
    let world = World::new();
    let modified = || fs::metadata(world.workspace().join("VERSION")).and_then(|file| file.modified()).expect("a time");
    let before = modified();
    world.tool("nexy-version").args(["set", "2.0.0.4"]).run().exits(0).says("already   2.0.0.4  VERSION");
    assert_eq!(modified(), before);
}

#[test]
fn a_second_run_at_the_same_time_is_refused() {
    let world = World::new();
    let _held = {
        let folder = fs::File::open(world.workspace()).expect("the workspace");
        folder.lock().expect("a lock");
        folder
    };
    world.tool("nexy-version").args(["set", "2.0.0.5"]).run().exits(75).says("another nexy-version is at work");
    assert_eq!(world.read("VERSION"), "2.0.0.4\n");
}

#[test]
fn a_version_in_another_spelling_is_a_usage_error_that_names_the_right_one() {
    let world = World::with(&Options { git: false, ..Options::default() });
    for (text, said) in
        [("2.0.0", "has 3 parts"), ("v2.0.0.5", "the version is 2.0.0.5"), ("2.0.0.05", "no leading zero"), ("", ""), ("2.0.0.5 ", "")]
    {
        world.tool("nexy-version").args(["set", text]).run().exits(2).says(said).silent_stdout();
    }
    assert_eq!(world.read("VERSION"), "2.0.0.4\n");
}

#[test]
fn a_version_below_any_that_is_known_needs_a_reason() {
    let world = World::new();
    let set = |words: &[&str]| world.tool("nexy-version").arg("set").args(words.iter().copied()).run();
    let before = places(&world);
    set(&["2.0.0.3"]).exits(1).says("cannot set 2.0.0.3: VERSION says 2.0.0.4").says("nexy-version set 2.0.0.5");
    world.set_manifest(&world.live_manifest("2.0.0.9"));
    set(&["2.0.0.8"]).exits(1).says("server/updates/manifests/manifest.json says 2.0.0.9").says("nexy-version set 2.0.0.10");
    world.standin.set_label(ARTIFACTS, "Update", "Nexy.dmg", Some("Nexy.dmg 2.0.0.11"));
    set(&["2.0.0.10", "--dry-run"]).exits(1).says("the label of the live Nexy.dmg says 2.0.0.11").silent_stdout();
    set(&["2.0.0.10", "--allow-downgrade", ""]).exits(2);
    assert_eq!(places(&world), before);
    set(&["2.0.0.4"]).exits(0).never_says("lower");
    let reason = "the build of 2.0.0.11 was withdrawn";
    set(&["2.0.0.3", "--allow-downgrade", reason]).exits(0).says("2.0.0.3 is lower than 2.0.0.11").says(reason);
    assert_eq!(world.read("VERSION"), "2.0.0.3\n");
    // What cannot be asked is said, and stops nothing.
    world.write("server/updates/manifests/manifest.json", "{");
    world.set_target("github", "api_url", "\"http://127.0.0.1:9\"");
    set(&["2.0.0.12"])
        .exits(0)
        .says("not compared with the live Nexy.dmg")
        .says("not compared with server/updates/manifests/manifest.json");
}

#[test]
fn a_diff_shows_the_lines_that_change_and_no_others() {
    let world = World::with(&Options { git: false, ..Options::default() });
    let diff = world.tool("nexy-version").args(["set", "2.0.0.5", "--dry-run", "--diff"]).run().exits(0).stdout.clone();
    assert!(diff.ends_with("--- a/VERSION\n+++ b/VERSION\n@@ -1 +1 @@\n-2.0.0.4\n+2.0.0.5\n"), "{diff}");
    assert!(diff.contains("@@ -7 +7 @@\n-  version: 2.0.0.4  # read from VERSION\n+  version: 2.0.0.5  # read from VERSION\n"), "{diff}");
    let unchanged = world.tool("nexy-version").args(["set", "2.0.0.4", "--diff"]).run();
    unchanged.exits(0).silent_stdout();
}

#[test]
fn local_changes_beside_the_version_are_named_and_stay() {
    let world = World::new();
    let set = |version: &str| world.tool("nexy-version").args(["set", version]).run();
    set("2.0.0.5").exits(0).never_says("local changes");
    // What `set` itself has changed is none.
    set("2.0.0.6").exits(0).never_says("local changes");
    let file = "server/config/unified_config.py";
    world.write(file, &(world.read(file) + "print('mine')\n"));
    set("2.0.0.7").exits(0).says(&format!("which stay: git diff HEAD -- {file}\n"));
    assert!(world.read(file).ends_with("'2.0.0.7')\nprint('mine')\n"));
}

#[test]
fn a_link_in_place_of_a_file_is_refused_and_an_optional_file_may_be_absent() {
    let world = World::with(&Options { git: false, ..Options::default() });
    let file = world.workspace().join("client/config/unified_config.yaml");
    fs::rename(&file, world.home().join("c.yaml")).expect("moved");
    std::os::unix::fs::symlink(world.home().join("c.yaml"), &file).expect("linked");
    let set = || world.tool("nexy-version").args(["set", "2.0.0.5"]).run();
    set().exits(1).says("it is a link").says("nothing was changed");
    fs::rename(world.home().join("c.yaml"), &file).expect("moved");
    fs::remove_file(world.workspace().join("server/config.env.example")).expect("removed");
    fs::remove_dir_all(world.workspace().join("client/packaging")).expect("removed");
    set().exits(0).says("absent    server/config.env.example `SERVER_VERSION={version}`");
    let check = world.tool("nexy-version").arg("check").run();
    assert_eq!(check.exits(0).finding("server/config.env.example `SERVER_BUILD={version}`")["found"], ABSENT);
}

const ABSENT: &str = "absent, as it may be (optional in nexy.toml)";

/// The files of the crash matrix: one of two places, one of another kind, and the owner.
const FEW: [&str; 3] = ["server/config/unified_config.yaml", "client/modules/grpc_client/macos/info/Info.plist", "VERSION"];

/// A world whose nexy.toml names no version places but those of [`FEW`].
fn few_places() -> World {
    let world = World::with(&Options { git: false, ..Options::default() });
    let text = world.read("nexy.toml");
    let rows: Vec<&str> = text.split("[[version_places]]\n").collect();
    let is_kept = |row: &&str| !row.starts_with("file = ") || FEW.iter().any(|file| row.starts_with(&format!("file = \"{file}\"")));
    let (last, rest) = rows[rows.len() - 1].split_once("\n\n").expect("an empty line");
    let rows: Vec<&str> = rows[..rows.len() - 1].iter().copied().chain([last]).filter(is_kept).collect();
    fs::write(world.workspace().join("nexy.toml"), format!("{}\n\n{rest}", rows.join("[[version_places]]\n").trim_end())).expect("written");
    world
}

fn few(world: &World) -> [String; 3] {
    FEW.map(|file| world.read(file))
}

fn staged(world: &World) -> bool {
    FEW.iter().any(|file| {
        let folder = world.workspace().join(file);
        let names = fs::read_dir(folder.parent().expect("a folder")).expect("listed");
        names.flatten().any(|entry| entry.file_name().to_string_lossy().ends_with(".part"))
    })
}

#[test]
fn a_kill_between_any_two_file_operations_is_finished_or_taken_back_by_the_next_run() {
    let world = few_places();
    let Some(killer) = Killer::new("a_kill_between_any_two_file_operations", &world) else { return };
    let set = |version: &str| world.tool("nexy-version").args(["set", version]);
    let old = few(&world);
    let (ran, operations) = killer.operations(set("2.0.0.5"));
    ran.exits(0);
    let new = few(&world);
    let mut torn = 0;
    for nth in 1..=operations.len() {
        for (next, wanted) in [("2.0.0.5", &new), ("2.0.0.4", &old)] {
            FEW.iter().zip(&old).for_each(|(file, text)| world.write(file, text));
            let at = killer.kills(set("2.0.0.5"), nth);
            let left = few(&world);
            assert!(left.iter().zip(old.iter().zip(&new)).all(|(left, (old, new))| left == old || left == new), "{at}: {left:?}");
            let check = world.tool("nexy-version").arg("check").run();
            if staged(&world) {
                check.exits(1).says("was interrupted").says("nexy-version set 2.0.0.4");
            } else {
                check.exits(i32::from(left != old && left != new));
            }
            torn += usize::from(left != old && left != new);
            let next_run = set(next).run();
            if left[2] == new[2] && next == "2.0.0.4" {
                // The last rename was done: this is a step down like any other.
                next_run.exits(1).says("VERSION says 2.0.0.5");
            } else {
                next_run.exits(0);
                assert!(few(&world) == *wanted && !staged(&world), "{at}, then {next}");
            }
        }
    }
    assert!(torn >= 4, "{operations:?}");
}

#[test]
fn a_file_that_cannot_be_replaced_leaves_every_file_as_it_was() {
    let world = few_places();
    let old = few(&world);
    // A mount point cannot be renamed over; a user who may not mount becomes root in a namespace of its own.
    let ran = world.sh("exec unshare --map-root-user --mount sh -c 'mount --bind VERSION VERSION || exit 99; nexy-version set 2.0.0.5'");
    if ran.code != Some(3) && (ran.code == Some(99) || ran.stderr.contains("unshare")) {
        skipped("a_file_that_cannot_be_replaced", "nothing can be mounted here", Need::Root);
        return;
    }
    ran.exits(3).says("cannot replace").says("every file holds again what it held");
    assert!(few(&world) == old && !staged(&world));
}
