//! The guide and `nexy.toml` name the same target, and the guide names no legacy one.

use crate::formats::guide_block::{self, Scalar};
use crate::formats::words;
use crate::gate::prelude::*;
use nexy_contract::ReleaseVersion;
use nexy_contract::target_file::{ArtifactKind, Legacy};
use nexy_outside::frame::version_file::{self, NoVersion};
use nexy_outside::fs::files;

pub(crate) const GATE: Gate = Gate {
    id: "target-canonical",
    asks: "Does the guide's release_target block name the target of nexy.toml?",
    profiles: &["pre-production", "before-publish"],
    runbook: "S3 Canonical Release Target",
    at: Machine::Laptop,
    takes: Takes::Files,
    explain: Explain {
        symptom: "People deploy to a legacy machine because the guide still names it; once a whole release went to a retired host.",
        check: "Reads the fenced yaml block `release_target:` of layout.guide and holds every scalar of it against nexy.toml and VERSION; \
                a name of [legacy] in it is a no.",
        fix: &[note("Correct the line that is named, in the guide if nexy.toml is right, in nexy.toml if the guide is.")],
        verify: &[command("nexy-gate target-canonical")],
    },
    check,
    repair: None,
};

const MAX_BYTES: u64 = 4 << 20;

fn check(context: &Context) -> Answer {
    let workspace = &context.workspace;
    let path = &workspace.target.layout.guide;
    let expected = "the values of nexy.toml in the release_target block";
    let version = match &context.record {
        Some(record) => Ok(record.version),
        None => version_file::read(workspace),
    };
    match files::read_text_if_there(&workspace.path(path), MAX_BYTES) {
        Err(error) => Answer::unknown(
            format!("{path} cannot be read: {}", error.because()),
            expected,
            Fix::command(format!("ls -l {}", shell_word(path))),
        ),
        Ok(None) => Answer::fail(
            format!("the guide {path} does not exist"),
            expected,
            Fix::command(format!("git checkout -- {}", shell_word(path))),
        ),
        Ok(Some(guide)) => judge(&workspace.target, version, &guide),
    }
}

fn judge(target: &Target, version: Result<ReleaseVersion, NoVersion>, guide: &str) -> Answer {
    let path = &target.layout.guide;
    let expected = "the values of nexy.toml in the release_target block";
    let scalars = match guide_block::read(guide) {
        Ok(scalars) => scalars,
        Err(because) => {
            let found = format!("{path} {because}");
            return Answer::fail(
                found,
                expected,
                Fix::note("Restore the block (S3, Canonical Release Target); this is its history:")
                    .then_command(format!("git log -p -- {}", shell_word(path))),
            );
        }
    };
    let mut builder = AnswerBuilder::default();
    let wanted = wanted(target);
    for (key, value) in &wanted {
        compare(&scalars, key, value, path, &mut builder);
    }
    match version {
        Ok(version) => compare(&scalars, "version", &version.to_string(), path, &mut builder),
        Err(error) => {
            let found = format!("the block's version has nothing to be compared with: {}", error.because());
            match error {
                NoVersion::Wrong(_) => builder.fail(found, Fix::command("nexy-gate version-synced")),
                NoVersion::Unreadable(_) => builder.unknown(found, Fix::command("nexy-gate version-synced")),
            }
        }
    }
    for kind in [ArtifactKind::Dmg, ArtifactKind::Pkg] {
        let key = url_key(kind);
        if let Some(scalar) = scalars.iter().find(|scalar| scalar.path == key && !wanted.iter().any(|(wanted, _)| *wanted == key)) {
            builder.fail(
                format!("line {}: {key} is there, but nexy.toml has no {}", scalar.line, kind.word()),
                Fix::note(format!("Remove line {} of {path}", scalar.line)),
            );
        }
    }
    for scalar in &scalars {
        if let Some(name) = legacy_name(scalar, &target.legacy) {
            let found = format!("line {}: {} names `{name}`, which is a legacy name", scalar.line, scalar.path);
            builder.fail(found, correct(path, scalar.line));
        }
    }
    builder.pass(format!("{} values of {path} are those of nexy.toml", wanted.len() + 1));
    builder.answer(expected)
}

/// Every key of the block but the version, and what `nexy.toml` says.
fn wanted(target: &Target) -> Vec<(String, String)> {
    let release = &target.release_target;
    let mut wanted = vec![
        ("azure.resource_group".to_owned(), release.resource_group.clone()),
        ("azure.vm_name".to_owned(), release.vm.clone()),
        ("server.host".to_owned(), release.host.clone()),
        ("grpc.endpoint".to_owned(), release.grpc_endpoint.clone()),
        ("grpc.tls".to_owned(), release.grpc_tls.to_string()),
    ];
    for artifact in &target.artifacts {
        let key = url_key(artifact.kind);
        if !wanted.iter().any(|(known, _)| *known == key) {
            wanted.push((key, target.public_url(artifact)));
        }
    }
    wanted
}

fn url_key(kind: ArtifactKind) -> String {
    format!("update.{}_url", kind.word())
}

fn compare(scalars: &[Scalar], key: &str, value: &str, path: &str, builder: &mut AnswerBuilder) {
    match scalars.iter().find(|scalar| scalar.path == key) {
        None => builder.fail(format!("{key} does not exist"), Fix::note(format!("Add {key}: \"{value}\" to the block in {path}"))),
        Some(scalar) if scalar.value != value => {
            let found = format!("line {}: {key} is `{}`, nexy.toml and VERSION say `{value}`", scalar.line, excerpt(&scalar.value, 120));
            builder.fail(found, correct(path, scalar.line));
        }
        Some(_) => {}
    }
}

