//! `gh` commands for the operator, for when this tool cannot go on; they contain the token by the name of its variable only.

use nexy_contract::{Fix, Target};

/// The repository and the host that the commands act upon: without the host, `gh` would act upon another one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GhCommands<'a> {
    /// `owner/name`.
    pub(crate) repository: &'a str,
    /// Address of the web pages.
    pub(crate) web_url: &'a str,
}

impl<'a> GhCommands<'a> {
    /// Commands for the artifacts of a target.
    pub(crate) fn of(target: &'a Target) -> Self {
        Self { repository: &target.repositories.artifacts, web_url: &target.github.web_url }
    }

    /// Where `gh` takes the token from.
    fn token_note(self) -> &'static str {
        match self.host() {
            "github.com" => "gh takes the token from $GH_TOKEN, else from gh auth login:",
            _ => "gh takes the token from $GH_ENTERPRISE_TOKEN in place of $GH_TOKEN:",
        }
    }

    /// Renames one asset.
    pub(crate) fn rename(self, id: u64, name: &str) -> Fix {
        self.change(format!("gh api -X PATCH repos/{}/releases/assets/{id} -f name={name} --hostname {}", self.repository, self.host()))
    }

    /// Deletes one asset.
    pub(crate) fn delete(self, id: u64) -> Fix {
        self.change(format!("gh api -X DELETE repos/{}/releases/assets/{id} --hostname {}", self.repository, self.host()))
    }

    fn change(self, command: String) -> Fix {
        Fix::note(self.token_note()).then_command(command)
    }

    fn host(self) -> &'a str {
        self.web_url.split("://").nth(1).unwrap_or(self.web_url)
    }
}
