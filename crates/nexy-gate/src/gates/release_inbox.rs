//! The inbox holds what is to be released, the whole of it, and nothing that looks like it.

mod repair;

use crate::{
    context::Context,
    gate::{Answer, Explain, Gate, Machine, Takes},
    inbox::{Fault, Found, Inbox},
    tally::Tally,
};
use nexy_contract::fix::{command, note};
use nexy_contract::{
    build_receipt,
    record::Artifact,
    signature,
    target::ArtifactRow,
    text::{excerpt, shell_word},
};

pub(crate) const GATE: Gate = Gate {
    id: "release-inbox",
    asks: "Does the inbox hold at least one artifact, whole, under its exact name?",
    profiles: &["pre-production", "before-publish"],
    runbook: "S3 §2.2",
    at: Machine::Laptop,
    takes: Takes::Files,
    explain: Explain {
        symptom: "A half-copied or misnamed file is released, or other bytes than those that were judged.",
        check: "Lists the folder of layout.inbox, opens every artifact that nexy.toml names (never a link), and hashes it; with a record, \
                names, sizes and digests must be the record's.",
        fix: &[note(
            "Put the artifacts there under the names of nexy.toml, wait for the copy to end, then start again \
                     from `nexy-version record`.",
        )],
        verify: &[command("nexy-gate release-inbox artifact-genuine")],
    },
    check,
    repair: Some(repair::repair),
};

/// What file managers and git leave behind.
const IGNORED: &[&str] = &[".DS_Store", ".gitkeep", ".localized"];
const AGAIN: &str = "start again from the bytes that lie there:\nnexy-version record | nexy-gate before-publish -";

fn check(context: &Context) -> Answer {
    let target = &context.workspace.target;
    let recorded = context.record.as_ref().map(|record| record.artifacts.as_slice());
    judge(context.inbox(), &target.layout.inbox, &target.artifacts, recorded)
}

fn judge(inbox: &Inbox, folder: &str, rows: &[ArtifactRow], recorded: Option<&[Artifact]>) -> Answer {
    let known: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    let expected = format!("{} in {folder}/, at least one of them", known.join(", "));
    let names = match &inbox.names {
        Ok(Some(names)) => names,
        Ok(None) => return Answer::fail(format!("there is no folder {folder}/"), expected, format!("mkdir {}", shell_word(folder))),
        Err(because) => {
            return Answer::unknown(format!("{folder}/ cannot be listed: {because}"), expected, format!("ls -ld {}", shell_word(folder)));
        }
    };
    let mut tally = Tally::default();
    let mut strangers = Vec::new();
    let is_signature = |name: &str| known.iter().any(|row| signature::is_beside(row, name));
    for name in names.iter().filter(|name| !known.contains(&name.as_str()) && !is_ignored(name) && !is_signature(name)) {
        if let Some((paper, row)) = paper(name, &known) {
            let is_misspelled = *name != paper && !names.contains(&paper);
            match names.iter().any(|other| other == row) {
                true if is_misspelled => tally.fail(format!("{} is not spelled {paper}", excerpt(name, 80)), rename(folder, name, &paper)),
                true => {}
                false => strangers.push(excerpt(name, 80)),
            }
            continue;
        }
        match likeness(name, &known) {
            // With the right name taken, a rename would destroy what lies there.
            Some(Likeness::Case(row)) if !names.iter().any(|other| other == row) => {
                tally.fail(format!("{} is not spelled {row}", excerpt(name, 80)), rename(folder, name, row))
            }
            Some(Likeness::Case(row) | Likeness::Copy(row)) => tally.fail(
                format!("{} may be a partial or second copy of {row}", excerpt(name, 80)),
                format!(
                    "wait until the copy has ended; if none is at work, move it away:\nmv {} /tmp/",
                    shell_word(&format!("{folder}/{name}"))
                ),
            ),
            None => strangers.push(excerpt(name, 80)),
        }
    }
    for found in &inbox.artifacts {
        judge_artifact(found, folder, recorded, &mut tally);
    }
    if inbox.artifacts.is_empty() {
        let fix = format!("copy {} into {folder}/, then\n{AGAIN}", known.join(" or "));
        tally.fail(format!("{folder}/ holds no artifact"), fix);
    }
    for missing in
        recorded.unwrap_or_default().iter().filter(|artifact| !inbox.artifacts.iter().any(|found| found.row.name == artifact.name))
    {
        tally.fail(format!("the record holds {}, the inbox does not", missing.name), AGAIN);
    }
    if !strangers.is_empty() {
        tally.pass(format!("left alone: {}", strangers.join(", ")));
    }
    tally.answer(expected)
}

