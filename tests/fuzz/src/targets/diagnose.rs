//! Fuzzes the search for incidents: for any log, it says the same however the log comes, names lines that exist, and shows no line.

use super::{Target, promised};
use crate::random::digest;
use nexy_contract::incidents::{Diagnosis, Found, Matcher, PIECE_BYTES, Scanned, text};
use std::sync::LazyLock;

/// Stands in logs; no answer may contain it.
const SECRET: &str = "hx7Qp2Lr9Zt";
/// Stands for so much text that its line is judged in pieces.
const LONG: &[u8] = b"<long>";

static MATCHER: LazyLock<Result<Matcher, String>> = LazyLock::new(Matcher::known);

pub(super) const TARGET: Target = Target {
    name: "diagnose",
    seeds: &[
        b"fine\nPermissionError: [Errno 13] Permission denied: '/srv/config.env' hx7Qp2Lr9Zt\n",
        b"{\"_PID\":\"7\",\"MESSAGE\":\"x API key expired \\\"y\\\"\\nz\",\"PRIORITY\":\"6\"}\n{\"MESSAGE\":[65,80,73,95,75,69,89,95,73,78,86,65,76,73,68]}\n",
        b"      \"message\": \"Enable succeeded: \\n[stdout]\\n{\\\"ffmpeg_available\\\": false}\\n\\n[stderr]\\nset: Illegal option -o pipefail\",\n",
        b"10.0.0.1 - - \"GET /?q=API_KEY_INVALID HTTP/1.1\" 404\n+ grep API_KEY_INVALID\npython3: can't open file '/srv/server/main.py'\n",
    ],
    tokens: &[
        b"\n", b"\r\n", b"\"", b"\\\"", b"\\", b"\\n", b":", b"{", b"}", b"[", b"]", b"\"MESSAGE\":\"", b"\"MESSAGE\" : [", b"65,80,73", b"\"text\":\"", b"\"msg\": \"",
        b"API_KEY_INVALID", b"PermissionError", b"/config.env", b"can't open file", b"server/main.py", b"<long>", b"\xd1", b"\xff", b"\0", b"\\u0420", b"\\ud83d",
        "Размер файла не совпадает".as_bytes(), b"\"GET ", b"COMMAND=", b"+ ", b"/", b"?", b" ", b"hx7Qp2Lr9Zt", b"\x1b[36;1m",
    ],
    run,
};

fn run(bytes: &[u8]) -> Result<u64, String> {
    let matcher = MATCHER.as_ref().map_err(Clone::clone)?;
    let log = expanded(bytes);
    let whole = matcher.scan_all(&log);
    let lines = log.split(|byte| *byte == b'\n').count() - usize::from(log.is_empty() || log.ends_with(b"\n"));
    promised(usize::try_from(whole.lines) == Ok(lines), "every line is counted")?;
    promised(whole.bytes == log.len() as u64, "every byte is counted")?;
    promised(whole.cut_lines <= whole.lines, "no more lines are cut than there are")?;
    promised(whole.hits.is_sorted_by_key(|hit| hit.first_line), "incidents come in the order of their lines")?;
    for hit in &whole.hits {
        promised(hit.first_line >= 1 && hit.first_line + hit.count - 1 <= whole.lines, "every line that is named is there")?;
    }
    let mut scan = matcher.scan();
    let size = 1 + usize::try_from(digest(bytes) % 300).unwrap_or(1);
    log.chunks(if log.len() > PIECE_BYTES { 7919 } else { size }).for_each(|piece| scan.feed(piece));
    let pieces = scan.finish();
    promised(told(&pieces) == told(&whole), "it makes no difference how the log comes")?;
    promised((pieces.lines, pieces.bytes, pieces.cut_lines) == (whole.lines, whole.bytes, whole.cut_lines), "nor for the counts")?;
    let said = text(&Diagnosis::new(whole.hits.iter().map(Found::in_log).collect()));
    promised(!said.contains(SECRET), "no line of the log is shown")?;
    let ids: Vec<String> = whole.hits.iter().map(|hit| hit.entry.id.to_string()).collect();
    Ok(digest(format!("{ids:?} {}", whole.cut_lines > 0).as_bytes()))
}

fn told(scanned: &Scanned<'_>) -> Vec<(String, String, u64, u64)> {
    scanned.hits.iter().map(|hit| (hit.entry.id.to_string(), hit.symptom.to_string(), hit.count, hit.first_line)).collect()
}

fn expanded(bytes: &[u8]) -> Vec<u8> {
    match bytes.windows(LONG.len()).position(|window| window == LONG) {
        Some(at) => [&bytes[..at], &vec![b'x'; PIECE_BYTES - 9], &bytes[at + LONG.len()..]].concat(),
        None => bytes.to_vec(),
    }
}
