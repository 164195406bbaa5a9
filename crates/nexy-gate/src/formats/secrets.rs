//! Values and files that are secret, told by their class: what they hold is never shown.

use nexy_contract::{config_env, text::excerpt};

/// How the secrets of well-known issuers begin, how many characters follow at least, and which.
const PREFIXES: &[(&[&str], usize, &str)] = &[
    (&["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"], 20, "a GitHub token"),
    (&["sk_live_", "sk_test_", "rk_live_"], 10, "a Stripe key"),
    (&["whsec_"], 10, "a Stripe webhook secret"),
    (&["AIza"], 30, "a Google API key"),
    (&["AKIA", "ASIA"], 16, "an AWS key id"),
    (&["xoxa-", "xoxb-", "xoxp-", "xoxr-", "xoxs-"], 10, "a Slack token"),
    (&["sk-ant-", "sk-proj-"], 10, "an API key"),
    (&["AccountKey="], 40, "an Azure storage key"),
];

/// Larger files hold no key.
pub(crate) const KEY_BYTES: u64 = 256 << 10;
/// What every private key of a known form holds, as a plain text to search for.
pub(crate) const KEY_MARKS: &[&str] = &["PRIVATE KEY", "PuTTY-User-Key-File"];

/// What a path says about a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// Nothing.
    Harmless,
    /// It is a key, whatever is in it.
    Key(&'static str),
    /// It may be a key or a certificate.
    Pem,
    /// It holds settings, and perhaps values that are secret.
    Settings,
}

const STORES: &[&str] = &[".p12", ".pfx", ".jks", ".keystore"];
const PRIVATE: &[&str] = &[".p8", ".ppk"];
const NAMES: &[&str] = &["id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", ".netrc", ".git-credentials", ".pgpass"];
/// Files that are public by their form, or only speak of keys.
const PUBLIC: &[&str] = &[".pub", ".crt", ".cer", ".der", ".md", ".py", ".pyi", ".sh", ".swift", ".js", ".ts", ".gitkeep", ".gitignore"];
/// Files that show what a real one would look like.
const EXAMPLES: &[&str] = &["example", "sample", "template", "dist", "schema"];
const ACCOUNTS: &[&str] = &["service-account", "service_account", "serviceaccount", "client_secret", "credentials", "firebase-adminsdk"];

/// The lines of a text that hold a secret, from 1, and its class: that of a known issuer, or a value of one of these keys.
pub(crate) fn in_lines(text: &str, keys: &[&str]) -> Vec<(usize, String)> {
    let class = |line: &str| match keys.iter().find(|key| assigned(line, key)) {
        Some(key) => Some(format!("a value of {key}")),
        None => of(line).map(str::to_owned),
    };
    text.lines().enumerate().filter_map(|(index, line)| Some((index + 1, class(line)?))).collect()
}

/// The class of secret that a line holds, if any. Placeholders and variables are none.
fn of(line: &str) -> Option<&'static str> {
    if labels(line).any(|(label, _)| is_private(label)) {
        return Some("a private key");
    }
    let holds = |prefix: &str, least: usize| {
        line.match_indices(prefix).any(|(at, _)| {
            let rest = &line[at + prefix.len()..];
            let value = &rest[..rest.find(|character: char| !is_of_value(character)).unwrap_or(rest.len())];
            let begins = !line[..at].chars().next_back().is_some_and(|before| before.is_ascii_alphanumeric());
            begins && value.len() >= least && config_env::is_placeholder(value).is_none()
        })
    };
    let issued = PREFIXES.iter().find(|(prefixes, least, _)| prefixes.iter().any(|prefix| holds(prefix, *least)));
    if let Some((_, _, class)) = issued {
        return Some(class);
    }
    if line.match_indices("eyJ").any(|(at, _)| is_jwt(&line[at..])) {
        return Some("a signed token (JWT)");
    }
    line.match_indices("://").any(|(at, _)| has_password(&line[at + 3..])).then_some("a password in a URL")
}

