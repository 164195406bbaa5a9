//! Other files from which a process could get the same settings: those of other layouts, and what the unit itself loads.

use super::{place, rules};
use crate::{
    answer_builder::AnswerBuilder,
    context::Context,
    observed::config_env,
    permissions::set_aside_in_checkout,
    systemd_unit::{
        loaded::EnvironmentFile,
        settings::{self, Settings},
    },
};
use nexy_contract::{
    Fix,
    config_env::{Parsed, parse},
    target_file::Target,
    text::{excerpt, shell_word},
};
use nexy_outside::{
    fs::{
        files,
        permissions::{self, Kind},
        root_fs::RootFs,
    },
    programs::systemd::{self, Environment, SystemdError},
};
use std::path::{Path, PathBuf};

const AGAIN: &str = "sudo nexy-gate config-env";

/// What another file holds.
enum Other {
    /// Nothing is there, or it is the very same file.
    Nothing,
    /// It can be read as settings.
    Settings(Parsed),
    /// It is there, and holds no settings.
    NoSettings,
    /// It cannot be read.
    Hidden(String),
}

/// Judges every other file against the one that the server reads.
pub(super) fn judge(context: &Context, parsed: &Parsed, builder: &mut AnswerBuilder) {
    let (target, tree) = (&context.workspace.target, &context.tree);
    for path in of_other_layouts(target) {
        other_layout(tree, target, &path, parsed, builder);
    }
    match settings::read(tree, &target.service.unit) {
        Ok(settings) => {
            from_unit(tree, target, &settings, parsed, builder);
            if tree.is_here() {
                from_manager(target, &settings, systemd::environment(), parsed, builder);
            }
        }
        Err(because) => builder.unknown(because, Fix::command(AGAIN)),
    }
}

/// Where code of another layout would look for a file of the same name: beside every entry point, and one folder above.
fn of_other_layouts(target: &Target) -> Vec<PathBuf> {
    let (checkout, file) = (Path::new(&target.vm.checkout), Path::new(&target.vm.config_env));
    let Some(name) = file.file_name() else { return Vec::new() };
    let entry_points = target.layout.other_layouts.iter().chain([&target.layout.entry_point]);
    let folders = entry_points.flat_map(|path| Path::new(path).ancestors().skip(1)).map(|folder| checkout.join(folder));
    let mut paths: Vec<PathBuf> = folders.chain(checkout.parent().map(Path::to_path_buf)).map(|folder| folder.join(name)).collect();
    paths.sort();
    paths.dedup();
    paths.into_iter().filter(|path| path != file).collect()
}

fn look(tree: &RootFs, file: &str, path: &Path) -> Other {
    let real = |path: &Path| tree.walk(path).map(|walk| walk.end).ok();
    match permissions::look_in(tree, path) {
        Err(error) if error.is_missing() => return Other::Nothing,
        Err(error) => return Other::Hidden(error.because()),
        Ok(_) if real(path) == real(Path::new(file)) => return Other::Nothing,
        Ok(found) if found.kind != Kind::File => return Other::NoSettings,
        Ok(_) => {}
    }
    match tree.find(path).and_then(|place| files::read(&place, config_env::MAX_BYTES)) {
        Ok(bytes) => Other::Settings(parse(&bytes)),
        Err(error) if error.source.kind() == std::io::ErrorKind::FileTooLarge => Other::NoSettings,
        Err(error) => Other::Hidden(error.because()),
    }
}

/// Compares the file of another layout. A second file is harmless as long as it says the same, and misleads its editor when not.
fn other_layout(tree: &RootFs, target: &Target, path: &Path, parsed: &Parsed, builder: &mut AnswerBuilder) {
    let (file, shown) = (target.vm.config_env.as_str(), path.display());
    match look(tree, file, path) {
        Other::Nothing | Other::NoSettings => {}
        Other::Hidden(because) => {
            builder.unknown(format!("cannot look at {shown}, which another layout reads: {because}"), Fix::command(AGAIN))
        }
        Other::Settings(other) if other.assigns_alike(parsed) => {
            builder.pass(format!("{shown}, which another layout reads, holds the same"));
        }
        Other::Settings(_) => {
            let (other, file) = (shell_word(&shown.to_string()), shell_word(file));
            let fix = Fix::note(format!("take over what only {other} holds, then move it away:"))
                .then_command(format!("sudoedit {file} {other}"))
                .then(set_aside_in_checkout(tree, &target.vm.checkout, path))
                .then_command(AGAIN);
            builder
                .fail(format!("{shown} holds other settings: only code of another layout reads it, so an edit of it changes nothing"), fix);
        }
    }
}

