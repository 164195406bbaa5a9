//! Fuzzes the reader of the server's environment file: for any bytes it says the same again, names lines that exist, shows no
//! value, and calls nothing clean that a plain reader reads otherwise.

use super::{Target, promised};
use crate::random::digest;
use nexy_contract::config_env::{self, Parsed, Severity};
use std::collections::{BTreeMap, BTreeSet};

/// Stands where a value stands; no message may contain it.
const SECRET: &str = "hx7Qp2Lr9Zt";

pub(super) const TARGET: Target = Target {
    name: "config-env",
    seeds: &[
        b"A=1\nB_2=a/b.c:d@e%f+g,h=i-j\n\n# c\nEMPTY=\n",
        b"KEY=hx7Qp2Lr9Zt\nexport K2='hx7Qp2Lr9Zt' # c\nK3=\"a\\n${X}hx7Qp2Lr9Zt\"\n",
        b"\xef\xbb\xbfA=1\r\nB=2\r\n",
        b"A=\"1\n2\"\nA=3\n'Q'=x\nK\n = x\n",
    ],
    tokens: &[
        b"=",
        b"\n",
        b"\r\n",
        b"\r",
        b"\"",
        b"'",
        b"\\",
        b"#",
        b" ",
        b"\t",
        b"export ",
        b"${",
        b"}",
        b"$(",
        b"`",
        b"\0",
        b"\xef\xbb\xbf",
        b"\xff",
        b"\xc2\xa0",
        b"\xe2\x80\x83",
        b"\x0b",
        b"\x1c",
        b"KEY=hx7Qp2Lr9Zt",
        b"A=1\n",
        b"\\\n",
        b"~",
        b":~",
        b";",
        b"&",
        b"!",
        b"UID=",
        b"_=",
        b"your_",
        b"_HERE",
        b"xxxxxxxx",
    ],
    run,
};

fn run(bytes: &[u8]) -> Result<u64, String> {
    let parsed = config_env::parse(bytes);
    let shown = format!("{parsed:?}");
    promised(shown == format!("{:?}", config_env::parse(bytes)), "the same bytes are read the same again")?;
    // Every kind of line end is one to the server.
    let lines = bytes.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count() + 1;
    let numbers = parsed.problems.iter().map(|problem| problem.line).chain(parsed.entries.iter().map(|entry| entry.line));
    promised(numbers.clone().all(|line| (1..=lines).contains(&line)), "every line that is named is there")?;
    promised(parsed.problems.is_sorted_by_key(|problem| problem.line), "problems come in the order of the file")?;
    promised(parsed.entries.is_sorted_by_key(|entry| entry.line), "assignments come in the order of the file")?;
    let is_a_name = parsed.entries.iter().any(|entry| entry.key.contains(SECRET));
    promised(is_a_name || !shown.contains(SECRET), "no value is shown")?;
    promised(parsed.assigns_alike(&parsed), "a file is like itself")?;
    for value in parsed.entries.iter().filter_map(|entry| entry.value.as_ref()) {
        promised(!format!("{:?} {:?}", value, value.placeholder()).contains(SECRET), "no value is shown")?;
        let _ = (value.is_empty(), value.as_version(), value.has_blank_or_control(), value.holds_equals_sign());
    }
    if parsed.problems.iter().all(|problem| problem.severity == Severity::Unusual) {
        reads_like_a_plain_reader(bytes, &parsed)?;
    }
    let rules: BTreeSet<&str> = parsed.problems.iter().map(|problem| problem.rule.name()).collect();
    Ok(digest(format!("{rules:?}").as_bytes()))
}

/// A file that is called clean means the same to a reader that goes line by line, splits at the first `=`, and drops the blanks at the
/// edges of a line, as every reader does.
fn reads_like_a_plain_reader(bytes: &[u8], parsed: &Parsed) -> Result<(), String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "what is clean is UTF-8".to_owned())?;
    let mut plain: BTreeMap<&str, &str> = BTreeMap::new();
    for line in text.split('\n').filter(|line| !line.trim().is_empty() && !line.trim().starts_with('#')) {
        let (key, value) =
            line.trim_matches([' ', '\t']).split_once('=').ok_or_else(|| "what is clean assigns something in every line".to_owned())?;
        plain.insert(key, value);
    }
    let is_same =
        |(key, value): (&&str, &&str)| parsed.entry(key).and_then(|entry| entry.value.as_ref()).is_some_and(|read| read.is_exactly(value));
    promised(plain.iter().all(is_same), "what is clean reads the same to a plain reader")?;
    promised(parsed.entries.iter().all(|entry| plain.contains_key(entry.key.as_str())), "what is clean holds nothing more")
}
