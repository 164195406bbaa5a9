//! Reads the result of `az vm run-command invoke`, which drops the script's exit status and always ends with 0.
//!
//! Only one thing is believed: the last line of the script's standard output, `NEXY-END <nonce> <status>`, where the nonce
//! was made for this one run. Whatever could have been forged by output, or was cut off, is unknown.

use crate::{Exit, Fix, Problem, text};
use serde::Deserialize;

mod silence;

use silence::in_doubt;
pub use silence::{LOOK, Machine, before};

/// First word of the line that ends a remote script's standard output.
pub const SENTINEL: &str = "NEXY-END";

/// Azure brings back only the end of each stream, in bytes.
const KEPT_BYTES: usize = 4096;
/// So many bytes of a character that the cut has split may be missing as well.
const SPLIT_BYTES: usize = 3;
const STDOUT: &str = "[stdout]";
const STDERR: &str = "[stderr]";
const FORGED: &str = "the output holds lines that look like az's own markers, so it could say anything";

/// A number used once: 32 hexadecimal digits that tell this run's sentinel from everything else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nonce(String);

impl std::str::FromStr for Nonce {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let sound = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if sound { Ok(Self(text.to_owned())) } else { Err("a nonce has 32 hexadecimal digits".to_owned()) }
    }
}

/// What `az` left behind.
#[derive(Clone, Copy, Debug)]
pub struct Az<'a> {
    /// Its exit code, when the caller kept it.
    pub exit: Option<i32>,
    /// Its standard output.
    pub stdout: &'a [u8],
    /// Its standard error.
    pub stderr: &'a [u8],
}

/// What the script on the VM said, once its sentinel was believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The script's exit status.
    pub status: u8,
    /// Its standard output before the sentinel.
    pub document: String,
    /// Whether the beginning of the document may be missing.
    pub cut: bool,
    /// Its standard error, as far as it came back.
    pub complaints: String,
}

impl Answered {
    /// How the tool ends: as the script did, unless that says nothing or the yes came with a cut document.
    pub fn exit(&self) -> Exit {
        self.problem(LOOK).map_or_else(|| Exit::try_from(self.status).unwrap_or(Exit::CouldNotLook), |problem| problem.exit)
    }

    /// What a person must know beside the document; `look` is the command that shows what the VM has.
    pub fn problem(&self, look: &str) -> Option<Problem> {
        let Ok(exit) = Exit::try_from(self.status) else {
            return Some(Problem::new(
                Exit::CouldNotLook,
                format!("the script on the VM ended with status {}", self.status),
                "that is no exit code of these tools, so it says neither yes nor no",
                Fix::note("read what the script said, then look at the VM:").then_command(look.to_owned()),
            ));
        };
        self.cut.then(|| {
            let because = format!("Azure brings back the last {KEPT_BYTES} bytes only, and these were {KEPT_BYTES} or more");
            let fix = Fix::note("read the full log on the VM, or ask for less at once");
            Problem::new(if exit == Exit::Yes { Exit::CouldNotLook } else { exit }, "the answer from the VM is cut", because, fix)
        })
    }
}

/// Reads what `az` left behind; the names of the machine, and `look`, the command that shows
/// what the VM has, stand in a fix only.
/// Errors: the problem to print, whenever the script's own end is not known for sure.
pub fn read(az: &Az<'_>, nonce: &Nonce, machine: Machine<'_>, look: &str) -> Result<Answered, Problem> {
    let stderr = String::from_utf8_lossy(az.stderr);
    if let Some(message) = message(az.stdout) {
        return sections(&message, nonce, 1).map_err(|because| in_doubt(because, look));
    }
    // Some agents report a failed script as an error of `az` itself, and `az` may print that message twice.
    if stderr.contains("Enable failed") && stderr.lines().any(|line| line == STDOUT) {
        return sections(&stderr, nonce, 2).map_err(|because| in_doubt(because, look));
    }
    Err(silence::of(az, &stderr, machine, look))
}

