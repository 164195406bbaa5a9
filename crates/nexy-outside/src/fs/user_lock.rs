//! Named locks of this user on this machine: in a folder that only this user can write, freed by the kernel.

use crate::{
    environment,
    fs::files::{self, FileError},
};
use nexy_contract::{Exit, Fix, Problem, text::shell_word};
use rustix::fs::{Mode, OFlags};
use std::{
    fs::{DirBuilder, File, OpenOptions},
    io::{self, Read as _, Seek as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

/// Digits of a mark.
const MARK_DIGITS: usize = 12;

/// An exclusive right that ends with the process, however it ends.
#[derive(Debug)]
pub struct OwnLock {
    _file: File,
    /// A random number of this lock file, the same in every run: what carries it was made on this machine, and by no
    /// process that is alive while the lock is held.
    pub mark: String,
}

/// What came of the wish for a lock.
#[derive(Debug)]
pub enum Taken {
    /// It is ours.
    Acquired(OwnLock),
    /// Another process has it; its number, when it left one.
    HeldBy(Option<String>),
}

/// Takes the lock of this name without waiting.
/// Errors: the problem to print: the folder for locks does not exist, or it cannot be trusted.
pub fn take(name: &str) -> Result<Taken, Problem> {
    let path = folder()?.join(format!("{name}.lock"));
    let failed = |verb: &'static str| {
        let path = path.clone();
        move |source: io::Error| {
            let fix = Fix::command(format!("ls -la {}", shell_word(&path.parent().unwrap_or(&path).display().to_string())));
            FileError { verb, path: path.clone(), source }.problem(Exit::CouldNotLook, fix)
        }
    };
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(Mode::from(0o600).bits())
        .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
        .open(&path)
        .map_err(failed("open"))?;
    let mut text = String::new();
    match file.try_lock() {
        Ok(()) => {}
        Err(std::fs::TryLockError::WouldBlock) => {
            let _ = file.read_to_string(&mut text);
            return Ok(Taken::HeldBy(text.split_whitespace().nth(1).map(str::to_owned)));
        }
        Err(std::fs::TryLockError::Error(error)) => return Err(failed("lock")(error)),
    }
    // What is no text was not written by us, and is written anew.
    let _ = file.read_to_string(&mut text);
    let mark = match mark_in(&text) {
        Some(mark) => mark,
        None => new_mark().map_err(failed("make a mark for"))?,
    };
    let written = file
        .rewind()
        .and_then(|()| file.set_len(0))
        .and_then(|()| file.write_all(format!("{mark} {}\n", std::process::id()).as_bytes()))
        .and_then(|()| file.sync_all());
    written.map_err(failed("write"))?;
    Ok(Taken::Acquired(OwnLock { _file: file, mark }))
}

/// The mark of a lock, read without taking the lock; `None` before it was first taken.
pub fn mark(name: &str) -> Option<String> {
    let path = state_folder()?.join("nexy").join(format!("{name}.lock"));
    mark_in(&files::read_text_if_there(&path, 4096).ok()??)
}

fn mark_in(text: &str) -> Option<String> {
    let word = text.split_whitespace().next()?;
    (word.len() == MARK_DIGITS && word.bytes().all(|digit| digit.is_ascii_hexdigit())).then(|| word.to_owned())
}

fn new_mark() -> io::Result<String> {
    let mut random = [0; MARK_DIGITS / 2];
    File::open("/dev/urandom")?.read_exact(&mut random)?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// `$XDG_STATE_HOME`, else `~/.local/state`: it outlives a reboot, and every session of a user has the same one, which is
/// true of no temporary folder.
fn state_folder() -> Option<PathBuf> {
    let absolute = |name: &str| environment::get(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_STATE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".local/state")))
}

fn folder() -> Result<PathBuf, Problem> {
    let state = state_folder().ok_or_else(|| {
        let because = "neither XDG_STATE_HOME nor HOME names an absolute folder";
        let fix = Fix::note("set HOME to your home folder, then run the same command again");
        Problem::new(Exit::CouldNotLook, "there is no place for locks", because, fix)
    })?;
    let folder = state.join("nexy");
    let failed = |source| {
        FileError { verb: "make the folder", path: folder.clone(), source }
            .problem(Exit::CouldNotLook, Fix::note("set XDG_STATE_HOME to a folder of your own, then run the same command again"))
    };
    DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(failed)?;
    distrust(&folder)?;
    Ok(folder)
}

/// Another account that could write there could hold this lock, or redirect it.
fn distrust(folder: &Path) -> Result<(), Problem> {
    let metadata = std::fs::symlink_metadata(folder).map_err(|source| {
        FileError { verb: "look at", path: folder.to_path_buf(), source }
            .problem(Exit::CouldNotLook, Fix::note("make it readable for yourself"))
    })?;
    let me = rustix::process::geteuid().as_raw();
    let because = if !metadata.is_dir() {
        "it is not a directory".to_owned()
    } else if metadata.uid() != me {
        format!("it belongs to user {}, this is user {me}", metadata.uid())
    } else if metadata.mode() & 0o022 != 0 {
        format!("others can write there (mode {:o})", metadata.mode() & 0o7777)
    } else {
        return Ok(());
    };
    let shown = folder.display().to_string();
    let fix = Fix::note("look at it, and make it yours alone:").then_command(format!("chmod 700 {}", shell_word(&shown)));
    Err(Problem::new(Exit::CouldNotLook, format!("{shown} is no safe place for locks"), because, fix))
}
