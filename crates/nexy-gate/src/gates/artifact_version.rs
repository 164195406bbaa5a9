//! The version inside an artifact is the one that is released: clients compare it, and would update to another for ever.

mod image;

use crate::formats::package::{self, Package};
use crate::formats::xar;
use crate::gate::prelude::*;
use crate::observed::inbox::{self, Bytes, Found};
use crate::observed::{receipts, version};
use nexy_contract::build_receipt::{self, BuildReceipt};
use nexy_contract::{ReleaseVersion, Timestamp, target_file::ArtifactKind};
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
            command(AGAIN),
        ],
        verify: &[command("nexy-gate artifact-version")],
    },
    check,
    repair: None,
};

const AGAIN: &str = "nexy-version record | nexy-gate before-publish -";
/// A receipt has some hundred bytes.
const MAX_RECEIPT_BYTES: u64 = 64 << 10;

/// Everything that was seen of one artifact.
struct Looked {
    name: String,
    /// What lies in the inbox, or why it is not to be judged.
    bytes: Result<Bytes, inbox::Fault>,
    /// What it says of itself.
    own: Result<Evidence, xar::Fault>,
    /// What the machine says that built it; words for a paper that is none.
    receipt: Option<Result<BuildReceipt, String>>,
}

/// Whether the notary has let it pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Notarized {
    /// A good ticket is attached to it.
    Stapled,
    /// The ticket was checked and refused.
    Refused,
    /// There is no ticket here; the notary may have one.
    #[default]
    Unknown,
}

/// What was seen in one place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Evidence {
    /// Every version that it holds, by where it stands.
    versions: Vec<(String, String)>,
    /// Whether the build of an application is among them: that is what clients compare.
    has_build: bool,
    /// Whether it was opened, and there is no application in it.
    holds_no_application: bool,
    /// Whether it is signed; `None` when the gate did not look.
    signed: Option<bool>,
    /// Whether it is notarized.
    notarized: Notarized,
    /// What could not be looked at although it should have been, and what to type.
    troubles: Vec<(String, String)>,
    /// What programs have said about a no.
    remarks: Vec<String>,
}

impl Evidence {
    /// Notes what could not be looked at.
    fn misses(&mut self, what: impl Into<String>, fix: impl Into<String>) {
        self.troubles.push((what.into(), fix.into()));
    }

    /// Notes a version that stands somewhere.
    fn says(&mut self, place: &str, version: &str) {
        self.versions.push((excerpt(place, 120), version.to_owned()));
    }
}

impl From<Package> for Evidence {
    fn from(package: Package) -> Self {
        let notarized = if package.has_ticket { Notarized::Stapled } else { Notarized::Unknown };
        let mut evidence = Self { has_build: package.has_build, signed: Some(package.is_signed), notarized, ..Self::default() };
        package.versions.iter().for_each(|(place, version)| evidence.says(place, version));
        evidence
    }
}

fn check(context: &Context) -> Answer {
    let workspace = &context.workspace;
    // The last quarter is for unmounting.
    let deadline = Instant::now() + Duration::from_secs(workspace.target.limits.gate_timeout_s) * 3 / 4;
    match version::released(workspace, context.record.as_ref()) {
        Ok(version) => {
            let looked: Vec<Looked> = context.inbox().artifacts.iter().map(|found| look(workspace, found, deadline)).collect();
            judge(&workspace.target, version, clock::now(), &looked)
        }
        Err(answer) => answer,
    }
}

fn look(workspace: &Workspace, found: &Found, deadline: Instant) -> Looked {
    let name = found.row.name.clone();
    let folder = workspace.path(&workspace.target.layout.inbox);
    let path = folder.join(&name);
    let own = match (&found.bytes, found.row.kind) {
        (Ok(bytes), ArtifactKind::Pkg) => look_into_package(&path, bytes),
        (Ok(_), ArtifactKind::Dmg) => image::look(&path, deadline).ok_or_else(cannot_look),
        (Err(_), _) => Err(cannot_look()),
    };
    let own = own.map(|evidence| image::ask_stapler(&path, deadline, evidence));
    Looked { own, bytes: found.bytes.clone(), receipt: read_receipt(&folder.join(build_receipt::name_of(&name))), name }
}

