//! Probe: do users download the bytes that were released? Downloads each artifact as they do, and hashes it.

use crate::{
    context::Context,
    download,
    expected::{self, Manifest},
    probe::{Answer, Explain, Probe},
};
use nexy_contract::fix::{command, note};
use nexy_contract::{Fix, text};

/// The row of the table.
pub(crate) const PROBE: Probe = Probe {
    id: "live-artifact",
    asks: "Do users download the very bytes that were released?",
    profiles: &["updates", "release", "done"],
    advice_in: &[],
    runbook: "S3 §6.2, S2 §6",
    explain: Explain {
        symptom: "Clients refuse the update because its size is another one or it redirects too often, or install bytes that were never released.",
        check: "GET the url of the manifest (with a record: of every artifact in it) without a token, over at most 10 redirects as the client follows them, to its end; size and SHA-256 must be the announced ones. With signature.public_keys, an ed25519 of the manifest must be one of these bytes. While --wait asks again, the bytes come once more only when the server has others (ETag).",
        fix: &[command("nexy-publish show"), note("Then publish the right bytes again and deliver their manifest.")],
        verify: &[command("nexy-verify live-artifact")],
    },
    check,
};

fn check(context: &Context) -> Answer {
    if let Some(answer) = context.broken_here() {
        return answer;
    }
    let downloads = match expected::downloads(context.record.as_ref(), context.manifest()) {
        Ok(downloads) => downloads,
        Err(not_known) => return not_known.answer("a size and a digest to compare with"),
    };
    if let Some(answer) = contradiction(&downloads) {
        return answer;
    }
    // The first that is not right is the answer; the next one would take minutes and change nothing.
    let mut passed = Vec::new();
    for wanted in &downloads {
        let downloaded = download::download(context, wanted);
        let answer = download::judge(wanted, &downloaded);
        if !answer.passes() {
            return answer;
        }
        passed.push(answer.found);
        match downloaded.ok().and_then(Result::ok).and_then(|downloaded| downloaded.signed) {
            None => {}
            Some((text, _)) if text.is_empty() => passed.push("the manifest has no signature, as after a rollback".to_owned()),
            Some((_, true)) => passed.push("the manifest's ed25519 is right".to_owned()),
            Some((_, false)) => return unsigned(wanted),
        }
    }
    Answer::pass(passed.join("; "))
}

fn unsigned(wanted: &Manifest) -> Answer {
    Answer::fail(
        format!("the manifest's ed25519 is no signature of {} by a key of nexy.toml", wanted.sha256.short()),
        "a signature of these bytes by one of signature.public_keys, or none",
        Fix::note("on the laptop that released it, write the manifest again from what was verified:")
            .then_command("make manifest-sync manifest-deliver"),
    )
}

/// One URL cannot hold two sets of bytes: the artifact was published, and its manifest was never written.
fn contradiction(downloads: &[Manifest]) -> Option<Answer> {
    let (first, other) = downloads
        .iter()
        .enumerate()
        .find_map(|(index, first)| Some((first, downloads[index + 1..].iter().find(|other| other.url == first.url)?)))?;
    let bytes = |of: &Manifest| format!("{} bytes, sha256 {} (from {})", of.size_bytes, of.sha256.short(), of.origin);
    Some(Answer::fail(
        format!("{} is {}, but clients are told {}", text::excerpt(&first.url, 160), bytes(first), bytes(other)),
        "a manifest that describes the bytes that are live",
        Fix::note("with the record that nexy-publish printed:").then_command("nexy-manifest write - <RECORD | scripts/manifest_to_vm.sh -"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexy_contract::{ReleaseVersion, Sha256Digest, Verdict};

    #[test]
    fn two_sets_of_bytes_under_one_url_are_a_no_before_anything_is_downloaded() {
        let published = Manifest {
            version: ReleaseVersion::new([2, 0, 0, 4]),
            url: "https://h/Nexy.dmg".to_owned(),
            size_bytes: 5,
            sha256: Sha256Digest::of(b"bytes"),
            origin: "the record".to_owned(),
        };
        let package = Manifest { url: "https://h/Nexy.pkg".to_owned(), ..published.clone() };
        let told = Manifest { sha256: Sha256Digest::of(b"older"), origin: "manifest.json".to_owned(), ..published.clone() };
        assert_eq!(contradiction(&[published.clone(), package]), None);
        let answer = contradiction(&[published, told]).expect("they contradict each other");
        assert_eq!(answer.verdict, Verdict::Fail);
        assert!(
            answer.found.contains("(from the record), but clients are told") && answer.fix.text().contains("nexy-manifest write -"),
            "{answer:?}"
        );
    }
}
