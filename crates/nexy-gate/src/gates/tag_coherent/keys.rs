//! Files that no repository may hold: keys, by their names and by what is in them.

use nexy_contract::config_env;

/// Larger files hold no key of anybody.
pub(super) const CONTENT_BYTES: u64 = 256 << 10;

/// What every private key of a known form holds, as a plain text to search for.
pub(super) const MARKS: &[&str] = &["PRIVATE KEY", "PuTTY-User-Key-File"];

/// What a path says about a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// Nothing.
    Harmless,
    /// It is a key, whatever is in it.
    Key(&'static str),
    /// It may be a key or a certificate.
    Pem,
    /// It holds settings, and perhaps values that are secret.
    Settings,
}

const ENDINGS: &[(&str, &str)] = &[
    (".p12", "a key store"),
    (".pfx", "a key store"),
    (".jks", "a key store"),
    (".keystore", "a key store"),
    (".p8", "a private key"),
    (".ppk", "a private key"),
];
const NAMES: &[&str] = &["id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", ".netrc", ".git-credentials", ".pgpass"];
/// What is public by its form, or only speaks of keys.
const PUBLIC: &[&str] = &[".pub", ".crt", ".cer", ".der", ".md", ".py", ".pyi", ".sh", ".swift", ".js", ".ts", ".gitkeep", ".gitignore"];
/// Files that show what a real one would look like.
const EXAMPLES: &[&str] = &["example", "sample", "template", "dist", "schema"];
const ACCOUNTS: &[&str] = &["service-account", "service_account", "serviceaccount", "client_secret", "credentials", "firebase-adminsdk"];

/// Judges a path.
pub(super) fn named(path: &str) -> Named {
    let path = path.to_ascii_lowercase();
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", &path));
    let is_example = name.split(['.', '-', '_']).any(|part| EXAMPLES.contains(&part));
    if PUBLIC.iter().any(|ending| name.ends_with(ending)) {
        return Named::Harmless;
    }
    if let Some((_, kind)) = ENDINGS.iter().find(|(ending, _)| name.ends_with(ending)) {
        return Named::Key(kind);
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
pub(super) fn holds_private_key(content: &[u8]) -> bool {
    if content.contains(&0) {
        return false;
    }
    let text = String::from_utf8_lossy(content);
    if text.trim_start().starts_with("PuTTY-User-Key-File") {
        return true;
    }
    text.match_indices("-----BEGIN ").any(|(at, mark)| {
        let Some((kind, rest)) = text[at + mark.len()..].split_once("-----") else { return false };
        (kind.ends_with("PRIVATE KEY") || kind == "PGP PRIVATE KEY BLOCK") && !kind.contains('\n') && begins_with_key(rest)
    })
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
pub(super) fn is_public_pem(content: &[u8]) -> bool {
    let text = String::from_utf8_lossy(content);
    let mut kinds =
        text.match_indices("-----BEGIN ").filter_map(|(at, mark)| text[at + mark.len()..].split_once("-----")).map(|(kind, _)| kind);
    let is_public =
        |kind: &str| kind.ends_with("CERTIFICATE") || kind.ends_with("PUBLIC KEY") || kind.ends_with("PARAMETERS") || kind == "X509 CRL";
    text.contains("-----BEGIN ") && kinds.all(is_public)
}

/// Whether an environment file gives a value to anything; placeholders are none, and what nobody can read may be one.
pub(super) fn has_values(content: &[u8]) -> bool {
    if std::str::from_utf8(content).is_err() {
        return true;
    }
    let parsed = config_env::parse(content);
    parsed.entries.iter().any(|entry| entry.value.as_ref().is_some_and(|value| value.placeholder().is_none()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj";

    /// Put together here, so that this file holds no key itself.
    fn pem(kind: &str, body: &str) -> String {
        format!("-----BEGIN {kind}-----\n{body}\n-----END {kind}-----\n")
    }

    #[test]
    fn names_tell_keys_from_what_is_public() {
        for path in [
            "a/AuthKey_X1.p8",
            "x.P12",
            "x.pfx",
            "x.ppk",
            "server/keys/prod",
            "keys/a.txt",
            "home/.ssh/id_rsa",
            "id_ed25519",
            "conf/service-account.json",
            "gcp_service_account_prod.json",
            "credentials.json",
            ".netrc",
        ] {
            assert!(matches!(named(path), Named::Key(_)), "{path}");
        }
        for path in ["ssl/server.pem", "a.key", "keys/x.pem"] {
            assert_eq!(named(path), Named::Pem, "{path}");
        }
        for path in [".env", "server/.env.production", "config.env", "server/server/config.env"] {
            assert_eq!(named(path), Named::Settings, "{path}");
        }
        for path in [
            "id_rsa.pub",
            "keys/release.pub",
            "keys/ca.crt",
            "keys/.gitkeep",
            "keys/README.md",
            "modules/keys/__init__.py",
            ".env.example",
            "config.env.example",
            "credentials.example.json",
            "server/monkeys/x",
            "environment",
            "keyboard.json",
        ] {
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
        let putty = format!("{}-2: ssh-rsa\n", MARKS[1]);
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
        for text in [&b"A=\nB=\"\"\n"[..], b"# A=1\n", b"", b"GEMINI_API_KEY=your_gemini_api_key_here\n"] {
            assert!(!has_values(text), "{}", String::from_utf8_lossy(text));
        }
    }
}
