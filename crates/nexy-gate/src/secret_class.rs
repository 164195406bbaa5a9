//! Values that look like somebody's secret, told by their class: the value itself is never shown.

/// How the secrets of well-known issuers begin, how many characters follow at least, and which.
const PREFIXES: &[(&str, usize, &str)] = &[
    ("ghp_", 20, "a GitHub token"),
    ("gho_", 20, "a GitHub token"),
    ("ghu_", 20, "a GitHub token"),
    ("ghs_", 20, "a GitHub token"),
    ("ghr_", 20, "a GitHub token"),
    ("github_pat_", 20, "a GitHub token"),
    ("sk_live_", 10, "a Stripe key"),
    ("sk_test_", 10, "a Stripe key"),
    ("rk_live_", 10, "a Stripe key"),
    ("whsec_", 10, "a Stripe webhook secret"),
    ("AIza", 30, "a Google API key"),
    ("AKIA", 16, "an AWS key id"),
    ("ASIA", 16, "an AWS key id"),
    ("xoxa-", 10, "a Slack token"),
    ("xoxb-", 10, "a Slack token"),
    ("xoxp-", 10, "a Slack token"),
    ("xoxr-", 10, "a Slack token"),
    ("xoxs-", 10, "a Slack token"),
    ("sk-ant-", 10, "an API key"),
    ("sk-proj-", 10, "an API key"),
    ("AccountKey=", 40, "an Azure storage key"),
];

/// The class of secret that a line holds, if any. Placeholders and variables are none.
pub(crate) fn of(line: &str) -> Option<&'static str> {
    if line.split("-----BEGIN ").skip(1).any(|rest| rest.split("-----").next().is_some_and(|label| label.ends_with("PRIVATE KEY"))) {
        return Some("a private key");
    }
    let issued = PREFIXES.iter().find(|(prefix, least, _)| {
        line.match_indices(prefix).any(|(at, _)| {
            let rest = &line[at + prefix.len()..];
            let value = &rest[..rest.find(|character: char| !is_of_value(character)).unwrap_or(rest.len())];
            let begins = !line[..at].chars().next_back().is_some_and(|before| before.is_ascii_alphanumeric());
            begins && value.len() >= *least && nexy_contract::config_env::is_placeholder(value).is_none()
        })
    });
    if let Some((_, _, class)) = issued {
        return Some(class);
    }
    if line.match_indices("eyJ").any(|(at, _)| is_jwt(&line[at..])) {
        return Some("a signed token (JWT)");
    }
    line.match_indices("://").any(|(at, _)| has_password(&line[at + 3..])).then_some("a password in a URL")
}

/// The class of secret when the line assigns a value of its own to this key.
pub(crate) fn assigned(line: &str, key: &str) -> bool {
    line.match_indices(key).any(|(at, _)| {
        let begins = !line[..at].chars().next_back().is_some_and(|before| before.is_ascii_alphanumeric() || before == '_');
        let Some(value) = line[at + key.len()..].strip_prefix('=').filter(|_| begins) else { return false };
        let value = value.trim_start_matches(['"', '\'']);
        let value = value.split(|character: char| character.is_whitespace() || "\"';&|)".contains(character)).next().unwrap_or_default();
        !value.starts_with(['$', '`', '%']) && nexy_contract::config_env::is_placeholder(value).is_none()
    })
}

fn is_of_value(character: char) -> bool {
    character.is_ascii_alphanumeric() || "_-+/=".contains(character)
}

/// Three parts of base64url, the first two of which begin as JSON does.
fn is_jwt(text: &str) -> bool {
    let is_part = |character: char| character.is_ascii_alphanumeric() || "_-".contains(character);
    let end = text.find(|character| !is_part(character) && character != '.').unwrap_or(text.len());
    let parts: Vec<&str> = text[..end].split('.').collect();
    parts.len() >= 3 && parts[0].len() >= 10 && parts[1].starts_with("eyJ") && parts[1].len() >= 10 && parts[2].len() >= 5
}

fn has_password(rest: &str) -> bool {
    let authority = rest.split(|character: char| character.is_whitespace() || "/\"'?#".contains(character)).next().unwrap_or_default();
    let password = authority.rsplit_once('@').and_then(|(user, _)| user.split_once(':')).map_or("", |(_, password)| password);
    !password.is_empty() && !password.starts_with(['$', '*', '<']) && nexy_contract::config_env::is_placeholder(password).is_none()
}

/// The last lines that a foreign program said, for a finding: without colours, and without lines that may hold a value.
pub(crate) fn last_words(text: &str, count: usize) -> Vec<String> {
    let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    let last = lines.iter().skip(lines.len().saturating_sub(count));
    last.map(
        |line| if may_tell(line) { "(a line that may hold a value)".to_owned() } else { nexy_contract::text::excerpt(&plain(line), 160) },
    )
    .collect()
}

