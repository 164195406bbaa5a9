//! `checkout-state` judged on every input.

use super::*;
use nexy_contract::{ReleaseVersion, Verdict};

fn asked(change: impl FnOnce(&mut Facts)) -> Answer {
    let target = Target::parse(include_str!("../../../../../nexy.toml")).expect("the committed nexy.toml");
    let side = Side {
        is_vm: true,
        shown: "/srv/app".to_owned(),
        as_owner: "sudo -u server ".to_owned(),
        git: "sudo -u server git -C /srv/app".to_owned(),
    };
    let version = ReleaseVersion::new([2, 0, 0, 4]);
    let tag = Tag { name: version.tag(), version, commit: "c".repeat(40), object: "a".repeat(40), exists: true };
    let mut facts = Facts { head: Some("c".repeat(40)), ..Facts::default() };
    change(&mut facts);
    judge(&target, &side, &tag, &facts)
}

fn changed(staged: char, unstaged: char, path: &str) -> Change {
    Change { staged, unstaged, path: path.to_owned() }
}

#[test]
fn the_tag_with_nothing_but_runtime_files_passes() {
    let answer = asked(|facts| {
        facts.changes = vec![changed('.', 'M', "server/updates/manifests/manifest.json"), changed('.', 'D', "config.env")];
        facts.strays.paths = vec!["venv/bin/python3".into(), "monitoring/latest_status.json".into()];
        facts.hidden = vec!["config.env".into()];
        facts.strays.complaints = vec!["warning: could not open directory 'monitoring/incidents/': Permission denied".into()];
    });
    assert_eq!(answer.verdict, Verdict::Pass, "{}", answer.found);
    assert!(answer.found.contains("v2.0.0.4 (cccccccccc) is checked out"), "{}", answer.found);
}

#[test]
fn another_commit_or_none_is_a_no() {
    for head in [Some("d".repeat(40)), None] {
        let answer = asked(|facts| facts.head = head);
        assert_eq!(answer.verdict, Verdict::Fail);
        assert_eq!(answer.fix.text(), "sudo -u server git -C /srv/app checkout --detach v2.0.0.4");
    }
}

#[test]
fn what_git_overlooks_is_a_no_with_the_command_that_brings_it() {
    for (path, code) in [("server/vendor", Verdict::Fail), ("venv/x", Verdict::Pass)] {
        let submodule = asked(|facts| facts.empty_submodules = vec![path.into()]);
        let pointer = asked(|facts| facts.pointers = vec![(path.into(), "lfs".into())]);
        assert_eq!((submodule.verdict, pointer.verdict), (code, code), "{path}");
        if code == Verdict::Fail {
            assert_eq!(submodule.fix.text(), "sudo -u server git -C /srv/app submodule update --init --recursive");
            assert!(pointer.fix.text().ends_with("git -C /srv/app lfs pull") && pointer.found.contains(path), "{pointer:?}");
            for (filter, found, fix) in [
                ("annex", "only a pointer of git-annex: server/vendor", "git -C /srv/app annex get ."),
                ("git-crypt", "git-crypt has not decrypted: server/vendor", "git -C /srv/app crypt unlock"),
                ("git-crypt-prod", "git-crypt has not decrypted: server/vendor", "git -C /srv/app crypt unlock"),
            ] {
                let answer = asked(|facts| facts.pointers = vec![(path.into(), filter.into())]);
                assert!(answer.fix.text().ends_with(fix) && answer.found.contains(found), "{answer:?}");
            }
        }
    }
}

#[test]
fn every_kind_of_difference_is_a_no_with_its_words() {
    for (change, said) in [
        (changed('.', 'M', "server/main.py"), "server/main.py (changed)"),
        (changed('.', 'D', "server/main.py"), "server/main.py (deleted)"),
        (changed('.', 'T', "server/main.py"), "server/main.py (another kind of file)"),
        (changed('A', '.', "x"), "x (added, staged)"),
        (changed('M', 'M', "x"), "x (changed, staged, and then changed)"),
        (changed('U', 'U', "x"), "x (in conflict)"),
        (changed('A', 'U', "x"), "x (in conflict)"),
        (changed('.', '?', "x"), "x (changed)"),
        (changed('.', 'M', "venv"), "venv (changed)"),
        (changed('.', 'M', "server/updates.py"), "server/updates.py (changed)"),
        (changed('.', 'M', "config.env.old"), "config.env.old (changed)"),
    ] {
        let answer = asked(|facts| facts.changes = vec![change]);
        assert_eq!(answer.verdict, Verdict::Fail, "{said}");
        assert!(answer.found.contains(said), "{said}: {}", answer.found);
        assert!(answer.fix.text().contains("restore --source=v2.0.0.4 --staged --worktree -- "), "{}", answer.fix);
    }
}

