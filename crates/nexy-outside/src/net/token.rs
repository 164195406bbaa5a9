//! Where the GitHub token comes from: the same places, in the same order, as for GitHub's own command line.

use crate::{
    Secret, environment,
    net::http::Url,
    programs::{self, environment::PERSON},
};
use nexy_contract::{Exit, Fix, Problem, Target, text};
use std::time::Duration;

/// The token and where it came from; the place may be named, the token never.
#[derive(Clone, Debug)]
pub struct Token {
    /// The token.
    pub secret: Secret,
    /// `GH_TOKEN`, `gh auth token`, …
    pub origin: String,
}

/// Where a token may stand: for github.com, and for another host.
const VARIABLES: [[&str; 2]; 2] = [["GH_TOKEN", "GITHUB_TOKEN"], ["GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"]];

/// Makes the tokens of the environment known as secrets, also to a tool that needs none: what it asks may repeat one.
pub fn keep_secret() {
    VARIABLES.as_flattened().iter().filter_map(|name| environment::text(name)).for_each(|value| drop(Secret::new(&value)));
}

/// Looks for a token for the host of `github.web_url`.
/// Errors: exit 69 when there is none, or one that no request could carry.
pub fn find(target: &Target) -> Result<Token, Problem> {
    let host = Url::parse(&target.github.web_url).map(|url| url.host().to_owned()).unwrap_or_default();
    let names = VARIABLES[usize::from(host != "github.com")];
    let none = |because: String| {
        let fix = Fix::command(format!("gh auth login --hostname {}", text::shell_word(&host)))
            .then_note(format!("or set {} to a fine-grained token with Contents: write", names[0]));
        Problem::new(Exit::CouldNotLook, format!("no usable GitHub token for {host}"), because, fix)
    };
    let found = names.iter().find_map(|name| environment::text(name).map(|value| (Secret::new(&value), (*name).to_owned())));
    let (secret, origin) = match found {
        Some(found) => found,
        None => (
            from_gh(&host).map_err(|because| none(format!("neither {} nor {} is set, and {because}", names[0], names[1])))?,
            "gh auth token".to_owned(),
        ),
    };
    if secret.is_empty() || !secret.is_header_safe() {
        return Err(none(format!("{origin} is empty or holds a blank or control character")));
    }
    Ok(Token { secret, origin })
}

fn from_gh(host: &str) -> Result<Secret, String> {
    let ran = programs::Run::new("gh", &["auth", "token", "--hostname", host])
        .allow(PERSON)
        .timeout(Duration::from_secs(10))
        .run()
        .map_err(|error| error.to_string())?;
    if ran.succeeded() { Ok(Secret::new(&ran.stdout_text())) } else { Err("`gh auth token` has none either".to_owned()) }
}
