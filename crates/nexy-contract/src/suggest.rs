//! Suggests the known name that is nearest to a mistyped one.

/// The closest of `names`, when it is close enough to be worth suggesting.
pub fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let worth_it = (word.chars().count() / 3).max(2);
    let is_part = |name: &str| word.len() >= 3 && name.contains(word);
    names
        .into_iter()
        .map(|name| (strsim::levenshtein(word, name).min(if is_part(name) { worth_it } else { usize::MAX }), name))
        .min_by_key(|(distance, _)| *distance)
        // A name of which every letter is another one is no slip, however short both are.
        .filter(|(distance, name)| *distance <= worth_it && *distance < name.chars().count())
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 4] = ["local", "public", "updates", "local-health"];

    #[test]
    fn a_slip_of_the_finger_finds_its_name() {
        for (word, name) in
            [("locla", "local"), ("update", "updates"), ("local-heath", "local-health"), ("pubic", "public"), ("health", "local-health")]
        {
            assert_eq!(nearest(word, NAMES), Some(name), "{word}");
        }
    }

    #[test]
    fn something_else_entirely_suggests_nothing() {
        assert_eq!(nearest("xylophone", NAMES), None);
        assert_eq!(nearest("", NAMES), None);
        assert_eq!(nearest("local", []), None);
    }
}
