//! The fixed releases that users download from exist, are public, and can still change.

use crate::gate::prelude::*;
use crate::observed::channels::{Look, Seen};
use nexy_contract::immutable_releases::{Immutability, frozen, repository_argument};
use nexy_outside::net::github::{GithubError, RepositoryAccess};

pub(crate) const GATE: Gate = Gate {
    id: "fixed-channel",
    asks: "Does each artifact's fixed release exist, public and changeable?",
    profiles: &["pre-production", "before-publish"],
    runbook: "S3 §3, §5",
    at: Machine::Laptop,
    takes: Takes::Outside,
    explain: Explain {
        symptom: "A publication stops half-way, or goes to a release that users cannot see; the fixed download URLs answer 404.",
        check: "Asks GitHub whether immutable releases are switched on (gh api repos/OWNER/NAME/immutable-releases), which would freeze what \
                is published, and its tag, for ever; then for the release by its tag and for its assets, now and never from a cache; and \
                whether the repository is public and in use. 404 also means a draft, or no access.",
        fix: &[note(
            "Switch immutable releases off first. Then create the release once by hand with the command of the finding; release tools \
                     never create tags. A channel that is frozen already stays so: a person chooses another tag.",
        )],
        verify: &[command("nexy-gate fixed-channel")],
    },
    check,
    repair: None,
};

fn check(context: &Context) -> Answer {
    let asked = context
        .github()
        .map_err(Clone::clone)
        .and_then(|github| github.immutability().map_err(|error| error.problem("cannot look whether immutable releases are switched on")));
    let setting = match asked {
        Ok(setting) => setting,
        // What does not answer once will not answer twice.
        Err(problem) => {
            let fix = problem.fix.clone().then_command(SEE_TOKEN);
            return Answer::unknown(problem.message(), expected(&context.workspace.target), fix);
        }
    };
    let looks = &context.channels().looks;
    let house = if looks.iter().any(|look| look.seen.is_err()) { None } else { context.repository().ok() };
    judge(&context.workspace.target, setting, looks, house)
}

/// What keeps one gate from asking GitHub keeps the others too; that one tells why.
const SEE_TOKEN: &str = "nexy-gate github-token";

fn expected(target: &Target) -> String {
    format!("public, changeable releases in {}", target.repositories.artifacts)
}

fn judge(target: &Target, setting: Immutability, looks: &[Look], house: Option<&Result<RepositoryAccess, GithubError>>) -> Answer {
    let repository = repository_argument(target);
    let mut builder = AnswerBuilder::default();
    let refusal = setting.refusal(target);
    if let Some((found, fix)) = &refusal {
        builder.fail(found, fix);
    }
    // While the setting is on, a command that publishes a release would lose the channel.
    let published_by = |command: String| match refusal {
        Some(_) => Fix::none(),
        None => setting.look_first(target).then_note("once, by hand:").then_command(command),
    };
    for Look { artifact, channel, seen, .. } in looks {
        let tag = shell_word(channel);
        match seen {
            Err(problem) => builder.unknown(problem.message(), problem.fix.clone().then_command(SEE_TOKEN)),
            Ok(Seen::Nothing) => builder.fail(
                format!("{} shows no release {channel} (missing, a draft, or not for this token)", target.repositories.artifacts),
                published_by(format!("gh release create {tag} --repo {repository} --title {tag} --notes 'Fixed channel'")),
            ),
            Ok(Seen::Release { immutable: true, .. }) => {
                let (found, fix) = frozen(target, channel);
                builder.fail(found, fix);
            }
            Ok(Seen::Release { draft: true, .. }) => builder.fail(
                format!("the release {channel} is a draft, so users cannot see it"),
                published_by(format!("gh release edit {tag} --repo {repository} --draft=false")),
            ),
            Ok(Seen::Stuck(state)) => builder.fail(
                format!(
                    "{artifact} on {channel} is `{}`: an upload under the live name was interrupted, so users get nothing",
                    excerpt(state, 20)
                ),
                Fix::note("once, by hand; then publish:")
                    .then_command(format!("gh release delete-asset {tag} {} --repo {repository}", shell_word(artifact))),
            ),
            Ok(Seen::Release { live: Some(live), .. }) => {
                let digest = live.sha256.map_or_else(|| "no digest".to_owned(), |sha256| sha256.short());
                builder.pass(format!("{channel} has {artifact} as asset {} ({digest})", live.asset_id));
            }
            Ok(Seen::Release { live: None, .. }) => builder.pass(format!("{channel} has no {artifact} yet")),
        }
    }
    judge_house(target, house, &mut builder);
    builder.answer(expected(target))
}

