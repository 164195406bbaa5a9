//! What a client does with an offer, build by build: pure, so that every build can be walked without asking the network again.

use nexy_contract::{Fix, ReleaseVersion, Severity, check::Answer, text};
use std::cmp::Ordering;

/// What the feed offers, and what came of the steps that are the same for every client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Offer {
    /// What clients compare with their own build: `sparkle:version`, or `build` of a manifest.
    pub(super) build: String,
    /// The download, in words, and whether a client accepts it.
    pub(super) download: Download,
    /// The build that the artifact installs.
    pub(super) installs: Installs,
}

/// Whether a client that is offered the artifact accepts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Download {
    Accepted(String),
    Refused(String),
    NotKnown(String),
}

/// Which build a client has after the install, and where that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Installs {
    Build(String, String),
    NotKnown(String),
}

/// Where a client ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum End {
    /// It installs what is offered, and is not offered it again.
    Updates,
    /// It has what is offered.
    IsCurrent,
    /// It has a higher build than the one that is offered, and stays there.
    IsAbove,
    /// It installs, is still below the feed, and is offered the same again.
    Loops,
    /// It refuses what it is offered, and tries again.
    Refuses,
    /// A step could not be looked at.
    NotKnown,
}

/// Where a client of one build ends, and how, in words.
pub(super) fn walk(from: &str, offer: &Offer) -> (End, String) {
    let (mut at, mut said) = (from.to_owned(), Vec::new());
    let mut seen: Vec<String> = Vec::new();
    loop {
        let Some(order) = compare(&offer.build, &at) else {
            return (End::NotKnown, not_compared(&offer.build, &at));
        };
        let is_first = seen.is_empty();
        if order != Ordering::Greater {
            let end = match (is_first, order) {
                (false, _) => End::Updates,
                (true, Ordering::Equal) => End::IsCurrent,
                (true, _) => End::IsAbove,
            };
            said.push(match end {
                End::IsCurrent => "has what the feed offers".to_owned(),
                End::IsAbove => format!("is higher than {}, which the feed offers: it is offered nothing and stays", shown(&offer.build)),
                _ => "is not offered it again".to_owned(),
            });
            return (end, said.join("; "));
        }
        if seen.iter().any(|before| compare(before, &at) == Some(Ordering::Equal)) {
            said.push(format!("so it is offered {} again and again", shown(&offer.build)));
            return (End::Loops, said.join("; "));
        }
        if is_first {
            said.push(format!("is offered {}", shown(&offer.build)));
        } else {
            said.push(format!("is still below {}", shown(&offer.build)));
        }
        let accepted = match &offer.download {
            Download::Accepted(how) => how,
            Download::Refused(because) => {
                said.push(format!("refuses it, and tries again at every start: {because}"));
                return (End::Refuses, said.join("; "));
            }
            Download::NotKnown(because) => return (End::NotKnown, format!("{}; {because}", said.join("; "))),
        };
        seen.push(at.clone());
        match &offer.installs {
            Installs::Build(build, origin) => {
                if is_first {
                    said.push(accepted.clone());
                    said.push(format!("installs it and is {} then ({origin})", shown(build)));
                }
                at.clone_from(build);
            }
            Installs::NotKnown(because) => {
                said.push(accepted.clone());
                return (End::NotKnown, format!("{}; whether it is offered again is not known: {because}", said.join("; ")));
            }
        }
    }
}

/// The answer about one build, which a person has named: users have it.
pub(super) fn judge(from: &str, offer: &Offer) -> Answer {
    let (end, said) = walk(from, offer);
    answer(end, format!("a client of {from} {said}"), offer)
}

/// The answers about many builds: one for each way in which they end, with the builds that do. A tag above the feed may be a build
/// that users never got.
pub(super) fn judge_all(builds: &[ReleaseVersion], offer: &Offer) -> Vec<(&'static str, Answer)> {
    let mut ends: Vec<(End, Vec<(String, String)>)> = Vec::new();
    for build in builds {
        let build = build.to_string();
        let (end, said) = walk(&build, offer);
        match ends.iter_mut().find(|(known, _)| *known == end) {
            Some((_, those)) => those.push((build, said)),
            None => ends.push((end, vec![(build, said)])),
        }
    }
    ends.sort_by_key(|(end, _)| *end);
    let one = |(end, those): (End, Vec<(String, String)>)| {
        let said = those.first().map(|(_, said)| said.clone()).unwrap_or_default();
        let names: Vec<&str> = those.iter().map(|(build, _)| build.as_str()).collect();
        let who = if names.len() == 1 { names.join(", ") } else { format!("each of {} builds ({})", names.len(), names.join(", ")) };
        let answer = answer(end, format!("a client of {who} {said}"), offer);
        (id(end), if end == End::IsAbove { answer.counting(Severity::Advice) } else { answer })
    };
    ends.into_iter().map(one).collect()
}

