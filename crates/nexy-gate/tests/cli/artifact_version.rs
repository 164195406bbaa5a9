//! `artifact-version` against real packages, receipts, and the programs of a Mac.

use crate::{ask, asked, holds, json, record, tells, world};
use nexy_standin::package::Package;
use nexy_standin::world::{Mac, Options, Ran, VERSION, World};
use serde_json::{Value, json};
use std::fs;

const GATE: &str = "artifact-version";

/// Asks on a Mac.
fn ask_there(world: &World, mac: &Mac) -> Ran {
    let path = format!("{}:{}:/usr/bin:/bin", mac.programs().display(), world.programs().display());
    let ran = world.tool("nexy-gate").args([GATE, "--format=json"]).env("PATH", &path).run();
    let _ = mac.calls();
    ran
}

#[track_caller]
fn asked_there(world: &World, mac: &Mac, code: i32) -> Value {
    let ran = ask_there(world, mac);
    ran.exits(code);
    ran.finding(GATE)
}

#[test]
fn a_package_is_opened_here_and_a_disk_image_stands_on_its_receipt() {
    let world = World::with(&Options { pkg_bytes: Some(4096), ..Options::default() });
    let finding = asked(&world, GATE, 0);
    holds(&finding, "found", "Nexy.dmg is 2.0.0.4 inside, signed and notarized; Nexy.pkg is 2.0.0.4 inside, signed and notarized");
}

/// An archive with this table of contents and this heap.
fn archive(toc: &str, heap: &[u8]) -> Vec<u8> {
    let packed = packed(toc);
    let mut file = b"xar!\0\x1c\0\x01".to_vec();
    [packed.len(), toc.len()].iter().for_each(|length| file.extend((*length as u64).to_be_bytes()));
    file.extend([0; 4]);
    file.extend(packed);
    file.extend(heap);
    file
}

fn packed(text: &str) -> Vec<u8> {
    miniz_oxide::deflate::compress_to_vec_zlib(text.as_bytes(), 9)
}

/// An archive whose only file is this `PackageInfo`.
fn with_info(info: &str) -> Vec<u8> {
    let (packed, size) = (packed(info), info.len());
    let data = format!(
        "<data><length>{}</length><offset>0</offset><size>{size}</size><encoding style=\"application/x-gzip\"/></data>",
        packed.len()
    );
    archive(&format!("<xar><toc><file><name>PackageInfo</name>{data}</file></toc></xar>"), &packed)
}

/// What a package of some kilobytes can hold is told in the memory that any package takes, and soon.
#[test]
#[cfg(target_os = "linux")]
fn a_small_package_that_unpacks_to_much_is_read_in_little_memory() {
    let attributes = |count: u32| format!("<a {}/>", (0..count).map(|number| format!("a{number:x}=\"\" ")).collect::<String>());
    let file = "<file><name>b</name><data><length>0</length><offset>0</offset><size>0</size></data></file>";
    let padded = |text: String, bytes: usize| format!("{text}{}", " ".repeat(bytes - text.len()));
    let world = World::with(&Options { pkg_bytes: Some(4096), ..Options::default() });
    let ask_in_little_memory = || {
        let gate = world.tools().join("nexy-gate");
        world.shell(&format!("ulimit -d 32768; exec '{}' --target nexy.toml {GATE} --format json", gate.display())).run()
    };
    ask_in_little_memory().exits(0);
    for (what, package) in [
        ("nested elements", archive(&"<a>".repeat(5 << 20), b"")),
        ("as many elements and as much text as are read", archive(&padded("<a> ".repeat((1 << 16) - 1), 4 << 20), b"")),
        ("a file of as many elements", with_info(&padded("<a> ".repeat((1 << 16) - 1), 1 << 20))),
        ("attributes", archive(&attributes(300_000), b"")),
        ("as many attributes as are read", archive(&attributes((1 << 14) - 1), b"")),
        (
            "a long name above many files",
            archive(&format!("<xar><toc><file><name>{}</name>{}</file></toc></xar>", "n".repeat(1 << 20), file.repeat(5000)), b""),
        ),
        ("versions", with_info(&format!("<pkg-info>{}</pkg-info>", "<bundle path=\"a.app\" CFBundleVersion=\"1\"/>".repeat(8000)))),
    ] {
        fs::write(world.inbox("Nexy.pkg"), package).expect("the package");
        let ran = ask_in_little_memory();
        assert!(matches!(ran.code, Some(1 | 69)), "{what}: {ran}");
    }
}

