//! The fault matrix: every request of a run × every fault that can strike there.

use crate::faults::{Extent, FAULTS, FaultKind};
use crate::parallel::{self, Wrong};
use crate::requests::{self, Request};
use crate::verbs::{PUBLISH, PUBLISH_BOTH, ROLLBACK, ROLLBACK_TO_A_FILE, Verb};
use crate::{case, harness, invariants, model};

struct Case<'a> {
    verb: &'a Verb,
    request: Request,
    kind: &'a FaultKind,
    extent: Extent,
}

impl Case<'_> {
    fn name(&self) -> String {
        format!("{} · {} × {}, {:?}", self.verb.name, self.request.name(), self.kind.name, self.extent)
    }
}

/// The requests that are struck: all of a publication and of a rollback. Of a publication of two artifacts only those after the
/// first one is live, and of a rollback to a file only the changes, since the others are the same.
fn struck() -> Vec<(&'static Verb, Vec<Request>)> {
    let mut both = requests::of(&PUBLISH_BOTH);
    both.retain(|request| request.is_half_done);
    let mut to_a_file = requests::of(&ROLLBACK_TO_A_FILE);
    to_a_file.retain(Request::is_change);
    vec![(&PUBLISH, requests::of(&PUBLISH)), (&PUBLISH_BOTH, both), (&ROLLBACK, requests::of(&ROLLBACK)), (&ROLLBACK_TO_A_FILE, to_a_file)]
}

fn cases() -> Vec<Case<'static>> {
    let mut cases = Vec::new();
    for (verb, requests) in struck() {
        for request in requests {
            for kind in FAULTS.iter().filter(|kind| kind.applies(&request)) {
                cases.extend(kind.extents().iter().map(|extent| Case { verb, request: request.clone(), kind, extent: *extent }));
            }
        }
    }
    // The slowest cases begin first.
    cases.sort_by_key(|case| case.extent != Extent::FromHereOn);
    cases
}

#[test]
fn no_fault_at_any_request_costs_users_the_download() {
    let cases = cases();
    parallel::run(&cases, Case::name, judge);
}

fn judge(case: &Case<'_>) -> Wrong {
    let world = if case.kind.is_silent() { harness::with_timeout(harness::SHORT_TIMEOUT_S) } else { harness::new() };
    (case.verb.lay_out)(&world);
    let prepared = case::begin(&world, case.verb);
    case.kind.plant(&world, &case.request, case.extent);
    let seen = prepared.end(&world, None);
    let allowed = model::allowed(case.request.step, case.request.is_half_done, case.kind.class, case.extent);
    let mut wrong = Wrong::new();
    if !allowed.exits.contains(&seen.exit()) {
        wrong.push(format!("exit {}, the model allows {:?}", seen.exit(), allowed.exits));
    }
    let retries = seen.retries();
    if allowed.retried && seen.exit() == 0 && retries == 0 {
        wrong.push("it ended well, and no retry is recorded".to_owned());
    }
    let printed = seen.ran.stderr.matches("retry in ").count();
    if printed != retries {
        wrong.push(format!("{retries} retries in the record, {printed} on standard error"));
    }
    wrong.extend(invariants::of_a_run(&world, &seen));
    wrong.extend(invariants::afterwards(&world, case.verb, &seen));
    if !wrong.is_empty() {
        wrong.push(format!("--- standard error of the run under test\n{}", seen.ran.stderr));
    }
    wrong
}

/// Cases are left out only by a rule, and every fault and every request takes part.
#[test]
fn every_fault_strikes_a_request_and_every_request_is_struck() {
    let cases = cases();
    for kind in FAULTS {
        assert!(cases.iter().any(|case| std::ptr::eq(case.kind, kind)), "{} strikes no request", kind.name);
    }
    for (verb, requests) in struck() {
        for request in requests {
            let kinds = cases.iter().filter(|case| case.verb.name == verb.name && case.request.order == request.order).count();
            assert!(kinds >= 12, "only {kinds} faults strike at {}", request.name());
        }
    }
}
