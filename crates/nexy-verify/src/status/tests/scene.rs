//! Releases in the states that the tables begin with.

use super::super::facts::{Facts, Here, InInbox, Local, OnGithub, Open, Release, Remote, Stage, Version, Vm};
use crate::{
    expected::{Expected, Manifest, NotKnown},
    health::Said,
};
use nexy_contract::{
    Fix, ReleaseVersion, Sha256Digest, Target, Timestamp,
    appcast::Offer,
    channels::{ShownAsset, ShownChannel},
    check::Answer,
    immutable_releases::Immutability,
    record::Kind,
};

pub(super) const THREE: ReleaseVersion = ReleaseVersion::new([2, 0, 0, 3]);
pub(super) const SIX: ReleaseVersion = ReleaseVersion::new([2, 0, 0, 6]);
pub(super) const FOUR: ReleaseVersion = ReleaseVersion::new([2, 0, 0, 4]);
pub(super) const FIVE: ReleaseVersion = ReleaseVersion::new([2, 0, 0, 5]);
pub(super) const DMG: usize = 0;
pub(super) const PKG: usize = 1;

pub(super) fn sha(of: &str) -> Sha256Digest {
    Sha256Digest::of(of.as_bytes())
}

pub(super) fn asset(name: &str, version: ReleaseVersion, bytes: &str) -> ShownAsset {
    ShownAsset {
        asset_id: 1,
        name: name.to_owned(),
        version: Some(version),
        label: Some(format!("{name} {version}")),
        state: "uploaded".to_owned(),
        size_bytes: bytes.len() as u64,
        sha256: Some(sha(bytes)),
        age_s: Some(7200),
    }
}

pub(super) fn channel(artifact: &str, live: ShownAsset) -> OnGithub {
    let shown = ShownChannel {
        channel: "Fixed".to_owned(),
        artifact: artifact.to_owned(),
        url: "https://h/a".to_owned(),
        at: Some(now()),
        live: Some(live),
        previous: None,
        staged: Vec::new(),
        bad: Vec::new(),
        leftovers: Vec::new(),
        others: Vec::new(),
    };
    OnGithub { shown, is_draft: false, is_immutable: false }
}

pub(super) fn now() -> Timestamp {
    Timestamp::from_second(1_795_000_000).expect("a moment")
}

pub(super) fn not_known(because: &str, fix: Fix) -> NotKnown {
    NotKnown { because: because.to_owned(), fix }
}

pub(super) fn release(version: ReleaseVersion, stage: Stage) -> Release {
    let at = Some(now());
    Release { version, stage, kind: Kind::Release, running: None, at, by: Some("person".to_owned()), delivered: Some((now(), sha("m"))) }
}

pub(super) fn begun(done: &str, stopped: &str) -> Stage {
    let some = |word: &str| (!word.is_empty()).then(|| word.to_owned());
    let is_published = ["30", "40", "50", "60"].iter().any(|number| done.starts_with(number));
    Stage::Begun(Open { done: some(done), stopped: some(stopped), because: None, is_published })
}

/// 2.0.0.4 is out, in every place, and nothing is to do.
pub(super) fn done() -> Facts {
    let target = Target::parse(include_str!("../../../../../nexy.toml")).expect("the committed nexy.toml");
    let manifest = Manifest { version: FOUR, url: "https://h/a".to_owned(), size_bytes: 3, sha256: sha("old"), origin: "m".to_owned() };
    let tags = vec![(FOUR, "c4".to_owned())];
    let remote =
        Remote { tags: tags.clone(), tip: Some("c4".to_owned()), is_behind: false, has_parted: false, manifest: Ok(Some(sha("m"))) };
    Facts {
        make_words: String::new(),
        now: now(),
        version: version(FOUR),
        git: Ok(Local { head: Some("c4".to_owned()), tags, manifest: Some(sha("m")) }),
        remote: Ok(remote),
        server_tag: Ok(true),
        releases: Ok(vec![release(FOUR, Stage::Done)]),
        inbox: Ok(Vec::new()),
        channels: vec![
            Ok(Some(channel("Nexy.dmg", asset("Nexy.dmg", FOUR, "old")))),
            Ok(Some(channel("Nexy.pkg", asset("Nexy.pkg", FOUR, "oldpkg")))),
        ],
        immutability: Ok(Immutability::Off),
        manifest: Ok(Some(Here { manifest, file: sha("m") })),
        feed: Ok(Ok(Offer { version: FOUR.to_string(), url: "https://h/a".to_owned(), length_bytes: 3 })),
        health: Ok(Ok(says(FOUR))),
        certificate: Answer::pass("ends in 60 days"),
        vm: Vm::default(),
        target,
    }
}

