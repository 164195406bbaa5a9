//! When a release may be called complete: after a verified delivery of a publication, and no push that was refused.

use nexy_contract::{
    Exit, Record, Target, Verdict,
    record::{PUBLICATION, ROLLBACK},
    url,
};

/// The profile that has looked at what users get.
const PROFILE: &str = "updates";

/// The rulebook's log marker, when it is true.
pub(crate) fn marker(record: &Record, target: &Target, names: &[String], verdict: Verdict) -> Option<String> {
    let looked = verdict == Verdict::Pass && names.iter().any(|name| name == PROFILE);
    let published = record.latest_outcome(PUBLICATION).is_some_and(|outcome| outcome.exit == Exit::Yes && outcome.planned.is_empty());
    // What was taken back is no release, even when the record of the publication was carried on.
    let published = published && record.latest_outcome(ROLLBACK).is_none();
    let real = !url::is_on_loopback(&target.github.web_url) && !url::is_on_loopback(&target.endpoints.public);
    let pushed = record.push_exit() == Exit::Yes;
    let what = if real { "RELEASE" } else { "REHEARSAL" };
    (looked && published && pushed && is_delivered(record, target)).then(|| format!("{what} COMPLETE {}", record.tag))
}

/// Every manifest of the record is on the VM as it was written; a package alone has none to deliver.
fn is_delivered(record: &Record, target: &Target) -> bool {
    let feeds = target.feed_artifact().is_some_and(|feed| record.artifacts.iter().any(|artifact| artifact.name == feed.name));
    let delivered = |sha256| move |delivered: &nexy_contract::record::Delivered| delivered.sha256 == sha256;
    (!feeds || !record.manifests.is_empty())
        && record.manifests.iter().all(|manifest| manifest.delivered.as_ref().is_some_and(delivered(manifest.sha256)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexy_contract::{
        ReleaseVersion, Sha256Digest, Timestamp,
        record::{Artifact, Delivered, ManifestFile, Outcome, PUSH},
    };

    fn target() -> Target {
        Target::parse(include_str!("../../../nexy.toml")).expect("the committed nexy.toml")
    }

    fn record(target: &Target) -> Record {
        let sha256 = Sha256Digest::of(b"manifest");
        let version = ReleaseVersion::new([2, 0, 0, 4]);
        let feed = target.feed_artifact().expect("a feed artifact");
        let artifact = Artifact { name: feed.name.clone(), channel: feed.channel.clone(), size_bytes: 1, sha256, live: None };
        let delivered = Delivered { at: Timestamp::UNIX_EPOCH, sha256, served_version: version.to_string(), served_length: 1 };
        let manifest = ManifestFile { path: "manifest.json".to_owned(), sha256, version, delivered: Some(delivered), window_s: None };
        let mut record = Record::new(version, target.identity(Sha256Digest::of(b"")), vec![artifact]);
        record.manifests = vec![manifest];
        record.outcomes = vec![Outcome::new(PUBLICATION, Timestamp::UNIX_EPOCH, Exit::Yes, "done")];
        record
    }

    fn said(change: impl FnOnce(&mut Record, &mut Target)) -> Option<String> {
        let mut target = target();
        let mut record = record(&target);
        change(&mut record, &mut target);
        marker(&record, &target, &[PROFILE.to_owned()], Verdict::Pass)
    }

    fn says(change: impl FnOnce(&mut Record, &mut Target)) -> bool {
        said(change).is_some()
    }

    #[test]
    fn a_verified_delivery_of_a_publication_is_a_complete_release() {
        let target = target();
        let record = record(&target);
        let marker = |names: &[&str], verdict| {
            let names: Vec<String> = names.iter().map(ToString::to_string).collect();
            marker(&record, &target, &names, verdict)
        };
        assert_eq!(marker(&["updates"], Verdict::Pass).as_deref(), Some("RELEASE COMPLETE v2.0.0.4"));
        assert_eq!(marker(&["public", "updates"], Verdict::Pass).as_deref(), Some("RELEASE COMPLETE v2.0.0.4"));
        assert_eq!(marker(&["public"], Verdict::Pass), None);
        assert_eq!(marker(&["updates"], Verdict::Fail), None);
        assert_eq!(marker(&["updates"], Verdict::Unknown), None);
    }

    #[test]
    fn a_rehearsal_is_never_a_complete_release() {
        let rehearsed = Some("REHEARSAL COMPLETE v2.0.0.4".to_owned());
        assert_eq!(said(|_, target| target.github.web_url = "http://127.0.0.1:4000".to_owned()), rehearsed);
        assert_eq!(said(|_, target| target.endpoints.public = "https://localhost".to_owned()), rehearsed);
    }

    #[test]
    fn without_publication_or_delivery_nothing_is_complete() {
        assert!(!says(|record, _| record.outcomes.clear()));
        assert!(!says(|record, _| record.outcomes[0].exit = Exit::No));
        assert!(!says(|record, _| record.outcomes[0].planned.push("upload".to_owned())));
        assert!(!says(|record, _| record.outcomes.push(Outcome { by: ROLLBACK.to_owned(), ..record.outcomes[0].clone() })));
        for (exit, complete) in [(Exit::Yes, true), (Exit::No, false), (Exit::CouldNotLook, false)] {
            assert_eq!(says(|record, _| record.outcomes.push(Outcome::new(PUSH, Timestamp::UNIX_EPOCH, exit, "pushed"))), complete);
        }
        assert!(!says(|record, _| record.manifests.clear()));
        assert!(!says(|record, _| record.manifests[0].delivered = None));
        assert!(!says(|record, _| record.manifests[0].sha256 = Sha256Digest::of(b"other")));
    }

    #[test]
    fn a_package_alone_has_no_manifest_to_deliver() {
        assert!(says(|record, _| {
            record.artifacts[0].name = "other.pkg".to_owned();
            record.manifests.clear();
        }));
    }
}
