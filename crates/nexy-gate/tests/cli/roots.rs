//! `--root`: the tree of a machine that does not run.

use crate::{holds, world};
use nexy_standin::world::{Ran, World};

fn ask_in(world: &World, root: &str, names: &[&str]) -> Ran {
    world.tool("nexy-gate").args(["--root", root, "--format=json"]).args(names.iter().copied()).run()
}

#[test]
fn a_running_system_and_a_workspace_are_not_to_be_had_in_a_mounted_tree() {
    let world = world();
    let root = world.root().display().to_string();
    let ran = ask_in(&world, &root, &["exec-start", "version-synced"]);
    ran.exits(69);
    holds(&ran.finding("exec-start"), "found", "runs no services");
    holds(&ran.finding("version-synced"), "found", "looks at the workspace");
    assert!(world.standin.requests().is_empty());
}

#[test]
fn a_root_that_is_no_folder_and_a_record_beside_one_are_usage_errors() {
    let world = world();
    ask_in(&world, "/nothing/here", &["config-env"]).exits(2).silent_stdout().says("cannot use --root");
    ask_in(&world, "/dev/null", &["config-env"]).exits(2).silent_stdout();
    world.tool("nexy-gate").args(["--root=/", "hard", "-"]).stdin("{}").run().exits(2).silent_stdout().says("record");
    world.tool("nexy-gate").args(["--root=/", "--list"]).run().exits(2);
    world.tool("nexy-gate").args(["--root=/", "--print-fix=exec-start"]).run().exits(2);
}

#[test]
fn a_tag_is_v_and_four_numbers() {
    let world = world();
    for tag in ["2.0.0.4", "v2.0.0", "v2.0.0.04", "main", "v2.0.0.4;id"] {
        world.tool("nexy-gate").args(["--tag", tag, "version-synced"]).run().exits(2).silent_stdout().says("v and four numbers");
    }
    world.tool("nexy-gate").args(["--tag=v2.0.0.4", "version-synced"]).run().exits(0);
}
