//! Rules of Sparkle that the shipped client does not depend on; a release cannot mend them, the server can.

use super::{Feed, Item, Values};
use crate::{ReleaseVersion, Timestamp, signature::signature, text};

/// Names that Sparkle reads as children of the item, and ignores as attributes of the enclosure.
const CHILDREN_ONLY: [&str; 4] = ["minimumSystemVersion", "channel", "criticalUpdate", "phasedRolloutInterval"];
/// Elements of an item that hide it from some clients of the default channel, and from which.
const HIDING: [(&str, &str); 6] = [
    ("channel", "from every client that has not asked for that channel"),
    ("maximumSystemVersion", "from newer systems"),
    ("hardwareRequirements", "from other Macs"),
    ("minimumUpdateVersion", "from clients of an older version"),
    ("phasedRolloutInterval", "from most clients at first; one more group sees it after each interval of so many seconds"),
    ("informationalUpdate", "behind a mere notice: Sparkle does not install it"),
];
/// A date that is this close to the moment of asking is made while asking.
const JUST_NOW_S: i64 = 2;

impl Feed {
    /// Every rule of Sparkle that the feed breaks apart from what [`Feed::offer`] needs, and everything that hides an item from a
    /// default client on macOS of the version `oldest_system` (`11.0`) or later; fragments for a sentence.
    pub fn advice(&self, asked_at: Timestamp, oldest_system: &str) -> Vec<String> {
        let mut advice = Vec::new();
        for (index, item) in self.items.iter().enumerate() {
            let place = if self.items.len() == 1 { String::new() } else { format!("item {}: ", index + 1) };
            advice.extend(of_item(item, asked_at, oldest_system).into_iter().map(|rule| format!("{place}{rule}")));
        }
        if let Some(newer) = self.newer_than_the_first() {
            advice.push(format!("item {} is newer than the first, which is the only one that clients read", newer + 1));
        }
        advice
    }

    fn newer_than_the_first(&self) -> Option<usize> {
        let version = |item: &Item| -> Option<ReleaseVersion> { version_of(item)?.parse().ok() };
        let first = version(self.items.first()?)?;
        self.items.iter().position(|item| version(item).is_some_and(|version| version > first))
    }
}

fn version_of(item: &Item) -> Option<&String> {
    item.own.sparkle.get("version").or_else(|| item.enclosure.as_ref()?.sparkle.get("version"))
}

fn of_item(item: &Item, asked_at: Timestamp, oldest_system: &str) -> Vec<String> {
    let mut advice = Vec::new();
    advice.extend(of_date(item, asked_at));
    advice.extend(hidden(item, oldest_system));
    if let Some(channel) = item.own.sparkle.get("channel")
        && !channel.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    {
        advice.push(format!(
            "the channel `{}` holds characters that make Sparkle offer the item to every client",
            text::excerpt(channel, 40)
        ));
    }
    let Some(enclosure) = &item.enclosure else {
        return advice;
    };
    if !item.own.sparkle.contains_key("shortVersionString") && !enclosure.sparkle.contains_key("shortVersionString") {
        advice.push("it has no sparkle:shortVersionString to show to people".to_owned());
    }
    for name in CHILDREN_ONLY {
        if enclosure.sparkle.contains_key(name) {
            advice.push(format!("sparkle:{name} is an attribute of the enclosure, where Sparkle ignores it"));
        }
    }
    advice.extend(of_signature(enclosure));
    advice
}

/// What hides the item from a client that follows Sparkle to the letter.
fn hidden(item: &Item, oldest_system: &str) -> Vec<String> {
    let quoted = |value: &str| text::excerpt(value, 40);
    let element = |(name, from): &(&str, &str)| {
        let value = item.own.sparkle.get(*name)?;
        Some(format!("sparkle:{name} `{}` hides it {from}", quoted(value)))
    };
    let mut advice: Vec<String> = HIDING.iter().filter_map(element).collect();
    if let Some(minimum) = item.own.sparkle.get("minimumSystemVersion") {
        match (numbers(minimum), numbers(oldest_system)) {
            (None, _) => advice.push(format!("sparkle:minimumSystemVersion `{}` is no version of a system", quoted(minimum))),
            (Some(least), Some(oldest)) if least > oldest => {
                advice.push(format!(
                    "sparkle:minimumSystemVersion `{}` hides it from systems of {oldest_system} or later that are older",
                    quoted(minimum)
                ));
            }
            _ => {}
        }
    }
    if let Some(os) = item.enclosure.as_ref().and_then(|enclosure| enclosure.sparkle.get("os")).filter(|os| *os != "macos") {
        advice.push(format!("sparkle:os `{}` hides it on macOS", quoted(os)));
    }
    advice
}

/// Dotted numbers, without zeros at the end.
fn numbers(version: &str) -> Option<Vec<u32>> {
    let mut numbers: Vec<u32> = version.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    while numbers.last() == Some(&0) {
        numbers.pop();
    }
    Some(numbers)
}

fn of_date(item: &Item, asked_at: Timestamp) -> Option<String> {
    let Some(date) = item.own.plain.get("pubDate") else {
        return Some("it has no pubDate".to_owned());
    };
    match jiff::fmt::rfc2822::parse(date) {
        Err(_) => Some(format!("the pubDate `{}` is no date of the form `Sat, 21 Feb 2026 06:35:17 +0000`", text::excerpt(date, 40))),
        Ok(date) if (date.timestamp().as_second() - asked_at.as_second()).abs() <= JUST_NOW_S => {
            Some("the pubDate is the moment of asking, which restarts a phased rollout with every request".to_owned())
        }
        Ok(_) => None,
    }
}

fn of_signature(enclosure: &Values) -> Vec<String> {
    let mut advice = Vec::new();
    let given = |name: &str| enclosure.sparkle.get(name).filter(|value| !value.is_empty());
    let is_package = enclosure.plain.get("url").is_some_and(|url| url.ends_with(".pkg"));
    match given("edSignature") {
        Some(text) if signature(text).is_none() => {
            advice.push("sparkle:edSignature is no base64 of 64 bytes".to_owned());
        }
        None if is_package => advice.push("a .pkg without sparkle:edSignature is refused by Sparkle".to_owned()),
        None => advice.push("it has no sparkle:edSignature, so clients cannot determine who made the bytes".to_owned()),
        Some(_) => {}
    }
    if given("dsaSignature").is_some_and(|text| signature(text).is_some()) {
        advice.push("sparkle:dsaSignature holds an Ed25519 signature, which belongs in sparkle:edSignature".to_owned());
    }
    advice
}
