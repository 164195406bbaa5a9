//! The whole release in one plain `dash` pipe, without pipefail: what fails or dies where, and what users have then.
#![expect(clippy::expect_used, reason = "test support: a broken scene must stop the test loudly")]

mod kills;
mod secrets;
mod whole;

use nexy_standin::world::{ARTIFACTS, MANIFEST_FOLDERS, World};

/// The stages of a release, in their order.
pub(crate) const STAGES: [&str; 6] = [
    "nexy-version record",
    "nexy-gate before-publish -",
    "nexy-publish -",
    "nexy-manifest write -",
    "scripts/manifest_to_vm.sh -",
    "nexy-verify updates -",
];

/// The index of the stage that makes the bytes live.
pub(crate) const PUBLISH: usize = 2;

pub(crate) fn pipe(stages: &[String]) -> String {
    stages.join(" | ")
}

/// The pipe with another command in one place.
pub(crate) fn with_stage(index: usize, command: &str) -> String {
    let mut stages = STAGES.map(str::to_owned);
    stages[index] = command.to_owned();
    pipe(&stages)
}

/// What users see: the digest of the download, and every manifest of workspace and VM.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Users {
    pub(crate) download: Option<String>,
    pub(crate) workspace: Vec<String>,
    pub(crate) vm: Vec<String>,
}

pub(crate) fn users(world: &World) -> Users {
    let path = |folder: &&str| format!("{folder}/manifest.json");
    Users {
        download: world.standin.public_bytes_sha(ARTIFACTS, "Update", "Nexy.dmg"),
        workspace: MANIFEST_FOLDERS.iter().map(|folder| world.read(&path(folder))).collect(),
        vm: MANIFEST_FOLDERS.iter().map(|folder| world.read_vm(&path(folder))).collect(),
    }
}

/// The digest of the artifact in the inbox.
pub(crate) fn inbox_digest(world: &World) -> String {
    nexy_contract::Sha256Digest::of(&std::fs::read(world.inbox("Nexy.dmg")).expect("the artifact")).to_string()
}

/// The same command again ends well, and users and their manifests have the new bytes.
pub(crate) fn converges(world: &World, case: &str) {
    world.standin.clear_faults();
    let ran = world.sh(&pipe(&STAGES.map(str::to_owned)));
    assert_eq!(ran.code, Some(0), "{case}: {}", ran.stderr);
    let now = users(world);
    assert_eq!(now.download, Some(inbox_digest(world)), "{case}");
    for manifest in now.workspace.iter().chain(&now.vm) {
        assert!(manifest.contains(&inbox_digest(world)) && manifest.contains("2.0.0.4"), "{case}: {manifest}");
    }
}
