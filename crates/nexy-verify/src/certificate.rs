//! The certificate that the public host shows: looked at as every request looks, and judged by the days that are left.

use crate::{
    context::{Context, Place},
    expected::NotKnown,
    probe::Answer,
};
use nexy_contract::{Fix, Timestamp, Url, text};
use nexy_outside::{
    clock,
    net::http::{Failure, Hello},
};

/// What the public host shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// A certificate of a trusted authority for this host, which ends then.
    Until(Timestamp),
    /// One that is not accepted, or no TLS at all: why, and what to do.
    Refused(NotKnown),
    /// It is plain http on this very machine, as in a rehearsal.
    Rehearsal,
}

/// Whether the certificate is accepted, and is so for at least this many days more.
pub(crate) fn check(context: &Context, least_days: i64) -> Answer {
    judge(&context.public, &look(context), clock::now(), least_days)
}

fn look(context: &Context) -> Result<Shown, NotKnown> {
    let url = &context.public;
    let Some(parsed) = Url::parse(url) else {
        return Err(NotKnown { because: format!("`{}` is no URL", text::excerpt(url, 120)), fix: Fix::note("correct it in nexy.toml") });
    };
    if !parsed.is_https() {
        return Ok(Shown::Rehearsal);
    }
    let timeout = context.patience(Place::Outside);
    let hello = Hello { url: &parsed, tls: true, protocols: &[], says: b"", answer_bytes: 0, timeout };
    match context.http.greet(&hello) {
        Ok(greeting) => greeting.certificates.first().and_then(|der| ends(der)).map(Shown::Until).ok_or_else(|| NotKnown {
            because: format!("the certificate of {url} names no end that can be read"),
            fix: Fix::note("look at it:").then_command(see(&parsed)),
        }),
        Err(error) if error.kind == Failure::Tls => Ok(Shown::Refused(error.into())),
        Err(error) => Err(error.into()),
    }
}

/// Prints the dates and names of the certificate.
fn see(url: &Url) -> String {
    let (host, port) = (text::shell_word(url.host()), url.port());
    format!("openssl s_client -connect {host}:{port} -servername {host} </dev/null | openssl x509 -noout -dates -subject -issuer")
}

/// The last moment at which a certificate in DER is valid.
fn ends(der: &[u8]) -> Option<Timestamp> {
    let (_, certificate) = x509_parser::parse_x509_certificate(der).ok()?;
    Timestamp::from_second(certificate.validity().not_after.timestamp()).ok()
}

fn judge(url: &str, look: &Result<Shown, NotKnown>, now: Timestamp, least_days: i64) -> Answer {
    let wanted = format!("a certificate of a trusted authority for this host, valid for {least_days} days or more");
    let until = match look {
        Err(not_known) => return not_known.answer(wanted),
        Ok(Shown::Refused(NotKnown { because, fix })) => return Answer::fail(because, wanted, fix),
        Ok(Shown::Rehearsal) => return Answer::pass(format!("{url} is plain http on this machine, as in a rehearsal: it has no TLS")),
        Ok(Shown::Until(until)) => until,
    };
    let days = until.as_second().saturating_sub(now.as_second()).div_euclid(24 * 3600);
    let found = format!("the certificate of {url} ends in {days} days, on {until}");
    if days >= least_days {
        return Answer::pass(found);
    }
    let renew = Fix::note(
        "on the VM, see why it was not renewed (`systemctl list-timers`, the log of the program that renews it), and renew it there;",
    )
    .then_note("the web server in front must then load it. What it shows now:");
    Answer::fail(found, wanted, Url::parse(url).iter().fold(renew, |fix, url| fix.then_command(see(url))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexy_contract::Verdict;

    const DAY_S: i64 = 24 * 3600;

    fn judged(seconds_left: i64, least_days: i64) -> Answer {
        let now = Timestamp::from_second(1_800_000_000).expect("a moment");
        let until = Timestamp::from_second(1_800_000_000 + seconds_left).expect("a moment");
        judge("https://h.example", &Ok(Shown::Until(until)), now, least_days)
    }

    #[test]
    fn whole_days_are_counted_and_the_last_that_is_enough_passes() {
        for (seconds_left, verdict, days) in [
            (21 * DAY_S, Verdict::Pass, "ends in 21 days"),
            (21 * DAY_S - 1, Verdict::Fail, "ends in 20 days"),
            (0, Verdict::Fail, "ends in 0 days"),
            (-1, Verdict::Fail, "ends in -1 days"),
        ] {
            let answer = judged(seconds_left, 21);
            assert_eq!(answer.verdict, verdict, "{seconds_left}");
            assert!(answer.found.contains(days), "{answer:?}");
        }
        assert!(judged(3 * DAY_S, 3).passes());
        assert!(judged(0, 3).fix.text().contains("openssl s_client -connect h.example:443 -servername h.example"));
    }

    #[test]
    fn a_certificate_that_is_refused_is_a_no_and_silence_is_unknown() {
        let why = || NotKnown { because: "why".to_owned(), fix: Fix::note("do") };
        let judged = |look| judge("http://127.0.0.1:1", &look, Timestamp::UNIX_EPOCH, 3).verdict;
        assert_eq!(judged(Ok(Shown::Refused(why()))), Verdict::Fail);
        assert_eq!(judged(Err(why())), Verdict::Unknown);
        assert_eq!(judged(Ok(Shown::Rehearsal)), Verdict::Pass);
    }

    #[test]
    fn bytes_that_are_no_certificate_have_no_end() {
        for bytes in [&b""[..], b"\x30\x82", b"<html>"] {
            assert_eq!(ends(bytes), None);
        }
    }
}
