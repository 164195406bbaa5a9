//! The one rule for every field of a manifest. The update server writes texts into its XML feed as they are.

use super::{ManifestError, ManifestFacts, kind_of, object};
use crate::{
    Target, Timestamp,
    platform::{ARCHITECTURES, is_arch, is_min_os},
    signature, text, url,
};
use serde_json::Value;

/// What a manifest is held against.
#[derive(Clone, Copy, Debug)]
pub struct Rule<'a> {
    /// Where clients download: the fixed URL.
    pub url: &'a str,
    /// Word for the kind of file: `dmg`.
    pub kind: &'a str,
    /// A release date after this moment is wrong.
    pub latest: Timestamp,
}

/// One field that breaks the rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The field, what it should be, and what it is.
    pub said: String,
    /// Whether the server can serve no feed with it, or one that leads clients elsewhere. Otherwise today's clients ignore the field.
    pub is_served: bool,
}

impl<'a> Rule<'a> {
    /// The rule of a target; `kind` and `url` are those of the artifact that clients update from, and must outlive the rule.
    pub fn new(target: &Target, url: &'a str, kind: &'a str, now: Timestamp) -> Self {
        let latest = Timestamp::from_second(now.as_second().saturating_add(target.limits.clock_skew_s)).unwrap_or(Timestamp::MAX);
        Self { url, kind, latest }
    }

    /// Every field that breaks the rule, what the server cannot serve first; empty for a sound manifest.
    pub fn faults(&self, manifest: &[u8]) -> Vec<Fault> {
        let mut faults = Faults::default();
        let fields = match (object(manifest), ManifestFacts::read(manifest)) {
            (Err(error), _) => {
                faults.served(error.to_string());
                return faults.0;
            }
            (Ok(fields), read) => {
                match read {
                    Err(error) => faults.served(error.to_string()),
                    Ok(facts) if facts.url != self.url => faults.served(format!(
                        "`artifact.url` sends clients to {}, nexy.toml says {}",
                        text::excerpt(&facts.url, 160),
                        self.url
                    )),
                    Ok(_) => {}
                }
                fields
            }
        };
        let artifact = |name: &str| fields.get("artifact").and_then(|artifact| artifact.get(name));
        for name in ["min_os", "ed25519", "url"] {
            if let Some(character) = artifact(name).and_then(Value::as_str).and_then(unsafe_in_xml) {
                let shown = text::excerpt(&character.to_string(), 10);
                faults.served(format!(
                    "`artifact.{name}` holds `{shown}`, which the update server writes into the feed as it is: no client can read that feed"
                ));
            }
        }
        let is = |value: Option<&Value>, is_right: &dyn Fn(&str) -> bool| value.and_then(Value::as_str).is_some_and(is_right);
        let is_signature = |text: &str| text.is_empty() || (signature::signature(text).is_some() && text.trim() == text);
        let kind = format!("`{}`", self.kind);
        let architectures = format!("one of {}", ARCHITECTURES.join(", "));
        let latest = format!("an RFC 3339 time, not after {}", self.latest);
        for (name, value, is_right, wanted) in [
            ("artifact.type", artifact("type"), is(artifact("type"), &|text| text == self.kind), kind.as_str()),
            ("artifact.arch", artifact("arch"), is(artifact("arch"), &is_arch), &architectures),
            ("artifact.min_os", artifact("min_os"), is(artifact("min_os"), &is_min_os), "dotted numbers such as `11.0`"),
            ("artifact.ed25519", artifact("ed25519"), is(artifact("ed25519"), &is_signature), "base64 of 64 bytes, or empty"),
            ("critical", fields.get("critical"), fields.get("critical").is_some_and(Value::is_boolean), "true or false"),
            ("auto_install", fields.get("auto_install"), fields.get("auto_install").is_some_and(Value::is_boolean), "true or false"),
            ("notes_url", fields.get("notes_url"), is(fields.get("notes_url"), &is_plain_url), "a plain https URL"),
            ("release_date", fields.get("release_date"), is(fields.get("release_date"), &|text| self.is_date(text)), &latest),
        ] {
            if !is_right {
                faults.ignored(ManifestError::field(name, wanted, &kind_of(value)).to_string());
            }
        }
        faults.0
    }

    fn is_date(&self, text: &str) -> bool {
        text.contains('T') && text.parse::<Timestamp>().is_ok_and(|at| at <= self.latest)
    }
}

#[derive(Default)]
struct Faults(Vec<Fault>);

impl Faults {
    fn served(&mut self, said: String) {
        self.0.push(Fault { said, is_served: true });
    }

    /// A second word about the same field says nothing more.
    fn ignored(&mut self, said: String) {
        let field = said.split('`').nth(1).unwrap_or_default();
        if !self.0.iter().any(|fault| fault.said.split('`').nth(1) == Some(field)) {
            self.0.push(Fault { said, is_served: false });
        }
    }
}

/// The first character that would change the feed's XML.
fn unsafe_in_xml(text: &str) -> Option<char> {
    text.chars().find(|character| "&<>\"'".contains(*character) || character.is_control())
}

