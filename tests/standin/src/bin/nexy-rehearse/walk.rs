//! The rehearsal itself: a release, the same again, a fault, and gates that shut.

use crate::arguments::Arguments;
use crate::look::{self, Requests};
use crate::say;
use crate::show::{count, size};
use crate::stage::{Claim, Rehearsal, Step};
use nexy_standin::package::Package;
use nexy_standin::world::{ARTIFACTS, MANIFEST_FOLDERS, OLD_VERSION, VERSION, World};
use nexy_standin::{Fault, Listener, Reply, artifact};

const PIPE: &str = "nexy-version record | nexy-gate before-publish - | nexy-publish - | nexy-manifest write - | \
                    scripts/manifest_to_vm.sh - | nexy-manifest push - | nexy-verify updates -";
const NEXT_VERSION: &str = "2.0.0.5";

/// Walks through everything; the first thing that is not as it should be ends the walk.
pub(crate) fn whole_release(rehearsal: &mut Rehearsal<'_>, arguments: &Arguments) -> Result<(), String> {
    let world = rehearsal.world;
    world.workspace_on_github();
    say("A whole release against stand-ins on loopback: no network, no credentials, real bytes.");
    say("Each stage reads the record of the one before from releases/ and writes its own there.");
    rehearsal.heading(&format!("Version {VERSION} goes out; {OLD_VERSION} is live"));
    let bytes = world.inbox("Nexy.dmg").metadata().map_or(0, |data| data.len());
    rehearsal.laid_out("a workspace, a VM, GitHub", &format!("Nexy.dmg {} in the inbox, as much is live", size(bytes)));
    let old = look::download(world)?;
    let new = artifact::sha256(&world.inbox("Nexy.dmg"));
    release(rehearsal, &old, &new)?;
    leave_evidence(rehearsal, arguments)?;
    rehearsal.heading("The same again, as one pipe: nothing may change");
    again(rehearsal, &new)?;
    rehearsal.heading(&format!("Version {NEXT_VERSION}, and the uploaded bytes come back changed"));
    corrupted(rehearsal, &new, arguments.size_mib)?;
    rehearsal.heading("Gates that shut");
    shut(rehearsal, &new)?;
    rehearsal.heading("What was asked of GitHub and the server");
    rehearsal.note("requests", "every line of the request log", |rehearsal| Requests::of(&rehearsal.world.standin).are_all_proper())
}

