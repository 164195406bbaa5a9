//! Whether the manifest and its versioned copy lie on the VM as they were delivered, in every folder.

use super::deliver;
use crate::{
    context::Context,
    probe::{Answer, Explain, Probe},
};
use nexy_contract::{
    Fix, Sha256Digest,
    fix::{command, note},
    manifest::{ManifestFacts, rule::Rule},
    text,
};
use nexy_outside::{clock, fs::beneath};
use std::path::Path;

/// The row of the table.
pub(crate) const PROBE: Probe = Probe {
    id: "manifest-pair",
    asks: "Do manifest.json and manifest_VERSION.json lie in every manifest folder, equal and right?",
    profiles: &["local"],
    advice_in: &[],
    runbook: "S2 §3 Phase 2 step 4.1, S2 §6",
    explain: Explain {
        symptom: "A deployment or a hand has changed one of the manifests: the server announces another version after its next start, or falls back to the copy.",
        check: "Reads manifest.json and its copy in each folder of layout.manifest_dirs, byte for byte, and holds their fields against nexy.toml; with a record, also against the digest that was delivered.",
        fix: &[note("On the laptop, this writes both files into every folder:"), command("nexy-manifest check && make manifest-deliver")],
        verify: &[command("nexy-verify manifest-pair local-feed")],
    },
    check,
};

/// A manifest is a kilobyte; more than this is not one.
const MAX_BYTES: u64 = 1 << 20;

/// One file: its path, and its bytes or why there are none.
type Looked = (String, Result<Vec<u8>, Missing>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Missing {
    /// There is no such file.
    File,
    /// It could not be read, and why.
    Unreadable(String),
}

fn check(context: &Context) -> Answer {
    let (root, target) = (&context.workspace.root, &context.workspace.target);
    let read = |path: String| -> Looked {
        let bytes = beneath::read(root, Path::new(&path), MAX_BYTES)
            .map_err(|error| if error.is_missing() { Missing::File } else { Missing::Unreadable(error.because()) });
        (path, bytes)
    };
    let looked = target.layout.manifest_dirs.iter().flat_map(|folder| {
        let manifest = read(format!("{folder}/manifest.json"));
        let facts = manifest.1.as_ref().ok().and_then(|bytes| ManifestFacts::read(bytes).ok());
        let copy = facts.map(|facts| read(format!("{folder}/manifest_{}.json", facts.version)));
        [Some(manifest), copy].into_iter().flatten()
    });
    let row = target.feed_artifact();
    let url = row.map(|row| target.public_url(row)).unwrap_or_default();
    let rule = Rule::new(target, &url, row.map(|row| row.kind.word()).unwrap_or_default(), clock::now());
    let delivered = context.record.as_ref().and_then(|record| Some(record.manifests.first()?.sha256));
    judge(&looked.collect::<Vec<_>>(), &rule, delivered)
}

fn judge(looked: &[Looked], rule: &Rule<'_>, delivered: Option<Sha256Digest>) -> Answer {
    let wanted = "manifest.json and manifest_VERSION.json in every folder of layout.manifest_dirs, all of the same bytes";
    let fail = |found: String| Answer::fail(found, wanted, deliver());
    if let Some(path) = looked.iter().find_map(|(path, bytes)| (*bytes == Err(Missing::File)).then_some(path)) {
        return fail(format!("{path} does not exist"));
    }
    for (path, bytes) in looked {
        if let Err(Missing::Unreadable(because)) = bytes {
            let found = format!("cannot read {path}: {}", text::excerpt(because, 200));
            return Answer::unknown(found, wanted, Fix::command("sudo nexy-gate single-manifest"));
        }
    }
    let mut read = looked.iter().filter_map(|(path, bytes)| Some((path, bytes.as_ref().ok()?)));
    let Some((first, bytes)) = read.next() else { return fail("nexy.toml names no manifest folder".to_owned()) };
    if let Some((other, _)) = read.find(|(_, other)| *other != bytes) {
        return fail(format!("{first} and {other} differ"));
    }
    if let Some(fault) = rule.faults(bytes).iter().find(|fault| fault.is_served) {
        return fail(format!("{first}: {}", fault.said));
    }
    let digest = Sha256Digest::of(bytes);
    if let Some(other) = delivered.filter(|delivered| *delivered != digest) {
        return fail(format!("{first} is {}, the record has written {}", digest.short(), other.short()));
    }
    Answer::pass(format!(
        "{} files are equal, and say {}",
        looked.len(),
        ManifestFacts::read(bytes).map(|facts| facts.version.to_string()).unwrap_or_default()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexy_contract::{Target, Verdict};

    fn manifest(url: &str) -> Vec<u8> {
        let sha256 = "0".repeat(64);
        format!(r#"{{"version":"2.0.0.4","build":"2.0.0.4","artifact":{{"type":"dmg","url":"{url}","size":7,"sha256":"{sha256}"}}}}"#)
            .into_bytes()
    }

    #[test]
    fn a_pair_passes_only_whole_equal_and_right() {
        let target = Target::parse(include_str!("../../../../nexy.toml")).expect("the committed nexy.toml");
        let url = target.public_url(target.feed_artifact().expect("a feed artifact"));
        let rule = Rule::new(&target, &url, "dmg", clock::now());
        let good = || Ok(manifest(&url));
        let ask = |files: [Result<Vec<u8>, Missing>; 4], delivered| {
            let paths = ["a/manifest.json", "a/manifest_2.0.0.4.json", "b/manifest.json", "b/manifest_2.0.0.4.json"];
            let looked: Vec<Looked> = paths.map(str::to_owned).into_iter().zip(files).collect();
            judge(&looked, &rule, delivered)
        };
        let digest = Sha256Digest::of(&manifest(&url));
        for delivered in [None, Some(digest)] {
            let answer = ask([good(), good(), good(), good()], delivered);
            assert_eq!((answer.verdict, answer.found.as_str()), (Verdict::Pass, "4 files are equal, and say 2.0.0.4"));
        }
        let other = || Ok(b"{}".to_vec());
        let elsewhere = || Ok(manifest("https://example.test/Old.dmg"));
        for (files, delivered, verdict, found) in [
            ([good(), Err(Missing::File), good(), good()], None, Verdict::Fail, "a/manifest_2.0.0.4.json does not exist"),
            ([good(), good(), good(), other()], None, Verdict::Fail, "a/manifest.json and b/manifest_2.0.0.4.json differ"),
            ([other(), other(), other(), other()], None, Verdict::Fail, "a/manifest.json: "),
            ([elsewhere(), elsewhere(), elsewhere(), elsewhere()], None, Verdict::Fail, "sends clients to https://example.test/Old.dmg"),
            ([good(), good(), good(), good()], Some(Sha256Digest::of(b"")), Verdict::Fail, "the record has written"),
            ([good(), Err(Missing::Unreadable("a link is in its place".to_owned())), good(), good()], None, Verdict::Unknown, "a link"),
        ] {
            let answer = ask(files, delivered);
            assert!(answer.verdict == verdict && answer.found.contains(found), "{found}: {answer:?}");
        }
        assert_eq!(judge(&[], &rule, None).verdict, Verdict::Fail);
    }
}
