//! `github-quota` against GitHub's answers.

use crate::{asked, holds, world};
use nexy_standin::{Fault, Listener, Reply};
use serde_json::json;

const GATE: &str = "github-quota";

#[test]
fn enough_requests_pass_and_asking_costs_one_call() {
    let world = world();
    holds(&asked(&world, GATE, 0), "found", " of 5000 requests are left");
    let calls: Vec<String> = world.standin.requests().iter().map(|request| request.call()).collect();
    assert_eq!(calls, ["GET /rate_limit"]);
    world.standin.set_account("remaining", json!(200));
    asked(&world, GATE, 0);
}

#[test]
fn too_few_requests_fail_and_say_when_there_are_more() {
    let world = world();
    world.standin.set_account("remaining", json!(199));
    let finding = asked(&world, GATE, 1);
    holds(&finding, "found", "199 of 5000 requests are left; all of them again in ");
    holds(&finding, "expected", "at least 200");
    holds(&finding, "fix", "gh api --hostname ");
}

#[test]
fn without_a_token_there_are_too_few_unless_few_are_enough() {
    let world = world();
    let ask = || world.tool("nexy-gate").args([GATE, "--format=json"]).without_env("GH_TOKEN").without_env("GH_ENTERPRISE_TOKEN").run();
    let ran = ask();
    holds(&ran.exits(1).finding(GATE), "found", "of 60 requests are left, without a token");
    holds(&ran.finding(GATE), "fix", "gh auth login --hostname ");
    world.set_target("limits", "github_requests_min", "20");
    ask().exits(0);
    assert!(world.standin.requests().iter().all(|request| !request.has_authorization));
}

#[test]
fn a_refused_token_an_outage_and_an_answer_without_the_number_are_unknown() {
    let world = world();
    world.tool("nexy-gate").arg(GATE).env("GH_ENTERPRISE_TOKEN", "wrong-token-value").run().exits(69).never_says("wrong-token-value");
    for reply in [
        Reply::Status(200, json!({"resources": {}})),
        Reply::Status(200, json!({"resources": {"core": {"limit": 5000, "remaining": "many", "reset": 0}}})),
        Reply::Status(200, json!({"resources": {"core": {"limit": 60, "remaining": 61, "reset": 0}}})),
        Reply::Status(404, json!({"message": "Rate limiting is not enabled."})),
        Reply::Status(503, json!({})),
        Reply::HangupBefore,
    ] {
        let world = crate::world();
        world.standin.fault(Fault::new(Listener::Api, "GET", "/rate_limit", reply).always());
        asked(&world, GATE, 69);
    }
}
