//! The token works, and goes on working for as long as a publication takes.

mod expiry;

use crate::gate::prelude::*;
use expiry::Expiry;
use nexy_contract::{Timestamp, target_file::Limits};
use nexy_outside::clock;
use nexy_outside::net::github::{GithubError, Kind, RepositoryAccess};

pub(crate) const GATE: Gate = Gate {
    id: "github-token",
    asks: "Is there a GitHub token that may change the artifacts' repository, and does it last?",
    profiles: &["pre-production", "before-publish"],
    runbook: "S3 §2.1, S1 §8",
    at: Machine::Laptop,
    takes: Takes::Outside,
    explain: Explain {
        symptom: "A publication stops at its first upload, or at its last step.",
        check: "Finds the token as gh does (environment, then `gh auth token`), and asks GitHub what it may do with the artifacts' repository, \
                what its scopes are, and when it expires: not before a publication that starts now has ended.",
        fix: &[command("gh auth login"), note("Or a fine-grained token with `Contents: write` for the artifacts' repository alone.")],
        verify: &[command("gh auth status"), command("nexy-gate github-token")],
    },
    check,
    repair: None,
};

/// A classic token that holds one of these may change releases of a public repository.
const SCOPES: [&str; 2] = ["repo", "public_repo"];
/// How classic tokens begin; the others have no scopes.
const CLASSIC: [&str; 2] = ["ghp_", "gho_"];
/// A publication of the largest artifact over a slow line takes about so long, in seconds.
const LONGEST_PUBLICATION_S: i64 = 3600;

/// What is known of the token without asking.
struct Held<'a> {
    origin: &'a str,
    is_classic: bool,
}

fn check(context: &Context) -> Answer {
    let target = &context.workspace.target;
    let repository = &target.repositories.artifacts;
    let token = match context.token() {
        Ok(token) => token,
        Err(problem) => return Answer::unknown(problem.message(), expected(repository), &problem.fix),
    };
    let held = Held { origin: &token.origin, is_classic: CLASSIC.iter().any(|prefix| token.secret.starts_with(prefix)) };
    match context.repository() {
        Ok(answer) => judge(repository, &held, answer, clock::now(), &target.limits),
        Err(problem) => Answer::unknown(problem.message(), expected(repository), &problem.fix),
    }
}

fn login_again() -> Fix {
    Fix::command("gh auth login")
        .then_note("or set the variable to a new fine-grained token with `Contents: write`")
        .then_command("nexy-gate github-token")
}

fn expected(repository: &str) -> String {
    format!("a token with `Contents: write` on {repository} that outlasts the publication")
}

fn judge(repository: &str, held: &Held<'_>, answer: &Result<RepositoryAccess, GithubError>, now: Timestamp, limits: &Limits) -> Answer {
    let expected = expected(repository);
    let origin = held.origin;
    let access = match answer {
        Ok(access) => access,
        Err(error) => return refused(repository, origin, error),
    };
    if !access.full_name.eq_ignore_ascii_case(repository) {
        return Answer::fail(
            format!("{repository} answers as {}, so it was moved", excerpt(&access.full_name, 80)),
            expected,
            Fix::note("correct repositories.artifacts in nexy.toml"),
        );
    }
    match access.permissions {
        Some(permissions) if permissions.push => {}
        Some(_) => {
            let found = format!("the token of {origin} may read {repository}, but not write to it");
            let fix = Fix::command("gh auth refresh -s repo").then_note("or give the fine-grained token `Contents: write`");
            return Answer::fail(found, expected, fix);
        }
        None => {
            let found = format!("GitHub does not say what the token of {origin} may do with {repository}");
            return Answer::unknown(found, expected, Fix::command("gh auth status"));
        }
    }
    // The permissions are those of the person; a classic token may hold less.
    let scopes: Option<Vec<&str>> = access.token_scopes.as_deref().map(|scopes| scopes.split(',').map(str::trim).collect());
    if let Some(scopes) = scopes.filter(|scopes| held.is_classic || scopes.iter().any(|scope| !scope.is_empty()))
        && !scopes.iter().any(|scope| SCOPES.contains(scope))
    {
        let scopes = if scopes.concat().is_empty() { "none".to_owned() } else { excerpt(&scopes.join(", "), 80) };
        let found = format!("the token of {origin} has no scope that lets it write to {repository} (it has: {scopes})");
        let fix = Fix::command("gh auth refresh -s repo").then_note("or make a new token with that scope");
        return Answer::fail(found, expected, fix);
    }
    let may_write = format!("the token of {origin} may write to {repository}");
    let needed_s = limits.report_max_age_s + LONGEST_PUBLICATION_S;
    match access.token_expires.as_deref().map(|text| Expiry::read(text, now)) {
        None => Answer::pass(may_write),
        Some(Some(expiry)) if expiry.left_s > needed_s => Answer::pass(format!("{may_write}, expires {expiry}")),
        Some(Some(expiry)) => {
            let found = format!("the token of {origin} expires {expiry}, and a publication may take {} min", needed_s / 60);
            Answer::fail(found, expected, login_again())
        }
        Some(None) => {
            let found = format!("{may_write}, and says in no known form when it expires");
            let fix = Fix::command("gh auth status").then_note("look up when the token expires, in its settings at GitHub");
            Answer::unknown(found, expected, fix)
        }
    }
}

fn refused(repository: &str, origin: &str, error: &GithubError) -> Answer {
    let expected = expected(repository);
    let problem = error.problem(format!("the token of {origin} cannot be tried on {repository}"));
    match error.kind {
        Kind::BadToken => Answer::fail(format!("GitHub does not accept the token of {origin}: {}", error.because), expected, login_again()),
        Kind::NotFound => Answer::fail(
            format!("the token of {origin} does not see {repository}: {}", error.because),
            expected,
            Fix::note(format!("give the token access to {repository}, or correct repositories.artifacts in nexy.toml")),
        ),
        Kind::SingleSignOn => Answer::fail(
            format!("the organisation of {repository} lets the token of {origin} in only after its single sign-on: {}", error.because),
            expected,
            Fix::command("gh auth refresh")
                .then_note("or authorise the token in its settings at GitHub (Configure SSO)")
                .then_command("nexy-gate github-token"),
        ),
        Kind::Forbidden | Kind::Refused => Answer::fail(problem.message(), expected, problem.fix),
        Kind::Network | Kind::RateLimited | Kind::Server | Kind::Shape | Kind::TooLarge | Kind::AlreadyExists => {
            Answer::unknown(problem.message(), expected, problem.fix)
        }
    }
}

#[cfg(test)]
mod tests;
