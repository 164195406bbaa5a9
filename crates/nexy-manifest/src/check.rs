//! The story of `check`: compares the manifests with each other and with nexy.toml. It reads files only.

use crate::transaction;
use nexy_contract::{Exit, Finding, Fix, Problem, Report, Severity, Verdict, manifest::ManifestFacts, text::shell_word};
use nexy_outside::{
    Common, Workspace, clock,
    frame::manifests::{self, FoundManifest},
    fs::files,
};

const RUNBOOK: &str = "S2 §6";

pub(crate) fn run(workspace: &Workspace, common: &Common) -> Result<Exit, Problem> {
    let unreadable =
        |error: files::FileError| error.problem(Exit::CouldNotLook, Fix::note("make it readable, then run the same command again"));
    let found = manifests::read_all(workspace).map_err(unreadable)?;
    let mut findings: Vec<Finding> = found.iter().map(|manifest| judge_one(workspace, manifest)).collect();
    findings.push(judge_pair(&found));
    for (folder, manifest) in workspace.target.layout.manifest_dirs.iter().zip(&found) {
        let names = files::list(&workspace.path(folder)).map_err(unreadable)?.unwrap_or_default();
        findings.push(judge_copies(workspace, folder, manifest, &names)?);
    }
    let report = Report::new("nexy-manifest", "check", clock::now(), Vec::new(), findings);
    common.print_report(&report)?;
    Ok(report.verdict.exit())
}

fn judge_one(workspace: &Workspace, manifest: &FoundManifest) -> Finding {
    let row = workspace.target.feed_artifact();
    let url = row.map(|row| workspace.target.public_url(row)).unwrap_or_default();
    let expected = format!("version, build, size and digest of what {url} serves");
    let Some(text) = &manifest.text else {
        return finding(&manifest.path, Verdict::Fail, "it does not exist".to_owned(), expected);
    };
    match ManifestFacts::read(text) {
        Err(error) => Finding {
            fix: Fix::command(format!("git log -p -- {}", shell_word(&manifest.path)))
                .then_note("restore a sound one, then run the same command again"),
            ..finding(&manifest.path, Verdict::Fail, error.to_string(), expected)
        },
        Ok(facts) if facts.url != url => finding(&manifest.path, Verdict::Fail, format!("it sends clients to {}", facts.url), expected),
        Ok(facts) if row.is_some_and(|row| row.kind.word() != facts.kind) => {
            finding(&manifest.path, Verdict::Fail, format!("its type is `{}`", facts.kind), expected)
        }
        Ok(facts) => finding(
            &manifest.path,
            Verdict::Pass,
            format!("{} · {} bytes · {}", facts.version, facts.size_bytes, facts.sha256.short()),
            expected,
        ),
    }
}

fn judge_pair(found: &[FoundManifest]) -> Finding {
    let different = found.iter().find(|manifest| manifest.text != found[0].text);
    let expected = "the same bytes in every manifest folder".to_owned();
    match different {
        Some(manifest) => finding("pair", Verdict::Fail, format!("{} and {} differ", found[0].path, manifest.path), expected),
        None => finding("pair", Verdict::Pass, format!("{} manifests are equal", found.len()), expected),
    }
}

/// Judges every file that the server's pattern finds: the server falls back to any of them, so each must equal the manifest.
fn judge_copies(workspace: &Workspace, folder: &str, manifest: &FoundManifest, names: &[String]) -> Result<Finding, Problem> {
    let id = format!("{folder}/manifest_*.json");
    let expected = "only copies of manifest.json".to_owned();
    for name in names.iter().filter(|name| name.starts_with("manifest_") && name.ends_with(".json")) {
        let path = workspace.path(folder).join(name);
        let text = files::read_text_if_there(&path, transaction::MAX_BYTES)
            .map_err(|error| error.problem(Exit::CouldNotLook, Fix::note("make it readable, then run the same command again")))?;
        if text.is_some() && text != manifest.text {
            let found = format!("{name} differs from manifest.json; the server falls back to it");
            let mut finding = finding(&id, Verdict::Fail, found, expected);
            if transaction::versioned(name).is_none() {
                let path = shell_word(&format!("{folder}/{name}"));
                finding.fix = Fix::note("its name holds no version, so no tool removes it:").then_command(format!("mv {path} {path}.kept"));
            }
            return Ok(finding);
        }
    }
    Ok(finding(&id, Verdict::Pass, "no stray copy".to_owned(), expected))
}

/// Publishes what is new, and writes all manifests again from what is live.
fn rewrite() -> Fix {
    Fix::command("make release")
}

fn finding(id: &str, verdict: Verdict, found: String, expected: String) -> Finding {
    let fix = if verdict == Verdict::Pass { Fix::none() } else { rewrite() };
    Finding { id: id.to_owned(), verdict, severity: Severity::Gate, found, expected, fix, runbook: RUNBOOK.to_owned(), elapsed_ms: 0 }
}
