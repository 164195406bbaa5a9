//! Code goes before artifacts: users must not be offered a version that the server does not run yet.

use crate::gate::prelude::*;
use crate::observed::cached_answer;
use nexy_contract::ReleaseVersion;
use nexy_contract::health::{self, Said, Unread};
use nexy_contract::record::Kind;
use nexy_outside::clock;
use nexy_outside::net::http::{Ask, Url};
use std::time::Duration;

pub(crate) const GATE: Gate = Gate {
    id: "server-deployed",
    asks: "Does the server run the code of this version, and say that it is well?",
    profiles: &["before-publish"],
    runbook: "S3 §2.3, S0 §4",
    at: Machine::Laptop,
    takes: Takes::Outside,
    explain: Explain {
        symptom: "Clients update to a version that the server does not know yet, or talk to a server that runs last month's code.",
        check: "curl -fsS PUBLIC/health and PUBLIC/status, with certificates checked: OK and running, latest_version = latest_build = the \
                version. A record that holds a passing `nexy-verify local` of the last minutes has asked the VM itself, and is believed. That \
                the checkout is right, as the hard gates say, does not count: an old process may still run from it. In an update of the artifacts alone \
                (nexy-version record --kind update) older code passes.",
        fix: &[note(
            "Deploy the code of this version first (S0 §3), then ask again. If the server is newer, the workspace is old: git pull.",
        )],
        verify: &[command("make vm-versions"), command("nexy-gate server-deployed")],
    },
    check,
    repair: None,
};

/// Who asks the VM itself, and which of its answers say what is asked here.
const VERIFIER: &str = "nexy-verify";
const ASKED_ON_THE_VM: [&str; 2] = ["local-health", "local-status"];
/// The two documents, and the word in each that means well.
const DOCUMENTS: [(&str, &str); 2] = [("/health", "OK"), ("/status", "running")];
/// Such a document has some hundred bytes.
const MAX_BYTES: u64 = 1 << 20;
const AGAIN: [&str; 2] = ["make vm-versions", "nexy-gate server-deployed"];

/// What came of asking for one document; why nothing came, and what to type.
type Look = Result<Said, (String, Fix)>;

/// What everything is compared with.
struct Wanted<'a> {
    version: ReleaseVersion,
    /// The git remote that leads to the workspace's repository.
    remote: &'a str,
    /// Whether the record is of an update of the artifacts alone, so that older code stays.
    is_update: bool,
}

fn check(context: &Context) -> Answer {
    let target = &context.workspace.target;
    let tag = match context.tag() {
        Ok(tag) => tag,
        Err(error) => return Answer::unknown(error.because(), "a version to compare with", Fix::command("nexy-version check")),
    };
    let Some(version) = tag.strip_prefix('v').and_then(|version| version.parse().ok()) else {
        return Answer::unknown(
            format!("{} names no version", excerpt(&tag, 40)),
            "a version to compare with",
            Fix::command("nexy-version check"),
        );
    };
    if let Some(record) = context.record.as_ref().filter(|record| record.version == version)
        && let Some(at) = cached_answer::fresh_since(record, VERIFIER, &ASKED_ON_THE_VM, clock::now(), &target.limits)
    {
        return Answer::pass(format!("{}{at}: the VM runs {version} ({VERIFIER} local)", cached_answer::PREFIX));
    }
    let is_update = context.record.as_ref().is_some_and(|record| record.kind == Kind::Update);
    let wanted = Wanted { version, remote: &target.remotes.workspace, is_update };
    let mut looks: Vec<(&str, Look)> = Vec::new();
    for (path, word) in DOCUMENTS {
        let look = look(context, &format!("{}{path}", target.endpoints.public));
        // A server that does not answer once will not answer twice.
        let is_silent = look.is_err();
        looks.push((word, look));
        if is_silent {
            break;
        }
    }
    judge(&wanted, &target.endpoints.public, &looks)
}

fn look(context: &Context, url: &str) -> Look {
    let target = &context.workspace.target;
    let http = context.http().map_err(|problem| (problem.message(), problem.fix.clone()))?;
    let url_is_wrong = || (format!("`{url}` is no URL"), Fix::note("correct endpoints.public in nexy.toml"));
    let parsed = Url::parse(url).ok_or_else(url_is_wrong)?;
    let ask = Ask::get(parsed, Duration::from_secs(target.limits.request_timeout_s), MAX_BYTES).header("Cache-Control", "no-cache");
    let answer = http.ask(&ask).map_err(|error| (error.to_string(), error.fix.then(Fix::commands(AGAIN))))?;
    let fix = || Fix::command(format!("curl -sS -i {}", shell_word(url))).then(Fix::commands(AGAIN));
    health::read(url, answer.status, &answer.body).map_err(|(Unread::Intermediary(because) | Unread::Useless(because))| (because, fix()))
}

