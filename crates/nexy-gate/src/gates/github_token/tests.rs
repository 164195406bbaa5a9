//! `github-token` judged on every answer of GitHub.

use super::*;

const NOW: &str = "2026-12-01T10:00:00Z";

fn access(full_name: &str, push: Option<bool>) -> RepositoryAccess {
    let permissions = push.map(|push| serde_json::json!({ "push": push }));
    let answer = serde_json::json!({ "full_name": full_name, "permissions": permissions });
    serde_json::from_value(answer).expect("GitHub's shape")
}

fn writer(expires: Option<&str>, scopes: Option<&str>) -> Result<RepositoryAccess, GithubError> {
    let mut access = access("Owner/Name", Some(true));
    access.token_expires = expires.map(str::to_owned);
    access.token_scopes = scopes.map(str::to_owned);
    Ok(access)
}

fn no(kind: Kind) -> GithubError {
    GithubError { call: "GET ".into(), kind, because: "HTTP 4xx".into(), request_id: None, retry_after_s: None, fix: None }
}

fn asked_with(is_classic: bool, answer: Result<RepositoryAccess, GithubError>) -> Answer {
    let limits = crate::tests::target().limits;
    judge("owner/name", &Held { origin: "GH_TOKEN", is_classic }, &answer, NOW.parse().expect("a moment"), &limits)
}

fn asked(answer: Result<RepositoryAccess, GithubError>) -> Answer {
    asked_with(false, answer)
}

#[test]
fn a_token_that_may_write_passes_and_its_end_is_mentioned() {
    assert_eq!(asked(writer(None, None)), Answer::pass("the token of GH_TOKEN may write to owner/name"));
    let answer = asked(writer(Some("2026-12-31 10:00:00 UTC"), None));
    assert_eq!(answer, Answer::pass("the token of GH_TOKEN may write to owner/name, expires in 30 days (2026-12-31T10:00:00Z)"));
}

#[test]
fn a_token_that_ends_before_a_publication_could_fails_and_an_end_of_no_known_form_is_unknown() {
    for (expires, verdict) in [
        ("2026-12-01 11:15:01 UTC", Verdict::Pass),
        ("2026-12-01 11:15:00 UTC", Verdict::Fail),
        ("2026-12-01 09:00:00 +0000", Verdict::Fail),
        ("2026-12-01 13:00:00 +0300", Verdict::Fail),
        ("soon", Verdict::Unknown),
        ("", Verdict::Unknown),
    ] {
        let answer = asked(writer(Some(expires), None));
        assert_eq!(answer.verdict, verdict, "{expires}: {answer:?}");
        assert_eq!(answer.passes(), answer.fix.is_empty());
    }
}

#[test]
fn a_classic_token_needs_a_scope_and_others_have_none() {
    for (is_classic, scopes, passes) in [
        (true, Some("gist, repo, workflow"), true),
        (true, Some("public_repo"), true),
        (true, Some("gist, read:org"), false),
        (true, Some("repo:status, repo_deployment"), false),
        (true, Some(""), false),
        (true, None, true),
        (false, Some(""), true),
        (false, Some("gist"), false),
    ] {
        assert_eq!(asked_with(is_classic, writer(None, scopes)).passes(), passes, "{is_classic} {scopes:?}");
    }
    assert!(asked_with(true, writer(None, Some(""))).found.contains("(it has: none)"));
}

#[test]
fn a_token_that_may_not_write_fails_and_an_answer_without_permissions_is_unknown() {
    assert_eq!(asked(Ok(access("owner/name", Some(false)))).verdict, Verdict::Fail);
    assert_eq!(asked(Ok(access("owner/name", None))).verdict, Verdict::Unknown);
    assert_eq!(asked(Ok(access("owner/moved", Some(true)))).verdict, Verdict::Fail);
}

#[test]
fn refusals_fail_and_outages_are_unknown() {
    for (kind, verdict) in [
        (Kind::BadToken, Verdict::Fail),
        (Kind::NotFound, Verdict::Fail),
        (Kind::Forbidden, Verdict::Fail),
        (Kind::SingleSignOn, Verdict::Fail),
        (Kind::Refused, Verdict::Fail),
        (Kind::Network, Verdict::Unknown),
        (Kind::RateLimited, Verdict::Unknown),
        (Kind::Server, Verdict::Unknown),
        (Kind::Shape, Verdict::Unknown),
        (Kind::TooLarge, Verdict::Unknown),
        (Kind::AlreadyExists, Verdict::Unknown),
    ] {
        let answer = asked(Err(no(kind)));
        assert_eq!(answer.verdict, verdict, "{kind:?}");
        assert!(!answer.fix.is_empty() && answer.found.contains("GH_TOKEN"), "{kind:?}: {answer:?}");
    }
}
