//! Versions of Python packages and what they are held against, by the rules of PEP 440; whatever else is refused.

use std::cmp::Ordering;

/// A version that can be ordered.
#[derive(Clone, Debug)]
pub(super) struct Version {
    epoch: u64,
    release: Vec<u64>,
    /// `a`, `b` or `rc`, and its number.
    pre: Option<(char, u64)>,
    post: Option<u64>,
    dev: Option<u64>,
    local: Vec<Part>,
}

/// A part of what stands behind a `+`: a number counts more than a word.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Word(String),
    Number(u64),
}

/// One comparison, such as `>=6.31.1` or `==1.*`.
#[derive(Clone, Debug)]
pub(super) struct Clause {
    comparison: Comparison,
    version: Version,
    /// `.*` stands at the end.
    is_prefix: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Equal,
    Unequal,
    Compatible,
    AtLeast,
    AtMost,
    More,
    Less,
}

impl Version {
    /// Reads a version in any spelling that PEP 440 allows.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        let text = text.strip_prefix('v').unwrap_or(&text);
        let (public, local) = match text.split_once('+') {
            Some((public, local)) => (public, local.split(['.', '-', '_']).map(part).collect::<Option<Vec<_>>>()?),
            None => (text, Vec::new()),
        };
        let (epoch, rest) = match public.split_once('!') {
            Some((epoch, rest)) => (number(epoch)?, rest),
            None => (0, public),
        };
        let end = rest.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(rest.len());
        let release_text = rest[..end].trim_end_matches('.');
        let release = release_text.split('.').map(number).collect::<Option<Vec<_>>>()?;
        let mut cursor = &rest[release_text.len()..];
        let mut version = Self { epoch, release, pre: None, post: None, dev: None, local };
        if let Some((label, value)) = labelled(&mut cursor, &["alpha", "beta", "preview", "pre", "rc", "a", "b", "c"]) {
            let kind = match label {
                "a" | "alpha" => 'a',
                "b" | "beta" => 'b',
                _ => 'r',
            };
            version.pre = Some((kind, value));
        }
        let implicit = cursor.strip_prefix('-').filter(|rest| rest.starts_with(|next: char| next.is_ascii_digit()));
        if let Some(rest) = implicit {
            let end = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
            version.post = number(&rest[..end]);
            cursor = &rest[end..];
        } else if let Some((_, value)) = labelled(&mut cursor, &["post", "rev", "r"]) {
            version.post = Some(value);
        }
        version.dev = labelled(&mut cursor, &["dev"]).map(|(_, value)| value);
        cursor.is_empty().then_some(version)
    }

    fn is_before_final(&self) -> bool {
        self.pre.is_some() || self.dev.is_some()
    }

    fn has_base_of(&self, other: &Self) -> bool {
        self.epoch == other.epoch && trimmed(&self.release) == trimmed(&other.release)
    }

    fn public(&self) -> Self {
        Self { local: Vec::new(), ..self.clone() }
    }

    /// Whether the release begins with these numbers; missing ones are zeros.
    fn begins_with(&self, epoch: u64, numbers: &[u64]) -> bool {
        self.epoch == epoch && numbers.iter().enumerate().all(|(at, wanted)| self.release.get(at).unwrap_or(&0) == wanted)
    }

    fn compared(&self, other: &Self) -> Ordering {
        fn pre(version: &Version) -> (u8, char, u64) {
            match version.pre {
                Some((kind, value)) => (1, kind, value),
                None if version.post.is_none() && version.dev.is_some() => (0, ' ', 0),
                None => (2, ' ', 0),
            }
        }
        let dev = |version: &Self| version.dev.map_or((1, 0), |value| (0, value));
        (self.epoch.cmp(&other.epoch))
            .then_with(|| trimmed(&self.release).cmp(trimmed(&other.release)))
            .then_with(|| pre(self).cmp(&pre(other)))
            .then_with(|| self.post.cmp(&other.post))
            .then_with(|| dev(self).cmp(&dev(other)))
            .then_with(|| self.local.cmp(&other.local))
    }
}

fn number(text: &str) -> Option<u64> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

fn part(text: &str) -> Option<Part> {
    match number(text) {
        Some(value) => Some(Part::Number(value)),
        None => (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())).then(|| Part::Word(text.to_owned())),
    }
}

