//! The crash matrix: `kill -9` before and after every request, of a publication and of every run that repairs something.

use crate::{
    case, invariants,
    model::KILLED,
    places::{self, Place},
    pool::{self, Wrong},
    site,
    verbs::{PUBLISH, PUBLISH_BOTH, REPAIRS, Verb},
};
use nexy_standin::Reply;

struct Case<'a> {
    verb: &'a Verb,
    place: Place,
    after: bool,
}

impl Case<'_> {
    fn name(&self) -> String {
        format!("{} · killed {} {}", self.verb.name, if self.after { "after" } else { "before" }, self.place.name())
    }
}

fn cases(verbs: &'static [Verb]) -> Vec<Case<'static>> {
    let at =
        |verb| places::of(verb).into_iter().flat_map(move |place| [false, true].map(|after| Case { verb, place: place.clone(), after }));
    verbs.iter().flat_map(at).collect()
}

#[test]
fn a_kill_at_any_request_leaves_a_way_back_and_the_next_run_converges() {
    pool::run(&cases(const { &[PUBLISH, PUBLISH_BOTH] }), Case::name, judge);
}

#[test]
fn a_kill_while_something_is_repaired_leaves_a_way_back_and_the_next_run_converges() {
    pool::run(&cases(REPAIRS), Case::name, judge);
}

fn judge(case: &Case<'_>) -> Wrong {
    let world = site::new();
    (case.verb.lay_out)(&world);
    let prepared = case::begin(&world, case.verb);
    let file = world.home().join("publish.pid");
    world.standin.fault(case.place.fault(Reply::KillPid { file: file.clone(), after: case.after }));
    let seen = prepared.end(&world, Some(&file));
    let mut wrong = Wrong::new();
    if seen.exit() != KILLED {
        wrong.push(format!("it was not killed\n{}", seen.ran));
    }
    if !seen.ran.stdout.is_empty() {
        wrong.push("a program that was killed has answered".to_owned());
    }
    wrong.extend(invariants::of_a_run(&world, &seen));
    wrong.extend(a_download_or_a_way_back(&world, &seen));
    wrong.extend(invariants::afterwards(&world, case.verb, &seen));
    if !wrong.is_empty() {
        wrong.push(format!("--- standard error of the run that was killed\n{}", seen.ran.stderr));
    }
    wrong
}

/// Where there was a download, there is one, or the old bytes lie beside under their kept name.
fn a_download_or_a_way_back(world: &nexy_standin::world::World, seen: &case::Seen) -> Wrong {
    let kept = site::found(world);
    let lost =
        |address: &usize| seen.after[*address].is_none() && seen.before[*address].as_ref().is_some_and(|old| !kept[*address].contains(old));
    let lost = (0..site::ADDRESSES.len()).filter(lost);
    lost.map(|address| format!("users have no {}, and the old bytes are not beside it", site::ADDRESSES[address].live)).collect()
}
