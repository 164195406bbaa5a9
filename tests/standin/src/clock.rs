//! The time of day in the three spellings that the imitated services use.

use std::time::{SystemTime, UNIX_EPOCH};

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Seconds since 1970.
pub(crate) fn now_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// `2026-11-21T06:35:17Z`, as GitHub and Azure write it.
pub(crate) fn iso(seconds: u64) -> String {
    let (year, month, day) = civil(seconds / 86_400);
    let (hour, minute, second) = time_of_day(seconds);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// `Sat, 21 Nov 2026 06:35:17 +0000`, as a feed writes it.
pub(crate) fn rfc_2822(seconds: u64) -> String {
    let (year, month, day) = civil(seconds / 86_400);
    let (hour, minute, second) = time_of_day(seconds);
    let weekday = DAYS[(seconds / 86_400 % 7) as usize];
    let month = MONTHS[month as usize - 1];
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} +0000")
}

/// `Sat, 21 Nov 2026 06:35:17 GMT`, as a server's `Date` header says it.
pub(crate) fn http_date(seconds: u64) -> String {
    rfc_2822(seconds).replace("+0000", "GMT")
}

/// `Nov 21 06:35:17`, as the journal writes it.
pub(crate) fn journal(seconds: u64) -> String {
    let (_, month, day) = civil(seconds / 86_400);
    let (hour, minute, second) = time_of_day(seconds);
    let month = MONTHS[month as usize - 1];
    format!("{month} {day:02} {hour:02}:{minute:02}:{second:02}")
}

fn time_of_day(seconds: u64) -> (u64, u64, u64) {
    (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60)
}

/// Year, month and day of a number of days since 1970 (Gregorian, eras of 400 years).
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_instants_are_spelled_as_the_services_spell_them() {
        assert_eq!(iso(0), "1970-01-01T00:00:00Z");
        assert_eq!(iso(1_795_242_917), "2026-11-21T06:35:17Z");
        assert_eq!(rfc_2822(1_795_242_917), "Sat, 21 Nov 2026 06:35:17 +0000");
        assert_eq!(iso(951_782_400), "2000-02-29T00:00:00Z");
    }
}
