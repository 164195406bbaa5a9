//! Every place that holds the version holds the same one: three of 78 release tags once did.

use crate::gate::prelude::*;
use crate::observed::version;
use nexy_contract::{ReleaseVersion, target_file::VersionPlace, version_places};
use nexy_outside::frame::version_file;
use nexy_outside::fs::files;

pub(crate) const GATE: Gate = Gate {
    id: "version-synced",
    asks: "Does every place that holds the version hold the one of VERSION?",
    profiles: &["pre-production", "before-publish"],
    runbook: "S3 §1",
    at: Machine::Laptop,
    takes: Takes::Files,
    explain: Explain {
        symptom: "The server reports one version, the guide another, the client a third; what is live cannot be told.",
        check: "Reads the owner of the version (layout.version_file) and every row of version_places in nexy.toml, and counts the matches; \
                a pattern that matches another number of times than stated is a no.",
        fix: &[command("nexy-version set X.Y.Z.W")],
        verify: &[command("nexy-gate version-synced")],
    },
    check: |context| check(context).unwrap_or_else(|answer| answer),
    repair: None,
};

/// What one place holds.
enum Held {
    Text(String),
    Missing,
    Unreadable(String),
}

fn check(context: &Context) -> Result<Answer, Answer> {
    let workspace = &context.workspace;
    let version = version::released(workspace, None)?;
    let held: Vec<(&VersionPlace, Held)> = workspace
        .target
        .version_places
        .iter()
        .map(|place| {
            let held = match files::read_text_if_there(&workspace.path(&place.file), version_file::MAX_BYTES) {
                Ok(Some(text)) => Held::Text(text),
                Ok(None) => Held::Missing,
                Err(error) => Held::Unreadable(error.because()),
            };
            (place, held)
        })
        .collect();
    Ok(judge(version, context.record.as_ref().map(|record| record.version), &held))
}

fn judge(version: ReleaseVersion, recorded: Option<ReleaseVersion>, held: &[(&VersionPlace, Held)]) -> Answer {
    let set = || Fix::command(format!("nexy-version set {version}"));
    let mut builder = AnswerBuilder::default();
    if let Some(recorded) = recorded
        && recorded != version
    {
        builder.fail(
            format!("the record is about {recorded}, the workspace is at {version}"),
            Fix::note("Start again:")
                .then_command("nexy-version record | nexy-gate before-publish -")
                .then_note("or go to the record's version:")
                .then_command(format!("nexy-version set {recorded}")),
        );
    }
    for (place, held) in held {
        let name = version_places::name(place);
        match held {
            Held::Missing if place.optional => {}
            Held::Missing => {
                builder
                    .fail(format!("{} does not exist", place.file), Fix::command(format!("git checkout -- {}", shell_word(&place.file))));
            }
            Held::Unreadable(because) => {
                builder.unknown(
                    format!("{} cannot be read: {because}", place.file),
                    Fix::command(format!("ls -l {}", shell_word(&place.file))),
                );
            }
            Held::Text(text) => match version_places::read(place, text) {
                Err(error) => builder.fail(
                    format!("{}: {error}", place.file),
                    Fix::note(format!("Correct {} by hand, or its row of version_places in nexy.toml; then:", place.file)).then(set()),
                ),
                Ok(spots) => {
                    for spot in spots.iter().filter(|spot| spot.version != version) {
                        builder.fail(format!("{name}, line {}, holds {}", spot.line, spot.version), set());
                    }
                }
            },
        }
    }
    builder.pass(format!("{version} in every place ({})", held.len()));
    builder.answer(format!("{version} in every place"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::says;

    const VERSION: ReleaseVersion = ReleaseVersion::new([2, 0, 0, 4]);

    fn line(pattern: &str, count: usize) -> VersionPlace {
        VersionPlace { file: "a.yaml".into(), line: Some(pattern.into()), count: Some(count), ..VersionPlace::default() }
    }

    fn asked(place: &VersionPlace, held: Held) -> Answer {
        judge(VERSION, None, &[(place, held)])
    }

    #[test]
    fn equal_places_pass() {
        let answer = asked(&line("version: {version}", 2), Held::Text("version: 2.0.0.4\n  version: 2.0.0.4 # twice\n".into()));
        assert_eq!(answer, Answer::pass("2.0.0.4 in every place (1)"));
    }

    #[test]
    fn a_place_that_drifted_is_named_with_its_line_and_the_command() {
        let answer = asked(&line("version: {version}", 1), Held::Text("app:\n  version: 2.0.0.3\n".into()));
        assert_eq!(answer.verdict, Verdict::Fail);
        assert_eq!(answer.found, "a.yaml `version: {version}`, line 2, holds 2.0.0.3");
        assert_eq!(answer.fix.text(), "nexy-version set 2.0.0.4");
    }

    #[test]
    fn a_count_that_differs_is_no_silent_success() {
        let answer = asked(&line("version: {version}", 1), Held::Text("version: 2.0.4\n".into()));
        says(&answer, Verdict::Fail, "0 times");
    }

    #[test]
    fn a_missing_file_fails_and_an_unreadable_one_is_unknown() {
        let place = line("version: {version}", 1);
        assert_eq!(asked(&place, Held::Missing).verdict, Verdict::Fail);
        assert_eq!(asked(&place, Held::Unreadable("permission denied".into())).verdict, Verdict::Unknown);
        assert_eq!(asked(&VersionPlace { optional: true, ..place }, Held::Missing).verdict, Verdict::Pass);
    }

    #[test]
    fn a_record_of_another_version_fails() {
        let place = line("version: {version}", 1);
        let held = [(&place, Held::Text("version: 2.0.0.4\n".into()))];
        assert_eq!(judge(VERSION, Some(VERSION), &held).verdict, Verdict::Pass);
        assert_eq!(judge(VERSION, Some(ReleaseVersion::new([2, 0, 0, 5])), &held).verdict, Verdict::Fail);
    }
}
