//! The story of `check`: compares every version place with VERSION, and the manifests as the phase demands, in the workspace or in a
//! commit.

use crate::{
    cli::Phase,
    set,
    source::{Source, Unread},
};
use nexy_contract::{
    Exit, Finding, Fix, Problem, ReleaseVersion, Report, Severity, Verdict,
    manifest::{ManifestFacts, one_artifact::Pair},
    target_file::VersionPlace,
    text::shell_word,
    version_places,
};
use nexy_outside::{
    Common, Workspace, clock,
    frame::published,
    fs::files,
    net::token,
    programs::git::{Git, shelf::Held},
};
use std::time::Duration;

const RUNBOOK: &str = "S3 §1";
const ABSENT: &str = "absent, as it may be (optional in nexy.toml)";

/// Verdict, what was found, and what to do.
type Judged = (Verdict, String, Fix);

pub(crate) fn run(workspace: &Workspace, phase: Phase, reference: Option<&str>, common: &Common) -> Result<Exit, Problem> {
    let git = reference.map(|name| repository(workspace, name)).transpose()?;
    let source = match (&git, reference) {
        (Some(git), Some(name)) => Source::commit(git, name, workspace)?,
        _ => Source::Files(workspace),
    };
    let version = source.version(workspace)?;
    let expected = match &source {
        Source::Files(_) => format!("{version} as in the version file"),
        Source::Commit(_, name) => format!("{version} at {name}"),
    };
    let places = workspace.target.version_places.iter().map(|place| {
        let (verdict, found, fix) = judge_place(place, source.read(&place.file), version, &source.set(version));
        finding(version_places::name(place), verdict, found, expected.clone(), fix)
    });
    let mut findings: Vec<Finding> = unfinished(workspace, &source, version).into_iter().chain(places).collect();
    let folders = &workspace.target.layout.manifest_dirs;
    let manifests: Vec<_> = folders.iter().map(|folder| format!("{folder}/manifest.json")).map(|path| (source.read(&path), path)).collect();
    let one_artifact = published_finding(workspace, phase, &manifests);
    findings.push(manifest_finding(&manifests, phase, version, one_artifact.as_ref()));
    findings.extend(one_artifact);
    let profile = match phase {
        Phase::Prepared => "prepared",
        Phase::Published => "published",
    };
    let report = Report::new("nexy-version", profile, clock::now(), Vec::new(), findings);
    common.print_report(&report)?;
    Ok(report.verdict.exit())
}

fn repository(workspace: &Workspace, name: &str) -> Result<Git, Problem> {
    let what = format!("cannot read {name}");
    let fix = Fix::note("clone the repository, and work in the clone");
    match Git::at(&workspace.root) {
        Ok(Some(git)) => Ok(git),
        Ok(None) => Err(Problem::new(Exit::CouldNotLook, what, format!("{} is no git repository", workspace.root.display()), fix)),
        Err(error) => Err(Problem::new(Exit::CouldNotLook, what, error.to_string(), fix)),
    }
}

/// What a `set` that was killed, or one that runs just now, has written beside the files.
fn unfinished(workspace: &Workspace, source: &Source<'_>, version: ReleaseVersion) -> Option<Finding> {
    let Source::Files(_) = source else { return None };
    let staged = |folder: &std::path::PathBuf| Some((folder.clone(), files::staged(folder).ok()?.into_iter().next()?));
    let (folder, name) = set::folders(workspace).iter().find_map(staged)?;
    let path = folder.join(name);
    let (verdict, found, fix) = match files::lock_folder(&workspace.root) {
        Ok(Some(_)) => (
            Verdict::Fail,
            format!("`nexy-version set` was interrupted; it has left {}", path.display()),
            Fix::note("type the interrupted command once more, which finishes it; or take it back:")
                .then_command(format!("nexy-version set {version}")),
        ),
        _ => (Verdict::Unknown, "`nexy-version set` is at work just now".to_owned(), Fix::note("wait until it has ended")),
    };
    Some(finding("unfinished-set".to_owned(), verdict, found, "no version that is half set".to_owned(), fix))
}

