//! The story of `check-config`: shows `nexy.toml` as it is understood, or every mistake in it.

use nexy_contract::{Exit, Problem, Sha256Digest, Target, target_file::Mistake, text::printable};
use nexy_outside::{
    Common, Format,
    frame::{options, stdio, workspace},
};
use serde::Serialize;
use std::{collections::BTreeSet, fmt::Write as _};

/// The answer.
#[derive(Serialize)]
struct Understood {
    path: String,
    sha256: Sha256Digest,
    /// In the order of the lines; with one of them nothing was understood.
    mistakes: Vec<Mistake>,
    target: Option<Target>,
}

pub(crate) fn run(common: &Common) -> Result<Exit, Problem> {
    let file = workspace::file(common)?;
    let (target, mistakes) = match Target::examine(&file.text) {
        Ok(target) => (Some(target), Vec::new()),
        Err(mistakes) => (None, mistakes),
    };
    let exit = if mistakes.is_empty() { Exit::Yes } else { Exit::BadTarget };
    let path = file.shown;
    let understood = Understood { path, sha256: Sha256Digest::of(file.text.as_bytes()), mistakes, target };
    let document = match common.format()? {
        Format::Json => options::json(&understood)?,
        Format::Text | Format::Tap => text(&understood),
    };
    stdio::write_document(document.as_bytes())?;
    Ok(exit)
}

fn text(understood: &Understood) -> String {
    let mut text = String::new();
    let path = printable(&understood.path);
    for mistake in &understood.mistakes {
        let _ = writeln!(text, "{}", printable(&mistake.to_string()));
    }
    match (&understood.target, understood.mistakes.len()) {
        (Some(target), _) => {
            let _ = writeln!(text, "file        {path} ({})", understood.sha256.short());
            for (name, value) in overview(target) {
                let _ = writeln!(text, "{name:<11} {}", printable(&value));
            }
        }
        (None, 1) => text += &format!("1 mistake in {path}; docs/nexy-toml.md explains every key\n"),
        (None, count) => text += &format!("{count} mistakes in {path}; docs/nexy-toml.md explains every key\n"),
    }
    text
}

/// What a person would look for first.
fn overview(target: &Target) -> Vec<(&'static str, String)> {
    let (release, repositories, remotes) = (&target.release_target, &target.repositories, &target.remotes);
    let artifacts = target.artifacts.iter().map(|row| {
        let feed = if row.feed { ", which clients update from" } else { "" };
        format!("{} ({}{feed}) on {}", row.name, row.kind.word(), target.public_url(row))
    });
    let files: BTreeSet<&str> = target.version_places.iter().map(|place| place.file.as_str()).collect();
    let optional = target.version_places.iter().filter(|place| place.optional).count();
    let required = target.config_env.required.iter().map(|row| {
        let when: Vec<String> = row.when.iter().map(|when| format!("{}={}", when.key, when.value)).collect();
        if when.is_empty() { row.key.clone() } else { format!("{} (when {})", row.key, when.join(" and ")) }
    });
    let signed = match target.signature.public_keys.len() {
        0 => "no key: signatures are not checked".to_owned(),
        count => format!("{count} key(s): every artifact needs its signature"),
    };
    vec![
        ("server", format!("{} in {}, {}", release.vm, release.resource_group, target.endpoints.public)),
        ("gRPC", format!("{} {} TLS", release.grpc_endpoint, if release.grpc_tls { "over" } else { "without" })),
        ("workspace", format!("{} (remote {})", repositories.workspace, remotes.workspace)),
        ("server code", format!("{} (remote {})", repositories.server, remotes.server)),
        ("releases", format!("{} at {}", repositories.artifacts, target.github.web_url)),
        ("artifacts", artifacts.collect::<Vec<_>>().join("; ")),
        ("manifests", target.layout.manifest_dirs.join(", ")),
        (
            "version",
            format!(
                "{}, and {} places in {} files, {optional} of them optional",
                target.layout.version_file,
                target.version_places.len(),
                files.len()
            ),
        ),
        ("unit", format!("{} as {}: {}", target.service.unit, target.service.user, target.service.exec_start)),
        ("checkout", target.vm.checkout.clone()),
        ("settings", format!("{}, with {}", target.vm.config_env, required.collect::<Vec<_>>().join(", "))),
        ("signatures", signed),
        (
            "backup",
            format!(
                "at most {} h old; a restore drill at most {} days",
                target.database.backup_max_age_h, target.limits.restore_drill_max_days
            ),
        ),
    ]
}