#[test]
fn strays_hidden_files_and_unfinished_work_are_a_no() {
    let stray = asked(|facts| facts.strays.paths = vec!["server/it's new.py".into(), "nested/".into()]);
    assert_eq!(stray.verdict, Verdict::Fail);
    assert!(
        stray.fix.text().contains(r"sudo -u server mv --backup=numbered -- '/srv/app/server/it'\''s new.py' /srv/app/.git/kept/server"),
        "{}",
        stray.fix
    );
    assert!(stray.fix.text().contains("sudo -u server mv --backup=numbered -- /srv/app/nested /srv/app/.git/kept/"), "{}", stray.fix);
    let hidden = asked(|facts| facts.hidden = vec!["server/main.py".into()]);
    assert!(hidden.found.contains("told not to look at server/main.py"), "{}", hidden.found);
    assert!(hidden.fix.text().contains("update-index --no-skip-worktree -- server/main.py"), "{}", hidden.fix);
    let unfinished = asked(|facts| facts.unfinished = vec![("merge", "merge --abort")]);
    assert_eq!((unfinished.verdict, unfinished.fix.text().as_str()), (Verdict::Fail, "sudo -u server git -C /srv/app merge --abort"));
}

#[test]
fn what_is_only_out_of_the_index_is_not_moved_away() {
    let answer = asked(|facts| {
        facts.changes = vec![changed('D', '.', "VERSION")];
        facts.strays.paths = vec!["VERSION".into()];
    });
    assert!(answer.found.ends_with("VERSION (deleted, staged)") && !answer.fix.text().contains("mv"), "{answer:?}");
}

#[test]
fn ten_are_named_and_the_rest_is_counted() {
    let answer = asked(|facts| facts.strays.paths = (0..14).map(|number| format!("stray-{number:02}")).collect());
    assert!(answer.found.ends_with("stray-09, and 4 more"), "{}", answer.found);
    assert_eq!(answer.fix.text().matches("sudo -u server mv ").count(), 10);
}

#[test]
fn names_that_cannot_be_typed_are_shown_escaped_and_not_typed() {
    let answer = asked(|facts| {
        facts.strays.paths = vec!["a\u{1b}[2Jb".into()];
        facts.changes = vec![changed('.', 'M', "c\nd")];
        facts.hidden = vec!["e\u{202e}f".into()];
    });
    for said in ["a\\x1b[2Jb", "c\\nd", "e\\u{202e}f"] {
        assert!(answer.found.contains(said), "{}", answer.found);
    }
    assert!(!answer.fix.text().contains('\u{1b}') && !answer.fix.text().contains("mv "), "{}", answer.fix);
}

#[test]
fn where_git_could_not_look_nobody_knows() {
    let complaint = |path: &str| format!("warning: could not open directory '{path}': Permission denied");
    for words in [complaint("server/secret/"), complaint("venv"), "error: something else".to_owned()] {
        let answer = asked(|facts| facts.strays.complaints = vec![words.clone()]);
        assert_eq!(answer.verdict, Verdict::Unknown, "{words}");
    }
}

#[test]
fn no_printed_command_can_lose_what_the_server_needs() {
    let answer = asked(|facts| {
        facts.head = None;
        facts.changes = vec![changed('M', 'D', "x")];
        facts.strays.paths = vec!["y".into()];
        facts.hidden = vec!["z".into()];
        facts.unfinished = vec![("bisect", "bisect reset")];
    });
    for never in ["clean", "stash", "reset --hard", "checkout -f", "--force", "restart", "rm "] {
        assert!(!answer.fix.text().contains(never), "{never}: {}", answer.fix);
    }
}
