//! Refuses keys of `nexy.toml` that contradict each other; each refusal names them.

use super::{Target, TargetError, VersionPlace};
use crate::{
    ReleaseVersion, platform,
    url::{Url, is_loopback},
};
use std::collections::BTreeSet;

/// A wait beyond this is a slip of the finger.
const LONGEST_WAIT_S: u64 = 86_400;

/// Holds the keys against each other.
/// Errors: the first [`TargetError::Contradiction`].
pub(super) fn check(target: &Target) -> Result<(), TargetError> {
    repositories(target)?;
    urls(target)?;
    artifacts(target)?;
    signature(target)?;
    manifest_defaults(target)?;
    paths(target)?;
    service(target)?;
    other_layouts(target)?;
    version_places(target)?;
    legacy(target)?;
    limits(target)
}

fn refuse<T>(keys: impl Into<String>, because: impl Into<String>) -> Result<T, TargetError> {
    Err(TargetError::Contradiction(keys.into(), because.into()))
}

fn repositories(target: &Target) -> Result<(), TargetError> {
    let roles = [
        ("repositories.workspace", &target.repositories.workspace),
        ("repositories.server", &target.repositories.server),
        ("repositories.artifacts", &target.repositories.artifacts),
    ];
    for (index, (key, name)) in roles.iter().enumerate() {
        let well_formed = name.split_once('/').is_some_and(|(owner, repository)| unsafe_name(owner).or(unsafe_name(repository)).is_none());
        if !well_formed {
            return refuse(*key, format!("`{name}` is not `owner/name`"));
        }
        if let Some((other, _)) = roles[index + 1..].iter().find(|(_, other)| other.eq_ignore_ascii_case(name)) {
            return refuse(format!("{key} and {other}"), format!("both are `{name}`; code and artifacts must not mix"));
        }
    }
    if target.remotes.workspace == target.remotes.server {
        return refuse("remotes.workspace and remotes.server", format!("both are `{}`", target.remotes.workspace));
    }
    Ok(())
}

fn urls(target: &Target) -> Result<(), TargetError> {
    let urls = [
        ("github.api_url", &target.github.api_url),
        ("github.uploads_url", &target.github.uploads_url),
        ("github.web_url", &target.github.web_url),
        ("endpoints.local_server", &target.endpoints.local_server),
        ("endpoints.local_updates", &target.endpoints.local_updates),
        ("endpoints.public", &target.endpoints.public),
        ("gemini.api_url", &target.gemini.api_url),
    ];
    for (key, url) in urls {
        if url.ends_with('/') {
            return refuse(key, "ends with a slash; paths are added with one of their own");
        }
        let Some(parsed) = Url::parse(url).filter(|_| !url.contains(['?', '#'])) else {
            return refuse(key, "is not a plain https URL without user, query or blanks");
        };
        if !parsed.is_safe() {
            return refuse(key, "plain http is allowed on loopback only; write https");
        }
    }
    let host = |url: &str| Url::parse(url).map(|url| url.host().to_ascii_lowercase()).unwrap_or_default();
    let web = host(&target.github.web_url);
    for (key, url) in [("github.api_url", &target.github.api_url), ("github.uploads_url", &target.github.uploads_url)] {
        let host = host(url);
        if host != web && !host.ends_with(&format!(".{web}")) {
            return refuse(format!("github.web_url and {key}"), format!("the token for `{web}` would be sent to `{host}`"));
        }
    }
    let public = host(&target.endpoints.public);
    if !public.eq_ignore_ascii_case(&target.release_target.host) && !is_loopback(&public) {
        let because = format!("`{public}` and `{}` are different hosts", target.release_target.host);
        return refuse("endpoints.public and release_target.host", because);
    }
    Ok(())
}

