//! Settings of git that force a push, or that lead past the hook which would refuse one.

use crate::gate::prelude::*;
use nexy_outside::programs::git::Setting;
use std::path::Path;

/// What is set up to force, and the command that takes it away.
pub(super) fn forcing(settings: &[Setting], remotes: &[&String]) -> Vec<(String, Fix)> {
    settings.iter().flat_map(|setting| remotes.iter().filter_map(|remote| forced_by(setting, remote))).collect()
}

fn forced_by(setting: &Setting, remote: &str) -> Option<(String, Fix)> {
    let value = setting.value.as_deref();
    let unset =
        |pattern: &str| Fix::command(format!("{} --unset-all {}{pattern}", git_config_command(&setting.origin), shell_word(&setting.key)));
    if setting.key == format!("remote.{remote}.push") && value.is_some_and(|value| value.starts_with('+')) {
        return Some((format!("remote.{remote}.push begins with `+`, which forces"), unset(" '^[+]'")));
    }
    let is_mirror = setting.key == format!("remote.{remote}.mirror") && value.is_none_or(is_true);
    is_mirror.then(|| (format!("remote.{remote}.mirror forces every push, and removes what is not here"), unset("")))
}

/// git's own words for true; anything else that is set is none, and git says so itself.
fn is_true(value: &str) -> bool {
    ["true", "yes", "on", "1"].iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// `git config` for the file that a setting stands in.
fn git_config_command(origin: &str) -> String {
    match origin.strip_prefix("file:") {
        Some(file) if file.starts_with("/etc/") => format!("sudo git config --file {}", shell_word(file)),
        Some(file) => format!("git config --file {}", shell_word(file)),
        None => "git config".to_owned(),
    }
}

/// A hook that is there and would not run: `own` stands where hooks stand by default, `elsewhere` where the settings say.
pub(super) fn passed_over(own: (&Path, Option<bool>), elsewhere: Option<(&Path, Option<bool>)>) -> Option<(String, Fix)> {
    let (path, runs) = match (own, elsewhere) {
        ((own, Some(_)), Some((_, None))) => {
            let found = format!("core.hooksPath leads past the pre-push hook {}", own.display());
            let fix = Fix::commands(["git config --show-origin --get-all core.hooksPath", "git config --unset-all core.hooksPath"]);
            return Some((found, fix));
        }
        (_, Some(elsewhere)) => elsewhere,
        (own, None) => own,
    };
    let path = path.display().to_string();
    (runs == Some(false)).then(|| {
        (
            format!("the pre-push hook {path} may not be run, so git passes over it"),
            Fix::command(format!("chmod u+x {}", shell_word(&path))),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(key: &str, value: Option<&str>) -> Setting {
        Setting { origin: "file:.git/config".into(), key: key.into(), value: value.map(str::to_owned) }
    }

    fn found(setting: Setting) -> Vec<(String, Fix)> {
        forcing(&[setting], &[&"origin".to_owned(), &"server_repo".to_owned()])
    }

    #[test]
    fn settings_that_force_are_named_with_the_command_that_takes_them_away() {
        let push = found(setting("remote.origin.push", Some("+refs/heads/*:refs/heads/*")));
        assert_eq!(push[0].1.text(), "git config --file .git/config --unset-all remote.origin.push '^[+]'");
        for value in [None, Some("true"), Some("Yes"), Some("1")] {
            assert_eq!(found(setting("remote.server_repo.mirror", value)).len(), 1, "{value:?}");
        }
        let mirror = Setting { origin: "file:/etc/gitconfig".into(), ..setting("remote.origin.mirror", None) };
        assert_eq!(found(mirror)[0].1.text(), "sudo git config --file /etc/gitconfig --unset-all remote.origin.mirror");
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
        ] {
            assert_eq!(found(setting(key, value)), [], "{key}");
        }
    }

    #[test]
    fn a_hook_that_would_not_run_is_named() {
        let (own, there) = (Path::new("/w/.git/hooks/pre-push"), Path::new("/hooks/pre-push"));
        for (own_runs, elsewhere, said) in [
            (None, None, None),
            (Some(true), None, None),
            (Some(false), None, Some("chmod u+x /w/.git/hooks/pre-push")),
            (Some(true), Some(None), Some("git config --unset-all core.hooksPath")),
            (Some(true), Some(Some(true)), None),
            (None, Some(None), None),
            (None, Some(Some(false)), Some("chmod u+x /hooks/pre-push")),
        ] {
            let found = passed_over((own, own_runs), elsewhere.map(|runs| (there, runs)));
            assert_eq!(found.as_ref().and_then(|(_, fix)| fix.lines().last()).map(|line| line.text()), said, "{own_runs:?} {elsewhere:?}");
        }
    }
}
