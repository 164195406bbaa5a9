//! The committed `nexy.toml`, and one broken copy of it per rule.

use super::*;

const COMMITTED: &str = include_str!("../../../../nexy.toml");

fn refused(from: &str, to: &str) -> String {
    assert!(COMMITTED.contains(from), "nexy.toml no longer holds `{from}`");
    let text = COMMITTED.replacen(from, to, 1);
    let Err(error) = Target::parse(&text) else { panic!("`{to}` was accepted") };
    // The reader that collects all mistakes finds it as well.
    let mistakes = Target::examine(&text).expect_err(to);
    let line = mistakes.iter().map(|mistake| mistake.line).find(|line| matches!(&error, TargetError::Line(at, _) if at == line));
    let told = mistakes.iter().any(|mistake| error.to_string() == format!("{}: {}", mistake.key, mistake.because));
    assert!(told || line.is_some() || error.to_string().contains("missing field"), "{error}: {mistakes:?}");
    error.to_string()
}

#[test]
fn the_committed_file_is_accepted_and_names_its_urls() {
    let target = Target::parse(COMMITTED).expect("nexy.toml");
    let feed = target.feed_artifact().expect("a feed artifact");
    assert_eq!(target.public_url(feed), "https://github.com/Seregawpn/Nexy_production/releases/download/Update/Nexy.dmg");
    assert_eq!(Target::examine(COMMITTED), Ok(target));
}

#[test]
fn syntax_errors_and_unknown_keys_name_the_line() {
    assert!(refused("grpc_tls = true", "grpc_tls = = true").starts_with("line 12: "));
    let unknown = refused("grpc_tls = true", "grpc_tls = true\ngrpc_tsl = true");
    assert!(unknown.starts_with("line 13: ") && unknown.contains("grpc_tsl"), "{unknown}");
    assert!(refused("kind = \"pkg\"", "kind = \"pkg\"\ncolour = \"red\"").contains("colour"));
    assert!(refused("nexy.target/1", "nexy.target/2").starts_with("line 4: "));
    assert!(refused("grpc_tls = true\n", "").contains("grpc_tls"));
}

#[test]
fn the_case_of_a_host_says_nothing() {
    let public = "public = \"https://nexy-prod-sergiy.";
    assert!(COMMITTED.contains(public));
    assert!(Target::parse(&COMMITTED.replacen(public, "public = \"https://NEXY-prod-sergiy.", 1)).is_ok());
}

#[test]
fn contradictions_name_both_keys() {
    for (from, to, keys) in [
        (
            "artifacts = \"Seregawpn/Nexy_production\"",
            "artifacts = \"Seregawpn/Nexy\"",
            "repositories.workspace and repositories.artifacts",
        ),
        ("server = \"server_repo\"", "server = \"origin\"", "remotes.workspace and remotes.server"),
        ("api_url = \"https://api.github.com\"", "api_url = \"https://api.github.com.evil.test\"", "github.web_url and github.api_url"),
        (
            "uploads_url = \"https://uploads.github.com\"",
            "uploads_url = \"https://evilgithub.com\"",
            "github.web_url and github.uploads_url",
        ),
        ("public = \"https://nexy-prod-sergiy.", "public = \"https://other.", "endpoints.public and release_target.host"),
        ("server/main.py\"\nrequirements", "main.py\"\nrequirements", "service.exec_start and layout.entry_point"),
        ("resource_groups = [", "resource_groups = [\"NexyNewRG\", ", "legacy.resource_groups and release_target.resource_group"),
        ("vms = [", "vms = [\"NexyNew\", ", "legacy.vms and release_target.vm"),
        ("version_file = \"VERSION\"", "version_file = \"VERSION2\"", "layout.version_file and version_places"),
        (
            "line = \"default_build: {version}\"\ncount = 1",
            "line = \"default_build: {version}\"",
            "version_places.line and version_places.count",
        ),
    ] {
        let error = refused(from, to);
        assert!(error.starts_with(keys), "{error}");
    }
}

#[test]
fn a_name_that_github_would_change_says_what_is_wrong_with_it() {
    for (channel, because) in [
        ("release/stable", "`release/stable` holds `/`; a name has letters"),
        ("up date", "`up date` holds a blank; a name has letters"),
        ("up\u{a0}date", "holds `\u{a0}`"),
        ("", "`` is empty"),
        ("Up..date", "`Up..date` has a dot in a wrong place"),
        ("2.0.0.4", "`2.0.0.4` looks like a version, and no version's tag is ever released to"),
    ] {
        let error = refused("channel = \"Update\"", &format!("channel = \"{channel}\""));
        assert!(error.starts_with("artifacts.channel: ") && error.contains(because), "{error}");
    }
    assert!(refused("name = \"Nexy.dmg\"", "name = \"Nexydmg\"").contains("`Nexydmg` has no ending"));
}