fn rename(folder: &str, name: &str, right: &str) -> String {
    format!("mv {} {}", shell_word(&format!("{folder}/{name}")), shell_word(&format!("{folder}/{right}")))
}

/// The build receipt that a name stands for, as it is spelled, and the artifact that it belongs to.
fn paper<'a>(name: &str, known: &[&'a str]) -> Option<(String, &'a str)> {
    known.iter().map(|row| (build_receipt::name_of(row), *row)).find(|(paper, _)| paper.to_lowercase() == name.to_lowercase())
}

fn judge_artifact(found: &Found, folder: &str, recorded: Option<&[Artifact]>, tally: &mut Tally) {
    let name = &found.row.name;
    let path = format!("{folder}/{name}");
    let bytes = match &found.bytes {
        Ok(bytes) => bytes,
        Err(Fault::Refused(because)) => {
            return tally.fail(format!("{name}: {because}"), format!("copy the finished {name} into {folder}/"));
        }
        Err(Fault::Unreadable(because)) => return tally.unknown(format!("{name}: {because}"), format!("ls -l {}", shell_word(&path))),
    };
    let here = format!("{name} {} bytes {}", bytes.size_bytes, bytes.sha256.short());
    match recorded.map(|recorded| recorded.iter().find(|artifact| artifact.name == *name)) {
        None => tally.pass(here),
        Some(None) => tally.fail(format!("{name} lies in the inbox, but not in the record"), AGAIN),
        Some(Some(artifact)) if artifact.size_bytes == bytes.size_bytes && artifact.sha256 == bytes.sha256 => tally.pass(here),
        Some(Some(artifact)) => {
            tally.fail(format!("{here}, but the record is about {} bytes {}", artifact.size_bytes, artifact.sha256.short()), AGAIN);
        }
    }
}

/// How a name resembles an artifact's.
enum Likeness<'a> {
    Case(&'a str),
    Copy(&'a str),
}

fn likeness<'a>(name: &str, known: &[&'a str]) -> Option<Likeness<'a>> {
    let lower = name.to_lowercase();
    known.iter().find_map(|row| {
        let wanted = row.to_lowercase();
        let ending = wanted.rsplit_once('.').map(|(_, ending)| format!(".{ending}"));
        if lower == wanted {
            Some(Likeness::Case(row))
        } else if lower.contains(&wanted) || ending.is_some_and(|ending| lower.ends_with(&ending)) {
            Some(Likeness::Copy(row))
        } else {
            None
        }
    })
}