/// VERSION in every place.
pub(super) fn version(version: ReleaseVersion) -> Expected<Version> {
    Ok(Version { version, places: 8, others: Vec::new() })
}

pub(super) fn says(version: ReleaseVersion) -> Said {
    Said { status: "OK".to_owned(), version: version.to_string(), build: version.to_string() }
}

pub(super) fn in_inbox(name: &str, bytes: &str, built: Option<&str>) -> InInbox {
    InInbox { name: name.to_owned(), size_bytes: bytes.len() as u64, sha256: sha(bytes), built: built.map(str::to_owned) }
}

/// 2.0.0.5 is tagged, deployed, and lies in the inbox.
pub(super) fn ready() -> Facts {
    let mut facts = done();
    facts.version = version(FIVE);
    for tags in [&mut facts.git.as_mut().expect("git").tags, &mut facts.remote.as_mut().expect("a remote").tags] {
        tags.push((FIVE, "c5".to_owned()));
    }
    facts.health = Ok(Ok(says(FIVE)));
    facts.inbox = Ok(vec![in_inbox("Nexy.dmg", "new!", Some("2.0.0.5"))]);
    facts
}

/// 2.0.0.5 is live, its manifest is written, and the records go up to this stage.
pub(super) fn published(done: &str, stopped: &str) -> Facts {
    let mut facts = ready();
    seen(&mut facts, DMG).live = Some(asset("Nexy.dmg", FIVE, "new!"));
    seen(&mut facts, DMG).previous = Some(asset("Nexy.prev.dmg", FOUR, "old"));
    let here = facts.manifest.as_mut().expect("known").as_mut().expect("there");
    here.manifest = Manifest { version: FIVE, size_bytes: 4, sha256: sha("new!"), ..here.manifest.clone() };
    here.file = sha("m5");
    facts.releases = Ok(vec![release(FOUR, Stage::Done), release(FIVE, begun(done, stopped))]);
    facts
}

pub(super) fn delivered(mut facts: Facts) -> Facts {
    facts.feed = Ok(Ok(Offer { version: FIVE.to_string(), url: "https://h/a".to_owned(), length_bytes: 4 }));
    facts.releases.as_mut().expect("releases")[1].delivered = Some((now(), sha("m5")));
    facts
}

pub(super) fn pushed(mut facts: Facts) -> Facts {
    facts.git.as_mut().expect("git").manifest = Some(sha("m5"));
    facts.remote.as_mut().expect("a remote").manifest = Ok(Some(sha("m5")));
    facts
}

/// 2.0.0.5 is out.
pub(super) fn whole() -> Facts {
    let mut facts = pushed(delivered(published("60-verify", "")));
    facts.releases.as_mut().expect("releases")[1].stage = Stage::Done;
    facts
}

/// 2.0.0.5 was rolled back to 2.0.0.4, down to the VM; the manifest of 2.0.0.5 is still what git has.
pub(super) fn rolled_back() -> Facts {
    let mut facts = whole();
    let channel = seen(&mut facts, DMG);
    channel.live = Some(asset("Nexy.dmg", FOUR, "old"));
    channel.previous = None;
    channel.bad = vec![asset("Nexy.bad-0123456789ab.dmg", FIVE, "new!")];
    facts.manifest = done().manifest;
    facts.feed = done().feed;
    facts.releases = Ok(vec![release(FOUR, Stage::Done), release(FIVE, Stage::RolledBack)]);
    facts
}

pub(super) fn seen(facts: &mut Facts, place: usize) -> &mut ShownChannel {
    &mut facts.channels[place].as_mut().expect("seen").as_mut().expect("a release").shown
}

pub(super) fn with(mut facts: Facts, change: impl FnOnce(&mut Facts)) -> Facts {
    change(&mut facts);
    facts
}
