//! Code goes to the code repositories and artifacts to theirs: no push can mix them.

use crate::{
    context::Context,
    gate::{Answer, Explain, Gate, Machine, Takes},
    remote_url::{self, Place},
    tally::Tally,
};
use nexy_contract::{
    Target,
    text::{excerpt, shell_word},
};
use nexy_outside::{http::Url, programs};

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
        fix: "git config --replace-all remote.NAME.url URL (or .pushurl), as named in the finding.",
        verify: "git remote -v; nexy-gate git-remotes",
    },
    check,
};

/// One line of `git remote -v`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    remote: String,
    url: String,
    is_push: bool,
}

fn check(context: &Context) -> Answer {
    let workspace = &context.workspace;
    let root = &workspace.root;
    let expected = "a git repository with the remotes of nexy.toml";
    let ran = programs::Run::new("git", &["remote", "-v"]).folder(root).allow(&["HOME", "XDG_CONFIG_HOME"]).run();
    match ran {
        Ok(ran) if ran.succeeded() => judge(&workspace.target, &lines(&ran.stdout_text())),
        // git's words are translated, so the question whether this is a repository is asked of the folders.
        Ok(_) if !root.ancestors().any(|folder| folder.join(".git").exists()) => Answer::fail(
            format!("{} is no git repository", root.display()),
            expected,
            format!("git clone {}\nthen work in the clone", url_of(&workspace.target, &workspace.target.repositories.workspace)),
        ),
        Ok(ran) => Answer::unknown(format!("git refuses to tell: {}", ran.complaint()), expected, "git remote -v\nand do what it says"),
        Err(error) => Answer::unknown(error.to_string(), expected, "install git, then run the same command again"),
    }
}

/// `name <tab> url (fetch)`, perhaps with a filter in brackets at the end.
fn lines(output: &str) -> Vec<Line> {
    let read = |line: &str| {
        let (remote, rest) = line.split_once('\t')?;
        let (url, kind) = match (rest.rfind(" (push)"), rest.rfind(" (fetch)")) {
            (Some(at), _) => (&rest[..at], true),
            (None, Some(at)) => (&rest[..at], false),
            (None, None) => return None,
        };
        Some(Line { remote: remote.to_owned(), url: url.to_owned(), is_push: kind })
    };
    output.lines().filter_map(read).collect()
}

fn judge(target: &Target, lines: &[Line]) -> Answer {
    let expected = format!(
        "{} leads to {}, {} to {}, nothing is pushed to {}",
        target.remotes.workspace,
        target.repositories.workspace,
        target.remotes.server,
        target.repositories.server,
        target.repositories.artifacts
    );
    let Some(web) = Url::parse(&target.github.web_url) else {
        return Answer::unknown("github.web_url is no URL", expected, "correct github.web_url in nexy.toml");
    };
    let mut tally = Tally::default();
    let roles = [(&target.remotes.workspace, &target.repositories.workspace), (&target.remotes.server, &target.repositories.server)];
    for (remote, repository) in roles {
        judge_role(target, &web, (remote, repository), lines, &mut tally);
    }
    for line in lines.iter().filter(|line| line.is_push && !roles.iter().any(|(remote, _)| **remote == line.remote)) {
        let place = remote_url::place(&line.url, &web);
        let name = excerpt(&line.remote, 60);
        let fix = || format!("git remote remove {}", shell_word(&line.remote));
        if place.is(&target.repositories.artifacts) {
            tally.fail(format!("{name} pushes into {}, which holds releases and nothing else", target.repositories.artifacts), fix());
        } else if place.may_be(&target.repositories.artifacts) {
            tally.unknown(format!("{name} may push into what holds releases and nothing else: {}", place.shown()), fix());
        }
    }
    tally.answer(expected)
}

