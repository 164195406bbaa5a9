//! Version and bytes of an artifact change together and upward, or neither changes.

use crate::gate::prelude::*;
use crate::observed::channels::{Channels, Look};
use crate::observed::inbox::{Bytes, Found, Inbox};
use crate::observed::version;
use nexy_contract::manifest::{
    ManifestFacts, Move,
    one_artifact::{self, Pair},
};
use nexy_contract::{ReleaseVersion, target_file::ArtifactRow};
use nexy_outside::frame::{
    manifests::{self, FoundManifest},
    published,
};

pub(crate) const GATE: Gate = Gate {
    id: "version-moves",
    asks: "Do version and bytes move together, compared with what clients have now?",
    profiles: &["pre-production", "before-publish"],
    runbook: "S3 §1, §6.2",
    at: Machine::Laptop,
    takes: Takes::Outside,
    explain: Explain {
        symptom: "Old bytes under a new version: clients update to them again and again. New bytes under an old version: no client gets them.",
        check: "Compares version and sha256 of the artifact that clients update from with manifest.json, which must be the same in every \
                folder of layout.manifest_dirs. Both newer: yes. Both equal: yes, nothing to do. Only one differs: no. Then asks what was \
                published: the label of the live asset, the records in releases/, and git's history of the manifest since the first of \
                them. These bytes under another version, or other bytes under this version: no. Older manifests stop nothing.",
        fix: &[note("Set the next version, build it, and put that artifact into the inbox. A version or an artifact is never used again.")],
        verify: &[command("nexy-gate version-moves"), command("nexy-manifest show")],
    },
    check: |context| check(context).unwrap_or_else(|answer| answer),
    repair: None,
};

const AGAIN: &str = "nexy-version record | nexy-gate before-publish -";
const CHECK: &str = "nexy-manifest check";

fn check(context: &Context) -> Result<Answer, Answer> {
    let workspace = &context.workspace;
    let version = version::released(workspace, context.record.as_ref())?;
    let manifest = match manifests::read_all(workspace) {
        Ok(found) => one_manifest(&found),
        Err(error) => {
            let fix = Fix::command(format!("ls -l {}", shell_word(&error.path.display().to_string())));
            return Err(Answer::unknown(error.to_string(), "a manifest that can be read", fix));
        }
    };
    let wrong = |(found, fix)| Answer::fail(found, "one sound manifest.json, the same in every folder", fix);
    let manifest = manifest.map_err(wrong)?;
    let (feed, bytes) = feed_bytes(&workspace.target, context.inbox(), manifest.as_ref())?;
    let answer = judge(version, bytes, manifest.as_ref(), &channel_remark(context.channels(), feed, bytes, manifest.as_ref()));
    if !answer.passes() {
        return Ok(answer);
    }
    let mut evidence = published::of_workspace(workspace);
    let pair = Pair { version, sha256: bytes.sha256 };
    let look = context.channels().looks.iter().find(|look| look.artifact == feed.name);
    evidence.known.extend(look.and_then(Look::announced));
    if !one_artifact::is_delivered(pair, &evidence.known) {
        let unseen = look.and_then(|look| look.seen.as_ref().err()).map(published::label_not_seen);
        let with_token = unseen.map(|(what, fix)| (what, fix.then_command("nexy-gate github-token")));
        evidence.not_seen = with_token.or(evidence.not_seen);
    }
    let of_past = evidence.judge(pair);
    Ok(if of_past.passes() { answer } else { of_past })
}

/// The manifest that all folders agree on; `None` when none has one. Otherwise what is wrong, and the fix.
fn one_manifest(found: &[FoundManifest]) -> Result<Option<ManifestFacts>, (String, Fix)> {
    let Some((first, others)) = found.split_first() else {
        return Ok(None);
    };
    if let Some(other) = others.iter().find(|other| other.bytes != first.bytes) {
        let differs = match (&first.bytes, &other.bytes) {
            (None, _) => format!("{} does not exist, {} does", first.path, other.path),
            (_, None) => format!("{} does not exist, {} does", other.path, first.path),
            _ => format!("{} and {} differ", first.path, other.path),
        };
        return Err((differs, Fix::note("This says which of them is right:").then_command(CHECK)));
    }
    let Some(text) = &first.bytes else {
        return Ok(None);
    };
    let read = ManifestFacts::read(text);
    read.map(Some).map_err(|error| {
        let fix = Fix::note("Correct it; this is its history:").then_command(format!("git log -p -- {}", shell_word(&first.path)));
        (format!("{} {error}", first.path), fix.then_command(CHECK))
    })
}

