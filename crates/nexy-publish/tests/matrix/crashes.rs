//! The crash matrix: `kill -9` before and after every request of a publication, of a rollback, and of every repairing run.

use crate::case::{self, Seen};
use crate::harness::{self, ADDRESSES};
use crate::invariants;
use crate::model::KILLED;
use crate::parallel::{self, Wrong};
use crate::requests::{self, Request};
use crate::verbs::{PUBLISH, PUBLISH_BOTH, REPAIRS, ROLLBACK, ROLLBACK_TO_A_FILE, Verb};
use nexy_standin::Reply;
use nexy_standin::world::{ARTIFACTS, World};

struct Case<'a> {
    verb: &'a Verb,
    request: Request,
    after: bool,
}

impl Case<'_> {
    fn name(&self) -> String {
        format!("{} · killed {} {}", self.verb.name, if self.after { "after" } else { "before" }, self.request.name())
    }
}

fn cases(verbs: &'static [Verb]) -> Vec<Case<'static>> {
    let at = |verb| {
        requests::of(verb).into_iter().flat_map(move |request| [false, true].map(|after| Case { verb, request: request.clone(), after }))
    };
    verbs.iter().flat_map(at).collect()
}

#[test]
fn a_kill_at_any_request_leaves_a_way_back_and_the_next_run_converges() {
    parallel::run(&cases(const { &[PUBLISH, PUBLISH_BOTH, ROLLBACK, ROLLBACK_TO_A_FILE] }), Case::name, judge);
}

#[test]
fn a_kill_during_a_repair_leaves_a_way_back_and_the_next_run_converges() {
    parallel::run(&cases(REPAIRS), Case::name, judge);
}

fn judge(case: &Case<'_>) -> Wrong {
    let world = harness::new();
    (case.verb.lay_out)(&world);
    let prepared = case::begin(&world, case.verb);
    let file = world.home().join("publish.pid");
    world.standin.fault(case.request.fault(Reply::KillPid { file: file.clone(), after: case.after }));
    let seen = prepared.end(&world, Some(&file));
    let mut wrong = Wrong::new();
    if seen.exit() != KILLED {
        wrong.push(format!("it was not killed\n{}", seen.ran));
    }
    if !seen.ran.stdout.is_empty() {
        wrong.push("a program that was killed has written a record".to_owned());
    }
    wrong.extend(invariants::of_a_run(&world, &seen));
    wrong.extend(a_download_or_a_way_back(&world, &seen));
    wrong.extend(invariants::afterwards(&world, case.verb, &seen));
    if !wrong.is_empty() {
        wrong.push(format!("--- standard error of the run that was killed\n{}", seen.ran.stderr));
    }
    wrong
}

/// Where there was a download, there is one, or the channel holds its bytes under another name.
fn a_download_or_a_way_back(world: &World, seen: &Seen) -> Wrong {
    let is_lost = |address: &usize| {
        let assets = world.standin.assets(ARTIFACTS, ADDRESSES[*address].channel);
        let is_kept = assets.iter().any(|asset| asset.state == "uploaded" && asset.digest == seen.before[*address]);
        seen.before[*address].is_some() && seen.after[*address].is_none() && !is_kept
    };
    let lost = (0..ADDRESSES.len()).filter(is_lost);
    lost.map(|address| format!("users have no {}, and what they had is gone", ADDRESSES[address].live)).collect()
}
