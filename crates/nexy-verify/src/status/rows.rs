//! From what is known to the lines of the screen; pure.

use super::{
    facts::{Facts, OnGithub, Open, Release, Stage},
    look::Part,
};
use crate::expected::Expected;
use nexy_contract::{
    Target, Timestamp, Verdict,
    asset_names::is_rolled_back,
    channels::{ShownAsset, ShownChannel},
    status::StatusLine,
    text::short_span,
};

/// Lines of the releases that were made last.
const RELEASES: usize = 2;
/// Channels that have a line of their own.
const CHANNELS: usize = 5;
/// One row of the screen; a row may have several lines, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Row {
    Version,
    Tag,
    Stage,
    Inbox,
    /// The artifact of this place, in so many lines at most.
    Channel(usize, usize),
    /// How many channels have no line.
    MoreChannels(usize),
    Manifest,
    OnVm,
    Feed,
    Health,
    Certificate,
    Backup,
    Drill,
    Released,
}

/// Every row, from the workspace outwards: 24 lines at most, with those of the next step.
pub(super) fn all(target: &Target) -> Vec<Row> {
    let channels = target.artifacts.len();
    let most = match channels {
        0..=2 => 3,
        3 => 2,
        _ => 1,
    };
    let more = channels.saturating_sub(CHANNELS);
    let of_channels = (0..channels.min(CHANNELS)).map(|place| Row::Channel(place, most));
    [Row::Version, Row::Tag, Row::Stage, Row::Inbox]
        .into_iter()
        .chain(of_channels)
        .chain((more > 0).then_some(Row::MoreChannels(more)))
        .chain([Row::Manifest, Row::OnVm, Row::Feed, Row::Health, Row::Certificate, Row::Backup, Row::Drill, Row::Released])
        .collect()
}

type Said = (Verdict, String);

fn pass(found: impl Into<String>) -> Said {
    (Verdict::Pass, found.into())
}

fn fail(found: impl Into<String>) -> Said {
    (Verdict::Fail, found.into())
}

fn unknown(found: impl Into<String>) -> Said {
    (Verdict::Unknown, found.into())
}

fn line(about: &str, source: &str, (verdict, found): Said) -> StatusLine {
    StatusLine { about: about.to_owned(), verdict, found, source: source.to_owned() }
}

/// What a value says, or why it is not known.
fn said<T>(seen: &Expected<T>, say: impl FnOnce(&T) -> Said) -> Said {
    seen.as_ref().map_or_else(|not_known| unknown(&not_known.because), say)
}

impl Row {
    /// What must have answered before the row can be shown.
    pub(super) fn needs(self) -> &'static [Part] {
        match self {
            Self::Version | Self::Stage | Self::OnVm | Self::Backup | Self::Drill | Self::Released => &[],
            Self::Tag => &[Part::Git, Part::Remote, Part::Server],
            Self::Inbox => &[Part::Inbox],
            Self::Channel(..) | Self::MoreChannels(_) => &[Part::Github],
            Self::Manifest => &[Part::Git, Part::Remote],
            Self::Feed => &[Part::Feed, Part::Github],
            Self::Health => &[Part::Health],
            Self::Certificate => &[Part::Certificate],
        }
    }

    /// Its lines.
    pub(super) fn lines(self, facts: &Facts) -> Vec<StatusLine> {
        let one = |about: &str, source: &str, said: Said| vec![line(about, source, said)];
        match self {
            Self::Version => one("version", &facts.target.layout.version_file, version(facts)),
            Self::Tag => one("tag", "git", tag(facts)),
            Self::Stage => one("stage", "releases/", stage(facts)),
            Self::Inbox => one("inbox", &facts.target.layout.inbox, inbox(facts)),
            Self::Channel(place, most) => channel(facts, place, most),
            Self::MoreChannels(count) => one("channels", "nexy-publish show", pass(format!("{count} more"))),
            Self::Manifest => one("manifest", "work tree, git", manifest(facts)),
            Self::OnVm => {
                let (source, found) = on_vm(facts);
                one("on the VM", &source, found)
            }
            Self::Feed => one("feed", "appcast.xml", feed(facts)),
            Self::Health => one("health", "/health", health(facts)),
            Self::Certificate => one("certificate", "TLS of the public host", (facts.certificate.verdict, facts.certificate.found.clone())),
            Self::Backup => database(facts, "backup", "db-backup", i64::from(facts.target.database.backup_max_age_h) * 3600),
            Self::Drill => database(facts, "drill", "restore-drill", i64::from(facts.target.limits.restore_drill_max_days) * 86_400),
            Self::Released => released(facts),
        }
    }
}

