//! What is sent to the VM is plain text that a plain shell runs, tells how it ended, and carries no secret.

mod bashisms;

use crate::formats::secrets;
use crate::gate::prelude::*;
use nexy_outside::fs::files::{self, Scratch};
use nexy_outside::programs::{ProgramError, Run};
use std::{path::Path, time::Duration};

pub(crate) const GATE: Gate = Gate {
    id: "remote-script",
    asks: "Can everything that is sent to the VM be run by its plain shell, tell how it ended, and hold no secret?",
    profiles: &["pre-production", "before-deploy"],
    runbook: "S0 §5.5",
    at: Machine::Laptop,
    takes: Takes::Outside,
    explain: Explain {
        symptom: "`set: Illegal option -o pipefail`, or a remote script that did nothing while Azure said that it succeeded.",
        check: "Reads every *.sh of layout.remote_scripts, and each behind frame.sh as it is sent: printable ASCII with plain line ends, \
                below 64 KiB, `dash -n` clean, nothing that only bash understands, no value that looks like a secret, and nothing that \
                silences the frame, which prints the last line (NEXY-END, the nonce, the status). frame.sh is byte for byte the one that \
                this tool was built with. No laptop script may pass `--parameters` to az.",
        fix: &[note("Write it in POSIX sh, take secrets out, and let frame.sh stand before it.")],
        verify: &[command("dash -n FILE"), command("nexy-gate remote-script")],
    },
    check,
    repair: None,
};

/// Azure takes less than this.
const LARGEST_BYTES: usize = 64 << 10;
/// More than any script that could still be sent.
const MAX_BYTES: u64 = 1 << 20;
/// Stands before each of the others, and says how they ended.
const FRAME: &str = "frame.sh";
const FRAME_TEXT: &str = include_str!("../../../../scripts/remote/frame.sh");
/// How dash ends when a text is no script.
const REFUSED: i32 = 2;
const PARSE_TIMEOUT: Duration = Duration::from_secs(10);

/// One script; `Err` holds why it could not be read.
struct Script {
    name: String,
    /// As it is typed: relative to the workspace.
    path: String,
    bytes: Result<Vec<u8>, String>,
}

/// What dash says about a text: nothing, its complaint, or why it could not be asked.
enum Parsed {
    Clean,
    Refused(String),
    NotAsked(String, Fix),
}

/// Whether a text is a script that a plain shell understands.
type Parse<'a> = &'a dyn Fn(&[u8]) -> Parsed;

fn check(context: &Context) -> Answer {
    let workspace = &context.workspace;
    let folder = workspace.target.layout.remote_scripts.trim_end_matches('/');
    let look = |folder: &str| scripts(&workspace.root, folder);
    let word = shell_word(folder);
    let remote = match look(folder) {
        Ok(Some(remote)) => remote,
        Ok(None) => {
            return Answer::fail(format!("there is no folder {folder}"), expected(folder), Fix::command(format!("git checkout -- {word}")));
        }
        Err(because) => {
            return Answer::unknown(
                format!("{folder} cannot be read: {because}"),
                expected(folder),
                Fix::command(format!("ls -ld {word}")),
            );
        }
    };
    // Those who send them stand one folder above.
    let above = folder.rsplit_once('/').map_or(".", |(above, _)| above);
    let senders = match look(above) {
        Ok(senders) => senders.unwrap_or_default(),
        Err(because) => {
            let fix = Fix::command(format!("ls -ld {}", shell_word(above)));
            return Answer::unknown(format!("{above}, where those who send them stand, cannot be read: {because}"), expected(folder), fix);
        }
    };
    let keys: Vec<&str> = workspace.target.config_env.required.iter().map(|required| required.key.as_str()).collect();
    judge(folder, &remote, &senders, &keys, &parse)
}

fn scripts(root: &Path, folder: &str) -> Result<Option<Vec<Script>>, String> {
    let Some(mut names) = files::list(&root.join(folder)).map_err(|error| error.because())? else { return Ok(None) };
    names.sort();
    let read = |name: String| {
        let path = if folder == "." { name.clone() } else { format!("{folder}/{name}") };
        let bytes = files::read(&root.join(&path), MAX_BYTES).map_err(|error| error.because());
        Script { name, path, bytes }
    };
    Ok(Some(names.into_iter().filter(|name| name.ends_with(".sh")).map(read).collect()))
}

