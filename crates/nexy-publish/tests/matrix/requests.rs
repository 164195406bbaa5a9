//! Where a fault can strike: every request of a run without faults, and the step that it belongs to.

use crate::case::{self, Seen};
use crate::harness::{self, ADDRESSES};
use crate::verbs::Verb;
use nexy_standin::world::{ARTIFACTS, World};
use nexy_standin::{Fault, Listener, Reply, RequestLine};

/// The step of a request, derived from the request and from what users got when it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The question whether immutable releases are switched on.
    Setting,
    /// A read of the API while the old artifact is live.
    Look,
    /// The upload.
    Upload,
    /// A download of the staged asset before it is live: the redirect, and the bytes.
    Verify,
    /// A download of an existing asset that a rollback makes live.
    VerifyRollback,
    /// The rename that parks the previous asset.
    Park,
    /// A delete before anything is swapped.
    Discard,
    /// The rename of the live asset: from here on users have no download.
    Retire,
    /// A rename that gives users a download.
    GoLive,
    /// A read of the API when the new artifact is live.
    ConfirmApi,
    /// A download from the public address when the new artifact is live.
    ConfirmPublic,
    /// The delete of the parked asset, after everything new is live and confirmed.
    DeleteParked,
}

/// One request of a run.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Its number among all requests of the run, from 1.
    pub(crate) order: usize,
    /// Its step.
    pub(crate) step: Step,
    /// Whether new bytes of this run were live already when it came.
    pub(crate) is_half_done: bool,
    /// Its listener.
    pub(crate) listener: Listener,
    /// Its number among the requests at its listener, from 1.
    pub(crate) nth: u32,
    /// The request as it was recorded.
    pub(crate) line: RequestLine,
    /// Listener and number of the request before it.
    pub(crate) preceding: Option<(Listener, u32)>,
}

impl Request {
    /// Its name in the names of cases.
    pub(crate) fn name(&self) -> String {
        let path = self.line.call();
        let end: Vec<&str> = path.rsplit('/').take(2).collect();
        format!("{:?} (#{} {} {} …/{}/{})", self.step, self.order, self.line.listener, self.line.method, end[1], end[0])
    }

    /// Whether the request changes something.
    pub(crate) fn is_change(&self) -> bool {
        self.line.is_mutation()
    }

    /// Whether it goes to GitHub's API or its upload host, which know what a token is.
    pub(crate) fn is_api(&self) -> bool {
        matches!(self.listener, Listener::Api | Listener::Uploads)
    }

    /// A fault that strikes here, once.
    pub(crate) fn fault(&self, reply: Reply) -> Fault {
        Fault::new(self.listener, "*", "", reply).nth(self.nth)
    }
}

/// The requests of a run of `verb` without faults.
pub(crate) fn of(verb: &Verb) -> Vec<Request> {
    let world = harness::new();
    (verb.lay_out)(&world);
    let seen = case::run(&world, verb, None);
    seen.ran.exits(0);
    assert_eq!(seen.after, seen.goal, "{}", seen.ran);
    requests(&world, &seen)
}

fn requests(world: &World, seen: &Seen) -> Vec<Request> {
    let second: Vec<u64> = world.standin.assets(ARTIFACTS, ADDRESSES[1].channel).into_iter().map(|asset| asset.id).collect();
    let mut requests: Vec<Request> = Vec::new();
    for line in &seen.requests {
        let listener = Listener::ALL.into_iter().find(|listener| listener.name() == line.listener).expect("a listener");
        let nth = requests.iter().filter(|request| request.listener == listener).count() as u32 + 1;
        requests.push(Request {
            order: requests.len() + 1,
            step: step(line, usize::from(line.asset_id.is_some_and(|id| second.contains(&id))), seen),
            is_half_done: (0..ADDRESSES.len()).any(|address| is_new(line, address, seen)),
            listener,
            nth,
            line: line.clone(),
            preceding: requests.last().map(|request| (request.listener, request.nth)),
        });
    }
    requests
}

/// The step of a request about one address.
fn step(line: &RequestLine, address: usize, seen: &Seen) -> Step {
    let (before, after) = (&line.watched_before[address], &line.watched_after[address]);
    let is_new = is_new(line, address, seen);
    match (line.listener.as_str(), line.method.as_str()) {
        ("uploads", "POST") => Step::Upload,
        ("api", "GET") if line.path.ends_with("/immutable-releases") => Step::Setting,
        ("api", "GET" | "DELETE") if is_all_new(line, seen) && line.asset_id.is_none_or(|_| line.method == "DELETE") => Step::DeleteParked,
        ("api", "DELETE") => Step::Discard,
        ("api", "PATCH") if before == after => Step::Park,
        ("api", "PATCH") if before.is_none() && after.is_some() => Step::GoLive,
        ("api", "PATCH") => Step::Retire,
        ("api", "GET") if is_new && line.asset_id.is_some() => Step::ConfirmApi,
        ("api", "GET") => Step::Look,
        ("web" | "storage", "GET") if is_new => Step::ConfirmPublic,
        ("web" | "storage", "GET") if seen.requests.iter().any(|line| line.listener == "uploads") => Step::Verify,
        ("web" | "storage", "GET") => Step::VerifyRollback,
        _ => panic!("a request that no run makes: {line:?}"),
    }
}

fn is_all_new(line: &RequestLine, seen: &Seen) -> bool {
    let mut changed = (0..ADDRESSES.len()).filter(|address| seen.goal[*address] != seen.before[*address]).peekable();
    changed.peek().is_some() && changed.all(|address| is_new(line, address, seen))
}

fn is_new(line: &RequestLine, address: usize, seen: &Seen) -> bool {
    seen.goal[address] != seen.before[address] && line.watched_before[address] == seen.goal[address]
}
