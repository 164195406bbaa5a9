//! Races: two publishers on two machines. One of them is held at every request, before and after its effect, while the other one
//! runs from its beginning to its end.

use crate::{
    case::{self, Seen},
    invariants,
    machine::Machine,
    model,
    places::{self, Place, Step},
    pool::{self, Wrong},
    site,
    verbs::PUBLISH,
};
use nexy_standin::{
    RequestLine,
    world::{ARTIFACTS, Ran, World},
};
use std::ops::Range;

struct Case {
    place: Place,
    after: bool,
    /// The seed of the other machine's bytes; none for the same bytes.
    seed: Option<u64>,
}

impl Case {
    fn name(&self) -> String {
        let bytes = if self.seed.is_some() { "other" } else { "the same" };
        let side = if self.after { "after" } else { "before" };
        format!("publish · another machine publishes {bytes} bytes {side} {}", self.place.name())
    }

    fn name_at_home(&self) -> String {
        let bytes = if self.seed.is_some() { "other" } else { "equal" };
        format!("publish · another workspace of this machine publishes {bytes} bytes before {}", self.place.name())
    }
}

#[test]
fn two_machines_that_publish_at_once_leave_one_whole_download() {
    let mut cases = Vec::new();
    for place in places::of(&PUBLISH) {
        for after in [false, true] {
            cases.extend([None, Some(77)].map(|seed| Case { place: place.clone(), after, seed }));
        }
    }
    pool::run(&cases, Case::name, judge);
}

fn judge(case: &Case) -> Wrong {
    let world = site::new();
    let other = Machine::new(&world, case.seed);
    let old = site::served(&world)[0].clone();
    let at_first = Found::now(&world);
    let prepared = case::begin(&world, &PUBLISH);
    let (seen, window, (then, theirs)) = prepared.end_beside(&world, &case.place, case.after, || (Found::now(&world), other.publishes()));
    let mut wrong = Wrong::new();
    let exits = (seen.exit(), theirs.code.unwrap_or(model::KILLED));
    for (who, exit) in [("the held one", exits.0), ("the other one", exits.1)] {
        if !model::RACE.contains(&exit) {
            wrong.push(format!("{who} ends with {exit}, the model allows {:?}", model::RACE));
        }
    }
    let goals = [seen.goal[0].clone(), Some(other.goal())];
    let served = &seen.after[0];
    if let Some(strange) =
        seen.history.iter().map(|served| &served[0]).find(|digest| digest.is_some() && **digest != old && !goals.contains(digest))
    {
        wrong.push(format!("I1: users were served {strange:?}, which nobody has published"));
    }
    // Who ended well and last has users served; what was confirmed already may be replaced by the other one a moment later.
    let is_confirming = matches!(case.place.step, Step::ConfirmApi | Step::ConfirmPublic);
    let expected: Vec<&Option<String>> = match exits {
        (0, 0) if is_confirming => goals.iter().collect(),
        (0, _) => vec![&goals[0]],
        (_, 0) => vec![&goals[1]],
        _ => vec![&old],
    };
    if !expected.contains(&served) {
        wrong.push(format!("exits {exits:?}, and users get {served:?} instead of one of {expected:?}"));
    }
    wrong.extend(only_its_own(&seen, &window, [at_first, then], case.seed.is_none()));
    if !wrong.is_empty() {
        wrong.push(told(&seen.ran, &theirs));
    }
    world.standin.clear_faults();
    wrong.extend(invariants::the_next_run_converges(&world, &PUBLISH, &seen.goal));
    wrong
}

/// What lay on the channel when a publisher began.
#[derive(Clone, Copy)]
struct Found {
    live: Option<u64>,
    previous: Option<u64>,
}

impl Found {
    fn now(world: &World) -> Self {
        let id = |name| world.standin.asset(ARTIFACTS, "Update", name).map(|asset| asset.id);
        Self { live: id("Nexy.dmg"), previous: id("Nexy.prev.dmg") }
    }
}

/// Nobody deletes what the other one has uploaded, nor what is kept for its rollback; nobody renames what it has not seen.
fn only_its_own(seen: &Seen, window: &Range<u64>, found: [Found; 2], same_bytes: bool) -> Wrong {
    let is_theirs = |line: &&RequestLine| window.contains(&line.number);
    let (theirs, ours): (Vec<&RequestLine>, Vec<&RequestLine>) = seen.requests.iter().partition(is_theirs);
    let uploads = |lines: &[&RequestLine]| -> Vec<Option<u64>> {
        lines.iter().filter(|line| line.method == "POST" && line.asset_id.is_some()).map(|line| line.asset_id).collect()
    };
    let mut wrong = Wrong::new();
    for (who, own, others, found) in
        [("the held one", &ours, uploads(&theirs), found[0]), ("the other one", &theirs, uploads(&ours), found[1])]
    {
        let uploaded = uploads(own);
        for line in own.iter().filter(|line| line.status < 300 && line.status > 0) {
            let is_own = uploaded.contains(&line.asset_id) || [found.live, found.previous].contains(&line.asset_id);
            let strange = match line.method.as_str() {
                "DELETE" => !uploaded.contains(&line.asset_id) && line.asset_id != found.previous,
                // The same bytes are the same work: whoever comes second may finish it.
                "PATCH" => !is_own && !(same_bytes && others.contains(&line.asset_id)),
                _ => false,
            };
            if strange {
                wrong.push(format!("{who} did {} to what is not its own", line.call()));
            }
        }
    }
    wrong
}

fn told(ours: &Ran, theirs: &Ran) -> String {
    format!("--- standard error of the held one\n{}--- standard error of the other one\n{}", ours.stderr, theirs.stderr)
}

/// On one machine the second publisher finds the first at work before it asks anything that matters.
#[test]
fn a_second_publisher_on_the_same_machine_changes_nothing() {
    let mut cases = Vec::new();
    for place in places::of(&PUBLISH) {
        cases.extend([None, Some(77)].map(|seed| Case { place: place.clone(), after: false, seed }));
    }
    pool::run(&cases, Case::name_at_home, |case| {
        let world = site::new();
        let other = Machine::the_same(&world, case.seed);
        let (seen, window, theirs) = case::begin(&world, &PUBLISH).end_beside(&world, &case.place, case.after, || other.publishes());
        let mut wrong = invariants::of_a_run(&world, &seen);
        if (seen.exit(), theirs.code) != (0, Some(model::LOCKED)) {
            wrong.push(format!("the first ends with {}, the second with {:?}", seen.exit(), theirs.code));
        }
        let mutations = seen.requests.iter().filter(|line| window.contains(&line.number) && line.is_mutation());
        wrong.extend(mutations.map(|line| format!("the second did {}", line.call())));
        if !wrong.is_empty() {
            wrong.push(told(&seen.ran, &theirs));
        }
        wrong
    });
}

/// Nobody is told yes twice for two different artifacts at the same moment: the second machine starts when the first has ended.
#[test]
fn a_second_machine_after_the_first_finds_the_channel_changed() {
    let world = site::new();
    let other = Machine::new(&world, Some(77));
    let prepared = case::begin(&world, &PUBLISH);
    let theirs = other.publishes();
    theirs.exits(0);
    let seen = prepared.end(&world, None);
    seen.ran.exits(75);
    assert_eq!(seen.after[0], Some(other.goal()));
    assert_eq!(served_by_name(&world), 1);
}

fn served_by_name(world: &World) -> usize {
    world.standin.assets(ARTIFACTS, "Update").iter().filter(|asset| asset.name == "Nexy.dmg").count()
}