/// Asks a real dash, which is what runs on the VM; any other `sh` may understand more.
fn parse(text: &[u8]) -> Parsed {
    let scratch = match Scratch::holding(text) {
        Ok(scratch) => scratch,
        Err(error) => return Parsed::NotAsked(error.to_string(), Fix::command("df -h \"${TMPDIR:-/tmp}\"")),
    };
    let place = scratch.path().display().to_string();
    match Run::new("dash", &["-n", &place]).timeout(PARSE_TIMEOUT).run() {
        Ok(ran) if ran.succeeded() => Parsed::Clean,
        // The name of the scratch file means nothing to a reader.
        Ok(ran) if ran.code() == REFUSED => Parsed::Refused(ran.complaint().replace(&format!("{place}: "), "line ")),
        Ok(ran) => Parsed::NotAsked(format!("dash ended with {}", ran.code()), Fix::command("dash -c true; echo $?")),
        Err(ProgramError::Missing(_)) => Parsed::NotAsked(
            "dash is not on PATH, and another sh understands more than the VM's".to_owned(),
            Fix::command("sudo apt-get install dash").then_note("or on a Mac:").then_command("brew install dash"),
        ),
        Err(error) => Parsed::NotAsked(error.to_string(), Fix::command("nexy-gate remote-script")),
    }
}

fn expected(folder: &str) -> String {
    format!("scripts in {folder} that dash understands, below 64 KiB, without secrets, behind the {FRAME} of these tools")
}

fn judge(folder: &str, remote: &[Script], senders: &[Script], keys: &[&str], parse: Parse<'_>) -> Answer {
    let mut builder = AnswerBuilder::default();
    if remote.is_empty() {
        builder.unknown(format!("there is no script in {folder}"), Fix::command(format!("git checkout -- {}", shell_word(folder))));
    } else if !remote.iter().any(|script| script.name == FRAME) {
        let path = format!("{folder}/{FRAME}");
        builder.fail(
            format!("{path} does not exist, so no script tells how it ended"),
            Fix::command(format!("git checkout -- {}", shell_word(&path))),
        );
    }
    for script in remote {
        match &script.bytes {
            Ok(bytes) if script.name == FRAME => judge_frame(script, bytes, &mut builder),
            Ok(bytes) => judge_one(folder, script, bytes, keys, parse, &mut builder),
            Err(because) => unread(script, because, &mut builder),
        }
    }
    senders.iter().for_each(|script| judge_sender(script, &mut builder));
    builder.pass(format!("{} scripts in {folder} can be sent", remote.len()));
    builder.answer(expected(folder))
}

fn unread(script: &Script, because: &str, builder: &mut AnswerBuilder) {
    builder.unknown(
        format!("{} cannot be read: {because}", shown(script)),
        Fix::command(format!("git checkout -- {}", shell_word(&script.path))),
    );
}

/// The frame is not judged but known: its tests stand where these tools are made.
fn judge_frame(script: &Script, bytes: &[u8], builder: &mut AnswerBuilder) {
    if bytes != FRAME_TEXT.as_bytes() {
        let found = format!("{} is not the one that these tools were built with", shown(script));
        builder.fail(
            found,
            Fix::command(format!("git checkout -- {}", shell_word(&script.path)))
                .then_note("if git has this very file, install the tools of this workspace"),
        );
    }
}

fn shown(script: &Script) -> String {
    excerpt(&script.path, 200)
}

/// One script, by itself and behind the frame.
fn judge_one(folder: &str, script: &Script, bytes: &[u8], keys: &[&str], parse: Parse<'_>, builder: &mut AnswerBuilder) {
    let (name, word) = (shown(script), shell_word(&script.path));
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return builder.fail(format!("{name} is empty"), Fix::command(format!("git checkout -- {word}")));
    }
    if let Some((because, fix)) = no_plain_text(bytes, &word) {
        return builder.fail(format!("{name} {because}"), fix);
    }
    let text = String::from_utf8_lossy(bytes);
    let mut holds_secret = false;
    for (line, class) in secrets::in_lines(&text, keys) {
        holds_secret = true;
        let fix = Fix::note(format!("take the value out of {name}, and make it worthless where it was issued; these commits hold it:"))
            .then_command(format!("git log --oneline -- {word}"));
        builder.fail(format!("{name}:{line} holds {class}"), fix);
    }
    for (line, because) in bashisms::find(&text) {
        builder.fail(format!("{name}:{line} {because}"), Fix::note(format!("write line {line} of {name} in another way, in POSIX sh")));
    }
    // A secret reaches no other program.
    if holds_secret {
        return;
    }
    let whole = [FRAME_TEXT.as_bytes(), bytes].concat();
    if whole.len() >= LARGEST_BYTES {
        return builder
            .fail(format!("{name} behind {FRAME} has {} bytes, 64 KiB or more", whole.len()), Fix::note(format!("make {name} shorter")));
    }
    let behind = format!("cat {} {word} | dash -n", shell_word(&format!("{folder}/{FRAME}")));
    for (sent, by_hand) in [(bytes, format!("dash -n {word}")), (&whole, behind)] {
        match parse(sent) {
            Parsed::Clean => {}
            Parsed::Refused(complaint) => return builder.fail(format!("dash refuses {name}: {complaint}"), Fix::command(by_hand)),
            Parsed::NotAsked(because, fix) => return builder.unknown(because, fix),
        }
    }
    // What stands behind a here-document without an end is swallowed, and dash does not mind: a mistake there is not seen.
    if matches!(parse(&[bytes, b"\n)\n"].concat()), Parsed::Clean) {
        builder.fail(
            format!("{name} has a here-document that never ends"),
            Fix::note(format!("end the here-document of {name} with its word")),
        );
    }
}

