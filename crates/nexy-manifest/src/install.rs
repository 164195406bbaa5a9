//! The story of `install`, on the VM: puts a manifest into the checkout, and reads what the update server announces then.

use crate::{
    deliverable,
    place::{self, Placed},
    served_feed::{self, Unserved},
    transaction::{self, Change},
};
use nexy_contract::{
    Exit, Fix, Problem,
    delivery::{Delivery, SCHEMA},
    manifest::ManifestFacts,
    text::shell_word,
};
use nexy_outside::{
    Common, Workspace, clock,
    frame::{options, stdio},
    fs::files,
};
use std::path::Path;

pub(crate) fn run(workspace: &Workspace, manifest: &Path, common: &Common) -> Result<Exit, Problem> {
    let bytes = files::read(manifest, transaction::MAX_BYTES).map_err(|error| error.problem(Exit::CouldNotLook, deliver_again()))?;
    let refuse = |because: String| {
        let fix = Fix::note("on the laptop, this says what is wrong with its manifests:").then_command("nexy-manifest check");
        Problem::new(Exit::No, format!("{} is not installed", manifest.display()), because, fix)
    };
    let facts = deliverable::judge(workspace, &bytes, None, common, &refuse)?;
    let text = String::from_utf8_lossy(&bytes);
    if !workspace.root.is_dir() {
        let because = format!("the checkout {} does not exist", workspace.root.display());
        let fix = Fix::note("deploy the code first (S3 §2.3), or correct vm.checkout in nexy.toml");
        return Err(Problem::new(Exit::CouldNotLook, "cannot install the manifest", because, fix));
    }
    let changes = match place::with_owners_rights(workspace, &text, &facts, common)? {
        Placed::Done(changes) => changes,
        Placed::Stopped(exit) => {
            if exit == Exit::CouldNotLook {
                stdio::note("  this says which owner or mode is wrong: sudo nexy-gate single-manifest update-dirs");
            }
            return Ok(exit);
        }
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
