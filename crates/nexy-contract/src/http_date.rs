//! Reads a server's clock from its `Date` header.

use crate::Timestamp;
use jiff::{civil::DateTime, tz::Offset};

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Reads `Sat, 21 Nov 2026 06:35:17 GMT`, the one form that servers of today send; `None` for anything else.
pub fn read(text: &str) -> Option<Timestamp> {
    let words: Vec<&str> = text.trim().split(' ').collect();
    let [_, day, month, year, time, "GMT"] = words[..] else {
        return None;
    };
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    let clock: Vec<&str> = time.split(':').collect();
    let [hour, minute, second] = clock[..] else {
        return None;
    };
    let number = |text: &str| text.parse::<i8>().ok();
    let moment =
        DateTime::new(year.parse().ok()?, i8::try_from(month).ok()?, number(day)?, number(hour)?, number(minute)?, number(second)?, 0);
    Offset::UTC.to_timestamp(moment.ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_that_servers_send_is_read_and_no_other() {
        let moment: Timestamp = "2026-11-21T06:35:17Z".parse().expect("a time");
        assert_eq!(read("Sat, 21 Nov 2026 06:35:17 GMT"), Some(moment));
        let others = [
            "",
            "soon",
            "2026-11-21T06:35:17Z",
            "Sat, 41 Nov 2026 06:35:17 GMT",
            "Sat, 21 Now 2026 06:35:17 GMT",
            "Sat, 21 Nov 2026 06:35:17 +0200",
            "Sat, 21 Nov 2026 06:35 GMT",
        ];
        for text in others {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
