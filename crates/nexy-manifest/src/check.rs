//! The story of `check`: compares the manifests with each other, with nexy.toml and with what was published. It reads files; GitHub is
//! asked only when no record in `releases/` knows what the manifest says.

use crate::transaction;
use nexy_contract::{
    Exit, Finding, Fix, Problem, Report, Severity, Verdict,
    manifest::{ManifestFacts, one_artifact::Pair, rule::Rule},
    text::shell_word,
};
use nexy_outside::{
    Common, Workspace, clock,
    frame::{
        manifests::{self, FoundManifest},
        published,
    },
    fs::{
        accounts::{self, Accounts},
        files,
    },
    net::token,
    programs::as_user::{self, UserAttempt},
};
use std::{path::Path, time::Duration};

const RUNBOOK: &str = "S2 §6";

pub(crate) fn run(workspace: &Workspace, common: &Common) -> Result<Exit, Problem> {
    let unreadable =
        |error: files::FileError| error.problem(Exit::CouldNotLook, Fix::note("make it readable, then run the same command again"));
    let found = manifests::read_all(workspace).map_err(unreadable)?;
    let mut findings: Vec<Finding> = Vec::new();
    for manifest in &found {
        findings.extend(judge_one(workspace, manifest));
    }
    findings.push(judge_pair(workspace, &found));
    findings.extend(judge_published(workspace, &found));
    for (folder, manifest) in workspace.target.layout.manifest_dirs.iter().zip(&found) {
        let names = files::list(&workspace.path(folder)).map_err(unreadable)?.unwrap_or_default();
        findings.push(judge_copies(workspace, folder, manifest, &names)?);
    }
    let report = Report::new("nexy-manifest", "check", clock::now(), Vec::new(), findings);
    common.print_report(&report)?;
    Ok(report.verdict.exit())
}

fn judge_one(workspace: &Workspace, manifest: &FoundManifest) -> Vec<Finding> {
    let Some(row) = workspace.target.feed_artifact() else { return Vec::new() };
    let url = workspace.target.public_url(row);
    let expected = format!("every field right, with version, size and digest of what {url} serves");
    let Some(bytes) = &manifest.bytes else {
        let fix = if is_vm(workspace) {
            bring(workspace)
        } else {
            let restore = Fix::note("bring it back from git:").then_command(format!("git checkout -- {}", shell_word(&manifest.path)));
            restore.then_note("when git has none either:").then(bring(workspace))
        };
        return vec![Finding { fix, ..finding(&manifest.path, Verdict::Fail, "it does not exist".to_owned(), expected) }];
    };
    let faults = Rule::new(&workspace.target, &url, row.kind.word(), clock::now()).faults(bytes);
    let mut findings = vec![match (ManifestFacts::read(bytes), faults.as_slice()) {
        (Ok(facts), []) => {
            let found = format!("{} · {} bytes · {}", facts.version, facts.size_bytes, facts.sha256.short());
            finding(&manifest.path, Verdict::Pass, found, expected)
        }
        (_, faults) => {
            let said: Vec<&str> = faults.iter().map(|fault| fault.said.as_str()).collect();
            let fix = Fix::command(format!("git log -p -- {}", shell_word(&manifest.path)))
                .then_note("restore a sound one; or, on the laptop that released it, write it again from what is live:")
                .then_command("make manifest-sync");
            Finding { fix, ..finding(&manifest.path, Verdict::Fail, said.join("; "), expected) }
        }
    }];
    findings.extend(judge_reader(workspace, manifest));
    findings.extend(judge_signature(workspace, manifest));
    findings
}

/// Root reads every file, so it lets the service's user try.
fn judge_reader(workspace: &Workspace, manifest: &FoundManifest) -> Option<Finding> {
    if !accounts::is_root() {
        return None;
    }
    // A machine without that user is not the VM.
    let account = Accounts::read().ok()?.account(&workspace.target.service.user)?;
    manifest.bytes.as_ref()?;
    let (verdict, found) = match as_user::read_as(&account, &workspace.path(&manifest.path)) {
        UserAttempt::Allowed => return None,
        UserAttempt::Refused(because) => {
            (Verdict::Fail, format!("{} cannot read it, so the update server does not serve it: {because}", account.name))
        }
        UserAttempt::NotTried(because) => (Verdict::Unknown, format!("not tried whether {} can read it: {because}", account.name)),
    };
    let fix = Fix::note("this says more, and prints the commands that mend it:").then_command("sudo nexy-gate single-manifest");
    Some(Finding { fix, ..finding(&format!("{} reader", manifest.path), verdict, found, format!("{} can read it", account.name)) })
}