fn artifacts(target: &Target) -> Result<(), TargetError> {
    let mut names = BTreeSet::new();
    for artifact in &target.artifacts {
        let no_ending = (!artifact.name.contains('.')).then(|| "has no ending".to_owned());
        if let Some(because) = unsafe_name(&artifact.name).or(no_ending) {
            return refuse("artifacts.name", format!("`{}` {because}; {SAFE}", artifact.name));
        }
        if !names.insert(artifact.name.to_ascii_lowercase()) {
            return refuse("artifacts.name", format!("`{}` stands there twice", artifact.name));
        }
        if let Some(because) = unsafe_name(&artifact.channel) {
            return refuse("artifacts.channel", format!("`{}` {because}; {SAFE}", artifact.channel));
        }
        if ReleaseVersion::looks_like_one(&artifact.channel) {
            let because = format!("`{}` looks like a version, and no version's tag is ever released to (S2 §1.3)", artifact.channel);
            return refuse("artifacts.channel", because);
        }
    }
    match target.artifacts.iter().filter(|artifact| artifact.feed).count() {
        1 => Ok(()),
        count => refuse("artifacts.feed", format!("clients update from exactly one artifact, {count} have `feed = true`")),
    }
}

fn signature(target: &Target) -> Result<(), TargetError> {
    match target.signature.public_keys.iter().find(|key| crate::signature::public_key(key).is_none()) {
        Some(wrong) => refuse("signature.public_keys", format!("`{wrong}` is no Ed25519 key: base64 of 32 bytes")),
        None => Ok(()),
    }
}

/// The defaults go into every manifest, so they keep its rule.
fn manifest_defaults(target: &Target) -> Result<(), TargetError> {
    let defaults = &target.manifest_defaults;
    if !platform::is_arch(&defaults.arch) {
        return refuse("manifest_defaults.arch", format!("`{}` is none of {}", defaults.arch, platform::ARCHITECTURES.join(", ")));
    }
    if !platform::is_min_os(&defaults.min_os) {
        return refuse("manifest_defaults.min_os", format!("`{}` is not the number of a system, such as 11.0", defaults.min_os));
    }
    Ok(())
}

fn paths(target: &Target) -> Result<(), TargetError> {
    let layout = &target.layout;
    let mut relative: Vec<(&str, &str)> = vec![
        ("layout.guide", &layout.guide),
        ("layout.inbox", &layout.inbox),
        ("layout.entry_point", &layout.entry_point),
        ("layout.requirements", &layout.requirements),
        ("layout.version_file", &layout.version_file),
        ("layout.server", &layout.server),
        ("layout.remote_scripts", &layout.remote_scripts),
        ("workflow.file", &target.workflow.file),
    ];
    relative.extend(layout.manifest_dirs.iter().map(|dir| ("layout.manifest_dirs", dir.as_str())));
    relative.extend(layout.writable_dirs.iter().map(|dir| ("layout.writable_dirs", dir.as_str())));
    relative.extend(layout.other_layouts.iter().map(|path| ("layout.other_layouts", path.as_str())));
    relative.extend(target.python.stubs.iter().map(|path| ("python.stubs", path.as_str())));
    let trees = [("layout.runtime_files", &layout.runtime_files), ("legacy.not_scanned", &target.legacy.not_scanned)];
    relative.extend(trees.iter().flat_map(|(key, paths)| paths.iter().map(|path| (*key, path.strip_suffix('/').unwrap_or(path)))));
    relative.extend(target.version_places.iter().map(|place| ("version_places.file", place.file.as_str())));
    for (key, path) in relative {
        let leaves = path.split('/').any(|part| part.is_empty() || part == "." || part == "..");
        if leaves {
            return refuse(key, format!("`{path}` must be a plain path inside the checkout"));
        }
    }
    if layout.manifest_dirs.is_empty() {
        return refuse("layout.manifest_dirs", "is empty; the update server reads a manifest somewhere");
    }
    let distinct: BTreeSet<_> = layout.manifest_dirs.iter().collect();
    if distinct.len() != layout.manifest_dirs.len() {
        return refuse("layout.manifest_dirs", "names a folder twice");
    }
    let vm = &target.vm;
    for (key, path) in [
        ("vm.checkout", &vm.checkout),
        ("vm.config_env", &vm.config_env),
        ("vm.tools", &vm.tools),
        ("vm.target_file", &vm.target_file),
        ("vm.lock_dir", &vm.lock_dir),
        ("vm.log_dir", &vm.log_dir),
        ("vm.receipts", &vm.receipts),
        ("service.working_directory", &target.service.working_directory),
    ] {
        let safe = path.starts_with('/') && path.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-".contains(&b));
        if !safe || path.split('/').any(|part| part == "..") || (path.len() > 1 && path.ends_with('/')) {
            return refuse(key, format!("`{path}` must be an absolute path of letters, digits, `.`, `_`, `-` and `/`"));
        }
    }
    Ok(())
}