fn version(facts: &Facts) -> Said {
    said(&facts.version, |seen| match seen.others.as_slice() {
        [] => pass(format!("{} in every place ({})", seen.version, seen.places)),
        [first, more @ ..] => {
            let more = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
            fail(format!("{}, but not in {first}{more}", seen.version))
        }
    })
}

fn tag(facts: &Facts) -> Said {
    let Ok(version) = &facts.version else { return unknown("the version is not known") };
    let tag = version.version.tag();
    let looks = [facts.git.as_ref().err(), facts.remote.as_ref().err(), facts.server_tag.as_ref().err()];
    if let Some(not_known) = looks.into_iter().flatten().next() {
        return unknown(format!("{tag}: {}", not_known.because));
    }
    let remotes = &facts.target.remotes;
    match (facts.tags(version.version), facts.server_tag.as_ref()) {
        ((None, None), _) => pass(format!("{tag} does not exist yet")),
        ((Some(here), Some(there)), _) if here != there => fail(format!("{tag} is another commit here than on {}", remotes.workspace)),
        ((None, Some(_)), _) => fail(format!("{tag} is on {} and not here", remotes.workspace)),
        ((Some(_), None), _) => fail(format!("{tag} is here and not on {}", remotes.workspace)),
        ((Some(_), Some(_)), Ok(false)) => fail(format!("{tag} is here and on {}, and not on {}", remotes.workspace, remotes.server)),
        _ => pass(format!("{tag} is here, on {} and on {}", remotes.workspace, remotes.server)),
    }
}

fn stage(facts: &Facts) -> Said {
    let releases = match &facts.releases {
        Ok(releases) => releases,
        Err(not_known) => return unknown(&not_known.because),
    };
    if let Some((version, process)) = releases.iter().find_map(|release| Some((release.version, release.running.as_ref()?))) {
        return pass(format!("{version} is at work now, process {process}"));
    }
    let unfinished = |release: &&Release| matches!(release.stage, Stage::RollbackBegun(_));
    let ours = facts.version.as_ref().ok().and_then(|version| facts.release(version.version));
    let Some(release) = releases.iter().rfind(unfinished).or(ours) else { return pass("none is begun") };
    let version = release.version;
    let open = |what: &str, open: &Open| {
        let done = open.done.as_deref().map_or_else(String::new, |stage| format!("{stage} is done"));
        match (&open.stopped, &open.because) {
            (Some(stage), Some(because)) => fail(format!("{what}{version} stopped at {stage}: {because}")),
            (Some(stage), None) => fail(format!("{what}{version} stopped at {stage}; {done}")),
            (None, _) => pass(format!("{what}{version}: {done}")),
        }
    };
    match &release.stage {
        Stage::Done => pass(format!("{version} is done and verified")),
        Stage::RolledBack => pass(format!("{version} is rolled back and verified")),
        Stage::Begun(begun) if *begun == Open::default() => pass("none is begun"),
        Stage::Begun(begun) => open("", begun),
        Stage::RollbackBegun(begun) => open("the rollback of ", begun),
    }
}

fn inbox(facts: &Facts) -> Said {
    said(&facts.inbox, |found| {
        let say = |artifact: &super::facts::InInbox| {
            let built = artifact.built.as_deref().map_or("without receipt".to_owned(), |version| format!("built as {version}"));
            format!("{} {} bytes, {built}", artifact.name, artifact.size_bytes)
        };
        if found.is_empty() { pass("no artifact") } else { pass(found.iter().map(say).collect::<Vec<_>>().join("; ")) }
    })
}

