//! The world of a black-box test: a laptop, a VM and GitHub, all under one temporary folder.

mod builds;
mod checkout;
mod database;
mod files;
mod laptop;
mod mac;
mod ran;
mod running;
mod target;
mod tool;
mod venv;
mod vm;
mod words;

use crate::{GithubUrls, Standin, artifact, programs};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{fs, io};
use tempfile::TempDir;

pub use database::DATABASE;
pub use files::manifest;
pub use mac::Mac;
pub use ran::Ran;
pub use running::Running;
pub use target::user;
pub use tool::Tool;
pub use vm::{TOOLS, good_config_env, good_gemini_key};
pub use words::{Words, words};

/// The repository that holds the releases.
pub const ARTIFACTS: &str = "Seregawpn/Nexy_production";
/// The repositories of code, which hold no release.
pub const CODE_REPOSITORIES: [&str; 2] = ["Seregawpn/Nexy", "Seregawpn/Nexy_server"];
/// The workflow that deploys, a file of the first of them; nothing has started it yet.
pub const WORKFLOW: &str = "deploy-to-azure.yml";
/// The version in the workspace of a new world.
pub const VERSION: &str = "2.0.0.4";
/// The version that a new world's clients have.
pub const OLD_VERSION: &str = "2.0.0.3";
/// The service on the VM.
pub const UNIT: &str = "voice-assistant.service";
/// The manifest folders, below workspace and checkout; the server reads the first.
pub const MANIFEST_FOLDERS: [&str; 2] = ["server/updates/manifests", "server/server/updates/manifests"];
/// Size of `Nexy.dmg` in a world unless a test chooses another.
pub const SIZE_BYTES: u64 = 1024 * 1024;

/// The lines of a finding's `fix`, or of an outcome's `next`, without their kinds.
///
/// # Panics
/// When a line is neither a command nor a note.
#[must_use]
pub fn fix_text(fix: &Value) -> String {
    let line = |line: &Value| line["command"].as_str().or_else(|| line["note"].as_str()).expect("a command or a note").to_owned();
    fix.as_array().expect("the lines of a fix").iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The commands of a finding's `fix`, in order.
///
/// # Panics
/// When it is no list of lines.
#[must_use]
pub fn fix_commands(fix: &Value) -> Vec<&str> {
    fix.as_array().expect("the lines of a fix").iter().filter_map(|line| line["command"].as_str()).collect()
}

/// How to make a world that differs from the usual one.
#[derive(Debug, Clone)]
pub struct Options {
    /// Size of the new and of the old `Nexy.dmg`, bytes.
    pub dmg_bytes: u64,
    /// Size of the new `Nexy.pkg`, bytes; none leaves it out of the inbox.
    pub pkg_bytes: Option<u64>,
    /// Where the tools were built; none looks beside the running test.
    pub tools: Option<PathBuf>,
    /// Where the world is made; none is the usual place for temporary files. Without a word it is memory, where the machine has
    /// enough: on a disk, making and deleting so many small files takes most of the time of the tests.
    pub below: Option<PathBuf>,
    /// Whether the workspace is under git; without, a world is made in half the time.
    pub git: bool,
    /// Waits and timeouts as a test wants them; false keeps those of the committed `nexy.toml`,
    /// but for the pauses.
    pub short_waits: bool,
    /// The addresses of GitHub, when something stands in front of the stand-in; none takes the stand-in's own.
    pub github: Option<GithubUrls>,
}

impl Default for Options {
    fn default() -> Self {
        let below = in_memory(ROOM_BYTES);
        Self { dmg_bytes: SIZE_BYTES, pkg_bytes: None, tools: None, below, git: true, short_waits: true, github: None }
    }
}

impl Options {
    /// The usual world, but on a disk, as people have it: for what is measured, and for large files.
    #[must_use]
    pub fn on_disk() -> Self {
        Self { below: None, ..Self::default() }
    }
}

/// Free memory that a world wants: more than `limits.checkout_free_bytes` of the committed `nexy.toml`, which a gate looks for.
const ROOM_BYTES: u64 = 4 << 30;

/// A folder in memory with so much room whose files can be run, where the system has one.
#[must_use]
pub fn in_memory(room_bytes: u64) -> Option<PathBuf> {
    let folder = Path::new("/dev/shm");
    let is_usable = tempfile::tempfile_in(folder).is_ok() && runs_programs(folder) && free_bytes(folder) >= room_bytes;
    is_usable.then(|| folder.to_owned())
}

fn free_bytes(folder: &Path) -> u64 {
    rustix::fs::statvfs(folder).map_or(0, |there| there.f_bavail.saturating_mul(there.f_frsize))
}

#[cfg(target_os = "linux")]
fn runs_programs(folder: &Path) -> bool {
    rustix::fs::statvfs(folder).is_ok_and(|there| !there.f_flag.contains(rustix::fs::StatVfsMountFlags::NOEXEC))
}

/// No other system has the folder.
#[cfg(not(target_os = "linux"))]
fn runs_programs(_folder: &Path) -> bool {
    false
}

/// A laptop with a workspace, a VM with a checkout, and a running [`Standin`]; vanishes when dropped.
pub struct World {
    /// GitHub, its storage and the Nexy server.
    pub standin: Standin,
    tools: PathBuf,
    folder: TempDir,
}

/// A call that the stand-in does not know fails every test, also one that looks at other things.
impl Drop for World {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.standin.assert_none_unscripted_so_far();
        }
    }
}

impl World {
    /// A world one step before a publication: new bytes in the inbox, old ones live.
    #[must_use]
    pub fn new() -> Self {
        Self::with(&Options::default())
    }