fn cannot_look() -> xar::Fault {
    xar::Fault::Unreadable("this machine cannot look into it".to_owned())
}

/// Opens a package again; it must still be the one whose digest was taken.
fn look_into_package(path: &Path, bytes: &Bytes) -> Result<Evidence, xar::Fault> {
    let unreadable = |error: files::FileError| xar::Fault::Unreadable(error.because());
    let mut file = OpenArtifact::open(path).map_err(unreadable)?;
    let (head, tail) = inbox::ends(&mut file).map_err(unreadable)?;
    if file.size_bytes != bytes.size_bytes || head != bytes.head || tail != bytes.tail {
        return Err(xar::Fault::Unreadable("it changes while it is looked at".to_owned()));
    }
    package::look(bytes.size_bytes, &tail, &mut |offset, count| file.piece(offset, count).map_err(unreadable)).map(Evidence::from)
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
        let faults = artifact.faults(&Fixes { folder, name: &artifact.name, version }, now, target.limits.clock_skew_s);
        if faults.is_empty() {
            builder.pass(format!("{} is {version} inside, signed and notarized", artifact.name));
        }
        for (verdict, found, fix) in faults {
            if verdict == Verdict::Fail { builder.fail(found, fix) } else { builder.unknown(found, fix) }
        }
    }
    let answer = builder.answer(expected);
    if answer.verdict == Verdict::Unknown { answer.counting(target.artifact_version.when_unknown) } else { answer }
}

/// What is not right: a failure or unknown, what was found, and what to type.
type Fault = (Verdict, String, Fix);

impl Looked {
    fn faults(&self, fixes: &Fixes<'_>, now: Timestamp, skew_s: i64) -> Vec<Fault> {
        let name = &self.name;
        let bytes = match &self.bytes {
            Ok(bytes) => bytes,
            Err(inbox::Fault::Refused(because)) => {
                return vec![(Verdict::Fail, format!("{name}: {because}"), Fix::command("nexy-gate release-inbox"))];
            }
            Err(inbox::Fault::Unreadable(because)) => {
                return vec![(Verdict::Unknown, format!("{name}: {because}"), Fix::command(format!("ls -l {}", fixes.path())))];
            }
        };
        if let Err(xar::Fault::Broken(because)) = &self.own {
            return vec![(Verdict::Fail, format!("{name}: {because}"), fixes.build())];
        }
        let receipt = match &self.receipt {
            None => None,
            Some(Err(because)) => return vec![(Verdict::Unknown, format!("{} {because}", build_receipt::name_of(name)), fixes.receipt())],
            Some(Ok(receipt)) => match judge_receipt(receipt, name, bytes, now, skew_s) {
                Ok(evidence) => Some(evidence),
                Err((verdict, because)) => return vec![(verdict, because, fixes.receipt())],
            },
        };
        match (&self.own, &receipt) {
            (Err(xar::Fault::Broken(because) | xar::Fault::Unreadable(because)), None) => {
                let found = format!("cannot determine the version inside {name}: {because}, and there is no build receipt");
                vec![(Verdict::Unknown, found, fixes.receipt())]
            }
            (own, receipt) => judge_evidence(&own.iter().chain(receipt).collect::<Vec<_>>(), fixes),
        }
    }
}

/// What to type about one artifact.
struct Fixes<'a> {
    folder: &'a str,
    name: &'a str,
    version: ReleaseVersion,
}

impl Fixes<'_> {
    fn path(&self) -> String {
        shell_word(&format!("{}/{}", self.folder, self.name))
    }

    fn build(&self) -> Fix {
        let Self { folder, name, version } = self;
        Fix::note(format!("build {name} for {version}, copy it into {folder}/, and start again:")).then_command(AGAIN)
    }

    fn staple(&self, why: String) -> Fix {
        Fix::note(why).then_command(format!("xcrun stapler staple {}", self.path()))
    }

    fn sign(&self) -> Fix {
        self.staple(format!("sign and notarize {} on the Mac that builds it, which gives new bytes:", self.name)).then(self.build())
    }

    fn receipt(&self) -> Fix {
        let receipt = build_receipt::name_of(&format!("{}/{}", self.folder, self.name));
        Fix::note(format!("on the Mac that built it, beside these very bytes, write {receipt}:"))
            .then_command(format!("scripts/build_receipt.sh {}", self.path()))
    }
}

