//! The inbox holds what is to be released, the whole of it, and nothing that looks like it.

use crate::gate::prelude::*;
use crate::gate::{Repair, RepairStep};
use crate::observed::inbox::{Fault, Found, Inbox};
use nexy_contract::{build_receipt, record::Artifact, signature, target_file::ArtifactRow, text::word};
use nexy_outside::fs::permissions;
use std::path::{Path, PathBuf, absolute};

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
        fix: &[
            note("Put the artifacts there under the names of nexy.toml, wait for the copy to end, then start again:"),
            command("nexy-version record | nexy-gate before-publish -"),
        ],
        verify: &[command("nexy-gate release-inbox artifact-genuine")],
    },
    check: |context| repair(context, context.record.as_ref().map(|record| record.artifacts.as_slice())).now,
    repair: Some(|context| repair(context, None)),
};

/// What file managers and git leave behind.
const IGNORED: &[&str] = &[".DS_Store", ".gitkeep", ".localized"];

/// What programs write beside a file: checksums, signatures, proofs, lists of parts. None of them is a copy of it.
const BESIDE: &str = "\
    asc attestation b2 b2sum b3 blake3 blockmap bundle cer cert checksum checksums cms crc crc32 crt digest gpg html json jsonl log md md5 \
    md5sum metalink minisig p7s pem plist provenance sbom sha1 sha1sum sha224 sha256 sha256sum sha3 sha384 sha512 sha512sum sig sigstore \
    slsa spdx torrent txt xml yaml yml zsync";

/// The folder that is looked at, in the workspace.
struct Place<'a> {
    /// As nexy.toml names it.
    folder: &'a str,
    /// The workspace; an absolute path.
    root: PathBuf,
    /// Owner and group of the workspace, who shall own the folder: root may run the script.
    owner: Option<(u32, u32)>,
}

/// Looks, and judges; the commands of the finding are those of the script.
fn repair(context: &Context, recorded: Option<&[Artifact]>) -> Repair {
    let Target { layout, artifacts, .. } = &context.workspace.target;
    let root = absolute(&context.workspace.root).unwrap_or_else(|_| context.workspace.root.clone());
    let owner = permissions::look(&root).ok().map(|root| (root.uid, root.gid));
    judge(context.inbox(), &Place { folder: &layout.inbox, root, owner }, artifacts, recorded)
}

fn judge(inbox: &Inbox, place: &Place<'_>, rows: &[ArtifactRow], recorded: Option<&[Artifact]>) -> Repair {
    let known: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    let folder = place.folder;
    let expected = format!("{} in {folder}/, at least one of them", known.join(", "));
    let mut answer = AnswerBuilder::default();
    match &inbox.names {
        Ok(Some(names)) => judge_names(names, inbox, place, &known, recorded, &mut answer),
        Ok(None) => answer.fail_with_own_steps(format!("the folder {folder}/ does not exist"), place.make()),
        Err(because) => {
            answer.unknown(format!("{folder}/ cannot be listed: {because}"), Fix::command(format!("ls -ld {}", place.shown(""))));
        }
    }
    answer.repair(expected, again())
}

fn judge_names(
    names: &[String],
    inbox: &Inbox,
    place: &Place<'_>,
    known: &[&str],
    recorded: Option<&[Artifact]>,
    answer: &mut AnswerBuilder,
) {
    let folder = place.folder;
    let mut left_alone = Vec::new();
    let is_signature = |name: &str| known.iter().any(|row| signature::is_beside(row, name));
    for name in names.iter().filter(|name| !known.contains(&name.as_str()) && !is_ignored(name) && !is_signature(name)) {
        let shown = excerpt(name, 80);
        if let Some((paper, row)) = paper(name, known) {
            let is_misspelled = *name != paper && !names.contains(&paper);
            match names.iter().any(|other| other == row) {
                true if is_misspelled => answer.fail_with_own_steps(format!("{shown} is not spelled {paper}"), place.rename(name, &paper)),
                true => {}
                false => left_alone.push(shown),
            }
            continue;
        }
        let is_alone = |row: &str| names.iter().filter(|other| other.to_lowercase() == row.to_lowercase()).count() == 1;
        match likeness(name, known) {
            // With the right name taken, or two spellings there, a rename would destroy what lies there.
            Some(Likeness::Case(row)) if is_alone(row) => {
                answer.fail_with_own_steps(format!("{shown} is not spelled {row}"), place.rename(name, row));
            }
            Some(Likeness::Case(row) | Likeness::Copy(row)) => {
                let fix = Fix::note("wait until the copy has ended; if no program is copying, move it away:")
                    .then_command(format!("mv {} /tmp/", place.shown(name)));
                answer.fail(format!("{shown} may be a partial or second copy of {row}"), fix);
            }
            None => left_alone.push(shown),
        }
    }
    for found in &inbox.artifacts {
        judge_artifact(found, place, recorded, answer);
    }
    if inbox.artifacts.is_empty() {
        answer.fail(format!("{folder}/ holds no artifact"), Fix::note(format!("copy {} into {folder}/", known.join(" or "))).then(again()));
    }
    let is_here = |artifact: &&Artifact| inbox.artifacts.iter().any(|found| found.row.name == artifact.name);
    for missing in recorded.unwrap_or_default().iter().filter(|artifact| !is_here(artifact)) {
        answer.fail(format!("the record holds {}, the inbox does not", missing.name), again());
    }
    if !left_alone.is_empty() {
        answer.pass(format!("left alone: {}", left_alone.join(", ")));
    }
}