const fn id(end: End) -> &'static str {
    match end {
        End::Updates => "client-updates",
        End::IsCurrent => "client-is-current",
        End::IsAbove => "client-is-above",
        End::Loops => "client-loops",
        End::Refuses => "client-refuses",
        End::NotKnown => "client-not-known",
    }
}

fn answer(end: End, found: String, offer: &Offer) -> Answer {
    let expected = format!("it ends at {}, and is offered nothing more", shown(&offer.build));
    let next = || offer.build.parse::<ReleaseVersion>().map_or_else(|_| "X.Y.Z.W".to_owned(), |build| build.next().to_string());
    match end {
        End::Updates | End::IsCurrent => Answer::pass(found),
        End::IsAbove => Answer::fail(
            found,
            expected,
            Fix::note("only a build that is higher than its own reaches it: release one, with a version above it:")
                .then_command("make version-set V=X.Y.Z.W"),
        ),
        End::Loops => Answer::fail(
            found,
            expected,
            Fix::note("release the next version, with a build of its own:")
                .then_command(format!("make version-set V={}", next()))
                .then_note("build that version and put it into the inbox, then:")
                .then_command("make release"),
        ),
        End::Refuses => Answer::fail(found, expected, Fix::note("this says what is wrong with it:").then_command("nexy-verify updates")),
        End::NotKnown => Answer::unknown(
            found,
            expected,
            Fix::note("these say what is live, and which build is inside:")
                .then_command("nexy-publish show")
                .then_command("nexy-gate artifact-version"),
        ),
    }
}

/// Whether a client of this build is offered anything; what cannot be compared may be.
pub(super) fn is_offered(build: &str, at: &str) -> bool {
    compare(build, at).is_none_or(|order| order == Ordering::Greater)
}

fn not_compared(build: &str, at: &str) -> String {
    format!("compares `{}` with `{}`, of which one is more than numbers and dots", shown(build), shown(at))
}

fn shown(build: &str) -> String {
    text::excerpt(build, 40)
}

/// How `packaging.version` orders what is nothing but numbers and dots, by which clients compare; `None` for anything else, which it
/// orders by rules of its own, or refuses.
fn compare(one: &str, other: &str) -> Option<Ordering> {
    let numbers = |version: &str| {
        let mut numbers: Vec<u128> = version.split('.').map(number).collect::<Option<_>>()?;
        // 1.0 and 1.0.0 are the same.
        while numbers.last() == Some(&0) {
            numbers.pop();
        }
        Some(numbers)
    };
    Some(numbers(one)?.cmp(&numbers(other)?))
}