#[test]
fn impossible_values_name_their_key() {
    for (from, to, key) in [
        ("channel = \"Update\"", "channel = \"v2.0.0.4\"", "artifacts.channel"),
        ("name = \"Nexy.dmg\"", "name = \".Nexy.dmg\"", "artifacts.name"),
        ("name = \"Nexy.pkg\"", "name = \"nexy.dmg\"", "artifacts.name"),
        ("kind = \"dmg\"\nfeed = true", "kind = \"dmg\"\nfeed = false", "artifacts.feed"),
        ("api_url = \"https://", "api_url = \"http://", "github.api_url"),
        ("api_url = \"https://", "api_url = \"https://user:pass@", "github.api_url"),
        ("web_url = \"https://github.com\"", "web_url = \"https://github.com/\"", "github.web_url"),
        ("inbox = \"release_inbox\"", "inbox = \"../inbox\"", "layout.inbox"),
        ("checkout = \"/home", "checkout = \"home", "vm.checkout"),
        ("\"server/server/updates/manifests\"", "\"server/updates/manifests\"", "layout.manifest_dirs"),
        ("artifact_max_bytes = 2147483647", "artifact_max_bytes = 2147483648", "limits.artifact_max_bytes"),
        ("report_max_age_s = 900", "report_max_age_s = 901", "limits.report_max_age_s"),
        ("stall_timeout_s = 30", "stall_timeout_s = 0", "limits.stall_timeout_s"),
        ("public_url_wait_s = 120", "public_url_wait_s = 9223372036854775807", "limits.public_url_wait_s"),
        ("mutation_pause_ms = 1000", "mutation_pause_ms = 90000000", "limits.mutation_pause_ms"),
        ("unit = \"voice-assistant.service\"", "unit = \"voice-assistant\"", "service.unit"),
        ("file = \"VERSION\"\nwhole = true", "file = \"VERSION\"\nwhole = true\npointer = \"/v\"", "version_places"),
        ("line = \"default_version: {version}\"", "line = \"default_version:\"", "version_places.line"),
        ("min_os = \"11.0\"", "min_os = '11.0\"&'", "manifest_defaults.min_os"),
        ("arch = \"universal2\"", "arch = \"ppc\"", "manifest_defaults.arch"),
    ] {
        let error = refused(from, to);
        assert!(error.starts_with(key), "{error}");
    }
}

/// A copy of the committed file with several mistakes, and what is told of them.
fn examined(changes: &[(&str, &str)]) -> Vec<String> {
    let mut text = COMMITTED.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "nexy.toml no longer holds `{from}`");
        text = text.replacen(from, to, 1);
    }
    let told = Target::examine(&text).expect_err("mistakes");
    told.iter().map(ToString::to_string).collect()
}

#[test]
fn every_mistake_is_told_with_its_line_and_the_word_that_was_meant() {
    let told = examined(&[
        ("grpc_tls = true", "grpc_tsl = true"),
        ("inbox = \"release_inbox\"", "inbox = [\"release_inbox\"]"),
        ("kind = \"dmg\"", "kind = \"dgm\""),
        ("[python]\npins", "[python]\npinz = 1\nsnake = 2\npins"),
        ("retry_total_s = 600", "retry_total_s = \"10m\""),
        ("clock_skew_s = 120\n", ""),
        ("stall_timeout_s = 30", "stall_timeout_s = -3"),
        ("[legacy]", "[legaci]"),
        ("arch = \"universal2\"", "arch = \"ppc\""),
        ("channel = \"App\"", "channel = \"v2.0.0.4\""),
        ("file = \"VERSION\"\nwhole = true", "file = \"VERSION\"\nwhole = \"yes\""),
    ]);
    let said = told.join("\n");
    for words in [
        "line 12: release_target.grpc_tsl: is no key; did you mean `grpc_tls`?",
        "artifacts.kind: `dgm` is none of dmg, pkg; did you mean `dmg`?",
        "layout.inbox: holds a value of the kind array, it should be a text in quotes",
        "python.pinz: is no key; did you mean `pins`?",
        "python.snake: is no key; known here: pins, stubs",
        "limits.retry_total_s: holds a value of the kind string, it should be a whole number",
        "limits.clock_skew_s: is missing",
        "limits.stall_timeout_s: invalid value: integer `-3`, expected u64",
        "legaci: is no key; did you mean `legacy`?",
        "manifest_defaults.arch: `ppc` is none of",
        "version_places.whole: holds a value of the kind string, it should be true or false",
    ] {
        assert!(said.contains(words), "{words}\n\n{said}");
    }
    // The kind of an artifact has a stand-in, so nothing is said of what stands beside it.
    assert_eq!(told.len(), 11, "{said}");
    assert!(told.is_sorted_by_key(|line| line.split(':').next().and_then(|head| head[5..].parse::<usize>().ok())), "{said}");
}

#[test]
fn contradictions_are_all_told_and_the_row_of_a_table_is_found() {
    let told = examined(&[
        ("channel = \"App\"", "channel = \"v2.0.0.4\""),
        ("server = \"server_repo\"", "server = \"origin\""),
        ("report_max_age_s = 900", "report_max_age_s = 901"),
        ("stall_timeout_s = 30", "stall_timeout_s = 0"),
    ]);
    let keys: Vec<&str> = told.iter().map(|line| line.split(": ").nth(1).expect("a key")).collect();
    assert_eq!(keys, ["remotes.workspace and remotes.server", "artifacts.channel", "limits.report_max_age_s", "limits.stall_timeout_s"]);
    let row = COMMITTED.lines().position(|line| line == "name = \"Nexy.pkg\"").expect("a row");
    assert!(told[1].starts_with(&format!("line {}: ", row + 2)), "{told:?}");
}

#[test]
fn what_is_no_toml_is_told_line_by_line() {
    let told = examined(&[("grpc_tls = true", "grpc_tls = = true"), ("[github]", "[github"), ("name = \"Nexy.pkg\"", "name = \"Nexy.pkg")]);
    assert!(told.len() >= 3 && told[0].starts_with("line 12: "), "{told:?}");
    assert!(Target::examine("").expect_err("everything is missing").iter().all(|mistake| mistake.because == "is missing"));
    assert!(Target::examine("vm = 1\nlayout = []\nartifacts = {}\nversion_places = [1, {}]\n").is_err());
}
