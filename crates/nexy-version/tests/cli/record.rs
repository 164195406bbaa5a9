//! `record` begins a release record.

use nexy_contract::{Record, Sha256Digest};
use nexy_standin::{artifact, world::World};

#[test]
fn a_record_holds_version_target_and_the_hashed_artifacts() {
    let world = World::new();
    world.inbox_pkg(&artifact::pkg(5000, 3));
    let ran = world.tool("nexy-version").args(["record"]).run();
    ran.exits(0).silent_stderr();
    let record = Record::read(&ran.stdout_bytes).expect("a record");
    assert_eq!((record.version.to_string().as_str(), record.tag.as_str()), ("2.0.0.4", "v2.0.0.4"));
    let target = std::fs::read(world.workspace().join("nexy.toml")).expect("nexy.toml");
    assert_eq!(record.target.sha256, Sha256Digest::of(&target));
    for (artifact, channel) in record.artifacts.iter().zip(["Update", "App"]) {
        let bytes = std::fs::read(world.inbox(&artifact.name)).expect("the artifact");
        assert_eq!((artifact.size_bytes, artifact.sha256), (bytes.len() as u64, Sha256Digest::of(&bytes)));
        assert_eq!((artifact.channel.as_str(), &artifact.live), (channel, &None));
    }
    assert!(record.manifests.is_empty() && record.reports.is_empty() && record.outcomes.is_empty());
}

#[test]
fn a_record_of_an_update_says_so() {
    let world = World::new();
    let record = |words: &[&str]| world.tool("nexy-version").arg("record").args(words.iter().copied()).run();
    assert_eq!(record(&["--kind", "update"]).exits(0).json()["kind"], "update");
    assert_eq!(record(&["--kind", "release"]).exits(0).stdout, record(&[]).stdout);
    record(&["--kind", "rollback"]).exits(2);
}

#[test]
fn the_same_bytes_give_the_same_record() {
    let world = World::new();
    let record = || world.tool("nexy-version").args(["record"]).run().stdout;
    assert_eq!(record(), record());
}

#[test]
fn an_empty_inbox_is_left_to_the_gate() {
    let world = World::new();
    std::fs::remove_file(world.inbox("Nexy.dmg")).expect("removed");
    let record = world.tool("nexy-version").args(["record"]).run().exits(0).json();
    assert_eq!(record["artifacts"], serde_json::json!([]));
}

#[test]
fn an_artifact_that_cannot_be_read_as_itself_is_an_error_and_no_record() {
    let world = World::new();
    let path = world.inbox("Nexy.dmg");
    std::fs::remove_file(&path).expect("removed");
    std::os::unix::fs::symlink("/etc/hostname", &path).expect("linked");
    world.tool("nexy-version").args(["record"]).run().exits(69).says("it is a link").says("put the finished file itself").silent_stdout();
    std::fs::remove_file(&path).expect("removed");
    std::fs::create_dir(&path).expect("a folder");
    world.tool("nexy-version").args(["record"]).run().exits(69).says("no regular file").silent_stdout();
}

#[test]
fn a_version_file_that_is_missing_or_wrong_says_what_to_type() {
    let world = World::new();
    world.write("VERSION", "v2.0.0.4\n");
    world
        .tool("nexy-version")
        .args(["record"])
        .run()
        .exits(1)
        .says("not a version and nothing else")
        .says("nexy-version set")
        .silent_stdout();
    std::fs::remove_file(world.workspace().join("VERSION")).expect("removed");
    world.tool("nexy-version").args(["record"]).run().exits(1).says("VERSION is missing").silent_stdout();
}

#[test]
fn standard_input_is_never_read() {
    let world = World::new();
    let ran = world.sh("printf 'one\\ntwo\\n' | { nexy-version show version; cat; }");
    ran.exits(0);
    assert_eq!(ran.stdout, "2.0.0.4\none\ntwo\n");
}
