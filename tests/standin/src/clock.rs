//! The time of day in the spellings that the imitated services use.

use jiff::Timestamp;

/// Seconds since 1970.
pub(crate) fn now_seconds() -> u64 {
    Timestamp::now().as_second().try_into().unwrap()
}

/// `2026-11-21T06:35:17Z`, as GitHub and Azure write it.
pub(crate) fn iso(seconds: u64) -> String {
    spelled(seconds, "%Y-%m-%dT%H:%M:%SZ")
}

/// `Sat, 21 Nov 2026 06:35:17 +0000`, as a feed writes it.
pub(crate) fn rfc_2822(seconds: u64) -> String {
    spelled(seconds, "%a, %d %b %Y %H:%M:%S %z")
}

/// `Sat, 21 Nov 2026 06:35:17 GMT`, as a server's `Date` header says it.
pub(crate) fn http_date(seconds: u64) -> String {
    spelled(seconds, "%a, %d %b %Y %H:%M:%S GMT")
}

/// `Sat 2026-11-21 06:35:17 UTC`, as `systemctl show` prints it under `TZ=UTC`.
pub(crate) fn systemd(seconds: u64) -> String {
    spelled(seconds, "%a %Y-%m-%d %H:%M:%S UTC")
}

fn spelled(seconds: u64, format: &str) -> String {
    Timestamp::from_second(seconds.try_into().unwrap()).unwrap().strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_instants_are_spelled_as_the_services_spell_them() {
        assert_eq!(iso(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc_2822(1_795_242_917), "Sat, 21 Nov 2026 06:35:17 +0000");
        assert_eq!(systemd(1_795_242_917), "Sat 2026-11-21 06:35:17 UTC");
        assert_eq!(http_date(1_795_242_917), "Sat, 21 Nov 2026 06:35:17 GMT");
    }
}