/// A receipt of something else is wrong, and one from the future is unknown.
fn judge_receipt(receipt: &BuildReceipt, name: &str, bytes: &Bytes, now: Timestamp, skew_s: i64) -> Result<Evidence, (Verdict, String)> {
    let paper = build_receipt::name_of(name);
    if receipt.artifact != name {
        return Err((Verdict::Fail, format!("{paper} is about {}", excerpt(&receipt.artifact, 80))));
    }
    if receipt.sha256 != bytes.sha256 || receipt.size_bytes != bytes.size_bytes {
        let about = format!("{paper} is about other bytes: {} bytes {}", receipt.size_bytes, receipt.sha256.short());
        return Err((Verdict::Fail, format!("{about}, but {name} has {} bytes {}", bytes.size_bytes, bytes.sha256.short())));
    }
    let ahead_s = receipt.built_at.as_second() - now.as_second();
    if ahead_s > skew_s {
        let ahead = receipts::span(ahead_s);
        return Err((Verdict::Unknown, format!("{paper} says {}, {ahead} ahead of this clock", receipt.built_at)));
    }
    let mut evidence = Evidence { has_build: true, signed: Some(receipt.signed), ..Evidence::default() };
    evidence.notarized = if receipt.notarized { Notarized::Stapled } else { Notarized::Refused };
    evidence.says(&format!("{paper} version"), &receipt.version);
    Ok(evidence)
}

/// One refusal of any source is a failure; what no source has seen is unknown.
fn judge_evidence(seen: &[&Evidence], fixes: &Fixes<'_>) -> Vec<Fault> {
    let (name, version) = (fixes.name, fixes.version.to_string());
    let mut faults = Vec::new();
    for (trouble, fix) in seen.iter().flat_map(|one| &one.troubles) {
        let fix = Fix::command(fix.clone()).then_command("nexy-gate artifact-version");
        faults.push((Verdict::Unknown, format!("{name}: {}", excerpt(trouble, 300)), fix));
    }
    for (place, found) in seen.iter().flat_map(|one| &one.versions).filter(|(_, found)| *found != version) {
        faults.push((Verdict::Fail, format!("{name}: {place} is `{}`, not {version}", excerpt(found, 60)), fixes.build()));
    }
    if seen.iter().any(|one| one.holds_no_application) {
        faults.push((Verdict::Fail, format!("{name} holds no application"), fixes.build()));
    } else if !seen.iter().any(|one| one.has_build) {
        faults.push((Verdict::Unknown, format!("{name} does not say which CFBundleVersion clients will have"), fixes.receipt()));
    }
    match seen.iter().filter_map(|one| one.signed).min() {
        Some(true) => {}
        Some(false) => {
            let remarks: String = seen.iter().flat_map(|one| &one.remarks).map(|remark| format!(" ({remark})")).collect();
            faults.push((Verdict::Fail, format!("{name} is not signed{remarks}"), fixes.sign()));
        }
        None => faults.push((Verdict::Unknown, format!("not verified whether {name} is signed"), fixes.receipt())),
    }
    if seen.iter().any(|one| one.notarized == Notarized::Refused) {
        faults.push((Verdict::Fail, format!("{name} has no good notarization ticket"), fixes.sign()));
    } else if !seen.iter().any(|one| one.notarized == Notarized::Stapled) {
        let fix = fixes.staple("on the Mac that built it, attach the notary's ticket, which gives new bytes:".to_owned());
        let found = format!("cannot determine whether {name} is notarized: no ticket is attached to it");
        faults.push((Verdict::Unknown, found, fix.then_note("then start again:").then_command(AGAIN)));
    }
    faults
}

#[cfg(test)]
mod tests;