fn judge_role(target: &Target, web: &Url, (remote, repository): (&String, &String), lines: &[Line], tally: &mut Tally) {
    let url = url_of(target, repository);
    let here: Vec<&Line> = lines.iter().filter(|line| line.remote == *remote).collect();
    if here.is_empty() {
        return tally.fail(format!("there is no remote {remote}"), format!("git remote add {remote} {url}"));
    }
    let mut right = true;
    for line in here {
        let place: Place = remote_url::place(&line.url, web);
        if !place.is(repository) {
            right = false;
            let (verb, key) = if line.is_push { ("pushes to", "pushurl") } else { ("fetches from", "url") };
            // `git remote set-url` would change only the first of several.
            let fix = format!("git config --replace-all remote.{remote}.{key} {url}");
            if place.may_be(repository) {
                tally.unknown(format!("{remote} {verb} {}", place.shown()), fix);
            } else {
                tally.fail(format!("{remote} {verb} {}, not {repository}", place.shown()), fix);
            }
        }
    }
    if right {
        tally.pass(format!("{remote} leads to {repository}"));
    }
}

fn url_of(target: &Target, repository: &str) -> String {
    format!("{}/{repository}.git", target.github.web_url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexy_contract::Verdict;

    fn target() -> Target {
        Target::parse(include_str!("../../../../nexy.toml")).expect("the committed nexy.toml")
    }

    /// `git remote -v` of a good workspace, with a change.
    fn asked(change: impl Fn(String) -> String) -> Answer {
        let target = target();
        let mut output = String::new();
        for (remote, repository) in
            [(&target.remotes.workspace, &target.repositories.workspace), (&target.remotes.server, &target.repositories.server)]
        {
            let url = url_of(&target, repository);
            output.push_str(&format!("{remote}\t{url} (fetch)\n{remote}\t{url} (push)\n"));
        }
        judge(&target, &lines(&change(output)))
    }

    #[test]
    fn remotes_as_configured_pass() {
        let answer = asked(|output| output);
        assert_eq!(answer.verdict, Verdict::Pass, "{}", answer.found);
        assert_eq!(asked(|output| output.replace(" (fetch)", " (fetch) [blob:none]")).verdict, Verdict::Pass);
    }

    #[test]
    fn a_missing_remote_is_added() {
        let server = target().remotes.server;
        let answer = asked(|output| output.lines().filter(|line| !line.starts_with(&server)).collect::<Vec<_>>().join("\n"));
        assert_eq!(answer.verdict, Verdict::Fail);
        assert!(answer.fix.starts_with(&format!("git remote add {server} https://")), "{}", answer.fix);
        assert_eq!(asked(|_| String::new()).verdict, Verdict::Fail);
    }

    #[test]
    fn a_push_url_that_leads_elsewhere_fails_without_showing_its_secret() {
        let push = format!("{}\thttps://me:s3cret@elsewhere.example/a/b.git (push)\n", target().remotes.workspace);
        let answer = asked(|output| output + &push);
        assert_eq!(answer.verdict, Verdict::Fail);
        assert!(answer.found.contains("pushes to https://elsewhere.example/a/b.git"), "{}", answer.found);
        assert!(answer.fix.contains(".pushurl https://"), "{}", answer.fix);
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
        assert!(answer.fix.starts_with("git config --replace-all remote."), "{}", answer.fix);
        let answer = asked(|output| output + &line(&target.remotes.server, &target.repositories.workspace));
        assert_eq!(answer.verdict, Verdict::Fail, "{}", answer.found);
        let answer = asked(|output| output + &line("assets", &target.repositories.artifacts));
        assert_eq!((answer.verdict, answer.fix.as_str()), (Verdict::Unknown, "git remote remove assets"));
        assert_eq!(asked(|output| output + &line("other", "a/b")).verdict, Verdict::Pass);
    }

    #[test]
    fn no_remote_may_push_into_the_artifacts_repository() {
        let artifacts = target().repositories.artifacts;
        let line = |kind: &str| format!("assets\tgit@{}:{artifacts}.git ({kind})\n", "github.com");
        assert_eq!(asked(|output| output + &line("fetch")).verdict, Verdict::Pass);
        let answer = asked(|output| output + &line("push"));
        assert_eq!((answer.verdict, answer.fix.as_str()), (Verdict::Fail, "git remote remove assets"));
    }
}
