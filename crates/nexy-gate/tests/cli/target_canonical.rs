//! `target-canonical` against a guide as people write it.

use crate::{asked, holds, world};
use std::fs;

const GATE: &str = "target-canonical";
const GUIDE: &str = "server/Docs/RELEASE_AND_UPDATE_GUIDE.md";

#[test]
fn a_guide_that_names_the_same_target_passes() {
    holds(&asked(&world(), GATE, 0), "found", "8 values");
}

#[test]
fn every_difference_is_named_with_its_line() {
    let world = world();
    let guide = world.read(GUIDE).replace("vm_name: \"NexyNew\"", "vm_name: \"Nexy\"").replace("tls: true", "tls: false");
    world.write(GUIDE, &guide);
    let finding = asked(&world, GATE, 1);
    holds(&finding, "found", "azure.vm_name is `Nexy`");
    holds(&finding, "found", "`Nexy`, which is a legacy name");
    holds(&finding, "found", "grpc.tls is `false`");
    holds(&finding, "fix", &format!("of {GUIDE}"));
}

#[test]
fn a_guide_without_the_block_and_a_missing_guide_fail() {
    let world = world();
    world.write(GUIDE, "# Guide\n");
    holds(&asked(&world, GATE, 1), "found", "has no fenced yaml block");
    fs::remove_file(world.workspace().join(GUIDE)).expect("the guide");
    holds(&asked(&world, GATE, 1), "found", "does not exist");
}

#[test]
fn a_guide_that_cannot_be_read_is_unknown() {
    let world = world();
    let guide = world.workspace().join(GUIDE);
    fs::remove_file(&guide).expect("the guide");
    fs::create_dir(&guide).expect("a folder in its place");
    asked(&world, GATE, 69);
}