fn correct(path: &str, line: usize) -> Fix {
    Fix::note(format!("Correct line {line} of {path}"))
}

/// Groups and machines are whole values, since their names are parts of good ones; hosts count anywhere in a value.
fn legacy_name<'a>(scalar: &Scalar, legacy: &'a Legacy) -> Option<&'a str> {
    let whole = legacy.resource_groups.iter().chain(&legacy.vms).find(|name| name.eq_ignore_ascii_case(&scalar.value));
    let part = legacy.hosts.iter().find(|host| words::host_places(&scalar.value, host).next().is_some());
    whole.or(part).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{says, target};

    const VERSION: ReleaseVersion = ReleaseVersion::new([2, 0, 0, 4]);

    fn asked(guide: &str) -> Answer {
        judge(&target(), Ok(VERSION), guide)
    }

    /// The guide of 21 February 2026, from its first line to the sentence after the block.
    const REAL: &str = r#"# Server Release & Update Guide

**Статус:** Active Rulebook  
**Обновлено:** 21 February 2026  
**Текущий релиз документации:** `v2.0.0.4`

Канон публикации клиентских артефактов и синхронизации update-канала.

## Canonical Release Target (обязательно)

```yaml
release_target:
  version: "2.0.0.4"
  azure:
    resource_group: "NexyNewRG"
    vm_name: "NexyNew"
  server:
    host: "nexy-prod-sergiy.canadacentral.cloudapp.azure.com"
  grpc:
    endpoint: "nexy-prod-sergiy.canadacentral.cloudapp.azure.com:443"
    tls: true
  update:
    dmg_url: "https://github.com/Seregawpn/Nexy_production/releases/download/Update/Nexy.dmg"
    pkg_url: "https://github.com/Seregawpn/Nexy_production/releases/download/App/Nexy.pkg"
```

Перед release всегда сверять именно этот блок (без legacy host/RG/VM).

```bash
python3 scripts/update_version.py X.Y.Z.W
```
"#;

    #[test]
    fn the_real_block_is_accepted_and_no_line_of_it_can_be_lost_or_changed() {
        assert_eq!(asked(REAL), Answer::pass("8 values of server/Docs/RELEASE_AND_UPDATE_GUIDE.md are those of nexy.toml"));
        assert_eq!(asked(&REAL.replace('\n', "\r\n")).verdict, Verdict::Pass);
        let lines: Vec<&str> = REAL.lines().collect();
        let inside = |number: usize| lines[number].starts_with("release_target:") || lines[number].starts_with("  ");
        for number in (0..lines.len()).filter(|number| inside(*number)) {
            let without: Vec<&str> = lines.iter().enumerate().filter(|(index, _)| *index != number).map(|(_, line)| *line).collect();
            assert_eq!(asked(&without.join("\n")).verdict, Verdict::Fail, "without `{}`", lines[number]);
            for change in [
                |line: &str| line.replace('e', "3"),
                |line: &str| line.replace(": ", ": x"),
                |line: &str| line.replace(".com", ".com.example").replace(":", "x:"),
            ] {
                let changed = change(lines[number]);
                let mut changed_lines = lines.clone();
                changed_lines[number] = &changed;
                let same = changed == lines[number];
                let answer = asked(&changed_lines.join("\n"));
                assert_eq!(answer.verdict, if same { Verdict::Pass } else { Verdict::Fail }, "`{changed}`");
            }
        }
    }

    #[test]
    fn every_key_that_differs_or_is_missing_is_named() {
        for key in ["version", "resource_group", "vm_name", "host", "endpoint", "tls", "dmg_url", "pkg_url"] {
            let line = REAL.lines().find(|line| line.trim().starts_with(&format!("{key}:"))).expect(key).to_owned();
            let differs = asked(&REAL.replace(&line, &format!("{}: other", line.split(':').next().unwrap_or_default())));
            says(&differs, Verdict::Fail, key);
            says(&differs, Verdict::Fail, "`other`");
            let missing = asked(&REAL.replace(&format!("{line}\n"), ""));
            says(&missing, Verdict::Fail, key);
            says(&missing, Verdict::Fail, "does not exist");
        }
    }

    #[test]
    fn legacy_names_are_refused_also_under_other_keys() {
        let target = target();
        let legacy = &target.legacy;
        for name in legacy.resource_groups.iter().chain(&legacy.vms) {
            let answer = asked(&REAL.replace("  server:", &format!("    beta_vm: {name}\n  server:")));
            says(&answer, Verdict::Fail, name.as_str());
        }
        let host = &legacy.hosts[0];
        assert_eq!(asked(&REAL.replace("  grpc:", &format!("    beta: https://{host}/updates\n  grpc:"))).verdict, Verdict::Fail);
        assert_eq!(asked(&REAL.replace("  grpc:", &format!("    beta: my{host}\n  grpc:"))).verdict, Verdict::Pass);
    }

    #[test]
    fn a_guide_without_block_or_a_workspace_without_version_fails() {
        assert_eq!(asked("# Guide\n").verdict, Verdict::Fail);
        let without = |version: NoVersion| judge(&target(), Err(version), REAL).verdict;
        assert_eq!(without(NoVersion::Wrong("VERSION is missing".into())), Verdict::Fail);
        assert_eq!(without(NoVersion::Unreadable("permission denied".into())), Verdict::Unknown);
    }

    #[test]
    fn an_artifact_that_nexy_toml_does_not_have_is_refused() {
        let mut target = target();
        target.artifacts.truncate(1);
        let answer = judge(&target, Ok(VERSION), REAL);
        assert!(answer.verdict == Verdict::Fail && answer.found.contains("update.pkg_url is there"), "{}", answer.found);
    }
}
