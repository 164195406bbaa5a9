//! Real repositories where a test wants them: the workspace's tag, the VM's checkout as a clone, and the remotes.

use super::{VERSION, World, files, laptop};
use std::fs;
use std::path::{Path, PathBuf};

/// Folders of this world's VM that stand in the checkout, as those of no real one do.
const FURNITURE: &str = "/bin/\n/etc/\n/lock/\n/log/\n/backups/\n/receipts/\n__pycache__/\n";

impl World {
    /// Commits everything in the workspace, and puts the release's tag there; the new commit's name comes back.
    pub fn tag_release(&self) -> String {
        self.tag_release_as(VERSION)
    }

    /// The same for a release of another version.
    pub fn tag_release_as(&self, version: &str) -> String {
        let ignored = self.read(".gitignore");
        if !ignored.contains(FURNITURE) {
            self.write(".gitignore", &format!("{ignored}{FURNITURE}"));
        }
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message=Release"]);
        self.git(&["tag", "--force", &format!("v{version}")]);
        self.git(&["rev-parse", "HEAD"]).trim().to_owned()
    }

    /// Makes the VM's checkout a clone of the workspace at the release's tag, with the runtime files in place; the workspace is
    /// tagged for that. What the tag tracks is as in the tag; the rest of the VM stays.
    pub fn vm_checkout(&self) {
        self.vm_checkout_of(VERSION);
    }

    /// The same for a release of another version.
    pub fn vm_checkout_of(&self, version: &str) {
        self.tag_release_as(version);
        self.clone_to_vm();
        self.git_vm(&["checkout", "--quiet", "--force", "--detach", &format!("v{version}")]);
    }

    /// Puts a clone's `.git` into the VM's checkout, and touches no other file there.
    pub fn clone_to_vm(&self) {
        let (from, clone) = (self.workspace(), self.root().join("clone"));
        self.git_in(&self.root(), &["clone", "--quiet", "--no-checkout", "--no-local", path(&from), path(&clone)]);
        let _ = fs::remove_dir_all(self.vm_path(".git"));
        fs::rename(clone.join(".git"), self.vm_path(".git")).unwrap();
        fs::remove_dir(&clone).unwrap();
        let url = format!("{}/Seregawpn/Nexy.git", self.standin.web_url());
        self.git_vm(&["remote", "set-url", "origin", &url]);
    }

    /// Runs git in the VM's checkout, as [`World::git`] does in the workspace.
    pub fn git_vm(&self, arguments: &[&str]) -> String {
        self.git_in(&self.vm(), arguments)
    }

    /// Makes bare repositories for both remotes, and leads git there for this world's GitHub, as a person's own
    /// configuration may.
    pub fn bare_remotes(&self) {
        ["Nexy", "Nexy_server"].iter().for_each(|repository| self.make_bare(&self.bare(repository)));
        let base = format!("url.file://{}/.insteadOf", self.root().join("remotes").display());
        let config = self.home().join(".gitconfig");
        self.git(&["config", "--file", path(&config), &base, &format!("{}/", self.standin.web_url())]);
    }

    /// Makes bare repositories that git can ask over HTTP at the very addresses of the remotes.
    pub fn served_remotes(&self) {
        ["Nexy", "Nexy_server"].iter().for_each(|repository| self.make_bare(&self.served(repository)));
    }

    /// Puts what the workspace has committed into a repository on GitHub that takes pushes, as `origin`. git reaches it by ssh, whose
    /// part is played: with a file `refuses` beside the repositories it says these words and refuses, with `loses` it does what it is
    /// asked, and the answer is lost.
    pub fn workspace_on_github(&self) {
        let bare = self.bare("Nexy");
        fs::create_dir_all(bare.parent().unwrap()).unwrap();
        self.git_in(&self.root(), &["clone", "--quiet", "--bare", "--no-local", path(&self.workspace()), path(&bare)]);
        let host = self.standin.web_url();
        let host = host.split("://").nth(1).unwrap().split(':').next().unwrap();
        self.git(&["remote", "set-url", "origin", &format!("git@{host}:Seregawpn/Nexy.git")]);
        let (ssh, remotes) = (self.programs().join("ssh"), self.root().join("remotes"));
        let played = format!(
            "#!/bin/sh\nfor asked; do :; done\ncd '{}' || exit\n[ ! -e refuses ] || {{ cat refuses >&2; exit 255; }}\n\
             eval \"git ${{asked#git-}}\" || exit\n[ ! -e loses ] || exit 255\n",
            remotes.display()
        );
        crate::programs::write_program(&ssh, &played);
        let config = format!("[core]\n\tsshCommand = {}\n[user]\n\tname = Person\n\temail = person@example.org\n", ssh.display());
        fs::write(self.home().join(".gitconfig"), config).unwrap();
    }

    fn make_bare(&self, folder: &Path) {
        fs::create_dir_all(folder).unwrap();
        self.git_in(folder, &["init", "--quiet", "--bare", "--initial-branch=main"]);
    }

    /// The bare repository that is served for a remote; what is pushed into it is pushed to GitHub.
    #[must_use]
    pub fn served(&self, repository: &str) -> PathBuf {
        self.state().join("git/Seregawpn").join(format!("{repository}.git"))
    }

    /// The bare repository behind a remote.
    #[must_use]
    pub fn bare(&self, repository: &str) -> PathBuf {
        self.root().join("remotes/Seregawpn").join(format!("{repository}.git"))
    }

    /// Runs git in any folder, with the configuration of the world's home only, and gives its output.
    pub fn git_in(&self, folder: &Path, arguments: &[&str]) -> String {
        laptop::git(folder, &self.home(), arguments)
    }

    /// Moves the files of the workspace as another layout of the past had them, commits and tags that.
    pub fn tag_layout(&self, moves: &[(&str, &str)], removed: &[&str]) {
        for (from, to) in moves {
            let text = self.read(from);
            files::write(&self.workspace().join(to), &text);
        }
        for path in removed {
            fs::remove_file(self.workspace().join(path)).unwrap();
        }
        self.tag_release();
    }
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}