/// Whether a line gives this key a value of its own.
fn assigned(line: &str, key: &str) -> bool {
    line.match_indices(key).any(|(at, _)| {
        let begins = !line[..at].chars().next_back().is_some_and(|before| before.is_ascii_alphanumeric() || before == '_');
        let Some(value) = line[at + key.len()..].strip_prefix('=').filter(|_| begins) else { return false };
        let value = value.trim_start_matches(['"', '\'']);
        let value = value.split(|character: char| character.is_whitespace() || "\"';&|)".contains(character)).next().unwrap_or_default();
        !value.starts_with(['$', '`', '%']) && config_env::is_placeholder(value).is_none()
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
    !password.is_empty() && !password.starts_with(['$', '*', '<']) && config_env::is_placeholder(password).is_none()
}

/// The last lines that a foreign program said, for a finding: without colours, and without lines that may hold a value.
pub(crate) fn last_words(text: &str, count: usize) -> Vec<String> {
    let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    let last = lines.iter().skip(lines.len().saturating_sub(count));
    last.map(|line| if may_tell(line) { "(a line that may hold a value)".to_owned() } else { excerpt(&plain(line), 160) }).collect()
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

/// The labels of what stands between `-----BEGIN ` and `-----`, each with the text behind it.
fn labels(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split("-----BEGIN ").skip(1).filter_map(|rest| rest.split_once("-----"))
}

fn is_private(label: &str) -> bool {
    (label.ends_with("PRIVATE KEY") || label == "PGP PRIVATE KEY BLOCK") && !label.contains('\n')
}

/// Judges a path.
pub(crate) fn named(path: &str) -> Named {
    let path = path.to_ascii_lowercase();
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", &path));
    let is_example = name.split(['.', '-', '_']).any(|part| EXAMPLES.contains(&part));
    if PUBLIC.iter().any(|ending| name.ends_with(ending)) {
        return Named::Harmless;
    }
    if STORES.iter().any(|ending| name.ends_with(ending)) {
        return Named::Key("a key store");
    }
    if PRIVATE.iter().any(|ending| name.ends_with(ending)) {
        return Named::Key("a private key");
    }
    if NAMES.contains(&name) {
        return Named::Key("a private key or password by its name");
    }
    if name.ends_with(".pem") || name.ends_with(".key") {
        return Named::Pem;
    }
    if name.ends_with(".json") && !is_example && ACCOUNTS.iter().any(|word| name.contains(word)) {
        return Named::Key("the credentials of an account by its name");
    }
    if name == ".env" || name.starts_with(".env.") || name.ends_with(".env") {
        return if is_example { Named::Harmless } else { Named::Settings };
    }
    // A placeholder keeps the folder in git.
    if folders.split('/').any(|folder| folder == "keys") && !is_example {
        return Named::Key("in a folder of keys");
    }
    Named::Harmless
}

/// Whether a text holds a private key: its first line, and then what looks like the key itself. Code and guides that only
/// speak of such a line hold none.
pub(crate) fn holds_private_key(content: &[u8]) -> bool {
    if content.contains(&0) {
        return false;
    }
    let text = String::from_utf8_lossy(content);
    if text.trim_start().starts_with("PuTTY-User-Key-File") {
        return true;
    }
    labels(&text).any(|(label, rest)| is_private(label) && begins_with_key(rest))
}

/// In JSON and in code, the line feeds of a key are often written as `\n`.
fn begins_with_key(text: &str) -> bool {
    let text: String = text.chars().take(2000).collect::<String>().replace("\\r", "").replace("\\n", "\n");
    // Headers such as `Proc-Type: 4,ENCRYPTED` come before the key.
    let lines = text.lines().map(|line| line.trim_matches([' ', '\t', '\r', '"', '\'', '+', '\\', ','])).skip_while(|line| {
        line.is_empty()
            || line.split_once(": ").is_some_and(|(name, _)| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
    });
    let is_base64 = |line: &&str| line.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte));
    lines.take_while(|line| !line.is_empty()).take_while(is_base64).map(str::len).sum::<usize>() >= 32
}

/// Whether a `.pem` or `.key` is nothing but certificates and public keys.
pub(crate) fn is_public_pem(content: &[u8]) -> bool {
    let text = String::from_utf8_lossy(content);
    let is_public = |label: &str| ["CERTIFICATE", "PUBLIC KEY", "PARAMETERS"].iter().any(|end| label.ends_with(end)) || label == "X509 CRL";
    text.contains("-----BEGIN ") && labels(&text).all(|(label, _)| is_public(label))
}

/// Whether an environment file gives a value to anything; placeholders are none, and what is not UTF-8 may be one.
pub(crate) fn has_values(content: &[u8]) -> bool {
    if std::str::from_utf8(content).is_err() {
        return true;
    }
    let parsed = config_env::parse(content);
    // An example may hold the version, which is no secret.
    parsed
        .entries
        .iter()
        .any(|entry| entry.value.as_ref().is_some_and(|value| value.placeholder().is_none() && value.as_version().is_none()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(parts: &[&str]) -> String {
        parts.concat()
    }

    const BODY: &str = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj";

    /// Put together here, so that this file holds no key itself.
    fn pem(kind: &str, body: &str) -> String {
        format!("-----BEGIN {kind}-----\n{body}\n-----END {kind}-----\n")
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

    #[test]
    fn names_tell_keys_from_what_is_public() {
        let all = "a/AuthKey_X1.p8 x.P12 x.pfx x.ppk server/keys/prod keys/a.txt home/.ssh/id_rsa id_ed25519 \
            conf/service-account.json gcp_service_account_prod.json credentials.json .netrc";
        for path in all.split(' ') {
            assert!(matches!(named(path), Named::Key(_)), "{path}");
        }
        for path in ["ssl/server.pem", "a.key", "keys/x.pem"] {
            assert_eq!(named(path), Named::Pem, "{path}");
        }
        for path in [".env", "server/.env.production", "config.env", "server/server/config.env"] {
            assert_eq!(named(path), Named::Settings, "{path}");
        }
        let all = "id_rsa.pub keys/release.pub keys/ca.crt keys/.gitkeep keys/README.md modules/keys/__init__.py \
            .env.example config.env.example credentials.example.json server/monkeys/x environment keyboard.json";
        for path in all.split(' ') {
            assert_eq!(named(path), Named::Harmless, "{path}");
        }
    }

    #[test]
    fn a_private_key_is_known_in_every_dress() {
        for kind in ["PRIVATE KEY", "RSA PRIVATE KEY", "OPENSSH PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "PGP PRIVATE KEY BLOCK"] {
            assert!(holds_private_key(pem(kind, BODY).as_bytes()), "{kind}");
            assert!(holds_private_key(pem(kind, BODY).replace('\n', "\r\n").as_bytes()), "{kind}");
        }
        let encrypted = pem("RSA PRIVATE KEY", &format!("Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n{BODY}"));
        let json = format!("{{\"private_key\": \"{}\"}}", pem("PRIVATE KEY", BODY).replace('\n', "\\n"));
        let code = format!("KEY = (\n  \"-----BEGIN {}-----\\n\"\n  \"{BODY}\\n\"\n)", "PRIVATE KEY");
        let putty = format!("{}-2: ssh-rsa\n", KEY_MARKS[1]);
        for text in [encrypted, json, code, putty] {
            assert!(holds_private_key(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn what_only_speaks_of_keys_holds_none() {
        for text in [
            pem("CERTIFICATE", BODY),
            pem("PUBLIC KEY", BODY),
            pem("PRIVATE KEY", "..."),
            pem("PRIVATE KEY", "<your key here>"),
            format!("if '-----BEGIN {}-----' in text: raise", "PRIVATE KEY"),
            format!("-----BEGIN {}-----", "PRIVATE KEY"),
            "PRIVATE KEY".to_owned(),
            format!("\0{}", pem("PRIVATE KEY", BODY)),
        ] {
            assert!(!holds_private_key(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_pem_is_public_only_when_all_of_it_is() {
        let (certificate, key) = (pem("CERTIFICATE", BODY), pem("RSA PRIVATE KEY", BODY));
        assert!(is_public_pem(format!("# a bundle\n{certificate}{certificate}").as_bytes()));
        assert!(is_public_pem(pem("PUBLIC KEY", BODY).as_bytes()));
        for text in [key.clone(), format!("{certificate}{key}"), String::new(), "binary".to_owned()] {
            assert!(!is_public_pem(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn settings_without_values_are_harmless() {
        assert!(has_values(b"A=1\n") && has_values(b"A=\xff"));
        assert!(has_values(b"# x\nA=\nexport B='two words'\n"));
        for text in [&b"A=\nB=\"\"\n"[..], b"# A=1\n", b"", b"GEMINI_API_KEY=your_gemini_api_key_here\nSERVER_VERSION=2.0.0.4\n"] {
            assert!(!has_values(text), "{}", String::from_utf8_lossy(text));
        }
    }
}
