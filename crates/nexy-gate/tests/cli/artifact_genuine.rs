//! `artifact-genuine` against real bytes.

use crate::{asked, holds, world};
use nexy_standin::artifact;
use nexy_standin::world::{Options, World};
use std::fs;

const GATE: &str = "artifact-genuine";

#[test]
fn a_disk_image_and_a_package_pass() {
    let world = World::with(&Options { pkg_bytes: Some(4096), ..Options::default() });
    holds(&asked(&world, GATE, 0), "found", "Nexy.dmg is a disk image; Nexy.pkg is an installer package");
}

#[test]
fn what_only_has_the_name_fails_and_is_called_what_it_is() {
    let world = world();
    let whole = artifact::dmg(4096, 7);
    for (bytes, words) in [
        (b"<!DOCTYPE html><html><body>404</body></html>".to_vec(), "an HTML page"),
        (b"{\"message\": \"Not Found\"}".to_vec(), "a JSON text"),
        (b"\x1f\x8b\x08\x00rest".to_vec(), "gzip data"),
        (artifact::pkg(4096, 7), "an installer package"),
        (whole[..whole.len() - 1].to_vec(), "cut, or something else"),
    ] {
        world.inbox_dmg(&bytes);
        holds(&asked(&world, GATE, 1), "found", words);
    }
    world.inbox_dmg(&whole);
    world.inbox_pkg(&whole);
    holds(&asked(&world, GATE, 1), "found", "Nexy.pkg is not an installer package, it is a disk image");
}

#[test]
fn an_empty_file_fails_and_an_empty_inbox_is_unknown() {
    let world = world();
    world.inbox_dmg(b"");
    holds(&asked(&world, GATE, 1), "found", "it is empty");
    fs::remove_file(world.inbox("Nexy.dmg")).expect("the artifact");
    asked(&world, GATE, 69);
}
