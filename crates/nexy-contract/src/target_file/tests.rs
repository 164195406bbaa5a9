//! The committed `nexy.toml`, and one broken copy of it per rule.

use super::*;

const COMMITTED: &str = include_str!("../../../../nexy.toml");

fn refused(from: &str, to: &str) -> String {
    assert!(COMMITTED.contains(from), "nexy.toml no longer holds `{from}`");
    match Target::parse(&COMMITTED.replacen(from, to, 1)) {
        Ok(_) => panic!("`{to}` was accepted"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn the_committed_file_is_accepted_and_names_its_urls() {
    let target = Target::parse(COMMITTED).expect("nexy.toml");
    let feed = target.feed_artifact().expect("a feed artifact");
    assert_eq!(target.public_url(feed), "https://github.com/Seregawpn/Nexy_production/releases/download/Update/Nexy.dmg");
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