/// `NAME=value`, a known class, or a word that only a machine can have made.
fn may_tell(line: &str) -> bool {
    let assigns = line.split('=').rev().skip(1).any(|before| {
        let name = before.trim_end().rsplit(|character: char| !(character.is_ascii_alphanumeric() || character == '_')).next();
        name.is_some_and(|name| name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_'))
    });
    assigns || of(line).is_some() || line.split(is_between_words).any(is_made)
}

/// Whether a line of a program that compares versions holds a value: `==` assigns nothing there.
pub(crate) fn is_value(line: &str) -> bool {
    of(line).is_some() || line.split(|character| is_between_words(character) || "=!~".contains(character)).any(is_made)
}

fn is_between_words(character: char) -> bool {
    character.is_whitespace() || "\"'`(),;:<>[]{}/".contains(character)
}

/// A word that only a machine can have made.
fn is_made(word: &str) -> bool {
    let has = |question: fn(&char) -> bool| word.chars().any(|character| question(&character));
    let is_mixed = word.len() >= 12 && has(char::is_ascii_digit) && has(char::is_ascii_uppercase) && has(char::is_ascii_lowercase);
    is_mixed || (word.len() >= 32 && word.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Without the sequences that colour a terminal.
fn plain(line: &str) -> String {
    let mut plain = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = after.trim_start_matches(|character: char| character.is_ascii_digit() || character == ';');
        rest = rest.strip_prefix(|character: char| character.is_ascii_alphabetic()).unwrap_or(rest);
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(parts: &[&str]) -> String {
        parts.concat()
    }

    #[test]
    fn every_class_is_told() {
        for (line, class) in [
            (joined(&["-----BEGIN RSA ", "PRIVATE KEY-----"]), "a private key"),
            (joined(&["TOKEN=gh", "p_", "0a1B2c3D4e5F6g7H8i9J0k"]), "a GitHub token"),
            (joined(&["x sk_", "live_4eC39HqLyjWDarjtT1zdp7dc"]), "a Stripe key"),
            (joined(&["\"AI", "zaSyB3aKq9Zt0w1mourH8h3rEv5uNbYx7Lm2\""]), "a Google API key"),
            (joined(&["AK", "IAIOSFODNN7EXAMPL2"]), "an AWS key id"),
            (joined(&["eyJhbGciOiJIUzI1", ".eyJzdWIiOiIxMjM0", ".SflKxwRJSMeK"]), "a signed token (JWT)"),
            ("git clone https://me:hunter2x@git.example/x".to_owned(), "a password in a URL"),
        ] {
            assert_eq!(of(&line), Some(class), "{line}");
        }
    }

    #[test]
    fn placeholders_variables_and_words_are_none() {
        for line in [
            "ghp_YOUR_TOKEN_GOES_HERE_PLEASE",
            "sk_live_...",
            "AIza",
            "https://$USER:$TOKEN@git.example/x",
            "https://user:<password>@git.example",
            "https://git.example:443/a@b:c",
            "-----BEGIN CERTIFICATE-----",
            "eyJ.eyJ.x",
            "echo nothing",
        ] {
            assert_eq!(of(line), None, "{line}");
        }
    }

    #[test]
    fn a_value_of_its_own_is_told_from_a_variable() {
        for line in ["KEY=hx7Qp2Lr9Z", "export KEY='hx7Qp2Lr9Z'", "x; KEY=\"hx7\" cmd"] {
            assert!(assigned(line, "KEY"), "{line}");
        }
        for line in ["KEY=$1", "KEY=\"${KEY:-}\"", "KEY=", "KEY=your_key_here", "grep '^KEY=' f", "MY_KEY=hx7Qp", "KEYS=hx7Qp", "KEY='%s'"]
        {
            assert!(!assigned(line, "KEY"), "{line}");
        }
    }

    #[test]
    fn versions_are_no_values() {
        assert!(!is_value("SQLAlchemy==2.0.30 (from Flask-SQLAlchemy~=3.1)"));
        for line in ["KEY==hx7Qp2Lr9ZtW4v", &joined(&["x==gh", "p_", "0a1b2c3d4e5f6g7h8i9j0k"])] {
            assert!(is_value(line), "{line}");
        }
    }

    #[test]
    fn last_words_carry_no_colour_and_no_value() {
        let text = "first\n\n\u{1b}[31;1mred\u{1b}[0m end\nTOKEN=hx7Qp\nkey: hx7Qp2Lr9ZtW4v\n\n";
        assert_eq!(last_words(text, 3), ["red end", "(a line that may hold a value)", "(a line that may hold a value)"]);
        assert_eq!(last_words(text, 9)[0], "first");
        let path = "3 tests failed in /srv/Build-1/python3/tests/test_x.py";
        assert_eq!(last_words(path, 1), [path]);
        assert!(last_words("", 3).is_empty());
    }
}