fn judge_place(place: &VersionPlace, held: Result<Held, Unread>, version: ReleaseVersion, set: &Fix) -> Judged {
    let file = &place.file;
    let correct = || Fix::note(format!("correct {file} or its row in nexy.toml, then:")).then(set);
    match held {
        Ok(Held::Text(text)) => match version_places::read(place, &text) {
            Ok(spots) if spots.is_empty() => (Verdict::Pass, ABSENT.to_owned(), Fix::none()),
            Ok(spots) => match spots.iter().find(|spot| spot.version != version) {
                None => (Verdict::Pass, format!("{version}"), Fix::none()),
                Some(spot) => (Verdict::Fail, format!("{file} line {} says {}", spot.line, spot.version), set.clone()),
            },
            Err(error) => (Verdict::Fail, format!("{file}: {error}"), correct()),
        },
        Ok(Held::Missing) if place.optional => (Verdict::Pass, ABSENT.to_owned(), Fix::none()),
        Ok(Held::Missing) => (Verdict::Fail, format!("{file} does not exist"), correct()),
        Ok(Held::NoText(because)) => (Verdict::Fail, format!("{file}: {because}"), correct()),
        Err((because, fix)) => (Verdict::Unknown, because, fix),
    }
}

/// A manifest folder's `manifest.json`, and what was read of it.
type Read = (Result<Held, Unread>, String);

fn manifest_finding(manifests: &[Read], phase: Phase, version: ReleaseVersion, one_artifact: Option<&Finding>) -> Finding {
    let expected = match phase {
        Phase::Prepared => format!("the same version in every manifest, at most {version}"),
        Phase::Published => format!("{version} in every manifest"),
    };
    let mut texts = Vec::new();
    let mut other = None;
    for (held, path) in manifests {
        match held {
            Ok(Held::Text(text)) => texts.push((path.as_str(), Some(text.as_bytes()))),
            Ok(Held::Missing) => texts.push((path.as_str(), None)),
            Ok(Held::NoText(because)) => {
                let fix = Fix::command(format!("git log -p -- {}", shell_word(path))).then_note("restore the last sound one from there");
                other = other.or(Some((Verdict::Fail, format!("{path}: {because}"), fix)));
            }
            Err((because, fix)) => other = other.or(Some((Verdict::Unknown, because.clone(), fix.clone()))),
        }
    }
    let (verdict, mut found, fix) = other.unwrap_or_else(|| judge_manifests(&texts, phase, version));
    if verdict == Verdict::Pass && one_artifact.is_some_and(|finding| finding.verdict == Verdict::Unknown) {
        found += "; whether its bytes went out under another version was not looked at (see one-artifact)";
    }
    finding("manifests".to_owned(), verdict, found, expected, fix)
}

/// After a publication its version has one artifact, for ever.
fn published_finding(workspace: &Workspace, phase: Phase, manifests: &[Read]) -> Option<Finding> {
    let text = |(held, _): &Read| match held {
        Ok(Held::Text(text)) if phase == Phase::Published => ManifestFacts::read(text).ok(),
        _ => None,
    };
    let facts = manifests.iter().find_map(text)?;
    let pair = Pair { version: facts.version, sha256: facts.sha256 };
    let token = || token::find(&workspace.target).ok().map(|token| token.secret);
    let answer = published::look(workspace, pair, None, token).judge(pair);
    let severity = if answer.verdict == Verdict::Unknown { Severity::Advice } else { Severity::Gate };
    Some(answer.counting(severity).finding("one-artifact", RUNBOOK, Duration::ZERO))
}

