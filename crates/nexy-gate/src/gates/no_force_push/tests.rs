//! `no-force-push` judged on every input.

use super::*;
use crate::tests::{says, target};

fn id(letter: char) -> String {
    letter.to_string().repeat(40)
}

fn tag(object: char, commit: char) -> Option<RemoteTag> {
    Some(RemoteTag { object: id(object), commit: id(commit) })
}

fn asked(change: impl FnOnce(&mut Facts)) -> Answer {
    let mut facts = Facts {
        branch: Some(("work".into(), "main".into())),
        tag: "v2.0.0.4".into(),
        version: Some(ReleaseVersion::new([2, 0, 0, 4])),
        local_tag: tag('a', 'c'),
        workspace: Asked::Told { branch: Some(Branch::Contained(id('b'))), tag: None },
        server: Asked::Told { branch: None, tag: None },
        forcing: vec![],
    };
    change(&mut facts);
    judge(&target(), &facts)
}

fn told(branch: Branch, tag: Option<RemoteTag>) -> Asked {
    Asked::Told { branch: Some(branch), tag }
}

#[test]
fn what_follows_on_what_is_there_passes_and_says_what_was_not_compared() {
    let answer = asked(|_| {});
    says(&answer, Verdict::Pass, "origin's main (bbbbbbbbbb) is in the history of work");
    assert!(answer.found.contains("which git subtree feeds, was not compared"), "{}", answer.found);
    assert_eq!(asked(|facts| facts.workspace = told(Branch::New, tag('a', 'c'))).verdict, Verdict::Pass);
    let server = asked(|facts| facts.server = Asked::Told { branch: None, tag: tag('e', 'e') });
    says(&server, Verdict::Pass, "cannot be seen from here");
}

#[test]
fn what_only_force_could_push_is_a_no() {
    let ahead = asked(|facts| facts.workspace = told(Branch::Ahead(id('d')), None));
    assert_eq!((ahead.verdict, ahead.fix.text().as_str()), (Verdict::Fail, "git pull --no-rebase origin main"));
    let moved = asked(|facts| facts.workspace = told(Branch::New, tag('d', 'c')));
    assert_eq!(moved.verdict, Verdict::Fail);
    assert!(moved.fix.text().contains("nexy-version set 2.0.0.5"), "{}", moved.fix);
    let theirs = asked(|facts| {
        facts.workspace = told(Branch::New, tag('d', 'd'));
        facts.local_tag = None;
    });
    assert_eq!((theirs.verdict, theirs.fix.text().as_str()), (Verdict::Fail, "git fetch origin refs/tags/v2.0.0.4:refs/tags/v2.0.0.4"));
    let whole = asked(|facts| facts.server = Asked::Told { branch: None, tag: tag('f', 'c') });
    says(&whole, Verdict::Fail, "the whole workspace was pushed there");
    let forcing = asked(|facts| facts.forcing = vec![("an alias".into(), Fix::command("git config --unset-all alias.x"))]);
    assert_eq!((forcing.verdict, forcing.fix.text().as_str()), (Verdict::Fail, "git config --unset-all alias.x"));
}

#[test]
fn what_could_not_be_asked_is_unknown() {
    let silent = |last_seen| Asked::Silent { because: "no route".into(), last_seen };
    let cases = [
        Asked::Missing,
        Asked::HoldsSecret,
        Asked::TwoPlaces,
        silent(None),
        silent(Some(Branch::Contained(id('b')))),
        told(Branch::CutOff(id('b')), None),
        Asked::Told { branch: None, tag: None },
    ];
    for case in cases {
        let answer = asked(|facts| facts.workspace = case.clone());
        assert_eq!(answer.verdict, Verdict::Unknown, "{case:?}");
        assert!(!answer.fix.is_empty(), "{case:?}");
    }
    for case in [Asked::Missing, Asked::HoldsSecret, Asked::TwoPlaces, silent(None)] {
        assert_eq!(asked(|facts| facts.server = case.clone()).verdict, Verdict::Unknown, "{case:?}");
    }
    let no_branch = asked(|facts| {
        facts.branch = None;
        facts.workspace = Asked::Told { branch: None, tag: None };
    });
    assert_eq!((no_branch.verdict, no_branch.fix.text().as_str()), (Verdict::Unknown, "git switch main"));
}

#[test]
fn what_was_last_seen_is_enough_for_a_no() {
    let answer = asked(|facts| facts.workspace = Asked::Silent { because: "no route".into(), last_seen: Some(Branch::Ahead(id('d'))) });
    assert_eq!(answer.verdict, Verdict::Fail);
    assert!(answer.found.contains("only force could push it; origin does not answer: no route"), "{}", answer.found);
}

#[test]
fn force_is_never_advised() {
    let answer = asked(|facts| {
        facts.workspace = told(Branch::Ahead(id('d')), tag('d', 'd'));
        facts.server = Asked::Told { branch: None, tag: tag('f', 'c') };
    });
    for never in ["git push", "--force", "-f ", "reset"] {
        assert!(!answer.fix.text().contains(never), "{}", answer.fix);
    }
}
