//! Probe: do users download the bytes that were released? Downloads each artifact as they do, and hashes it.

use crate::{
    context::Context,
    expected::{self, Manifest, NotKnown},
    fetch,
    probe::{Answer, Explain, Probe},
};
use nexy_contract::fix::{command, note};
use nexy_contract::{
    Fix, Sha256Digest,
    digest::RunningDigest,
    manifest::ManifestFacts,
    signature::{self, Verifying},
    text, url,
};
use nexy_outside::{
    frame::manifests,
    net::http::{Ask, Failure, Url},
};

/// The row of the table.
pub(crate) const PROBE: Probe = Probe {
    id: "live-artifact",
    asks: "Do users download the very bytes that were released?",
    profiles: &["updates", "release", "done"],
    advice_in: &[],
    runbook: "S3 §6.2, S2 §6",
    explain: Explain {
        symptom: "Clients refuse the update because its size is another one, or install bytes that were never released.",
        check: "GET the url of the manifest (with a record: of every artifact in it) without a token, to its end; size and SHA-256 must be the announced ones. With signature.public_keys, an ed25519 of the manifest must be one of these bytes.",
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
        let signed = signature_of(context, wanted);
        let mut verifying = signed.as_deref().and_then(signature::signature).map(|bytes| Verifying::new(keys(context), bytes));
        let answer = judge(wanted, &download(context, wanted, &mut verifying));
        if !answer.passes() {
            return answer;
        }
        passed.push(answer.found);
        match signed.as_deref().map(|text| (text, verifying.and_then(Verifying::confirmed_by))) {
            None => {}
            Some(("", _)) => passed.push("the manifest has no signature, as after a rollback".to_owned()),
            Some((_, Some(_))) => passed.push("the manifest's ed25519 is right".to_owned()),
            Some((_, None)) => return unsigned(wanted),
        }
    }
    Answer::pass(passed.join("; "))
}

fn keys(context: &Context) -> &[String] {
    &context.workspace.target.signature.public_keys
}

