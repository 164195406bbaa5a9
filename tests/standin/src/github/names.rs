//! GitHub stores an asset under a name of its own making when the asked one has unusual characters.

/// The name that GitHub gives to an asset uploaded under `asked`.
pub(crate) fn as_github_names_it(asked: &str) -> String {
    let mut name = String::new();
    for character in asked.chars() {
        let kept = character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
        if kept {
            name.push(character);
        } else if !name.ends_with('.') {
            name.push('.');
        }
    }
    let name = name.trim_end_matches('.');
    if name.starts_with('.') || name.is_empty() {
        return format!("default{name}");
    }
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unusual_names_are_rewritten_and_usual_ones_stay() {
        assert_eq!(as_github_names_it("Nexy.dmg"), "Nexy.dmg");
        assert_eq!(as_github_names_it("Nexy.next-0a1b.dmg"), "Nexy.next-0a1b.dmg");
        assert_eq!(as_github_names_it(".hidden"), "default.hidden");
        assert_eq!(as_github_names_it("a b (1).dmg"), "a.b.1.dmg");
        assert_eq!(as_github_names_it("a..b."), "a.b");
    }
}
