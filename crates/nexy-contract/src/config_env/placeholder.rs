//! Placeholder values: examples that were never replaced by the real value.

/// Whole values, without regard to letter case, that are not a key.
const WORDS: &str = "\
    api_key apikey dummy fake fixme key nil none null password
    secret tbd todo token undefined unset value";

/// The class of placeholder that a value belongs to, or `None` when it may be real.
///
/// Example values have one of a few forms; real keys are random and have none of them.
pub fn is_placeholder(value: &str) -> Option<&'static str> {
    let value = value.trim().to_lowercase();
    let holds = |words: &[&str]| words.iter().any(|word| value.contains(word));
    let bare = value.trim_matches(|character: char| !character.is_alphanumeric());
    let mut parts = value.split(|character: char| !character.is_alphanumeric());
    if value.is_empty() {
        Some("empty")
    } else if value.starts_with('#') {
        Some("a comment instead of a value")
    } else if value.starts_with(['<', '[', '{']) || value.contains("${") || (value.contains('<') && value.ends_with('>')) {
        Some("<…>")
    } else if WORDS.split_whitespace().any(|word| word == bare) {
        Some("a word instead of a value")
    } else if value.starts_with("your") || parts.clone().any(|part| part == "your") {
        Some("your_…")
    } else if parts.clone().next_back() == Some("here") || holds(&["key_here", "keyhere", "-here-", "_here_"]) {
        Some("…_here")
    } else if holds(&["changeme", "change_me", "change-me", "change_this", "change-this"]) {
        Some("changeme")
    } else if holds(&["replaceme", "replace_me", "replace-me", "replace_with", "replace-with", "replace_this"]) {
        Some("replace_me")
    } else if holds(&["placeholder"]) {
        Some("placeholder")
    } else if parts.any(|part| matches!(part, "example" | "dummy" | "insert" | "todo" | "fixme" | "sample")) {
        Some("example")
    } else if holds(&["...", "…"]) {
        Some("...")
    } else if is_filler(&value) {
        Some("xxx…")
    } else {
        None
    }
}

/// Programs and services that keep secrets, and other words before the `:` of what they keep.
const KEEPERS: &str = "\
    akv arn aws awsps awssm awsssm azurekeyvault bao berglas bitwarden bw bws chamber conjur credstash doppler enc env file gcp gcpsm \
    gopass gsm infisical keepass keybase keychain keyring keyvault kms kv lastpass op openbao pass ref secret secretkeyref secretref \
    secrets sm sops ssm sts vault";

/// Addresses that a server uses as they are.
const OWN_ADDRESSES: &str = "http https ws wss postgres postgresql mysql mongodb redis rediss amqp amqps smtp smtps";

/// Hosts of services that keep secrets.
const KEEPING_HOSTS: [&str; 4] = [".vault.azure.net/", "secretmanager.googleapis.com/", "//secretsmanager.", "//vault."];

/// Whether a value only says where a secret is kept: `op://vault/item/key`, `vault:path#key`, `arn:aws:secretsmanager:...`.
pub(super) fn is_reference(value: &str) -> bool {
    let value = value.trim().to_lowercase();
    let is_among = |words: &str, word: &str| words.split_whitespace().any(|one| one == word);
    let by_scheme = value.split_once(':').is_some_and(|(scheme, rest)| {
        if rest.starts_with("//") {
            !is_among(OWN_ADDRESSES, scheme)
        } else {
            is_among(KEEPERS, scheme.split(['+', '.']).next().unwrap_or_default())
        }
    });
    let by_form = value.starts_with(['@', '$', '`', '%', '!'])
        || ["enc[", "/run/secrets/", "~/", "./", "../"].iter().any(|start| value.starts_with(start))
        || value.contains("$(")
        || (value.starts_with("projects/") && value.contains("/secrets/"));
    by_scheme || by_form || KEEPING_HOSTS.iter().any(|host| value.contains(host))
}

/// Six times the letter x, or eight times any one character, is nothing that a random generator makes; what follows
/// the last separator may be shorter when it is nothing else.
fn is_filler(value: &str) -> bool {
    let tail = value.rsplit(['_', '-', '.', ':']).next().unwrap_or_default();
    let only_filler = |text: &str| text.len() >= 3 && (text.bytes().all(|byte| byte == b'x') || text.bytes().all(|byte| byte == b'*'));
    only_filler(tail) || longest_run(value, Some('x')) >= 6 || longest_run(value, None) >= 8
}

