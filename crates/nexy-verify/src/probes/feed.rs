//! Whether the public feed offers clients exactly what the manifest says; the rules that the shipped client depends on.

use super::deliver;
use crate::{
    context::{Context, Place},
    download,
    expected::{Expected, Manifest, NotKnown},
    fetch::{self, Look, Unread},
    probe::{Answer, Explain, Probe},
};
use nexy_contract::fix::{command, note};
use nexy_contract::{
    Fix,
    appcast::{self, Feed},
    text,
};

/// The row of the table.
pub(crate) const PROBE: Probe = Probe {
    id: "feed",
    asks: "Does the public feed offer clients exactly what the manifest says?",
    profiles: &["updates", "release", "done"],
    advice_in: &[],
    runbook: "S2 §4.9, S2 §6",
    explain: Explain {
        symptom: "Clients refuse the update, load it again and again, or never see it: the length is the only thing that they check.",
        check: "GET PUBLIC/updates/appcast.xml: 200, well-formed XML, and in the first item sparkle:version, an https url, and length, all as in the manifest. With signature.public_keys, its sparkle:edSignature or sparkle:dsaSignature is the ed25519 of the manifest. `beta-feed` looks at appcast-beta.xml.",
        fix: &[
            note("Deliver the manifest of the release again, if it is right itself:"),
            command("nexy-manifest check && make manifest-deliver"),
            note("A 500 means that the server found no usable manifest; the VM says why:"),
            command("scripts/vm.sh nexy-verify local-feed"),
        ],
        verify: &[command("nexy-verify updates --wait 2m")],
    },
    check,
};

/// Where the feed stands below the public base URL.
pub(crate) const PATH: &str = "/updates/appcast.xml";

fn check(context: &Context) -> Answer {
    let url = format!("{}{PATH}", context.public);
    let mend =
        deliver().then_note("if it was delivered already, the VM says what is wrong:").then_command("scripts/vm.sh nexy-verify local-feed");
    let look = fetch::fetch(context, &url, Place::Outside);
    let mut answer = judge(&url, &look, context.manifest(), &mend);
    if let (true, Ok(manifest)) = (answer.passes(), context.manifest())
        && let Some(ed25519) = download::signature_of(context, manifest.sha256)
    {
        answer = judge_signature(answer, &url, &look, &ed25519, &mend);
    }
    // A manifest that is wrong itself is the cause, and to deliver it again would mend nothing.
    if answer.passes() { answer } else { context.broken_here().unwrap_or(answer) }
}

/// Holds a feed against the manifest that it is made from; `mend` is what to do when it offers something else.
pub(super) fn judge(url: &str, look: &Look, manifest: &Expected<Manifest>, mend: &Fix) -> Answer {
    let manifest = match manifest {
        Ok(manifest) => manifest,
        Err(not_known) => return not_known.answer("a manifest to compare with"),
    };
    let wanted = format!("version {}, length {}, {} (from {})", manifest.version, manifest.size_bytes, manifest.url, manifest.origin);
    let page =
        Fix::note("no delivery changes that; look at what answers there:").then_command(format!("curl -sSi {}", text::shell_word(url)));
    let feed = match read(url, look) {
        Ok(feed) => feed,
        Err(Unread::Nothing(not_known)) => return not_known.answer(wanted),
        Err(Unread::Useless(found)) => {
            let is_page = look.as_ref().is_ok_and(|(_, body)| appcast::is_page(&String::from_utf8_lossy(body)));
            return Answer::fail(found, wanted, if is_page { &page } else { mend });
        }
    };
    let offer = match feed.offer() {
        Ok(offer) => offer,
        Err(error) => return Answer::fail(format!("{url}: {error}"), wanted, mend),
    };
    let differences = offer.differences(&manifest.announced());
    if differences.is_empty() {
        Answer::pass(format!("{url} offers {} with {} bytes (from {})", offer.version, offer.length_bytes, manifest.origin))
    } else {
        Answer::fail(format!("{url}: {}", differences.join(", ")), wanted, mend)
    }
}

/// Holds the signature of a feed that is right otherwise against the manifest's.
fn judge_signature(right: Answer, url: &str, look: &Look, ed25519: &str, mend: &Fix) -> Answer {
    let said = read(url, look).ok().and_then(|feed| feed.signature().map(str::to_owned)).unwrap_or_default();
    if said == ed25519 {
        return right;
    }
    let found = if said.is_empty() { "no signature".to_owned() } else { format!("the signature `{}`", text::excerpt(&said, 100)) };
    let wanted =
        if ed25519.is_empty() { "no signature, as in the manifest".to_owned() } else { format!("the manifest's ed25519 `{ed25519}`") };
    Answer::fail(format!("{url} carries {found}"), wanted, mend)
}