/// Whether the public sees the repository at all, and whether anything in it can still change.
fn judge_house(target: &Target, house: Option<&Result<RepositoryAccess, GithubError>>, builder: &mut AnswerBuilder) {
    let (name, repository) = (&target.repositories.artifacts, repository_argument(target));
    let access = match house {
        // Why nothing was asked is told already.
        None => return,
        Some(Ok(access)) => access,
        Some(Err(error)) => {
            let problem = error.problem(format!("cannot look at {name}"));
            return builder.unknown(problem.message(), problem.fix);
        }
    };
    match (access.private, access.archived) {
        (Some(false), Some(false)) => {}
        (None, _) | (_, None) => builder.unknown(
            format!("GitHub does not say whether {name} is public and in use"),
            Fix::command(format!("gh repo view {repository} --json visibility,isArchived")),
        ),
        (Some(true), _) => builder.fail(
            format!("{name} is private, so users get nothing from it"),
            Fix::note("a person decides whether it becomes public:").then_command(format!("gh repo view {repository} --web")),
        ),
        (_, Some(true)) => builder.fail(
            format!("{name} is archived, so nothing in it can be changed"),
            Fix::note("a person decides whether it comes into use again:").then_command(format!("gh repo unarchive {repository}")),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexy_contract::{Exit, Problem, report::SeenAsset};

    fn asked_with(setting: Immutability, seen: Vec<Result<Seen, Problem>>) -> Answer {
        let target = crate::tests::target();
        let looks: Vec<Look> =
            seen.into_iter().map(|seen| Look { artifact: "A.dmg".into(), channel: "Fixed".into(), seen, labelled: None }).collect();
        judge(&target, setting, &looks, Some(&house(Some(false), Some(false))))
    }

    fn asked(seen: Vec<Result<Seen, Problem>>) -> Answer {
        asked_with(Immutability::Off, seen)
    }

    fn house(private: Option<bool>, archived: Option<bool>) -> Result<RepositoryAccess, GithubError> {
        let answer = serde_json::json!({ "full_name": "o/n", "private": private, "archived": archived });
        Ok(serde_json::from_value(answer).expect("GitHub's shape"))
    }

    fn release(draft: bool, immutable: bool) -> Result<Seen, Problem> {
        Ok(Seen::Release { draft, immutable, live: Some(SeenAsset { asset_id: 12, sha256: None }) })
    }

    #[test]
    fn a_public_changeable_release_passes_with_or_without_a_live_asset() {
        assert_eq!(asked(vec![release(false, false)]), Answer::pass("Fixed has A.dmg as asset 12 (no digest)"));
        let empty = Ok(Seen::Release { draft: false, immutable: false, live: None });
        assert_eq!(asked(vec![empty]), Answer::pass("Fixed has no A.dmg yet"));
    }

    #[test]
    fn a_release_that_cannot_serve_users_fails_with_the_command() {
        for (seen, words) in [
            (Ok(Seen::Nothing), "gh release create Fixed --repo "),
            (release(true, false), "--draft=false"),
            (release(false, true), "do not delete it"),
            (release(true, true), "do not delete it"),
            (Ok(Seen::Stuck("starter".to_owned())), "gh release delete-asset Fixed A.dmg --repo "),
        ] {
            let answer = asked(vec![release(false, false), seen]);
            assert_eq!(answer.verdict, Verdict::Fail);
            assert!(answer.fix.text().contains(words), "{}", answer.fix);
        }
    }

    #[test]
    fn while_immutable_releases_are_on_nothing_is_created_or_published_and_the_fix_is_the_setting() {
        let publishing = ["gh release create", "--draft=false"];
        for (enforced_by_owner, words) in [(false, "gh api -X DELETE repos/"), (true, "an owner of the organisation")] {
            for seen in [release(false, false), Ok(Seen::Nothing), release(true, false), release(false, true)] {
                let answer = asked_with(Immutability::On { enforced_by_owner }, vec![seen]);
                let fix = answer.fix.text();
                assert_eq!(answer.verdict, Verdict::Fail, "{answer:?}");
                assert!(fix.contains(words) && !publishing.iter().any(|command| fix.contains(command)), "{fix}");
            }
        }
        for (seen, command) in [(Ok(Seen::Nothing), publishing[0]), (release(true, false), publishing[1])] {
            for (setting, looks_first) in [(Immutability::Off, false), (Immutability::NotShown, true)] {
                let fix = asked_with(setting, vec![seen.clone()]).fix;
                let looked_for = fix.lines()[0].text();
                assert!(
                    fix.text().contains(command) && looked_for.contains("/settings that immutable releases are off") == looks_first,
                    "{fix}"
                );
            }
        }
        let unseen = asked_with(Immutability::NotShown, vec![release(false, false)]);
        assert_eq!(unseen.verdict, Verdict::Pass, "the release itself says that it can change: {unseen:?}");
    }

    #[test]
    fn a_private_or_archived_repository_fails_and_one_of_which_nothing_is_said_is_unknown() {
        let target = crate::tests::target();
        let looks = [Look { artifact: "A.dmg".into(), channel: "Fixed".into(), seen: release(false, false), labelled: None }];
        for (private, archived, verdict) in [
            (Some(false), Some(false), Verdict::Pass),
            (Some(true), Some(false), Verdict::Fail),
            (Some(false), Some(true), Verdict::Fail),
            (None, Some(false), Verdict::Unknown),
            (Some(false), None, Verdict::Unknown),
        ] {
            let answer = judge(&target, Immutability::Off, &looks, Some(&house(private, archived)));
            assert_eq!(answer.verdict, verdict, "{private:?} {archived:?}: {answer:?}");
        }
        let outage = GithubError::unexpected("GET ", "HTTP 503");
        assert_eq!(judge(&target, Immutability::Off, &looks, Some(&Err(outage))).verdict, Verdict::Unknown);
    }

    #[test]
    fn an_outage_is_unknown_and_so_is_nothing_at_all() {
        let outage = Problem::new(Exit::CouldNotLook, "cannot look at the channel Fixed", "HTTP 503", Fix::note("wait a minute"));
        let answer = asked(vec![release(false, false), Err(outage)]);
        assert_eq!((answer.verdict, answer.found.as_str()), (Verdict::Unknown, "cannot look at the channel Fixed: HTTP 503"));
        assert_eq!(asked(vec![]).verdict, Verdict::Unknown);
    }
}
