//! git over HTTP, as far as a repository's names can be asked: the answer is made by git itself, from a bare repository.

use crate::http::{Request, Response};
use crate::state::State;
use std::process::{Command, Stdio};

/// Answers what `git ls-remote` asks first; the folder `git` of the state holds the bare repositories.
pub(super) fn answer(state: &State, request: &Request, owner: &str, repository: &str) -> Response {
    if request.method != "GET" || request.parameter("service") != Some("git-upload-pack") {
        return Response::text(403, "git-receive-pack is not scripted").unscripted();
    }
    let bare = state.folder.join("git").join(owner).join(repository);
    if !bare.is_dir() {
        return Response::text(404, "Repository not found.");
    }
    let mut git = Command::new("git");
    git.args(["upload-pack", "--stateless-rpc", "--advertise-refs"]).arg(&bare).stdin(Stdio::null());
    let output = git.env("GIT_CONFIG_NOSYSTEM", "1").env("HOME", &state.folder).output().unwrap();
    assert!(output.status.success(), "{git:?}: {}", String::from_utf8_lossy(&output.stderr));
    let mut body = b"001e# service=git-upload-pack\n0000".to_vec();
    body.extend(output.stdout);
    Response::new(200, body).with("Content-Type", "application/x-git-upload-pack-advertisement").with("Cache-Control", "no-cache")
}
