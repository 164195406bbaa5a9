//! How two manifests differ, in one line that a person reads before anything is written.

use nexy_contract::text;
use serde_json::{Map, Value};

/// Each field that differs, as `version 2.0.0.3 → 2.0.0.4`. The date of writing is left out, and `build`, which is the version again.
pub(crate) fn between(old: &[u8], new: &[u8]) -> String {
    let (old, new) = (fields(old), fields(new));
    let names = new.keys().chain(old.keys().filter(|name| !new.contains_key(*name)));
    let told = names.filter(|name| *name != "build" && *name != "release_date" && old.get(*name) != new.get(*name));
    let told: Vec<String> = told.map(|name| format!("{name} {} → {}", shown(old.get(name)), shown(new.get(name)))).collect();
    if told.is_empty() { "the same facts, spelled or dated otherwise".to_owned() } else { told.join(", ") }
}

/// The fields of a manifest, those of its artifact among them; none when it is no JSON object.
fn fields(manifest: &[u8]) -> Map<String, Value> {
    let Ok(Value::Object(manifest)) = serde_json::from_slice(manifest) else { return Map::new() };
    let inner = |(name, value): (String, Value)| match value {
        Value::Object(artifact) if name == "artifact" => artifact.into_iter().collect(),
        value => vec![(name, value)],
    };
    manifest.into_iter().flat_map(inner).collect()
}

fn shown(value: Option<&Value>) -> String {
    match value {
        None => "none".to_owned(),
        Some(Value::String(text)) if text.is_empty() => "none".to_owned(),
        // A digest is told apart by its first digits.
        Some(Value::String(digest)) if digest.len() == 64 && digest.bytes().all(|digit| digit.is_ascii_hexdigit()) => {
            digest[..12].to_owned()
        }
        Some(Value::String(value)) => text::excerpt(value, 120),
        Some(other) => text::excerpt(&other.to_string(), 40),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_told_from_old_to_new() {
        let manifest = |version: &str, size: u32, digit: &str, more: &str| {
            let sha256 = digit.repeat(64);
            format!(
                r#"{{"version":"{version}","build":"{version}","artifact":{{"size":{size},"sha256":"{sha256}"{more}}},"release_date":"{size}"}}"#
            )
        };
        let old = manifest("2.0.0.3", 7, "a", r#","ed25519":"c2ln""#);
        for (new, told) in [
            (
                manifest("2.0.0.4", 8, "b", r#","ed25519":"""#),
                "version 2.0.0.3 → 2.0.0.4, size 7 → 8, sha256 aaaaaaaaaaaa → bbbbbbbbbbbb, ed25519 c2ln → none",
            ),
            (manifest("2.0.0.3", 7, "a", ""), "ed25519 c2ln → none"),
            (old.replace("\"release_date\":\"7\"", "\"release_date\":\"9\""), "the same facts, spelled or dated otherwise"),
        ] {
            assert_eq!(between(old.as_bytes(), new.as_bytes()), told);
        }
        assert_eq!(between(b"<<<<", br#"{"version":"2.0.0.4"}"#), "version none → 2.0.0.4");
    }
}