/// The artifact that clients update from and its bytes, or the answer when there are none to compare.
fn feed_bytes<'a>(target: &'a Target, inbox: &'a Inbox, manifest: Option<&ManifestFacts>) -> Result<(&'a ArtifactRow, &'a Bytes), Answer> {
    let expected = "an artifact in the inbox";
    let is_feed = |found: &&Found| found.row.feed;
    match (target.feed_artifact(), inbox.artifacts.iter().find(is_feed)) {
        (Some(row), Some(Found { bytes: Ok(bytes), .. })) => Ok((row, bytes)),
        (_, Some(found)) => {
            Err(Answer::unknown(format!("{} could not be read", found.row.name), expected, Fix::command("nexy-gate release-inbox")))
        }
        (_, None) if inbox.artifacts.is_empty() => {
            Err(Answer::unknown("the inbox holds no artifact", expected, Fix::command("nexy-gate release-inbox")))
        }
        (_, None) => {
            let names: Vec<&str> = inbox.artifacts.iter().map(|found| found.row.name.as_str()).collect();
            let stays = manifest
                .map_or_else(|| "there is no manifest".to_owned(), |manifest| format!("the manifest stays at {}", manifest.version));
            Err(Answer::pass(format!("only {} goes out; clients do not update from it, so {stays}", names.join(", "))))
        }
    }
}

/// What the channel adds for a person; it changes no verdict, since a publication repairs it.
fn channel_remark(channels: &Channels, feed: &ArtifactRow, bytes: &Bytes, manifest: Option<&ManifestFacts>) -> String {
    let Some(Some(live)) = channels.seen(&feed.name) else {
        return String::new();
    };
    match live.sha256 {
        Some(sha256) if manifest.is_some_and(|manifest| manifest.sha256 == sha256) => String::new(),
        Some(sha256) if sha256 == bytes.sha256 => {
            "; these bytes are live already, but the manifest does not say so: publishing again finishes it".to_owned()
        }
        Some(sha256) if manifest.is_some() => format!(
            "; the channel holds other bytes ({}) than the manifest says: a publication was interrupted, publishing again repairs it",
            sha256.short()
        ),
        Some(sha256) => {
            format!("; the channel holds other bytes already ({}), whose version no manifest here tells", sha256.short())
        }
        None => String::new(),
    }
}

fn judge(version: ReleaseVersion, bytes: &Bytes, manifest: Option<&ManifestFacts>, remark: &str) -> Answer {
    let expected = "version and bytes both new, or both those of the manifest";
    let sha = bytes.sha256.short();
    match ManifestFacts::judge_move(manifest, version, bytes.sha256) {
        Move::First => Answer::pass(format!("there is no manifest yet; {version} {sha} will be the first{remark}")),
        Move::Forward(from) => Answer::pass(format!("{from} -> {version} with new bytes {sha}{remark}")),
        Move::Same => Answer::pass(format!("{version} {sha} is what the manifest says already, nothing to do{remark}")),
        Move::SameBytesNewVersion(from) => Answer::fail(
            format!("the bytes {sha} are those of {from}, but the version is {version}: clients would update to them again and again"),
            expected,
            if version > from {
                Fix::note(format!("Put the artifact that was built for {version} into the inbox, then:")).then_command(AGAIN)
            } else {
                higher(from)
            },
        ),
        Move::SameVersionNewBytes => Answer::fail(
            format!("the bytes {sha} are new, but the version is still {version}: clients that have it would never get them"),
            expected,
            higher(version),
        ),
        Move::Backward(from) => {
            Answer::fail(format!("{version} is older than the {from} that clients have: none of them would update"), expected, higher(from))
        }
    }
}

