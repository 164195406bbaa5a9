//! One run of a verb, and all that the tests observe of it afterwards.

use crate::harness::{self, Each};
use crate::requests::Request;
use crate::verbs::Verb;
use nexy_contract::Timestamp;
use nexy_standin::world::{Ran, Tool, World};
use nexy_standin::{Hold, Reply, RequestLine};
use serde_json::Value;
use std::ops::Range;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// What was observed of one run.
pub(crate) struct Seen {
    /// How the program ended, and its streams.
    pub(crate) ran: Ran,
    /// The record that it wrote; `None` after a kill.
    pub(crate) record: Option<Value>,
    /// Every request, in the order in which they came.
    pub(crate) requests: Vec<RequestLine>,
    /// What the public addresses served, change by change.
    pub(crate) history: Vec<Vec<Option<String>>>,
    /// What users got before the run.
    pub(crate) before: Each<Option<String>>,
    /// The digests of the live and the previous asset of each address before the run.
    pub(crate) found: Each<Vec<String>>,
    /// What users are to get; what they had, where nothing is to change.
    pub(crate) goal: Each<Option<String>>,
    /// What users get now.
    pub(crate) after: Each<Option<String>>,
    /// When the run began: older files were not written by it.
    pub(crate) begun: SystemTime,
}

impl Seen {
    /// The exit code; 137 after a kill, as in a shell.
    pub(crate) fn exit(&self) -> i32 {
        self.ran.code.unwrap_or(137)
    }

    /// The outcome that the run wrote about itself.
    pub(crate) fn outcome(&self) -> Option<&Value> {
        self.record.as_ref()?["outcomes"].as_array()?.iter().rfind(|outcome| {
            let by = outcome["by"].as_str().unwrap_or_default();
            by.starts_with("nexy-publish")
        })
    }

    /// Whether the run listed the channel for the first time after the other action, so that it has seen its result.
    pub(crate) fn was_listed_after_the_action(&self) -> bool {
        let held = self.held().map(|line| line.number);
        let listed = self.requests.iter().find(|line| line.path.contains("/assets?")).map(|line| line.number);
        listed >= held
    }

    fn held(&self) -> Option<&RequestLine> {
        self.requests.iter().find(|line| is_held(line))
    }

    /// Number of retries in its record.
    pub(crate) fn retries(&self) -> usize {
        self.outcome().and_then(|outcome| outcome["retries"].as_array()).map_or(0, Vec::len)
    }
}

/// Runs the verb to its end. With `pid_file` the stand-in can kill it.
pub(crate) fn run(world: &World, verb: &Verb, pid_file: Option<&Path>) -> Seen {
    begin(world, verb).end(world, pid_file)
}

/// A run that is prepared and not started: a fault that is planted now strikes its own requests, not those of the preparation.
pub(crate) struct Prepared {
    record: Value,
    arguments: Vec<String>,
    before: Each<Option<String>>,
    found: Each<Vec<String>>,
    goal: Each<Option<String>>,
    begun: SystemTime,
}

/// Prepares a run: makes the record, and clears the logs.
pub(crate) fn begin(world: &World, verb: &Verb) -> Prepared {
    let record = (verb.record)(world);
    let before = harness::served(world);
    let mut goal = (verb.goal)(world);
    for (address, goal) in goal.iter_mut().enumerate().filter(|(_, goal)| goal.is_none()) {
        goal.clone_from(&before[address]);
    }
    world.standin.clear_requests();
    world.standin.clear_history();
    let arguments = verb.arguments.iter().map(|word| (*word).to_owned()).collect();
    Prepared { record, arguments, before, found: harness::found(world), goal, begun: Timestamp::now().into() }
}

impl Prepared {
    /// Runs it to its end.
    pub(crate) fn end(self, world: &World, pid_file: Option<&Path>) -> Seen {
        let tool = self.tool(world);
        let ran = match pid_file {
            Some(file) => tool.pid_file(file),
            None => tool,
        };
        let ran = ran.run();
        self.seen(world, ran)
    }

    /// Runs it to its end, and acts while one of its requests is held, before or after its effect. Returns the numbers of the
    /// requests that came meanwhile.
    pub(crate) fn end_while_acting<T>(
        self,
        world: &World,
        request: &Request,
        after: bool,
        act: impl FnOnce() -> T,
    ) -> (Seen, Range<u64>, T) {
        let hold = Hold::default();
        world.standin.fault(request.fault(Reply::Hold { hold: hold.clone(), after }));
        let running = self.tool(world).spawn();
        let is_held = hold.is_reached_within(Duration::from_secs(20));
        let begun = world.standin.arrivals();
        let acted = act();
        let window = begun..world.standin.arrivals();
        hold.let_go();
        let ran = running.wait();
        assert!(is_held, "the request that was to be held never came\n{ran}");
        (self.seen(world, ran), window, acted)
    }

    fn tool(&self, world: &World) -> Tool {
        harness::tool(world, "nexy-publish").args(self.arguments.iter().cloned()).stdin(self.record.to_string())
    }

    fn seen(self, world: &World, ran: Ran) -> Seen {
        let mut requests = world.standin.requests();
        requests.sort_by_key(|line| line.number);
        Seen {
            record: serde_json::from_slice(&ran.stdout_bytes).ok(),
            ran,
            requests,
            history: world.standin.history(),
            before: self.before,
            found: self.found,
            goal: self.goal,
            after: harness::served(world),
            begun: self.begun,
        }
    }
}

/// Whether this is the request that was held.
fn is_held(line: &RequestLine) -> bool {
    line.fault.as_ref().is_some_and(|fault| fault.starts_with("Hold"))
}