fn is_ignored(name: &str) -> bool {
    IGNORED.contains(&name) || name.starts_with("._")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inbox::Bytes;
    use nexy_contract::{Sha256Digest, Verdict, target::ArtifactKind};

    fn rows() -> Vec<ArtifactRow> {
        let row = |name: &str, kind| ArtifactRow { name: name.into(), channel: "Fixed".into(), kind, feed: kind == ArtifactKind::Dmg };
        vec![row("A.dmg", ArtifactKind::Dmg), row("A.pkg", ArtifactKind::Pkg)]
    }

    fn bytes(content: &[u8]) -> Bytes {
        Bytes { size_bytes: content.len() as u64, sha256: Sha256Digest::of(content), head: content.to_vec(), tail: content.to_vec() }
    }

    fn inbox(names: &[&str], dmg: Option<Result<Bytes, Fault>>) -> Inbox {
        let artifacts = dmg.into_iter().map(|bytes| Found { row: rows().remove(0), bytes }).collect();
        Inbox { names: Ok(Some(names.iter().map(ToString::to_string).collect())), artifacts }
    }

    fn asked(inbox: &Inbox, recorded: Option<&[Artifact]>) -> Answer {
        judge(inbox, "inbox", &rows(), recorded)
    }

    fn recorded(name: &str, content: &[u8]) -> Artifact {
        let bytes = bytes(content);
        Artifact { name: name.into(), channel: "Fixed".into(), size_bytes: bytes.size_bytes, sha256: bytes.sha256, live: None }
    }

    #[test]
    fn one_artifact_is_enough_and_leftovers_of_file_managers_do_not_matter() {
        let answer = asked(&inbox(&[".DS_Store", "._A.dmg", ".gitkeep", "A.dmg", "A.dmg.sig", "notes.txt"], Some(Ok(bytes(b"x")))), None);
        assert_eq!(answer.verdict, Verdict::Pass, "{answer:?}");
        assert!(answer.found.contains("A.dmg 1 bytes") && answer.found.contains("left alone: notes.txt"), "{}", answer.found);
    }

    #[test]
    fn an_empty_or_missing_inbox_fails_and_one_that_cannot_be_listed_is_unknown() {
        assert_eq!(asked(&inbox(&[".gitkeep"], None), None).verdict, Verdict::Fail);
        let missing = Inbox { names: Ok(None), artifacts: vec![] };
        assert_eq!(asked(&missing, None).fix.text(), "mkdir inbox");
        let closed = Inbox { names: Err("permission denied".into()), artifacts: vec![] };
        assert_eq!(asked(&closed, None).verdict, Verdict::Unknown);
    }

    #[test]
    fn a_build_receipt_belongs_to_its_artifact_and_is_no_copy_of_it() {
        let answer = asked(&inbox(&["A.dmg", "A.dmg.receipt.json", "A.pkg.receipt.json"], Some(Ok(bytes(b"x")))), None);
        assert_eq!(answer.verdict, Verdict::Pass, "{answer:?}");
        assert!(answer.found.ends_with("left alone: A.pkg.receipt.json"), "{}", answer.found);
        let answer = asked(&inbox(&["A.dmg", "a.dmg.Receipt.json"], Some(Ok(bytes(b"x")))), None);
        assert_eq!((answer.verdict, answer.fix.text().as_str()), (Verdict::Fail, "mv inbox/a.dmg.Receipt.json inbox/A.dmg.receipt.json"));
        assert_eq!(asked(&inbox(&["A.dmg", "A.dmg.receipt.json.part"], Some(Ok(bytes(b"x")))), None).verdict, Verdict::Fail);
    }

    #[test]
    fn look_alikes_are_named() {
        for name in ["a.dmg", "A.dmg.part", "A.dmg.crdownload", ".A.dmg.Xy12", "A (1).dmg", "A copy.pkg"] {
            let answer = asked(&inbox(&["A.dmg", name], Some(Ok(bytes(b"x")))), None);
            assert_eq!(answer.verdict, Verdict::Fail, "{name}");
            assert!(answer.found.contains(name), "{}", answer.found);
        }
    }

    #[test]
    fn refused_files_fail_and_unreadable_ones_are_unknown() {
        let refused = asked(&inbox(&["A.dmg"], Some(Err(Fault::Refused("it is a link".into())))), None);
        assert_eq!((refused.verdict, refused.found.as_str()), (Verdict::Fail, "A.dmg: it is a link"));
        let unreadable = asked(&inbox(&["A.dmg"], Some(Err(Fault::Unreadable("permission denied".into())))), None);
        assert_eq!(unreadable.verdict, Verdict::Unknown);
    }

    #[test]
    fn the_inbox_must_hold_exactly_what_the_record_does() {
        let here = inbox(&["A.dmg"], Some(Ok(bytes(b"x"))));
        assert_eq!(asked(&here, Some(&[recorded("A.dmg", b"x")])).verdict, Verdict::Pass);
        assert_eq!(asked(&here, Some(&[recorded("A.dmg", b"y")])).verdict, Verdict::Fail);
        assert_eq!(asked(&here, Some(&[])).verdict, Verdict::Fail);
        assert_eq!(asked(&here, Some(&[recorded("A.dmg", b"x"), recorded("A.pkg", b"x")])).verdict, Verdict::Fail);
    }
}
