//! Nothing in the server's environment contradicts the version file, which it would win over.

use crate::gate::prelude::*;
use crate::systemd_unit::loaded::{self, EnvironmentFile, Properties, quoted_words, value};
use crate::systemd_unit::overrides::{self, KEYS, OverrideValue, VersionOverride};
use crate::{observed::config_env, systemd_unit::settings};
use nexy_contract::{ReleaseVersion, config_env::Rule};
use nexy_outside::frame::version_file::{self, NoVersion};
use nexy_outside::{Workspace, fs::files, fs::root_fs::RootFs, programs::systemd};
use std::path::Path;

pub(crate) const GATE: Gate = Gate {
    id: "server-version-env",
    asks: "Are SERVER_VERSION and SERVER_BUILD absent from the server's environment, or equal to its version file?",
    profiles: &["before-checkout", "hard"],
    runbook: "S2 §2, S0 §5.9",
    at: Machine::Vm,
    takes: Takes::RunningSystem,
    explain: Explain {
        symptom: "/health names an old version after a release: the environment wins over the version file, and still holds the version of \
                  before.",
        check: "Looks for both names where the server gets them, the strongest first: the unit's EnvironmentFile= and Environment= as loaded, \
                what the manager gives to every service (systemctl show-environment), then the file of vm.config_env, which fills in what is \
                not set yet. Each must be absent or what layout.version_file says, of the tag that --tag names if it names one. A value is shown only if it is a release version.",
        fix: &[
            note("Take both names out, so that the version file alone speaks:"),
            command("sudoedit \"$(nexy-version show vm.config_env)\""),
            note("or out of the unit's file, and then"),
            command("sudo systemctl daemon-reload"),
            note("The gate prints the commands; it never restarts anything."),
        ],
        verify: &[command("sudo nexy-gate server-version-env"), note("after the next start:"), command("nexy-verify local-health")],
    },
    check: |context| check(context).unwrap_or_else(|answer| answer),
    repair: None,
};

const PROPERTIES: [&str; 5] = ["Environment", "EnvironmentFiles", "PassEnvironment", "UnsetEnvironment", "LoadState"];
const AGAIN: &str = "sudo nexy-gate server-version-env";
const SHOW: &str = "systemctl show-environment";

/// All that was looked at.
struct Facts<'a> {
    version_file: &'a str,
    version: ReleaseVersion,
    /// Every assignment, the one that wins first.
    overrides: &'a [VersionOverride],
    /// What could not be looked at, and what to type.
    unreadable: &'a [(String, Fix)],
}

fn check(context: &Context) -> Result<Answer, Answer> {
    let workspace = &context.workspace;
    let target = &workspace.target;
    let mut version = version_file::read(workspace).map_err(|error| no_version(workspace, &error))?;
    let mut version_file = target.layout.version_file.clone();
    // Before a checkout the file still holds the version of before: what equals it would win over the new one.
    if let Some((tag, meant)) = context.named_tag().and_then(|tag| Some((tag, tag.strip_prefix('v')?.parse().ok()?))) {
        version = meant;
        version_file += &format!(" of {tag}");
    }
    let parsed = config_env::read(target, &context.tree)?;
    if parsed.problems.iter().any(|problem| problem.rule == Rule::BadUtf8) {
        let path = &target.vm.config_env;
        let fix = Fix::command(format!("sudoedit {}", shell_word(path))).then_note("save it as UTF-8, then").then_command(AGAIN);
        return Ok(Answer::fail(format!("the server cannot read {path} at all: it is no UTF-8"), "a file that the server can read", fix));
    }
    let mut unreadable = Vec::new();
    let mut found = from_unit(&target.service.unit, &target.vm.config_env, &mut unreadable);
    found.extend(overrides::from_file(&target.vm.config_env, &parsed));
    Ok(judge(&Facts { version_file: &version_file, version, overrides: &found, unreadable: &unreadable }))
}

fn no_version(workspace: &Workspace, error: &NoVersion) -> Answer {
    let file = &workspace.target.layout.version_file;
    let expected = format!("a release version in {file}");
    let (root, user) = (shell_word(&workspace.root.display().to_string()), &workspace.target.service.user);
    match error {
        NoVersion::Wrong(because) => {
            let found = format!("{because}, so the server would name the version that is written in its code");
            let restore = format!("sudo -u {user} git -C {root} checkout HEAD -- {}", shell_word(file));
            Answer::fail(found, expected, Fix::command(restore).then_command(AGAIN))
        }
        NoVersion::Unreadable(because) => Answer::unknown(because.clone(), expected, Fix::command(AGAIN)),
    }
}

