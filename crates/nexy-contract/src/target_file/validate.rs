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
    all(target).into_iter().next().map_or(Ok(()), Err)
}

/// Every contradiction, in the order of the rules.
pub(super) fn all(target: &Target) -> Vec<TargetError> {
    let mut faults = Faults(Vec::new());
    for rule in [
        repositories,
        urls,
        artifacts,
        signature,
        manifest_defaults,
        paths,
        service,
        other_layouts,
        version_places,
        legacy,
        database,
        limits,
    ] {
        rule(target, &mut faults);
    }
    faults.0
}

struct Faults(Vec<TargetError>);

impl Faults {
    fn add(&mut self, keys: impl Into<String>, because: impl Into<String>) {
        self.0.push(TargetError::Contradiction(keys.into(), because.into()));
    }
}

fn repositories(target: &Target, faults: &mut Faults) {
    let roles = [
        ("repositories.workspace", &target.repositories.workspace),
        ("repositories.server", &target.repositories.server),
        ("repositories.artifacts", &target.repositories.artifacts),
    ];
    for (index, (key, name)) in roles.iter().enumerate() {
        let well_formed = name.split_once('/').is_some_and(|(owner, repository)| unsafe_name(owner).or(unsafe_name(repository)).is_none());
        if !well_formed {
            faults.add(*key, format!("`{name}` is not `owner/name`"));
        }
        if let Some((other, _)) = roles[index + 1..].iter().find(|(_, other)| other.eq_ignore_ascii_case(name)) {
            faults.add(format!("{key} and {other}"), format!("both are `{name}`; code and artifacts must not mix"));
        }
    }
    if target.remotes.workspace == target.remotes.server {
        faults.add("remotes.workspace and remotes.server", format!("both are `{}`", target.remotes.workspace));
    }
}

fn urls(target: &Target, faults: &mut Faults) {
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
            faults.add(key, "ends with a slash; paths are added with one of their own");
        }
        let Some(parsed) = Url::parse(url).filter(|_| !url.contains(['?', '#'])) else {
            faults.add(key, "is not a plain https URL without user, query or blanks");
            continue;
        };
        if !parsed.is_safe() {
            faults.add(key, "plain http is allowed on loopback only; write https");
        }
    }
    let host = |url: &str| Url::parse(url).map(|url| url.host().to_ascii_lowercase()).unwrap_or_default();
    let web = host(&target.github.web_url);
    for (key, url) in [("github.api_url", &target.github.api_url), ("github.uploads_url", &target.github.uploads_url)] {
        let host = host(url);
        if host != web && !host.ends_with(&format!(".{web}")) {
            faults.add(format!("github.web_url and {key}"), format!("the token for `{web}` would be sent to `{host}`"));
        }
    }
    let public = host(&target.endpoints.public);
    if !public.eq_ignore_ascii_case(&target.release_target.host) && !is_loopback(&public) {
        let because = format!("`{public}` and `{}` are different hosts", target.release_target.host);
        faults.add("endpoints.public and release_target.host", because);
    }
}

fn artifacts(target: &Target, faults: &mut Faults) {
    let mut names = BTreeSet::new();
    for artifact in &target.artifacts {
        let no_ending = (!artifact.name.contains('.')).then(|| "has no ending".to_owned());
        if let Some(because) = unsafe_name(&artifact.name).or(no_ending) {
            faults.add("artifacts.name", format!("`{}` {because}; {SAFE}", artifact.name));
        }
        if !names.insert(artifact.name.to_ascii_lowercase()) {
            faults.add("artifacts.name", format!("`{}` stands there twice", artifact.name));
        }
        if let Some(because) = unsafe_name(&artifact.channel) {
            faults.add("artifacts.channel", format!("`{}` {because}; {SAFE}", artifact.channel));
        }
        if ReleaseVersion::looks_like_one(&artifact.channel) {
            let because = format!("`{}` looks like a version, and no version's tag is ever released to (S2 §1.3)", artifact.channel);
            faults.add("artifacts.channel", because);
        }
    }
    let feeds = target.artifacts.iter().filter(|artifact| artifact.feed).count();
    if feeds != 1 {
        faults.add("artifacts.feed", format!("clients update from exactly one artifact, {feeds} have `feed = true`"));
    }
}

fn signature(target: &Target, faults: &mut Faults) {
    for wrong in target.signature.public_keys.iter().filter(|key| crate::signature::public_key(key).is_none()) {
        faults.add("signature.public_keys", format!("`{wrong}` is no Ed25519 key: base64 of 32 bytes"));
    }
}

/// The defaults go into every manifest, so they keep its rule.
fn manifest_defaults(target: &Target, faults: &mut Faults) {
    let defaults = &target.manifest_defaults;
    if !platform::is_arch(&defaults.arch) {
        faults.add("manifest_defaults.arch", format!("`{}` is none of {}", defaults.arch, platform::ARCHITECTURES.join(", ")));
    }
    if !platform::is_min_os(&defaults.min_os) {
        faults.add("manifest_defaults.min_os", format!("`{}` is not the number of a system, such as 11.0", defaults.min_os));
    }
}

fn paths(target: &Target, faults: &mut Faults) {
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
            faults.add(key, format!("`{path}` must be a plain path inside the checkout"));
        }
    }
    if layout.manifest_dirs.is_empty() {
        faults.add("layout.manifest_dirs", "is empty; the update server reads a manifest somewhere");
    }
    let distinct: BTreeSet<_> = layout.manifest_dirs.iter().collect();
    if distinct.len() != layout.manifest_dirs.len() {
        faults.add("layout.manifest_dirs", "names a folder twice");
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
        ("database.backups", &target.database.backups),
        ("service.working_directory", &target.service.working_directory),
    ] {
        let safe = path.starts_with('/') && path.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-".contains(&b));
        if !safe || path.split('/').any(|part| part == "..") || (path.len() > 1 && path.ends_with('/')) {
            faults.add(key, format!("`{path}` must be an absolute path of letters, digits, `.`, `_`, `-` and `/`"));
        }
    }
}

