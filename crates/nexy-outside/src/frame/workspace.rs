//! Finds `nexy.toml`, checks who can write it, and reads it.

use crate::{Common, environment, fs::files};
use nexy_contract::{
    Exit, Fix, Problem, Record, Sha256Digest, Target,
    document::DocumentError,
    text::{os_words, shell_word},
};
use std::{
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

/// Where the file stands on a machine without a workspace.
const SYSTEM_PATH: &str = "/etc/nexy/nexy.toml";
const FILE_NAME: &str = "nexy.toml";
const MAX_BYTES: u64 = 1 << 20;

/// The target, and the folder that its relative paths belong to.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// What `nexy.toml` says.
    pub target: Target,
    /// Digest of the file, by which records know their target.
    pub target_sha256: Sha256Digest,
    /// The file.
    pub target_path: PathBuf,
    /// The folder of the file, or the checkout when it is the VM's own copy.
    pub root: PathBuf,
}

impl Workspace {
    /// Finds the file as the options and the environment say, and reads it.
    /// Errors: exit 78 when there is none, when root may not trust it, or when it is wrong.
    pub fn find(common: &Common) -> Result<Self, Problem> {
        Self::understand(file(common)?)
    }

    /// A path of `nexy.toml`, absolute.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// Reads a record and holds it against this target.
    /// Errors: exit 65, with the reason why these bytes cannot be used here.
    pub fn read_record(&self, bytes: &[u8]) -> Result<Record, Problem> {
        let record = Record::read(bytes).map_err(|error| error.problem("standard input"))?;
        let here = self.target.identity(self.target_sha256);
        if record.target != here {
            let (made_for, vm) = (record.target.sha256.short(), &record.target.vm);
            let this = format!("this is {} ({})", here.sha256.short(), self.target_path.display());
            let because = format!("the record was made for the target {made_for} ({vm}), {this}");
            return Err(DocumentError::Contradiction(because).problem("standard input"));
        }
        Ok(record)
    }

    fn understand(file: File) -> Result<Self, Problem> {
        let target = Target::parse(&file.text).map_err(|error| error.problem(&file.shown))?;
        let installed = Path::new(&target.vm.target_file);
        let root = if file.path == installed || file.given == installed {
            PathBuf::from(&target.vm.checkout)
        } else {
            file.path.parent().map(Path::to_path_buf).unwrap_or_default()
        };
        Ok(Self { target, target_sha256: Sha256Digest::of(file.text.as_bytes()), target_path: file.path, root })
    }
}

/// A `nexy.toml` that this account may use; it is not understood yet.
#[derive(Clone, Debug)]
pub struct File {
    /// What it holds.
    pub text: String,
    /// Its path as it was given or found.
    pub shown: String,
    path: PathBuf,
    given: PathBuf,
}

/// Finds the file as the options and the environment say, and reads it.
/// Errors: exit 78 when there is none, when root may not trust it, or when it is no text.
pub fn file(common: &Common) -> Result<File, Problem> {
    let path = locate(common)?;
    let shown = path.display().to_string();
    // Root goes on with the place that it has found trustworthy: a link on the way may lead elsewhere a moment later.
    let trusted = if rustix::process::geteuid().is_root() { Some(distrust(&path)?) } else { None };
    let given = std::path::absolute(&path).unwrap_or(path);
    let path = trusted.unwrap_or_else(|| given.clone());
    let bytes = files::read(&path, MAX_BYTES).map_err(|error| unreadable(&shown, error.because()))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let restore = Fix::note("restore it:").then_command(format!("git checkout -- {}", shell_word(&shown)));
        Problem::new(Exit::BadTarget, format!("cannot use {shown}"), format!("it is no UTF-8: {}", error.utf8_error()), restore)
    })?;
    Ok(File { text, shown, path, given })
}

/// `--target`, `$NEXY_TARGET`, the nearest ancestor, the system's file; for root only the first and the last, since a
/// file planted by the service user must not steer root.
fn locate(common: &Common) -> Result<PathBuf, Problem> {
    if let Some(path) = &common.target {
        return Ok(path.clone());
    }
    let system = PathBuf::from(SYSTEM_PATH);
    if rustix::process::geteuid().is_root() {
        if system.exists() {
            return Ok(system);
        }
        let because = format!("root reads only --target FILE or {SYSTEM_PATH}, and the latter does not exist");
        let fix = Fix::note("add --target ./nexy.toml (a file that only root can write), or run it as yourself");
        return Err(Problem::new(Exit::BadTarget, "no nexy.toml that root may use", because, fix));
    }
    if let Some(path) = environment::get("NEXY_TARGET") {
        return Ok(path.into());
    }
    let lost = |what: &str, because: String| {
        Problem::new(Exit::BadTarget, what, because, Fix::note("change into the workspace, or give --target FILE"))
    };
    let here = std::env::current_dir().map_err(|error| lost("cannot tell where I am", os_words(&error)))?;
    let found = here.ancestors().map(|folder| folder.join(FILE_NAME)).find(|path| path.exists());
    found
        .or_else(|| system.exists().then_some(system))
        .ok_or_else(|| lost("no nexy.toml", format!("there is none in {} or above it, and no {SYSTEM_PATH}", here.display())))
}

fn unreadable(shown: &str, because: String) -> Problem {
    Problem::new(Exit::BadTarget, format!("cannot read {shown}"), because, Fix::note("name the right file with --target FILE"))
}

/// Root uses a file only if root owns it and no other account can change or replace it. Returns the real path.
fn distrust(path: &Path) -> Result<PathBuf, Problem> {
    let real = std::fs::canonicalize(path).map_err(|error| unreadable(&path.display().to_string(), os_words(&error)))?;
    for (depth, step) in real.ancestors().enumerate() {
        let refuse = |because: String| {
            let (file, step) = (shell_word(&real.display().to_string()), shell_word(&step.display().to_string()));
            let fix = if depth == 0 {
                Fix::note("read it, and then:").then_command(format!("sudo chown root {step} && sudo chmod go-w {step}"))
            } else {
                Fix::note("read it, and then:")
                    .then_command(format!("sudo install -D -m 644 {file} {SYSTEM_PATH}"))
                    .then_note("then run the same command without --target")
            };
            Problem::new(Exit::BadTarget, format!("root does not trust {}", path.display()), because, fix)
        };
        let metadata = step.metadata().map_err(|error| refuse(format!("cannot look at {}: {}", step.display(), os_words(&error))))?;
        if metadata.uid() != 0 {
            return Err(refuse(format!("{} belongs to user {}, not to root", step.display(), metadata.uid())));
        }
        let mode = metadata.permissions().mode();
        let sticky_folder = depth > 0 && mode & 0o1000 != 0;
        if mode & 0o022 != 0 && !sticky_folder {
            return Err(refuse(format!("{} can be written by others (mode {:o})", step.display(), mode & 0o7777)));
        }
    }
    Ok(real)
}
