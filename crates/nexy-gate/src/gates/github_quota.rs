//! Enough requests are left for a whole publication, before its first one.

use crate::gate::prelude::*;
use nexy_contract::Timestamp;
use nexy_outside::net::github::{Allowance, GithubError};
use nexy_outside::{clock, net::http::Url};

pub(crate) const GATE: Gate = Gate {
    id: "github-quota",
    asks: "Does GitHub let us ask often enough for a whole publication?",
    profiles: &["pre-production", "before-publish"],
    runbook: "S3 §2.1, S1 §8",
    at: Machine::Laptop,
    takes: Takes::Outside,
    explain: Explain {
        symptom: "A publication stops in the middle with 403 or 429, `API rate limit exceeded`.",
        check: "gh api rate_limit, which costs no request: resources.core.remaining against limits.github_requests_min. Without a token all \
                who share an address share sixty requests an hour.",
        fix: &[note("Wait until the moment that the finding names; without a token: gh auth login.")],
        verify: &[command("nexy-gate github-quota")],
    },
    check,
    repair: None,
};

/// An hour has no more requests than this without a token.
const ANONYMOUS: u64 = 60;

fn check(context: &Context) -> Answer {
    let target = &context.workspace.target;
    match context.github() {
        Ok(github) => judge(target, context.token().is_ok(), github.allowance(), clock::now()),
        Err(problem) => Answer::unknown(problem.message(), expected(target), &problem.fix),
    }
}

fn expected(target: &Target) -> String {
    format!("at least {} requests left (limits.github_requests_min)", target.limits.github_requests_min)
}

fn judge(target: &Target, has_token: bool, answer: Result<Allowance, GithubError>, now: Timestamp) -> Answer {
    let expected = expected(target);
    let host = Url::parse(&target.github.web_url).map(|url| url.host().to_owned()).unwrap_or_default();
    let ask = format!("gh api --hostname {} rate_limit --jq .resources.core", shell_word(&host));
    let Allowance { limit, remaining, reset } = match answer {
        Ok(allowance) => allowance,
        Err(error) => {
            let problem = error.problem("GitHub does not tell how many requests are left");
            return Answer::unknown(problem.message(), expected, Fix::command(ask).then_command("nexy-gate github-token"));
        }
    };
    if remaining > limit {
        let found = format!("GitHub speaks of {remaining} requests left of {limit}, which cannot be");
        return Answer::unknown(found, expected, Fix::command(ask));
    }
    let renewed = renewal(reset, now);
    let whose = if has_token { "" } else { ", without a token" };
    let found = format!("{remaining} of {limit} requests are left{whose}; all of them again {renewed}");
    if remaining >= target.limits.github_requests_min {
        Answer::pass(found)
    } else if !has_token && limit <= ANONYMOUS {
        let login = format!("gh auth login --hostname {}", shell_word(&host));
        Answer::fail(found, expected, Fix::command(login).then_command("nexy-gate github-token github-quota"))
    } else {
        let fix = Fix::note(format!("wait until all requests are there again {renewed}:"));
        Answer::fail(found, expected, fix.then_command(ask).then_command("nexy-gate github-quota"))
    }
}

/// `in 12 min (2026-…)`; the server's clock decides, so a moment that is past is due now.
fn renewal(reset: i64, now: Timestamp) -> String {
    match Timestamp::from_second(reset) {
        Ok(at) if at <= now => format!("any moment ({at})"),
        Ok(at) => format!("in {} min ({at})", (at.as_second() - now.as_second() + 59) / 60),
        Err(_) => "at an unknown time".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::says;
    use nexy_outside::net::github::Kind;

    const NOW: i64 = 1_800_000_000;

    fn asked(has_token: bool, limit: u64, remaining: u64, reset: i64) -> Answer {
        let target = crate::tests::target();
        assert_eq!(target.limits.github_requests_min, 200);
        judge(&target, has_token, Ok(Allowance { limit, remaining, reset }), Timestamp::from_second(NOW).expect("a moment"))
    }

    #[test]
    fn enough_passes_and_one_less_does_not_and_says_when_it_is_over() {
        let answer = asked(true, 5000, 200, NOW + 61);
        assert_eq!(answer, Answer::pass("200 of 5000 requests are left; all of them again in 2 min (2027-01-15T08:01:01Z)"));
        let answer = asked(true, 5000, 199, NOW + 1800);
        assert_eq!(answer.verdict, Verdict::Fail);
        assert!(
            answer.fix.text().starts_with("wait until all requests are there again in 30 min (2027-01-15T08:30:00Z):\ngh api "),
            "{}",
            answer.fix
        );
        assert!(asked(true, 5000, 0, NOW - 5).fix.text().starts_with("wait until all requests are there again any moment"));
    }

    #[test]
    fn without_a_token_the_fix_is_a_token() {
        let answer = asked(false, 60, 57, NOW + 60);
        says(&answer, Verdict::Fail, "57 of 60 requests are left, without a token");
        assert!(answer.fix.text().starts_with("gh auth login --hostname "), "{}", answer.fix);
    }

    #[test]
    fn what_cannot_be_is_unknown_and_so_is_a_refusal() {
        assert_eq!(asked(true, 60, 5000, NOW).verdict, Verdict::Unknown);
        assert_eq!(asked(true, 5000, 4000, i64::MAX).verdict, Verdict::Pass);
        let target = crate::tests::target();
        for kind in [Kind::BadToken, Kind::NotFound, Kind::RateLimited, Kind::Network, Kind::Shape] {
            let error =
                GithubError { call: "GET rate_limit".into(), kind, because: "no".into(), request_id: None, retry_after_s: None, fix: None };
            assert_eq!(judge(&target, true, Err(error), Timestamp::UNIX_EPOCH).verdict, Verdict::Unknown, "{kind:?}");
        }
    }
}
