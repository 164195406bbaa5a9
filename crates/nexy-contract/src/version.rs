//! The release version: four canonical numbers, so that one version has one spelling.

use crate::text::{canonical_number, excerpt};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A version such as `2.0.0.4`; ordered by number, part by part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReleaseVersion([u32; 4]);

/// Why a text is no release version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct VersionError(String);

impl ReleaseVersion {
    /// Puts four numbers together.
    pub const fn new(parts: [u32; 4]) -> Self {
        Self(parts)
    }

    /// The version after this one: its last number is one higher.
    pub const fn next(self) -> Self {
        let [major, minor, patch, build] = self.0;
        Self([major, minor, patch, build.saturating_add(1)])
    }

    /// The git tag of this version: `v2.0.0.4`.
    pub fn tag(self) -> String {
        format!("v{self}")
    }

    /// Whether a name could be mistaken for a version or a version tag (`2.0.0`, `v1.6.1.36`); a fixed channel must not.
    pub fn looks_like_one(name: &str) -> bool {
        let digits = name.strip_prefix(['v', 'V']).unwrap_or(name);
        digits.starts_with(|c: char| c.is_ascii_digit()) && digits.chars().all(|c| c.is_ascii_digit() || c == '.')
    }
}

impl FromStr for ReleaseVersion {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let shown = excerpt(text, 40);
        let untagged = text.trim().strip_prefix(['v', 'V']).filter(|rest| rest.starts_with(|first: char| first.is_ascii_digit()));
        if let Some(version) = untagged.and_then(|rest| rest.parse::<Self>().ok()) {
            return Err(VersionError(format!("`{shown}` is the tag of a version; the version is {version}")));
        }
        let parts: Vec<&str> = text.split('.').collect();
        if parts.len() != 4 {
            return Err(VersionError(format!("`{shown}` has {} parts, a release version has four: X.Y.Z.W", parts.len())));
        }
        let mut numbers = [0; 4];
        for (number, part) in numbers.iter_mut().zip(parts) {
            *number = canonical_number(part).ok_or_else(|| {
                let rule = format!("digits only, no sign, no leading zero, at most {}", u32::MAX);
                VersionError(format!("`{}` is no number in `{shown}`: {rule}", excerpt(part, 20)))
            })?;
        }
        Ok(Self(numbers))
    }
}

impl fmt::Display for ReleaseVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [x, y, z, w] = self.0;
        formatter.pad(&format!("{x}.{y}.{z}.{w}"))
    }
}

impl TryFrom<String> for ReleaseVersion {
    type Error = VersionError;

    fn try_from(text: String) -> Result<Self, VersionError> {
        text.parse()
    }
}

impl From<ReleaseVersion> for String {
    fn from(version: ReleaseVersion) -> Self {
        version.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_version_survives_the_round_trip(parts: [u32; 4]) {
            let version = ReleaseVersion::new(parts);
            prop_assert_eq!(version.to_string().parse::<ReleaseVersion>(), Ok(version));
        }

        #[test]
        fn whatever_is_accepted_is_spelled_canonically(text in "[0-9v+. ]{0,16}") {
            if let Ok(version) = text.parse::<ReleaseVersion>() {
                prop_assert_eq!(version.to_string(), text);
            }
        }

        #[test]
        fn order_is_numeric(a: [u32; 4], b: [u32; 4]) {
            prop_assert_eq!(ReleaseVersion::new(a).cmp(&ReleaseVersion::new(b)), a.cmp(&b));
        }
    }

    #[test]
    fn other_spellings_are_refused() {
        for text in [
            "",
            "1.2.3",
            "1.2.3.4.5",
            "v1.2.3.4",
            "01.2.3.4",
            "+1.2.3.4",
            "1.2.3.4\n",
            " 1.2.3.4",
            "1..3.4",
            "4294967296.0.0.0",
            "1.2.3.-4",
            "١.2.3.4",
        ] {
            assert!(text.parse::<ReleaseVersion>().is_err(), "{text:?} was accepted");
        }
    }

    #[test]
    fn a_tag_is_told_apart_and_the_version_named() {
        let error = "v2.0.0.6".parse::<ReleaseVersion>().expect_err("a tag").to_string();
        assert_eq!(error, "`v2.0.0.6` is the tag of a version; the version is 2.0.0.6");
        assert!("vv2.0.0.6".parse::<ReleaseVersion>().expect_err("nothing").to_string().contains("no number"));
    }

    #[test]
    fn names_that_look_like_versions_are_recognised() {
        for name in ["v2.0.0.4", "2.0.0.4", "1.6", "V1"] {
            assert!(ReleaseVersion::looks_like_one(name), "{name}");
        }
        for name in ["Update", "App", "UpdateBeta", "v", ""] {
            assert!(!ReleaseVersion::looks_like_one(name), "{name}");
        }
    }
}
