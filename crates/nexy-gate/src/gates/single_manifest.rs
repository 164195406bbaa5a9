//! The update server has one manifest to read, and no older one to fall back to.

use crate::{
    answer_builder::AnswerBuilder,
    context::Context,
    gate::{Answer, Explain, Gate, Machine, Takes},
    permissions::{as_owner_of_folder, set_aside},
};
use nexy_contract::Fix;
use nexy_contract::fix::{command, note};
use nexy_contract::{
    manifest::ManifestFacts,
    text::{excerpt, shell_word},
};
use nexy_outside::fs::{
    files::{self, FileError},
    root_fs::RootFs,
};
use std::{io::ErrorKind, path::Path};

pub(crate) const GATE: Gate = Gate {
    id: "single-manifest",
    asks: "Does every manifest folder hold the same sound manifest, and nothing else that the server could serve in its place?",
    profiles: &["hard"],
    runbook: "S2 §3 Phase 2 step 6, S2 §4.9, S0 §5.9",
    at: Machine::Vm,
    takes: Takes::Files,
    explain: Explain {
        symptom: "Clients are sent to a download that is gone, or to another one than the manifest beside it says: the server read the other \
                  folder, or fell back to the newest manifest_*.json because manifest.json was missing or broken.",
        check: "Reads manifest.json and every manifest_*.json in each folder of layout.manifest_dirs. All must be there, equal byte for byte, \
                and say what clients need; a manifest_*.json may only be a copy of it. It is not compared with VERSION.",
        fix: &[
            command("make manifest-deliver"),
            note("on the laptop fills every folder and removes older versioned copies. For any other stray:"),
            command("sudo mv --backup=numbered -T -- FILE FILE.kept"),
            note(
                "That goes for manifest_beta.json too: while it is there, a broken manifest.json sends every \
                     client to the beta; without it the beta feed shows the stable manifest.",
            ),
        ],
        verify: &[command("sudo nexy-gate single-manifest"), command("nexy-verify feed live-artifact")],
    },
    check,
    repair: None,
};

/// A manifest is a kilobyte; more than this is not one.
const MAX_BYTES: u64 = 1 << 20;
const NAME: &str = "manifest.json";
const EXPECTED: &str = "one sound manifest.json, the same bytes in every folder of layout.manifest_dirs, and no other manifest_*.json";
const AGAIN: &str = "sudo nexy-gate single-manifest";
/// What the beta feed is made from, when it is there.
const BETA: &str = "manifest_beta.json";
const STRAYS_SHOWN: usize = 5;

/// What one path gave; `Err` holds why it cannot be determined.
type Looked = Result<Seen, String>;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    Bytes(Vec<u8>),
    Missing,
    TooLarge,
}

/// One folder of `layout.manifest_dirs`.
#[derive(Debug)]
struct Folder {
    path: String,
    /// What a command begins with that renames something in it.
    as_owner: Option<String>,
    /// `None` when there is no such folder.
    holds: Result<Option<Contents>, String>,
}

#[derive(Debug)]
struct Contents {
    manifest: Looked,
    /// Whatever else the server's pattern finds, by name.
    others: Vec<(String, Looked)>,
}

fn check(context: &Context) -> Answer {
    let workspace = &context.workspace;
    let folder = |folder: &String| {
        if context.tree.is_here() {
            return look(&context.tree, &workspace.path(folder));
        }
        look(&context.tree, &Path::new(&workspace.target.vm.checkout).join(folder))
    };
    let folders: Vec<Folder> = workspace.target.layout.manifest_dirs.iter().map(folder).collect();
    judge(&folders)
}

fn look(tree: &RootFs, folder: &Path) -> Folder {
    let contents = |names: Vec<String>| Contents {
        manifest: read(tree, &folder.join(NAME)),
        others: names.into_iter().filter(|name| is_fallback(name)).map(|name| (name.clone(), read(tree, &folder.join(name)))).collect(),
    };
    let holds = match tree.find(folder).and_then(|place| files::list(&place)) {
        Ok(names) => Ok(names.map(contents)),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error.because()),
    };
    Folder { path: folder.display().to_string(), as_owner: as_owner_of_folder(tree, &folder.join(NAME)), holds }
}

fn read(tree: &RootFs, path: &Path) -> Looked {
    match tree.find(path).and_then(|place| files::read(&place, MAX_BYTES)) {
        Ok(bytes) => Ok(Seen::Bytes(bytes)),
        Err(error) if error.is_missing() => Ok(Seen::Missing),
        Err(FileError { source, .. }) if source.kind() == ErrorKind::FileTooLarge => Ok(Seen::TooLarge),
        Err(error) => Err(error.because()),
    }
}

/// The server's own pattern, `manifest_*.json`: it takes the newest of them, whatever the rest of the name says.
fn is_fallback(name: &str) -> bool {
    name.strip_prefix("manifest_").is_some_and(|rest| rest.ends_with(".json"))
}

