//! The version inside an artifact is the one that is released: clients compare it, and would update to another for ever.

mod evidence;
mod image;
mod package;

use crate::gate::prelude::*;
use crate::observed::inbox::{Bytes, Found};
use crate::{formats::xar, observed::receipts};
use evidence::{Evidence, Notarized};
use nexy_contract::build_receipt::{self, BuildReceipt};
use nexy_contract::{ReleaseVersion, Timestamp, target_file::ArtifactKind};
use nexy_outside::frame::version_file::{self, NoVersion};
use nexy_outside::fs::files::{self, OpenArtifact};
use nexy_outside::{Workspace, clock};
use std::path::Path;
use std::time::{Duration, Instant};

pub(crate) const GATE: Gate = Gate {
    id: "artifact-version",
    asks: "Is the version inside each artifact the one that is released, and is the artifact signed and notarized?",
    profiles: &["pre-production", "before-publish"],
    runbook: "S3 §1, S2 §3 Phase 2 step 1",
    at: Machine::Laptop,
    takes: Takes::Outside,
    explain: Explain {
        symptom: "An old build goes out under a new version: clients install it, still have the old version, and install it again and again. \
                  Or the download is refused on every Mac, because the notary never saw it.",
        check: "A package is opened here: PackageInfo and Distribution name its versions and those of its applications, the archive holds the \
                signature and the ticket. A disk image is mounted where hdiutil is (plutil, codesign and stapler look at it); elsewhere a \
                build receipt beside it, NAME.receipt.json, must speak of these very bytes. CFBundleVersion must be the version. \
                What cannot be determined counts as artifact_version.when_unknown says.",
        fix: &[
            note("Build for this version, sign, notarize and staple it; for a disk image also, on that Mac:"),
            command("scripts/build_receipt.sh FILE"),
            note("Copy the receipt beside the image, and start again:"),
            command("nexy-version record | nexy-gate before-publish -"),
        ],
        verify: &[command("nexy-gate artifact-version")],
    },
    check,
    repair: None,
};

/// A receipt has some hundred bytes.
const MAX_RECEIPT_BYTES: u64 = 64 << 10;

/// Everything that was seen of one artifact.
struct Looked {
    name: String,
    /// What lies in the inbox, or why it is not to be judged.
    bytes: Result<Bytes, crate::observed::inbox::Fault>,
    /// What it says of itself; `None` when this machine cannot look into it.
    own: Result<Option<Evidence>, xar::Fault>,
    /// What the machine says that built it; words for a paper that is none.
    receipt: Option<Result<BuildReceipt, String>>,
}

fn check(context: &Context) -> Answer {
    let workspace = &context.workspace;
    let target = &workspace.target;
    // The last quarter is for unmounting.
    let deadline = Instant::now() + Duration::from_secs(target.limits.gate_timeout_s) * 3 / 4;
    let version = match &context.record {
        Some(record) => record.version,
        None => match version_file::read(workspace) {
            Ok(version) => version,
            Err(NoVersion::Wrong(because)) => {
                return Answer::fail(because, "one version X.Y.Z.W", Fix::command("nexy-version set X.Y.Z.W"));
            }
            Err(NoVersion::Unreadable(because)) => {
                let fix = Fix::command(format!("ls -l {}", shell_word(&target.layout.version_file)));
                return Answer::unknown(because, "a file that can be read", fix);
            }
        },
    };
    let looked: Vec<Looked> = context.inbox().artifacts.iter().map(|found| look(workspace, found, deadline)).collect();
    judge(target, version, clock::now(), &looked)
}

fn look(workspace: &Workspace, found: &Found, deadline: Instant) -> Looked {
    let name = found.row.name.clone();
    let folder = workspace.path(&workspace.target.layout.inbox);
    let path = folder.join(&name);
    let own = match (&found.bytes, found.row.kind) {
        (Err(_), _) => Ok(None),
        (Ok(bytes), ArtifactKind::Pkg) => look_into_package(&path, bytes).map(Some),
        (Ok(_), ArtifactKind::Dmg) => Ok(image::look(&path, deadline)),
    };
    let own = own.map(|own| {
        own.map(|mut evidence| {
            image::ask_stapler(&path, deadline, &mut evidence);
            evidence
        })
    });
    Looked { own, bytes: found.bytes.clone(), receipt: read_receipt(&folder.join(build_receipt::name_of(&name))), name }
}