/// The manifests must be equal and, depending on the phase, not newer than VERSION or equal to it.
fn judge_manifests(manifests: &[(&str, Option<&[u8]>)], phase: Phase, version: ReleaseVersion) -> Judged {
    let fail = |found: String, fix: Fix| (Verdict::Fail, found, fix);
    let publish = Fix::command("make release");
    let Some((first_path, first)) = manifests.first() else {
        return fail("nexy.toml names no manifest folder".to_owned(), Fix::note("name one in layout.manifest_dirs of nexy.toml"));
    };
    if let Some((path, _)) = manifests.iter().find(|(_, text)| text != first) {
        return fail(
            format!("{path} and {first_path} differ"),
            Fix::note("see which one describes the live artifact:").then_command("nexy-manifest check"),
        );
    }
    let Some(text) = first else {
        return match phase {
            Phase::Prepared => (Verdict::Pass, "no manifest yet".to_owned(), Fix::none()),
            Phase::Published => fail("there is no manifest".to_owned(), publish),
        };
    };
    match ManifestFacts::read(text) {
        Err(error) => fail(
            format!("{first_path}: {error}"),
            Fix::command(format!("git log -p -- {}", shell_word(first_path))).then_note("restore the last sound one from there"),
        ),
        Ok(facts) if facts.version == version => (Verdict::Pass, format!("{version}"), Fix::none()),
        Ok(facts) if facts.version > version => fail(
            format!("the manifests say {}, which is newer than {version}", facts.version),
            Fix::note(format!("choose a version above {}:", facts.version)).then_command("nexy-version set X.Y.Z.W"),
        ),
        Ok(facts) => match phase {
            Phase::Prepared => (Verdict::Pass, format!("{}, not yet published", facts.version), Fix::none()),
            Phase::Published => fail(format!("the manifests say {}", facts.version), publish),
        },
    }
}

