//! All requests of the five tools to GitHub in a whole release, and all responses, match GitHub's description.

use crate::description::Description;
use crate::judge::{self, DEVIATIONS, Whose};
use crate::talk;
use nexy_standin::world::{ARTIFACTS, CODE_REPOSITORIES, Options, WORKFLOW, World};
use nexy_standin::{Exchange, Fault, Listener, Reply, ScriptedRun};
use std::collections::BTreeSet;

const RELEASE: &str = "nexy-version record | nexy-gate before-publish - | nexy-publish - | nexy-manifest write - | \
                       scripts/manifest_to_vm.sh - | nexy-verify updates -";

const ROLLBACK: &str = "nexy-version record | nexy-publish rollback --to-version 2.0.0.3 - | nexy-manifest write -";

/// A release from its plan to its verification, another one over it, a look at the channels, and the way back.
fn whole_release(world: &World) {
    world.sh("nexy-version record | nexy-gate before-publish - | nexy-publish --dry-run -").exits(0);
    world.sh(RELEASE).exits(0);
    world.sh(RELEASE).exits(0);
    world.tool("nexy-publish").args(["show"]).run().exits(0);
    world.sh("nexy-version record | nexy-publish rollback --dry-run --to-version 2.0.0.3 -").exits(0);
    world.sh(ROLLBACK).exits(0);
    // Two hours later the rolled-back bytes are no longer needed.
    world.standin.set_clock_ahead(2 * 3600);
    world.tool("nexy-publish").args(["clean"]).run().exits(0);
    world.standin.set_clock_ahead(0);
}

/// What a crash, another person and a wrong token leave to be met.
fn trouble(world: &World) {
    world.standin.put_starter(ARTIFACTS, "Update", "Nexy.next-0123456789ab.dmg");
    world.tool("nexy-publish").args(["show"]).run().exits(0);
    world.standin.fault(Fault::new(Listener::Uploads, "POST", "", Reply::HangupAfter));
    let _whatever_it_decides = world.sh(RELEASE);
    world.standin.clear_faults();
    let _whatever_it_decides = world.sh(RELEASE);
    let gates = || world.tool("nexy-gate").args(["fixed-channel", "github-token"]);
    gates().env("GH_ENTERPRISE_TOKEN", "wrong").run().exits(1);
    world.standin.add_read_only_token("reader");
    gates().env("GH_ENTERPRISE_TOKEN", "reader").run().exits(1);
    world.standin.remove_release(ARTIFACTS, "App");
    gates().run().exits(1);
}

