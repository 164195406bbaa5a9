//! The story of `install`, on the VM: puts a manifest into the checkout, and reads what the update server announces then.

use crate::{
    place::{self, Placed},
    served_feed::{self, Unserved},
    transaction::{self, Change},
};
use nexy_contract::{
    Exit, Fix, Problem,
    delivery::{Delivery, SCHEMA},
    manifest::{ManifestFacts, one_artifact::Pair, rule::Rule},
    text::shell_word,
};
use nexy_outside::{
    Common, Workspace, clock,
    frame::{options, published::Evidence, stdio},
    fs::files,
    net::live_asset,
};
use std::path::Path;

pub(crate) fn run(workspace: &Workspace, manifest: &Path, common: &Common) -> Result<Exit, Problem> {
    let bytes = files::read(manifest, transaction::MAX_BYTES).map_err(|error| error.problem(Exit::CouldNotLook, deliver_again()))?;
    let facts = judge(workspace, manifest, &bytes, common)?;
    let text = String::from_utf8_lossy(&bytes);
    if !workspace.root.is_dir() {
        let because = format!("the checkout {} does not exist", workspace.root.display());
        let fix = Fix::note("deploy the code first (S3 §2.3), or correct vm.checkout in nexy.toml");
        return Err(Problem::new(Exit::CouldNotLook, "cannot install the manifest", because, fix));
    }
    let changes = match place::with_owners_rights(workspace, &text, &facts, common)? {
        Placed::Done(changes) => changes,
        Placed::Stopped(exit) => return Ok(exit),
    };
    let changed = !changes.is_empty();
    let files = place::read_back(workspace, &text, &facts)?;
    let served = match served_feed::read(workspace, &facts) {
        Ok(offer) => offer,
        Err(Unserved::NoAnswer(because)) => return Err(unknown(workspace, &facts, because)),
        Err(Unserved::Otherwise(because)) => return Err(take_back(workspace, &text, &facts, changes, because, common)),
    };
    let delivery = Delivery {
        schema: SCHEMA.to_owned(),
        at: clock::now(),
        version: facts.version,
        changed,
        files,
        served_version: served.version,
        served_length: served.length_bytes,
    };
    match stdio::write_document(options::json(&delivery)?.as_bytes()) {
        Ok(()) => Ok(Exit::Yes),
        Err(problem) if delivery.changed => Err(Problem::new(
            Exit::NeedsPerson,
            format!("the manifest of {} is installed, but the answer was not delivered", facts.version),
            problem.because,
            deliver_again().then_note("what is installed already stays"),
        )),
        Err(problem) => Err(problem),
    }
}

fn deliver_again() -> Fix {
    Fix::note("deliver it again on the laptop:").then_command("make manifest-deliver")
}

/// The probe that compares the feed of this machine with its manifest.
const PROBE: &str = "nexy-verify local-feed";

fn unknown(workspace: &Workspace, facts: &ManifestFacts, because: String) -> Problem {
    let what =
        format!("the manifest of {} is installed and stays; unknown whether {} announces it", facts.version, served_feed::url(workspace));
    let fix = Fix::note("on the VM, see whether the server runs, then ask:")
        .then_command(format!("systemctl status {}", shell_word(&workspace.target.service.unit)))
        .then_command(PROBE);
    Problem::new(Exit::CouldNotLook, what, because, fix)
}

/// A feed that announces something else is worse than the old one, which is known while this program runs.
fn take_back(workspace: &Workspace, text: &str, facts: &ManifestFacts, changes: Vec<Change>, because: String, common: &Common) -> Problem {
    let url = served_feed::url(workspace);
    let because = format!("{url} does not announce it: {because}");
    let look = Fix::note("on the VM, this compares the feed with the manifest, and the journal says more:")
        .then_command(PROBE)
        .then_command(format!("journalctl -u {} -n 50 --no-pager", shell_word(&workspace.target.service.unit)));
    if changes.is_empty() {
        let what = format!("the manifest of {} was installed before, so there is none to put back", facts.version);
        return Problem::new(Exit::NeedsPerson, what, because, look);
    }
    match place::back_with_owners_rights(workspace, text, changes, common) {
        Ok(()) => Problem::new(
            Exit::PutBack,
            format!("the manifest of {} is taken back, the old ones are there again", facts.version),
            because,
            look,
        ),
        Err(problem) => Problem { because: format!("{because}; {}", problem.because), ..problem },
    }
}

/// Refuses a manifest that clients could not follow: each field must keep the rule, size and digest must be those of what the public URL
/// serves now, and its version must be the one under which these bytes were published.
fn judge(workspace: &Workspace, path: &Path, text: &[u8], common: &Common) -> Result<ManifestFacts, Problem> {
    let refuse = |because: String| {
        let fix = Fix::note("write and deliver it again on the laptop:").then_command("make manifest-sync manifest-deliver");
        Problem::new(Exit::No, format!("{} is not installed", path.display()), because, fix)
    };
    let row = workspace.target.feed_artifact().ok_or_else(|| {
        let fix = Fix::note("correct nexy.toml");
        Problem::new(Exit::BadTarget, "no manifest is installed", "nexy.toml has no artifact with `feed = true`", fix)
    })?;
    let url = workspace.target.public_url(row);
    let faults = Rule::new(&workspace.target, &url, row.kind.word(), clock::now()).faults(text);
    if !faults.is_empty() {
        return Err(refuse(faults.into_iter().map(|fault| fault.said).collect::<Vec<_>>().join("; ")));
    }
    let facts = ManifestFacts::read(text).map_err(|error| refuse(error.to_string()))?;
    let length = live_asset::length(&workspace.target, row)?;
    if length != facts.size_bytes {
        return Err(refuse(format!("it announces {} bytes, {url} serves {length}", facts.size_bytes)));
    }
    let asset = live_asset::listed(&workspace.target, row, None);
    let served = live_asset::digest(&workspace.target, row, length, asset.as_ref().ok().and_then(Option::as_ref), common)?;
    if served != facts.sha256 {
        return Err(refuse(format!("it announces the bytes {}, {url} serves {served}", facts.sha256)));
    }
    let mut evidence = Evidence::default();
    match &asset {
        Ok(asset) => evidence.add(asset.as_ref()),
        Err(problem) => common.note(&format!("unknown: the version that GitHub's label gives these bytes: {}", problem.message())),
    }
    let pair = Pair { version: facts.version, sha256: facts.sha256 };
    let answer = evidence.judge(pair);
    if !answer.passes() {
        let fix = Fix::note("on the laptop:").then(answer.fix);
        return Err(refuse(answer.found).doing(fix));
    }
    if !workspace.target.signature.public_keys.is_empty() {
        common.note("unknown: whether the manifest's signature is right; `nexy-verify live-artifact` verifies it over all bytes");
    }
    Ok(facts)
}