/// What the manifest of the workspace says as the signature of these bytes; `None` when nexy.toml names no key to verify it with.
fn signature_of(context: &Context, wanted: &Manifest) -> Option<String> {
    let found = manifests::read_all(&context.workspace).ok().filter(|_| !keys(context).is_empty())?;
    let facts = ManifestFacts::read(found.first()?.bytes.as_ref()?).ok()?;
    (facts.sha256 == wanted.sha256).then_some(facts.ed25519)
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

/// Status, size and digest of a whole body; `None` for more than any artifact may have.
type Download = Result<Option<(u16, u64, Sha256Digest)>, NotKnown>;

fn download(context: &Context, wanted: &Manifest, verifying: &mut Option<Verifying>) -> Download {
    let limits = &context.workspace.target.limits;
    let Some(url) = Url::parse(&wanted.url).filter(Url::is_safe) else {
        // `judge` speaks of the URL before it looks at what came.
        let because = format!("`{}` is no URL to download from", text::excerpt(&wanted.url, 160));
        return Err(NotKnown { because, fix: Fix::none() });
    };
    let most = limits.artifact_max_bytes.max(wanted.size_bytes);
    let ask = Ask::get(url, limits.transfer_timeout(wanted.size_bytes), most);
    let mut digest = RunningDigest::default();
    let mut take = |piece: &[u8]| {
        digest.update(piece);
        verifying.iter_mut().for_each(|verifying| verifying.absorb(piece));
    };
    match context.http.download(&ask, &mut take) {
        Ok(answer) => Ok(Some((answer.status, answer.body_bytes, digest.finish()))),
        Err(error) if error.kind == Failure::TooLarge => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn judge(wanted: &Manifest, download: &Download) -> Answer {
    let url = text::excerpt(&wanted.url, 160);
    let right = format!("{} bytes, sha256 {} (from {})", wanted.size_bytes, wanted.sha256, wanted.origin);
    let show = Fix::command("nexy-publish show").then_note("then publish the right bytes again, and deliver their manifest");
    if !url::is_safe(&wanted.url) {
        let found = format!("{} names {url}, which is not a plain https URL, so clients refuse it", wanted.origin);
        return Answer::fail(found, right, Fix::command("nexy-manifest check"));
    }
    let (status, size_bytes, sha256) = match download {
        Err(not_known) => return not_known.answer(right),
        Ok(None) => return Answer::fail(format!("{url} is larger than any artifact may be"), right, show),
        Ok(Some(whole)) => *whole,
    };
    if fetch::is_from_intermediary(status) {
        let found = format!("{url} was answered with {status}, which is not GitHub's word about the file");
        let look = format!("curl -sSIL {}", text::shell_word(&wanted.url));
        return Answer::unknown(found, right, Fix::note("wait a minute, then look at what answers there:").then_command(look));
    }
    if status >= 500 {
        let again = Fix::note("wait a minute, then ask again:").then_command("nexy-verify live-artifact");
        return Answer::unknown(format!("{url} answers {status}"), right, again);
    }
    if status != 200 {
        return Answer::fail(format!("{url} answers {status}"), right, show);
    }
    if size_bytes != wanted.size_bytes || sha256 != wanted.sha256 {
        return Answer::fail(format!("{url} is {size_bytes} bytes, sha256 {sha256}"), right, show);
    }
    Answer::pass(format!("{url} is {size_bytes} bytes, sha256 {}", sha256.short()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexy_contract::{ReleaseVersion, Verdict};

    fn wanted(url: &str) -> Manifest {
        Manifest {
            version: ReleaseVersion::new([2, 0, 0, 4]),
            url: url.to_owned(),
            size_bytes: 5,
            sha256: Sha256Digest::of(b"bytes"),
            origin: "the record".to_owned(),
        }
    }

    fn verdict(download: &Download) -> Verdict {
        judge(&wanted("https://h/Nexy.dmg"), download).verdict
    }

    fn whole(status: u16, bytes: &[u8]) -> Download {
        Ok(Some((status, bytes.len() as u64, Sha256Digest::of(bytes))))
    }

    #[test]
    fn only_the_very_bytes_under_200_pass() {
        assert_eq!(verdict(&whole(200, b"bytes")), Verdict::Pass);
        for (status, bytes) in [(200, &b"bytez"[..]), (200, b"byte"), (200, b""), (206, b"bytes"), (404, b"bytes"), (403, b"")] {
            let answer = judge(&wanted("https://h/Nexy.dmg"), &whole(status, bytes));
            assert_eq!(answer.verdict, Verdict::Fail, "{status} {bytes:?}");
            assert!(answer.fix.text().starts_with("nexy-publish show"), "{answer:?}");
        }
        assert_eq!(verdict(&Ok(None)), Verdict::Fail);
    }

    #[test]
    fn two_sets_of_bytes_under_one_url_are_a_no_before_anything_is_downloaded() {
        let published = wanted("https://h/Nexy.dmg");
        let told = Manifest { sha256: Sha256Digest::of(b"older"), origin: "manifest.json".to_owned(), ..published.clone() };
        assert_eq!(contradiction(&[published.clone(), wanted("https://h/Nexy.pkg")]), None);
        let answer = contradiction(&[published, told]).expect("they contradict each other");
        assert_eq!(answer.verdict, Verdict::Fail);
        assert!(
            answer.found.contains("(from the record), but clients are told") && answer.fix.text().contains("nexy-manifest write -"),
            "{answer:?}"
        );
    }

    #[test]
    fn an_outage_says_nothing_about_the_bytes() {
        for status in [429, 500, 502, 503, 407] {
            assert_eq!(verdict(&whole(status, b"bytes")), Verdict::Unknown, "{status}");
        }
        assert_eq!(verdict(&Err(NotKnown { because: "broke off".to_owned(), fix: Fix::note("again") })), Verdict::Unknown);
    }

    #[test]
    fn a_url_that_clients_refuse_fails_whatever_it_brings() {
        for url in ["http://h/Nexy.dmg", "file:///Nexy.dmg", "Nexy.dmg"] {
            assert_eq!(judge(&wanted(url), &whole(200, b"bytes")).verdict, Verdict::Fail, "{url}");
        }
        assert_eq!(judge(&wanted("http://127.0.0.1:1/Nexy.dmg"), &whole(200, b"bytes")).verdict, Verdict::Pass);
    }
}