/// What the manager gives to the process: the unit's files win over its `Environment=`, of several files the last one wins, and
/// what the manager gives to every service is the weakest.
fn from_unit(unit: &str, config_env: &str, unreadable: &mut Vec<(String, Fix)>) -> Vec<VersionOverride> {
    let look_closer = format!("systemctl cat {}", shell_word(unit));
    let properties = match systemd::show(unit, &[&PROPERTIES[..], &loaded::FILES].concat()) {
        Ok(properties) => properties,
        Err(error) => {
            let fix = Fix::note("look on the VM:").then_command(format!("systemctl status {}", shell_word(unit)));
            unreadable.push((error.to_string(), fix));
            return Vec::new();
        }
    };
    match value(&properties, "LoadState") {
        "loaded" => {}
        state => {
            let said = if state.is_empty() { "nothing" } else { state };
            let found = format!("cannot determine the environment of {unit}: its LoadState is {}", excerpt(said, 40));
            unreadable.push((found, Fix::command("sudo nexy-gate exec-start")));
            return Vec::new();
        }
    }
    let unset = quoted_words(value(&properties, "UnsetEnvironment"));
    let is_unset = |key: &str| unset.iter().any(|word| word == key);
    let passed = quoted_words(value(&properties, "PassEnvironment"));
    if KEYS.iter().any(|key| passed.iter().any(|name| name == key) && !is_unset(key)) {
        let found = format!("PassEnvironment= of {unit} hands on what the manager itself has in SERVER_VERSION or SERVER_BUILD");
        unreadable.push((found, Fix::command(look_closer.clone()).then_note("take both names out of PassEnvironment=")));
    }
    let mut found = from_environment_files(&properties, config_env, &look_closer, unreadable);
    match overrides::from_unit(&properties, unit, &loaded::unit_files(&properties)) {
        Some(more) => found.extend(more),
        None => unreadable.push((format!("Environment= of {unit} has a value that hides what it sets"), Fix::command(look_closer))),
    }
    match systemd::environment() {
        Ok(environment) => {
            let defaults = settings::defaults(&RootFs::here()).unwrap_or_default();
            found.extend(overrides::from_manager(&environment, |key| defaults.get(key)?.manager_file.clone()));
        }
        Err(error) => unreadable.push((format!("cannot determine what the manager gives to every service: {error}"), Fix::command(SHOW))),
    }
    found.retain(|found| !is_unset(found.key));
    found
}

fn from_environment_files(
    properties: &Properties,
    config_env: &str,
    look_closer: &str,
    unreadable: &mut Vec<(String, Fix)>,
) -> Vec<VersionOverride> {
    let mut found = Vec::new();
    for file in loaded::environment_files(properties).into_iter().rev() {
        match file {
            // It is judged as the file that it is.
            Some(file) if file.path == config_env => {}
            Some(file) => match from_environment_file(&file) {
                Ok(more) => found.extend(more),
                Err(because) => unreadable.push((because, Fix::command(look_closer.to_owned()).then_command(AGAIN))),
            },
            None => unreadable
                .push(("an EnvironmentFile= of the unit is in a form that is not known".to_owned(), Fix::command(look_closer.to_owned()))),
        }
    }
    found
}

fn from_environment_file(file: &EnvironmentFile) -> Result<Vec<VersionOverride>, String> {
    let shown = excerpt(&file.path, 300);
    if file.path.contains(['*', '?', '[']) {
        return Err(format!("the EnvironmentFile= {shown} is a pattern, and its files were not looked at"));
    }
    let bytes = match files::read(Path::new(&file.path), config_env::MAX_BYTES) {
        Ok(bytes) => bytes,
        Err(error) if error.is_missing() && file.is_optional => return Ok(Vec::new()),
        Err(error) => return Err(format!("cannot read the EnvironmentFile= {shown}: {}", error.because())),
    };
    let parsed = nexy_contract::config_env::parse(&bytes);
    if overrides::is_ambiguous(&bytes, &parsed) {
        return Err(format!("the EnvironmentFile= {shown} names SERVER_VERSION or SERVER_BUILD, and its readers understand it otherwise"));
    }
    Ok(overrides::from_file(&shown, &parsed))
}

