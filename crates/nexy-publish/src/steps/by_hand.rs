//! The commands for a person, when this tool cannot go on; the token stands in them by name only.

use super::Scene;

/// What stands above such a command: where `gh` takes the token from.
pub(crate) fn token(scene: &Scene<'_>) -> String {
    let web = &scene.target.github.web_url;
    match web.split("://").nth(1).unwrap_or(web) {
        "github.com" => "gh takes the token from $GH_TOKEN, else from gh auth login:".to_owned(),
        host => format!("gh takes the host from GH_HOST={host}, and the token from $GH_ENTERPRISE_TOKEN in place of $GH_TOKEN:"),
    }
}

/// Gives an asset another name.
pub(crate) fn rename(scene: &Scene<'_>, id: u64, name: &str) -> String {
    format!("gh api -X PATCH repos/{}/releases/assets/{id} -f name={name}", scene.target.repositories.artifacts)
}

/// Removes an asset.
pub(crate) fn delete(scene: &Scene<'_>, id: u64) -> String {
    format!("gh api -X DELETE repos/{}/releases/assets/{id}", scene.target.repositories.artifacts)
}