#[test]
fn a_package_of_another_version_is_a_no() {
    let world = world();
    world.inbox_pkg(&Package::of("2.0.0.3").bytes(8192, 7));
    holds(&asked(&world, GATE, 1), "found", "2.0.0.3");
}

#[test]
fn a_disk_image_without_receipt_is_unknown_and_counts_as_the_target_says() {
    let world = world();
    world.remove_build_receipt("Nexy.dmg");
    let finding = asked(&world, GATE, 69);
    holds(&finding, "found", "cannot determine the version inside Nexy.dmg");
    holds(&finding, "fix", "scripts/build_receipt.sh release_inbox/Nexy.dmg");
    world.set_target("artifact_version", "when_unknown", "\"advice\"");
    let ran = ask(&world, &["before-publish"]);
    ran.exits(0).says("unsure");
    let document = ran.json();
    let found = document["findings"].as_array().expect("findings").iter().find(|finding| finding["id"] == GATE).expect("a finding");
    assert_eq!((&found["verdict"], &found["severity"]), (&json!("unknown"), &json!("advice")));
    world.write_build_receipt("Nexy.dmg");
    world.set_build_receipt("Nexy.dmg", "version", json!("2.0.0.3"));
    assert_eq!(asked(&world, GATE, 1)["severity"], "gate", "a no decides all the same");
}

#[test]
fn a_receipt_that_cannot_be_used_is_unknown() {
    let world = world();
    for (text, words) in [(String::new(), "is empty"), (" ".repeat(70_000), "larger than")] {
        fs::write(world.build_receipt("Nexy.dmg"), text).expect("a receipt");
        holds(&asked(&world, GATE, 69), "found", words);
    }
    world.write_build_receipt("Nexy.dmg");
    world.set_build_receipt("Nexy.dmg", "built_at", json!(world.ago(-3600)));
    holds(&asked(&world, GATE, 69), "found", "ahead of this clock");
    world.remove_build_receipt("Nexy.dmg");
    fs::create_dir(world.build_receipt("Nexy.dmg")).expect("a folder in its place");
    holds(&asked(&world, GATE, 69), "found", "cannot be read");
}

#[test]
fn the_version_is_the_records_else_the_workspaces() {
    let world = world();
    let born = json(&record(&world));
    world.set_version("2.0.0.5");
    holds(&asked(&world, GATE, 1), "found", "not 2.0.0.5");
    let ran = world.tool("nexy-gate").args([GATE, "-"]).stdin(born).run();
    ran.exits(0);
    fs::remove_file(world.workspace().join("VERSION")).expect("VERSION");
    holds(&asked(&world, GATE, 1), "found", "VERSION is missing");
    fs::create_dir(world.workspace().join("VERSION")).expect("a folder");
    asked(&world, GATE, 69);
}

