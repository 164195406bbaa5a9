//! `tag-coherent` judged on every input.

use super::*;
use crate::tests::{says, target};
use nexy_contract::{ReleaseVersion, Sha256Digest};

const VERSION: ReleaseVersion = ReleaseVersion::new([2, 0, 0, 4]);

fn laptop() -> Side {
    Side { is_vm: false, shown: "/w".to_owned(), as_owner: String::new(), git: "git".to_owned() }
}

fn vm() -> Side {
    Side {
        is_vm: true,
        shown: "/srv/app".to_owned(),
        as_owner: "sudo -u server ".to_owned(),
        git: "sudo -u server git -C /srv/app".to_owned(),
    }
}

fn text(text: &str) -> Held {
    Held::Text(text.to_owned())
}

fn manifest(version: &str) -> Held {
    let sha256 = Sha256Digest::of(version.as_bytes());
    let artifact = format!(r#"{{"type":"dmg","url":"https://x/A.dmg","size":9,"sha256":"{sha256}"}}"#);
    Held::Text(format!(r#"{{"version":"{version}","build":"{version}","artifact":{artifact}}}"#))
}

fn place(line: &str) -> VersionPlace {
    VersionPlace { file: "app.yaml".into(), line: Some(line.into()), count: Some(1), ..VersionPlace::default() }
}

fn good() -> Facts {
    Facts {
        version: text("2.0.0.4\n"),
        places: vec![(place("version: {version}"), text("version: 2.0.0.4\n"))],
        manifests: vec![("a/manifest.json".into(), manifest("2.0.0.3")), ("b/manifest.json".into(), manifest("2.0.0.3"))],
        branches: vec![],
        runtime: Some(Runtime { path: "config.env".into(), in_tag: false, is_here: false }),
        keys: vec![],
        files: 12,
        left_out: vec![],
        head: Some(Head::Same),
    }
}

fn asked(side: &Side, change: impl FnOnce(&mut Facts)) -> Answer {
    let mut facts = good();
    change(&mut facts);
    let tag = Tag { name: "v2.0.0.4".into(), version: VERSION, commit: "c".repeat(40), object: "c".repeat(40), exists: true };
    judge(&target(), side, &tag, &facts)
}

#[test]
fn a_coherent_tag_passes_and_is_described() {
    let answer = asked(&laptop(), |_| {});
    says(&answer, Verdict::Pass, "v2.0.0.4 is cccccccccc");
    for version in ["2.0.0.4", "1.9.0.0"] {
        let both = |facts: &mut Facts| facts.manifests.iter_mut().for_each(|(_, held)| *held = manifest(version));
        assert_eq!(asked(&laptop(), both).verdict, Verdict::Pass, "{version}");
    }
}

#[test]
fn every_contradiction_is_a_no_with_its_words() {
    type Change = Box<dyn FnOnce(&mut Facts)>;
    let cases: Vec<(Change, &str)> = vec![
        (Box::new(|facts| facts.version = Held::Missing), "holds no VERSION"),
        (Box::new(|facts| facts.version = Held::NoText("it is no UTF-8")), "VERSION at v2.0.0.4: it is no UTF-8"),
        (Box::new(|facts| facts.places[0].1 = text("version: 2.0.0.3\n")), "holds 2.0.0.3, in line 1"),
        (Box::new(|facts| facts.places[0].1 = text("version: 2.0.4\n")), "0 times"),
        (Box::new(|facts| facts.places[0].1 = Held::Missing), "there is no such file"),
        (Box::new(|facts| facts.manifests[1].1 = manifest("2.0.0.2")), "a/manifest.json and b/manifest.json differ"),
        (Box::new(|facts| facts.manifests[0].1 = manifest("2.0.0.5")), "announces 2.0.0.5, which is newer"),
        (Box::new(|facts| facts.manifests[0].1 = text("{")), "is no JSON object"),
        (Box::new(|facts| facts.manifests[0].1 = Held::Missing), "holds no a/manifest.json"),
        (Box::new(|facts| facts.manifests[0].1 = Held::NoText("it is no UTF-8")), "a/manifest.json at v2.0.0.4: it is no UTF-8"),
        (Box::new(|facts| facts.branches = vec!["refs/heads/v2.0.0.4".into()]), "is a branch of the same name"),
        (Box::new(|facts| facts.runtime = Some(Runtime { path: "c.env".into(), in_tag: true, is_here: true })), "tracks c.env"),
        (Box::new(|facts| facts.runtime = Some(Runtime { path: "c.env".into(), in_tag: false, is_here: true })), "removes the server's"),
        (Box::new(|facts| facts.keys = vec![("a\u{1b}.p8".into(), "a private key")]), "holds a\\x1b.p8 (a private key)"),
        (Box::new(|facts| facts.left_out = vec!["server/prompts.py".into()]), "code that is in no commit: server/prompts.py"),
        (Box::new(|facts| facts.head = Some(Head::Apart("d".repeat(40)))), "is not in the history of HEAD"),
        (
            Box::new(|facts| facts.head = Some(Head::Further { head: "d".repeat(40), moved: vec!["VERSION".into()] })),
            "has another version than v2.0.0.4 in VERSION",
        ),
    ];
    for (change, said) in cases {
        let answer = asked(&laptop(), change);
        says(&answer, Verdict::Fail, said);
        assert!(!answer.fix.is_empty() && !answer.fix.text().contains("restart"), "{}", answer.fix);
    }
}

#[test]
fn a_head_that_went_on_passes_and_one_that_was_cut_off_is_unknown() {
    let further = |facts: &mut Facts| facts.head = Some(Head::Further { head: "d".repeat(40), moved: vec![] });
    let answer = asked(&laptop(), further);
    says(&answer, Verdict::Pass, "HEAD (dddddddddd) has gone on");
    let cut = asked(&laptop(), |facts| facts.head = Some(Head::CutOff("d".repeat(40))));
    assert_eq!((cut.verdict, cut.fix.text().as_str()), (Verdict::Unknown, "git fetch --unshallow origin"));
}

#[test]
fn several_faults_end_with_the_same_steps_once() {
    let answer = asked(&laptop(), |facts| {
        facts.version = Held::Missing;
        facts.manifests[1].1 = Held::Missing;
        facts.keys = (0..12).map(|number| (format!("keys/{number:02}"), "in a folder of keys")).collect();
    });
    let text = answer.fix.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[..2], ["a tag that others may have is never moved; the next version gets it right", "make manifest-sync"]);
    assert!(lines[2].starts_with("git rm --cached -- keys/00 keys/01"), "{}", lines[2]);
    assert_eq!(lines[lines.len() - 3..], ["nexy-version set 2.0.0.5", "git commit --all --message='Release v2.0.0.5'", "make tag"]);
    assert_eq!(lines.iter().filter(|line| line.starts_with("nexy-version")).count(), 1);
    assert!(answer.found.contains("and 2 more") || answer.found.contains("2 more"), "{}", answer.found);
}

#[test]
fn the_vm_is_told_to_correct_it_in_the_workspace_and_to_keep_its_settings() {
    let answer = asked(&vm(), |facts| facts.version = Held::Missing);
    assert!(answer.fix.text().contains("nexy-gate tag-coherent layout --tag v2.0.0.4"), "{}", answer.fix);
    assert!(!answer.fix.text().contains("nexy-version set"), "{}", answer.fix);
    let removes = |facts: &mut Facts| facts.runtime = Some(Runtime { path: "config.env".into(), in_tag: false, is_here: true });
    assert_eq!(asked(&vm(), removes).fix.text(), "sudo -u server git -C /srv/app rm --cached --quiet -- config.env");
}

#[test]
fn a_branch_is_renamed_where_it_is() {
    assert_eq!(rename(&laptop(), "refs/heads/v2.0.0.4", "v2.0.0.4").text(), "git branch -m v2.0.0.4 branch-v2.0.0.4");
    let remote = rename(&laptop(), "refs/remotes/origin/v2.0.0.4", "v2.0.0.4").text();
    assert!(remote.ends_with("git push origin refs/remotes/origin/v2.0.0.4:refs/heads/branch-v2.0.0.4 :refs/heads/v2.0.0.4"), "{remote}");
    assert!(!rename(&vm(), "refs/remotes/origin/v2.0.0.4", "v2.0.0.4").text().contains("push"));
}
