//! The fault matrix: every request of a run × every fault that can strike there.

use crate::{
    case, invariants,
    kinds::{Extent, KINDS, Kind},
    model,
    places::{self, Place},
    pool::{self, Wrong},
    site,
    verbs::{PUBLISH, PUBLISH_BOTH, ROLLBACK, ROLLBACK_TO_A_FILE, Verb},
};

struct Case<'a> {
    verb: &'a Verb,
    place: Place,
    kind: &'a Kind,
    extent: Extent,
}

impl Case<'_> {
    fn name(&self) -> String {
        format!("{} · {} × {}, {:?}", self.verb.name, self.place.name(), self.kind.name, self.extent)
    }
}

/// Every request of a publication and of a rollback; of a publication of two artifacts, and of a rollback to a file, only what has no like
/// there: what comes once the first artifact is live, and the changes.
fn struck() -> Vec<(&'static Verb, Vec<Place>)> {
    let mut both = places::of(&PUBLISH_BOTH);
    both.retain(|place| place.is_half_done);
    let mut to_a_file = places::of(&ROLLBACK_TO_A_FILE);
    to_a_file.retain(Place::is_change);
    vec![(&PUBLISH, places::of(&PUBLISH)), (&PUBLISH_BOTH, both), (&ROLLBACK, places::of(&ROLLBACK)), (&ROLLBACK_TO_A_FILE, to_a_file)]
}

fn cases() -> Vec<Case<'static>> {
    let mut cases = Vec::new();
    for (verb, places) in struck() {
        for place in places {
            for kind in KINDS.iter().filter(|kind| kind.applies(&place)) {
                cases.extend(kind.extents().iter().map(|extent| Case { verb, place: place.clone(), kind, extent: *extent }));
            }
        }
    }
    // What waits longest begins first.
    cases.sort_by_key(|case| case.extent != Extent::FromHereOn);
    cases
}

#[test]
fn no_fault_at_any_request_costs_users_the_download() {
    let cases = cases();
    pool::run(&cases, Case::name, judge);
}

fn judge(case: &Case<'_>) -> Wrong {
    let world = if case.kind.is_silent() { site::with_patience(site::BRISK_S) } else { site::new() };
    (case.verb.lay_out)(&world);
    let prepared = case::begin(&world, case.verb);
    case.kind.plant(&world, &case.place, case.extent);
    let seen = prepared.end(&world, None);
    let allowed = model::allowed(case.place.step, case.place.is_half_done, case.kind.class, case.extent);
    let mut wrong = Wrong::new();
    if !allowed.exits.contains(&seen.exit()) {
        wrong.push(format!("exit {}, the model allows {:?}", seen.exit(), allowed.exits));
    }
    let retries = seen.retries();
    if allowed.retried && seen.exit() == 0 && retries == 0 {
        wrong.push("it went well, and no retry was written down".to_owned());
    }
    let told = seen.ran.stderr.matches("asking again in ").count();
    if told != retries {
        wrong.push(format!("{retries} retries in the record, {told} on standard error"));
    }
    wrong.extend(invariants::of_a_run(&world, &seen));
    wrong.extend(invariants::afterwards(&world, case.verb, &seen));
    if !wrong.is_empty() {
        wrong.push(format!("--- standard error of the run under test\n{}", seen.ran.stderr));
    }
    wrong
}

/// What is left out is left out by a rule, and every fault and every step is there.
#[test]
fn every_fault_strikes_somewhere_and_every_request_is_struck() {
    let cases = cases();
    for kind in KINDS {
        assert!(cases.iter().any(|case| std::ptr::eq(case.kind, kind)), "{} strikes nowhere", kind.name);
    }
    for (verb, places) in struck() {
        for place in places {
            let kinds = cases.iter().filter(|case| case.verb.name == verb.name && case.place.order == place.order).count();
            assert!(kinds >= 12, "only {kinds} faults strike at {}", place.name());
        }
    }
}
