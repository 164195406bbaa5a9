//! `code-repo-has-no-release` against GitHub's lists.

use crate::{asked, holds, tells, world};
use nexy_standin::world::{CODE_REPOSITORIES, World, fix_text};
use nexy_standin::{Fault, Listener, ReleaseOptions, Reply};
use serde_json::json;

const GATE: &str = "code-repo-has-no-release";

#[test]
fn repositories_without_a_release_pass_with_one_request_each() {
    let world = world();
    holds(&asked(&world, GATE, 0), "found", "Seregawpn/Nexy has no release; Seregawpn/Nexy_server has no release");
    let calls: Vec<String> = world.standin.requests().iter().map(|request| request.call()).collect();
    assert_eq!(calls, CODE_REPOSITORIES.map(|repository| format!("GET /repos/{repository}/releases")));
}

#[test]
fn a_release_or_a_draft_in_either_fails_and_nothing_is_advised_that_deletes() {
    for repository in CODE_REPOSITORIES {
        for (draft, found) in [(false, "has the release v2.0.0.4"), (true, "has the draft v2.0.0.4")] {
            let world = world();
            world.standin.create_release_with(repository, "v2.0.0.4", ReleaseOptions { draft, immutable: false });
            let finding = asked(&world, GATE, 1);
            holds(&finding, "found", &format!("{repository} {found}"));
            holds(&finding, "fix", &format!("/{repository}\n"));
            assert!(!fix_text(&finding["fix"]).contains("delete"), "{finding:#}");
        }
    }
}

fn without_token(world: &World) -> nexy_standin::world::Ran {
    world.tool("nexy-gate").args([GATE, "--format=json"]).without_env("GH_TOKEN").without_env("GH_ENTERPRISE_TOKEN").run()
}

#[test]
fn a_repository_that_cannot_be_seen_is_unknown_with_a_token_and_without() {
    let world = world();
    without_token(&world).exits(0);
    let hidden = Fault::new(Listener::Api, "GET", "/repos/Seregawpn/Nexy_server/", Reply::Status(404, json!({"message": "Not Found"})));
    world.standin.fault(hidden.always());
    tells(&asked(&world, GATE, 69), "there is no Seregawpn/Nexy_server, or this token does not see it", "gh auth status");
    holds(&without_token(&world).exits(69).finding(GATE), "found", "it cannot be seen without a token");
}

#[test]
fn an_outage_is_unknown_and_not_asked_about_twice() {
    for reply in [Reply::Status(503, json!({})), Reply::Status(429, json!({})), Reply::HangupBefore, Reply::CutAfter(1)] {
        let world = world();
        world.standin.fault(Fault::new(Listener::Api, "GET", "/releases", reply).always());
        asked(&world, GATE, 69);
        assert_eq!(world.standin.requests().len(), 1);
    }
    let world = world();
    world.standin.fault(Fault::new(Listener::Api, "GET", "/releases", Reply::Status(200, json!({"message": "hello"}))).always());
    asked(&world, GATE, 69);
}
