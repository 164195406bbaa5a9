//! `version-synced` against real files.

use crate::{asked, holds, world};
use std::fs;

const GATE: &str = "version-synced";

#[test]
fn a_workspace_of_one_version_passes() {
    holds(&asked(&world(), GATE, 0), "found", "2.0.0.4 in every place");
}

#[test]
fn every_place_that_drifted_is_named_with_its_file_and_the_command() {
    let world = world();
    let text = world.read("client/config/unified_config.yaml").replace("2.0.0.4", "1.6.1.43");
    world.write("client/config/unified_config.yaml", &text);
    let text = world.read("server/config/unified_config.py").replace("2.0.0.4", "2.0.0.3");
    world.write("server/config/unified_config.py", &text);
    let finding = asked(&world, GATE, 1);
    holds(&finding, "found", "client/config/unified_config.yaml `version: {version}`, line 3, holds 1.6.1.43");
    holds(&finding, "found", "server/config/unified_config.py");
    holds(&finding, "fix", "nexy-version set 2.0.0.4");
}

#[test]
fn a_missing_file_and_an_odd_version_file_fail() {
    let one = world();
    fs::remove_file(one.workspace().join("server/config/unified_config.py")).expect("the file");
    holds(&asked(&one, GATE, 1), "found", "server/config/unified_config.py does not exist");
    let other = world();
    for text in ["v2.0.0.4\n", "2.0.0.4\n\n", "2.0.0\n", ""] {
        other.write("VERSION", text);
        asked(&other, GATE, 1);
    }
}

#[test]
fn a_place_that_cannot_be_read_as_text_is_unknown() {
    let world = world();
    fs::write(world.workspace().join("server/config/unified_config.py"), [0xff, 0xfe, 0x00]).expect("the file");
    holds(&asked(&world, GATE, 69), "found", "no UTF-8");
}
