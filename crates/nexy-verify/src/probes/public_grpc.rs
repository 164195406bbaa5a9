//! Whether the gRPC endpoint speaks HTTP/2, over TLS as nexy.toml says; clients speak nothing else there.

use crate::{
    context::{Context, Place},
    expected::NotKnown,
    probe::{Answer, Explain, Probe},
};
use nexy_contract::fix::{command, note};
use nexy_contract::{Fix, Url, text, url};
use nexy_outside::net::http::{Failure, Greeting, Hello};

/// The row of the table.
pub(crate) const PROBE: Probe = Probe {
    id: "public-grpc",
    asks: "Does the gRPC endpoint speak HTTP/2, over TLS if nexy.toml says so?",
    profiles: &["public", "release", "done"],
    advice_in: &[],
    runbook: "S0 §4.2, S3 §1",
    explain: Explain {
        symptom: "/health is well and every client fails: the web server in front answers `PRI * HTTP/2.0` with 400, or speaks no HTTP/2 on that port.",
        check: "Connects to release_target.grpc_endpoint, with TLS and ALPN h2 if release_target.grpc_tls is true, sends the preface of HTTP/2 with an empty SETTINGS frame, and waits for the SETTINGS frame with which every HTTP/2 server begins. When endpoints.public is on loopback, as in a rehearsal, an endpoint elsewhere is not asked.",
        fix: &[
            note("The web server in front needs `http2` on that port, and `grpc_pass` to the server behind it; see what it chooses:"),
            command("curl -sSv -o /dev/null --http2 \"https://$(nexy-version show release_target.grpc_endpoint)/\""),
        ],
        verify: &[command("nexy-verify public-grpc")],
    },
    check,
};

/// The preface of a client, and a SETTINGS frame that asks for nothing (RFC 9113 §3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
/// The head of a frame: three bytes of length, one of type, one of flags, four of a stream (RFC 9113 §4.1).
const FRAME_HEAD_BYTES: usize = 9;
const SETTINGS: u8 = 4;
const ACK: u8 = 1;
/// The name of HTTP/2 in ALPN.
const H2: &str = "h2";

fn check(context: &Context) -> Answer {
    let target = &context.workspace.target.release_target;
    let (endpoint, tls) = (target.grpc_endpoint.as_str(), target.grpc_tls);
    let wanted = wanted(endpoint, tls);
    let Some(url) =
        Url::parse(&format!("https://{endpoint}")).filter(|url| !endpoint.contains('/') && endpoint.ends_with(&format!(":{}", url.port())))
    else {
        let found = format!("release_target.grpc_endpoint `{}` is no host with a port", text::excerpt(endpoint, 80));
        return Answer::fail(found, wanted, Fix::note("correct it in nexy.toml and in the guide"));
    };
    if url::is_on_loopback(&context.public) && !url.is_on_loopback() {
        return Answer::pass(format!("{} is this machine, as in a rehearsal: {endpoint} is not asked", context.public));
    }
    let protocols: &[&str] = if tls { &[H2] } else { &[] };
    let timeout = context.patience(Place::Outside);
    let hello = Hello { url: &url, tls, protocols, says: PREFACE, answer_bytes: FRAME_HEAD_BYTES, timeout };
    let look = match context.http.greet(&hello) {
        Ok(greeting) => Ok(Ok(greeting)),
        Err(error) if error.kind == Failure::Tls => Ok(Err(error.into())),
        Err(error) => Err(error.into()),
    };
    judge(endpoint, tls, &look)
}

fn wanted(endpoint: &str, tls: bool) -> String {
    let over = if tls { "over TLS, chosen by ALPN," } else { "without TLS" };
    format!("{endpoint} speaks HTTP/2 {over} and begins with a SETTINGS frame")
}

/// What the endpoint has shown, or why TLS did not come about; outside of both, why nothing is known.
type Look = Result<Result<Greeting, NotKnown>, NotKnown>;

