//! `client`: plays the shipped client, step by step: feed, comparison, URL, download, length, and what it is after the install.
//!
//! It reads the first item of the feed and compares its `sparkle:version` with its own CFBundleVersion. It takes https alone, and the
//! kind of file from the end of the URL. From a feed it compares the length alone; from a JSON manifest the SHA-256 as well.

mod walk;

use crate::{
    cli::{Builds, Walk},
    context::{Context, Place},
    expected::NotKnown,
    fetch, probe,
    probes::feed,
};
use nexy_contract::{
    Exit, Finding, Fix, Problem, ReleaseVersion, Report, Sha256Digest,
    build_receipt::{self, BuildReceipt},
    check::Answer,
    digest::RunningDigest,
    manifest::{
        ManifestFacts,
        one_artifact::{Known, Origin, Pair},
    },
    text, url,
};
use nexy_outside::{
    Common, Workspace, clock,
    frame::published,
    fs::{accounts, files},
    net::{
        http::{Ask, Failure, Url},
        token,
    },
    programs::git::{Git, GitError},
};
use std::time::Instant;
use walk::{Download, Installs, Offer};

const RUNBOOK: &str = "S2 §4.9, S3 §6";
/// A receipt has some hundred bytes.
const MAX_RECEIPT_BYTES: u64 = 64 << 10;

/// What a client takes from the feed.
struct Read {
    build: String,
    url: String,
    length_bytes: u64,
    /// Known from a JSON manifest alone.
    sha256: Option<Sha256Digest>,
}

/// Plays the client, and prints the report.
pub(crate) fn run(walk: &Walk, common: &Common) -> Result<Exit, Problem> {
    common.format()?;
    let workspace = Workspace::find(common)?;
    let public = workspace.target.endpoints.public.clone();
    let context = Context::new(workspace, None, public)?;
    let address = walk.feed.clone().unwrap_or_else(|| format!("{}{}", context.public, feed::PATH));
    let builds = match &walk.from {
        Builds::One(_) => Vec::new(),
        Builds::All => tagged(&context.workspace)?,
    };
    let mut findings = Vec::new();
    let mut add = |id: &str, started: Instant, answer: Answer| findings.push(answer.finding(id, RUNBOOK, started.elapsed()));
    let started = Instant::now();
    let looked = read(&context, &address);
    add("client-feed", started, judge_feed(&address, &looked));
    let offer = match looked {
        Ok(read) => {
            let is_offered = match &walk.from {
                Builds::One(build) => walk::is_offered(&read.build, build),
                Builds::All => builds.iter().any(|build| walk::is_offered(&read.build, &build.to_string())),
            };
            let started = Instant::now();
            let (download, sha256) = match is_offered {
                true => download(&context, &read),
                false => (Download::NotKnown("nothing is offered, so nothing was downloaded".to_owned()), None),
            };
            if is_offered {
                add("client-download", started, judge_download(&read, &download));
            }
            let installs = installs(&context, &read, sha256);
            Some(Offer { build: read.build, download, installs })
        }
        Err(_) => None,
    };
    let started = Instant::now();
    match (&offer, &walk.from) {
        // No client gets any further than the feed.
        (None, _) => {}
        (Some(offer), Builds::One(build)) => add("client", started, walk::judge(build, offer)),
        (Some(offer), Builds::All) => walk::judge_all(&builds, offer).into_iter().for_each(|(id, answer)| add(id, started, answer)),
    }
    print(&walk.from, findings, common)
}

fn print(from: &Builds, findings: Vec<Finding>, common: &Common) -> Result<Exit, Problem> {
    let from = match from {
        Builds::One(build) => build,
        Builds::All => "ALL",
    };
    let report = Report::new(probe::TOOL, &format!("client {from}"), clock::now(), Vec::new(), findings);
    common.print_report(&report)?;
    Ok(report.verdict.exit())
}

/// Every version that git's tags know, lowest first; a tag may have a `v` or none.
fn tagged(workspace: &Workspace) -> Result<Vec<ReleaseVersion>, Problem> {
    let problem = |because: String, fix: Fix| Problem::new(Exit::CouldNotLook, "cannot tell which versions there are", because, fix);
    let look = || -> Result<Vec<ReleaseVersion>, GitError> {
        let Some(git) = Git::at(&workspace.root)? else { return Ok(Vec::new()) };
        let tags = git.refs(&["refs/tags/"])?;
        let version = |name: &str| name.strip_prefix("refs/tags/").map(|tag| tag.strip_prefix('v').unwrap_or(tag))?.parse().ok();
        let mut versions: Vec<ReleaseVersion> = tags.iter().filter_map(|tag| version(&tag.name)).collect();
        versions.sort_unstable();
        versions.dedup();
        Ok(versions)
    };
    let versions = look().map_err(|error| problem(error.to_string(), Fix::command("git tag --list")))?;
    if versions.is_empty() {
        let because = format!("git knows no tag of a release in {}", workspace.root.display());
        return Err(problem(because, Fix::command("git fetch --tags").then_note("or name one build: nexy-verify client --from 2.0.0.4")));
    }
    Ok(versions)
}

