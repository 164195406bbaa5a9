//! What a line of a log says itself. A request, a value that a user typed, or a command that is told may quote a symptom and is none.

use std::borrow::Cow;

/// Texts in texts, such as a journal's message that Azure's answer holds, are read so deep.
const DEEPEST: usize = 4;
/// A longer name of a JSON field is none.
const LONGEST_KEY: usize = 40;
/// Fields of JSON in which programs say something themselves; the value of any other one, such as `query`, comes from a client.
const SPOKEN: &[&str] = &[
    "MESSAGE",
    "message",
    "msg",
    "log",
    "error",
    "err",
    "exception",
    "exc_info",
    "exc_text",
    "traceback",
    "stack",
    "stack_trace",
    "detail",
    "details",
    "reason",
    "code",
    "status",
    "statusSummary",
    "stdout",
    "stderr",
    "output",
    "url",
    "notes_url",
];
/// From here on, a line repeats what came from outside: a request with its address, referrer and user agent; a command; a commit's title.
const QUOTES: &[&str] = &[
    "\"GET ",
    "\"HEAD ",
    "\"POST ",
    "\"PUT ",
    "\"PATCH ",
    "\"DELETE ",
    "\"OPTIONS ",
    "COMMAND=",
    " CMD (",
    "]: + ",
    "HEAD is now at ",
    // GitHub shows the script of a step in this colour.
    "\u{1b}[36;1m",
];

/// The texts in which a line speaks itself, each one line; most lines have one.
pub(super) fn spoken(line: &str) -> Vec<String> {
    let mut texts = Vec::new();
    collect(line, DEEPEST, &mut texts);
    texts
}

fn collect(text: &str, depth: usize, texts: &mut Vec<String>) {
    for line in text.lines() {
        // A shell tells the commands of a script so, and a page the commands to type.
        if line.starts_with("+ ") || line.starts_with("++ ") || line.starts_with("$ ") {
            continue;
        }
        let (mut own, values) = apart(line);
        if let Some(end) = QUOTES.iter().filter_map(|mark| own.find(mark)).min() {
            own.truncate(end);
        }
        texts.push(own);
        if depth > 0 {
            values.iter().for_each(|value| collect(value, depth - 1, texts));
        }
    }
}

/// The line without the text values of its JSON fields, and those of them in which a program speaks.
fn apart(line: &str) -> (String, Vec<Cow<'_, str>>) {
    let (mut own, mut values) = (String::new(), Vec::new());
    let (mut copied, mut at) = (0, 0);
    while let Some(quote) = line[at..].find('"').map(|found| at + found) {
        at = quote + 1;
        let Some(after) = line[at..].trim_start().strip_prefix(':') else { continue };
        let key = line[..quote].rsplit('"').next().unwrap_or_default();
        let start = line.len() - after.trim_start().len();
        let Some(end) = end_of_value(line, start).filter(|_| key.len() <= LONGEST_KEY) else { continue };
        own.push_str(&line[copied..start]);
        if SPOKEN.contains(&key) {
            values.extend(value(&line[start..end]));
        }
        (copied, at) = (end, end);
    }
    own.push_str(&line[copied..]);
    (own, values)
}

/// The end of a text, or of a list of bytes, that begins at `start`; a text that was cut goes to the end of the line.
fn end_of_value(line: &str, start: usize) -> Option<usize> {
    let value = &line.as_bytes()[start..];
    match value.first()? {
        b'"' => {
            let mut escaped = false;
            let is_end = |byte: &u8| {
                let ends = *byte == b'"' && !escaped;
                escaped = *byte == b'\\' && !escaped;
                ends
            };
            Some(value.iter().skip(1).position(is_end).map_or(line.len(), |at| start + at + 2))
        }
        b'[' if value.get(1).is_some_and(u8::is_ascii_digit) => line[start..].find(']').map(|at| start + at + 1),
        _ => None,
    }
}