/// Takes `.label.N` off the front; the separators and the number may be left away.
fn labelled<'a>(cursor: &mut &str, labels: &[&'a str]) -> Option<(&'a str, u64)> {
    let rest = cursor.strip_prefix(['.', '-', '_']).unwrap_or(cursor);
    let label = labels.iter().find(|label| rest.starts_with(**label))?;
    let rest = &rest[label.len()..];
    let bare = rest.strip_prefix(['.', '-', '_']).filter(|bare| bare.starts_with(|next: char| next.is_ascii_digit())).unwrap_or(rest);
    let end = bare.find(|character: char| !character.is_ascii_digit()).unwrap_or(bare.len());
    let value = if end == 0 { 0 } else { number(&bare[..end])? };
    *cursor = &bare[end..];
    Some((label, value))
}

fn trimmed(release: &[u64]) -> &[u64] {
    let end = release.iter().rposition(|number| *number != 0).map_or(0, |at| at + 1);
    &release[..end]
}

impl Clause {
    /// Reads one comparison; `===` compares spellings, and is not known here.
    pub(super) fn read(text: &str) -> Option<Self> {
        const COMPARISONS: &[(&str, Comparison)] = &[
            ("==", Comparison::Equal),
            ("!=", Comparison::Unequal),
            ("~=", Comparison::Compatible),
            (">=", Comparison::AtLeast),
            ("<=", Comparison::AtMost),
            (">", Comparison::More),
            ("<", Comparison::Less),
        ];
        let text = text.trim();
        let (sign, comparison) = COMPARISONS.iter().find(|(sign, _)| text.starts_with(sign))?;
        let rest = text[sign.len()..].trim();
        let prefix = rest.strip_suffix(".*");
        let version = Version::read(prefix.unwrap_or(rest))?;
        let may_be_prefix = matches!(comparison, Comparison::Equal | Comparison::Unequal);
        let is_plain = version.pre.is_none() && version.post.is_none() && version.dev.is_none() && version.local.is_empty();
        let is_known = (prefix.is_none() || (may_be_prefix && is_plain))
            && (version.local.is_empty() || may_be_prefix)
            && (*comparison != Comparison::Compatible || version.release.len() > 1);
        is_known.then_some(Self { comparison: *comparison, version, is_prefix: prefix.is_some() })
    }

