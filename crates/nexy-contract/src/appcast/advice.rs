//! Rules of Sparkle that the shipped client does not depend on; a release cannot mend them, the server can.

use super::{Feed, Item, Values};
use crate::{ReleaseVersion, Timestamp, signature::signature, text};

/// Names that Sparkle reads as children of the item, and ignores as attributes of the enclosure.
const CHILDREN_ONLY: [&str; 4] = ["minimumSystemVersion", "channel", "criticalUpdate", "phasedRolloutInterval"];
/// A date that is this close to the moment of asking is made while asking.
const JUST_NOW_S: i64 = 2;

impl Feed {
    /// Every rule of Sparkle that the feed breaks apart from what [`Feed::offer`] needs, as fragments for a sentence.
    pub fn advice(&self, asked_at: Timestamp) -> Vec<String> {
        let mut advice = Vec::new();
        for (index, item) in self.items.iter().enumerate() {
            let place = if self.items.len() == 1 { String::new() } else { format!("item {}: ", index + 1) };
            advice.extend(of_item(item, asked_at).into_iter().map(|rule| format!("{place}{rule}")));
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

fn of_item(item: &Item, asked_at: Timestamp) -> Vec<String> {
    let mut advice = Vec::new();
    advice.extend(of_date(item, asked_at));
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
