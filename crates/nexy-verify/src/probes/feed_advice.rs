//! Which of Sparkle's other rules the feed breaks; the shipped client does not look at them, and no release can mend them.

use super::feed;
use crate::{
    context::{Context, Place},
    fetch::{self, Look, Unread},
    probe::{Answer, Explain, Probe},
};
use nexy_contract::fix::{command, note};
use nexy_contract::{Fix, Timestamp};
use nexy_outside::clock;

/// The row of the table.
pub(crate) const PROBE: Probe = Probe {
    id: "feed-advice",
    asks: "Does the public feed keep the rules of Sparkle that the shipped client does not look at?",
    profiles: &["updates", "release", "done"],
    advice_in: &["updates", "release", "done"],
    runbook: "S2 §4.9",
    explain: Explain {
        symptom: "A client that follows Sparkle to the letter would ignore the oldest system, the signature or the rollout, or would never see the update.",
        check: "GET PUBLIC/updates/appcast.xml, and hold every item against Sparkle's documentation: its date, signature and version, and what hides it from a client (channel, os, system versions, hardware, older clients, rollout).",
        fix: &[note("Change the code of the update server that writes the feed; no release can mend it.")],
        verify: &[command("nexy-verify feed-advice")],
    },
    check,
};

fn check(context: &Context) -> Answer {
    let url = format!("{}{}", context.public, feed::PATH);
    let look = fetch::fetch(context, &url, Place::Outside);
    judge(&url, &look, clock::now(), &context.workspace.target.manifest_defaults.min_os)
}

fn judge(url: &str, look: &Look, asked_at: Timestamp, oldest_system: &str) -> Answer {
    let wanted = "a feed that keeps every rule of Sparkle";
    let feed = match feed::read(url, look) {
        Ok(feed) => feed,
        Err(Unread::Nothing(not_known)) => return not_known.answer(wanted),
        Err(Unread::Useless(found)) => {
            return Answer::unknown(found, wanted, Fix::note("mend the feed first:").then_command("nexy-verify feed"));
        }
    };
    let advice = feed.advice(asked_at, oldest_system);
    if advice.is_empty() {
        Answer::pass(format!("{url} keeps every rule of Sparkle"))
    } else {
        Answer::fail(
            advice.join("; "),
            wanted,
            Fix::note("change the update server's feed when its code is next touched; users of today are not affected"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexy_contract::{Verdict, appcast::NAMESPACE};

    fn judged(status: u16, item: &str) -> Answer {
        let body = format!("<rss xmlns:sparkle=\"{NAMESPACE}\"><channel><item>{item}</item></channel></rss>").into_bytes();
        judge("https://h/feed", &Ok((status, body)), Timestamp::UNIX_EPOCH, "11.0")
    }

    #[test]
    fn a_broken_rule_is_named_and_a_broken_feed_is_left_to_its_own_probe() {
        let answer = judged(200, "<enclosure url=\"x\" sparkle:minimumSystemVersion=\"11.0\"/>");
        assert_eq!(answer.verdict, Verdict::Fail);
        assert!(answer.found.contains("sparkle:minimumSystemVersion is an attribute"), "{}", answer.found);
        let answer = judged(500, "");
        assert_eq!((answer.verdict, answer.fix.text().ends_with("nexy-verify feed")), (Verdict::Unknown, true), "{answer:?}");
    }

    #[test]
    fn a_feed_that_keeps_every_rule_passes() {
        let signature = format!("{}==", "A".repeat(86));
        let item = format!(
            "<pubDate>Sat, 21 Nov 2026 06:35:17 +0000</pubDate><enclosure url=\"x\" sparkle:shortVersionString=\"1\" sparkle:edSignature=\"{signature}\"/>"
        );
        assert_eq!(judged(200, &item).verdict, Verdict::Pass);
    }
}