fn service(target: &Target) -> Result<(), TargetError> {
    let service = &target.service;
    let words: Vec<&str> = service.exec_start.split(' ').collect();
    if words.iter().any(|word| word.is_empty()) || !words[0].starts_with('/') {
        return refuse("service.exec_start", "must start with an absolute program and separate its words by single blanks");
    }
    let runs = |word: &str| {
        let absolute = if word.starts_with('/') { word.to_owned() } else { format!("{}/{word}", service.working_directory) };
        absolute == format!("{}/{}", target.vm.checkout, target.layout.entry_point)
    };
    if !words[1..].iter().any(|word| runs(word)) {
        return refuse(
            "service.exec_start and layout.entry_point",
            format!("joined with service.working_directory, the command does not run {}/{}", target.vm.checkout, target.layout.entry_point),
        );
    }
    if !service.unit.ends_with(".service") || unsafe_name(&service.unit).is_some() {
        return refuse("service.unit", format!("`{}` must be a unit name that ends with .service", service.unit));
    }
    Ok(())
}

fn other_layouts(target: &Target) -> Result<(), TargetError> {
    let layout = &target.layout;
    let declared = [&layout.entry_point, &layout.requirements, &layout.version_file].into_iter().chain(&layout.manifest_dirs);
    match declared.into_iter().find(|path| layout.other_layouts.contains(path)) {
        Some(both) => refuse("layout.other_layouts", format!("`{both}` belongs to this layout and to another one")),
        None => Ok(()),
    }
}

fn version_places(target: &Target) -> Result<(), TargetError> {
    for place in &target.version_places {
        let kinds = [place.whole, place.line.is_some(), place.pointer.is_some(), place.plist.is_some()];
        if kinds.into_iter().filter(|kind| *kind).count() != 1 {
            return refuse("version_places", format!("{} needs exactly one of whole, line, pointer and plist", place.file));
        }
        line_place(place)?;
        if place.pointer.as_ref().is_some_and(|pointer| !pointer.starts_with('/')) {
            return refuse("version_places.pointer", format!("the pointer into {} must start with a slash", place.file));
        }
    }
    let owner = |place: &&VersionPlace| place.whole && !place.optional && place.file == target.layout.version_file;
    match target.version_places.iter().filter(owner).count() {
        1 => Ok(()),
        _ => refuse(
            "layout.version_file and version_places",
            format!("{} owns the version and must be the one place with `whole = true` for it", target.layout.version_file),
        ),
    }
}

fn line_place(place: &VersionPlace) -> Result<(), TargetError> {
    match (&place.line, place.count) {
        (Some(line), Some(count)) if count > 0 => {
            if line.matches("{version}").count() != 1 || line.contains('\n') {
                return refuse("version_places.line", format!("`{line}` must be one line that holds {{version}} once"));
            }
            Ok(())
        }
        (Some(_), _) => refuse("version_places.line and version_places.count", format!("{} needs a count of at least 1", place.file)),
        (None, Some(_)) => refuse("version_places.count", format!("{} has a count but no line to count", place.file)),
        (None, None) => Ok(()),
    }
}

