//! The token works, before anything depends on it.

use crate::{
    context::Context,
    gate::{Answer, Explain, Gate, Machine, Takes},
};
use nexy_contract::text::excerpt;
use nexy_outside::github::{GithubError, Kind, RepositoryAccess};

pub(crate) const GATE: Gate = Gate {
    id: "github-token",
    asks: "Is there a GitHub token that may change the artifacts' repository?",
    profiles: &["pre-production", "before-publish"],
    runbook: "S3 §2.1",
    at: Machine::Laptop,
    takes: Takes::Outside,
    explain: Explain {
        symptom: "A publication stops at its first upload, or at its last step.",
        check: "Finds the token as gh does (environment, then `gh auth token`), and asks GitHub what it may do with the artifacts' repository.",
        fix: "gh auth login, or a fine-grained token with `Contents: write` for the artifacts' repository alone.",
        verify: "gh auth status; nexy-gate github-token",
    },
    check,
};

fn check(context: &Context) -> Answer {
    let repository = &context.workspace.target.repositories.artifacts;
    let token = match context.token() {
        Ok(token) => token,
        Err(problem) => return Answer::unknown(problem.message(), expected(repository), &problem.fix),
    };
    match context.github() {
        Ok(github) => judge(repository, &token.origin, github.repository()),
        Err(problem) => Answer::unknown(problem.message(), expected(repository), &problem.fix),
    }
}

fn expected(repository: &str) -> String {
    format!("a token with `Contents: write` on {repository}")
}

fn judge(repository: &str, origin: &str, answer: Result<RepositoryAccess, GithubError>) -> Answer {
    let expected = expected(repository);
    let access = match answer {
        Ok(access) => access,
        Err(error) => {
            let problem = error.problem(format!("the token of {origin} cannot be tried on {repository}"));
            return match error.kind {
                Kind::BadToken => {
                    Answer::fail(format!("GitHub does not accept the token of {origin}: {}", error.because), expected, problem.fix)
                }
                Kind::NotFound => Answer::fail(
                    format!("the token of {origin} does not see {repository}: {}", error.because),
                    expected,
                    format!("give the token access to {repository}, or correct repositories.artifacts in nexy.toml"),
                ),
                Kind::Forbidden | Kind::Refused => Answer::fail(problem.message(), expected, problem.fix),
                Kind::Network | Kind::RateLimited | Kind::Server | Kind::Shape | Kind::TooLarge | Kind::AlreadyExists => {
                    Answer::unknown(problem.message(), expected, problem.fix)
                }
            };
        }
    };
    if !access.full_name.eq_ignore_ascii_case(repository) {
        return Answer::fail(
            format!("{repository} answers as {}, so it was moved", excerpt(&access.full_name, 80)),
            expected,
            "correct repositories.artifacts in nexy.toml",
        );
    }
    match access.permissions {
        Some(permissions) if permissions.push => {
            let expires = access.token_expires.map(|when| format!(", expires {}", excerpt(&when, 40))).unwrap_or_default();
            Answer::pass(format!("the token of {origin} may write to {repository}{expires}"))
        }
        Some(_) => Answer::fail(
            format!("the token of {origin} may read {repository}, but not write to it"),
            expected,
            "gh auth refresh -s repo   (or give the fine-grained token `Contents: write`)",
        ),
        None => {
            Answer::unknown(format!("GitHub does not say what the token of {origin} may do with {repository}"), expected, "gh auth status")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexy_contract::Verdict;

    fn access(full_name: &str, push: Option<bool>) -> RepositoryAccess {
        let permissions = push.map(|push| serde_json::json!({ "push": push }));
        let answer = serde_json::json!({ "full_name": full_name, "permissions": permissions });
        let mut access: RepositoryAccess = serde_json::from_value(answer).expect("GitHub's shape");
        access.token_expires = Some("2026-06-01 00:00:00 UTC".into());
        access
    }

    fn refused(kind: Kind) -> GithubError {
        GithubError { call: "GET ".into(), kind, because: "HTTP 4xx".into(), request_id: None, retry_after_s: None }
    }

    fn asked(answer: Result<RepositoryAccess, GithubError>) -> Answer {
        judge("owner/name", "GH_TOKEN", answer)
    }

    #[test]
    fn a_token_that_may_write_passes_and_its_end_is_mentioned() {
        let answer = asked(Ok(access("Owner/Name", Some(true))));
        assert_eq!(answer, Answer::pass("the token of GH_TOKEN may write to owner/name, expires 2026-06-01 00:00:00 UTC"));
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
            (Kind::Refused, Verdict::Fail),
            (Kind::Network, Verdict::Unknown),
            (Kind::RateLimited, Verdict::Unknown),
            (Kind::Server, Verdict::Unknown),
            (Kind::Shape, Verdict::Unknown),
            (Kind::TooLarge, Verdict::Unknown),
            (Kind::AlreadyExists, Verdict::Unknown),
        ] {
            let answer = asked(Err(refused(kind)));
            assert_eq!(answer.verdict, verdict, "{kind:?}");
            assert!(!answer.fix.is_empty() && answer.found.contains("GH_TOKEN"), "{kind:?}: {answer:?}");
        }
    }
}
