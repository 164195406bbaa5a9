//! `github-token` against GitHub's answers; the token itself is never shown.

use crate::{asked, holds, said, tells, world};
use nexy_contract::Timestamp;
use nexy_standin::{Fault, Listener, Reply, TOKEN, world::World};
use serde_json::json;

const GATE: &str = "github-token";

fn with_token(world: &World, token: &str) -> nexy_standin::world::Ran {
    let ran = world.tool("nexy-gate").arg(GATE).env("GH_ENTERPRISE_TOKEN", token).run();
    assert!(!said(&ran).contains(token), "the token was shown\n{ran}");
    ran
}

#[test]
fn a_token_that_may_write_passes_and_only_its_place_is_named() {
    let world = world();
    holds(&asked(&world, GATE, 0), "found", "the token of GH_ENTERPRISE_TOKEN may write to Seregawpn/Nexy_production");
    with_token(&world, TOKEN).exits(0);
}

#[test]
fn a_refused_token_and_one_that_may_only_read_fail() {
    let world = world();
    with_token(&world, "wrong-token-value").exits(1).says("does not accept the token");
    world.standin.add_read_only_token("reading-token-value");
    with_token(&world, "reading-token-value").exits(1).says("but not write to it");
}

#[test]
fn a_token_that_does_not_see_the_repository_fails() {
    let world = world();
    world.standin.fault(Fault::new(Listener::Api, "GET", "", Reply::Status(404, json!({"message": "Not Found"}))).always());
    holds(&asked(&world, GATE, 1), "found", "does not see");
}

#[test]
fn no_token_is_unknown_and_so_is_one_that_no_request_could_carry() {
    let world = world();
    let tool = world.tool("nexy-gate").arg(GATE).without_env("GH_TOKEN").without_env("GH_ENTERPRISE_TOKEN");
    tool.run().exits(69).says("gh auth login");
    with_token(&world, "two words").exits(69);
    assert!(world.standin.requests().is_empty());
}

/// The header in which GitHub says when a token ends.
fn in_seconds(seconds: i64) -> String {
    let at = Timestamp::from_second(Timestamp::now().as_second() + seconds).expect("a moment");
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

#[test]
fn a_token_that_lasts_passes_and_says_how_long_and_one_that_ends_too_soon_fails() {
    let world = world();
    world.standin.set_account("expires", json!(in_seconds(12 * 86_400 + 60)));
    holds(&asked(&world, GATE, 0), "found", "expires in 12 days (");
    world.standin.set_account("expires", json!(in_seconds(70 * 60)));
    tells(&asked(&world, GATE, 1), " min (", "gh auth login");
    world.standin.set_account("expires", json!(in_seconds(70 * 60).replace("UTC", "-0700")));
    asked(&world, GATE, 0);
    world.standin.set_account("expires", json!("next Tuesday"));
    holds(&asked(&world, GATE, 69), "found", "in no known form");
}

#[test]
fn a_missing_single_sign_on_fails_and_its_invitation_is_not_shown() {
    let world = world();
    let url = "https://git.example/orgs/Seregawpn/sso?authorization_request=AHc9invitation";
    world.standin.set_account("single_sign_on", json!(url));
    let ran = with_token(&world, TOKEN);
    ran.exits(1).says("git.example").says("gh auth refresh");
    assert!(!said(&ran).contains("invitation") && !said(&ran).contains("authorization_request"), "{ran}");
}

#[test]
fn an_outage_is_unknown() {
    let world = world();
    world.standin.fault(Fault::new(Listener::Api, "GET", "", Reply::Status(502, json!({"message": "Bad Gateway"}))).always());
    holds(&asked(&world, GATE, 69), "found", "HTTP 502");
    world.standin.clear_faults();
    world.standin.fault(Fault::new(Listener::Api, "GET", "", Reply::HangupBefore).always());
    asked(&world, GATE, 69);
}