/// The text of a JSON string, or of the list of bytes by which a journal spells colours.
fn value(json: &str) -> Option<Cow<'_, str>> {
    if json.starts_with('[') {
        let bytes: Vec<u8> = serde_json::from_str(json).ok()?;
        return Some(String::from_utf8_lossy(&bytes).into_owned().into());
    }
    match serde_json::from_str::<String>(json) {
        Ok(text) => Some(text.into()),
        // It was cut.
        Err(_) => Some(json.trim_matches('"').into()),
    }
}

/// Whether a part stands in a text, and not inside an address: a path may hold any words, and only an address is looked for in one.
pub(super) fn says(text: &str, part: &str) -> bool {
    part.contains('/') && text.contains(part) || text.match_indices(part).any(|(at, _)| !is_in_an_address(text, at))
}

fn is_in_an_address(text: &str, at: usize) -> bool {
    let is_between = |letter: char| letter.is_whitespace() || "'\"()<>[],;".contains(letter);
    let word = text[..at].rsplit(is_between).next().unwrap_or_default();
    word.contains(['/', '?'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(line: &str) -> String {
        spoken(line).join("|")
    }

    #[test]
    fn a_line_says_what_its_program_says_and_not_what_it_quotes() {
        for (line, said) in [
            ("plain words", "plain words"),
            (r#"{"MESSAGE":"a \"b\"\nc","_PID":"7"}"#, r#"{"MESSAGE":,"_PID":}|a "b"|c"#),
            (r#"{"MESSAGE" : [27,91,51,49,109,97], "_PID" : "7"}"#, "{\"MESSAGE\" : , \"_PID\" : }|\u{1b}[31ma"),
            (r#"{"level":"info","query":"what is X?"}"#, r#"{"level":,"query":}"#),
            (r#"{"status":"OK","ffmpeg_available":false}"#, r#"{"status":,"ffmpeg_available":false}|OK"#),
            (r#"10.0.0.1 - - "GET /a?b HTTP/1.1" 200 "x""#, "10.0.0.1 - - "),
            (r#"{"MESSAGE":"10.0.0.1 \"GET /a HTTP/1.1\" 404"}"#, r#"{"MESSAGE":}|10.0.0.1 "#),
            ("sudo[3]: x : COMMAND=/usr/bin/grep X", "sudo[3]: x : "),
            ("+ grep X f", ""),
            (r#"  "message": "Enable succeeded: \n[stdout]\na\n","#, r#"  "message": ,|Enable succeeded: |[stdout]|a"#),
            (r#"{"message":"{\"message\":\"deep\"}"}"#, r#"{"message":}|{"message":}|deep"#),
            (r#""message":"cut in the mid"#, r#""message":|cut in the mid"#),
            (r#""":":":"#, r#"""::"#),
            ("\":\"я", "\":"),
        ] {
            assert_eq!(joined(line), said, "{line}");
        }
    }

    #[test]
    fn texts_in_texts_end() {
        let mut line = "x".to_owned();
        for _ in 0..9 {
            line = serde_json::json!({ "message": line }).to_string();
        }
        assert_eq!(spoken(&line).len(), DEEPEST + 1);
    }

    #[test]
    fn words_in_an_address_are_not_said() {
        for (text, part, is_said) in [
            ("[error] open() \"/srv/html/API_KEY\" failed", "API_KEY", false),
            ("INFO GET /search?q=API_KEY 200", "API_KEY", false),
            ("see https://example.org/API_KEY and API_KEY", "API_KEY", true),
            ("reason=API_KEY", "API_KEY", true),
            ("<head><title>502 Bad</title>", "502 Bad", true),
            ("denied: '/srv/config.env'", "/config.env", true),
            ("google.protobuf.runtime_version.VersionError: x", "runtime_version.VersionError", true),
        ] {
            assert_eq!(says(text, part), is_said, "{text}");
        }
    }
}
