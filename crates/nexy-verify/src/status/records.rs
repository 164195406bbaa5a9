//! Reads the folders of `releases/`, as `make release` and `make rollback` leave them, and what the VM answered last.

use super::facts::{Open, Release, Stage, Vm};
use crate::expected::{Expected, NotKnown};
use nexy_contract::{Exit, Fix, Record, ReleaseVersion, Report, Severity, Verdict, delivery::OnVm, record::Kind, text::shell_word};
use nexy_outside::{
    Workspace, clock,
    fs::{accounts::Accounts, files},
    programs::{self, Run},
};
use std::{os::unix::fs::MetadataExt as _, path::Path, time::Duration};

/// Where `make release` keeps its records.
const RELEASES: &str = "releases";
/// Where `make status VM=1` keeps the VM's answers.
const FROM_VM: &str = "releases/vm";
/// A record is some hundred kilobytes at most.
const MAX_BYTES: u64 = 4 << 20;

/// The folder of each version, the highest version last.
pub(super) fn releases(workspace: &Workspace) -> Expected<Vec<Release>> {
    let listed = |folder: &str| {
        files::list(&workspace.path(folder)).map_err(|error| {
            let look = Fix::note("put it right:").then_command(format!("ls -ld {}", shell_word(folder)));
            NotKnown { because: error.to_string(), fix: look }
        })
    };
    let names = listed(RELEASES)?.unwrap_or_default();
    let mut versions: Vec<ReleaseVersion> = names.iter().filter_map(|name| name.parse().ok()).collect();
    versions.sort_unstable();
    let read = |version: ReleaseVersion| {
        let folder = format!("{RELEASES}/{version}");
        Ok(release(workspace, &folder, version, &listed(&folder)?.unwrap_or_default()))
    };
    versions.into_iter().map(read).collect()
}

fn release(workspace: &Workspace, folder: &str, version: ReleaseVersion, names: &[String]) -> Release {
    let record = |name: &str| Record::read(&files::read(&workspace.path(&format!("{folder}/{name}")), MAX_BYTES).ok()?).ok();
    let mut stage = stage(names);
    if let Stage::Begun(open) | Stage::RollbackBegun(open) = &mut stage {
        let failed = open.stopped.as_ref().and_then(|stage| record(&format!("{stage}.failed.json")));
        open.because = failed.as_ref().and_then(why);
    }
    let newest = newest(names);
    let of_newest = newest.and_then(record);
    let swap = of_newest.as_ref().and_then(Record::last_swap).filter(|outcome| outcome.exit == Exit::Yes);
    let swapped = of_newest.iter().flat_map(|record| &record.artifacts).filter_map(|artifact| artifact.live.as_ref()?.swapped_at).max();
    let delivered = of_newest.iter().flat_map(|record| &record.manifests).filter_map(|manifest| manifest.delivered.as_ref());
    Release {
        version,
        stage,
        kind: of_newest.as_ref().map_or(Kind::Release, |record| record.kind),
        running: running(&workspace.path(&format!("{folder}.lock"))),
        at: swapped.or(swap.map(|outcome| outcome.at)),
        by: newest.and_then(|name| owner(&workspace.path(&format!("{folder}/{name}")))),
        delivered: delivered.map(|delivered| (delivered.at, delivered.sha256)).max_by_key(|(at, _)| *at),
    }
}

/// `30-publish` of `30-publish.json`: a stage, and what became of it.
fn stage_of<'a>(name: &'a str, end: &str) -> Option<&'a str> {
    name.strip_suffix(end).filter(|stage| stage.starts_with(|first: char| first.is_ascii_digit()) && !stage.contains('.'))
}

/// How far the files of a folder go. A record that waits for its publication, `00-record`, is no stage.
fn stage(names: &[String]) -> Stage {
    let all = |end: &'static str| names.iter().filter_map(move |name| stage_of(name, end)).filter(|stage| *stage != "00-record");
    let of_rollback = |stage: &&str| stage.starts_with('7');
    let is_done = |wanted: &str| all(".json").any(|stage| stage == wanted);
    let stopped = |of: fn(&&str) -> bool| all(".failed.json").chain(all(".part")).filter(of).max().map(str::to_owned);
    let is_published = is_done("30-publish");
    let rollback = Open {
        done: all(".json").filter(of_rollback).max().map(str::to_owned),
        stopped: stopped(|stage| stage.starts_with('7')),
        ..Open::default()
    };
    if rollback.stopped.is_some() || (rollback.done.is_some() && !is_published) {
        let is_verified = rollback.done.as_ref().is_some_and(|stage| stage.ends_with("-verify"));
        return if rollback.stopped.is_none() && is_verified { Stage::RolledBack } else { Stage::RollbackBegun(rollback) };
    }
    let release = Open {
        done: all(".json").filter(|stage| !of_rollback(stage)).max().map(str::to_owned),
        stopped: stopped(|stage| !stage.starts_with('7')),
        because: None,
        is_published,
    };
    if is_done("60-verify") && release.stopped.is_none() { Stage::Done } else { Stage::Begun(release) }
}