fn finding(id: String, verdict: Verdict, found: String, expected: String, fix: Fix) -> Finding {
    Finding { id, verdict, severity: Severity::Gate, found, expected, fix, runbook: RUNBOOK.to_owned(), elapsed_ms: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(version: &str) -> String {
        format!(
            r#"{{"version":"{version}","build":"{version}","artifact":{{"type":"dmg","url":"https://x.test/a","size":1,"sha256":"{}"}}}}"#,
            "0".repeat(64)
        )
    }

    fn verdict(texts: &[Option<&str>], phase: Phase) -> Verdict {
        let named: Vec<_> = texts.iter().map(|text| ("m.json", text.map(str::as_bytes))).collect();
        judge_manifests(&named, phase, ReleaseVersion::new([2, 0, 0, 4])).0
    }

    #[test]
    fn manifests_may_be_older_only_before_the_publication() {
        let (old, same, new) = (manifest("2.0.0.3"), manifest("2.0.0.4"), manifest("2.0.0.5"));
        for (text, prepared, published) in
            [(&old, Verdict::Pass, Verdict::Fail), (&same, Verdict::Pass, Verdict::Pass), (&new, Verdict::Fail, Verdict::Fail)]
        {
            let pair = [Some(text.as_str()), Some(text.as_str())];
            assert_eq!(verdict(&pair, Phase::Prepared), prepared);
            assert_eq!(verdict(&pair, Phase::Published), published);
        }
        let said = |texts: &[(&str, Option<&[u8]>)]| judge_manifests(texts, Phase::Published, ReleaseVersion::new([2, 0, 0, 4])).1;
        assert_eq!(said(&[("a", Some(new.as_bytes()))]), "the manifests say 2.0.0.5, which is newer than 2.0.0.4");
        assert_eq!(said(&[("a", Some(same.as_bytes())), ("b", Some(old.as_bytes()))]), "b and a differ");
        assert_eq!(verdict(&[Some(&same), Some(&old)], Phase::Prepared), Verdict::Fail);
        assert_eq!(verdict(&[Some(&same), None], Phase::Prepared), Verdict::Fail);
        assert_eq!(verdict(&[None, None], Phase::Prepared), Verdict::Pass);
        assert_eq!(verdict(&[None, None], Phase::Published), Verdict::Fail);
        assert_eq!(verdict(&[Some("{"), Some("{")], Phase::Prepared), Verdict::Fail);
        assert_eq!(verdict(&[], Phase::Prepared), Verdict::Fail);
    }

    /// What tags of the past held: VERSION, default_version, the literal in Python, the guide's header, and both manifests; `-` for none.
    const TAGS: [(&str, [&str; 6]); 10] = [
        ("1.6.1.34", ["1.6.1.34", "1.6.1.33", "-", "-", "1.6.1.33", "-"]),
        ("1.6.1.36", ["1.6.1.36", "1.6.1.36", "1.6.1.36", "1.6.1.36", "1.6.1.36", "1.6.1.36"]),
        ("1.6.1.37", ["1.6.1.36", "1.6.1.36", "1.6.1.36", "1.6.1.36", "1.6.1.36", "1.6.1.36"]),
        ("2.0.0.4", ["1.6.1.43", "1.6.1.43", "1.6.1.41", "1.6.1.43", "1.6.1.43", "1.6.1.42"]),
        ("2.0.0.19", ["2.0.0.19", "2.0.0.19", "2.0.0.19", "2.0.0.19", "2.0.0.19", "2.0.0.19"]),
        ("2.0.0.26", ["2.0.0.26", "2.0.0.8", "2.0.0.8", "2.0.0.8", "2.0.0.8", "2.0.0.8"]),
        ("2.0.0.31", ["2.0.0.26", "2.0.0.16", "2.0.0.19", "2.0.0.19", "2.0.0.19", "2.0.0.19"]),
        ("2.0.0.32", ["2.0.0.26", "2.0.0.32", "2.0.0.32", "2.0.0.32", "2.0.0.32", "2.0.0.19"]),
        ("2.0.0.40", ["2.0.0.40", "2.0.0.40", "2.0.0.40", "2.0.0.40", "2.0.0.40", "2.0.0.40"]),
        ("2.0.0.54", ["-", "2.0.0.40", "2.0.0.40", "2.0.0.40", "2.0.0.46", "2.0.0.46"]),
    ];

    #[test]
    fn three_tags_of_the_past_are_coherent_and_every_other_is_told_where_it_drifts() {
        let line = |line: &str| VersionPlace { file: "f".into(), line: Some(line.into()), count: Some(1), ..VersionPlace::default() };
        let places = [
            (VersionPlace { file: "VERSION".into(), whole: true, ..VersionPlace::default() }, "{}\n"),
            (line("default_version: {version}"), "update:\n  default_version: {}  # SERVER_VERSION\n"),
            (line("return os.getenv('SERVER_VERSION', '{version}')"), "    return os.getenv('SERVER_VERSION', '{}')\r\n"),
            (line("**Текущий релиз документации:** `v{version}`"), "# Guide\n\n**Текущий релиз документации:** `v{}`  \n"),
        ];
        for (tag, held) in TAGS {
            let version: ReleaseVersion = tag.parse().expect("a version");
            let set = Fix::command("nexy-version set X.Y.Z.W");
            for ((place, text), held) in places.iter().zip(held) {
                let read = if held == "-" { Held::Missing } else { Held::Text(text.replace("{}", held)) };
                let (verdict, found, fix) = judge_place(place, Ok(read), version, &set);
                let at = text.lines().position(|line| line.contains("{}")).expect("a line") + 1;
                let said = match held {
                    "-" => format!("{} does not exist", place.file),
                    held if held == tag => tag.to_owned(),
                    held => format!("{} line {at} says {held}", place.file),
                };
                assert_eq!((verdict == Verdict::Pass, found, fix.is_empty()), (held == tag, said, held == tag), "{tag} {}", place.file);
            }
            let texts = [held[4], held[5]].map(|held| (held != "-").then(|| manifest(held)));
            let texts = [texts[0].as_deref(), texts[1].as_deref()];
            let named = texts.map(|text| ("m.json", text.map(str::as_bytes)));
            let is_published = held[4] == tag && held[5] == tag;
            assert_eq!(judge_manifests(&named, Phase::Published, version).0 == Verdict::Pass, is_published, "{tag}");
            let is_prepared = held[4] == held[5] && held[4].parse::<ReleaseVersion>().expect("a version") <= version;
            assert_eq!(judge_manifests(&named, Phase::Prepared, version).0 == Verdict::Pass, is_prepared, "{tag}");
        }
        assert_eq!(TAGS.iter().filter(|(tag, held)| held.iter().all(|held| held == tag)).count(), 3);
    }

    #[test]
    fn manifests_of_the_first_months_are_none_that_clients_can_be_given() {
        let artifact = r#""artifact":{"type":"txt","url":"http://localhost:8080/artifacts/test-update.txt","size":33,"sha256":"","arch":"universal2"}"#;
        for head in [r#""version":"2.6.0","build":20600"#, r#""version":"2.6.0","build":"2.6.0""#, r#""version":"1.0.1","build":1001"#] {
            assert_eq!(verdict(&[Some(&format!("{{{head},{artifact}}}"))], Phase::Prepared), Verdict::Fail, "{head}");
        }
    }
}