fn service(target: &Target, faults: &mut Faults) {
    let service = &target.service;
    let words: Vec<&str> = service.exec_start.split(' ').collect();
    if words.iter().any(|word| word.is_empty()) || !words[0].starts_with('/') {
        faults.add("service.exec_start", "must start with an absolute program and separate its words by single blanks");
    }
    let runs = |word: &str| {
        let absolute = if word.starts_with('/') { word.to_owned() } else { format!("{}/{word}", service.working_directory) };
        absolute == format!("{}/{}", target.vm.checkout, target.layout.entry_point)
    };
    if !words[1..].iter().any(|word| runs(word)) {
        faults.add(
            "service.exec_start and layout.entry_point",
            format!("joined with service.working_directory, the command does not run {}/{}", target.vm.checkout, target.layout.entry_point),
        );
    }
    if !service.unit.ends_with(".service") || unsafe_name(&service.unit).is_some() {
        faults.add("service.unit", format!("`{}` must be a unit name that ends with .service", service.unit));
    }
}

fn other_layouts(target: &Target, faults: &mut Faults) {
    let layout = &target.layout;
    let declared = [&layout.entry_point, &layout.requirements, &layout.version_file].into_iter().chain(&layout.manifest_dirs);
    for both in declared.filter(|path| layout.other_layouts.contains(path)) {
        faults.add("layout.other_layouts", format!("`{both}` belongs to this layout and to another one"));
    }
}

fn version_places(target: &Target, faults: &mut Faults) {
    for place in &target.version_places {
        let kinds = [place.whole, place.line.is_some(), place.pointer.is_some(), place.plist.is_some()];
        if kinds.into_iter().filter(|kind| *kind).count() != 1 {
            faults.add("version_places", format!("{} needs exactly one of whole, line, pointer and plist", place.file));
        }
        line_place(place, faults);
        if place.pointer.as_ref().is_some_and(|pointer| !pointer.starts_with('/')) {
            faults.add("version_places.pointer", format!("the pointer into {} must start with a slash", place.file));
        }
    }
    let owner = |place: &&VersionPlace| place.whole && !place.optional && place.file == target.layout.version_file;
    if target.version_places.iter().filter(owner).count() != 1 {
        faults.add(
            "layout.version_file and version_places",
            format!("{} owns the version and must be the one place with `whole = true` for it", target.layout.version_file),
        );
    }
}

fn line_place(place: &VersionPlace, faults: &mut Faults) {
    match (&place.line, place.count) {
        (Some(line), Some(count)) if count > 0 => {
            if line.matches("{version}").count() != 1 || line.contains('\n') {
                faults.add("version_places.line", format!("`{line}` must be one line that holds {{version}} once"));
            }
        }
        (Some(_), _) => faults.add("version_places.line and version_places.count", format!("{} needs a count of at least 1", place.file)),
        (None, Some(_)) => faults.add("version_places.count", format!("{} has a count but no line to count", place.file)),
        (None, None) => {}
    }
}

fn legacy(target: &Target, faults: &mut Faults) {
    let release = &target.release_target;
    for (key, current, past) in [
        ("legacy.resource_groups and release_target.resource_group", &release.resource_group, &target.legacy.resource_groups),
        ("legacy.vms and release_target.vm", &release.vm, &target.legacy.vms),
        ("legacy.hosts and release_target.host", &release.host, &target.legacy.hosts),
    ] {
        if past.contains(current) {
            faults.add(key, format!("`{current}` cannot be both the target and a name of the past"));
        }
    }
}

fn database(target: &Target, faults: &mut Faults) {
    let database = &target.database;
    let plain = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    for (key, name) in [("database.name", &database.name), ("database.role", &database.role), ("database.owner", &database.owner)] {
        if !plain(name) {
            faults.add(key, format!("`{name}` must be a name of small letters, digits and `_`, as PostgreSQL keeps it without quotes"));
        }
    }
    if database.role == database.owner || database.owner == "postgres" || database.role == "postgres" {
        faults.add("database.role and database.owner", "must be two accounts, and neither may be postgres: the server must own nothing");
    }
    if database.name.starts_with("nexy_drill_") || database.name.len() > 30 {
        faults.add("database.name", "has more than 30 letters, or begins like the databases that restore drills make and drop");
    }
    if !database.service.is_empty() && !database.service.starts_with('/') {
        faults.add("database.service", "must be empty, or the absolute path of a libpq service file");
    }
    if database.keep < 2 {
        faults.add("database.keep", "must be at least 2: the last good dump must not be the only one");
    }
}

fn limits(target: &Target, faults: &mut Faults) {
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
            faults.add(key, "must be greater than zero, or nothing could ever succeed");
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
            faults.add(key, format!("the longest wait is a day ({LONGEST_WAIT_S} s)"));
        }
    }
    if limits.report_max_age_s > 900 {
        faults.add("limits.report_max_age_s", "must be at most 900: what was judged longer ago than 15 minutes says nothing about now");
    }
    if limits.clock_skew_s < 0 {
        faults.add("limits.clock_skew_s", "must not be negative");
    }
    if limits.artifact_max_bytes >= 2 << 30 {
        faults.add("limits.artifact_max_bytes", "GitHub takes assets below 2 GiB (2147483648 bytes) only");
    }
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