fn higher(than: ReleaseVersion) -> Fix {
    Fix::command(format!("nexy-version set {}", than.next()))
        .then_note("Any higher version will do as well. Build for it, then:")
        .then_command(AGAIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observed::channels::Seen;
    use crate::tests::says;
    use nexy_contract::{Sha256Digest, report::SeenAsset, target_file::ArtifactKind};

    fn version(last: u32) -> ReleaseVersion {
        ReleaseVersion::new([2, 0, 0, last])
    }

    fn bytes(content: &[u8]) -> Bytes {
        Bytes { size_bytes: 1, sha256: Sha256Digest::of(content), head: vec![], tail: vec![] }
    }

    fn manifest(last: u32, content: &[u8]) -> ManifestFacts {
        ManifestFacts {
            version: version(last),
            url: "https://a.example/A.dmg".into(),
            size_bytes: 1,
            sha256: Sha256Digest::of(content),
            kind: "dmg".into(),
            ed25519: String::new(),
        }
    }

    fn verdict(last: u32, content: &[u8], manifest: Option<&ManifestFacts>) -> Verdict {
        judge(version(last), &bytes(content), manifest, "").verdict
    }

    #[test]
    fn version_and_bytes_move_together_or_not_at_all() {
        let old = manifest(3, b"old");
        assert_eq!(verdict(4, b"new", None), Verdict::Pass);
        assert_eq!(verdict(4, b"new", Some(&old)), Verdict::Pass);
        assert_eq!(verdict(3, b"old", Some(&old)), Verdict::Pass);
        assert_eq!(verdict(4, b"old", Some(&old)), Verdict::Fail);
        assert_eq!(verdict(3, b"new", Some(&old)), Verdict::Fail);
        assert_eq!(verdict(2, b"new", Some(&old)), Verdict::Fail);
    }

    #[test]
    fn a_version_that_would_not_reach_clients_is_followed_by_the_next_one_in_the_fix() {
        let answer = judge(version(2), &bytes(b"new"), Some(&manifest(9, b"old")), "");
        assert!(answer.fix.text().starts_with("nexy-version set 2.0.0.10\n"), "{}", answer.fix);
    }

    fn file(path: &str, text: Option<&str>) -> FoundManifest {
        FoundManifest { path: path.into(), bytes: text.map(Into::into) }
    }

    #[test]
    fn the_folders_must_agree() {
        assert_eq!(one_manifest(&[file("a", None), file("b", None)]), Ok(None));
        assert!(one_manifest(&[file("a", Some("{}")), file("b", None)]).is_err_and(|(found, _)| found.contains("b does not exist")));
        assert!(one_manifest(&[file("a", Some("{}")), file("b", Some("{ }"))]).is_err_and(|(found, _)| found.contains("a and b differ")));
    }

    #[test]
    fn a_manifest_that_clients_could_not_read_names_its_field() {
        let text = Some(r#"{"version": "2.0.0.3", "build": 20600}"#);
        assert!(one_manifest(&[file("a", text), file("b", text)]).is_err_and(|(found, _)| found.contains("`build`")));
    }

    fn row(feed: bool) -> ArtifactRow {
        ArtifactRow { name: if feed { "A.dmg" } else { "A.pkg" }.into(), channel: "Fixed".into(), kind: ArtifactKind::Dmg, feed }
    }

    fn target() -> Target {
        let mut target = crate::tests::target();
        target.artifacts = vec![row(true), row(false)];
        target
    }

    #[test]
    fn a_package_alone_leaves_the_manifest_as_it_is() {
        let inbox = Inbox { names: Ok(None), artifacts: vec![Found { row: row(false), bytes: Ok(bytes(b"x")) }] };
        let answer = feed_bytes(&target(), &inbox, Some(&manifest(3, b"old"))).expect_err("nothing to compare");
        says(&answer, Verdict::Pass, "the manifest stays at 2.0.0.3");
    }

    #[test]
    fn nothing_to_compare_is_unknown() {
        let empty = Inbox { names: Ok(None), artifacts: vec![] };
        assert_eq!(feed_bytes(&target(), &empty, None).expect_err("nothing").verdict, Verdict::Unknown);
        let fault = crate::observed::inbox::Fault::Unreadable("permission denied".into());
        let unreadable = Inbox { names: Ok(None), artifacts: vec![Found { row: row(true), bytes: Err(fault) }] };
        assert_eq!(feed_bytes(&target(), &unreadable, None).expect_err("nothing").verdict, Verdict::Unknown);
    }

    #[test]
    fn an_interrupted_publication_is_mentioned() {
        let remark = |live: Option<&[u8]>| {
            let live = live.map(|content| SeenAsset { asset_id: 1, sha256: Some(Sha256Digest::of(content)) });
            let seen = Ok(Seen::Release { draft: false, immutable: false, live });
            let channels = Channels {
                looks: vec![Look { artifact: "A.dmg".into(), channel: "Fixed".into(), seen, labelled: None }],
                ..Channels::default()
            };
            channel_remark(&channels, &row(true), &bytes(b"new"), Some(&manifest(3, b"old")))
        };
        assert_eq!(remark(None), "");
        assert_eq!(remark(Some(b"old")), "");
        assert!(remark(Some(b"new")).contains("live already"));
        assert!(remark(Some(b"other")).contains("interrupted"));
        let seen = Ok(Seen::Release {
            draft: false,
            immutable: false,
            live: Some(SeenAsset { asset_id: 1, sha256: Some(Sha256Digest::of(b"other")) }),
        });
        let channels = Channels {
            looks: vec![Look { artifact: "A.dmg".into(), channel: "Fixed".into(), seen, labelled: None }],
            ..Channels::default()
        };
        assert!(channel_remark(&channels, &row(true), &bytes(b"new"), None).contains("no manifest here tells"));
    }
}
