//! The delivery to the VM, on the laptop: `payload` prints what is sent, `delivered` records the VM's answer.

use crate::{cli::TOOL, deliverable, transaction, write};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use nexy_contract::{
    Exit, Fix, Problem, Record, Sha256Digest,
    delivery::{self, Delivery, OnVm},
    document::{self, DocumentError},
    operands,
    record::{Delivered, Reader},
    text::printable,
};
use nexy_outside::{
    Common, Workspace,
    frame::{
        record_io::{self, ActionOutcome, Incoming},
        stdio,
    },
    fs::files,
};
use std::path::Path;

pub(crate) const BY: &str = "nexy-manifest delivered";

/// Prints digest and base64 of the manifest of the record; nothing when the release leaves the manifests as they are.
pub(crate) fn payload(workspace: &Workspace) -> Result<Exit, Problem> {
    let record = match record_io::read_incoming(workspace, Reader::Acts(BY))? {
        Incoming::Record(record) => record,
        Incoming::Stopped(_, stop) => {
            for because in &stop.because {
                stdio::note(&format!("{TOOL}: nothing is delivered: {}", printable(because)));
            }
            return Ok(stop.exit);
        }
    };
    if record.latest_outcome(write::BY).is_none() {
        let fix = Fix::note("write it first, with `nexy-manifest write -` before this command in the pipeline");
        return Err(Problem::new(Exit::No, "nothing is delivered", "no manifest was written for this record", fix));
    }
    let Some(manifest) = record.manifests.first() else {
        return Ok(Exit::Yes);
    };
    // A record comes from outside: no other file of this machine is sent.
    if !transaction::names(workspace, record.version).contains(&manifest.path) {
        let because = format!("the record names {}, which nexy.toml's layout.manifest_dirs do not hold", printable(&manifest.path));
        let fix = Fix::note("start again from the record that `nexy-manifest write` printed");
        return Err(Problem::new(Exit::No, "nothing is delivered", because, fix));
    }
    let path = workspace.path(&manifest.path);
    let fix = Fix::note("write the manifests again from what is live:").then_command("make release");
    let bytes = files::read(&path, transaction::MAX_BYTES).map_err(|error| error.problem(Exit::No, &fix))?;
    let sha256 = Sha256Digest::of(&bytes);
    if sha256 != manifest.sha256 {
        let because = format!("it is {} now, the record says {}", sha256.short(), manifest.sha256.short());
        return Err(Problem::new(Exit::No, format!("{} has changed since it was written", path.display()), because, fix));
    }
    stdio::write_document(format!("{sha256} {}\n", STANDARD.encode(bytes)).as_bytes())?;
    Ok(Exit::Yes)
}

/// Prints digest and base64 of the workspace's own manifest, which must be one, sound, and about what is live.
pub(crate) fn live_payload(workspace: &Workspace, common: &Common) -> Result<Exit, Problem> {
    let (bytes, _) = deliverable::own(workspace, "nothing is delivered", common)?;
    stdio::write_document(format!("{} {}\n", Sha256Digest::of(&bytes), STANDARD.encode(bytes)).as_bytes())?;
    Ok(Exit::Yes)
}

/// Adds the VM's answer, or the failure of the delivery, to the record.
pub(crate) fn run(
    workspace: &Workspace,
    names: &[String],
    failed: Option<u8>,
    lost: Option<&Path>,
    common: &Common,
) -> Result<Exit, Problem> {
    let usage = |because: String| {
        let fix = Fix::note("write one of these:")
            .then_command("nexy-manifest delivered ANSWER -")
            .then_command("nexy-manifest delivered --failed CODE -")
            .then_command("nexy-manifest delivered --lost SHOWN -");
        Problem::new(Exit::Usage, "cannot add a delivery to the record", because, fix)
    };
    let given = operands::split(names).map_err(usage)?;
    if !given.reads_record {
        return Err(usage("a release record must come on standard input: end the command with `-`".to_owned()));
    }
    match (given.names.as_slice(), failed, lost) {
        ([answer], None, None) => record_io::act(TOOL, Reader::Acts(BY), workspace, common, |record| {
            add(record, Path::new(answer)).unwrap_or_else(|problem| ActionOutcome::failed(&problem, true))
        }),
        ([], Some(code), None) => {
            let exit = Exit::try_from(code).ok().filter(|exit| *exit != Exit::Yes).unwrap_or(Exit::CouldNotLook);
            let because = format!("the delivery ended with {code}");
            let problem = Problem::new(exit, NOT_DELIVERED, because, again(Fix::note("read the message above,")));
            record_io::act(TOOL, Reader::Acts(BY), workspace, common, |_| ActionOutcome::failed(&problem, false))
        }
        ([], None, Some(shown)) => {
            let shown = files::read(shown, transaction::MAX_BYTES).map_err(|error| error.to_string());
            record_io::act(TOOL, Reader::Acts(BY), workspace, common, |record| match arrived(record, shown) {
                Ok(()) => ActionOutcome::done("the VM has the manifest; its own answer is still missing".to_owned(), false),
                Err(problem) => ActionOutcome::failed(&problem, false),
            })
        }
        _ => Err(usage("give the VM's answer, --failed CODE or --lost SHOWN".to_owned())),
    }
}