fn channel(facts: &Facts, place: usize, most: usize) -> Vec<StatusLine> {
    let Some((row, seen)) = facts.target.artifacts.get(place).zip(facts.channels.get(place)) else { return Vec::new() };
    let said: Vec<Said> = match seen {
        Err(not_known) => vec![unknown(&not_known.because)],
        Ok(None) => vec![fail("there is no such release that can be seen")],
        Ok(Some(found)) => {
            let (verdict, first) = live(found);
            let mut words = [vec![first], others(&found.shown)].concat();
            // What has no line of its own stands behind the last one that has.
            let last = words.split_off(words.len().min(most) - 1).join("; ");
            words.push(last);
            let verdicts = std::iter::once(verdict).chain(std::iter::repeat(Verdict::Pass));
            verdicts.zip(words).collect()
        }
    };
    said.into_iter().map(|said| line(&row.name, &format!("GitHub, {}", row.channel), said)).collect()
}

/// Version, size and age of an asset.
fn asset(word: &str, asset: &ShownAsset) -> String {
    let version = asset.version.map_or_else(|| "without a label".to_owned(), |version| version.to_string());
    let age = asset.age_s.map_or_else(String::new, |seconds| format!(", {}", short_span(seconds)));
    format!("{word} {version}, {} bytes{age}", asset.size_bytes)
}

fn live(found: &OnGithub) -> Said {
    let Some(live) = &found.shown.live else { return fail("NOTHING is live: users get 404") };
    let said = asset("live", live);
    let label = live.label.as_deref().unwrap_or_default();
    match (found.is_draft, found.is_immutable) {
        (true, _) => fail(format!("{said}; a draft, which users cannot see")),
        (_, true) => fail(format!("{said}; IMMUTABLE")),
        _ if live.state != "uploaded" => fail(format!("{said}; half uploaded")),
        _ if is_rolled_back(label) => fail(format!("{said}; it was rolled back")),
        _ => pass(said),
    }
}

/// What else lies on a channel: what a rollback returns to; and what is staged or was rolled back.
fn others(shown: &ShownChannel) -> Vec<String> {
    let previous = shown.previous.iter().map(|found| asset("previous", found));
    let staged = shown.staged.iter().map(|found| asset("staged", found));
    let bad = shown.bad.iter().map(|found| asset("rolled back", found));
    let rest: Vec<String> = staged.chain(bad).collect();
    previous.chain((!rest.is_empty()).then(|| rest.join("; "))).collect()
}

fn manifest(facts: &Facts) -> Said {
    said(&facts.manifest, |here| {
        let Some(here) = here else { return pass("there is none yet") };
        let version = here.manifest.version;
        let remote = &facts.target.remotes.workspace;
        let pushed = facts
            .remote
            .as_ref()
            .map_err(|not_known| &not_known.because)
            .and_then(|remote| remote.manifest.as_ref().map_err(|not_known| &not_known.because));
        let in_head = facts.git.as_ref().is_ok_and(|git| git.manifest == Some(here.file));
        match pushed {
            Ok(there) if *there == Some(here.file) => pass(format!("{version}, in git and on {remote}")),
            Ok(_) if in_head => fail(format!("{version}, in git and not on {remote}")),
            Ok(_) => fail(format!("{version}, not in git")),
            Err(because) => unknown(format!("{version}; {because}")),
        }
    })
}

/// The newest of what the VM was seen to have: a delivery of the records, or its own answer.
fn on_vm(facts: &Facts) -> (String, Said) {
    let mut seen: Vec<(Timestamp, &str, Vec<Option<nexy_contract::Sha256Digest>>)> = Vec::new();
    let deliveries = facts.releases.iter().flatten().filter_map(|release| release.delivered);
    seen.extend(deliveries.map(|(at, sha256)| (at, "delivery", vec![Some(sha256)])));
    seen.extend(facts.vm.manifests.iter().map(|(at, files)| (*at, "VM", files.clone())));
    let Some((at, what, files)) = seen.into_iter().max_by_key(|(at, ..)| *at) else {
        return ("releases/".to_owned(), unknown(format!("never seen; {} asks the machine", facts.make("status VM=1"))));
    };
    let source = format!("{what}, {} ago", short_span(age_s(facts.now, at)));
    let said = match facts.here() {
        Some(here) if files.iter().all(|file| *file == Some(here.file)) => {
            pass(format!("the manifest of {}, as here", here.manifest.version))
        }
        Some(here) => fail(format!("another manifest than that of {} here", here.manifest.version)),
        None => unknown("there is no manifest here to compare with"),
    };
    (source, said)
}