fn release(rehearsal: &mut Rehearsal<'_>, old: &str, new: &str) -> Result<(), String> {
    rehearsal.run(&Step::new("record", "nexy-version record", None), |rehearsal, _| {
        let record = rehearsal.record("record")?;
        let artifacts = record["artifacts"].as_array().ok_or("no artifacts")?.iter();
        let sizes: Vec<String> = artifacts
            .map(|one| format!("{} {}", one["name"].as_str().unwrap_or_default(), size(one["size_bytes"].as_u64().unwrap_or(0))))
            .collect();
        if record["version"] != VERSION || sizes.len() != 2 {
            return Err(format!("expected {VERSION} with two artifacts, seen {} with {sizes:?}", record["version"]));
        }
        Ok(format!("{VERSION}, {}", sizes.join(", ")))
    })?;
    rehearsal.run(&Step::new("gates", "nexy-gate before-publish -", Some("record")), |rehearsal, _| {
        look::verdict(look::report(&rehearsal.record("gates")?, "nexy-gate")?, "pass")
    })?;
    rehearsal.run(&Step::new("plan", "nexy-publish --dry-run -", Some("gates")), |rehearsal, _| {
        let record = rehearsal.record("plan")?;
        let planned = look::outcome(&record, "nexy-publish")?["planned"].as_array().map_or(0, Vec::len);
        untouched(rehearsal.world, old)?;
        match (planned, rehearsal.requests().changes()) {
            (1.., 0) => Ok(format!("{} planned, live untouched", count(planned, "step"))),
            (planned, changes) => Err(format!("expected a plan and no change, seen {planned} steps and {changes} changes")),
        }
    })?;
    rehearsal.run(&Step::new("publish", "nexy-publish -", Some("gates")), |rehearsal, _| {
        let requests = rehearsal.requests();
        untouched(rehearsal.world, new)?;
        if requests.uploads() != 2 {
            return Err(format!("expected 2 uploads, seen {}", requests.uploads()));
        }
        let (uploads, renames) = (count(requests.uploads(), "upload"), count(requests.renames(), "rename"));
        Ok(format!("{uploads}, {renames}, {}; users get the new bytes", count(requests.all(), "request")))
    })?;
    rehearsal.run(&Step::new("manifest", "nexy-manifest write -", Some("publish")), |rehearsal, _| {
        let manifest = rehearsal.world.manifest();
        same("the manifest's sha256", &manifest["artifact"]["sha256"], new)?;
        same("the manifest's version", &manifest["version"], VERSION)?;
        same("the VM's version before the delivery", &rehearsal.world.vm_manifest()["version"], OLD_VERSION)?;
        Ok(format!("{} files say {VERSION}", 2 * MANIFEST_FOLDERS.len()))
    })?;
    rehearsal.run(&Step::new("deliver", "scripts/manifest_to_vm.sh -", Some("manifest")), |rehearsal, _| {
        let file = format!("{}/manifest.json", MANIFEST_FOLDERS[0]);
        if rehearsal.world.read(&file) != rehearsal.world.read_vm(&file) {
            return Err("the VM's manifest is not the workspace's".to_owned());
        }
        Ok(format!("through {}; the VM has these very bytes", count(rehearsal.world.az_calls().len(), "az call")))
    })?;
    rehearsal.run(&Step::new("push", "nexy-manifest push -", Some("deliver")), |rehearsal, _| {
        let (world, file) = (rehearsal.world, format!("{}/manifest.json", MANIFEST_FOLDERS[0]));
        let git = |arguments: &[&str]| world.git_in(&world.bare("Nexy"), arguments);
        if git(&["show", &format!("main:{file}")]) != world.read(&file) {
            return Err("the manifest in git is not the workspace's".to_owned());
        }
        Ok(format!("one commit, {}", git(&["diff", "--shortstat", "main^", "main"]).trim()))
    })?;
    rehearsal.run(&Step::new("verify", "nexy-verify updates -", Some("push")), |rehearsal, _| {
        look::verdict(look::report(&rehearsal.record("verify")?, "nexy-verify")?, "pass")
    })
}

fn leave_evidence(rehearsal: &mut Rehearsal<'_>, arguments: &Arguments) -> Result<(), String> {
    let file = arguments.evidence.join(format!("{VERSION}.record.json"));
    let shown = file.display().to_string();
    rehearsal.note("evidence", &shown, |rehearsal| {
        let copied = std::fs::create_dir_all(&arguments.evidence)
            .and_then(|()| std::fs::copy(rehearsal.record_file("verify"), &file))
            .map_err(|error| format!("{shown}: {error}"))?;
        Ok(format!("the release record, {copied} bytes"))
    })
}

fn again(rehearsal: &mut Rehearsal<'_>, new: &str) -> Result<(), String> {
    let world = rehearsal.world;
    let before = world.standin.assets(ARTIFACTS, "Update");
    let manifest = world.manifest();
    rehearsal.run(&Step::new("again", PIPE, None), |rehearsal, _| {
        let requests = rehearsal.requests();
        if requests.changes() != 0 {
            return Err(format!("expected no change on GitHub, seen {}", requests.changes()));
        }
        if rehearsal.world.standin.assets(ARTIFACTS, "Update") != before || rehearsal.world.manifest() != manifest {
            return Err("the assets or the manifest are not as before".to_owned());
        }
        untouched(rehearsal.world, new)?;
        Ok(format!("no upload, nothing changed, {}", count(requests.all(), "request")))
    })
}

