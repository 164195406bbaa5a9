//! `server-deployed` against what the public host says, and against what a record has brought along.

use crate::{asked, holds, json, record, world};
use nexy_contract::{Finding, Record, Report, Severity, Timestamp, Verdict};
use nexy_standin::world::{Ran, World};
use nexy_standin::{Fault, Listener, Reply};
use serde_json::json;
use std::time::Duration;

const GATE: &str = "server-deployed";

fn calls(world: &World) -> Vec<String> {
    world.standin.requests().iter().map(|request| format!("{} {}", request.listener, request.call())).collect()
}

#[test]
fn the_version_in_health_and_status_passes() {
    let world = world();
    holds(&asked(&world, GATE, 0), "found", "/health says OK, version and build 2.0.0.4");
    assert_eq!(calls(&world), ["public GET /health", "public GET /status"]);
}

#[test]
fn a_checkout_without_a_restart_fails() {
    let world = world();
    asked(&world, GATE, 0);
    world.set_version("2.0.0.5");
    world.set_vm_version("2.0.0.5");
    asked(&world, GATE, 1);
    world.restart_service();
    asked(&world, GATE, 0);
}

#[test]
fn who_does_not_answer_in_this_form_is_unknown_and_not_asked_twice() {
    for reply in [
        Reply::Status(502, json!("<html>")),
        Reply::Status(415, json!({})),
        Reply::Status(200, json!("<html>OK 2.0.0.4</html>")),
        Reply::Status(200, json!({"status": "OK", "latest_version": 20004, "latest_build": "2.0.0.4"})),
        Reply::Status(407, json!({})),
        Reply::HangupBefore,
        Reply::CutAfter(20),
        Reply::Stall(Duration::from_secs(3)),
        Reply::Oversized(2 << 20),
        Reply::RedirectTo("http://elsewhere.example/health".to_owned()),
    ] {
        let world = world();
        world.set_target("limits", "request_timeout_s", "2");
        world.standin.fault(Fault::new(Listener::Public, "GET", "/health", reply.clone()).always());
        asked(&world, GATE, 69);
        assert_eq!(calls(&world), ["public GET /health"], "{reply:?}");
    }
    let world = world();
    world.set_unit("ActiveState", json!("failed"));
    holds(&asked(&world, GATE, 69), "found", "answers 502");
}

#[test]
fn a_host_that_speaks_no_tls_is_unknown() {
    let world = world();
    let plain = world.standin.url(Listener::Public).replace("http://", "https://");
    world.set_target("endpoints", "public", &format!("\"{plain}\""));
    world.set_target("limits", "connect_timeout_s", "1");
    holds(&asked(&world, GATE, 69), "found", &format!("{plain}/health"));
}

#[test]
fn a_workspace_without_a_version_is_unknown() {
    let world = world();
    std::fs::remove_file(world.workspace().join("VERSION")).expect("VERSION");
    holds(&asked(&world, GATE, 69), "fix", "nexy-version check");
    assert!(world.standin.requests().is_empty());
}

/// A record with what `nexy-verify` has said on the VM so long ago.
fn told(world: &World, by: &str, ids: &[&str], ago_s: i64) -> Record {
    let finding = |id: &&str| Finding {
        id: (*id).to_owned(),
        verdict: Verdict::Pass,
        severity: Severity::Gate,
        found: "as it should be".to_owned(),
        expected: String::new(),
        fix: nexy_contract::Fix::none(),
        runbook: "S0 §4.1".to_owned(),
        elapsed_ms: 1,
    };
    let at = Timestamp::from_second(Timestamp::now().as_second() - ago_s).expect("a moment");
    let mut record = record(world);
    record.reports.push(Report::new(by, "local", at, vec![], ids.iter().map(finding).collect()));
    record
}

fn pipe(world: &World, record: &Record) -> Ran {
    world.tool("nexy-gate").args([GATE, "-"]).stdin(json(record)).run()
}

#[test]
fn what_the_vm_has_just_said_itself_is_believed() {
    let world = world();
    let ran = pipe(&world, &told(&world, "nexy-verify", &["local-health", "local-status"], 60));
    holds(&ran.exits(0).finding(GATE), "found", "the VM runs 2.0.0.4 (nexy-verify local)");
    assert!(world.standin.requests().is_empty());
}

#[test]
fn what_was_said_long_ago_in_part_by_others_or_of_another_version_is_asked_anew() {
    let world = world();
    let both = ["local-health", "local-status"];
    for record in [
        told(&world, "nexy-verify", &both, 901),
        told(&world, "nexy-verify", &both, -240),
        told(&world, "nexy-verify", &both[..1], 60),
        told(&world, "nexy-gate", &["checkout-state", "exec-start"], 60),
    ] {
        world.standin.clear_requests();
        pipe(&world, &record).exits(0);
        assert_eq!(calls(&world).len(), 2);
    }
    let record = told(&world, "nexy-verify", &both, 60);
    let other = world.tool("nexy-gate").args([GATE, "--tag=v2.0.0.5", "-"]).stdin(json(&record)).run();
    other.exits(1);
}