fn longest_run(value: &str, only: Option<char>) -> usize {
    let (mut longest, mut run, mut before) = (0, 0, None);
    for character in value.chars() {
        run = if before == Some(character) { run + 1 } else { 1 };
        before = Some(character);
        if only.is_none_or(|only| only == character) {
            longest = longest.max(run);
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::{is_placeholder, is_reference};
    use proptest::prelude::*;

    /// Every spelling that was ever committed to the server's repository or written into its guides.
    #[test]
    fn every_spelling_that_was_ever_seen_is_refused() {
        for value in [
            "YOUR_GEMINI_API_KEY_HERE",
            "YOUR_GEMINI_API_KEY",
            "your_gemini_api_key_here",
            "your_api_key_here",
            "your_azure_speech_key",
            "your_azure_region",
            "your_secure_password_here",
            "YOUR_DB_PASSWORD_HERE",
            "YOUR_DB_PASSWORD",
            "YOUR_DATABASE_HOST_HERE",
            "YOUR_DATABASE_NAME_HERE",
            "sk_test_YOUR_STRIPE_SECRET_KEY_HERE",
            "sk_live_YOUR_STRIPE_SECRET_KEY_HERE",
            "whsec_YOUR_WEBHOOK_SECRET_HERE",
            "pk_test_YOUR_STRIPE_PUBLISHABLE_KEY_HERE",
            "price_YOUR_MONTHLY_PRICE_ID_HERE",
            "<int>",
            "...",
            "",
        ] {
            for spelling in [value.to_owned(), value.to_lowercase(), value.to_uppercase(), value.replace('_', "-"), format!(" {value} ")] {
                assert!(is_placeholder(&spelling).is_some(), "{spelling:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_built_like_an_example_is_refused(
            prefix in prop::sample::select(vec!["", "sk_test_", "sk_live_", "pk_live_", "whsec_", "price_", "AIza_"]),
            what in "[A-Z]{2,12}(_[A-Z]{2,12}){0,2}",
            form in 0_usize..5,
            lower: bool,
        ) {
            let value = match form {
                0 => format!("{prefix}YOUR_{what}"),
                1 => format!("{prefix}YOUR_{what}_HERE"),
                2 => format!("{prefix}{what}_HERE"),
                3 => format!("<{what}>"),
                _ => format!("{prefix}..."),
            };
            let value = if lower { value.to_lowercase() } else { value };
            prop_assert!(is_placeholder(&value).is_some(), "{}", value);
        }

        /// The forms in which the vendors issue keys; a random one is no example.
        #[test]
        fn keys_of_every_vendors_form_raise_no_alarm(
            key in prop_oneof!["AIza[A-Za-z0-9_-]{35}", "AQ\\.[A-Za-z0-9_-]{40,60}", "(sk|pk|rk)_(test|live)_[A-Za-z0-9]{24,99}", "whsec_[A-Za-z0-9]{32}",
                "price_1[A-Za-z0-9]{23}", "[0-9a-f]{32}", "[A-Za-z0-9]{84}", "[A-Za-z0-9+/]{43}=", "[A-Za-z0-9]{12,40}"]
        ) {
            prop_assert_eq!(is_placeholder(&key), None, "{}", key);
            prop_assert!(!is_reference(&key), "{}", key);
        }
    }

    #[test]
    fn every_way_to_write_an_example_is_seen() {
        let examples: [(&str, &[&str]); 12] = [
            ("empty", &["", "   "]),
            ("a comment instead of a value", &["#put-it-in"]),
            ("your_…", &["YOUR_GEMINI_API_KEY_HERE", "your-api-key", "yourkey", "sk_test_YOUR"]),
            ("…_here", &["PUT_KEY_HERE", "paste-it-here"]),
            ("changeme", &["ChangeMe", "change_me_please"]),
            ("replace_me", &["REPLACE_ME", "replace-with-real-key"]),
            ("placeholder", &["placeholder", "gemini-placeholder-1"]),
            ("example", &["example", "sk_live_example", "dummy-key"]),
            ("<…>", &["<API key>", "sk_<secret>", "${GEMINI}", "{{ key }}"]),
            ("...", &["...", "AIza...", "AIza…"]),
            ("xxx…", &["xxx", "sk_test_xxxx", "AIzaSyXXXXXXXXXXXX", "********", "AIzaSy00000000000000"]),
            ("a word instead of a value", &["TODO", "none", "NULL", "\"none\"", "dummy"]),
        ];
        for (class, values) in examples {
            for value in values {
                assert_eq!(is_placeholder(value), Some(class), "{value}");
            }
        }
    }

    #[test]
    fn a_place_where_a_key_is_kept_is_no_key() {
        for value in [
            "op://vault/item/key",
            "vault:secret/data/nexy#gemini",
            "arn:aws:secretsmanager:eu-central-1:123456789012:secret:gemini-AbCdEf",
            "ref+awsssm://nexy/gemini",
            "projects/nexy/secrets/gemini/versions/latest",
            "@Microsoft.KeyVault(SecretUri=https://nexy.vault.azure.net/secrets/gemini)",
            "ENC[AES256_GCM,data:abc,type:str]",
            "$(pass show gemini)",
            "$GEMINI_KEY",
            "!vault |",
            "https://nexy.vault.azure.net/secrets/gemini/0123",
            "https://vault.example:8200/v1/secret/data/nexy",
            "env:GEMINI_KEY",
            "file:/etc/nexy/key",
            "/run/secrets/gemini",
        ] {
            assert!(is_reference(value), "{value}");
        }
        for value in ["https://hooks.example/x", "postgres://u:p@h/db", "123456:AAbbCC", "/+Zm9v==", "user:password"] {
            assert!(!is_reference(value), "{value}");
        }
    }

    #[test]
    fn real_looking_keys_raise_no_alarm() {
        let real = [
            ["AIza", "SyB3xxKq9Zt0w1YourH8h3rEv5uNxXx7Lm2"].concat(),
            ["AIza", "SyTEST01234567890123456789012345678"].concat(),
            ["sk_live", "_51HereXxToDoNulL8f00000Qq"].concat(),
            ["sk_test", "_4eC39HqLyjWDarjtT1zdp7dc"].concat(),
            "0f1e2d3c4b5a69788796a5b4c3d2e1f0".to_owned(),
            "d41d8cd98f00b204e9800998ecf8427e".to_owned(),
            "hk-Zm9vYmFyYmF6+/==".to_owned(),
            "wherever-they-are".to_owned(),
            "1".to_owned(),
            "prod".to_owned(),
        ];
        for value in real {
            assert!(is_placeholder(&value).is_none() && !is_reference(&value), "{value}");
        }
    }
}
