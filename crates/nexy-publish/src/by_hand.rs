//! The commands for a person, when this tool cannot go on; the token stands in them by name only.

use nexy_contract::Target;

/// Where such a command acts: without it, `gh` would act upon another host.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ByHand<'a> {
    /// `owner/name`.
    pub(crate) repository: &'a str,
    /// Where people see the repository.
    pub(crate) web_url: &'a str,
}

impl<'a> ByHand<'a> {
    /// For the artifacts of a target.
    pub(crate) fn of(target: &'a Target) -> Self {
        Self { repository: &target.repositories.artifacts, web_url: &target.github.web_url }
    }

    /// What stands above such a command: where `gh` takes the token from.
    pub(crate) fn token(self) -> String {
        match self.web_url.split("://").nth(1).unwrap_or(self.web_url) {
            "github.com" => "gh takes the token from $GH_TOKEN, else from gh auth login:".to_owned(),
            host => format!("gh takes the host from GH_HOST={host}, and the token from $GH_ENTERPRISE_TOKEN in place of $GH_TOKEN:"),
        }
    }

    /// Gives an asset another name.
    pub(crate) fn rename(self, id: u64, name: &str) -> String {
        format!("gh api -X PATCH repos/{}/releases/assets/{id} -f name={name}", self.repository)
    }

    /// Removes an asset.
    pub(crate) fn delete(self, id: u64) -> String {
        format!("gh api -X DELETE repos/{}/releases/assets/{id}", self.repository)
    }
}
