//! The laptop: a workspace under git with an inbox, as the person has it before a release.

use super::{OLD_VERSION, Options, VERSION, World, files, target};
use crate::artifact;
use assert_cmd::Command;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

impl World {
    pub(super) fn lay_out_workspace(&self, target: &str, options: &Options) {
        let root = self.workspace();
        files::write_version_places(self, &root, VERSION);
        files::write_code(&root);
        files::write_manifests(&root, &self.live_manifest(OLD_VERSION));
        files::write(&root.join(".gitignore"), "/release_inbox/*\n/releases/\n");
        files::write(&root.join("nexy.toml"), target);
        restrict(&root.join("nexy.toml"));
        files::copy_folder(&target::repository().join("scripts"), &root.join("scripts"));
        files::write_workspace_code(&root);
        fs::create_dir_all(root.join("release_inbox")).unwrap();
        fs::create_dir_all(root.join("releases")).unwrap();
        artifact::write_dmg(&self.inbox("Nexy.dmg"), options.dmg_bytes, 2);
        self.write_build_receipt("Nexy.dmg");
        if let Some(size) = options.pkg_bytes {
            artifact::write_pkg(&self.inbox("Nexy.pkg"), size, 2);
        }
        if !options.git {
            return;
        }
        self.git(&["init", "--quiet", "--initial-branch=main"]);
        for (name, repository) in [("origin", "Nexy"), ("server_repo", "Nexy_server")] {
            // The remotes lead to the host that this world calls github.com.
            let url = format!("{}/Seregawpn/{repository}.git", self.standin.web_url());
            self.git(&["remote", "add", name, &url]);
        }
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message=a release to be made"]);
    }

    /// The root of the workspace.
    #[must_use]
    pub fn workspace(&self) -> PathBuf {
        self.root().join("workspace")
    }

    /// The empty home of the person.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.root().join("home")
    }

    /// Runs git in the workspace, with the configuration of the world's home only, and gives its output.
    pub fn git(&self, arguments: &[&str]) -> String {
        git(&self.workspace(), &self.home(), arguments)
    }

    /// Writes a file of the workspace.
    pub fn write(&self, path: &str, text: &str) {
        files::write(&self.workspace().join(path), text);
    }

    /// Reads a file of the workspace.
    #[must_use]
    pub fn read(&self, path: &str) -> String {
        let file = self.workspace().join(path);
        fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    }

    /// Replaces the value of one key of `nexy.toml` on the laptop and on the VM: `set_target("limits", "x", "1")`.
    pub fn set_target(&self, section: &str, key: &str, value: &str) {
        let text = target::set(&self.read("nexy.toml"), section, key, value);
        self.write("nexy.toml", &text);
        self.write_vm("etc/nexy.toml", &text);
    }

    /// A file of the inbox.
    #[must_use]
    pub fn inbox(&self, name: &str) -> PathBuf {
        self.workspace().join("release_inbox").join(name)
    }

    /// Puts these bytes into the inbox as `Nexy.dmg`, with the receipt of their build.
    pub fn inbox_dmg(&self, bytes: &[u8]) {
        fs::write(self.inbox("Nexy.dmg"), bytes).unwrap();
        self.write_build_receipt("Nexy.dmg");
    }

    /// Puts these bytes into the inbox as `Nexy.pkg`.
    pub fn inbox_pkg(&self, bytes: &[u8]) {
        fs::write(self.inbox("Nexy.pkg"), bytes).unwrap();
    }

    /// The workspace's `manifest.json`.
    #[must_use]
    pub fn manifest(&self) -> Value {
        let text = self.read(&format!("{}/manifest.json", super::MANIFEST_FOLDERS[0]));
        serde_json::from_str(&text).unwrap()
    }

    /// Writes this manifest, with its versioned copy, into both folders of the workspace.
    pub fn set_manifest(&self, manifest: &Value) {
        files::write_manifests(&self.workspace(), manifest);
    }

    /// Writes another version into every place of the workspace; the manifests stay.
    pub fn set_version(&self, version: &str) {
        files::write_version_places(self, &self.workspace(), version);
    }
}

/// Runs git in a folder, as a person whose home is that one.
pub(super) fn git(folder: &Path, home: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command
        .args(["-c", "user.name=Person", "-c", "user.email=person@example.org"])
        .args(["-c", "commit.gpgsign=false", "-c", "maintenance.auto=false", "-c", "gc.auto=0"])
        .args(arguments)
        .current_dir(folder)
        .env("HOME", home)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE");
    String::from_utf8(command.assert().success().get_output().stdout.clone()).unwrap()
}

/// As root, a tool refuses a target that others may write.
pub(super) fn restrict(file: &Path) {
    fs::set_permissions(file, fs::Permissions::from_mode(0o644)).unwrap();
}

/// git may live outside of `/usr/bin`, where an empty environment does not find it.
pub(super) fn link_git(folder: &Path) {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = std::env::split_paths(&path);
    let found = folders.find(|folder| folder.join("git").is_file());
    let git = found.expect("git is on PATH").join("git");
    symlink(git, folder.join("git")).unwrap();
}
