//! `build_receipt.sh`, as it is run on the Mac at the end of a build; the gate believes what it writes.

use nexy_standin::skip::has_program;
use nexy_standin::world::{Mac, Ran, VERSION, World};
use serde_json::Value;
use std::fs;

/// A Mac with the image, and no receipt yet; `None` without Perl's program, which every Mac has.
fn with_shasum(test: &str) -> Option<(World, Mac)> {
    has_program(test, "shasum", "perl").then(built)
}

/// A Mac with the image, and no receipt yet.
fn built() -> (World, Mac) {
    let world = World::new();
    world.remove_build_receipt("Nexy.dmg");
    let mac = world.mac(VERSION);
    (world, mac)
}

fn run(world: &World, mac: &Mac, arguments: &str) -> Ran {
    let path = format!("{}:/usr/bin:/bin", mac.programs().display());
    let ran = world.shell(&format!("scripts/build_receipt.sh {arguments}")).env("PATH", &path).run();
    let _ = mac.calls();
    assert!(!mac.has_mounted(), "the image stayed mounted\n{ran}");
    ran
}

fn receipt(world: &World) -> Value {
    serde_json::from_slice(&fs::read(world.build_receipt("Nexy.dmg")).unwrap()).unwrap()
}

#[test]
fn the_receipt_says_what_the_mac_saw_and_the_gate_believes_it() {
    let Some((world, mac)) = with_shasum("the_receipt_says_what_the_mac_saw_and_the_gate_believes_it") else { return };
    run(&world, &mac, "release_inbox/Nexy.dmg").exits(0).silent_stdout().says("version 2.0.0.4, signed true, notarized true");
    let seen = receipt(&world);
    assert_eq!((&seen["version"], &seen["signed"], &seen["notarized"]), (&VERSION.into(), &true.into(), &true.into()));
    world.tool("nexy-gate").args(["artifact-version", "release-inbox"]).run().exits(0);
    mac.holds("Nexy.app", "1001", "2.0");
    run(&world, &mac, "release_inbox/Nexy.dmg").exits(0);
    world.tool("nexy-gate").args(["artifact-version"]).run().exits(1).says("is `1001`, not");
}

#[test]
fn a_no_of_a_program_stands_in_the_receipt_and_the_gate_says_no() {
    let Some((world, mac)) = with_shasum("a_no_of_a_program_stands_in_the_receipt_and_the_gate_says_no") else { return };
    for (fault, key) in [("unsigned", "signed"), ("wrong-ticket", "notarized"), ("no-ticket", "notarized")] {
        mac.fails(fault);
        run(&world, &mac, "release_inbox/Nexy.dmg").exits(0);
        assert_eq!(receipt(&world)[key], false, "{fault}");
        world.tool("nexy-gate").args(["artifact-version"]).run().exits(1);
        mac.works(fault);
    }
}

#[test]
fn what_could_not_be_looked_at_gets_no_receipt() {
    let Some((world, mac)) = with_shasum("what_could_not_be_looked_at_gets_no_receipt") else { return };
    for (fault, words) in
        [("attach-fails", "cannot mount"), ("codesign-fails", "codesign ended with 2"), ("no-stapler", "xcrun ended with 72")]
    {
        mac.fails(fault);
        run(&world, &mac, "release_inbox/Nexy.dmg").exits(69).says(words);
        mac.works(fault);
    }
    fs::remove_file(mac.image().join("Nexy.app/Contents/Info.plist")).unwrap();
    run(&world, &mac, "release_inbox/Nexy.dmg").exits(69).says("cannot read CFBundleVersion");
    mac.holds("Nexy.app", "2.0\"; x", "2.0");
    run(&world, &mac, "release_inbox/Nexy.dmg").exits(1).says("is no version");
    mac.holds("Second.app", VERSION, VERSION);
    run(&world, &mac, "release_inbox/Nexy.dmg").exits(1).says("more than one application");
    fs::remove_dir_all(mac.image()).unwrap();
    fs::create_dir(mac.image()).unwrap();
    run(&world, &mac, "release_inbox/Nexy.dmg").exits(1).says("holds no application");
    fs::remove_file(mac.programs().join("hdiutil")).unwrap();
    run(&world, &mac, "release_inbox/Nexy.dmg").exits(69).says("hdiutil is not on PATH");
    assert!(!world.build_receipt("Nexy.dmg").exists());
    assert!(!world.inbox("Nexy.dmg.receipt.part").exists());
}

#[test]
fn wrong_operands_and_odd_names_are_usage_errors() {
    let (world, mac) = built();
    run(&world, &mac, "").exits(2);
    run(&world, &mac, "a b").exits(2);
    run(&world, &mac, "release_inbox/None.dmg").exits(2).says("does not exist");
    fs::write(world.inbox("a\"b.dmg"), "x").unwrap();
    run(&world, &mac, "'release_inbox/a\"b.dmg'").exits(2).says("more than letters");
}

#[test]
fn an_image_that_cannot_be_unmounted_gently_is_unmounted_by_force() {
    let Some((world, mac)) = with_shasum("an_image_that_cannot_be_unmounted_gently_is_unmounted_by_force") else { return };
    mac.fails("detach-fails");
    run(&world, &mac, "release_inbox/Nexy.dmg").exits(0);
}
