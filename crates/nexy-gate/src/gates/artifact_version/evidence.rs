//! Evidence about one artifact: its versions, signature and notarization, from a look into it or from its build receipt.

use nexy_contract::text::excerpt;

/// Whether the notary has let it pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Notarized {
    /// A good ticket is attached to it.
    Stapled,
    /// The ticket was checked and refused.
    Refused,
    /// There is no ticket here; the notary may have one.
    #[default]
    Unknown,
}

/// What was seen in one place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Evidence {
    /// Every version that it holds, by where it stands.
    pub(super) versions: Vec<(String, String)>,
    /// Whether the build of an application is among them: that is what clients compare.
    pub(super) has_build: bool,
    /// Whether it was opened, and there is no application in it.
    pub(super) holds_no_application: bool,
    /// Whether it is signed, if anybody has looked.
    pub(super) signed: Option<bool>,
    /// Whether it is notarized.
    pub(super) notarized: Notarized,
    /// What could not be looked at although it should have been, and what to type.
    pub(super) troubles: Vec<(String, String)>,
    /// What programs have said about a no.
    pub(super) remarks: Vec<String>,
}

impl Evidence {
    /// Notes what could not be looked at.
    pub(super) fn misses(&mut self, what: impl Into<String>, fix: impl Into<String>) {
        self.troubles.push((what.into(), fix.into()));
    }

    /// Notes a version that stands somewhere.
    pub(super) fn says(&mut self, place: impl AsRef<str>, version: Option<&str>) {
        if let Some(version) = version {
            self.versions.push((excerpt(place.as_ref(), 120), version.to_owned()));
        }
    }
}
