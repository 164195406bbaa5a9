//! The feed, put together from strings without any escaping, as the real server does it.

use crate::clock;
use crate::http::Response;
use serde_json::Value;

/// The feed for a manifest, or the error that the real server answers.
pub(crate) fn answer(manifest: Option<&Value>) -> Response {
    match manifest.and_then(feed) {
        Some(text) => Response::new(200, text.into_bytes())
            .with("Content-Type", "application/xml; charset=utf-8")
            .with("Cache-Control", "public, max-age=60"),
        None => Response::text(500, "Error generating AppCast XML").with("Cache-Control", "no-cache"),
    }
}

fn feed(manifest: &Value) -> Option<String> {
    let artifact = manifest["artifact"].as_object()?;
    let artifact = Value::Object(artifact.clone());
    let url = artifact["url"].as_str().filter(|url| is_served(url))?;
    let version = text(&manifest["version"], "1.0.0");
    let build = text(&manifest["build"], "0");
    let size = text(&artifact["size"], "0");
    let signature = text(&artifact["ed25519"], "");
    let oldest_system = text(&artifact["min_os"], "11.0");
    let now = clock::rfc_2822(clock::now_seconds());
    Some(format!(
        r#"<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:sparkle="http://www.andymatuschak.org/xml-namespaces/sparkle">
    <channel><title>Nexy Updates</title><description>Updates for Nexy AI Assistant</description><language>en</language>
        <item><title>Version {version}</title><description>Update to version {version}</description><pubDate>{now}</pubDate>
            <enclosure url="{url}" sparkle:version="{build}" sparkle:shortVersionString="{version}" length="{size}" type="application/octet-stream"
                sparkle:dsaSignature="{signature}" sparkle:minimumSystemVersion="{oldest_system}" /></item></channel></rss>
"#
    ))
}

fn text(value: &Value, default: &str) -> String {
    match value {
        Value::Null => default.to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// https and not the feed itself. A loopback address passes too: here it stands for the public https one.
fn is_served(url: &str) -> bool {
    let is_secure = url.starts_with("https://") || url.starts_with("http://127.0.0.1:");
    let path = url.split(['?', '#']).next().unwrap_or_default();
    is_secure && !path.ends_with("/appcast.xml") && !path.ends_with("/appcast-beta.xml")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_url_is_not_escaped_and_a_missing_build_is_zero() {
        let manifest = json!({"version": "2.0.0.4", "artifact": {"url": "https://h/x?a=1&b=2"}});
        let feed = feed(&manifest).unwrap();
        assert!(feed.contains("url=\"https://h/x?a=1&b=2\" sparkle:version=\"0\""));
        assert!(feed.contains("length=\"0\""));
    }

    #[test]
    fn http_the_feed_itself_and_no_artifact_are_not_served() {
        for url in ["http://h/Nexy.dmg", "https://h/updates/appcast.xml"] {
            assert_eq!(feed(&json!({"artifact": {"url": url}})), None, "{url}");
        }
        assert_eq!(feed(&json!({"version": "2.0.0.4"})), None);
    }
}