fn again() -> Fix {
    Fix::note("start again from the bytes that lie there:").then_command("nexy-version record | nexy-gate before-publish -")
}

impl Place<'_> {
    fn path(&self, name: &str) -> PathBuf {
        let folder = self.root.join(self.folder);
        if name.is_empty() { folder } else { folder.join(name) }
    }

    /// A path as a person types it.
    fn shown(&self, name: &str) -> String {
        shell_word(&self.path(name).display().to_string())
    }

    /// Makes the folder, and every folder above it that is missing.
    fn make(&self) -> Vec<RepairStep> {
        let mut path = self.root.clone();
        let mut steps = Vec::new();
        for part in Path::new(self.folder) {
            path.push(part);
            let Some(path) = path.to_str().and_then(word) else { return Vec::new() };
            steps.push(RepairStep::new(format!("mkdir -p {path}")));
            steps.extend(self.owner.map(|(uid, gid)| RepairStep::new(format!("chown -h {uid}:{gid} {path}"))));
        }
        steps
    }

    /// Moves a file to its exact name, unless that name has come meanwhile. The script looks into the list of names, since some
    /// file systems open a file under another spelling too.
    fn rename(&self, name: &str, right: &str) -> Vec<RepairStep> {
        let path_word = |name: &str| self.path(name).to_str().and_then(word);
        if name.contains(['*', '?', '[', '\\']) {
            // `find` would take it for a pattern.
            return Vec::new();
        }
        let words = (path_word(""), word(name), word(right), path_word(name), path_word(right));
        let (Some(folder), Some(old), Some(new), Some(from), Some(to)) = words else { return Vec::new() };
        let found = |name: &str| format!("\"$(find {folder} -maxdepth 1 -name {name})\"");
        let step = RepairStep::new(format!("mv {from} {to}"));
        vec![step.only_if(format!("[ -n {} ] && [ -z {} ]", found(&old), found(&new)))]
    }
}

/// The build receipt that a name stands for, as it is spelled, and the artifact that it belongs to.
fn paper<'a>(name: &str, known: &[&'a str]) -> Option<(String, &'a str)> {
    known.iter().map(|row| (build_receipt::name_of(row), *row)).find(|(paper, _)| paper.to_lowercase() == name.to_lowercase())
}

