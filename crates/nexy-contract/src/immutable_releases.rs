//! Immutable releases: a release that is published while a repository has them switched on is frozen for ever, and its tag with it.

use crate::{Fix, Target, Url};

/// What GitHub says of a repository's setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Immutability {
    /// Switched off.
    Off,
    /// Switched on.
    On {
        /// Whether the owner of the repository enforces it, so that the repository alone cannot switch it off.
        enforced_by_owner: bool,
    },
    /// GitHub shows it to administrators only, and answers 404 both for *off* and for *not for this token*.
    NotShown,
}

impl Immutability {
    /// Why nothing may be published, and how the setting is switched off; `None` unless it is switched on.
    pub fn refusal(self, target: &Target) -> Option<(String, Fix)> {
        let Self::On { enforced_by_owner } = self else { return None };
        let name = &target.repositories.artifacts;
        let found = format!("immutable releases are switched on in {name}: what is published there is frozen, and its tag lost, for ever");
        let fix = if enforced_by_owner {
            Fix::note(format!("the owner of {name} enforces it: an owner of the organisation takes the repository out, in its settings"))
        } else {
            Fix::note("an administrator of the repository switches them off:")
                .then_command(format!("gh api -X DELETE repos/{name}/immutable-releases --hostname {}", host(target)))
        };
        Some((found, fix.then_note(format!("to see it: {}/{name}/settings", target.github.web_url))))
    }

    /// What a person looks at before a release is created or published by hand; nothing when GitHub says that it is safe.
    pub fn look_first(self, target: &Target) -> Fix {
        if self != Self::NotShown {
            return Fix::none();
        }
        let settings = format!("{}/{}/settings", target.github.web_url, target.repositories.artifacts);
        Fix::note(format!(
            "first see in {settings} that immutable releases are off: while they are on, this command loses the tag for ever"
        ))
    }
}

/// What is true of a channel that is frozen already, and what is left to a person.
pub fn frozen(target: &Target, channel: &str) -> (String, Fix) {
    let found = format!("the release {channel} is immutable: its files can never be replaced, and its tag can never be used again");
    let fix = Fix::note("do not delete it: users download from it, and GitHub refuses its tag for ever, whatever the setting says")
        .then_note(
            "a person chooses another tag for nexy.toml, which changes the download URL, the manifest and every client that was shipped",
        )
        .then_note("before the new release is created, immutable releases are switched off; look at what is there:")
        .then_command(format!("gh release view {channel} --repo {}", repository_argument(target)));
    (found, fix)
}

/// `host/owner/name`, so that `gh` asks the right host whatever its default is.
pub fn repository_argument(target: &Target) -> String {
    format!("{}/{}", host(target), target.repositories.artifacts)
}

fn host(target: &Target) -> String {
    Url::parse(&target.github.web_url).map(|url| url.host().to_owned()).unwrap_or_default()
}
