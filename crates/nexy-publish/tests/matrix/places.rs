//! Where a fault can strike: every request of a run without faults, and what it is for.

use crate::{
    case::{self, Seen},
    site::{self, ADDRESSES},
    verbs::Verb,
};
use nexy_standin::{
    Fault, Listener, Reply, RequestLine,
    world::{ARTIFACTS, World},
};

/// What a request is for, told from the request and from what users got when it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A question to the API while the old artifact is live.
    Look,
    /// The upload.
    Upload,
    /// A download of the staged file, before it is live: the redirect, and the bytes.
    Verify,
    /// A download of what lies there already and is to go live once more.
    Prove,
    /// What was live the time before gives up its name.
    MakeRoom,
    /// An asset is deleted, before anything is swapped.
    Discard,
    /// The live asset is renamed away: from here on users have no download.
    Retire,
    /// A rename that gives users a download.
    GoLive,
    /// A question to the API when the new artifact is live.
    ConfirmApi,
    /// A question to the public address when the new artifact is live.
    ConfirmPublic,
    /// Everything new is live and confirmed, and what nobody needs any more is removed.
    Tidy,
}

/// One request of a run.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// Its place among all requests of the run, from 1.
    pub(crate) order: usize,
    /// What it is for.
    pub(crate) step: Step,
    /// Whether new bytes of this run were live already when it came.
    pub(crate) is_half_done: bool,
    /// Its door.
    pub(crate) door: Listener,
    /// Its place among the requests at its door, from 1.
    pub(crate) nth: u32,
    /// The request as it was recorded.
    pub(crate) line: RequestLine,
    /// Door and place of the request before it.
    pub(crate) preceding: Option<(Listener, u32)>,
}

impl Place {
    /// For the names of cases.
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
        matches!(self.door, Listener::Api | Listener::Uploads)
    }

    /// A fault that strikes here, once.
    pub(crate) fn fault(&self, reply: Reply) -> Fault {
        Fault::new(self.door, "*", "", reply).nth(self.nth)
    }
}

/// The requests of a run of `verb` that nothing disturbs.
pub(crate) fn of(verb: &Verb) -> Vec<Place> {
    let world = site::new();
    (verb.lay_out)(&world);
    let seen = case::run(&world, verb, None);
    seen.ran.exits(0);
    assert_eq!(seen.after, seen.goal, "{}", seen.ran);
    places(&world, &seen)
}

fn places(world: &World, seen: &Seen) -> Vec<Place> {
    let second: Vec<u64> = world.standin.assets(ARTIFACTS, ADDRESSES[1].channel).into_iter().map(|asset| asset.id).collect();
    let mut places: Vec<Place> = Vec::new();
    for line in &seen.requests {
        let door = Listener::ALL.into_iter().find(|door| door.name() == line.listener).expect("a door");
        let nth = places.iter().filter(|place| place.door == door).count() as u32 + 1;
        places.push(Place {
            order: places.len() + 1,
            step: step(line, usize::from(line.asset_id.is_some_and(|id| second.contains(&id))), seen),
            is_half_done: (0..ADDRESSES.len()).any(|address| is_new(line, address, seen)),
            door,
            nth,
            line: line.clone(),
            preceding: places.last().map(|place| (place.door, place.nth)),
        });
    }
    places
}

/// The step of a request about one address.
fn step(line: &RequestLine, address: usize, seen: &Seen) -> Step {
    let (before, after) = (&line.watched_before[address], &line.watched_after[address]);
    let is_new = is_new(line, address, seen);
    match (line.listener.as_str(), line.method.as_str()) {
        ("uploads", "POST") => Step::Upload,
        ("api", "GET" | "DELETE") if is_all_new(line, seen) && line.asset_id.is_none_or(|_| line.method == "DELETE") => Step::Tidy,
        ("api", "DELETE") => Step::Discard,
        ("api", "PATCH") if before == after => Step::MakeRoom,
        ("api", "PATCH") if before.is_none() && after.is_some() => Step::GoLive,
        ("api", "PATCH") => Step::Retire,
        ("api", "GET") if is_new && line.asset_id.is_some() => Step::ConfirmApi,
        ("api", "GET") => Step::Look,
        ("web" | "storage", "GET") if is_new => Step::ConfirmPublic,
        ("web" | "storage", "GET") if seen.requests.iter().any(|line| line.listener == "uploads") => Step::Verify,
        ("web" | "storage", "GET") => Step::Prove,
        _ => panic!("a request that no publication makes: {line:?}"),
    }
}

fn is_all_new(line: &RequestLine, seen: &Seen) -> bool {
    let mut changed = (0..ADDRESSES.len()).filter(|address| seen.goal[*address] != seen.before[*address]).peekable();
    changed.peek().is_some() && changed.all(|address| is_new(line, address, seen))
}

fn is_new(line: &RequestLine, address: usize, seen: &Seen) -> bool {
    seen.goal[address] != seen.before[address] && line.watched_before[address] == seen.goal[address]
}