fn judge_artifact(found: &Found, place: &Place<'_>, recorded: Option<&[Artifact]>, answer: &mut AnswerBuilder) {
    let name = &found.row.name;
    let bytes = match &found.bytes {
        Ok(bytes) => bytes,
        Err(Fault::Refused(because)) => {
            return answer.fail(format!("{name}: {because}"), Fix::note(format!("copy the finished {name} into {}/", place.folder)));
        }
        Err(Fault::Unreadable(because)) => {
            return answer.unknown(format!("{name}: {because}"), Fix::command(format!("ls -l {}", place.shown(name))));
        }
    };
    let here = format!("{name} {} bytes {}", bytes.size_bytes, bytes.sha256.short());
    match recorded.map(|recorded| recorded.iter().find(|artifact| artifact.name == *name)) {
        None => answer.pass(here),
        Some(None) => answer.fail(format!("{name} lies in the inbox, but not in the record"), again()),
        Some(Some(artifact)) if artifact.size_bytes == bytes.size_bytes && artifact.sha256 == bytes.sha256 => answer.pass(here),
        Some(Some(artifact)) => {
            let recorded = format!("{} bytes {}", artifact.size_bytes, artifact.sha256.short());
            answer.fail(format!("{here}, but the record is about {recorded}"), again());
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
        let beside = lower.strip_prefix(&wanted).and_then(|rest| rest.strip_prefix('.'));
        if beside.and_then(|rest| rest.rsplit('.').next()).is_some_and(|ending| BESIDE.split_whitespace().any(|known| known == ending)) {
            None
        } else if lower == wanted {
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
    use crate::tests::says;
    use crate::{gate::Answer, observed::inbox::Bytes};
    use nexy_contract::{Sha256Digest, target_file::ArtifactKind};

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
        repair_of(inbox, recorded).now
    }

    fn repair_of(inbox: &Inbox, recorded: Option<&[Artifact]>) -> Repair {
        judge(inbox, &Place { folder: "inbox", root: "/w s".into(), owner: Some((7, 8)) }, &rows(), recorded)
    }

    fn commands(names: &[&str]) -> Vec<String> {
        repair_of(&inbox(names, None), None).steps.into_iter().map(|step| step.command).collect()
    }

    fn recorded(name: &str, content: &[u8]) -> Artifact {
        let bytes = bytes(content);
        Artifact { name: name.into(), channel: "Fixed".into(), size_bytes: bytes.size_bytes, sha256: bytes.sha256, live: None }
    }

    #[test]
    fn one_artifact_is_enough_and_leftovers_of_file_managers_do_not_matter() {
        let answer = asked(&inbox(&[".DS_Store", "._A.dmg", ".gitkeep", "A.dmg", "A.dmg.sig", "notes.txt"], Some(Ok(bytes(b"x")))), None);
        says(&answer, Verdict::Pass, "A.dmg 1 bytes");
        says(&answer, Verdict::Pass, "left alone: notes.txt");
    }

    #[test]
    fn an_empty_or_missing_inbox_fails_and_one_that_cannot_be_listed_is_unknown() {
        assert_eq!(asked(&inbox(&[".gitkeep"], None), None).verdict, Verdict::Fail);
        let missing = Inbox { names: Ok(None), artifacts: vec![] };
        assert_eq!(asked(&missing, None).fix.text(), "mkdir -p '/w s/inbox'\nchown -h 7:8 '/w s/inbox'");
        let closed = Inbox { names: Err("permission denied".into()), artifacts: vec![] };
        assert_eq!(asked(&closed, None).verdict, Verdict::Unknown);
    }

    #[test]
    fn a_build_receipt_belongs_to_its_artifact_and_is_no_copy_of_it() {
        let answer = asked(&inbox(&["A.dmg", "A.dmg.receipt.json", "A.pkg.receipt.json"], Some(Ok(bytes(b"x")))), None);
        assert_eq!(answer.verdict, Verdict::Pass, "{answer:?}");
        assert!(answer.found.ends_with("left alone: A.pkg.receipt.json"), "{}", answer.found);
        let answer = asked(&inbox(&["A.dmg", "a.dmg.Receipt.json"], Some(Ok(bytes(b"x")))), None);
        let fix = "mv '/w s/inbox/a.dmg.Receipt.json' '/w s/inbox/A.dmg.receipt.json'";
        assert_eq!((answer.verdict, answer.fix.text().as_str()), (Verdict::Fail, fix));
        assert_eq!(asked(&inbox(&["A.dmg", "A.dmg.receipt.json.part"], Some(Ok(bytes(b"x")))), None).verdict, Verdict::Fail);
    }

    #[test]
    fn what_programs_write_beside_an_artifact_is_no_copy_of_it() {
        for name in ["A.dmg.sha256", "A.dmg.blockmap", "A.dmg.SHA512", "A.pkg.asc", "A.dmg.intoto.jsonl", "A.dmg.sbom.json", "SHA256SUMS"] {
            says(&asked(&inbox(&["A.dmg", name], Some(Ok(bytes(b"x")))), None), Verdict::Pass, &format!("left alone: {name}"));
        }
    }

    #[test]
    fn look_alikes_are_named() {
        for name in ["a.dmg", "A.dmg.part", "A.dmg.crdownload", ".A.dmg.Xy12", "A (1).dmg", "A copy.pkg"] {
            let answer = asked(&inbox(&["A.dmg", name], Some(Ok(bytes(b"x")))), None);
            says(&answer, Verdict::Fail, name);
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

    #[test]
    fn one_misspelled_name_is_moved_and_no_file_is_ever_moved_over_another() {
        let steps = repair_of(&inbox(&["a.DMG", "notes.txt"], None), None).steps;
        let guard = "[ -n \"$(find '/w s/inbox' -maxdepth 1 -name a.DMG)\" ] && [ -z \"$(find '/w s/inbox' -maxdepth 1 -name A.dmg)\" ]";
        assert_eq!(steps, [RepairStep::new("mv '/w s/inbox/a.DMG' '/w s/inbox/A.dmg'").only_if(guard)]);
        for names in [&["A.dmg", "a.dmg"], &["A.DMG", "a.dmg"], &["A.dmg.part", "A copy.dmg"], &["a.dmg\u{1b}", "x"]] {
            assert_eq!(commands(names), [""; 0], "{names:?}");
        }
    }
}