/// Opens a package again; it must still be the one whose digest was taken.
fn look_into_package(path: &Path, bytes: &Bytes) -> Result<Evidence, xar::Fault> {
    let unreadable = |error: files::FileError| xar::Fault::Unreadable(error.because());
    let mut file = OpenArtifact::open(path).map_err(unreadable)?;
    let (head, tail) = file.ends(bytes.tail.len()).map_err(unreadable)?;
    if file.size_bytes != bytes.size_bytes || head != bytes.head || tail != bytes.tail {
        return Err(xar::Fault::Unreadable("it changes while it is looked at".to_owned()));
    }
    package::look(bytes.size_bytes, &tail, &mut |offset, count| file.piece(offset, count).map_err(unreadable))
}

fn read_receipt(path: &Path) -> Option<Result<BuildReceipt, String>> {
    match files::read(path, MAX_RECEIPT_BYTES) {
        Ok(bytes) => Some(BuildReceipt::read(&bytes).map_err(|error| receipts::words(&error))),
        Err(error) if error.is_missing() => None,
        Err(error) => Some(Err(format!("cannot be read: {}", error.because()))),
    }
}

fn judge(target: &Target, version: ReleaseVersion, now: Timestamp, looked: &[Looked]) -> Answer {
    let folder = &target.layout.inbox;
    let expected = format!("{version} inside every artifact, signed and notarized");
    if looked.is_empty() {
        return Answer::unknown(format!("{folder}/ holds no artifact to look at"), expected, Fix::command("nexy-gate release-inbox"));
    }
    let mut builder = AnswerBuilder::default();
    for artifact in looked {
        artifact.judge(folder, version, now, target.limits.clock_skew_s, &mut builder);
    }
    let answer = builder.answer(expected);
    if answer.verdict == Verdict::Unknown { answer.counting(target.artifact_version.when_unknown) } else { answer }
}

impl Looked {
    fn judge(&self, folder: &str, version: ReleaseVersion, now: Timestamp, skew_s: i64, builder: &mut AnswerBuilder) {
        let (name, path) = (&self.name, shell_word(&format!("{folder}/{}", self.name)));
        let bytes = match &self.bytes {
            Ok(bytes) => bytes,
            Err(crate::observed::inbox::Fault::Refused(because)) => {
                return builder.fail(format!("{name}: {because}"), Fix::command("nexy-gate release-inbox"));
            }
            Err(crate::observed::inbox::Fault::Unreadable(because)) => {
                return builder.unknown(format!("{name}: {because}"), Fix::command(format!("ls -l {path}")));
            }
        };
        let fixes = Fixes { folder, name, path: &path, version };
        let mut seen: Vec<Evidence> = Vec::new();
        let mut unreadable = None;
        match &self.own {
            Ok(Some(own)) => seen.push(own.clone()),
            Ok(None) => unreadable = Some("this machine cannot look into it".to_owned()),
            Err(xar::Fault::Unreadable(because)) => unreadable = Some(because.clone()),
            Err(xar::Fault::Broken(because)) => return builder.fail(format!("{name}: {because}"), fixes.build()),
        }
        match &self.receipt {
            None => {}
            Some(Err(because)) => {
                builder.unknown(format!("{} {because}", build_receipt::name_of(name)), fixes.receipt());
                return;
            }
            Some(Ok(receipt)) => match judge_receipt(receipt, name, bytes, now, skew_s) {
                Ok(evidence) => seen.push(evidence),
                Err(Doubt::Wrong(because)) => return builder.fail(because, fixes.receipt()),
                Err(Doubt::Unclear(because)) => return builder.unknown(because, fixes.receipt()),
            },
        }
        if seen.is_empty() {
            let because = unreadable.unwrap_or_default();
            return builder
                .unknown(format!("cannot determine the version inside {name}: {because}, and there is no build receipt"), fixes.receipt());
        }
        judge_evidence(&seen, &fixes, builder);
    }
}

/// What to type about one artifact.
struct Fixes<'a> {
    folder: &'a str,
    name: &'a str,
    path: &'a str,
    version: ReleaseVersion,
}

