//! The three standard streams: records come in, one document goes out, everything for people goes to standard error. What goes
//! out is cleaned of every secret here, whoever wrote the text.

use crate::{fs::files::FileError, net::secret::cleaned};
use nexy_contract::{Exit, Fix, Problem, document::DocumentError, record, text};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::{
    fs::File,
    io::{self, BufRead as _, IsTerminal as _, Read, Write as _},
    path::Path,
};

/// A record is some kilobytes; more than this is not one.
const MAX_RECORD_BYTES: u64 = 16 << 20;

/// Reads standard input to its end.
/// Errors: exit 65 when it cannot be read, is larger than any record, or is empty.
#[expect(clippy::disallowed_methods, reason = "this is the door that all others are sent to")]
pub fn read_record() -> Result<Vec<u8>, Problem> {
    let mut stdin = io::stdin().lock();
    if stdin.is_terminal() {
        note("reading a release record from the terminal; end it with Ctrl-D");
    }
    let mut bytes = Vec::new();
    let read = stdin.by_ref().take(MAX_RECORD_BYTES + 1).read_to_end(&mut bytes);
    let again = Fix::note("run the whole pipeline again, from `nexy-version record`");
    if let Err(error) = read {
        return Err(Problem::new(Exit::BadDocument, "cannot read standard input", text::os_words(&error), again));
    }
    if bytes.len() as u64 > MAX_RECORD_BYTES {
        let because = format!("it is larger than {MAX_RECORD_BYTES} bytes, so it is no release record");
        return Err(Problem::new(Exit::BadDocument, "cannot use what came on standard input", because, again));
    }
    if bytes.is_empty() {
        return Err(DocumentError::Empty(record::SCHEMA).problem("standard input"));
    }
    Ok(bytes)
}

/// A log is read in pieces of this size, in bytes.
const PIECE_BYTES: usize = 256 << 10;

/// Reads a log of any size, or standard input for `-`, and calls `see` with each piece of it.
/// Errors: [`FileError`], also in the middle: `see` has got what came before.
#[expect(clippy::disallowed_methods, reason = "this is the door that all others are sent to")]
pub fn each_piece(path: &Path, see: &mut dyn FnMut(&[u8])) -> Result<(), FileError> {
    let failed = |source| FileError { verb: "read", path: path.to_path_buf(), source };
    let mut log: Box<dyn Read> = if path == Path::new("-") {
        let stdin = io::stdin().lock();
        if stdin.is_terminal() {
            note("reading a log from the terminal; end it with Ctrl-D");
        }
        Box::new(stdin)
    } else {
        Box::new(File::open(path).map_err(failed)?)
    };
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        match log.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(count) => see(&piece[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(error)),
        }
    }
}

/// Writes the one document of this run, whole.
/// Errors: exit 69: the answer was not received.
#[expect(clippy::disallowed_methods, reason = "this is the door that all others are sent to")]
pub fn write_document(document: &[u8]) -> Result<(), Problem> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(&cleaned(document)).and_then(|()| stdout.flush());
    written.map_err(|error| {
        let fix = Fix::note("run it again with a reader that stays until the end, or send it to a file");
        Problem::new(Exit::CouldNotLook, "the answer was not delivered on standard output", text::os_words(&error), fix)
    })
}

/// Tells a person something, on standard error. A closed standard error is no reason to stop.
pub fn note(line: &str) {
    let _ = io::stderr().lock().write_all(&cleaned(format!("{line}\n").as_bytes()));
}

/// Draws over the last line of a terminal, without ending it; nothing clears it.
pub fn draw(line: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(&cleaned(format!("\r{line}\x1b[K").as_bytes())).and_then(|()| stderr.flush());
}

/// Asks a person on the terminal, and returns the line that was typed; `None` without a terminal.
/// Standard input is not asked: a record may come from there.
pub fn ask(question: &str) -> Option<String> {
    if !stderr_is_terminal() {
        return None;
    }
    let mut terminal = std::fs::File::options().read(true).write(true).open("/dev/tty").ok()?;
    write!(terminal, "{question} ").ok()?;
    let mut answer = String::new();
    io::BufReader::new(terminal).read_line(&mut answer).ok()?;
    Some(answer.trim().to_owned())
}

/// Whether standard output is a terminal.
#[expect(clippy::disallowed_methods, reason = "this is the door that all others are sent to")]
pub fn stdout_is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Whether standard error is a terminal.
pub fn stderr_is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Whether the reader of standard output has gone, so that no reader would receive the record of further changes.
#[expect(clippy::disallowed_methods, reason = "this is the door that all others are sent to")]
pub fn reader_left() -> bool {
    let stdout = io::stdout();
    if was_closed(&stdout) {
        return true;
    }
    let mut fds = [PollFd::new(&stdout, PollFlags::OUT)];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    let gone = PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL;
    poll(&mut fds, Some(&at_once)).is_ok() && fds[0].revents().intersects(gone)
}

/// Whether standard output was closed when this program started: the runtime then opens the null device in its place, for
/// reading and writing, while a shell's `>/dev/null` is for writing only.
fn was_closed(stdout: &io::Stdout) -> bool {
    let is_null = match (rustix::fs::fstat(stdout), rustix::fs::stat("/dev/null")) {
        (Ok(out), Ok(null)) => out.st_rdev == null.st_rdev && out.st_rdev != 0,
        _ => false,
    };
    is_null && rustix::fs::fcntl_getfl(stdout).is_ok_and(|flags| flags.contains(rustix::fs::OFlags::RDWR))
}