fn judge(folders: &[Folder]) -> Answer {
    let mut builder = AnswerBuilder::default();
    let mut first: Option<(&str, &[u8])> = None;
    for folder in folders {
        let contents = match &folder.holds {
            Ok(Some(contents)) => contents,
            Ok(None) => {
                builder.fail(format!("the folder {} does not exist", folder.path), deliver());
                continue;
            }
            Err(because) => {
                builder.unknown(format!("cannot look into {}: {because}", folder.path), Fix::command(AGAIN));
                continue;
            }
        };
        let manifest = judge_manifest(&folder.path, &contents.manifest, &mut builder);
        match (manifest, first) {
            (Some(bytes), None) => first = Some((&folder.path, bytes)),
            (Some(bytes), Some((other, those))) if bytes != those => {
                builder.fail(format!("{other}/{NAME} and {}/{NAME} differ", folder.path), deliver());
            }
            _ => {}
        }
        judge_others(folder, manifest, &contents.others, &mut builder);
    }
    builder.answer(EXPECTED)
}

/// The bytes of a folder's manifest, sound or not; `None` when there are none.
fn judge_manifest<'a>(folder: &str, manifest: &'a Looked, builder: &mut AnswerBuilder) -> Option<&'a [u8]> {
    let path = format!("{folder}/{NAME}");
    let bytes = match manifest {
        Ok(Seen::Bytes(bytes)) => bytes,
        Ok(Seen::Missing) => {
            builder.fail(format!("{path} does not exist"), deliver());
            return None;
        }
        Ok(Seen::TooLarge) => {
            builder.fail(format!("{path} is larger than 1 MiB, so it is not a manifest"), deliver());
            return None;
        }
        Err(because) => {
            builder.unknown(format!("cannot read {path}: {because}"), Fix::command(AGAIN));
            return None;
        }
    };
    match std::str::from_utf8(bytes).map(ManifestFacts::read) {
        Ok(Ok(facts)) => builder.pass(format!("{path} says {} · {}", facts.version, facts.sha256.short())),
        Ok(Err(error)) => builder.fail(format!("{path} {error}"), deliver()),
        Err(_) => builder.fail(format!("{path} is not UTF-8"), deliver()),
    }
    Some(bytes)
}

fn judge_others(
    Folder { path: folder, as_owner, .. }: &Folder,
    manifest: Option<&[u8]>,
    others: &[(String, Looked)],
    builder: &mut AnswerBuilder,
) {
    let mut strays: Vec<&str> = Vec::new();
    for (name, looked) in others {
        match looked {
            Ok(Seen::Bytes(bytes)) if manifest == Some(bytes.as_slice()) => {}
            Ok(_) => strays.push(name),
            Err(because) => {
                let path = format!("{folder}/{name}");
                let fix = Fix::command(format!("ls -ld {}", shell_word(&path))).then_command(AGAIN);
                builder.unknown(format!("cannot read {}: {because}", excerpt(&path, 300)), fix);
            }
        }
    }
    if strays.is_empty() {
        return;
    }
    let mut named: Vec<String> = strays.iter().take(STRAYS_SHOWN).map(|name| excerpt(name, 100)).collect();
    if strays.len() > STRAYS_SHOWN {
        named.push(format!("{} more", strays.len() - STRAYS_SHOWN));
    }
    let beside =
        if manifest.is_some() { "no copy of manifest.json" } else { "what the server would serve, since manifest.json is not there" };
    let found = format!("{folder} holds {}: {beside}, and the server falls back to the newest of such files", named.join(", "));
    builder.fail(found, moves(folder, as_owner.as_deref(), &strays));
}

fn deliver() -> Fix {
    Fix::note("on the laptop:").then_command("make manifest-deliver")
}