fn judge(wanted: &Wanted<'_>, public: &str, looks: &[(&str, Look)]) -> Answer {
    let version = wanted.version;
    let mut builder = AnswerBuilder::default();
    for ((path, _), (word, look)) in DOCUMENTS.iter().zip(looks) {
        let said = match look {
            Ok(said) => said,
            Err((because, fix)) => {
                builder.unknown(because, fix);
                continue;
            }
        };
        let at = format!("{public}{path}");
        if said.status != *word {
            let found = format!("{at} says status `{}`, not {word}", excerpt(&said.status, 40));
            builder.fail(found, Fix::command("scripts/vm.sh nexy-verify local").then(Fix::commands(AGAIN)));
        }
        let named = format!("version `{}`, build `{}`", excerpt(&said.version, 40), excerpt(&said.build, 40));
        let ours = version.to_string();
        if said.version == ours && said.build == ours {
            if said.status == *word {
                builder.pass(format!("{at} says {word}, version and build {version}"));
            }
            continue;
        }
        match said.version.parse::<ReleaseVersion>() {
            Ok(served) if served > version => builder.fail(
                format!("{at} says {named}, which is newer than {version}: this workspace is old"),
                Fix::command(format!("git pull --ff-only {}", shell_word(wanted.remote)))
                    .then(Fix::commands(["nexy-version check", "nexy-gate server-deployed"])),
            ),
            Ok(served) if served < version && wanted.is_update && said.build == said.version => {
                if said.status == *word {
                    builder
                        .pass(format!("{at} says {word}, {named}; the record is of an update of the artifacts alone, so the code stays"));
                }
            }
            Ok(served) if served < version => {
                builder.fail(
                    format!("{at} says {named}: the code of {version} is not deployed, or not restarted"),
                    Fix::note(format!("Deploy the code of {} first (S0 §3); artifacts come after it. Then:", version.tag()))
                        .then(Fix::commands(AGAIN)),
                );
            }
            // The right version with another build, or no version at all: something on the VM overrides the file.
            _ => builder.fail(
                format!("{at} says {named}, not {version} for both"),
                Fix::command("scripts/vm.sh nexy-gate server-version-env").then(Fix::commands(AGAIN)),
            ),
        }
    }
    builder.answer(format!("{} and {} at {public}, both with version and build {version}", DOCUMENTS[0].1, DOCUMENTS[1].1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::says;

    fn said(status: &str, version: &str, build: &str) -> Look {
        Ok(Said { status: status.into(), version: version.into(), build: build.into() })
    }

    fn asked(health: Look, status: Look) -> Answer {
        let wanted = Wanted { version: ReleaseVersion::new([2, 0, 0, 4]), remote: "up", is_update: false };
        judge(&wanted, "https://h", &[("OK", health), ("running", status)])
    }

    #[test]
    fn the_version_in_both_documents_passes() {
        let answer = asked(said("OK", "2.0.0.4", "2.0.0.4"), said("running", "2.0.0.4", "2.0.0.4"));
        says(&answer, Verdict::Pass, "https://h/health says OK, version and build 2.0.0.4");
    }

    #[test]
    fn in_an_update_of_the_artifacts_alone_older_code_passes_when_it_is_well() {
        let wanted = Wanted { version: ReleaseVersion::new([2, 0, 0, 4]), remote: "up", is_update: true };
        let asked = |health, status| judge(&wanted, "https://h", &[("OK", health), ("running", status)]);
        let old = || said("running", "2.0.0.3", "2.0.0.3");
        says(&asked(said("OK", "2.0.0.3", "2.0.0.3"), old()), Verdict::Pass, "so the code stays");
        for wrong in [said("degraded", "2.0.0.3", "2.0.0.3"), said("OK", "2.0.0.5", "2.0.0.5"), said("OK", "2.0.0.3", "2.0.0.2")] {
            assert_eq!(asked(wrong, old()).verdict, Verdict::Fail);
        }
    }

    #[test]
    fn each_contradiction_fails_with_a_fix_of_its_own() {
        let good = || said("running", "2.0.0.4", "2.0.0.4");
        for (health, found, fix) in [
            (said("OK", "2.0.0.3", "2.0.0.3"), "is not deployed", "Deploy the code of v2.0.0.4 first (S0 §3)"),
            (said("OK", "1.10.0.0", "1.10.0.0"), "is not deployed", "make vm-versions"),
            (said("OK", "2.0.0.40", "2.0.0.40"), "this workspace is old", "git pull --ff-only up\n"),
            (said("OK", "2.0.0.4", "2.0.0.3"), "not 2.0.0.4 for both", "scripts/vm.sh nexy-gate server-version-env"),
            (said("OK", "1.0.3", "1.0.3"), "not 2.0.0.4 for both", "server-version-env"),
            (said("OK", "\u{1b}[2J", ""), "version `\\x1b[2J`", "server-version-env"),
            (said("degraded", "2.0.0.4", "2.0.0.4"), "status `degraded`, not OK", "scripts/vm.sh nexy-verify local"),
        ] {
            let answer = asked(health, good());
            says(&answer, Verdict::Fail, found);
            assert!(answer.fix.text().contains(fix), "{answer:?}");
        }
        assert_eq!(asked(said("OK", "2.0.0.4", "2.0.0.4"), said("running", "2.0.0.3", "2.0.0.3")).verdict, Verdict::Fail);
    }

    #[test]
    fn who_does_not_answer_in_this_form_is_unknown_and_so_is_nobody() {
        let silent = || Err(("https://h/health answers 502".to_owned(), Fix::command("look")));
        assert_eq!(asked(silent(), silent()).verdict, Verdict::Unknown);
        assert_eq!(asked(said("OK", "2.0.0.4", "2.0.0.4"), silent()).verdict, Verdict::Unknown);
        assert_eq!(asked(said("OK", "2.0.0.3", "2.0.0.3"), silent()).verdict, Verdict::Fail);
        let wanted = Wanted { version: ReleaseVersion::new([2, 0, 0, 4]), remote: "up", is_update: false };
        assert_eq!(judge(&wanted, "https://h", &[]).verdict, Verdict::Unknown);
    }
}