impl Fixes<'_> {
    fn build(&self) -> Fix {
        let Self { folder, name, version, .. } = self;
        Fix::note(format!("build {name} for {version}, copy it into {folder}/, and start again:"))
            .then_command("nexy-version record | nexy-gate before-publish -")
    }

    fn sign(&self) -> Fix {
        Fix::note(format!("sign and notarize {} on the Mac that builds it, which gives new bytes:", self.name))
            .then_command(self.staple_command())
            .then(self.build())
    }

    fn staple(&self) -> Fix {
        Fix::note("on the Mac that built it, attach the notary's ticket, which gives new bytes:")
            .then_command(self.staple_command())
            .then_note("then start again:")
            .then_command("nexy-version record | nexy-gate before-publish -")
    }

    fn staple_command(&self) -> String {
        format!("xcrun stapler staple {}", self.path)
    }

    fn receipt(&self) -> Fix {
        let receipt = build_receipt::name_of(&format!("{}/{}", self.folder, self.name));
        Fix::note(format!("on the Mac that built it, beside these very bytes, write {receipt}:"))
            .then_command(format!("scripts/build_receipt.sh {}", self.path))
    }
}

/// Why a receipt tells nothing.
#[derive(Debug, PartialEq, Eq)]
enum Doubt {
    /// It is about something else.
    Wrong(String),
    /// It cannot be determined whether it is true.
    Unclear(String),
}

fn judge_receipt(receipt: &BuildReceipt, name: &str, bytes: &Bytes, now: Timestamp, skew_s: i64) -> Result<Evidence, Doubt> {
    let paper = build_receipt::name_of(name);
    if receipt.artifact != name {
        return Err(Doubt::Wrong(format!("{paper} is about {}", excerpt(&receipt.artifact, 80))));
    }
    if receipt.sha256 != bytes.sha256 || receipt.size_bytes != bytes.size_bytes {
        let (size, sha) = (receipt.size_bytes, receipt.sha256.short());
        return Err(Doubt::Wrong(format!(
            "{paper} is about other bytes: {size} bytes {sha}, but {name} has {} bytes {}",
            bytes.size_bytes,
            bytes.sha256.short()
        )));
    }
    let ahead_s = receipt.built_at.as_second() - now.as_second();
    if ahead_s > skew_s {
        return Err(Doubt::Unclear(format!("{paper} says {}, {} ahead of this clock", receipt.built_at, receipts::span(ahead_s))));
    }
    let mut evidence = Evidence { has_build: true, signed: Some(receipt.signed), ..Evidence::default() };
    evidence.notarized = if receipt.notarized { Notarized::Stapled } else { Notarized::Refused };
    evidence.says(format!("{paper} version"), Some(&receipt.version));
    Ok(evidence)
}

/// One refusal of any source is a failure; what no source has seen is unknown.
fn judge_evidence(seen: &[Evidence], fixes: &Fixes<'_>, builder: &mut AnswerBuilder) {
    let (name, version) = (fixes.name, fixes.version.to_string());
    let mut is_right = true;
    let remarks: String = seen.iter().flat_map(|one| &one.remarks).map(|remark| format!(" ({remark})")).collect();
    for (trouble, fix) in seen.iter().flat_map(|one| &one.troubles) {
        is_right = false;
        builder.unknown(format!("{name}: {}", excerpt(trouble, 300)), Fix::command(fix.clone()).then_command("nexy-gate artifact-version"));
    }
    for (place, found) in seen.iter().flat_map(|one| &one.versions).filter(|(_, found)| *found != version) {
        is_right = false;
        builder.fail(format!("{name}: {place} is `{}`, not {version}", excerpt(found, 60)), fixes.build());
    }
    if seen.iter().any(|one| one.holds_no_application) {
        is_right = false;
        builder.fail(format!("{name} holds no application"), fixes.build());
    } else if !seen.iter().any(|one| one.has_build) {
        is_right = false;
        builder.unknown(format!("{name} does not say which CFBundleVersion clients will have"), fixes.receipt());
    }
    match seen.iter().filter_map(|one| one.signed).min() {
        Some(true) => {}
        Some(false) => {
            is_right = false;
            builder.fail(format!("{name} is not signed{remarks}"), fixes.sign());
        }
        None => {
            is_right = false;
            builder.unknown(format!("not verified whether {name} is signed"), fixes.receipt());
        }
    }
    if seen.iter().any(|one| one.notarized == Notarized::Refused) {
        is_right = false;
        builder.fail(format!("{name} has no good notarization ticket"), fixes.sign());
    } else if !seen.iter().any(|one| one.notarized == Notarized::Stapled) {
        is_right = false;
        builder.unknown(format!("cannot determine whether {name} is notarized: no ticket is attached to it"), fixes.staple());
    }
    if is_right {
        builder.pass(format!("{name} is {version} inside, signed and notarized"));
    }
}

#[cfg(test)]
mod tests;