fn corrupted(rehearsal: &mut Rehearsal<'_>, live: &str, size_mib: u64) -> Result<(), String> {
    rehearsal.run(&Step::new("version", "nexy-version set 2.0.0.5", None), |rehearsal, _| {
        artifact::write_dmg(&rehearsal.world.inbox("Nexy.dmg"), size_mib * 1024 * 1024, 3);
        rehearsal.world.write_build_receipt("Nexy.dmg");
        rehearsal.world.inbox_pkg(&Package::of(NEXT_VERSION).bytes(1024 * 1024, 3));
        Ok(format!("every place says {}, new builds in the inbox", rehearsal.world.read("VERSION").trim()))
    })?;
    let early = Step::new("early", "nexy-version record | nexy-gate before-publish -", None).refused(&[1]);
    rehearsal.run(&early, |rehearsal, _| {
        let failed = look::verdict(look::report(&rehearsal.record("early")?, "nexy-gate")?, "fail")?;
        Ok(format!("artifacts before their code: {failed}"))
    })?;
    rehearsal.note("deploy", "the code on the VM, and a restart, as a deployment leaves them", |rehearsal| {
        rehearsal.world.vm_checkout_of(NEXT_VERSION);
        rehearsal.world.restart_service();
        Ok(format!("the server runs {NEXT_VERSION}"))
    })?;
    rehearsal.run(&Step::new("gates", "nexy-version record | nexy-gate before-publish -", None), |rehearsal, _| {
        look::verdict(look::report(&rehearsal.record("gates")?, "nexy-gate")?, "pass")
    })?;
    let fault = Fault::new(Listener::Storage, "GET", "", Reply::CorruptBytes(size_mib * 512 * 1024));
    rehearsal.world.standin.fault(fault.always());
    let publish = Step::new("publish", "nexy-publish -", Some("gates")).refused(&[1, 3]);
    rehearsal.run(&publish, |rehearsal, ran| {
        let renames = rehearsal.requests().renames();
        if renames != 0 {
            return Err(format!("expected no rename, seen {renames}"));
        }
        Ok(look::first_words(ran))
    })?;
    rehearsal.world.standin.clear_faults();
    rehearsal.note("users", "download the public address", |rehearsal| {
        untouched(rehearsal.world, live)?;
        same("the manifest's version", &rehearsal.world.manifest()["version"], VERSION)?;
        let names: Vec<String> = rehearsal.world.standin.assets(ARTIFACTS, "Update").into_iter().map(|asset| asset.name).collect();
        Ok(format!("still {VERSION}, byte for byte; on the channel: {}", names.join(", ")))
    })
}

fn shut(rehearsal: &mut Rehearsal<'_>, live: &str) -> Result<(), String> {
    // Without root nothing can belong to root, so the one gate that looks at that is left out.
    let hard = if rehearsal.world.is_roots() {
        "scripts/vm.sh nexy-gate hard"
    } else {
        "scripts/vm.sh nexy-gate config-env config-env-keys exec-start server-version-env single-manifest"
    };
    rehearsal.run(&Step::new("vm", hard, None), |rehearsal, _| {
        let report = rehearsal.record("vm")?;
        look::verdict(&report, "pass")
    })?;
    rehearsal.world.set_config_env("NEXY_ENV=prod\nGEMINI_API_KEY=your_gemini_api_key_here\n");
    rehearsal.run(&Step::new("vm", hard, None).refused(&[1]), |rehearsal, _| {
        let report = rehearsal.record("vm")?;
        Ok(format!("a placeholder as key: {}", look::verdict(&report, "fail")?))
    })?;
    rehearsal.world.inbox_dmg(b"<!DOCTYPE html><title>404: Not Found</title>\n");
    let page = "nexy-version record | nexy-gate before-publish - | nexy-publish -";
    rehearsal.run(&Step::new("page", page, None).refused(&[1]), |rehearsal, _| {
        let failed = look::verdict(look::report(&rehearsal.record("page")?, "nexy-gate")?, "fail")?;
        if rehearsal.requests().changes() != 0 {
            return Err("something was changed on GitHub".to_owned());
        }
        untouched(rehearsal.world, live)?;
        Ok(format!("an HTML page as Nexy.dmg: {failed}; live untouched"))
    })
}

fn untouched(world: &World, sha256: &str) -> Result<(), String> {
    let seen = look::download(world)?;
    if seen == sha256 {
        return Ok(());
    }
    Err(format!("users should get {sha256}, and get {seen}"))
}

fn same(what: &str, seen: &serde_json::Value, expected: &str) -> Claim {
    if seen == expected {
        return Ok(String::new());
    }
    Err(format!("{what} should be {expected}, and is {seen}"))
}