#[test]
fn on_a_mac_the_image_is_mounted_looked_at_and_unmounted_without_any_receipt() {
    let world = world();
    world.remove_build_receipt("Nexy.dmg");
    let mac = world.mac(VERSION);
    std::os::unix::fs::symlink("/Applications", mac.image().join("Applications.app")).expect("the usual link");
    holds(&asked_there(&world, &mac, 0), "found", "Nexy.dmg is 2.0.0.4 inside, signed and notarized");
    let calls: Vec<String> = mac.calls().iter().map(|call| call.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(calls, ["hdiutil attach", "plutil -convert", "codesign --verify", "hdiutil detach", "xcrun stapler"]);
    assert!(!mac.has_mounted());
    let mount = mac.calls()[0].split(' ').nth(6).expect("a folder").to_owned();
    assert!(!std::path::Path::new(&mount).exists(), "{mount} was left behind");
}

#[test]
fn on_a_mac_an_old_build_is_a_no_whatever_its_receipt_says() {
    let world = world();
    let mac = world.mac("2.0.0.3");
    holds(&asked_there(&world, &mac, 1), "found", "Nexy.app CFBundleVersion is `2.0.0.3`, not 2.0.0.4");
    mac.holds("Nexy.app", VERSION, "2.0");
    holds(&asked_there(&world, &mac, 1), "found", "CFBundleShortVersionString is `2.0`");
    mac.holds("Nexy.app", VERSION, VERSION);
    mac.holds("Older.app", "1.0", VERSION);
    holds(&asked_there(&world, &mac, 1), "found", "Older.app CFBundleVersion is `1.0`");
    fs::remove_dir_all(mac.image()).expect("the content");
    fs::create_dir(mac.image()).expect("nothing");
    holds(&asked_there(&world, &mac, 1), "found", "Nexy.dmg holds no application");
    assert!(!mac.has_mounted());
}

#[test]
fn on_a_mac_signature_and_ticket_are_asked_of_the_programs_there() {
    let world = World::with(&Options { pkg_bytes: Some(4096), ..Options::default() });
    world.remove_build_receipt("Nexy.dmg");
    let mac = world.mac(VERSION);
    for (fault, code, words) in [
        ("unsigned", 1, "Nexy.dmg is not signed (codesign says: "),
        ("codesign-fails", 69, "codesign ended with 2"),
        ("wrong-ticket", 1, "Nexy.pkg has no good notarization ticket"),
        ("no-ticket", 69, "whether Nexy.dmg is notarized"),
        ("no-stapler", 69, "whether Nexy.dmg is notarized"),
        ("plutil-fails", 69, "Info.plist of Nexy.app: plutil ended with 1"),
    ] {
        mac.fails(fault);
        holds(&asked_there(&world, &mac, code), "found", words);
        mac.works(fault);
    }
    asked_there(&world, &mac, 0);
    fs::remove_file(mac.programs().join("codesign")).expect("the program");
    holds(&asked_there(&world, &mac, 69), "found", "`codesign` is not on PATH");
}

#[test]
fn on_a_mac_an_image_that_cannot_be_mounted_is_unknown_whatever_its_receipt_says() {
    let world = world();
    let mac = world.mac(VERSION);
    mac.fails("attach-fails");
    tells(&asked_there(&world, &mac, 69), "hdiutil attach ended with 1: hdiutil: attach failed - image not recognized", "hdiutil verify ");
    assert!(!mac.calls().iter().any(|call| call.starts_with("hdiutil detach")), "{:?}", mac.calls());
}

#[test]
fn on_a_mac_the_image_is_unmounted_whatever_happens() {
    let world = world();
    let mac = world.mac(VERSION);
    mac.fails("detach-fails");
    asked_there(&world, &mac, 0);
    assert!(!mac.has_mounted(), "by force");
    mac.fails("detach-always-fails");
    tells(&asked_there(&world, &mac, 69), "it is still mounted", "hdiutil detach -force /tmp/nexy-image-");
    let mount = fs::read_to_string(world.root().join("mac/mounted")).expect("where it is mounted");
    fs::remove_dir_all(mount.trim()).expect("what stayed behind");
    mac.works("detach-always-fails");
    fs::remove_file(world.root().join("mac/mounted")).expect("the mark");
    mac.fails("attach-hangs");
    world.set_target("limits", "gate_timeout_s", "4");
    holds(&asked_there(&world, &mac, 69), "found", "`hdiutil` did not end within");
    assert!(!mac.has_mounted(), "what was mounted when it was ended is unmounted");
}
