//! What a folder holds, and who can read it.

use super::*;
use crate::gate::Answer;
use nexy_contract::{Sha256Digest, Verdict};
use nexy_outside::fs::permissions::{Acl, Kind};

const URL: &str = "https://x/A.dmg";

fn judge(folders: &[Folder]) -> Answer {
    let rule = Rule { url: URL, kind: "dmg", latest: clock::now() };
    super::judge(folders, &rule).answer(EXPECTED)
}

fn manifest(version: &str) -> Seen {
    let sha256 = Sha256Digest::of(version.as_bytes());
    Seen::Bytes(
        format!(r#"{{"version":"{version}","build":"{version}","artifact":{{"type":"dmg","url":"{URL}","size":9,"sha256":"{sha256}"}}}}"#)
            .into_bytes(),
    )
}

fn folder(path: &str, manifest: Looked, others: &[(&str, Looked)]) -> Folder {
    let others = others.iter().map(|(name, looked)| ((*name).to_owned(), looked.clone())).collect();
    Folder { path: path.to_owned(), as_owner: Some("sudo ".to_owned()), holds: Ok(Some(Contents { manifest, others })) }
}

fn text(text: &str) -> Looked {
    Ok(Seen::Bytes(text.as_bytes().to_vec()))
}

#[test]
fn equal_manifests_with_copies_of_themselves_pass() {
    let new = || Ok(manifest("2.0.0.4"));
    let answer = judge(&[folder("/a", new(), &[("manifest_2.0.0.4.json", new())]), folder("/b", new(), &[])]);
    assert_eq!(answer.verdict, Verdict::Pass);
    assert!(answer.found.contains("/a/manifest.json says 2.0.0.4"), "{}", answer.found);
}

#[test]
fn whatever_the_server_could_read_otherwise_is_a_no() {
    let new = || Ok(manifest("2.0.0.4"));
    let good = || folder("/a", new(), &[]);
    let no_folder = Folder { path: "/b".to_owned(), as_owner: Some("sudo ".to_owned()), holds: Ok(None) };
    for (second, said) in [
        (folder("/b", Ok(manifest("2.0.0.3")), &[]), "/a/manifest.json and /b/manifest.json differ"),
        (folder("/b", Ok(Seen::Missing), &[]), "/b/manifest.json does not exist"),
        (folder("/b", Ok(Seen::TooLarge), &[]), "larger than 1 MiB"),
        (folder("/b", text("{"), &[]), "/b/manifest.json: is no JSON object"),
        (folder("/b", Ok(Seen::Bytes(vec![0xff])), &[]), "/b/manifest.json: is no JSON object: it is no UTF-8"),
        (no_folder, "the folder /b does not exist"),
        (folder("/b", new(), &[("manifest_2.0.0.3.json", Ok(manifest("2.0.0.3")))]), "/b holds manifest_2.0.0.3.json: no copy"),
        (folder("/b", new(), &[("manifest_beta.json", Ok(Seen::Missing))]), "/b holds manifest_beta.json"),
        (folder("/b", new(), &[("manifest_tmp.json", Ok(Seen::TooLarge))]), "/b holds manifest_tmp.json"),
        (folder("/b", Ok(Seen::Missing), &[("manifest_2.0.0.4.json", new())]), "what the server would serve"),
    ] {
        let answer = judge(&[good(), second]);
        assert_eq!(answer.verdict, Verdict::Fail, "{said}");
        assert!(answer.found.contains(said), "{said}: {}", answer.found);
    }
}

#[test]
fn equal_bytes_that_clients_cannot_use_are_a_no() {
    let broken = || text(r#"{"version":"2.0.0.4","build":20004}"#);
    assert_eq!(judge(&[folder("/a", broken(), &[]), folder("/b", broken(), &[])]).verdict, Verdict::Fail);
}

#[test]
fn what_the_server_cannot_serve_is_a_no_and_the_rest_is_advice() {
    let Seen::Bytes(good) = manifest("2.0.0.4") else { panic!("a manifest") };
    let good = String::from_utf8(good).expect("UTF-8");
    for (from, to, verdict) in [
        ("https://x/A.dmg", "http://x/A.dmg", Verdict::Fail),
        ("https://x/A.dmg", "https://x/A.prev.dmg", Verdict::Fail),
        ("https://x/A.dmg", "https://x/A.dmg?a=1&b=2", Verdict::Fail),
        ("\"dmg\"", "\"dmg\",\"min_os\":\"11.0\\\"&\"", Verdict::Fail),
        ("\"dmg\"", "\"dmg\",\"ed25519\":\"a<b\"", Verdict::Fail),
        ("\"dmg\"", "\"dmg\",\"ed25519\":\"garbage\"", Verdict::Pass),
        ("\"dmg\"", "\"pkg\"", Verdict::Pass),
    ] {
        let answer = judge(&[folder("/a", text(&good.replacen(from, to, 1)), &[])]);
        assert_eq!(answer.verdict, verdict, "{to}: {}", answer.found);
        assert_eq!(answer.found.contains("advice: `artifact."), verdict == Verdict::Pass, "{}", answer.found);
    }
}

#[test]
fn no_command_takes_the_last_good_copy_away() {
    let copy = [("manifest_2.0.0.4.json", Ok(manifest("2.0.0.4")))];
    for broken in [Ok(Seen::Missing), text("{")] {
        let fix = judge(&[folder("/a", broken, &copy)]).fix.text();
        assert!(fix.contains("make manifest-deliver") && !fix.contains("mv "), "{fix}");
    }
    let fix = judge(&[folder("/a", Ok(manifest("2.0.0.5")), &copy)]).fix.text();
    assert!(fix.starts_with("on the VM:\nsudo mv "), "{fix}");
}

#[test]
fn a_manifest_that_the_services_user_cannot_read_is_a_no_with_the_command_that_mends_it() {
    let accounts = Accounts::parse("server:x:1000:1000::/home/server:/bin/sh\nroot:x:0:0::/root:/bin/sh\n", "server:x:1000:\nroot:x:0:\n");
    let account = accounts.account("server").expect("an account");
    let step = |path: &str, kind, uid, mode| PathMetadata { path: path.into(), kind, uid, gid: uid, mode, acl: Acl::Absent };
    let says = |owner, mode, folder_mode, trial| {
        let permissions = Permissions { accounts: &accounts, account: &account, checkout: Path::new("/srv/app") };
        let (file, chain) =
            (step("/srv/app/server/m.json", Kind::File, owner, mode), [step("/srv/app/server", Kind::Folder, owner, folder_mode)]);
        let mut builder = AnswerBuilder::default();
        judge_reader(&Reader { permissions, file: &file, chain: &chain, real: &file.path.clone(), trial }, &mut builder);
        builder.pass("read");
        builder.answer(EXPECTED)
    };
    let (refused, untried) = (|| UserAttempt::Refused("no".to_owned()), || UserAttempt::NotTried(String::new()));
    for (owner, mode, folder_mode, trial, verdict, command) in [
        (1000, 0o644, 0o755, UserAttempt::Allowed, Verdict::Pass, ""),
        (1000, 0o644, 0o755, untried(), Verdict::Pass, ""),
        (0, 0o600, 0o755, UserAttempt::Allowed, Verdict::Pass, ""),
        (0, 0o600, 0o755, refused(), Verdict::Fail, "chown -hR server ./server"),
        (0, 0o600, 0o755, untried(), Verdict::Fail, "chown -hR server ./server"),
        (1000, 0o044, 0o755, refused(), Verdict::Fail, "sudo -u server chmod u+r /srv/app/server/m.json"),
        (0, 0o644, 0o700, refused(), Verdict::Fail, "chown -h server ./server"),
        (1000, 0o644, 0o755, refused(), Verdict::Unknown, "namei -l "),
    ] {
        let answer = says(owner, mode, folder_mode, trial);
        assert_eq!(answer.verdict, verdict, "{owner} {mode:o}: {answer:?}");
        assert!(answer.fix.text().contains(command) && !answer.fix.text().contains("o+"), "{answer:?}");
    }
}

#[test]
fn what_cannot_be_read_is_unknown_and_hides_no_fault() {
    let hidden = || Err("permission denied".to_owned());
    let new = || Ok(manifest("2.0.0.4"));
    let closed = || Folder { path: "/b".to_owned(), as_owner: Some("sudo ".to_owned()), holds: Err("permission denied".to_owned()) };
    for second in [closed(), folder("/b", hidden(), &[]), folder("/b", new(), &[("manifest_x.json", hidden())])] {
        assert_eq!(judge(&[folder("/a", new(), &[]), second]).verdict, Verdict::Unknown);
    }
    assert_eq!(judge(&[folder("/a", Ok(Seen::Missing), &[]), closed()]).verdict, Verdict::Fail);
    assert_eq!(judge(&[]).verdict, Verdict::Unknown);
}

#[test]
fn the_pattern_is_the_servers() {
    for name in ["manifest_2.0.0.3.json", "manifest_beta.json", "manifest_.json", "manifest_tmp.old.json"] {
        assert!(is_fallback(name), "{name}");
    }
    for name in ["manifest.json", "manifest.json.backup.20260214_132500", "manifest_2.0.0.3.json.kept", "Manifest_1.json", "manifest_json"]
    {
        assert!(!is_fallback(name), "{name}");
    }
}

#[test]
fn every_stray_gets_its_command_and_a_name_that_cannot_be_typed_gets_none() {
    assert_eq!(
        moves("/a b", Some("sudo "), &["manifest_1.json"]).text(),
        "sudo mv --backup=numbered -T -- '/a b/manifest_1.json' '/a b/manifest_1.json.kept'"
    );
    assert!(moves("/a", Some("sudo "), &[BETA]).text().ends_with(".kept\nfrom then on the beta feed shows the stable manifest"));
    assert_eq!(moves("/a", Some("sudo "), &["manifest_1.json", "manifest_\n.json"]).text(), "ls -lb /a\nmove away what was found there");
}
