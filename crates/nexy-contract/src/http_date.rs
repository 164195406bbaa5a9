//! Reads a server's clock from its `Date` header.

use crate::Timestamp;
use jiff::fmt::rfc2822;

/// Reads `Sat, 21 Nov 2026 06:35:17 GMT`, the one form that servers of today send; `None` for anything else.
pub fn read(text: &str) -> Option<Timestamp> {
    let moment = text.trim().strip_suffix(" GMT")?;
    rfc2822::parse(&format!("{moment} +0000")).ok().map(|moment| moment.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_that_servers_send_is_read_and_no_other() {
        let moment: Timestamp = "2026-11-21T06:35:17Z".parse().expect("a time");
        assert_eq!(read("Sat, 21 Nov 2026 06:35:17 GMT"), Some(moment));
        for text in ["", "soon", "2026-11-21T06:35:17Z", "Sat, 41 Nov 2026 06:35:17 GMT", "Sat, 21 Nov 2026 06:35:17 +0200"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
