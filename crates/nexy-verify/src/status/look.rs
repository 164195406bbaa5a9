//! The looks of a status: what is read at once, and what is asked beside each other, each in a thread of its own.

use super::{
    facts::{Facts, Here, InInbox, Local, OnGithub, Remote, Version, late},
    records,
};
use crate::{
    certificate,
    context::{Context, Place},
    expected::{self, Expected, NotKnown},
    fetch::{self, Unread},
    health,
    probes::feed,
};
use nexy_contract::{
    Fix, Problem, ReleaseVersion, Sha256Digest,
    build_receipt::{self, BuildReceipt},
    check::Answer,
    target_file::{ArtifactRow, VersionPlace},
    text::shell_word,
    version_places,
};
use nexy_outside::{
    Workspace, clock,
    frame::{manifests, version_file},
    fs::files::{self, OpenArtifact},
    net::{channel, github::Github, http::Http, token},
    programs::git::{Git, GitError},
};

/// Larger files hold no version, manifest or receipt.
const MAX_BYTES: u64 = 4 << 20;
/// With fewer days left, a certificate is wrong.
const CERTIFICATE_DAYS: i64 = 3;
/// So many versions after VERSION are looked up on the remote, to name one that no tag has.
const AHEAD: usize = 5;

/// What one look is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Git,
    Remote,
    Server,
    Inbox,
    Github,
    Feed,
    Health,
    Certificate,
}

/// Puts what was seen into its place.
pub(super) type Fill = Box<dyn FnOnce(&mut Facts) + Send>;

/// A look, to be run in a thread of its own.
pub(super) type Look = (Part, Box<dyn FnOnce() -> Fill + Send>);

/// What stands in the files of the workspace; all that is asked elsewhere has not answered yet.
pub(super) fn of_files(workspace: &Workspace) -> Facts {
    let target = workspace.target.clone();
    let has_scripts = workspace.path("scripts/release.sh").exists();
    // make reads `$$` as one `$`.
    let elsewhere = || format!(" NEXY_TOML={}", shell_word(&workspace.target_path.display().to_string()).replace('$', "$$"));
    Facts {
        make_words: if has_scripts { String::new() } else { elsewhere() },
        now: clock::now(),
        version: version(workspace),
        git: Err(late()),
        remote: Err(late()),
        server_tag: Err(late()),
        releases: records::releases(workspace),
        inbox: Err(late()),
        channels: target.artifacts.iter().map(|_| Err(late())).collect(),
        immutability: Err(late()),
        manifest: manifest(workspace),
        feed: Err(late()),
        health: Err(late()),
        certificate: late().answer(""),
        vm: records::vm(workspace),
        target,
    }
}

/// Everything that may take a while.
pub(super) fn all(workspace: &Workspace, version: Option<ReleaseVersion>) -> Vec<Look> {
    let look = |part: Part, run: fn(&Workspace, Option<ReleaseVersion>) -> Fill| -> Look {
        let workspace = workspace.clone();
        (part, Box::new(move || run(&workspace, version)))
    };
    vec![
        look(Part::Git, |workspace, _| {
            let seen = local(workspace);
            Box::new(|facts| facts.git = seen)
        }),
        look(Part::Remote, |workspace, version| {
            let seen = remote(workspace, version);
            Box::new(|facts| facts.remote = seen)
        }),
        look(Part::Server, |workspace, version| {
            let seen = server_tag(workspace, version);
            Box::new(|facts| facts.server_tag = seen)
        }),
        look(Part::Inbox, |workspace, _| {
            let seen = inbox(workspace);
            Box::new(|facts| facts.inbox = seen)
        }),
        look(Part::Github, |workspace, _| github(workspace)),
        look(Part::Feed, |workspace, _| {
            let seen = offer(workspace);
            Box::new(|facts| facts.feed = seen)
        }),
        look(Part::Health, |workspace, _| {
            let seen = said(workspace);
            Box::new(|facts| facts.health = seen)
        }),
        look(Part::Certificate, |workspace, _| {
            let seen = certificate_of(workspace);
            Box::new(|facts| facts.certificate = seen)
        }),
    ]
}