fn judge(facts: &Facts<'_>) -> Answer {
    let (file, version) = (facts.version_file, facts.version);
    let mut builder = AnswerBuilder::default();
    for key in KEYS {
        let all: Vec<&VersionOverride> = facts.overrides.iter().filter(|found| found.key == key).collect();
        for (rank, found) in all.iter().enumerate() {
            let VersionOverride { place, fix, .. } = found;
            let wins = match all.first() {
                Some(first) if rank > 0 => format!("hidden by {}", first.place),
                _ => format!("which wins over {file}"),
            };
            match found.value {
                OverrideValue::Version(found) if found == version => builder.pass(format!("{key} in {place} is {version}, as {file} says")),
                OverrideValue::Version(found) => {
                    let stale = if found < version {
                        format!("{place} is stale")
                    } else {
                        format!("{file} is the older one; take {key} out all the same, and check out the tag that is meant")
                    };
                    builder.fail(format!("{key} in {place} is {found}, {wins} ({version}): {stale}"), fix);
                }
                OverrideValue::Other(words) => {
                    builder.fail(format!("{key} in {place} is {words}, {wins} ({version}): {place} is wrong"), fix)
                }
            }
        }
    }
    for (found, fix) in facts.unreadable {
        builder.unknown(found, fix);
    }
    if facts.overrides.is_empty() && facts.unreadable.is_empty() {
        builder.pass(format!("neither SERVER_VERSION nor SERVER_BUILD is set, so the server names what {file} says: {version}"));
    }
    builder.answer(format!("SERVER_VERSION and SERVER_BUILD absent, or {version} as {file} says"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::says;

    fn version(text: &str) -> ReleaseVersion {
        text.parse().expect("a version")
    }

    fn set(key: &'static str, place: &str, value: OverrideValue) -> VersionOverride {
        VersionOverride { key, place: place.to_owned(), value, fix: Fix::command(format!("mend {place}")) }
    }

    fn answer(overrides: &[VersionOverride], unreadable: &[(String, Fix)]) -> Answer {
        judge(&Facts { version_file: "V", version: version("2.0.0.4"), overrides, unreadable })
    }

    #[test]
    fn nothing_set_and_the_same_set_are_a_pass() {
        let absent = answer(&[], &[]);
        assert_eq!(absent, Answer::pass("neither SERVER_VERSION nor SERVER_BUILD is set, so the server names what V says: 2.0.0.4"));
        let same = OverrideValue::Version(version("2.0.0.4"));
        assert_eq!(answer(&[set(KEYS[0], "/f", same), set(KEYS[1], "/f", same)], &[]).verdict, Verdict::Pass);
    }

    #[test]
    fn the_source_that_wins_and_the_stale_one_are_named() {
        for (value, said) in [
            (OverrideValue::Version(version("1.0.0.3")), "SERVER_VERSION in /f is 1.0.0.3, which wins over V (2.0.0.4): /f is stale"),
            (
                OverrideValue::Version(version("2.0.0.5")),
                "SERVER_VERSION in /f is 2.0.0.5, which wins over V (2.0.0.4): V is the older one",
            ),
            (OverrideValue::Other("empty"), "SERVER_VERSION in /f is empty, which wins over V (2.0.0.4): /f is wrong"),
        ] {
            let answer = answer(&[set(KEYS[0], "/f", value)], &[]);
            assert_eq!((answer.verdict, answer.fix.text().as_str()), (Verdict::Fail, "mend /f"));
            assert!(answer.found.contains(said), "{}", answer.found);
        }
    }

    #[test]
    fn a_stale_value_that_a_right_one_hides_is_still_a_no() {
        let overrides = [
            set(KEYS[1], "/unit", OverrideValue::Version(version("2.0.0.4"))),
            set(KEYS[1], "/f", OverrideValue::Version(version("2.0.0.3"))),
        ];
        let answer = answer(&overrides, &[]);
        says(&answer, Verdict::Fail, "SERVER_BUILD in /f is 2.0.0.3, hidden by /unit");
    }

    #[test]
    fn a_unreadable_spot_is_unknown_and_never_hides_a_no() {
        let unreadable = [("not seen".to_owned(), Fix::command("look"))];
        assert_eq!(answer(&[], &unreadable).verdict, Verdict::Unknown);
        let same = set(KEYS[0], "/f", OverrideValue::Version(version("2.0.0.4")));
        assert_eq!(answer(std::slice::from_ref(&same), &unreadable).verdict, Verdict::Unknown);
        assert_eq!(answer(&[set(KEYS[0], "/f", OverrideValue::Other("empty"))], &unreadable).verdict, Verdict::Fail);
    }
}