/// What the tools never send, as other programs might: the refusals must be GitHub's as well.
fn what_is_refused(world: &World) {
    let runs = [ScriptedRun::ended(&"a".repeat(40), "success"), ScriptedRun::ended(&"b".repeat(40), "failure")];
    world.standin.set_workflow_runs(CODE_REPOSITORIES[0], WORKFLOW, &runs);
    let id = world.standin.put_asset(ARTIFACTS, "Update", "other.bin", b"bytes");
    let release = talk::get(&world.standin, &format!("/repos/{ARTIFACTS}/releases/tags/Update")).json();
    let assets = format!("/repos/{ARTIFACTS}/releases/assets");
    let wrong = Some("wrong");
    for (method, path, body, token, status) in [
        ("PATCH", format!("{assets}/{id}"), r#"{"name":"Nexy.dmg"}"#, None, 422),
        ("PATCH", format!("{assets}/{id}"), r#"{"name":"third.bin"}"#, None, 200),
        ("PATCH", format!("{assets}/99"), r#"{"name":"third.bin"}"#, None, 404),
        ("DELETE", format!("{assets}/{id}"), "", Some("reader"), 403),
        ("DELETE", format!("{assets}/{id}"), "", wrong, 401),
        ("DELETE", format!("{assets}/{id}"), "", None, 204),
        ("DELETE", format!("{assets}/{id}"), "", None, 404),
        ("GET", format!("{assets}/{id}"), "", None, 404),
        ("GET", format!("/repos/{ARTIFACTS}/releases/tags/Other"), "", None, 404),
        ("GET", format!("/repos/{ARTIFACTS}/releases/{}", release["id"]), "", None, 200),
        ("GET", format!("/repos/{ARTIFACTS}/releases/{}/assets?per_page=1&page=2", release["id"]), "", None, 200),
        ("GET", "/repos/unknown/nothing".to_owned(), "", None, 404),
        ("POST", format!("/repos/{ARTIFACTS}/releases"), r#"{"tag_name":"Third"}"#, None, 201),
        ("POST", format!("/repos/{ARTIFACTS}/releases"), r#"{"tag_name":"Third"}"#, None, 422),
        ("PATCH", format!("/repos/{ARTIFACTS}/releases/{}", release["id"]), r#"{"draft":false}"#, None, 200),
        ("GET", format!("/repos/{ARTIFACTS}/immutable-releases"), "", None, 404),
        ("PUT", format!("/repos/{ARTIFACTS}/immutable-releases"), "", None, 204),
        ("GET", format!("/repos/{ARTIFACTS}/immutable-releases"), "", None, 200),
        ("POST", format!("/repos/{ARTIFACTS}/releases"), r#"{"tag_name":"Frozen"}"#, None, 201),
        ("DELETE", format!("/repos/{ARTIFACTS}/immutable-releases"), "", None, 204),
        (
            "GET",
            format!("/repos/{}/actions/workflows/{WORKFLOW}/runs?head_sha={}&per_page=100", CODE_REPOSITORIES[0], "a".repeat(40)),
            "",
            None,
            200,
        ),
        ("GET", format!("/repos/{}/actions/workflows/other.yml/runs", CODE_REPOSITORIES[0]), "", None, 404),
        ("GET", "/".to_owned(), "", None, 200),
        ("GET", "/rate_limit".to_owned(), "", None, 200),
        ("GET", "/user".to_owned(), "", None, 200),
        ("GET", "/user".to_owned(), "", wrong, 401),
    ] {
        let answer = talk::call(&world.standin, Listener::Api, method, &path, body, token);
        assert_eq!(answer.status, status, "{method} {path}");
    }
    let uploads = format!("/repos/{ARTIFACTS}/releases/{}/assets?name=", release["id"]);
    for (name, status) in [("new.bin", 201), ("new.bin", 422)] {
        let answer = talk::call(&world.standin, Listener::Uploads, "POST", &format!("{uploads}{name}"), "bytes", None);
        assert_eq!(answer.status, status, "{name}");
    }
}

fn taken(world: &World) -> Vec<Exchange> {
    let all = world.standin.exchanges();
    world.standin.keep_exchanges();
    let listeners = [Listener::Api, Listener::Uploads, Listener::Web, Listener::Storage];
    all.into_iter().filter(|exchange| listeners.contains(&exchange.listener)).collect()
}

#[test]
fn a_whole_release_asks_and_hears_only_what_github_describes() {
    let Some(description) = Description::fetched("the exchanges with GitHub") else { return };
    let world = World::with(&Options { pkg_bytes: Some(64 * 1024), ..Options::default() });
    world.standin.keep_exchanges();
    whole_release(&world);
    let mut exchanges = taken(&world);
    let calls: BTreeSet<String> = exchanges
        .iter()
        .filter_map(|exchange| Some(format!("{} {}", exchange.method, description.operation(&exchange.method, &exchange.path)?.template)))
        .collect();
    for call in [
        "GET /repos/{owner}/{repo}",
        "GET /repos/{owner}/{repo}/immutable-releases",
        "GET /repos/{owner}/{repo}/releases/tags/{tag}",
        "GET /repos/{owner}/{repo}/releases/{release_id}/assets",
        "PATCH /repos/{owner}/{repo}/releases/assets/{asset_id}",
        "DELETE /repos/{owner}/{repo}/releases/assets/{asset_id}",
        "POST /repos/{owner}/{repo}/releases/{release_id}/assets",
    ] {
        assert!(calls.contains(call), "the release never asked {call}, so nothing was held against it: {calls:?}");
    }
    for call in &calls {
        assert!(!call.ends_with("/releases") || call.starts_with("GET"), "a tool makes a release: {call}");
    }
    trouble(&world);
    exchanges.extend(taken(&world));
    let mut shown = judge::hold(&description, &exchanges, true);
    what_is_refused(&world);
    shown.extend(judge::hold(&description, &taken(&world), false));
    for known in DEVIATIONS.iter().filter(|known| known.whose == Whose::Tools) {
        assert!(shown.contains(&known.because), "this deviation does not show any more: {} {}", known.at, known.finding);
    }
}