fn version(workspace: &Workspace) -> Expected<Version> {
    let version = version_file::read(workspace)
        .map_err(|error| NotKnown { because: error.because().to_owned(), fix: Fix::command("nexy-version check") })?;
    let places = &workspace.target.version_places;
    let holds = |place: &VersionPlace| match files::read_text_if_there(&workspace.path(&place.file), MAX_BYTES) {
        Ok(Some(text)) => version_places::read(place, &text).is_ok_and(|spots| spots.iter().all(|spot| spot.version == version)),
        Ok(None) => place.optional,
        Err(_) => false,
    };
    let others = places.iter().filter(|place| !holds(place)).map(|place| place.file.clone()).collect();
    Ok(Version { version, places: places.len(), others })
}

fn manifest(workspace: &Workspace) -> Expected<Option<Here>> {
    let check = || Fix::command("nexy-manifest check");
    let found = manifests::read_all(workspace).map_err(|error| NotKnown { because: error.to_string(), fix: check() })?;
    let Some(bytes) = found.iter().find_map(|manifest| manifest.bytes.as_ref()) else { return Ok(None) };
    if let Some(other) = found.iter().find(|other| other.bytes.as_ref() != Some(bytes)) {
        return Err(NotKnown { because: format!("{} differs from the others", other.path), fix: check() });
    }
    let manifest = expected::manifest(workspace, None, None)?;
    Ok(Some(Here { manifest, file: Sha256Digest::of(bytes) }))
}

fn unreadable(workspace: &Workspace) -> impl Fn(GitError) -> NotKnown + '_ {
    |error| {
        let see =
            Fix::note("see what git says:").then_command(format!("git -C {} status", shell_word(&workspace.root.display().to_string())));
        NotKnown { because: error.to_string(), fix: see }
    }
}

fn git(workspace: &Workspace) -> Expected<Git> {
    let none = || NotKnown {
        because: format!("{} is no git repository", workspace.root.display()),
        fix: Fix::note(format!("work in a clone of {}", workspace.target.repositories.workspace)),
    };
    Git::at(&workspace.root).map_err(unreadable(workspace))?.ok_or_else(none)
}

/// Digest of the manifest file of a commit.
fn manifest_of(workspace: &Workspace, git: &Git, commit: &str) -> Result<Option<Sha256Digest>, GitError> {
    let Some(folder) = workspace.target.layout.manifest_dirs.first() else { return Ok(None) };
    let path = format!("{folder}/manifest.json");
    let entry = git.tree(commit)?.into_iter().find(|entry| entry.path == path && entry.is_file());
    let bytes = entry.map(|entry| git.blob(&entry, MAX_BYTES)).transpose()?.flatten();
    Ok(bytes.as_deref().map(Sha256Digest::of))
}

/// A release tag and its commit. An annotated tag is followed by the commit that it names.
fn release_tags(refs: &[(String, String)]) -> Vec<(ReleaseVersion, String)> {
    let version = |name: &str| name.strip_prefix("refs/tags/v")?.parse::<ReleaseVersion>().ok();
    let commit = |name: &str, object: &str| {
        let peeled = format!("{name}^{{}}");
        refs.iter().find(|(name, _)| *name == peeled).map_or(object, |(_, commit)| commit).to_owned()
    };
    refs.iter().filter_map(|(name, object)| Some((version(name)?, commit(name, object)))).collect()
}

fn local(workspace: &Workspace) -> Expected<Local> {
    let git = git(workspace)?;
    let look = || {
        let mut refs = Vec::new();
        for found in git.refs(&["refs/tags/v*"])? {
            let commit = git.object(&format!("{}^{{commit}}", found.name))?;
            refs.push((found.name, commit.unwrap_or(found.object)));
        }
        let head = git.object("HEAD^{commit}")?;
        let manifest = head.as_ref().map(|head| manifest_of(workspace, &git, head)).transpose()?.flatten();
        Ok(Local { head, tags: release_tags(&refs), manifest })
    };
    look().map_err(unreadable(workspace))
}