    /// A world of other sizes, tools or waits.
    #[must_use]
    pub fn with(options: &Options) -> Self {
        let below = options.below.clone().unwrap_or_else(tempfile::env::temp_dir);
        let folder = new_folder(&below);
        // The tools show and compare real paths.
        let root = folder.path().canonicalize().unwrap();
        let standin = Standin::start_as(&root.join("state"), options.github.as_ref());
        let tools = options.tools.clone().unwrap_or_else(tool::built_beside_the_test);
        let world = Self { standin, tools, folder };
        for name in ["home", "workspace", "vm", "temporary", "wrappers"] {
            fs::create_dir(root.join(name)).unwrap();
        }
        // First of all: a program that was written a moment ago may still count as open for writing.
        world.install_programs();
        world.publish_old(options.dmg_bytes);
        let target = target::text(&world, options.short_waits);
        world.lay_out_workspace(&target, options);
        world.lay_out_vm(&target);
        world
    }

    fn publish_old(&self, dmg_bytes: u64) {
        self.standin.create_release(ARTIFACTS, "Update");
        self.standin.create_release(ARTIFACTS, "App");
        for repository in CODE_REPOSITORIES {
            self.standin.create_repository(repository);
        }
        self.standin.set_workflow_runs(CODE_REPOSITORIES[0], WORKFLOW, &[]);
        let file = self.root().join("old.dmg");
        artifact::write_dmg(&file, dmg_bytes, 1);
        self.standin.put_asset_file(ARTIFACTS, "Update", "Nexy.dmg", &file);
        fs::remove_file(&file).unwrap();
        let package = artifact::pkg(64 * 1024, 1);
        self.standin.put_asset(ARTIFACTS, "App", "Nexy.pkg", &package);
    }

    /// The manifest that describes what is live now, under a version of choice.
    #[must_use]
    pub fn live_manifest(&self, version: &str) -> Value {
        let live = self.standin.asset(ARTIFACTS, "Update", "Nexy.dmg").unwrap();
        let digest = live.digest.unwrap();
        let sha256 = digest.strip_prefix("sha256:").unwrap();
        manifest(version, &self.dmg_url(), live.size, sha256)
    }

    /// The public address of `Nexy.dmg`.
    #[must_use]
    pub fn dmg_url(&self) -> String {
        let web = self.standin.web_url();
        format!("{web}/{ARTIFACTS}/releases/download/Update/Nexy.dmg")
    }

    /// Everything of this world lies below.
    #[must_use]
    pub fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    /// Where the stand-in and the scripted programs keep their state.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.root().join("state")
    }

    /// The laptop's scripted programs.
    #[must_use]
    pub fn programs(&self) -> PathBuf {
        self.root().join("programs")
    }

    /// Where the five tools were built.
    #[must_use]
    pub fn tools(&self) -> &Path {
        &self.tools
    }

    /// Keeps the folder when the world is dropped, and says where it is.
    pub fn keep(&mut self) -> PathBuf {
        self.folder.disable_cleanup(true);
        self.root()
    }

    fn install_programs(&self) {
        let standin = self.tools.join("nexy-standin");
        let folder = self.programs();
        programs::install(&folder, &self.state(), &standin);
        let silent = "#!/bin/sh\necho 'no oauth token found for this host' >&2\nexit 1\n";
        programs::write_program(&folder.join("gh"), silent);
        laptop::link_git(&folder);
        self.wrap_tools();
    }

    /// In a pipeline a person types no `--target`; as root the tools take it from no other place.
    fn wrap_tools(&self) {
        let target = self.workspace().join("nexy.toml");
        for tool in TOOLS {
            let (program, target) = (self.tools.join(tool), target.display());
            let program = program.display();
            let text = format!(
                "#!/bin/sh\n\
                 case \" $*\" in *' --target'*) exec '{program}' \"$@\" ;; esac\n\
                 exec '{program}' --target='{target}' \"$@\"\n"
            );
            programs::write_program(&self.wrappers().join(tool), &text);
        }
    }

    fn wrappers(&self) -> PathBuf {
        self.root().join("wrappers")
    }

    /// Changes one key of the scripted `az`: `logged_in`, `mode` (`today`, `old-agent`, `unfinished`,
    /// `drops-script`), `mode_calls` (how many calls it is the mode of), `conflicts`, `vm_path`, `power_state`, `subscription_state`, `resource_group`, `vm`, `network` (false
    /// takes it away), `noise` (a line before each document).
    pub fn set_az(&self, key: &str, value: Value) {
        self.change_state("az.json", |az| az[key] = value);
    }

    /// What `az` was called with, one list of arguments per call.
    #[must_use]
    pub fn az_calls(&self) -> Vec<Vec<String>> {
        let lines = crate::disk::read_lines(&self.state().join("az.jsonl"));
        lines.iter().map(|line| serde_json::from_value(line["argv"].clone()).unwrap()).collect()
    }

    fn change_state(&self, file: &str, change: impl FnOnce(&mut Value)) {
        let file = self.state().join(file);
        let mut value = crate::disk::read_json(&file).unwrap_or_else(|| json!({}));
        change(&mut value);
        crate::disk::write_json(&file, &value);
    }
}

/// A folder whose name holds no capitals: a gate that hides what looks like a secret would now and then hide a random name.
fn new_folder(below: &Path) -> TempDir {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    loop {
        let name = format!("nexy-world-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        match tempfile::Builder::new().prefix(&name).rand_bytes(0).tempdir_in(below) {
            Ok(folder) => return folder,
            // A run that was killed has left it, or one with process numbers of its own has it.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => panic!("{}: {error}", below.display()),
        }
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}
