//! Code goes to the code repositories and artifacts to theirs: no push can mix them.

use crate::gate::prelude::*;
use crate::observed::git_files;
use crate::observed::remotes::{self, Told};

pub(crate) const GATE: Gate = Gate {
    id: "git-remotes",
    asks: "Does every git remote lead where nexy.toml says, and none that is pushed to into the artifacts' repository?",
    profiles: &["pre-production", "before-publish"],
    runbook: "S3 §0",
    at: Machine::Laptop,
    takes: Takes::Outside,
    explain: Explain {
        symptom: "The workspace's history is pushed into the server's repository, or code into the one that holds the downloads.",
        check: "Compares `git remote -v`, fetch and push URLs after all of git's rewriting, with [remotes] and [repositories] of nexy.toml. A host \
                that only ssh's own configuration knows is unknown: write the URL out.",
        fix: &[command("git config --replace-all remote.NAME.url URL"), note("Or .pushurl, as named in the finding.")],
        verify: &[command("git remote -v"), command("nexy-gate git-remotes")],
    },
    check: |context| check(context).unwrap_or_else(|answer| answer),
    repair: None,
};

fn check(context: &Context) -> Result<Answer, Answer> {
    let (expected, by_hand) = ("a git repository with the remotes of nexy.toml", "git remote -v");
    let (_, git) = git_files::repository(&context.workspace, expected, by_hand)?;
    let told = Told::by(&git).map_err(|error| git_files::refused(&error, expected, by_hand))?;
    Ok(judge(&context.workspace.target, &told))
}

fn judge(target: &Target, told: &Told) -> Answer {
    let expected = format!(
        "{} leads to {}, {} to {}, nothing is pushed to {}",
        target.remotes.workspace,
        target.repositories.workspace,
        target.remotes.server,
        target.repositories.server,
        target.repositories.artifacts
    );
    let mut builder = AnswerBuilder::default();
    let roles = [(&target.remotes.workspace, &target.repositories.workspace), (&target.remotes.server, &target.repositories.server)];
    remotes::judge(target, "git", &roles, told, &mut builder);
    for line in told.lines.iter().filter(|line| line.is_push && !roles.iter().any(|(remote, _)| **remote == line.remote)) {
        let Some(place) = remotes::place(target, &line.url) else { continue };
        let name = excerpt(&line.remote, 60);
        let fix = || Fix::command(format!("git remote remove {}", shell_word(&line.remote)));
        if place.is(&target.repositories.artifacts) {
            builder.fail(format!("{name} pushes into {}, which holds releases and nothing else", target.repositories.artifacts), fix());
        } else if place.may_be(&target.repositories.artifacts) {
            builder.unknown(format!("{name} may push into what holds releases and nothing else: {}", place.shown()), fix());
        }
    }
    builder.answer(expected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{says, target};
    use nexy_outside::programs::git::remote_urls;

    /// `git remote -v` of a good workspace, with a change.
    fn asked(change: impl Fn(String) -> String) -> Answer {
        let target = target();
        let mut output = String::new();
        for (remote, repository) in
            [(&target.remotes.workspace, &target.repositories.workspace), (&target.remotes.server, &target.repositories.server)]
        {
            let url = remotes::url_of(&target, repository);
            output.push_str(&format!("{remote}\t{url} (fetch)\n{remote}\t{url} (push)\n"));
        }
        judge(&target, &Told { lines: remote_urls(&change(output)), settings: vec![] })
    }

    #[test]
    fn remotes_as_configured_pass() {
        let answer = asked(|output| output);
        assert_eq!(answer.verdict, Verdict::Pass, "{}", answer.found);
        assert_eq!(asked(|output| output.replace(" (fetch)", " (fetch) [blob:none]")).verdict, Verdict::Pass);
        assert_eq!(asked(|output| output.replace("https://", "https://me:s3cret@")), answer);
    }

    #[test]
    fn a_missing_remote_is_added() {
        let server = target().remotes.server;
        let answer = asked(|output| output.lines().filter(|line| !line.starts_with(&server)).collect::<Vec<_>>().join("\n"));
        assert_eq!(answer.verdict, Verdict::Fail);
        assert!(answer.fix.text().starts_with(&format!("git remote add {server} https://")), "{}", answer.fix);
        assert_eq!(asked(|_| String::new()).verdict, Verdict::Fail);
    }

    #[test]
    fn a_push_url_that_leads_elsewhere_fails_without_showing_its_secret() {
        let push = format!("{}\thttps://me:s3cret@elsewhere.example/a/b.git (push)\n", target().remotes.workspace);
        let answer = asked(|output| output + &push);
        says(&answer, Verdict::Fail, "pushes to https://elsewhere.example/a/b.git");
        assert!(answer.fix.text().contains(".pushurl https://"), "{}", answer.fix);
        assert!(!format!("{answer:?}").contains("s3cret"));
    }

    #[test]
    fn swapped_remotes_fail_both() {
        let repositories = target().repositories;
        let (workspace, server) = (repositories.workspace + ".git", repositories.server + ".git");
        let answer = asked(|output| output.replace(&workspace, "X").replace(&server, &workspace).replace('X', &server));
        assert_eq!(answer.found.matches("fetches from").count(), 2, "{}", answer.found);
    }

    #[test]
    fn a_host_that_only_ssh_knows_is_unknown_and_a_wrong_name_behind_it_is_wrong_all_the_same() {
        let target = target();
        let line = |name: &str, repository: &str| format!("{name}\tgit@work:{repository}.git (push)\n");
        let answer = asked(|output| output + &line(&target.remotes.server, &target.repositories.server));
        assert_eq!(answer.verdict, Verdict::Unknown, "{}", answer.found);
        assert!(answer.fix.text().starts_with("git config --replace-all remote."), "{}", answer.fix);
        let answer = asked(|output| output + &line(&target.remotes.server, &target.repositories.workspace));
        assert_eq!(answer.verdict, Verdict::Fail, "{}", answer.found);
        let answer = asked(|output| output + &line("assets", &target.repositories.artifacts));
        assert_eq!((answer.verdict, answer.fix.text().as_str()), (Verdict::Unknown, "git remote remove assets"));
        assert_eq!(asked(|output| output + &line("other", "a/b")).verdict, Verdict::Pass);
    }

    #[test]
    fn no_remote_may_push_into_the_artifacts_repository() {
        let artifacts = target().repositories.artifacts;
        let line = |kind: &str| format!("assets\tgit@{}:{artifacts}.git ({kind})\n", "github.com");
        assert_eq!(asked(|output| output + &line("fetch")).verdict, Verdict::Pass);
        let answer = asked(|output| output + &line("push"));
        assert_eq!((answer.verdict, answer.fix.text().as_str()), (Verdict::Fail, "git remote remove assets"));
    }
}
