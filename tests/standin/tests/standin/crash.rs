//! A tool is killed right before the operation that a test chooses.

use nexy_standin::crash::Killer;
use nexy_standin::world::{Tool, World};

fn writes(world: &World) -> Tool {
    world.shell("cd ../home && : >f && : >g && exec rm f")
}

#[test]
fn a_program_is_killed_before_each_of_its_operations_and_after_those_before() {
    let world = World::new();
    let Some(killer) = Killer::new("a_program_is_killed_before_each_of_its_operations", &world) else { return };
    let (ran, operations) = killer.operations(writes(&world));
    ran.exits(0);
    assert_eq!(operations, ["open f", "open g", "unlink f"]);
    for (nth, left) in [(1, [false, false]), (2, [true, false]), (3, [true, true])] {
        let there = ["f", "g"].map(|name| world.home().join(name));
        let _not_there = there.each_ref().map(std::fs::remove_file);
        assert_eq!(killer.kills(writes(&world), nth), operations[nth - 1]);
        assert_eq!(there.map(|file| file.exists()), left, "before {}", operations[nth - 1]);
    }
}