/// The references of a remote, asked by their names.
fn asked(git: &Git, remote: &str, names: &[String]) -> Expected<Vec<(String, String)>> {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let listed = git.ask_remote(remote, &names, super::WITHIN);
    let listed = listed.map_err(|error| {
        let word = shell_word(remote);
        let look = Fix::note("see why the remote does not answer:").then_command(format!("git ls-remote {word} HEAD"));
        NotKnown { because: error.to_string(), fix: look }
    });
    Ok(listed?.into_iter().map(|found| (found.name, found.object)).collect())
}

/// A tag, and the commit that an annotated one names.
fn tag_names(version: ReleaseVersion) -> [String; 2] {
    let name = format!("refs/tags/{}", version.tag());
    [format!("{name}^{{}}"), name]
}

fn remote(workspace: &Workspace, version: Option<ReleaseVersion>) -> Expected<Remote> {
    let (git, target) = (git(workspace)?, &workspace.target);
    let branch = format!("refs/heads/{}", target.workflow.branch);
    let versions = std::iter::successors(version, |version| Some(version.next())).take(AHEAD);
    let names: Vec<String> = versions.flat_map(tag_names).chain([branch.clone()]).collect();
    let refs = asked(&git, &target.remotes.workspace, &names)?;
    let tip = refs.iter().find(|(name, _)| *name == branch).map(|(_, commit)| commit.clone());
    let fetch = || Fix::command(format!("git fetch {}", shell_word(&target.remotes.workspace)));
    let unreadable_here = unreadable(workspace);
    let is_here = tip.as_deref().map_or(Ok(true), |tip| git.has(tip)).map_err(&unreadable_here)?;
    let manifest = match &tip {
        None => Ok(None),
        Some(tip) if is_here => manifest_of(workspace, &git, tip).map_err(unreadable(workspace)),
        Some(_) => {
            let because = format!("{} has commits on {} that are not here", target.remotes.workspace, target.workflow.branch);
            Err(NotKnown { because, fix: fetch() })
        }
    };
    // What git refuses to tell is not known: it is neither behind nor up to date.
    let leads = |from: &str, to: &str| git.is_ancestor(from, to).map_err(&unreadable_here);
    let (is_behind, has_parted) = match &tip {
        None => (false, false),
        Some(_) if !is_here => (true, false),
        Some(tip) if leads(tip, "HEAD")? => (false, false),
        Some(tip) => (true, !leads("HEAD", tip)?),
    };
    Ok(Remote { tags: release_tags(&refs), tip, is_behind, has_parted, manifest })
}

fn server_tag(workspace: &Workspace, version: Option<ReleaseVersion>) -> Expected<bool> {
    let git = git(workspace)?;
    let names: Vec<String> = version.into_iter().flat_map(tag_names).collect();
    asked(&git, &workspace.target.remotes.server, &names).map(|refs| !refs.is_empty())
}

fn inbox(workspace: &Workspace) -> Expected<Vec<InInbox>> {
    let target = &workspace.target;
    let folder = workspace.path(&target.layout.inbox);
    let not_known = |because: String| NotKnown { because, fix: Fix::command("make inbox-check") };
    let names = files::list(&folder).map_err(|error| not_known(error.to_string()))?.unwrap_or_default();
    let there = target.artifacts.iter().filter(|row| names.contains(&row.name));
    let read = |row: &ArtifactRow| {
        let mut file = OpenArtifact::open(&folder.join(&row.name)).map_err(|error| not_known(error.to_string()))?;
        let sha256 = file.hash().map_err(|error| not_known(error.to_string()))?;
        let receipt = files::read(&folder.join(build_receipt::name_of(&row.name)), MAX_BYTES).ok();
        let receipt = receipt.and_then(|bytes| BuildReceipt::read(&bytes).ok()).filter(|receipt| receipt.sha256 == sha256);
        Ok(InInbox { name: row.name.clone(), size_bytes: file.size_bytes, sha256, built: receipt.map(|receipt| receipt.version) })
    };
    there.map(read).collect()
}