fn legacy(target: &Target) -> Result<(), TargetError> {
    let release = &target.release_target;
    for (key, current, past) in [
        ("legacy.resource_groups and release_target.resource_group", &release.resource_group, &target.legacy.resource_groups),
        ("legacy.vms and release_target.vm", &release.vm, &target.legacy.vms),
        ("legacy.hosts and release_target.host", &release.host, &target.legacy.hosts),
    ] {
        if past.contains(current) {
            return refuse(key, format!("`{current}` cannot be both the target and a name of the past"));
        }
    }
    Ok(())
}

fn limits(target: &Target) -> Result<(), TargetError> {
    let limits = &target.limits;
    for (key, zero) in [
        ("limits.artifact_max_bytes", limits.artifact_max_bytes == 0),
        ("limits.report_max_age_s", limits.report_max_age_s <= 0),
        ("limits.connect_timeout_s", limits.connect_timeout_s == 0),
        ("limits.stall_timeout_s", limits.stall_timeout_s == 0),
        ("limits.request_timeout_s", limits.request_timeout_s == 0),
        ("limits.slowest_transfer_bytes_per_s", limits.slowest_transfer_bytes_per_s == 0),
        ("limits.az_timeout_s", limits.az_timeout_s == 0),
        ("limits.gate_timeout_s", limits.gate_timeout_s == 0),
        ("quality.timeout_s", target.quality.timeout_s == 0),
        ("quality.command", target.quality.command.is_empty()),
    ] {
        if zero {
            return refuse(key, "must be greater than zero, or nothing could ever succeed");
        }
    }
    for (key, seconds) in [
        ("limits.connect_timeout_s", limits.connect_timeout_s),
        ("limits.stall_timeout_s", limits.stall_timeout_s),
        ("limits.request_timeout_s", limits.request_timeout_s),
        ("limits.retry_total_s", limits.retry_total_s),
        ("limits.public_url_wait_s", limits.public_url_wait_s),
        ("limits.az_timeout_s", limits.az_timeout_s),
        ("limits.az_conflict_wait_s", limits.az_conflict_wait_s),
        ("limits.mutation_pause_ms", limits.mutation_pause_ms / 1000),
        ("limits.gate_timeout_s", limits.gate_timeout_s),
        ("quality.timeout_s", target.quality.timeout_s),
    ] {
        if seconds > LONGEST_WAIT_S {
            return refuse(key, format!("the longest wait is a day ({LONGEST_WAIT_S} s)"));
        }
    }
    if limits.report_max_age_s > 900 {
        return refuse("limits.report_max_age_s", "must be at most 900: what was judged longer ago than 15 minutes says nothing about now");
    }
    if limits.clock_skew_s < 0 {
        return refuse("limits.clock_skew_s", "must not be negative");
    }
    if limits.artifact_max_bytes >= 2 << 30 {
        return refuse("limits.artifact_max_bytes", "GitHub takes assets below 2 GiB (2147483648 bytes) only");
    }
    Ok(())
}

/// What a name may have, since GitHub leaves such names as they are.
const SAFE: &str = "a name has letters, digits, `_`, `-` and single dots inside";

/// Why GitHub would change a name, if it would.
fn unsafe_name(name: &str) -> Option<String> {
    let inner = |character: &char| character.is_ascii_alphanumeric() || "._-".contains(*character);
    if let Some(other) = name.chars().find(|character| !inner(character)) {
        return Some(if other == ' ' { "holds a blank".to_owned() } else { format!("holds `{other}`") });
    }
    let odd_dots = name.starts_with('.') || name.ends_with('.') || name.contains("..");
    (name.is_empty() || odd_dots).then(|| if name.is_empty() { "is empty" } else { "has a dot in a wrong place" }.to_owned())
}
