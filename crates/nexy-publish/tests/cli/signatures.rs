//! A configured key is always used; a wrong or missing signature stops a publication before the first upload.

use ed25519_compact::{KeyPair, Seed};
use nexy_publish_support::{judged, mutations, publish, served, sha256};
use nexy_standin::world::{Ran, World};
use serde_json::{Value, json};

/// Base64, as Sparkle spells keys and signatures.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let number = (0..3).fold(0_u32, |number, index| number << 8 | u32::from(group.get(index).copied().unwrap_or(0)));
        for index in 0..4 {
            let digit = DIGITS[(number >> (18 - 6 * index) & 63) as usize];
            text.push(if index <= group.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

fn pair(seed: u8) -> KeyPair {
    KeyPair::from_seed(Seed::new([seed; 32]))
}

/// A world whose target names the keys of these seeds, with a signature by `signer` beside the artifact.
fn signed(keys: &[u8], signer: Option<u8>) -> World {
    let world = World::new();
    let keys: Vec<String> = keys.iter().map(|seed| format!("\"{}\"", base64(&pair(*seed).pk[..]))).collect();
    world.set_target("signature", "public_keys", &format!("[{}]", keys.join(", ")));
    if let Some(seed) = signer {
        world.write("release_inbox/Nexy.dmg.sig", &format!("{}\n", signature(&world, seed)));
    }
    world
}

fn signature(world: &World, seed: u8) -> String {
    let bytes = std::fs::read(world.inbox("Nexy.dmg")).expect("the artifact");
    base64(&pair(seed).sk.sign(bytes, None)[..])
}

fn refused(world: &World, record: &Value, says: &str) {
    let before = served(world);
    world.standin.clear_requests();
    publish(world, record).exits(1).says(says);
    assert_eq!(mutations(world), Vec::<String>::new());
    assert_eq!(served(world), before);
}

fn write(world: &World, record: &Value) -> Ran {
    world.tool("nexy-manifest").args(["write", "-"]).stdin(record.to_string()).run()
}

#[test]
fn a_right_signature_goes_from_the_inbox_to_the_manifest() {
    // The second key of two, as during a rotation.
    let world = signed(&[1, 2], Some(2));
    let record = judged(&world);
    assert_eq!(record["ext"]["signatures"]["Nexy.dmg"]["ed25519"].as_str(), Some(signature(&world, 2).as_str()));
    let published = publish(&world, &record).exits(0).json();
    assert_eq!(published["ext"]["signatures"]["Nexy.dmg"]["confirmed_by"].as_str(), Some(base64(&pair(2).pk[..]).as_str()));
    write(&world, &published).exits(0);
    assert_eq!(world.manifest()["artifact"]["ed25519"].as_str(), Some(signature(&world, 2).as_str()));
    // The gate knows the signature file.
    let gate = world.tool("nexy-gate").args(["release-inbox"]).run();
    gate.exits(0).never_says("Nexy.dmg.sig");
}

#[test]
fn it_may_lie_beside_the_file_alone_under_either_name() {
    for name in ["Nexy.dmg.sig", "Nexy.dmg.ed25519"] {
        let world = signed(&[1], None);
        let record = judged(&world);
        world.write(&format!("release_inbox/{name}"), &signature(&world, 1));
        let published = publish(&world, &record).exits(0).json();
        assert_eq!(served(&world), Some(sha256(&record)));
        assert!(published["ext"]["signatures"]["Nexy.dmg"]["confirmed_by"].is_string());
    }
}

#[test]
fn a_missing_a_foreign_and_a_garbled_signature_are_refused_before_any_upload() {
    let missing = signed(&[1], None);
    refused(&missing, &judged(&missing), "it has no signature");
    let foreign = signed(&[1], Some(3));
    refused(&foreign, &judged(&foreign), "made for other bytes, or with a key");
    let garbled = signed(&[1], None);
    garbled.write("release_inbox/Nexy.dmg.sig", "not a signature\n");
    refused(&garbled, &judged(&garbled), "holds no Ed25519 signature");
    let other_bytes = signed(&[1], Some(1));
    other_bytes.inbox_dmg(&nexy_standin::artifact::dmg(1 << 20, 88));
    refused(&other_bytes, &judged(&other_bytes), "made for other bytes");
}

#[test]
fn a_signature_that_was_not_verified_never_reaches_the_manifest() {
    let world = World::new();
    world.write("release_inbox/Nexy.dmg.sig", &signature(&world, 1));
    let record = judged(&world);
    let ran = publish(&world, &record);
    ran.exits(0).says("not verified: signature.public_keys of nexy.toml names no key");
    write(&world, &ran.json()).exits(0);
    assert_eq!(world.manifest()["artifact"]["ed25519"], json!(""));
    // Nor does one whose confirmation is forged, or for other bytes.
    for change in [json!({"confirmed_by": "x"}), json!({"confirmed_by": "x", "sha256": "0".repeat(64)})] {
        let mut forged = ran.json();
        forged["ext"]["signatures"] = json!({"Nexy.dmg": {"ed25519": signature(&world, 1), "sha256": sha256(&record)}});
        for (key, value) in change.as_object().expect("changes") {
            forged["ext"]["signatures"]["Nexy.dmg"][key] = value.clone();
        }
        write(&world, &forged).exits(0);
        assert_eq!(world.manifest()["artifact"]["ed25519"], json!(""));
    }
}

#[test]
fn a_key_that_is_none_is_refused_with_the_name_of_its_place() {
    let world = World::new();
    world.set_target("signature", "public_keys", "[\"abc\"]");
    world.tool("nexy-publish").args(["show"]).run().exits(78).says("signature.public_keys").says("base64 of 32 bytes");
}
