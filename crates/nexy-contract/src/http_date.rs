//! The clock of a server, as its `Date` header tells it.

use crate::Timestamp;

/// Reads `Sat, 21 Nov 2026 06:35:17 GMT`; `None` for anything else.
#[must_use]
pub fn read(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(text.trim()).ok().map(|moment| moment.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_that_servers_send_is_read_and_no_other() {
        let moment: Timestamp = "2026-11-21T06:35:17Z".parse().expect("a time");
        assert_eq!(read("Sat, 21 Nov 2026 06:35:17 GMT"), Some(moment));
        for text in ["", "soon", "2026-11-21T06:35:17Z", "Sat, 41 Nov 2026 06:35:17 GMT"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