const NOT_DELIVERED: &str = "the manifest was not delivered to the VM";

fn again(fix: Fix) -> Fix {
    fix.then_note("then run the whole pipeline again; this goes on where it stopped:").then_command("make release")
}

/// Tells from what the VM shows whether the manifests of the record have reached it.
/// Errors: exit 1 when one has not, 69 when that is not known.
fn arrived(record: &Record, shown: Result<Vec<u8>, String>) -> Result<(), Problem> {
    let unknown = |because: String| {
        let fix = again(Fix::note("see what the VM has now:").then_command("scripts/vm.sh nexy-manifest show"));
        Problem::new(Exit::CouldNotLook, "unknown whether the manifest has reached the VM", because, fix)
    };
    let lost = |because: String| unknown(format!("its answer was lost, and it does not say which manifest it has: {because}"));
    let shown = shown.map_err(lost)?;
    if shown.trim_ascii().is_empty() {
        return Err(unknown("its answer was lost, and the question which manifest it has was not answered".to_owned()));
    }
    let shown: Vec<OnVm> = serde_json::from_slice(&shown).map_err(|error| lost(error.to_string()))?;
    for manifest in &record.manifests {
        let Some(on_vm) = shown.iter().find(|on_vm| on_vm.path == manifest.path) else {
            return Err(lost(format!("it does not name {}", manifest.path)));
        };
        if on_vm.file_sha256 != Some(manifest.sha256) {
            let has = on_vm.file_sha256.map_or_else(|| "none".to_owned(), |sha256| sha256.short().to_string());
            let because = format!("{}: the VM has {has}, the record {}", manifest.path, manifest.sha256.short());
            let fix = Fix::note("delivering again is safe; this goes on where it stopped:").then_command("make release");
            return Err(Problem::new(Exit::No, NOT_DELIVERED, because, fix));
        }
    }
    Ok(())
}

fn add(record: &mut Record, answer: &Path) -> Result<ActionOutcome, Problem> {
    let fix = Fix::note("deliver again with the same record on standard input:").then_command("scripts/manifest_to_vm.sh -");
    let bytes = files::read(answer, transaction::MAX_BYTES).map_err(|error| error.problem(Exit::CouldNotLook, &fix))?;
    let unusable = |error: DocumentError| Problem::new(Exit::CouldNotLook, "cannot use the VM's answer", error.to_string(), &fix);
    let delivery: Delivery = document::read(&bytes, delivery::SCHEMA).map_err(unusable)?;
    if record.manifests.is_empty() {
        let fix = Fix::note("write it first, with the same record on standard input:").then_command("nexy-manifest write -");
        return Err(Problem::new(Exit::No, "cannot add the VM's answer", "the record names no manifest", fix));
    }
    for manifest in &mut record.manifests {
        let found = delivery.files.iter().find(|file| file.path == manifest.path);
        let because = match found {
            None => "the VM's answer does not name it".to_owned(),
            Some(file) if file.sha256 != manifest.sha256 => {
                format!("the VM has {}, the record {}", file.sha256.short(), manifest.sha256.short())
            }
            Some(_) if delivery.served_version != manifest.version.to_string() => {
                format!("the VM's update server announces {}, the record {}", delivery.served_version, manifest.version)
            }
            Some(_) => {
                manifest.delivered = Some(Delivered {
                    at: delivery.at,
                    sha256: manifest.sha256,
                    served_version: delivery.served_version.clone(),
                    served_length: delivery.served_length,
                });
                continue;
            }
        };
        return Err(Problem::new(Exit::No, format!("{} did not arrive on the VM", manifest.path), because, fix));
    }
    let message = format!("the VM serves version {} with length {}", delivery.served_version, delivery.served_length);
    let done = ActionOutcome::done(message, true);
    Ok(ActionOutcome { next: Fix::note("push the manifests:").then_command("nexy-manifest push -"), ..done })
}
