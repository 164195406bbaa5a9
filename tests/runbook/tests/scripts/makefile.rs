//! The Makefile's steps do what they say, with the tools that it is given.

use crate::laptop::{invocations, on_vm};
use nexy_standin::world::{Ran, VERSION, World};
use std::fs;
use std::path::{Path, PathBuf};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

fn make(world: &World, words: &str) -> Ran {
    fs::copy(repository().join("Makefile"), world.workspace().join("Makefile")).unwrap();
    world.shell(&format!("make -s TOOLS='{}' {words}", world.tools().display())).run()
}

#[test]
fn the_steps_of_a_release_follow_each_other() {
    let world = World::new();
    world.workspace_on_github();
    for step in ["version-check", "inbox-check", "gate-publish"] {
        make(&world, step).exits(0);
    }
    make(&world, "plan").exits(0).says("would upload").says("manifest.json: version 2.0.0.3 → 2.0.0.4");
    assert!(!world.standin.requests().iter().any(|request| request.is_mutation()), "a question changed something");
    for step in ["publish", "manifest-sync", "manifest-deliver", "manifest-push", "verify", "validate-updates"] {
        make(&world, step).exits(0);
    }
    assert_eq!((world.vm_manifest()["version"].as_str(), invocations(&world)), (Some(VERSION), 1));
    make(&world, "release").exits(0);
    assert_eq!(invocations(&world), 1);
}

#[test]
fn the_vm_is_asked_by_name() {
    let world = World::new();
    on_vm(&world, "nexy-gate", "echo \"gates: $*\"");
    on_vm(&world, "nexy-verify", "echo \"probes: $*\"");
    make(&world, "vm-hard").exits(0).prints("json --brief hard --tag v2.0.0.4");
    make(&world, "vm-versions").exits(0).prints("json --brief local --expect v2.0.0.4");
}

#[test]
fn a_rollback_obeys_what_stands_behind_make_and_no_variable_of_the_environment() {
    let world = World::new();
    world.write("scripts/release.sh", "#!/bin/sh\necho \"words: $*\"\n");
    make(&world, "rollback YES=1 FROM=2.0.0.5 ARTIFACT='a b'").exits(0).prints("words: rollback --from 2.0.0.5 --artifact a b --yes\n");
    fs::copy(repository().join("Makefile"), world.workspace().join("Makefile")).unwrap();
    let stray = format!("YES=1 FROM=2.0.0.5 TO=1.0.0.0 ARTIFACT=/x make -s TOOLS='{}' rollback", world.tools().display());
    world.shell(&stray).run().exits(0).prints("words: rollback\n");
}

#[test]
fn a_failure_is_a_failure_of_make() {
    let world = World::new();
    world.inbox_dmg(b"<!DOCTYPE html>");
    for step in ["inbox-check", "gate-publish", "plan", "publish", "release", "manifest-sync"] {
        make(&world, step).exits(2);
    }
    make(&world, "version-set").exits(2);
    make(&world, "version-set V=1.2.3").exits(2);
    assert_eq!(world.read("VERSION").trim(), VERSION);
}

#[test]
fn the_version_is_set_everywhere() {
    let world = World::new();
    make(&world, "version-set V=2.0.0.5").exits(0);
    assert_eq!(world.read("VERSION").trim(), "2.0.0.5");
    make(&world, "version-check").exits(0);
    make(&world, "version-set V=2.0.0.4").exits(2);
    make(&world, "version-set V=2.0.0.4 ALLOW_DOWNGRADE='it was never built'").exits(0);
    assert_eq!(world.read("VERSION").trim(), "2.0.0.4");
}

#[test]
fn tools_are_installed_where_they_are_wanted() {
    let world = World::new();
    let place = world.root().join("place");
    let (tools, here) = (world.tools().display(), repository());
    world
        .shell(&format!("make -s -C '{}' TOOLS='{tools}' install PREFIX=/opt DESTDIR='{}'", here.display(), place.display()))
        .run()
        .exits(0);
    for tool in nexy_standin::world::TOOLS {
        assert!(place.join("opt/bin").join(tool).is_file(), "{tool}");
    }
    for licence in ["LICENSE-MIT", "LICENSE-APACHE", "LICENSE-LGPL-2.1", "THIRD_PARTY.md"] {
        assert!(place.join("opt/share/doc/nexy").join(licence).is_file(), "{licence}");
    }
}

#[test]
fn a_workspace_elsewhere_is_released_with_these_tools() {
    let world = World::new();
    world.workspace_on_github();
    let (here, target) = (repository(), world.workspace().join("nexy.toml"));
    let release = format!("make -s -C '{}' TOOLS='{}' NEXY_TOML='{}' release", here.display(), world.tools().display(), target.display());
    world.shell(&release).dir(world.home()).run().exits(0);
    assert!(world.workspace().join(format!("releases/{VERSION}/60-verify.json")).is_file());
    assert_eq!(world.vm_manifest()["version"], VERSION);
}
