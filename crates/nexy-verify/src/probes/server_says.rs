//! The six probes of `/health`, `/status` and the update server's `/health`, on the VM and from outside: one row each.

use super::deliver;
use crate::{
    context::{Context, Place},
    health::{self, Question},
    probe::{Answer, Explain, Probe},
    service,
};
use nexy_contract::{
    Fix,
    fix::{command, note},
};
use nexy_outside::frame::version_file;

/// The rows of the table.
pub(crate) const PROBES: [Probe; 6] = [
    Probe {
        id: "local-health",
        asks: "Does the main server say that it is well, and of the expected version?",
        profiles: &["local"],
        advice_in: &[],
        runbook: "S0 §4.1, S1 §4",
        explain: Explain {
            symptom: "The old code goes on running after a deployment, or SERVER_VERSION in config.env hides the new version.",
            check: "curl -fsS LOCAL_SERVER/health: 200, status OK, latest_version = latest_build = the version of the code.",
            fix: &[
                note(
                    "If VERSION on the VM is right, correct SERVER_VERSION where it stands, in config.env (S0 §5.9) or the unit, and restart:",
                ),
                command("sudo nexy-gate server-version-env"),
                command("sudo nexy-gate hard && sudo systemctl restart \"$(nexy-version show service.unit)\""),
                note("Otherwise deploy the tag again."),
            ],
            verify: &[command("nexy-verify local --wait 90s")],
        },
        check: |context| on_the_vm(context, &context.workspace.target.endpoints.local_server, HEALTH),
    },
    Probe {
        id: "local-status",
        asks: "Does the status page of the main server name the expected version?",
        profiles: &["local"],
        advice_in: &[],
        runbook: "S0 §4.1",
        explain: Explain {
            symptom: "The status page tells operators another version than the one that was deployed.",
            check: "curl -fsS LOCAL_SERVER/status: 200, status running, latest_version = latest_build = the version of the code.",
            fix: &[note("As for local-health: both read the same values when the service starts.")],
            verify: &[command("nexy-verify local-status")],
        },
        check: |context| on_the_vm(context, &context.workspace.target.endpoints.local_server, STATUS),
    },
    Probe {
        id: "local-updates",
        asks: "Does the update server on the VM announce the version of the manifest?",
        profiles: &["local"],
        advice_in: &[],
        runbook: "S0 §4.1, S2 §4.9",
        explain: Explain {
            symptom: "The update server falls back silently to another manifest, or to a version in its code, when it cannot read the right one.",
            check: "curl -fsS LOCAL_UPDATES/health: 200, status healthy, latest_version = latest_build = the version of the manifest.",
            fix: &[
                note("On the laptop, deliver the manifest again:"),
                command("nexy-manifest check && make manifest-deliver"),
                note("Look for other manifest_*.json files beside it, on the VM:"),
                command("sudo nexy-gate single-manifest"),
            ],
            verify: &[command("nexy-verify local-updates")],
        },
        check: |context| on_the_vm(context, &context.workspace.target.endpoints.local_updates, UPDATES_HERE),
    },
    Probe {
        id: "public-health",
        asks: "Does the server that users reach say that it is well, and of the expected version?",
        profiles: &["public", "release", "done"],
        advice_in: &[],
        runbook: "S0 §4.2, S3 §6.3",
        explain: Explain {
            symptom: "The public name leads to another machine, or the web server in front passes /health to the wrong place.",
            check: "curl -fsS PUBLIC/health, with certificates checked: 200, status OK, latest_version = latest_build = the version of the code.",
            fix: &[
                note("Compare with the VM itself:"),
                command(ASK_THE_VM),
                note("If that passes, look at DNS and at the web server in front."),
            ],
            verify: &[command("nexy-verify public --wait 2m")],
        },
        check: |context| from_outside(context, HEALTH),
    },
    Probe {
        id: "public-status",
        asks: "Does the public status page name the expected version?",
        profiles: &["public", "release", "done"],
        advice_in: &[],
        runbook: "S0 §4.2",
        explain: Explain {
            symptom: "The public status page is of another version than the one that was deployed.",
            check: "curl -fsS PUBLIC/status: 200, status running, latest_version = latest_build = the version of the code.",
            fix: &[note("As for public-health.")],
            verify: &[command("nexy-verify public-status")],
        },
        check: |context| from_outside(context, STATUS),
    },
    Probe {
        id: "public-updates",
        asks: "Does the public update server announce the version of the manifest?",
        profiles: &["public", "updates", "release", "done"],
        advice_in: &[],
        runbook: "S3 §4.3, S3 §6.3",
        explain: Explain {
            symptom: "A manifest that was written, but never reached the VM: users are offered the old version.",
            check: "curl -fsS PUBLIC/updates/health: 200, status healthy, latest_version = latest_build = the version of the manifest.",
            fix: &[note("Deliver the manifest of the release:"), command("nexy-manifest check && make manifest-deliver")],
            verify: &[command("nexy-verify updates --wait 2m")],
        },
        check: |context| from_outside(context, UPDATES_OUTSIDE),
    },
];

