//! Interleavings: one machine is held at each of its requests, the other one begins and is held at each of its own, the first one
//! runs to its end, and then the second.

use crate::parallel::{self, Wrong};
use crate::races::{self, Found, OTHER};
use crate::requests::{self, Request};
use crate::second_publisher::{Action, Machine};
use crate::verbs::PUBLISH;
use crate::{case, harness, invariants, model};
use nexy_standin::{Hold, Reply, world::ARTIFACTS};
use std::time::Duration;

struct Case {
    /// Where the first one is held.
    first: Request,
    /// Where the second one is held, if it gets there.
    second: Request,
    seed: Option<u64>,
}

impl Case {
    fn name(&self) -> String {
        let bytes = if self.seed.is_some() { "other" } else { "the same" };
        format!("two publications ({bytes} bytes), held before {} and before {}", self.first.name(), self.second.name())
    }
}

#[test]
fn two_publications_that_alternate_leave_one_whole_download_and_one_to_go_back_to() {
    let mut requests = requests::of(&PUBLISH);
    // Downloads change nothing.
    requests.retain(Request::is_api);
    let mut all = Vec::new();
    for first in &requests {
        for second in &requests {
            all.extend([None, OTHER].map(|seed| Case { first: first.clone(), second: second.clone(), seed }));
        }
    }
    parallel::run(&all, Case::name, judge);
}

fn judge(case: &Case) -> Wrong {
    let world = harness::new();
    let other = Machine::new(&world, case.seed);
    let old = harness::served(&world)[0].clone();
    let at_first = Found::now(&world);
    let hold = Hold::default();
    let (seen, window, (then, running)) = case::begin(&world, &PUBLISH).end_while_acting(&world, &case.first, false, || {
        let then = Found::now(&world);
        let theirs = other.does(Action::Publishes);
        world.standin.fault(case.second.fault(Reply::Hold { hold: hold.clone(), after: false }));
        let mut running = theirs.spawn();
        while !running.has_ended() && !hold.is_reached_within(Duration::from_millis(5)) {}
        // The fault must not hold the first one when the second never made this request.
        world.standin.clear_faults();
        (then, running)
    });
    let first_ended = world.standin.arrivals();
    hold.let_go();
    let theirs = running.wait();
    let mut wrong = Wrong::new();
    let exits = (seen.exit(), theirs.code.unwrap_or(model::KILLED));
    for (who, exit) in [("the first one", exits.0), ("the second one", exits.1)] {
        if !model::RACE.contains(&exit) {
            wrong.push(format!("{who} ends with {exit}, the model allows {:?}", model::RACE));
        }
    }
    let goals = [seen.goal[0].clone(), Some(other.goal())];
    let served = harness::served(&world)[0].clone();
    let strange = world.standin.history().into_iter().map(|mut served| served.swap_remove(0));
    for digest in strange.filter(|digest| digest.is_some() && *digest != old && !goals.contains(digest)) {
        wrong.push(format!("I1: users were served {digest:?}, which was not published"));
    }
    let expected: Vec<&Option<String>> = match exits {
        (0, 0) => goals.iter().collect(),
        (0, _) => vec![&goals[0]],
        (_, 0) => vec![&goals[1]],
        _ => vec![&old],
    };
    if !expected.contains(&&served) {
        wrong.push(format!("exits {exits:?}, and users get {served:?} instead of one of {expected:?}"));
    }
    let previous = world.standin.asset(ARTIFACTS, "Update", "Nexy.prev.dmg");
    if previous.is_none_or(|asset| asset.digest == served) {
        wrong.push("there is no other asset that a rollback could return to".to_owned());
    }
    let mut requests = world.standin.requests();
    requests.sort_by_key(|line| line.number);
    let is_theirs = |number: u64| window.contains(&number) || number >= first_ended;
    wrong.extend(races::only_its_own(&requests, |line| is_theirs(line.number), [at_first, then], case.seed.is_none()));
    if !wrong.is_empty() {
        wrong.push(races::streams(&seen.ran, &theirs));
    }
    wrong.extend(invariants::the_next_run_converges(&world, &PUBLISH, &seen.goal));
    wrong
}