/// Why nothing is offered: what no client can read, or what could not be looked at.
enum NoOffer {
    Useless(String),
    NotKnown(NotKnown),
}

/// Reads the feed as the client does: XML by the end of its URL or by its first characters, else a JSON manifest.
fn read(context: &Context, address: &str) -> Result<Read, NoOffer> {
    let look = fetch::fetch(context, address, Place::Outside);
    let is_xml = |body: &[u8]| address.ends_with(".xml") || body.trim_ascii_start().starts_with(b"<?xml");
    if let Ok((200, body)) = &look
        && !is_xml(body)
    {
        let facts = ManifestFacts::read(body).map_err(|error| NoOffer::Useless(format!("{address} {error}")))?;
        let ManifestFacts { version, url, size_bytes, sha256, .. } = facts;
        return Ok(Read { build: version.to_string(), url, length_bytes: size_bytes, sha256: Some(sha256) });
    }
    let feed = feed::read(address, &look).map_err(|error| match error {
        fetch::Unread::Nothing(not_known) => NoOffer::NotKnown(not_known),
        fetch::Unread::Useless(because) => NoOffer::Useless(because),
    })?;
    let offer = feed.offer().map_err(|error| NoOffer::Useless(format!("{address}: {error}")))?;
    Ok(Read { build: offer.version, url: offer.url, length_bytes: offer.length_bytes, sha256: None })
}

fn judge_feed(address: &str, looked: &Result<Read, NoOffer>) -> Answer {
    let expected = "a feed that clients can read, or a manifest";
    match looked {
        Ok(read) => {
            let build = text::excerpt(&read.build, 40);
            Answer::pass(format!("{address} offers {build}, {} bytes, {}", read.length_bytes, text::excerpt(&read.url, 160)))
        }
        Err(NoOffer::Useless(because)) => {
            let fix = Fix::note("no client is offered anything; this says what is wrong:").then_command("nexy-verify updates");
            Answer::fail(because, expected, fix)
        }
        Err(NoOffer::NotKnown(not_known)) => not_known.answer(expected),
    }
}

/// Downloads what is offered, and accepts or refuses it as the client does; the digest of the bytes, when there are any.
fn download(context: &Context, read: &Read) -> (Download, Option<Sha256Digest>) {
    let target = &context.workspace.target;
    let shown = text::excerpt(&read.url, 160);
    let Some(address) = Url::parse(&read.url).filter(|_| url::is_safe(&read.url)) else {
        return (Download::Refused(format!("{shown} is no plain https URL")), None);
    };
    let kind = kind(&read.url);
    if let Some(row) = target.feed_artifact().filter(|row| row.kind.word() != kind) {
        return (Download::Refused(format!("by its end {shown} is taken for a {kind}, and {} is a {}", row.name, row.kind.word())), None);
    }
    let limits = &target.limits;
    let ask = Ask::get(address, limits.transfer_timeout(read.length_bytes), limits.artifact_max_bytes.max(read.length_bytes));
    let mut digest = RunningDigest::default();
    let answered = context.http.download(&ask, &mut |piece| digest.update(piece));
    let sha256 = digest.finish();
    match answered {
        Err(error) if error.kind == Failure::TooLarge => (Download::Refused(format!("{shown} is larger than any artifact may be")), None),
        Err(error) if error.kind == Failure::EndlessRedirects => (Download::Refused(error.said), None),
        Err(error) => (Download::NotKnown(error.said), None),
        Ok(answer) if fetch::is_from_intermediary(answer.status) || answer.status >= 500 => {
            (Download::NotKnown(format!("{shown} answers {}", answer.status)), None)
        }
        Ok(answer) if answer.status != 200 => (Download::Refused(format!("{shown} answers {}", answer.status)), None),
        Ok(answer) => (accepted(read, answer.body_bytes, sha256), Some(sha256)),
    }
}

/// Whether these bytes are accepted; codesign and spctl, which the client asks then, need a Mac.
fn accepted(read: &Read, size_bytes: u64, sha256: Sha256Digest) -> Download {
    if size_bytes != read.length_bytes {
        return Download::Refused(format!("the download has {size_bytes} bytes, {} are announced", read.length_bytes));
    }
    let checked = match read.sha256 {
        Some(wanted) if wanted != sha256 => {
            return Download::Refused(format!("the download has sha256 {}, {} is announced", sha256.short(), wanted.short()));
        }
        Some(_) => "their length and sha256 are right",
        None => "their length is right, and it is told nothing else to compare",
    };
    Download::Accepted(format!("downloads {size_bytes} bytes and accepts them: {checked}"))
}

/// The kind of file that the client takes a URL for; everything else is a package to it.
fn kind(address: &str) -> &'static str {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    ["dmg", "zip"].into_iter().find(|end| path.strip_suffix(*end).is_some_and(|name| name.ends_with('.'))).unwrap_or("pkg")
}

