//! Races of two machines: one of them is held at every request, before and after its effect, while the other one runs to its end.

use crate::parallel::{self, Wrong};
use crate::requests::{self, Request, Step};
use crate::second_publisher::{Action, Machine};
use crate::verbs::{PUBLISH, ROLLBACK, ROLLBACK_TO_A_FILE, Verb};
use crate::{case, harness, invariants, model};
use nexy_standin::RequestLine;
use nexy_standin::world::{ARTIFACTS, Ran, World};

/// Other bytes than the first machine has.
pub(crate) const OTHER: Option<u64> = Some(77);

struct Case {
    /// The run that is held.
    verb: &'static Verb,
    request: Request,
    after: bool,
    /// What the other machine does meanwhile.
    action: Action,
    /// The seed of the other machine's bytes; `None` for the same bytes.
    seed: Option<u64>,
}

impl Case {
    fn name(&self) -> String {
        let bytes = if self.seed.is_some() { "other" } else { "the same" };
        let side = if self.after { "after" } else { "before" };
        format!("{} · another machine {:?} ({bytes} bytes) {side} {}", self.verb.name, self.action, self.request.name())
    }

    fn name_at_home(&self) -> String {
        let bytes = if self.seed.is_some() { "other" } else { "equal" };
        format!("publish · another workspace of this machine publishes {bytes} bytes before {}", self.request.name())
    }
}

fn cases(verb: &'static Verb, action: Action, seeds: &[Option<u64>]) -> Vec<Case> {
    let of = |request: Request| {
        let sides = [false, true].into_iter().flat_map(|after| seeds.iter().map(move |seed| (after, *seed)));
        sides.map(|(after, seed)| Case { verb, request: request.clone(), after, action, seed }).collect::<Vec<_>>()
    };
    requests::of(verb).into_iter().flat_map(of).collect()
}

#[test]
fn two_machines_that_publish_at_once_leave_one_whole_download() {
    parallel::run(&cases(&PUBLISH, Action::Publishes, &[None, OTHER]), Case::name, judge);
}

#[test]
fn a_rollback_beside_a_publication_leaves_one_whole_download() {
    let mut all = cases(&PUBLISH, Action::RollsBack, &[None]);
    all.extend(cases(&PUBLISH, Action::RollsBackToItsFile, &[OTHER]));
    all.extend(cases(&ROLLBACK, Action::Publishes, &[OTHER]));
    all.extend(cases(&ROLLBACK, Action::RollsBack, &[None]));
    all.extend(cases(&ROLLBACK_TO_A_FILE, Action::Publishes, &[OTHER]));
    parallel::run(&all, Case::name, judge);
}

#[test]
fn clean_deletes_nothing_that_another_run_works_with() {
    let mut all = cases(&PUBLISH, Action::Cleans, &[None]);
    all.extend(cases(&ROLLBACK_TO_A_FILE, Action::Cleans, &[None]));
    parallel::run(&all, Case::name, |case| {
        let mut wrong = judge(case);
        wrong.retain(|line| !line.starts_with("exits "));
        wrong
    });
}

fn judge(case: &Case) -> Wrong {
    let world = harness::new();
    (case.verb.lay_out)(&world);
    let other = Machine::new(&world, case.seed);
    let old = harness::served(&world)[0].clone();
    let at_first = Found::now(&world);
    let prepared = case::begin(&world, case.verb);
    let (seen, window, (then, theirs, after)) = prepared.end_while_acting(&world, &case.request, case.after, || {
        let then = Found::now(&world);
        (then, other.does(case.action).run(), Found::now(&world))
    });
    let mut wrong = Wrong::new();
    let exits = (seen.exit(), theirs.code.unwrap_or(model::KILLED));
    for (who, exit) in [("the held one", exits.0), ("the other one", exits.1)] {
        if !model::RACE.contains(&exit) {
            wrong.push(format!("{who} ends with {exit}, the model allows {:?}", model::RACE));
        }
    }
    let found: Vec<Option<String>> = seen.found[0].iter().cloned().map(Some).collect();
    let mut ours = vec![seen.goal[0].clone()];
    if case.verb.name == ROLLBACK.name && seen.was_listed_after_the_action() {
        // It returns to the candidate that it has found.
        ours.extend(found.clone());
    }
    let goals = match case.action {
        Action::Publishes | Action::RollsBackToItsFile => vec![Some(other.goal())],
        // What it has found.
        Action::RollsBack => found.clone(),
        Action::Cleans => ours.clone(),
    };
    let known = |digest: &Option<String>| [&ours, &goals, &found].iter().any(|digests| digests.contains(digest));
    if let Some(strange) = seen.history.iter().map(|served| &served[0]).find(|digest| digest.is_some() && !known(digest)) {
        wrong.push(format!("I1: users were served {strange:?}, which was not published"));
    }
    let served = &seen.after[0];
    let expected = match exits {
        // The last run that ended well decides; the other one may replace what was confirmed already.
        (0, 0) if case.action == Action::Publishes && !is_confirming(case.request.step) => ours,
        (0, 0) => [ours, goals].concat(),
        (0, _) => ours,
        (_, 0) if case.action == Action::Cleans => vec![old],
        (_, 0) => goals,
        // A run between the renames restores what was live before, or what was just retired.
        _ if then.live.is_none() => found,
        _ => vec![old],
    };
    if !expected.contains(served) {
        wrong.push(format!("exits {exits:?}, and users get {served:?} instead of one of {expected:?}"));
    }
    if case.action == Action::Cleans && exits.0 != 0 {
        wrong.push(format!("it ends with {}, because of a clean", exits.0));
    }
    let at_first = if seen.was_listed_after_the_action() { after } else { at_first };
    wrong.extend(only_its_own(&seen.requests, |line| window.contains(&line.number), [at_first, then], case.seed.is_none()));
    if !wrong.is_empty() {
        wrong.push(streams(&seen.ran, &theirs));
    }
    world.standin.clear_faults();
    let is_one_way = case.verb.name == PUBLISH.name && matches!(case.action, Action::Publishes | Action::Cleans);
    wrong.extend(match is_one_way {
        true => invariants::the_next_run_converges(&world, case.verb, &seen.goal),
        false => invariants::the_next_run_ends_well(&world, case.verb),
    });
    wrong
}