/// The record that knows most: that of the last stage of a rollback, else of the release.
fn newest(names: &[String]) -> Option<&str> {
    names.iter().filter(|name| stage_of(name, ".json").is_some()).max().map(String::as_str)
}

/// What stopped a record: the first gate or probe that did not pass, else what a tool said.
fn why(record: &Record) -> Option<String> {
    let decides = |finding: &&nexy_contract::Finding| finding.verdict != Verdict::Pass && finding.severity == Severity::Gate;
    let finding = record.reports.last().and_then(|report| report.findings.iter().find(decides));
    let outcome = record.outcomes.last().filter(|outcome| outcome.exit != Exit::Yes);
    outcome.map(|outcome| outcome.message.clone()).or_else(|| finding.map(|finding| format!("{}: {}", finding.id, finding.found)))
}

/// The process that a lock names, while it is a running release: its number may belong to another program by now.
fn running(lock: &Path) -> Option<String> {
    let process = std::fs::read_link(lock).ok()?.to_str()?.to_owned();
    let is_release = match Run::new("ps", &["-o", "stat=", "-o", "args=", "-p", &process]).timeout(Duration::from_secs(2)).run() {
        Ok(ran) => !ran.stdout_text().starts_with('Z') && ran.stdout_text().contains("release.sh"),
        // Without ps, as `make release` itself does: a process of that number is taken for it.
        Err(_not_there) => programs::exists(&process),
    };
    is_release.then_some(process)
}

fn owner(path: &Path) -> Option<String> {
    let uid = std::fs::metadata(path).ok()?.uid();
    Some(Accounts::read().ok()?.user_name(uid))
}

/// What the VM answered last; what is not there, or is cut off, is no answer.
pub(super) fn vm(workspace: &Workspace) -> Vm {
    let read = |name: &str| {
        let path = workspace.path(&format!("{FROM_VM}/{name}"));
        Some((clock::changed(&path).ok()?, files::read(&path, MAX_BYTES).ok()?))
    };
    let manifests = read("manifest.json").and_then(|(at, bytes)| {
        let shown: Vec<OnVm> = serde_json::from_slice(&bytes).ok()?;
        Some((at, shown.into_iter().map(|manifest| manifest.file_sha256).collect()))
    });
    let database = read("db.json").and_then(|(at, bytes)| Report::read(&bytes).ok().map(|report| (at.min(report.at), report)));
    Vm { manifests, database }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &str) -> Stage {
        stage(&names.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    fn open(done: &str, stopped: &str, is_published: bool) -> Open {
        let some = |word: &str| (!word.is_empty()).then(|| word.to_owned());
        Open { done: some(done), stopped: some(stopped), because: None, is_published }
    }

    #[test]
    fn the_files_of_a_folder_tell_the_stage_whatever_has_stopped_it() {
        let whole = "10-record.json 20-gates.json 30-publish.json 40-manifest.json 50-deliver.json";
        for (names, wanted) in [
            (String::new(), Stage::Begun(open("", "", false))),
            ("10-record.json".to_owned(), Stage::Begun(open("10-record", "", false))),
            ("10-record.json 20-gates.failed.json earlier-1".to_owned(), Stage::Begun(open("10-record", "20-gates", false))),
            ("10-record.json 20-gates.json 30-publish.part".to_owned(), Stage::Begun(open("20-gates", "30-publish", false))),
            ("00-record.json 10-record.json".to_owned(), Stage::Begun(open("10-record", "", false))),
            (whole.to_owned(), Stage::Begun(open("50-deliver", "", true))),
            (format!("{whole} 60-verify.failed.json"), Stage::Begun(open("50-deliver", "60-verify", true))),
            (format!("{whole} 60-verify.json"), Stage::Done),
            (format!("{whole} 60-verify.json 00-record.json"), Stage::Done),
            (format!("{whole} 60-verify.json 60-verify.part"), Stage::Begun(open("60-verify", "60-verify", true))),
            (format!("{whole} 60-verify.json 71-rollback.part"), Stage::RollbackBegun(open("", "71-rollback", false))),
            (
                "10-record.json 70-record.json 71-rollback.json 72-manifest.json 73-deliver.failed.json".to_owned(),
                Stage::RollbackBegun(open("72-manifest", "73-deliver", false)),
            ),
            ("10-record.json 70-record.json 71-rollback.json".to_owned(), Stage::RollbackBegun(open("71-rollback", "", false))),
            ("10-record.json 70-record.json 71-rollback.json 72-manifest.json 74-verify.json".to_owned(), Stage::RolledBack),
            ("10-record.json 20-gates.failed.json 70-record.json 74-verify.json".to_owned(), Stage::RolledBack),
        ] {
            assert_eq!(of(&names), wanted, "{names}");
        }
    }
}