/// A signature is verified over all bytes of the artifact, which no file here holds.
fn judge_signature(workspace: &Workspace, manifest: &FoundManifest) -> Option<Finding> {
    let keys = &workspace.target.signature.public_keys;
    let facts = ManifestFacts::read(manifest.bytes.as_ref()?).ok().filter(|_| !keys.is_empty())?;
    let found = if facts.ed25519.is_empty() {
        "there is no signature, as after a rollback, though nexy.toml names a key"
    } else {
        "the signature is not verified here: that takes all bytes of the artifact"
    };
    let id = format!("{} ed25519", manifest.path);
    let verified = finding(&id, Verdict::Unknown, found.to_owned(), "a signature by a key of nexy.toml".to_owned());
    Some(Finding { severity: Severity::Advice, fix: Fix::command("nexy-verify live-artifact"), ..verified })
}

/// One version has one artifact, for ever.
fn judge_published(workspace: &Workspace, found: &[FoundManifest]) -> Option<Finding> {
    let facts = found.iter().find_map(|manifest| ManifestFacts::read(manifest.bytes.as_ref()?).ok())?;
    let pair = Pair { version: facts.version, sha256: facts.sha256 };
    let token = || if accounts::is_root() { None } else { token::find(&workspace.target).ok().map(|token| token.secret) };
    let answer = published::look(workspace, pair, None, token).judge(pair);
    let severity = if answer.verdict == Verdict::Unknown { Severity::Advice } else { Severity::Gate };
    Some(answer.counting(severity).finding("one-artifact", RUNBOOK, Duration::ZERO))
}

fn judge_pair(workspace: &Workspace, found: &[FoundManifest]) -> Finding {
    let different = found.iter().find(|manifest| manifest.bytes != found[0].bytes);
    let expected = "the same bytes in every manifest folder".to_owned();
    match different {
        Some(manifest) => {
            let differ = finding("pair", Verdict::Fail, format!("{} and {} differ", found[0].path, manifest.path), expected);
            Finding { fix: bring(workspace), ..differ }
        }
        None if found.iter().all(|manifest| manifest.bytes.is_none()) => {
            let none = finding("pair", Verdict::Unknown, "there is no manifest to compare".to_owned(), expected);
            Finding { fix: bring(workspace), ..none }
        }
        None => finding("pair", Verdict::Pass, format!("{} manifests are equal", found.len()), expected),
    }
}

/// Judges every file that the server's pattern finds: the server falls back to any of them, so each must equal the manifest.
fn judge_copies(workspace: &Workspace, folder: &str, manifest: &FoundManifest, names: &[String]) -> Result<Finding, Problem> {
    let id = format!("{folder}/manifest_*.json");
    let expected = "only copies of manifest.json".to_owned();
    for name in names.iter().filter(|name| name.starts_with("manifest_") && name.ends_with(".json")) {
        let path = workspace.path(folder).join(name);
        let bytes = match files::read(&path, transaction::MAX_BYTES) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.is_missing() => None,
            Err(error) => return Err(error.problem(Exit::CouldNotLook, Fix::note("make it readable, then run the same command again"))),
        };
        if bytes.is_some() && bytes != manifest.bytes {
            let found = format!("{name} differs from manifest.json; the server falls back to it");
            let mut finding = Finding { fix: bring(workspace), ..finding(&id, Verdict::Fail, found, expected) };
            if transaction::versioned(name).is_none() {
                let path = shell_word(&format!("{folder}/{name}"));
                finding.fix = Fix::note("its name holds no version, so no tool removes it:").then_command(format!("mv {path} {path}.kept"));
            }
            return Ok(finding);
        }
    }
    if manifest.bytes.is_none() {
        let found = "there is no manifest.json that a copy could equal".to_owned();
        return Ok(Finding { fix: bring(workspace), ..finding(&id, Verdict::Unknown, found, expected) });
    }
    Ok(finding(&id, Verdict::Pass, "no stray copy".to_owned(), expected))
}

fn is_vm(workspace: &Workspace) -> bool {
    workspace.root == Path::new(&workspace.target.vm.checkout)
}

/// Writes all manifests again, and publishes nothing: the laptop that released has the record, and the VM gets them from any clone.
fn bring(workspace: &Workspace) -> Fix {
    if is_vm(workspace) {
        Fix::note("deliver it from a laptop, in a clone of the workspace:").then_command("scripts/manifest_to_vm.sh --live")
    } else {
        Fix::note("on the laptop that released it, write the manifests again from what is live:").then_command("make manifest-sync")
    }
}

fn finding(id: &str, verdict: Verdict, found: String, expected: String) -> Finding {
    Finding {
        id: id.to_owned(),
        verdict,
        severity: Severity::Gate,
        found,
        expected,
        fix: Fix::none(),
        runbook: RUNBOOK.to_owned(),
        elapsed_ms: 0,
    }
}
