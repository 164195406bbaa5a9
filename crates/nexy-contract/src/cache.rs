//! How long caches may keep an answer, by its header fields (RFC 9111).

use crate::{Timestamp, http_date};

/// The longest time that any cache may take from these fields, in seconds; `None` when they say nothing about it.
///
/// A web server in front adds a second `Cache-Control`, and caches disagree about which one counts: so the longest time does, unless
/// one of them forbids to keep the answer. What cannot be read keeps nothing fresh.
pub fn longest_s(cache_control: &[&str], expires: Option<&str>, date: Option<&str>, now: Timestamp) -> Option<u64> {
    let directives = cache_control.iter().flat_map(|field| field.split(','));
    let directives: Vec<(String, &str)> = directives
        .map(|directive| directive.split_once('=').unwrap_or((directive, "")))
        .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().trim_matches('"')))
        .collect();
    if directives.iter().any(|(name, _)| name == "no-store" || name == "no-cache") {
        return Some(0);
    }
    let seconds = |value: &str| {
        let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        if digits { value.parse().unwrap_or(u64::MAX) } else { 0 }
    };
    let longest =
        |names: &[&str]| directives.iter().filter(|(name, _)| names.contains(&name.as_str())).map(|(_, value)| seconds(value)).max();
    let fresh = longest(&["max-age", "s-maxage"]).or_else(|| {
        let from = date.and_then(http_date::read).unwrap_or(now);
        let until = http_date::read(expires?).unwrap_or(from);
        Some(u64::try_from(until.as_second().saturating_sub(from.as_second())).unwrap_or(0))
    })?;
    Some(fresh.saturating_add(longest(&["stale-while-revalidate"]).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_time_counts_unless_keeping_is_forbidden() {
        let (then, later) = (Some("Sat, 21 Nov 2026 06:35:17 GMT"), Some("Sat, 21 Nov 2026 06:40:17 GMT"));
        for (cache_control, expires, date, kept) in [
            (&["public, max-age=60", "public, max-age=60"][..], None, None, Some(60)),
            (&["public, max-age=60", "public, max-age=300"], None, None, Some(300)),
            (&["public, MAX-AGE=60, s-maxage=\"600\""], None, None, Some(600)),
            (&["max-age=60, stale-while-revalidate=3600"], None, None, Some(3660)),
            (&["public, max-age=31536000", "no-store"], None, None, Some(0)),
            (&["no-cache"], later, then, Some(0)),
            (&["max-age=99999999999999999999"], None, None, Some(u64::MAX)),
            (&["max-age=-1"], None, None, Some(0)),
            (&["max-age=soon"], None, None, Some(0)),
            (&["public, max-age=30"], Some("0"), None, Some(30)),
            (&["public"], None, None, None),
            (&[], None, None, None),
            (&[], Some("0"), None, Some(0)),
            (&[], later, then, Some(300)),
            (&[], then, later, Some(0)),
            (&["public"], later, None, Some(300)),
        ] {
            let now = "2026-11-21T06:35:17Z".parse().expect("a moment");
            assert_eq!(longest_s(cache_control, expires, date, now), kept, "{cache_control:?} {expires:?}");
        }
    }
}