fn judge_download(read: &Read, download: &Download) -> Answer {
    let expected = format!("{} bytes that clients accept", read.length_bytes);
    let show =
        Fix::note("see what is live, and what clients are told:").then_command("nexy-publish show").then_command("nexy-verify updates");
    match download {
        Download::Accepted(how) => Answer::pass(format!("a client {how}")),
        Download::Refused(because) => Answer::fail(because, expected, show),
        Download::NotKnown(because) => Answer::unknown(because, expected, show),
    }
}

/// The build that these bytes install: what the machine that built them says, else the version that they were published under.
fn installs(context: &Context, read: &Read, sha256: Option<Sha256Digest>) -> Installs {
    let Some(sha256) = sha256 else { return Installs::NotKnown("nothing was downloaded".to_owned()) };
    let workspace = &context.workspace;
    if let Some(receipt) = receipt(workspace).filter(|receipt| receipt.sha256 == sha256) {
        return Installs::Build(receipt.version, "its build receipt".to_owned());
    }
    let pair = Pair { version: read.build.parse().unwrap_or(ReleaseVersion::new([0; 4])), sha256 };
    let token = || if accounts::is_root() { None } else { token::find(&workspace.target).ok().map(|token| token.secret) };
    let evidence = published::look(workspace, pair, None, token);
    let not_seen = evidence.not_seen.map_or_else(|| "no receipt, label or record names these bytes".to_owned(), |(what, _)| what);
    published_as(pair, &evidence.known).map_or(Installs::NotKnown(not_seen), |(version, place)| Installs::Build(version, place.to_owned()))
}

/// The version that these bytes went out under: the announced one if they did, else the lowest. What git says of manifests that are
/// older than these tools proves nothing.
fn published_as(pair: Pair, known: &[Known]) -> Option<(String, &'static str)> {
    let place = |origin: &Origin| match origin {
        Origin::Label => Some("the label of the live asset"),
        Origin::Record(_) => Some("the record of its publication"),
        Origin::Told(_) => Some("a manifest in git"),
        Origin::Earlier(_) => None,
    };
    let of_bytes = known.iter().filter(|known| known.pair.sha256 == pair.sha256);
    let proved = of_bytes.filter_map(|known| Some((known.pair.version, place(&known.origin)?)));
    let (version, place) = proved.min_by_key(|(version, _)| (*version != pair.version, *version))?;
    Some((version.to_string(), place))
}

/// The receipt of the feed's artifact in the inbox.
fn receipt(workspace: &Workspace) -> Option<BuildReceipt> {
    let row = workspace.target.feed_artifact()?;
    let path = format!("{}/{}", workspace.target.layout.inbox, build_receipt::name_of(&row.name));
    BuildReceipt::read(&files::read(&workspace.path(&path), MAX_RECEIPT_BYTES).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_of_file_is_the_end_of_the_url_and_else_a_package() {
        for (address, wanted) in [
            ("https://h/Nexy.dmg", "dmg"),
            ("https://h/Nexy.dmg?a=b.pkg", "dmg"),
            ("https://h/Nexy.zip", "zip"),
            ("https://h/Nexy.pkg", "pkg"),
            ("https://h/dmg", "pkg"),
            ("https://h/Nexy.DMG", "pkg"),
        ] {
            assert_eq!(kind(address), wanted, "{address}");
        }
    }

    #[test]
    fn a_feed_lets_other_bytes_of_the_same_length_pass_and_a_manifest_does_not() {
        let (right, other) = (Sha256Digest::of(b"right"), Sha256Digest::of(b"other"));
        let read = |sha256| Read { build: "2.0.0.5".into(), url: "https://h/Nexy.dmg".into(), length_bytes: 5, sha256 };
        for (sha256, size_bytes, got, passes) in [
            (None, 5, other, true),
            (None, 6, right, false),
            (Some(right), 5, right, true),
            (Some(right), 5, other, false),
            (Some(right), 6, right, false),
        ] {
            let accepted = accepted(&read(sha256), size_bytes, got);
            assert_eq!(matches!(accepted, Download::Accepted(_)), passes, "{accepted:?}");
        }
    }

    #[test]
    fn bytes_install_what_they_were_published_as() {
        let pair = |last, bytes: &str| Pair { version: ReleaseVersion::new([2, 0, 0, last]), sha256: Sha256Digest::of(bytes.as_bytes()) };
        let known = |origin, pair| Known { pair, origin };
        let past = || Origin::Earlier("c".to_owned());
        for (all, wanted) in [
            (vec![], None),
            (vec![known(Origin::Label, pair(4, "other"))], None),
            (vec![known(past(), pair(4, "a"))], None),
            (vec![known(Origin::Label, pair(4, "a")), known(past(), pair(3, "a"))], Some("2.0.0.4")),
            (vec![known(Origin::Label, pair(5, "a")), known(Origin::Told("c".to_owned()), pair(4, "a"))], Some("2.0.0.5")),
            (vec![known(Origin::Label, pair(4, "a")), known(Origin::Record("r".to_owned()), pair(3, "a"))], Some("2.0.0.3")),
        ] {
            let found = published_as(pair(5, "a"), &all);
            assert_eq!(found.as_ref().map(|(version, _)| version.as_str()), wanted, "{all:?}");
        }
    }
}