const ASK_THE_VM: &str = "scripts/vm.sh nexy-verify local";

/// Whose version a document names.
#[derive(Clone, Copy)]
enum Names {
    /// The code that runs.
    Code,
    /// The manifest that is announced.
    Manifest,
}

/// Where a document stands below a base URL, the word that means well, and whose version it names.
type Document = (&'static str, &'static str, Names);

const HEALTH: Document = ("/health", "OK", Names::Code);
const STATUS: Document = ("/status", "running", Names::Code);
const UPDATES_HERE: Document = ("/health", "healthy", Names::Manifest);
const UPDATES_OUTSIDE: Document = ("/updates/health", "healthy", Names::Manifest);

fn on_the_vm(context: &Context, base: &str, document: Document) -> Answer {
    let target = &context.workspace.target;
    let unit = &target.service.unit;
    let silence = service::journal(unit).then_note("when its cause is mended:").then_command(service::restart(unit));
    if let (Names::Manifest, Err(answer)) = (document.2, context.delivered_manifest()) {
        return *answer;
    }
    let checkout = version_file::read(&context.workspace).ok();
    let version = match document.2 {
        // A person has named another version than the one that is checked out, so no restart brings it.
        Names::Code if context.expect.is_some() && context.expect != checkout => deploy_code(context),
        Names::Code => Fix::note(format!(
            "SERVER_VERSION or SERVER_BUILD may hide VERSION: in {}, or in Environment= of the unit or a drop-in; this names the place:",
            target.vm.config_env
        ))
        .then_command("sudo nexy-gate server-version-env")
        .then_note("correct or remove them there; then, or when an old process still runs:")
        .then_command(service::restart(unit)),
        Names::Manifest => deliver(),
    };
    ask(context, Place::Here, base, document, silence, version)
}

fn from_outside(context: &Context, document: Document) -> Answer {
    let silence = Fix::note("ask the server behind it:").then_command(ASK_THE_VM);
    let version = match document.2 {
        Names::Code => deploy_code(context),
        Names::Manifest => deliver(),
    };
    ask(context, Place::Outside, &context.public, document, silence, version)
}

fn ask(context: &Context, place: Place, base: &str, (path, word, names): Document, fix_silence: Fix, fix_version: Fix) -> Answer {
    let version = match names {
        Names::Code => context.code().clone(),
        Names::Manifest => context.manifest().clone().map(|manifest| (manifest.version, manifest.origin)),
    };
    health::check(context, &Question { url: format!("{base}{path}"), place, word, version, fix_silence, fix_version })
}

/// The way from another version to the expected one, from the laptop.
fn deploy_code(context: &Context) -> Fix {
    let Ok((version, _)) = context.code() else { return Fix::command(ASK_THE_VM) };
    let tag = version.tag();
    Fix::note(format!(
        "if another version than {version} is checked out on the VM, deploy {tag} there: docs/releasing.md, Deploy the code. Ask it:"
    ))
    .then_command(format!("{ASK_THE_VM} --expect {tag}"))
}
