//! Settings of git that force a push, or that lead past the hook which would refuse one.

use nexy_contract::text::{excerpt, shell_word};
use nexy_outside::git::Setting;
use std::path::Path;

/// What is set up to force, and the command that takes it away.
pub(super) fn forcing(settings: &[Setting], remotes: &[&String]) -> Vec<(String, String)> {
    settings.iter().filter_map(|setting| one(setting, remotes)).collect()
}

fn one(setting: &Setting, remotes: &[&String]) -> Option<(String, String)> {
    let value = setting.value.as_deref();
    let unset = |pattern: &str| format!("{} --unset-all {}{pattern}", typed(&setting.origin), shell_word(&setting.key));
    for remote in remotes {
        if setting.key == format!("remote.{remote}.push") && value.is_some_and(|value| value.starts_with('+')) {
            return Some((format!("remote.{remote}.push begins with `+`, which forces"), unset(" '^[+]'")));
        }
        if setting.key == format!("remote.{remote}.mirror") && value.is_none_or(is_true) {
            return Some((format!("remote.{remote}.mirror forces every push, and removes what is not here"), unset("")));
        }
    }
    let alias = setting.key.strip_prefix("alias.")?;
    let word = forces(value?)?;
    Some((format!("the alias {} pushes with {}", excerpt(alias, 40), excerpt(word, 40)), unset("")))
}

/// git's own words for true; anything else that is set is none, and git says so itself.
fn is_true(value: &str) -> bool {
    ["true", "yes", "on", "1"].iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// `git config` for the file that a setting stands in.
fn typed(origin: &str) -> String {
    match origin.strip_prefix("file:") {
        Some(file) if file.starts_with("/etc/") => format!("sudo git config --file {}", shell_word(file)),
        Some(file) => format!("git config --file {}", shell_word(file)),
        None => "git config".to_owned(),
    }
}

/// The word of an alias with which a push forces, or passes over the hook.
fn forces(alias: &str) -> Option<&str> {
    let words = alias.split([' ', '\t', '\n']).map(|word| word.trim_matches(['"', '\'', '(', ')']));
    let mut pushes = false;
    for word in words {
        // A shell's next command begins.
        let ends = word.ends_with([';', '&', '|']);
        let word = word.trim_end_matches([';', '&', '|']);
        match word {
            "push" | "!push" => pushes = true,
            _ if pushes && is_forcing(word) => return Some(word),
            _ => {}
        }
        pushes &= !ends;
    }
    None
}

fn is_forcing(word: &str) -> bool {
    let is_short = word.starts_with('-') && !word.starts_with("--") && word.bytes().skip(1).all(|byte| byte.is_ascii_alphabetic());
    // git takes what is left of a long option, as long as it is no other one's.
    word.starts_with("--force") || word == "--mirror" || word == "--no-verify" || word.starts_with('+') || (is_short && word.contains('f'))
}

/// A hook that is there and would not run: `own` stands where hooks stand by default, `elsewhere` where the settings say.
pub(super) fn passed_over(own: (&Path, Option<bool>), elsewhere: Option<(&Path, Option<bool>)>) -> Option<(String, String)> {
    let (path, runs) = match (own, elsewhere) {
        ((own, Some(_)), Some((_, None))) => {
            let found = format!("core.hooksPath leads past the pre-push hook {}", own.display());
            return Some((found, "git config --show-origin --get-all core.hooksPath\ngit config --unset-all core.hooksPath".to_owned()));
        }
        (_, Some(elsewhere)) => elsewhere,
        (own, None) => own,
    };
    let path = path.display().to_string();
    (runs == Some(false))
        .then(|| (format!("the pre-push hook {path} may not be run, so git passes over it"), format!("chmod +x {}", shell_word(&path))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(key: &str, value: Option<&str>) -> Setting {
        Setting { origin: "file:.git/config".into(), key: key.into(), value: value.map(str::to_owned) }
    }

    fn found(setting: Setting) -> Vec<(String, String)> {
        forcing(&[setting], &[&"origin".to_owned(), &"server_repo".to_owned()])
    }

    #[test]
    fn settings_that_force_are_named_with_the_command_that_takes_them_away() {
        let push = found(setting("remote.origin.push", Some("+refs/heads/*:refs/heads/*")));
        assert_eq!(push[0].1, "git config --file .git/config --unset-all remote.origin.push '^[+]'");
        for value in [None, Some("true"), Some("Yes"), Some("1")] {
            assert_eq!(found(setting("remote.server_repo.mirror", value)).len(), 1, "{value:?}");
        }
        let alias = Setting { origin: "file:/etc/gitconfig".into(), ..setting("alias.pf", Some("push --force-with-lease")) };
        let found = found(alias);
        assert_eq!(found[0].0, "the alias pf pushes with --force-with-lease");
        assert_eq!(found[0].1, "sudo git config --file /etc/gitconfig --unset-all alias.pf");
    }

    #[test]
    fn settings_that_do_not_force_are_let_be() {
        for (key, value) in [
            ("remote.origin.push", Some("refs/heads/main")),
            ("remote.origin.push", None),
            ("remote.origin.mirror", Some("false")),
            ("remote.backup.mirror", Some("true")),
            ("remote.origin.fetch", Some("+refs/heads/*:refs/remotes/origin/*")),
            ("push.default", Some("simple")),
            ("alias.co", Some("checkout -f")),
            ("alias.p", None),
        ] {
            assert_eq!(found(setting(key, value)), [], "{key}");
        }
    }

    #[test]
    fn an_alias_is_read_word_by_word() {
        for (alias, word) in [
            ("push --force", Some("--force")),
            ("push -f origin main", Some("-f")),
            ("push -uf", Some("-uf")),
            ("push origin +main", Some("+main")),
            ("push --mirror", Some("--mirror")),
            ("push --no-verify", Some("--no-verify")),
            ("!git push --force-if-includes", Some("--force-if-includes")),
            ("!sh -c 'git fetch && git push \"+HEAD\"'", Some("+HEAD")),
            ("push --follow-tags", None),
            ("push -u origin fix", None),
            ("!git push; rm -f x", None),
            ("!git push && git checkout -f", None),
            ("fetch --force", None),
            ("!date +%s", None),
        ] {
            assert_eq!(forces(alias), word, "{alias}");
        }
    }

    #[test]
    fn a_hook_that_would_not_run_is_named() {
        let (own, there) = (Path::new("/w/.git/hooks/pre-push"), Path::new("/hooks/pre-push"));
        for (own_runs, elsewhere, said) in [
            (None, None, None),
            (Some(true), None, None),
            (Some(false), None, Some("chmod +x /w/.git/hooks/pre-push")),
            (Some(true), Some(None), Some("git config --unset-all core.hooksPath")),
            (Some(true), Some(Some(true)), None),
            (None, Some(None), None),
            (None, Some(Some(false)), Some("chmod +x /hooks/pre-push")),
        ] {
            let found = passed_over((own, own_runs), elsewhere.map(|runs| (there, runs)));
            assert_eq!(found.as_ref().and_then(|(_, fix)| fix.lines().last()), said, "{own_runs:?} {elsewhere:?}");
        }
    }
}
