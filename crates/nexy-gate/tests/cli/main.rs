//! Black-box tests: the real binary, an empty environment, real bytes and a stand-in for GitHub.
#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    reason = "tests lay out files as people and crashes leave them, and stop at the first surprise"
)]

mod artifact_genuine;
mod artifact_version;
mod azure_login;
mod azure_vm;
mod checkout_origin;
mod checkout_state;
mod code_repo_has_no_release;
mod command_line;
mod config_env;
mod config_env_access;
mod config_env_keys;
mod db_backup;
mod db_hardened;
mod disk_space;
mod documentation;
mod exec_start;
mod fixed_channel;
mod gemini_smoke;
mod git_remotes;
mod github_quota;
mod github_token;
mod layout;
mod no_force_push;
mod no_legacy;
mod not_rolled_back;
mod print_fix;
mod python_deps;
mod races;
mod records;
mod release_inbox;
mod remote_script;
mod repository_quality;
mod restore_drill;
mod roots;
mod runner;
mod server_deployed;
mod server_version_env;
mod single_manifest;
mod tag_coherent;
mod target_canonical;
mod unit_enabled;
mod update_dirs;
mod version_moves;
mod version_synced;
mod vm;
mod workflow_triggers;

use nexy_contract::{Record, ReleaseVersion, Sha256Digest, Target, record::Artifact};
use nexy_standin::world::{self, Ran, World};
use serde_json::Value;
use std::fs;

/// A world one step before a publication.
fn world() -> World {
    World::new()
}

/// A world with the release's tag, on what this changes.
fn tagged(change: impl FnOnce(&World)) -> World {
    let world = world();
    change(&world);
    world.tag_release();
    world
}

/// Asks by hand, and wants the report as JSON.
fn ask(world: &World, names: &[&str]) -> Ran {
    world.tool("nexy-gate").args(names.iter().copied()).arg("--format=json").run()
}

/// Asks one gate, and claims its exit code and verdict; the finding comes back.
#[track_caller]
fn asked(world: &World, id: &str, code: i32) -> Value {
    vm::judged(&ask(world, &[id]), id, code)
}

/// A no with these words, and a yes after the printed commands were typed; the finding of the yes comes back.
#[track_caller]
fn mended(world: &World, id: &str, said: &str) -> Value {
    vm::mended(world, said, |code| asked(world, id, code))
}

/// Claims that a field of a finding holds these words.
#[track_caller]
fn holds(finding: &Value, key: &str, words: &str) {
    assert!(text(finding, key).contains(words), "expected {words:?} in {key} of {finding:#}");
}

/// Claims that a finding was made for this reason, and that its fix holds these words.
#[track_caller]
fn tells(finding: &Value, found: &str, fix: &str) {
    holds(finding, "found", found);
    holds(finding, "fix", fix);
}

/// A field of a finding as text; the lines of a fix without their kinds.
fn text(finding: &Value, key: &str) -> String {
    if key == "fix" { world::fix_text(&finding[key]) } else { finding[key].as_str().unwrap_or_default().to_owned() }
}

/// The record that is born from the inbox as it is now.
fn record(world: &World) -> Record {
    let text = world.read("nexy.toml");
    let target = Target::parse(&text).expect("the world's nexy.toml");
    let version: ReleaseVersion = world::VERSION.parse().expect("a version");
    let artifacts = target.artifacts.iter().filter_map(|row| {
        let bytes = fs::read(world.inbox(&row.name)).ok()?;
        Some(Artifact {
            name: row.name.clone(),
            channel: row.channel.clone(),
            size_bytes: bytes.len() as u64,
            sha256: Sha256Digest::of(&bytes),
            live: None,
        })
    });
    Record::new(version, target.identity(Sha256Digest::of(text.as_bytes())), artifacts.collect())
}

/// The record as it travels.
fn json(record: &Record) -> String {
    serde_json::to_string_pretty(&record).expect("a record in JSON")
}

/// Everything that a run said, for claims about what must not be in it.
fn said(ran: &Ran) -> String {
    format!("{}{}", ran.stdout, ran.stderr)
}