fn from_problem(problem: Problem) -> NotKnown {
    NotKnown { because: problem.message(), fix: problem.fix }
}

/// Every channel, and whether what is published is frozen: all asked at once.
fn github(workspace: &Workspace) -> Fill {
    let target = &workspace.target;
    let http = match Http::new(&target.limits) {
        Ok(http) => http,
        Err(error) => {
            let because = from_problem(error.problem("cannot open the network"));
            return Box::new(move |facts| facts.channels.iter_mut().for_each(|seen| *seen = Err(because.clone())));
        }
    };
    // Public releases can be read without a token; with one the limits are wider.
    let github = Github::new(&http, target, token::find(target).ok().map(|token| token.secret));
    let look = |row: &ArtifactRow| -> Expected<Option<OnGithub>> {
        let not_known =
            |error: nexy_outside::net::github::GithubError| from_problem(error.problem(format!("cannot look at {}", row.channel)));
        let Some(release) = github.release(&row.channel).map_err(not_known)? else { return Ok(None) };
        let found = channel::sort(&row.name, github.listing(release.id).map_err(not_known)?);
        let shown = channel::shown(&found, row, target.public_url(row));
        Ok(Some(OnGithub { shown, is_draft: release.draft, is_immutable: release.immutable }))
    };
    let (channels, immutability) = std::thread::scope(|scope| {
        let looks: Vec<_> = target.artifacts.iter().map(|row| scope.spawn(move || look(row))).collect();
        let immutability = github.immutability().map_err(|error| from_problem(error.problem("cannot look at the repository")));
        (looks.into_iter().map(|look| look.join().unwrap_or_else(|_| Err(late()))).collect::<Vec<_>>(), immutability)
    });
    Box::new(move |facts| {
        facts.channels = channels;
        facts.immutability = immutability;
    })
}

/// An answer that no server could have sent is not known; one that says nothing useful is a fault of the server.
fn useful<T>(read: Result<T, Unread>) -> Expected<Result<T, String>> {
    match read {
        Ok(said) => Ok(Ok(said)),
        Err(Unread::Useless(found)) => Ok(Err(found)),
        Err(Unread::Nothing(not_known)) => Err(not_known),
    }
}

fn ask<T>(workspace: &Workspace, path: &str, read: impl Fn(&str, &fetch::Look) -> Result<T, Unread>) -> Expected<Result<T, String>> {
    let public = workspace.target.endpoints.public.clone();
    let url = format!("{public}{path}");
    let context = Context::new(workspace.clone(), None, public).map_err(from_problem)?;
    useful(read(&url, &fetch::fetch(&context, &url, Place::Outside)))
}

fn offer(workspace: &Workspace) -> Expected<Result<nexy_contract::appcast::Offer, String>> {
    ask(workspace, feed::PATH, |url, look| feed::read(url, look)?.offer().map_err(|error| Unread::Useless(format!("{url}: {error}"))))
}

fn said(workspace: &Workspace) -> Expected<Result<health::Said, String>> {
    ask(workspace, "/health", health::read)
}

/// Whether clients accept the certificate of the public host, and for how long.
fn certificate_of(workspace: &Workspace) -> Answer {
    match Context::new(workspace.clone(), None, workspace.target.endpoints.public.clone()) {
        Ok(context) => certificate::check(&context, CERTIFICATE_DAYS),
        Err(problem) => from_problem(problem).answer(""),
    }
}

/// What a run of a few seconds may wait for.
pub(super) fn hurry(workspace: &mut Workspace) {
    let limits = &mut workspace.target.limits;
    limits.connect_timeout_s = limits.connect_timeout_s.min(3);
    limits.request_timeout_s = limits.request_timeout_s.min(4);
    limits.stall_timeout_s = limits.stall_timeout_s.min(4);
}