fn judge(endpoint: &str, tls: bool, look: &Look) -> Answer {
    let wanted = wanted(endpoint, tls);
    let greeting = match look {
        Err(not_known) => return not_known.answer(wanted),
        Ok(Err(NotKnown { because, fix })) => return Answer::fail(because, wanted, fix),
        Ok(Ok(greeting)) => greeting,
    };
    let scheme = if tls { "https" } else { "http" };
    let no = |found: String| {
        let fix =
            Fix::note("the web server in front needs `http2` on that port, and `grpc_pass` to the server behind it; see what it answers:")
                .then_command(format!("curl -sSv -o /dev/null --http2 {}", text::shell_word(&format!("{scheme}://{endpoint}/"))))
                .then_note("whether the server behind it is well:")
                .then_command("scripts/vm.sh nexy-verify local");
        Answer::fail(found, &wanted, fix)
    };
    if tls && greeting.protocol.as_deref() != Some(H2) {
        let chosen = greeting.protocol.as_ref().map_or_else(|| "no protocol".to_owned(), |name| format!("`{name}`"));
        return no(format!("{endpoint} speaks TLS, and chooses {chosen} by ALPN where clients need h2"));
    }
    match greeting.answer.as_slice() {
        [_, _, _, SETTINGS, flags, 0, 0, 0, 0, ..] if flags & ACK == 0 => {
            Answer::pass(format!("{endpoint} speaks HTTP/2 {}: its SETTINGS frame came", if tls { "over TLS" } else { "without TLS" }))
        }
        [] if greeting.broke_off.as_deref() == Some("") => no(format!("{endpoint} ends the connection when it is greeted in HTTP/2")),
        answer if answer.starts_with(b"HTTP/1.") => {
            let line =
                String::from_utf8_lossy(answer.split(|byte| *byte == b'\r' || *byte == b'\n').next().unwrap_or_default()).into_owned();
            no(format!("{endpoint} answers the preface of HTTP/2 with `{}`: no HTTP/2 is spoken there", text::excerpt(&line, 80)))
        }
        [0x14..=0x17, 3, ..] if !tls => no(format!("{endpoint} answers in TLS, and release_target.grpc_tls is false")),
        answer if answer.len() >= FRAME_HEAD_BYTES => {
            let shown: Vec<String> = answer.iter().take(FRAME_HEAD_BYTES).map(|byte| format!("{byte:02x}")).collect();
            no(format!("{endpoint} answers with other bytes than a SETTINGS frame: {}", shown.join(" ")))
        }
        answer => {
            let why = greeting.broke_off.as_deref().filter(|why| !why.is_empty()).unwrap_or("the connection ended");
            let found = format!("{endpoint} has sent {} bytes of a frame of HTTP/2, then {why}", answer.len());
            Answer::unknown(found, wanted, Fix::note("wait a minute, then ask again:").then_command("nexy-verify public-grpc"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexy_contract::Verdict;

    const SETTINGS_FRAME: &[u8] = b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x80";

    fn judged(tls: bool, protocol: Option<&str>, answer: &[u8], broke_off: Option<&str>) -> Answer {
        let greeting = Greeting {
            certificates: Vec::new(),
            protocol: protocol.map(str::to_owned),
            answer: answer.to_vec(),
            broke_off: broke_off.map(str::to_owned),
        };
        judge("h.example:443", tls, &Ok(Ok(greeting)))
    }

    #[test]
    fn only_a_settings_frame_in_the_protocol_that_is_meant_passes() {
        assert!(judged(true, Some("h2"), SETTINGS_FRAME, None).passes());
        assert!(judged(false, None, b"\0\0\0\x04\0\0\0\0\0", None).passes());
        for (tls, protocol, answer, broke_off, said) in [
            (true, None, SETTINGS_FRAME, None, "chooses no protocol by ALPN"),
            (true, Some("http/1.1"), SETTINGS_FRAME, None, "chooses `http/1.1` by ALPN"),
            (
                true,
                Some("h2"),
                &b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n"[..],
                None,
                "with `HTTP/1.1 400 Bad Request`: no HTTP/2",
            ),
            (false, None, b"\x15\x03\x01\0\x02\x02\x46", None, "answers in TLS, and release_target.grpc_tls is false"),
            (true, Some("h2"), b"\0\0\x08\x07\0\0\0\0\0\0\0\0\0", None, "other bytes than a SETTINGS frame: 00 00 08 07"),
            (true, Some("h2"), b"\0\0\0\x04\x01\0\0\0\0", None, "other bytes than a SETTINGS frame"),
            (true, Some("h2"), b"\0\0\0\x04\0\0\0\0\x01", None, "other bytes than a SETTINGS frame"),
            (true, Some("h2"), b"", Some(""), "ends the connection when it is greeted"),
        ] {
            let answer = judged(tls, protocol, answer, broke_off);
            assert_eq!(answer.verdict, Verdict::Fail, "{said}");
            assert!(answer.found.contains(said), "{answer:?}");
        }
    }

    #[test]
    fn what_breaks_off_or_cannot_be_reached_is_unknown_and_a_refused_certificate_is_a_no() {
        for (answer, broke_off) in [(&b""[..], "it fell silent"), (b"\0\0\0", ""), (b"\0\0\0", "connection reset by peer")] {
            assert_eq!(judged(true, Some("h2"), answer, Some(broke_off)).verdict, Verdict::Unknown, "{broke_off}");
        }
        let why = || NotKnown { because: "why".to_owned(), fix: Fix::note("do") };
        assert_eq!(judge("h:1", true, &Err(why())).verdict, Verdict::Unknown);
        assert_eq!(judge("h:1", true, &Ok(Err(why()))).verdict, Verdict::Fail);
    }
}
