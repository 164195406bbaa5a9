//! When a token expires, as GitHub's header says it: `2026-12-01 10:00:00 UTC`, or with an offset in place of the zone.

use nexy_contract::Timestamp;
use std::fmt;

/// The moment, and how far away it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Expiry {
    at: Timestamp,
    /// From now, in seconds; negative in the past.
    pub(super) left_s: i64,
}

impl Expiry {
    /// Reads the header; `None` for a form that GitHub does not document.
    pub(super) fn read(text: &str, now: Timestamp) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_suffix(" UTC").map_or_else(|| text.to_owned(), |moment| format!("{moment} +0000"));
        let at = Timestamp::strptime("%Y-%m-%d %H:%M:%S %z", &text).ok()?;
        Some(Self { at, left_s: at.as_second() - now.as_second() })
    }
}

impl fmt::Display for Expiry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.left_s {
            ..0 => write!(formatter, "at {}, which is past", self.at),
            0..7200 => write!(formatter, "in {} min ({})", self.left_s / 60, self.at),
            7200..172_800 => write!(formatter, "in {} hours ({})", self.left_s / 3600, self.at),
            _ => write!(formatter, "in {} days ({})", self.left_s / 86_400, self.at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn now() -> Timestamp {
        "2026-12-01T10:00:00Z".parse().expect("a moment")
    }

    fn shown(text: &str) -> Option<String> {
        Expiry::read(text, now()).map(|expiry| expiry.to_string())
    }

    #[test]
    fn both_spellings_are_read_and_told_as_a_distance() {
        assert_eq!(shown("2026-12-11 10:00:00 UTC").as_deref(), Some("in 10 days (2026-12-11T10:00:00Z)"));
        assert_eq!(shown("2026-12-02 01:00:00 +0300").as_deref(), Some("in 12 hours (2026-12-01T22:00:00Z)"));
        assert_eq!(shown("2026-12-01 10:59:30 +0000").as_deref(), Some("in 59 min (2026-12-01T10:59:30Z)"));
        assert_eq!(shown("2026-12-01 09:59:59 -0000").as_deref(), Some("at 2026-12-01T09:59:59Z, which is past"));
    }

    #[test]
    fn other_forms_are_none() {
        for text in ["", "never", "2026-12-11", "2026-12-11 10:00:00", "2026-12-11 10:00:00 PST", "2026-13-11 10:00:00 UTC", "1796000000"] {
            assert_eq!(shown(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_stops_the_reader(text: String) {
            let _ = shown(&text);
        }
    }
}