/// Why these bytes are no plain text, and what to type.
fn no_plain_text(bytes: &[u8], word: &str) -> Option<(String, Fix)> {
    let line_of = |at: usize| bytes[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Some((
            "begins with a byte order mark".to_owned(),
            Fix::command(format!("tail -c +4 {word} >{word}.new && mv {word}.new {word}")),
        ));
    }
    if let Some(at) = bytes.iter().position(|byte| *byte == b'\r') {
        let fix = Fix::command(format!("tr -d '\\r' <{word} >{word}.new && mv {word}.new {word}"));
        return Some((format!("has a carriage return in line {}", line_of(at)), fix));
    }
    let at = bytes.iter().position(|byte| !matches!(byte, b'\t' | b'\n' | 0x20..=0x7e))?;
    let what = if bytes[at] == 0 { "a NUL" } else { "a byte that is no printable ASCII" };
    Some((format!("has {what} in line {}", line_of(at)), Fix::command(format!("LC_ALL=C tr -d '\\11\\12\\40-\\176' <{word} | od -c"))))
}

/// `--parameters` puts lines before the script, and breaks its first one.
fn judge_sender(script: &Script, builder: &mut AnswerBuilder) {
    let bytes = match &script.bytes {
        Ok(bytes) => bytes,
        Err(because) => return unread(script, because, builder),
    };
    let text = String::from_utf8_lossy(bytes);
    let mut is_az = false;
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with('#')) {
        is_az |= line.split(|character: char| character.is_whitespace() || "$(`\"'".contains(character)).any(|word| word == "az");
        if is_az && line.split_whitespace().any(|word| word == "--parameters" || word.starts_with("--parameters=")) {
            let name = shown(script);
            builder.fail(
                format!("{name}:{} passes --parameters to az", index + 1),
                Fix::note(format!("put the values before the script in {name}, as assignments")),
            );
        }
        is_az &= line.trim_end().ends_with('\\');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::says;

    fn script(name: &str, text: &str) -> Script {
        Script { name: name.to_owned(), path: format!("far/{name}"), bytes: Ok(text.as_bytes().to_vec()) }
    }

    /// Minds only the mistake behind an end that is missing.
    fn dash(bytes: &[u8]) -> Parsed {
        if bytes.ends_with(b"\n)\n") { Parsed::Refused("line 2: \")\" unexpected".into()) } else { Parsed::Clean }
    }

    fn judged(scripts: &[Script], parsed: fn(&[u8]) -> Parsed) -> Answer {
        judge("far", scripts, &[], &["API_KEY"], &parsed)
    }

    fn found(text: &str) -> Answer {
        judged(&[script("frame.sh", FRAME_TEXT), script("x.sh", text)], dash)
    }

    #[test]
    fn the_frame_and_a_plain_script_behind_it_pass() {
        assert_eq!(found("run nexy-gate hard\n"), Answer::pass("2 scripts in far can be sent"));
    }

    #[test]
    fn what_is_no_plain_text_is_a_no_with_its_line() {
        for (text, said) in [
            ("", "far/x.sh is empty"),
            (" \n", "far/x.sh is empty"),
            ("\u{feff}run a\n", "begins with a byte order mark"),
            ("run a\nrun b\r\n", "has a carriage return in line 2"),
            ("run a\0\n", "has a NUL in line 1"),
            ("run 'ы'\n", "no printable ASCII in line 1"),
            ("[[ -f x ]]\n", "far/x.sh:1 uses `[[`"),
        ] {
            let answer = found(text);
            says(&answer, Verdict::Fail, said);
        }
    }

    #[test]
    fn a_secret_is_told_by_its_class_and_never_reaches_a_program() {
        let asked = std::cell::RefCell::new(0);
        let parse = |bytes: &[u8]| {
            *asked.borrow_mut() += usize::from(bytes.windows(5).any(|window| window == b"hx7Qp"));
            dash(bytes)
        };
        let scripts = [script("frame.sh", FRAME_TEXT), script("x.sh", "API_KEY=hx7Qp2Lr9Z run a\n")];
        let answer = judge("far", &scripts, &[], &["API_KEY"], &parse);
        says(&answer, Verdict::Fail, "far/x.sh:1 holds a value of API_KEY");
        assert!(!format!("{answer:?}").contains("hx7Qp"));
        assert_eq!(asked.into_inner(), 0);
    }

    #[test]
    fn the_frame_is_there_and_is_the_one_of_these_tools() {
        let answer = judged(&[script("x.sh", "run a\n")], dash);
        assert_eq!((answer.verdict, answer.fix.text().as_str()), (Verdict::Fail, "git checkout -- far/frame.sh"));
        let changed = FRAME_TEXT.replace("trap finish EXIT", ":");
        let answer = judged(&[script("frame.sh", &changed), script("x.sh", "run a\n")], dash);
        assert_eq!(
            (answer.verdict, answer.found.as_str()),
            (Verdict::Fail, "far/frame.sh is not the one that these tools were built with")
        );
    }

    #[test]
    fn dash_is_asked_about_each_script_alone_and_behind_the_frame() {
        let scripts = || [script("frame.sh", FRAME_TEXT), script("x.sh", "run a\n")];
        assert_eq!(judged(&scripts(), |_| Parsed::NotAsked("no dash".into(), Fix::note("get dash"))).verdict, Verdict::Unknown);
        for is_refused in [|bytes: &[u8]| bytes.len() < 9, |bytes: &[u8]| bytes.len() > FRAME_TEXT.len()] {
            let parse = move |bytes: &[u8]| if is_refused(bytes) { Parsed::Refused("line 1: odd".into()) } else { dash(bytes) };
            let answer = judge("far", &scripts(), &[], &[], &parse);
            assert!(answer.verdict == Verdict::Fail && answer.found.contains("dash refuses far/x.sh: line 1: odd"), "{}", answer.found);
            assert!(
                answer.fix.text().ends_with("far/x.sh") || answer.fix.text() == "cat far/frame.sh far/x.sh | dash -n",
                "{}",
                answer.fix
            );
        }
        assert!(judged(&scripts(), |_| Parsed::Clean).found.contains("far/x.sh has a here-document that never ends"));
        let large = found(&format!("#{}\n", "x".repeat(LARGEST_BYTES - 100)));
        assert!(large.found.contains("far/x.sh behind frame.sh has"), "{}", large.found);
    }

    #[test]
    fn an_unreadable_script_and_an_empty_folder_are_unknown() {
        let unreadable = Script { name: "x.sh".into(), path: "far/x.sh".into(), bytes: Err("permission denied".into()) };
        assert_eq!(judged(&[script("frame.sh", FRAME_TEXT), unreadable], |_| Parsed::Clean).verdict, Verdict::Unknown);
        assert_eq!(judged(&[], |_| Parsed::Clean).verdict, Verdict::Unknown);
    }

    #[test]
    fn a_sender_that_cannot_be_read_is_unknown() {
        let mut builder = AnswerBuilder::default();
        judge_sender(&Script { bytes: Err("permission denied".to_owned()), ..script("send.sh", "") }, &mut builder);
        let answer = builder.answer("it can be read");
        says(&answer, Verdict::Unknown, "permission denied");
    }

    #[test]
    fn parameters_are_refused_where_az_is_called_and_nowhere_else() {
        for (text, is_refused) in [
            ("az vm run-command invoke --parameters a=b\n", true),
            ("az vm run-command invoke \\\n  --scripts x \\\n  --parameters a=b\n", true),
            ("x=$(az vm list --parameters=a)\n", true),
            ("# az --parameters\nother --parameters x\n", false),
            ("az vm list\nother --parameters x\n", false),
        ] {
            let mut builder = AnswerBuilder::default();
            judge_sender(&script("vm.sh", text), &mut builder);
            builder.pass("looked");
            assert_eq!(builder.answer("x").verdict == Verdict::Fail, is_refused, "{text}");
        }
    }
}