fn number(part: &str) -> Option<u128> {
    Some(part).filter(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use Ordering::{Equal, Greater, Less};
    use nexy_contract::Verdict;

    fn offer(build: &str, installs: &str) -> Offer {
        let installs = Installs::Build(installs.to_owned(), "the label".to_owned());
        Offer { build: build.to_owned(), download: Download::Accepted("accepts 7 bytes".to_owned()), installs }
    }

    #[test]
    fn builds_are_compared_as_packaging_compares_dotted_numbers() {
        for (one, other, order) in [
            ("2.0.0.10", "2.0.0.9", Some(Greater)),
            ("2.0.0.9", "2.0.0.10", Some(Less)),
            ("1001", "1.0.1", Some(Greater)),
            ("20600", "2.6.0", Some(Greater)),
            ("0", "1.0.0", Some(Less)),
            ("2.0", "2.0.0.0", Some(Equal)),
            ("2.0.0.1", "2.0", Some(Greater)),
            ("2.0.0.04", "2.0.0.4", Some(Equal)),
            ("2.0.0.4rc1", "2.0.0.4", None),
            ("2.0.0.4", "", None),
            ("2..4", "2.0.4", None),
            ("-1", "0", None),
        ] {
            assert_eq!(compare(one, other), order, "{one} {other}");
            assert_eq!(compare(other, one), order.map(Ordering::reverse), "{other} {one}");
        }
    }

    #[test]
    fn every_way_of_a_client_ends_and_is_told() {
        let refused = Offer { download: Download::Refused("7 bytes, not 8".to_owned()), ..offer("2.0.0.5", "2.0.0.5") };
        let unseen = Offer { download: Download::NotKnown("no answer".to_owned()), ..offer("2.0.0.5", "2.0.0.5") };
        let closed = Offer { installs: Installs::NotKnown("no label".to_owned()), ..offer("2.0.0.5", "") };
        for (from, offer, end, said) in [
            (
                "2.0.0.3",
                offer("2.0.0.5", "2.0.0.5"),
                End::Updates,
                "is offered 2.0.0.5; accepts 7 bytes; installs it and is 2.0.0.5 then (the label); is not offered it again",
            ),
            ("1.0.1", offer("2.0.0.5", "2.0.0.6"), End::Updates, "is 2.0.0.6 then"),
            ("2.0.0.5", offer("2.0.0.5", "2.0.0.4"), End::IsCurrent, "has what the feed offers"),
            ("2.0.0.6", offer("2.0.0.5", "2.0.0.5"), End::IsAbove, "is offered nothing and stays"),
            // The version was raised over the old bytes.
            (
                "2.0.0.3",
                offer("2.0.0.5", "2.0.0.4"),
                End::Loops,
                "is 2.0.0.4 then (the label); is still below 2.0.0.5; so it is offered 2.0.0.5 again and again",
            ),
            ("2.0.0.4", offer("2.0.0.5", "2.0.0.4"), End::Loops, "again and again"),
            // A build that was once an integer.
            ("1.0.0", offer("1001", "1.0.1"), End::Loops, "again and again"),
            ("2.0.0.3", refused.clone(), End::Refuses, "tries again at every start: 7 bytes, not 8"),
            ("2.0.0.5", refused, End::IsCurrent, "has what"),
            ("2.0.0.3", unseen, End::NotKnown, "no answer"),
            ("2.0.0.3", closed.clone(), End::NotKnown, "whether it is offered again is not known: no label"),
            ("2.0.0.6", closed, End::IsAbove, "stays"),
            ("2.0.0.3", offer("2.0.0.5-beta", "2.0.0.5"), End::NotKnown, "more than numbers and dots"),
        ] {
            let (found, words) = walk(from, &offer);
            assert_eq!(found, end, "{from} {offer:?}: {words}");
            assert!(words.contains(said), "{from} {offer:?}: {words}");
            let wanted = match end {
                End::Updates | End::IsCurrent => Verdict::Pass,
                End::NotKnown => Verdict::Unknown,
                _ => Verdict::Fail,
            };
            let answer = judge(from, &offer);
            assert_eq!((answer.verdict, answer.fix.is_empty()), (wanted, wanted == Verdict::Pass), "{from} {offer:?}");
        }
    }

    #[test]
    fn all_builds_are_told_by_their_end_and_one_above_the_feed_stops_nothing() {
        let builds: Vec<ReleaseVersion> = (3..=6).map(|last| ReleaseVersion::new([2, 0, 0, last])).collect();
        let told = judge_all(&builds, &offer("2.0.0.5", "2.0.0.5"));
        let shown: Vec<(&str, Verdict, Severity)> = told.iter().map(|(id, answer)| (*id, answer.verdict, answer.severity)).collect();
        assert_eq!(
            shown,
            [
                ("client-updates", Verdict::Pass, Severity::Gate),
                ("client-is-current", Verdict::Pass, Severity::Gate),
                ("client-is-above", Verdict::Fail, Severity::Advice),
            ]
        );
        assert!(told[0].1.found.starts_with("a client of each of 2 builds (2.0.0.3, 2.0.0.4) is offered 2.0.0.5"), "{told:?}");
        let looping = judge_all(&builds, &offer("2.0.0.5", "2.0.0.4"));
        assert!(matches!(looping.last(), Some(("client-loops", answer)) if answer.verdict == Verdict::Fail), "{looping:?}");
    }
}