fn age_s(now: Timestamp, at: Timestamp) -> i64 {
    (now.as_second() - at.as_second()).max(0)
}

fn feed(facts: &Facts) -> Said {
    said(&facts.feed, |seen| {
        let offer = match seen {
            Err(found) => return fail(found),
            Ok(offer) => offer,
        };
        let offers = format!("offers {} with {} bytes", offer.version, offer.length_bytes);
        let live = facts.channel(facts.feed_artifact()).and_then(|found| found.shown.live.as_ref());
        match (facts.here(), live) {
            (Some(here), _) if !offer.differences(&here.manifest.announced()).is_empty() => {
                fail(format!("{offers}, the manifest here says {}", here.manifest.version))
            }
            (_, Some(live)) if live.size_bytes != offer.length_bytes => fail(format!("{offers}, live are {}", live.size_bytes)),
            _ => pass(offers),
        }
    })
}

fn health(facts: &Facts) -> Said {
    said(&facts.health, |seen| {
        let found = match seen {
            Err(found) => return fail(found),
            Ok(found) => found,
        };
        let said = format!("{}, version {}", found.status, found.version);
        let version = found.version.parse::<nexy_contract::ReleaseVersion>();
        match (&facts.version, version) {
            _ if found.status != "OK" || found.build != found.version => fail(format!("{said}, build {}", found.build)),
            (_, Err(_)) => fail(format!("{said}, which is none")),
            (Ok(ours), Ok(version)) if version > ours.version => fail(format!("{said}: newer than this workspace")),
            _ => pass(said),
        }
    })
}

/// What the VM's gates said last; after `longest_s` that says nothing of today.
fn database(facts: &Facts, about: &str, gate: &str, longest_s: i64) -> Vec<StatusLine> {
    let ask = || format!("{} asks the machine", facts.make("status VM=1"));
    let (source, said) = match &facts.vm.database {
        None => ("releases/vm".to_owned(), unknown(format!("never seen; {}", ask()))),
        Some((at, report)) => {
            let age = age_s(facts.now, *at);
            let finding = report.findings.iter().find(|finding| finding.id == gate);
            let said = match finding {
                None => unknown("the VM did not say"),
                Some(finding) if age > longest_s => unknown(format!("{}; {}", finding.verdict.word(), ask())),
                Some(finding) => (finding.verdict, finding.found.clone()),
            };
            (format!("VM, {} ago", short_span(age)), said)
        }
    };
    vec![line(about, &source, said)]
}

fn released(facts: &Facts) -> Vec<StatusLine> {
    let mut made: Vec<(&Release, Timestamp)> = facts
        .releases
        .iter()
        .flatten()
        .filter(|release| matches!(release.stage, Stage::Done | Stage::RolledBack))
        .filter_map(|release| Some((release, release.at?)))
        .collect();
    made.sort_by_key(|(_, at)| std::cmp::Reverse(*at));
    let say = |(release, at): &(&Release, Timestamp)| {
        let word = if release.stage == Stage::RolledBack { "rolled back " } else { "" };
        let by = release.by.as_deref().map_or_else(String::new, |by| format!(" by {by}"));
        pass(format!("{} {word}{}{by}", release.version, moment(*at)))
    };
    let mut said: Vec<Said> = made.iter().take(RELEASES).map(say).collect();
    if said.is_empty() {
        said.push(pass("no release has left records here"));
    }
    said.into_iter().map(|said| line("released", "releases/", said)).collect()
}

/// A moment, as people read it.
pub(super) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