fn is_confirming(step: Step) -> bool {
    matches!(step, Step::ConfirmApi | Step::ConfirmPublic | Step::DeleteParked)
}

/// The assets on the channel when a run began.
#[derive(Clone, Copy)]
pub(crate) struct Found {
    live: Option<u64>,
    previous: Option<u64>,
}

impl Found {
    pub(crate) fn now(world: &World) -> Self {
        let id = |name| world.standin.asset(ARTIFACTS, "Update", name).map(|asset| asset.id);
        // During a publication it is parked.
        let parked =
            || world.standin.assets(ARTIFACTS, "Update").into_iter().find(|asset| asset.name.contains(".old-")).map(|asset| asset.id);
        Self { live: id("Nexy.dmg"), previous: id("Nexy.prev.dmg").or_else(parked) }
    }
}

/// No run deletes an upload or a rollback candidate of the other one, and no run renames what it has not seen.
pub(crate) fn only_its_own(
    requests: &[RequestLine],
    is_theirs: impl Fn(&RequestLine) -> bool,
    found: [Found; 2],
    same_bytes: bool,
) -> Wrong {
    let (theirs, ours): (Vec<&RequestLine>, Vec<&RequestLine>) = requests.iter().partition(|line| is_theirs(line));
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
            let foreign = match line.method.as_str() {
                "DELETE" => !uploaded.contains(&line.asset_id) && line.asset_id != found.previous,
                // The second run may finish the upload of the same bytes.
                "PATCH" => !(is_own || same_bytes && others.contains(&line.asset_id)),
                _ => false,
            };
            if foreign {
                wrong.push(format!("{who} did {} to what is not its own", line.call()));
            }
        }
    }
    wrong
}

pub(crate) fn streams(ours: &Ran, theirs: &Ran) -> String {
    format!("--- standard error of the held one\n{}--- standard error of the other one\n{}", ours.stderr, theirs.stderr)
}

/// On one machine the second publisher finds the lock of the first before it changes anything.
#[test]
fn a_second_publisher_on_the_same_machine_changes_nothing() {
    let all: Vec<Case> = cases(&PUBLISH, Action::Publishes, &[None, OTHER]).into_iter().filter(|case| !case.after).collect();
    parallel::run(&all, Case::name_at_home, |case| {
        let world = harness::new();
        let other = Machine::the_same(&world, case.seed);
        let (seen, window, theirs) =
            case::begin(&world, &PUBLISH).end_while_acting(&world, &case.request, case.after, || other.publishes());
        let mut wrong = invariants::of_a_run(&world, &seen);
        if (seen.exit(), theirs.code) != (0, Some(model::LOCKED)) {
            wrong.push(format!("the first ends with {}, the second with {:?}", seen.exit(), theirs.code));
        }
        let mutations = seen.requests.iter().filter(|line| window.contains(&line.number) && line.is_mutation());
        wrong.extend(mutations.map(|line| format!("the second did {}", line.call())));
        if !wrong.is_empty() {
            wrong.push(streams(&seen.ran, &theirs));
        }
        wrong
    });
}

/// The second machine starts when the first has ended, with a report from before that.
#[test]
fn a_second_machine_after_the_first_finds_the_channel_changed() {
    let world = harness::new();
    let other = Machine::new(&world, OTHER);
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