/// What the manager sets comes first: the server's reader leaves alone what is set already.
fn from_unit(tree: &RootFs, target: &Target, settings: &Settings, parsed: &Parsed, builder: &mut AnswerBuilder) {
    let (unit, file) = (&target.service.unit, target.vm.config_env.as_str());
    let edit = format!("sudo systemctl edit --full {}", shell_word(unit));
    for EnvironmentFile { path, is_optional } in &settings.files {
        let shown = excerpt(path, 300);
        if path.contains(['*', '?', '[', '%']) || !path.starts_with('/') {
            builder.unknown(
                format!("the EnvironmentFile= {shown} of {unit} is a pattern, and its files were not looked at"),
                Fix::command(AGAIN),
            );
            continue;
        }
        match look(tree, file, Path::new(path)) {
            Other::Settings(other) => judge_loaded(&shown, file, &other, parsed, &settings.unset, builder),
            Other::Nothing if *is_optional || tree.walk(Path::new(path)).is_ok_and(|walk| walk.end.is_file()) => {}
            Other::Nothing | Other::NoSettings => {
                let fix = Fix::note("take the EnvironmentFile= out, or put the file there:").then_command(edit.clone()).then_command(AGAIN);
                builder.fail(format!("{unit} loads {shown}, and there is no such file, so it does not start"), fix);
            }
            Other::Hidden(because) => builder.unknown(format!("cannot read {shown}, which {unit} loads: {because}"), Fix::command(AGAIN)),
        }
    }
    for (key, assignment) in &settings.environment {
        let Some(ours) = parsed.entry(key).and_then(|entry| entry.value.as_ref()) else { continue };
        let (key, place) = (excerpt(key, 80), &assignment.place);
        let edit = assignment.manager_file.as_ref().map_or_else(|| edit.clone(), |path| format!("sudoedit {}", shell_word(path)));
        if assignment.value.contains(['%', '\\']) {
            builder.unknown(format!("{place} sets {key}, as {file} does, to what only the manager can tell"), Fix::command(edit));
        } else if !ours.is_exactly(&assignment.value) {
            let directive = place.split(' ').next().unwrap_or_default();
            let fix = Fix::note(format!("take {key} out of {directive}, or out of {file}:"))
                .then_command(edit)
                .then_command("sudo systemctl daemon-reload")
                .then_command(AGAIN);
            builder.fail(format!("{place} sets {key} to another value than {file}, and wins"), fix);
        }
    }
    let is_ours = |name: &&String| parsed.entry(name).is_some() && !settings.unset.contains(name);
    for name in settings.passed.iter().filter(is_ours) {
        let found =
            format!("PassEnvironment= of {unit} hands on what the manager itself has in {}, which {file} sets too", excerpt(name, 80));
        builder.unknown(found, Fix::command(edit.clone()));
    }
}

/// What the running manager gives to every service; without a manager nothing does.
fn from_manager(
    target: &Target,
    settings: &Settings,
    environment: Result<Environment, SystemdError>,
    parsed: &Parsed,
    builder: &mut AnswerBuilder,
) {
    let (file, show) = (target.vm.config_env.as_str(), "systemctl show-environment");
    let environment = match environment {
        Ok(environment) => environment,
        Err(error) if error.is_no_manager() => return,
        Err(error) => {
            return builder.unknown(format!("cannot determine what the manager gives to every service: {error}"), Fix::command(show));
        }
    };
    // What the unit's own files set is stronger, and judged above.
    let is_open = |key: &String| !settings.environment.contains_key(key) && !settings.unset.contains(key);
    for (key, value) in environment.iter().filter(|(key, _)| is_open(key)) {
        let Some(ours) = parsed.entry(key).and_then(|entry| entry.value.as_ref()) else { continue };
        let key = excerpt(key, 80);
        match value {
            None => {
                builder.unknown(format!("the manager's own environment sets {key}, as {file} does, to a quoted value"), Fix::command(show))
            }
            Some(value) if !ours.is_exactly(value) => {
                let fix = Fix::command(format!("sudo systemctl unset-environment {}", shell_word(&key))).then_command(AGAIN);
                builder.fail(format!("the manager's own environment sets {key} to another value than {file}, and wins"), fix);
            }
            Some(_) => {}
        }
    }
}

/// A file that the manager loads as well: its own grammar must not matter, and it must not contradict.
fn judge_loaded(shown: &str, file: &str, other: &Parsed, parsed: &Parsed, unset: &[String], builder: &mut AnswerBuilder) {
    let fix = Fix::command(format!("sudoedit {}", shell_word(shown))).then_command(AGAIN);
    let broken = rules(other, true);
    if !broken.is_empty() {
        let found: Vec<String> = broken.iter().map(|rule| place(other, *rule)).collect();
        builder.fail(format!("{shown}, which the unit loads: {}", found.join("; ")), fix.clone());
    }
    let mut names: Vec<&str> = other.entries.iter().map(|entry| entry.key.as_str()).collect();
    names.retain(|name| !unset.iter().any(|unset| unset == name));
    names.sort_unstable();
    names.dedup();
    let differs = |name: &&str| {
        let value = |of: &Parsed| of.entry(name).and_then(|entry| entry.value.clone());
        value(parsed).is_some_and(|ours| value(other).is_some_and(|theirs| theirs != ours))
    };
    match names.into_iter().filter(differs).count() {
        0 => builder.pass(format!("{shown}, which the unit loads, contradicts nothing")),
        count => {
            let words = if count == 1 { "one name has".to_owned() } else { format!("{count} names have") };
            builder.fail(format!("{words} another value in {shown}, which the unit loads and which wins, than in {file}"), fix);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_where_code_of_another_layout_looks_is_looked_at() {
        let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../nexy.toml")).expect("the committed file");
        let mut target = Target::parse(&text).expect("it is right");
        target.vm.checkout = "/srv/app".to_owned();
        target.vm.config_env = "/srv/app/settings".to_owned();
        target.layout.entry_point = "code/run.py".to_owned();
        target.layout.other_layouts = ["run.py", "code/code/run.py", "code/VERSION"].map(str::to_owned).to_vec();
        let paths: Vec<String> = of_other_layouts(&target).iter().map(|path| path.display().to_string()).collect();
        assert_eq!(paths, ["/srv/app/code/code/settings", "/srv/app/code/settings", "/srv/settings"]);
    }
}
