//! Releases are made in the artifacts' repository and nowhere else: a second place would be taken for the real one.

use crate::gate::prelude::*;
use nexy_outside::net::github::{GithubError, Kind, Listed};
use nexy_outside::net::http::Url;

pub(crate) const GATE: Gate = Gate {
    id: "code-repo-has-no-release",
    asks: "Are the code repositories free of releases?",
    profiles: &["pre-production", "before-publish"],
    runbook: "S2 §0.1, S0 §0",
    at: Machine::Laptop,
    takes: Takes::Outside,
    explain: Explain {
        symptom: "Binaries stand on the release page of a code repository; people and links take them for the current ones.",
        check: "gh release list on the workspace's and on the server's repository: not one release, drafts included as far as the token may \
                see them. A repository that the token does not see is unknown.",
        fix: &[note(
            "A person decides: look at the release, move what is needed to the artifacts' repository, then \
                     delete it by hand. Its tag may stay.",
        )],
        verify: &[command("nexy-gate code-repo-has-no-release")],
    },
    check,
    repair: None,
};

fn check(context: &Context) -> Answer {
    let target = &context.workspace.target;
    let repositories = [&target.repositories.workspace, &target.repositories.server];
    let github = match context.github() {
        Ok(github) => github,
        Err(problem) => return Answer::unknown(problem.message(), expected(target), &problem.fix),
    };
    let mut looks = Vec::new();
    for repository in repositories {
        let look = github.newest_release(repository);
        // What does not answer once will not answer twice: a second wait tells a person nothing new.
        let is_outage = matches!(&look, Err(error) if error.kind.is_passing());
        looks.push((repository.as_str(), look));
        if is_outage {
            break;
        }
    }
    judge(target, context.token().is_ok(), &looks)
}

fn expected(target: &Target) -> String {
    format!("no release but in {}", target.repositories.artifacts)
}

fn judge(target: &Target, has_token: bool, looks: &[(&str, Result<Option<Listed>, GithubError>)]) -> Answer {
    let host = Url::parse(&target.github.web_url).map(|url| url.host().to_owned()).unwrap_or_default();
    let mut builder = AnswerBuilder::default();
    for (repository, look) in looks {
        let list = format!("gh release list --repo {}", shell_word(&format!("{host}/{repository}")));
        match look {
            Ok(None) => builder.pass(format!("{repository} has no release")),
            Ok(Some(release)) => {
                let kind = if release.draft { "the draft" } else { "the release" };
                let found = format!("{repository} has {kind} {}", excerpt(&release.tag_name, 60));
                let rule = format!("releases belong into {} alone: a person decides what becomes of these", target.repositories.artifacts);
                builder.fail(found, Fix::command(list).then_note(rule));
            }
            Err(error) if error.kind == Kind::NotFound => {
                let who = if has_token { "this token does not see it" } else { "it cannot be seen without a token" };
                builder.unknown(
                    format!("there is no {repository}, or {who}"),
                    Fix::commands(["gh auth status".to_owned(), list]).then_note("or correct [repositories] of nexy.toml"),
                );
            }
            Err(error) => {
                let problem = error.problem(format!("cannot look at the releases of {repository}"));
                builder.unknown(problem.message(), problem.fix.then_command("nexy-gate github-token"));
            }
        }
    }
    builder.answer(expected(target))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::says;

    fn asked(second: Result<Option<Listed>, Kind>) -> Answer {
        let target = crate::tests::target();
        let error = |kind| GithubError {
            call: "GET releases".into(),
            kind,
            because: "no".into(),
            request_id: None,
            retry_after_s: None,
            fix: None,
        };
        judge(&target, true, &[("o/one", Ok(None)), ("o/two", second.map_err(error))])
    }

    fn release(draft: bool) -> Option<Listed> {
        Some(Listed { tag_name: "v1\u{1b}[2J".into(), draft })
    }

    #[test]
    fn two_empty_lists_pass() {
        assert_eq!(asked(Ok(None)), Answer::pass("o/one has no release; o/two has no release"));
    }

    #[test]
    fn one_release_or_draft_fails_and_nothing_is_advised_that_deletes() {
        for (draft, words) in [(false, "o/two has the release v1\\x1b[2J"), (true, "o/two has the draft v1")] {
            let answer = asked(Ok(release(draft)));
            says(&answer, Verdict::Fail, words);
            assert!(answer.fix.text().contains("gh release list --repo ") && !answer.fix.text().contains("delete"), "{}", answer.fix);
        }
    }

    #[test]
    fn a_repository_that_cannot_be_seen_is_unknown_and_so_is_nothing_at_all() {
        for kind in [Kind::NotFound, Kind::BadToken, Kind::Forbidden, Kind::SingleSignOn, Kind::Network, Kind::Server, Kind::Shape] {
            assert_eq!(asked(Err(kind)).verdict, Verdict::Unknown, "{kind:?}");
        }
        let target = crate::tests::target();
        assert_eq!(judge(&target, true, &[]).verdict, Verdict::Unknown);
    }
}
