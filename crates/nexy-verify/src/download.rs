//! Downloads an artifact as the shipped client does, and hashes all its bytes; the same bytes are not fetched twice in one run.

use crate::{
    context::{Context, Downloaded},
    expected::{Manifest, NotKnown},
    fetch,
    probe::Answer,
};
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

/// A whole download, or why no client could make use of it; outside of both, why nothing is known.
pub(crate) type Download = Result<Result<Downloaded, String>, NotKnown>;

/// What the manifest of the workspace says as the signature of these bytes; `None` when nexy.toml names no key to verify it with.
pub(crate) fn signature_of(context: &Context, sha256: Sha256Digest) -> Option<String> {
    let found = manifests::read_all(&context.workspace).ok().filter(|_| !keys(context).is_empty())?;
    let facts = ManifestFacts::read(found.first()?.bytes.as_ref()?).ok()?;
    (facts.sha256 == sha256).then_some(facts.ed25519)
}

fn keys(context: &Context) -> &[String] {
    &context.workspace.target.signature.public_keys
}

/// Downloads, unless the server says that it still has the bytes that came before.
pub(crate) fn download(context: &Context, wanted: &Manifest) -> Download {
    let limits = &context.workspace.target.limits;
    let Some(url) = Url::parse(&wanted.url).filter(Url::is_safe) else {
        // `judge` speaks of the URL before it looks at what came.
        let because = format!("`{}` is no URL to download from", text::excerpt(&wanted.url, 160));
        return Err(NotKnown { because, fix: Fix::none() });
    };
    let ed25519 = signature_of(context, wanted.sha256);
    let kept = context.downloads.borrow().get(&wanted.url).cloned();
    let kept = kept.filter(|(_, kept)| kept.signed.as_ref().map(|(text, _)| text) == ed25519.as_ref());
    let most = limits.artifact_max_bytes.max(wanted.size_bytes);
    let ask = Ask::get(url, limits.transfer_timeout(wanted.size_bytes), most);
    let ask = kept.iter().fold(ask, |ask, (tag, _)| ask.header("If-None-Match", tag));
    let mut digest = RunningDigest::default();
    let mut verifying = ed25519.as_deref().and_then(signature::signature).map(|bytes| Verifying::new(keys(context), bytes));
    let mut take = |piece: &[u8]| {
        digest.update(piece);
        verifying.iter_mut().for_each(|verifying| verifying.absorb(piece));
    };
    let answer = match context.http.download(&ask, &mut take) {
        Ok(answer) => answer,
        Err(error) if matches!(error.kind, Failure::TooLarge | Failure::EndlessRedirects) => return Ok(Err(error.said)),
        Err(error) => return Err(error.into()),
    };
    if let (304, Some((_, kept))) = (answer.status, kept) {
        return Ok(Ok(kept));
    }
    let signed = ed25519.map(|text| (text, verifying.and_then(Verifying::confirmed_by).is_some()));
    let downloaded = Downloaded { status: answer.status, size_bytes: answer.body_bytes, sha256: digest.finish(), signed };
    if let Some(tag) = answer.header("ETag").filter(|_| answer.status == 200) {
        context.downloads.borrow_mut().insert(wanted.url.clone(), (tag.to_owned(), downloaded.clone()));
    }
    Ok(Ok(downloaded))
}

/// Whether exactly the wanted bytes came.
pub(crate) fn judge(wanted: &Manifest, download: &Download) -> Answer {
    let url = text::excerpt(&wanted.url, 160);
    let right = format!("{} bytes, sha256 {} (from {})", wanted.size_bytes, wanted.sha256, wanted.origin);
    let show = Fix::command("nexy-publish show").then_note("then publish the right bytes again, and deliver their manifest");
    if !url::is_safe(&wanted.url) {
        let found = format!("{} names {url}, which is not a plain https URL, so clients refuse it", wanted.origin);
        return Answer::fail(found, right, Fix::command("nexy-manifest check"));
    }
    let Downloaded { status, size_bytes, sha256, .. } = match download {
        Err(not_known) => return not_known.answer(right),
        Ok(Err(useless)) => return Answer::fail(useless, right, show),
        Ok(Ok(downloaded)) => downloaded,
    };
    if fetch::is_from_intermediary(*status) {
        let found = format!("{url} was answered with {status}, which is not GitHub's word about the file");
        let look = format!("curl -sSIL {}", text::shell_word(&wanted.url));
        return Answer::unknown(found, right, Fix::note("wait a minute, then look at what answers there:").then_command(look));
    }
    if *status >= 500 {
        return Answer::unknown(format!("{url} answers {status}"), right, Fix::note("wait a minute, then run the same command again"));
    }
    if *status != 200 {
        return Answer::fail(format!("{url} answers {status}"), right, show);
    }
    if *size_bytes != wanted.size_bytes || *sha256 != wanted.sha256 {
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
        Ok(Ok(Downloaded { status, size_bytes: bytes.len() as u64, sha256: Sha256Digest::of(bytes), signed: None }))
    }

    #[test]
    fn only_the_very_bytes_under_200_pass() {
        assert_eq!(verdict(&whole(200, b"bytes")), Verdict::Pass);
        for (status, bytes) in [(200, &b"bytez"[..]), (200, b"byte"), (200, b""), (206, b"bytes"), (304, b""), (404, b"bytes"), (403, b"")]
        {
            let answer = judge(&wanted("https://h/Nexy.dmg"), &whole(status, bytes));
            assert_eq!(answer.verdict, Verdict::Fail, "{status} {bytes:?}");
            assert!(answer.fix.text().starts_with("nexy-publish show"), "{answer:?}");
        }
        assert_eq!(verdict(&Ok(Err("it redirects, but more than 10 in a row".to_owned()))), Verdict::Fail);
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