    /// Whether a version fits.
    pub(super) fn fits(&self, found: &Version) -> bool {
        let wanted = &self.version;
        let is_equal = || {
            if self.is_prefix {
                found.begins_with(wanted.epoch, &wanted.release)
            } else if wanted.local.is_empty() {
                found.public().compared(wanted) == Ordering::Equal
            } else {
                found.compared(wanted) == Ordering::Equal
            }
        };
        match self.comparison {
            Comparison::Equal => is_equal(),
            Comparison::Unequal => !is_equal(),
            Comparison::AtLeast => found.public().compared(wanted) != Ordering::Less,
            Comparison::AtMost => found.public().compared(wanted) != Ordering::Greater,
            Comparison::Compatible => {
                let series = &wanted.release[..wanted.release.len() - 1];
                found.public().compared(wanted) != Ordering::Less && found.begins_with(wanted.epoch, series)
            }
            // What comes before 2.0 is not below 2.0 for whoever asked for less than 2.0; the same upwards.
            Comparison::Less => {
                let is_before_it = !wanted.is_before_final() && found.is_before_final() && found.has_base_of(wanted);
                found.public().compared(wanted) == Ordering::Less && !is_before_it
            }
            Comparison::More => {
                let is_behind_it = (wanted.post.is_none() && found.post.is_some()) || !found.local.is_empty();
                found.compared(wanted) == Ordering::Greater && !(is_behind_it && found.has_base_of(wanted))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn version(text: &str) -> Version {
        Version::read(text).unwrap_or_else(|| panic!("{text} is a version"))
    }

    fn fits(clause: &str, found: &str) -> bool {
        Clause::read(clause).unwrap_or_else(|| panic!("{clause} is a clause")).fits(&version(found))
    }

    #[test]
    fn the_order_is_that_of_the_rule() {
        let order = [
            "1.dev0",
            "1.0.dev456",
            "1.0a1",
            "1.0a2.dev456",
            "1.0a12.dev456",
            "1.0a12",
            "1.0b1.dev456",
            "1.0b2",
            "1.0b2.post345.dev456",
            "1.0b2.post345",
            "1.0rc1.dev456",
            "1.0rc1",
            "1.0",
            "1.0+abc.5",
            "1.0+abc.7",
            "1.0+5",
            "1.0.post456.dev34",
            "1.0.post456",
            "1.0.15",
            "1.1.dev1",
            "6.31.1",
            "7",
            "10.0",
            "1!0.1",
        ];
        for (at, less) in order.iter().enumerate() {
            for more in &order[at + 1..] {
                assert_eq!(version(less).compared(&version(more)), Ordering::Less, "{less} {more}");
                assert_eq!(version(more).compared(&version(less)), Ordering::Greater, "{more} {less}");
            }
        }
    }

    #[test]
    fn spellings_of_the_same_version_are_equal() {
        for (one, other) in [
            ("1.0", "1"),
            ("v1.0", "1.0.0"),
            ("1.0-alpha.1", "1.0a1"),
            ("1.0_beta", "1.0b0"),
            ("1.0c1", "1.0rc1"),
            ("1.0.preview1", "1.0rc1"),
            ("1.0-1", "1.0.post1"),
            ("1.0.rev3", "1.0.post3"),
            ("1.0DEV", "1.0.dev0"),
            ("1.0+Ab-1", "1.0+ab.1"),
            ("01.02", "1.2"),
        ] {
            assert_eq!(version(one).compared(&version(other)), Ordering::Equal, "{one} {other}");
        }
    }

    #[test]
    fn what_is_no_version_or_clause_is_refused() {
        for text in ["", "x", "1.", "1..2", "1.0x", "1.0+", "1.0+a..b", "1!", "!1", "1.0-", "1.0 2", "99999999999999999999999", "1.0.*"] {
            assert!(Version::read(text).is_none(), "{text}");
        }
        for text in ["===1.0", "1.0", "=1.0", "~=1", ">=1.*", "==1.0a1.*", ">=1.0+x", "<", "=="] {
            assert!(Clause::read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn every_comparison_is_that_of_the_rule() {
        for (clause, good, bad) in [
            (">=6.31.1", &["6.31.1", "6.31.1+local", "6.32.0rc1", "7"][..], &["6.31.0", "6.31.1rc1", "5.29.5"][..]),
            ("<7", &["6.99", "6.31.1.post1"], &["7", "7.0rc1", "7.0.dev1", "8"]),
            ("<7rc2", &["7rc1", "7.dev1"], &["7rc2", "7"]),
            ("<=2", &["2", "2.0.0", "2+x", "1"], &["2.post1", "2.1"]),
            (">1.7", &["1.7.1", "1.8rc1"], &["1.7", "1.7.0.post1", "1.7+local"]),
            (">1.7.post1", &["1.7.post2"], &["1.7.post1", "1.7"]),
            ("==1.1", &["1.1", "1.1.0", "1.1+x"], &["1.1.post1", "1.1a1", "1.1.1"]),
            ("==1.1+x", &["1.1+x"], &["1.1", "1.1+y"]),
            ("==1.*", &["1", "1.9", "1.0a1"], &["2", "0.9", "1!1.0"]),
            ("!=1.5.*", &["1.4", "1.6"], &["1.5", "1.5.2"]),
            ("!=1.5", &["1.5.1"], &["1.5.0"]),
            ("~=2.2", &["2.2", "2.3"], &["2.1", "3.0"]),
            ("~=1.4.5", &["1.4.5", "1.4.9"], &["1.5", "1.4.4"]),
        ] {
            for found in good {
                assert!(fits(clause, found), "{clause} {found}");
            }
            for found in bad {
                assert!(!fits(clause, found), "{clause} {found}");
            }
        }
    }

    proptest! {
        #[test]
        fn a_version_equals_itself_and_fits_its_own_clauses(release in proptest::collection::vec(0_u64..50, 1..5), tail in "(a[0-9]|rc[0-9]|\\.post[0-9]|\\.dev[0-9])?") {
            let text = format!("{}{tail}", release.iter().map(u64::to_string).collect::<Vec<_>>().join("."));
            for sign in ["==", ">=", "<="] {
                let clause = format!("{sign}{text}");
                prop_assert!(fits(&clause, &text));
            }
            for sign in ["!=", "<", ">"] {
                let clause = format!("{sign}{text}");
                prop_assert!(!fits(&clause, &text));
            }
        }

        #[test]
        fn no_text_stops_the_reader(text in any::<String>(), near in "[0-9.!+abcrdepostv_-]{0,20}") {
            let _ = (Version::read(&text), Clause::read(&text), Version::read(&near));
        }
    }
}
