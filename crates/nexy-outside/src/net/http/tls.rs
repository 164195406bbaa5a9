//! Why a certificate was not accepted, in words, and what a person does about each reason.

use crate::{clock, environment};
use nexy_contract::{Fix, Timestamp, Url, text};
use rustls::{CertificateError, Error};

/// What is wrong, and what to do about it.
pub(super) fn explain(url: &Url, error: &Error) -> (String, Fix) {
    let trusted = environment::get("SSL_CERT_FILE").map(|path| path.to_string_lossy().into_owned());
    judge(url, error, clock::now(), trusted.as_deref())
}

fn judge(url: &Url, error: &Error, now: Timestamp, trusted: Option<&str>) -> (String, Fix) {
    let host = url.host();
    let look = format!("curl -sSv -o /dev/null {}", text::shell_word(&url.shown()));
    let date = |moment: &rustls::pki_types::UnixTime| {
        let moment = i64::try_from(moment.as_secs()).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
        moment.map_or_else(|| "an unknown moment".to_owned(), |moment| moment.to_string())
    };
    let clock = |then: &str| {
        Fix::note(format!("this machine's clock says {now}; if that is right, {then}; else set the clock:")).then_command("date -u")
    };
    let renew = || clock("the certificate has to be renewed on the server");
    let wait = || clock("the server has a certificate from the future");
    let Error::InvalidCertificate(reason) = error else {
        let said = match error {
            Error::InvalidMessage(_) => "what answers there does not speak TLS".to_owned(),
            other => format!("TLS did not come about: {other}"),
        };
        return (said, Fix::note("a proxy or another server may stand in between; look:").then_command(look));
    };
    match reason {
        CertificateError::Expired => (format!("the certificate of {host} has expired"), renew()),
        CertificateError::ExpiredContext { not_after, .. } => {
            (format!("the certificate of {host} has expired on {}", date(not_after)), renew())
        }
        CertificateError::NotValidYet => (format!("the certificate of {host} is not valid yet"), wait()),
        CertificateError::NotValidYetContext { not_before, .. } => {
            (format!("the certificate of {host} is valid from {} on only", date(not_before)), wait())
        }
        CertificateError::UnknownIssuer => {
            let with = trusted.map_or_else(|| "the system's store".to_owned(), |path| format!("SSL_CERT_FILE={path}"));
            let fix = Fix::note("a proxy that opens TLS, or an authority of one's own, may have issued it: see who, and if that is right,")
                .then_note("set SSL_CERT_FILE to a PEM file that holds the certificate of that authority:")
                .then_command(look);
            (format!("no authority of {with} has issued the certificate of {host}"), fix)
        }
        CertificateError::NotValidForName => (format!("the certificate is not for {host}"), other_name(look)),
        CertificateError::NotValidForNameContext { presented, .. } => {
            (format!("the certificate is not for {host}, but for {}", text::excerpt(&presented.join(", "), 120)), other_name(look))
        }
        CertificateError::Revoked => {
            (format!("the certificate of {host} was revoked"), Fix::note("trust nothing that it says, and tell its operator"))
        }
        other => (format!("the certificate of {host} is refused: {other}"), Fix::note("look at the certificate:").then_command(look)),
    }
}

fn other_name(look: String) -> Fix {
    Fix::note("another server may answer there: compare the URL of nexy.toml with the names in the certificate:").then_command(look)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::pki_types::{ServerName, UnixTime};
    use std::time::Duration;

    #[test]
    fn each_reason_has_its_words_and_its_remedy() {
        let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let name = ServerName::try_from("h.example").expect("a name").to_owned();
        let certificate = |error| Error::InvalidCertificate(error);
        for (error, said, fix) in [
            (
                certificate(CertificateError::ExpiredContext { time: at(1_795_850_343), not_after: at(1_764_547_200) }),
                "the certificate of h.example has expired on 2025-12-01T00:00:00Z",
                "this machine's clock says 2026-11-28T00:00:00Z; if that is right, the certificate has to be renewed",
            ),
            (
                certificate(CertificateError::NotValidYetContext { time: at(0), not_before: at(1_764_547_200) }),
                "is valid from 2025-12-01T00:00:00Z on only",
                "date -u",
            ),
            (certificate(CertificateError::Expired), "has expired", "renewed"),
            (certificate(CertificateError::NotValidYet), "is not valid yet", "set the clock"),
            (certificate(CertificateError::UnknownIssuer), "no authority of the system's store", "SSL_CERT_FILE"),
            (
                certificate(CertificateError::NotValidForNameContext { expected: name, presented: vec!["a\u{1b}.example".into()] }),
                "is not for h.example, but for a\\x1b.example",
                "another server",
            ),
            (certificate(CertificateError::NotValidForName), "is not for h.example", "another server"),
            (certificate(CertificateError::Revoked), "was revoked", "trust nothing"),
            (certificate(CertificateError::BadSignature), "is refused", "curl -sSv"),
            (Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType), "does not speak TLS", "curl -sSv"),
            (Error::HandshakeNotComplete, "TLS did not come about", "curl -sSv"),
        ] {
            let now = "2026-11-28T00:00:00Z".parse().expect("a moment");
            let (words, remedy) = judge(&Url::parse("https://h.example/x?y").expect("a URL"), &error, now, None);
            assert!(words.contains(said), "{words}");
            assert!(remedy.text().contains(fix), "{remedy}");
            assert!(!remedy.text().contains("check the network"), "{remedy}");
        }
        let unknown = certificate(CertificateError::UnknownIssuer);
        let (words, _) = judge(&Url::parse("https://h.example").expect("a URL"), &unknown, clock::now(), Some("/x.pem"));
        assert!(words.contains("no authority of SSL_CERT_FILE=/x.pem"), "{words}");
    }
}