/// Nothing is removed: an unknown file may be the only one of its kind.
fn moves(folder: &str, as_owner: Option<&str>, strays: &[&str]) -> Fix {
    let is_plain = |name: &&str| !name.chars().any(char::is_control) && !name.contains('\u{fffd}');
    if !strays.iter().all(is_plain) {
        // A name that cannot be shown as it is cannot be typed as it is.
        return Fix::command(format!("ls -lb {}", shell_word(folder))).then_note("move away what was found there");
    }
    let fix = strays.iter().fold(Fix::none(), |fix, name| fix.then(set_aside(as_owner, &format!("{folder}/{name}"))));
    if strays.contains(&BETA) { fix.then_note("from then on the beta feed shows the stable manifest") } else { fix }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexy_contract::{Sha256Digest, Verdict};

    fn manifest(version: &str) -> Seen {
        let sha256 = Sha256Digest::of(version.as_bytes());
        Seen::Bytes(
            format!(
                r#"{{"version":"{version}","build":"{version}","artifact":{{"type":"dmg","url":"https://x/A.dmg","size":9,"sha256":"{sha256}"}}}}"#
            )
            .into_bytes(),
        )
    }

    fn folder(path: &str, manifest: Looked, others: &[(&str, Looked)]) -> Folder {
        let others = others.iter().map(|(name, looked)| ((*name).to_owned(), looked.clone())).collect();
        Folder { path: path.to_owned(), as_owner: Some("sudo ".to_owned()), holds: Ok(Some(Contents { manifest, others })) }
    }

    fn text(text: &str) -> Looked {
        Ok(Seen::Bytes(text.as_bytes().to_vec()))
    }

    #[test]
    fn equal_manifests_with_copies_of_themselves_pass() {
        let new = || Ok(manifest("2.0.0.4"));
        let answer = judge(&[folder("/a", new(), &[("manifest_2.0.0.4.json", new())]), folder("/b", new(), &[])]);
        assert_eq!(answer.verdict, Verdict::Pass);
        assert!(answer.found.contains("/a/manifest.json says 2.0.0.4"), "{}", answer.found);
    }

    #[test]
    fn whatever_the_server_could_read_otherwise_is_a_no() {
        let new = || Ok(manifest("2.0.0.4"));
        let good = || folder("/a", new(), &[]);
        let no_folder = Folder { path: "/b".to_owned(), as_owner: Some("sudo ".to_owned()), holds: Ok(None) };
        for (second, said) in [
            (folder("/b", Ok(manifest("2.0.0.3")), &[]), "/a/manifest.json and /b/manifest.json differ"),
            (folder("/b", Ok(Seen::Missing), &[]), "/b/manifest.json does not exist"),
            (folder("/b", Ok(Seen::TooLarge), &[]), "larger than 1 MiB"),
            (folder("/b", text("{"), &[]), "/b/manifest.json is no JSON object"),
            (folder("/b", Ok(Seen::Bytes(vec![0xff])), &[]), "/b/manifest.json is not UTF-8"),
            (no_folder, "the folder /b does not exist"),
            (folder("/b", new(), &[("manifest_2.0.0.3.json", Ok(manifest("2.0.0.3")))]), "/b holds manifest_2.0.0.3.json: no copy"),
            (folder("/b", new(), &[("manifest_beta.json", Ok(Seen::Missing))]), "/b holds manifest_beta.json"),
            (folder("/b", new(), &[("manifest_tmp.json", Ok(Seen::TooLarge))]), "/b holds manifest_tmp.json"),
            (folder("/b", Ok(Seen::Missing), &[("manifest_2.0.0.4.json", new())]), "what the server would serve"),
        ] {
            let answer = judge(&[good(), second]);
            assert_eq!(answer.verdict, Verdict::Fail, "{said}");
            assert!(answer.found.contains(said), "{said}: {}", answer.found);
        }
    }

    #[test]
    fn equal_bytes_that_clients_cannot_use_are_a_no() {
        let broken = || text(r#"{"version":"2.0.0.4","build":20004}"#);
        assert_eq!(judge(&[folder("/a", broken(), &[]), folder("/b", broken(), &[])]).verdict, Verdict::Fail);
    }

    #[test]
    fn what_cannot_be_read_is_unknown_and_hides_no_fault() {
        let hidden = || Err("permission denied".to_owned());
        let new = || Ok(manifest("2.0.0.4"));
        let closed = || Folder { path: "/b".to_owned(), as_owner: Some("sudo ".to_owned()), holds: Err("permission denied".to_owned()) };
        for second in [closed(), folder("/b", hidden(), &[]), folder("/b", new(), &[("manifest_x.json", hidden())])] {
            assert_eq!(judge(&[folder("/a", new(), &[]), second]).verdict, Verdict::Unknown);
        }
        assert_eq!(judge(&[folder("/a", Ok(Seen::Missing), &[]), closed()]).verdict, Verdict::Fail);
        assert_eq!(judge(&[]).verdict, Verdict::Unknown);
    }

    #[test]
    fn the_pattern_is_the_servers() {
        for name in ["manifest_2.0.0.3.json", "manifest_beta.json", "manifest_.json", "manifest_tmp.old.json"] {
            assert!(is_fallback(name), "{name}");
        }
        for name in
            ["manifest.json", "manifest.json.backup.20260214_132500", "manifest_2.0.0.3.json.kept", "Manifest_1.json", "manifest_json"]
        {
            assert!(!is_fallback(name), "{name}");
        }
    }

    #[test]
    fn every_stray_gets_its_command_and_a_name_that_cannot_be_typed_gets_none() {
        assert_eq!(
            moves("/a b", Some("sudo "), &["manifest_1.json"]).text(),
            "sudo mv --backup=numbered -T -- '/a b/manifest_1.json' '/a b/manifest_1.json.kept'"
        );
        assert!(moves("/a", Some("sudo "), &[BETA]).text().ends_with(".kept\nfrom then on the beta feed shows the stable manifest"));
        assert_eq!(
            moves("/a", Some("sudo "), &["manifest_1.json", "manifest_\n.json"]).text(),
            "ls -lb /a\nmove away what was found there"
        );
    }
}