/// Reads an answer as a feed; only 200 holds one.
pub(crate) fn read(url: &str, look: &Look) -> Result<Feed, Unread> {
    match look {
        Err(unread) => Err(unread.clone()),
        Ok((status, _)) if fetch::is_from_intermediary(*status) => {
            let because = format!("{url} was answered with {status}, which is not the server's own word");
            Err(Unread::Nothing(NotKnown { because, fix: fetch::look_there(url) }))
        }
        Ok((200, body)) if body.trim_ascii().is_empty() => Err(Unread::Useless(format!("{url} answers 200 with nothing in it"))),
        Ok((200, body)) => Feed::read(body).map_err(|error| Unread::Useless(format!("{url}: {error}"))),
        Ok((status, body)) => {
            let said = text::excerpt(String::from_utf8_lossy(body).trim(), 60);
            Err(Unread::Useless(format!("{url} answers {status}: {said}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexy_contract::{ReleaseVersion, Sha256Digest, Verdict, appcast::NAMESPACE};

    const URL: &str = "https://h/updates/appcast.xml";

    fn manifest() -> Expected<Manifest> {
        Ok(Manifest {
            version: ReleaseVersion::new([2, 0, 0, 4]),
            url: "https://h/Nexy.dmg".to_owned(),
            size_bytes: 7,
            sha256: Sha256Digest::of(b""),
            origin: "the record".to_owned(),
        })
    }

    fn feed(version: &str, length: &str) -> Vec<u8> {
        format!(
            "<rss xmlns:sparkle=\"{NAMESPACE}\"><channel><item><enclosure url=\"https://h/Nexy.dmg\" sparkle:version=\"{version}\" length=\"{length}\"/></item></channel></rss>"
        )
        .into_bytes()
    }

    fn judged(status: u16, body: &[u8]) -> Answer {
        judge(URL, &Ok((status, body.to_vec())), &manifest(), &deliver())
    }

    #[test]
    fn the_feed_of_the_manifest_passes() {
        assert_eq!(judged(200, &feed("2.0.0.4", "7")), Answer::pass(format!("{URL} offers 2.0.0.4 with 7 bytes (from the record)")));
    }

    #[test]
    fn the_signature_is_the_manifests_wherever_the_server_writes_it() {
        for (attribute, ed25519, is_right) in [
            ("sparkle:dsaSignature=\"abc\"", "abc", true),
            ("sparkle:edSignature=\"abc\"", "abc", true),
            ("sparkle:edSignature=\"abc\" sparkle:dsaSignature=\"\"", "abc", true),
            ("sparkle:dsaSignature=\"\"", "", true),
            ("", "", true),
            ("", "abc", false),
            ("sparkle:dsaSignature=\"abd\"", "abc", false),
            ("sparkle:edSignature=\"abd\" sparkle:dsaSignature=\"abc\"", "abc", false),
            ("sparkle:dsaSignature=\"abc\"", "", false),
        ] {
            let body = String::from_utf8(feed("2.0.0.4", "7")).expect("text").replace(" length", &format!(" {attribute} length"));
            let answer = judge_signature(Answer::pass(""), URL, &Ok((200, body.into_bytes())), ed25519, &deliver());
            assert_eq!(answer.passes(), is_right, "{attribute} {ed25519}: {answer:?}");
        }
    }

    #[test]
    fn another_offer_fails_with_what_to_type() {
        for body in [feed("2.0.0.3", "7"), feed("2.0.0.4", "8"), feed("2.0.0.4", "0"), b"".to_vec(), b"{}".to_vec()] {
            let answer = judged(200, &body);
            assert_eq!(answer.verdict, Verdict::Fail, "{}", String::from_utf8_lossy(&body));
            assert!(answer.fix.text().contains("make manifest-deliver") && answer.expected.contains("length 7"));
        }
    }

    #[test]
    fn a_page_in_place_of_the_feed_is_not_mended_by_a_delivery() {
        let page = judged(200, b"<!doctype html><title>Just a moment...</title>");
        assert_eq!((page.verdict, page.fix.lines().len()), (Verdict::Fail, 2));
        assert!(page.fix.text().ends_with("curl -sSi https://h/updates/appcast.xml"), "{page:?}");
    }

    #[test]
    fn a_good_feed_under_another_status_is_no_feed() {
        for status in [201, 203, 206, 304, 404, 500, 502] {
            assert_eq!(judged(status, &feed("2.0.0.4", "7")).verdict, Verdict::Fail, "{status}");
        }
    }

    #[test]
    fn who_could_not_be_asked_is_unknown() {
        assert_eq!(judged(429, b"").verdict, Verdict::Unknown);
        let nothing = Err(NotKnown { because: "refused".to_owned(), fix: Fix::note("check") }.into());
        assert_eq!(judge(URL, &nothing, &manifest(), &deliver()).verdict, Verdict::Unknown);
        let not_known = Err(NotKnown { because: "a and b contradict each other".to_owned(), fix: Fix::command("nexy-manifest check") });
        let good = Ok((200, feed("2.0.0.4", "7")));
        let answer = judge(URL, &good, &not_known, &deliver());
        assert_eq!((answer.verdict, answer.fix.text().as_str()), (Verdict::Unknown, "nexy-manifest check"));
    }
}