fn is_plain_url(text: &str) -> bool {
    url::is_safe(text) && unsafe_in_xml(text).is_none() && !text.contains('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://example.test/Update/Nexy.dmg";
    const SIGNATURE: &str = "EIawm2YkDZ2gBfkEMF2+1VuuTeXnCGZOdnMdVgPPvDZioq7bvDayXqKkIIzSjKMmeFdcFJOHdnba5ZV60+gPBw==";

    fn manifest() -> Value {
        serde_json::json!({
            "version": "2.0.0.3", "build": "2.0.0.3",
            "artifact": {
                "type": "dmg", "url": URL, "size": 7, "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                "arch": "universal2", "min_os": "11.0", "ed25519": ""
            },
            "critical": false, "auto_install": true, "notes_url": URL, "release_date": "2026-03-12T15:39:11.993761+00:00"
        })
    }

    fn faults(manifest: &[u8]) -> Vec<Fault> {
        let latest = "2026-03-12T15:40:00Z".parse().expect("a time");
        Rule { url: URL, kind: "dmg", latest }.faults(manifest)
    }

    /// Changes one field; `null` stands for one that is missing.
    fn changed(pointer: &str, value: &Value) -> Vec<Fault> {
        let mut manifest = manifest();
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        let fields = manifest.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object");
        if value.is_null() {
            fields.remove(name);
        } else {
            fields.insert(name.to_owned(), value.clone());
        }
        faults(manifest.to_string().as_bytes())
    }

    #[test]
    fn every_right_value_of_every_field_keeps_the_rule() {
        for (pointer, value) in [
            ("/artifact/arch", "arm64"),
            ("/artifact/arch", "x86_64"),
            ("/artifact/min_os", "12"),
            ("/artifact/min_os", "10.15.7"),
            ("/artifact/ed25519", SIGNATURE),
            ("/release_date", "2025-09-20T00:30:06.034643Z"),
            ("/release_date", "2026-03-12T15:40:00Z"),
            ("/notes_url", "https://example.test/notes"),
            ("/from_the_future", "a & b"),
        ] {
            assert_eq!(changed(pointer, &value.into()), [], "{pointer} {value}");
        }
    }

    #[test]
    fn what_the_server_cannot_serve_is_told_with_its_field() {
        for (pointer, value, said) in [
            ("/version", "2.0.3", "`version`"),
            ("/build", "2.0.0.2", "`build`"),
            ("/artifact/sha256", "E3", "`artifact.sha256`"),
            ("/artifact/size", "7", "`artifact.size`"),
            ("/artifact/url", "http://example.test/Update/Nexy.dmg", "`artifact.url` sends clients to http://"),
            ("/artifact/url", "https://example.test/updates/appcast.xml", "`artifact.url` sends clients to"),
            ("/artifact/url", "https://example.test/Update/Nexy.dmg#x", "`artifact.url` sends clients to"),
            ("/artifact/url", "https://example.test/Update/Nexy.dmg?a=1&b=2", "`artifact.url` sends clients to"),
            ("/artifact/min_os", "11.0\"&", "`artifact.min_os` holds `\"`"),
            ("/artifact/min_os", "11.0\n", "`artifact.min_os` holds"),
            ("/artifact/min_os", "<", "`artifact.min_os` holds `<`"),
            ("/artifact/ed25519", "a>b", "`artifact.ed25519` holds `>`"),
            ("/artifact/ed25519", "a'b", "`artifact.ed25519` holds `'`"),
        ] {
            let found = changed(pointer, &value.into());
            assert!(found.iter().any(|fault| fault.said.contains(said) && fault.is_served), "{pointer} {value}: {found:?}");
        }
        let utf16: Vec<u8> = manifest().to_string().encode_utf16().flat_map(u16::to_le_bytes).collect();
        for text in [&utf16[..], b"\xff\xfe{}", b"", b"[]", b"{"] {
            let found = faults(text);
            assert!(found.len() == 1 && found[0].is_served && found[0].said.contains("is no JSON object"), "{found:?}");
        }
    }

    #[test]
    fn what_todays_clients_ignore_is_told_too() {
        let (missing, text) = (Value::Null, |text: &str| Value::from(text));
        for (pointer, wrong) in [
            ("/artifact/type", vec![text("pkg")]),
            ("/artifact/arch", vec![missing.clone(), text("ppc"), text("")]),
            ("/artifact/min_os", vec![missing.clone(), text(""), text("eleven"), text("11."), text("1.2.3.4.5"), text("-1"), 11.into()]),
            ("/artifact/ed25519", vec![missing.clone(), text("garbage"), text(&SIGNATURE[4..]), text(&format!("{SIGNATURE} ")), 7.into()]),
            ("/critical", vec![missing.clone(), text("false"), 0.into()]),
            ("/auto_install", vec![missing.clone(), text("true")]),
            ("/notes_url", vec![missing.clone(), text("http://h/n"), text("https://h/?a&b"), text("https://h/n#x"), text("notes")]),
            (
                "/release_date",
                vec![missing, text("tomorrow"), text("2026-03-12"), text("2026-03-12T15:40:01Z"), text("2099-01-01T00:00:00Z")],
            ),
        ] {
            for value in wrong {
                let found = changed(pointer, &value);
                let field = pointer[1..].replace('/', ".");
                assert!(found.len() == 1 && found[0].said.starts_with(&format!("`{field}`")), "{pointer} {value}: {found:?}");
                assert!(!found[0].is_served, "{pointer} {value}");
            }
        }
    }
}
