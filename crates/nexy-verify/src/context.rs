//! What all probes of one run share: where to look, what to expect, and how long to wait.

use crate::expected::{self, Code, Expected, Manifest};
use nexy_contract::{
    Fix, Problem, Record, ReleaseVersion, Sha256Digest,
    check::Answer,
    manifest::{ManifestFacts, rule::Rule},
};
use nexy_outside::{
    Secret, Workspace, clock,
    frame::manifests,
    fs::accounts,
    net::{http::Http, token},
};
use std::{
    cell::{Cell, OnceCell, RefCell},
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// The shortest time that one look is given, however near the deadline is; and the longest that a server on this machine,
/// which needs milliseconds, may take: one that hangs must not hold up the run with every probe.
const LEAST_PATIENCE: Duration = Duration::from_secs(5);

/// Where a server is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// On this machine, the VM: no network lies between, so silence is the service's own.
    Here,
    /// As users reach it.
    Outside,
}

/// One life of the service: a restart changes the process, and the count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProcessIdentity {
    /// Its process id.
    pub(crate) process: u32,
    /// How often systemd has restarted it.
    pub(crate) restarts: u32,
    /// What systemd calls this run of it.
    pub(crate) invocation: u128,
}

/// What came through a public URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Downloaded {
    /// The last status, after all redirects.
    pub(crate) status: u16,
    /// How many bytes came.
    pub(crate) size_bytes: u64,
    /// Their digest.
    pub(crate) sha256: Sha256Digest,
    /// What the manifest says as the signature of these bytes, and whether it is one; `None` when no key can verify it.
    pub(crate) signed: Option<(String, bool)>,
}

/// The workspace, the record if one came, and what is to be expected.
#[derive(Debug)]
pub(crate) struct Context {
    /// What `nexy.toml` says, and where the workspace is.
    pub(crate) workspace: Workspace,
    /// The record of standard input.
    pub(crate) record: Option<Record>,
    /// The door to the network; one run keeps its connections.
    pub(crate) http: Http,
    /// The public base URL that is asked.
    pub(crate) public: String,
    /// The version that a person has named.
    pub(crate) expect: Option<ReleaseVersion>,
    /// The same, when what clients are told is held against it as well.
    pub(crate) expect_announced: Option<ReleaseVersion>,
    /// When the run should be over.
    pub(crate) deadline: Cell<Option<Instant>>,
    /// The process that must stay the same while `--stable` lasts.
    pub(crate) expected_process: Cell<Option<ProcessIdentity>>,
    /// The process that was last seen to be right.
    pub(crate) seen: Cell<Option<ProcessIdentity>>,
    /// Downloads of this run by URL, each with the entity tag under which the server still has the same bytes.
    pub(crate) downloads: RefCell<BTreeMap<String, (String, Downloaded)>>,
    code: OnceCell<Expected<Code>>,
    manifest: OnceCell<Expected<Manifest>>,
}

impl Context {
    /// Nothing has been looked at yet.
    pub(crate) fn new(workspace: Workspace, record: Option<Record>, public: String) -> Result<Self, Problem> {
        let http = Http::new(&workspace.target.limits).map_err(|error| error.problem("cannot open the network"))?;
        Ok(Self {
            workspace,
            record,
            http,
            public,
            expect: None,
            expect_announced: None,
            deadline: Cell::new(None),
            expected_process: Cell::new(None),
            seen: Cell::new(None),
            downloads: RefCell::default(),
            code: OnceCell::new(),
            manifest: OnceCell::new(),
        })
    }

    /// The version of the code that should run; read once.
    pub(crate) fn code(&self) -> &Expected<Code> {
        self.code.get_or_init(|| expected::code(&self.workspace, self.record.as_ref(), self.expect))
    }

    /// What the manifests should make the world see; read once.
    pub(crate) fn manifest(&self) -> &Expected<Manifest> {
        self.manifest.get_or_init(|| expected::manifest(&self.workspace, self.record.as_ref(), self.expect_announced))
    }

    /// A manifest of this workspace that no server can serve, or that leads clients elsewhere: delivering it would mend nothing.
    pub(crate) fn broken_here(&self) -> Option<Answer> {
        let target = &self.workspace.target;
        let row = target.feed_artifact().filter(|_| self.record.as_ref().is_none_or(|record| record.manifests.is_empty()))?;
        let url = target.public_url(row);
        let rule = Rule::new(target, &url, row.kind.word(), clock::now());
        let found = manifests::read_all(&self.workspace).ok()?;
        let fault = found.iter().find_map(|manifest| {
            let bytes = manifest.bytes.as_ref().filter(|bytes| ManifestFacts::read(bytes).is_ok())?;
            let fault = rule.faults(bytes).into_iter().find(|fault| fault.is_served)?;
            Some(format!("{} of this workspace is wrong itself: {}", manifest.path, fault.said))
        })?;
        let mend = Fix::note("do not deliver it; this says what is wrong, and where a sound one is:").then_command("nexy-manifest check");
        Some(Answer::fail(fault, format!("a manifest that sends clients to {url}"), mend))
    }

    /// The same on the VM, where it was delivered to: there a manifest that says nothing is a no, since it is what the server reads.
    pub(crate) fn delivered_manifest(&self) -> Result<&Manifest, Box<Answer>> {
        let wanted = "one sound manifest, the same in every folder of layout.manifest_dirs";
        self.manifest().as_ref().map_err(|not_known| {
            let can_be_read = self.record.is_none() && manifests::read_all(&self.workspace).is_ok();
            let mend = Fix::note("this says what to do about it:").then_command("sudo nexy-gate single-manifest");
            Box::new(if can_be_read { Answer::fail(&not_known.because, wanted, mend) } else { not_known.answer(wanted) })
        })
    }

    /// The token for GitHub, if a person has one; root asks without.
    pub(crate) fn token(&self) -> Option<Secret> {
        if accounts::is_root() { None } else { token::find(&self.workspace.target).ok().map(|token| token.secret) }
    }

    /// How long one small request may take: what the configuration allows, and not far beyond the deadline.
    pub(crate) fn patience(&self, place: Place) -> Duration {
        let most = Duration::from_secs(self.workspace.target.limits.request_timeout_s);
        patience(most, place, self.deadline.get().map(|deadline| deadline.saturating_duration_since(Instant::now())))
    }
}

fn patience(most: Duration, place: Place, left: Option<Duration>) -> Duration {
    match (place, left) {
        (Place::Here, _) => most.min(LEAST_PATIENCE),
        (Place::Outside, Some(left)) => most.min(left.max(LEAST_PATIENCE)),
        (Place::Outside, None) => most,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_hangs_holds_up_a_run_for_seconds_on_this_machine_and_never_far_beyond_the_deadline() {
        for (most, place, left, wanted) in [
            (30, Place::Here, None, 5),
            (30, Place::Here, Some(90), 5),
            (2, Place::Here, None, 2),
            (30, Place::Outside, None, 30),
            (30, Place::Outside, Some(90), 30),
            (30, Place::Outside, Some(9), 9),
            (30, Place::Outside, Some(0), 5),
        ] {
            let seconds = Duration::from_secs;
            assert_eq!(patience(seconds(most), place, left.map(seconds)), seconds(wanted), "{most} {place:?} {left:?}");
        }
    }
}