/// The one message of the envelope that `az -o json` prints; `None` for anything else.
fn message(stdout: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Envelope {
        value: Vec<Part>,
    }
    #[derive(Deserialize)]
    struct Part {
        message: String,
    }
    let envelope: Envelope = serde_json::from_slice(stdout).ok()?;
    match <[Part; 1]>::try_from(envelope.value) {
        Ok([part]) => Some(part.message),
        Err(_) => None,
    }
}

/// A line and where it stands.
struct Line<'a> {
    text: &'a str,
    start: usize,
    end: usize,
}

/// Takes the message apart; it must hold the same run once, or at most `copies` times over.
fn sections(message: &str, nonce: &Nonce, copies: usize) -> Result<Answered, &'static str> {
    let mut lines = Vec::new();
    let mut start = 0;
    for text in message.split('\n') {
        lines.push(Line { text, start, end: start + text.len() });
        start += text.len() + 1;
    }
    let at = |marker: &str| -> Vec<usize> { (0..lines.len()).filter(|index| lines[*index].text == marker).collect() };
    let (outs, errs) = (at(STDOUT), at(STDERR));
    let ends: Vec<(usize, u8)> = lines.iter().enumerate().filter_map(|(index, line)| Some((index, status(line.text, nonce)?))).collect();
    if outs.is_empty() && message.contains("Last script execution didn't finish") {
        return Err("the VM says that its last script did not finish: it was restarted, or its agent was ended");
    }
    if ends.is_empty() {
        let other = lines.iter().any(|line| line.text.starts_with(SENTINEL));
        let cut = "the script's output came back without its last line, so it was cut short or never began";
        return Err(if other { "the last line is the one of another run" } else { cut });
    }
    if !(1..=copies).contains(&outs.len()) || errs.len() != outs.len() || ends.len() != outs.len() {
        return Err(FORGED);
    }
    let head = outs.first().map_or("", |out| &message[..lines[*out].start]);
    let mut answers: Vec<Answered> = Vec::new();
    for ((out, err), (end, status)) in outs.into_iter().zip(errs).zip(ends) {
        let between = lines.get(end + 1..err).unwrap_or_default();
        let last = out < end && end < err && between.len() <= 1 && between.iter().all(|line| line.text.is_empty());
        if !last {
            return Err("something was printed after the line that should be the last");
        }
        let section = &message[lines[out].end + 1..lines[err].start - 1];
        answers.push(Answered {
            status,
            document: message[lines[out].end + 1..lines[end].start].to_owned(),
            cut: section.len() + SPLIT_BYTES >= KEPT_BYTES,
            complaints: message.get(lines[err].end + 1..).unwrap_or_default().to_owned(),
        });
    }
    let same = |a: &Answered, b: &Answered| (a.status, &a.document) == (b.status, &b.document);
    match answers.pop() {
        Some(last) if answers.iter().all(|other| same(other, &last)) => {
            if is_contradicted(head, last.status) {
                Err("Azure's agent says that the script ended in another way than its last line does")
            } else {
                Ok(last)
            }
        }
        _ => Err(FORGED),
    }
}

/// Whether the agent's own words before the streams tell another end: the shell may be ended after it has printed its
/// last line.
fn is_contradicted(head: &str, status: u8) -> bool {
    let told = head.split_once("exit status=").map(|(_, rest)| rest.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default());
    head.contains("Enable failed") && told.map_or(status == 0, |told| told != status.to_string())
}

/// The status of a sentinel line with this nonce.
fn status(line: &str, nonce: &Nonce) -> Option<u8> {
    let digits = line.strip_prefix(SENTINEL)?.strip_prefix(' ')?.strip_prefix(nonce.0.as_str())?.strip_prefix(' ')?;
    text::canonical_number(digits)
}

/// Text of the VM for a person: lines stay lines, everything else that could steer a terminal is escaped.
pub fn printable_lines(complaints: &str) -> Vec<String> {
    complaints.trim_end().lines().map(text::printable).collect()
}

#[cfg(test)]
mod tests;
