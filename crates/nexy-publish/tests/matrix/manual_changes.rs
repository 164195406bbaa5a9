//! Manual changes of the channel on the web page, before every request of a publication.

use crate::case::{self, Seen};
use crate::parallel::{self, Wrong};
use crate::requests::{self, Request, Step};
use crate::verbs::PUBLISH;
use crate::{harness, invariants, model, printed_commands};
use nexy_standin::world::{ARTIFACTS, World};

const LIVE: &str = "Nexy.dmg";
const PREVIOUS: &str = "Nexy.prev.dmg";
const BYTES: &[u8] = b"what a person has uploaded";

/// A manual change; without its asset nothing happens.
struct Action {
    name: &'static str,
    act: fn(&World),
}

const ACTIONS: &[Action] = &[
    Action { name: "uploads another file", act: |world| put(world, "notes.txt") },
    Action {
        name: "replaces the live artifact",
        act: |world| {
            delete(world, LIVE);
            put(world, LIVE);
        },
    },
    Action { name: "deletes the live artifact", act: |world| delete(world, LIVE) },
    Action { name: "renames the live artifact", act: |world| rename(world, LIVE, "Nexy-old.dmg") },
    Action {
        name: "labels the live artifact",
        act: |world| {
            if is_there(world, LIVE) {
                world.standin.set_label(ARTIFACTS, "Update", LIVE, Some("do not touch"));
            }
        },
    },
    Action {
        name: "replaces the previous artifact",
        act: |world| {
            delete(world, PREVIOUS);
            put(world, PREVIOUS);
        },
    },
    Action { name: "deletes the previous artifact", act: |world| delete(world, PREVIOUS) },
    Action {
        name: "deletes the staged artifact",
        act: |world| {
            if let Some(name) = staged(world) {
                delete(world, &name);
            }
        },
    },
    Action {
        name: "renames the staged artifact",
        act: |world| {
            if let Some(name) = staged(world) {
                rename(world, &name, "mine.dmg");
            }
        },
    },
];

struct Case {
    request: Request,
    action: &'static Action,
}

impl Case {
    fn name(&self) -> String {
        format!("publish · a person {} before {}", self.action.name, self.request.name())
    }
}

#[test]
fn a_manual_change_is_never_overwritten_and_never_leaves_users_without_a_download() {
    let requests = requests::of(&PUBLISH);
    let cases: Vec<Case> =
        requests.iter().flat_map(|request| ACTIONS.iter().map(|action| Case { request: request.clone(), action })).collect();
    parallel::run(&cases, Case::name, judge);
}

fn judge(case: &Case) -> Wrong {
    let world = harness::new();
    let prepared = case::begin(&world, &PUBLISH);
    let (seen, _, (then, ids)) = prepared.end_while_acting(&world, &case.request, false, || {
        let before = harness::served(&world)[0].clone();
        (case.action.act)(&world);
        (Moment { before, after: harness::served(&world)[0].clone() }, persons(&world))
    });
    let mut wrong = Wrong::new();
    if !model::PERSON.contains(&seen.exit()) {
        wrong.push(format!("exit {}, the model allows {:?}", seen.exit(), model::PERSON));
    }
    wrong.extend(served_as_the_model_says(&world, &case.request, &seen, &then));
    let may_go = seen.was_listed_after_the_action();
    for (id, name) in ids.iter().filter(|id| !(persons(&world).contains(id) || may_go && id.1 == PREVIOUS)) {
        wrong.push(format!("what the person has uploaded as {name} (asset {id}) is gone or renamed"));
    }
    if !wrong.is_empty() {
        wrong.push(format!("--- standard error\n{}", seen.ran.stderr));
    }
    world.standin.clear_faults();
    wrong.extend(invariants::the_next_run_converges(&world, &PUBLISH, &seen.goal));
    wrong
}

/// What users got right before the manual change, and right after it.
struct Moment {
    before: Option<String>,
    after: Option<String>,
}

fn served_as_the_model_says(world: &World, request: &Request, seen: &Seen, then: &Moment) -> Wrong {
    let mut wrong = Wrong::new();
    let persons = world.standin.history().into_iter().filter_map(|mut served| served.swap_remove(0));
    for digest in persons.filter(|digest| !seen.found[0].contains(digest) && Some(digest) != seen.goal[0].as_ref()) {
        if Some(&digest) != then.after.as_ref() && digest != digest_of(BYTES) {
            wrong.push(format!("I1: users were served {digest}, which was neither found there, nor published, nor the person's"));
        }
    }
    let after = &seen.after[0];
    // A change after the last request cannot be seen by any tool.
    let was_last = request.step == Step::DeleteParked || (request.step == Step::ConfirmPublic && request.line.listener == "storage");
    if seen.exit() == 0 && *after != seen.goal[0] && !was_last {
        wrong.push(format!("exit 0, and users get {after:?}"));
    }
    // Only the person may have taken the download away, and then it was missing right after the change.
    let persons_change = then.before.is_some() && then.after.is_none();
    if after.is_none() && !persons_change && !was_last {
        match (seen.exit(), printed_commands::renames(world, seen)) {
            (4, Ok(_)) if harness::served(world)[0].is_some() => {}
            (exit, printed_commands) => {
                wrong.push(format!("exit {exit}, users have no download, and what was printed does not help: {printed_commands:?}"))
            }
        }
    }
    wrong
}

/// The assets with the person's bytes, by id and name.
fn persons(world: &World) -> Vec<(u64, String)> {
    let assets = world.standin.assets(ARTIFACTS, "Update").into_iter();
    assets.filter(|asset| asset.digest.as_deref() == Some(digest_of(BYTES).as_str())).map(|asset| (asset.id, asset.name)).collect()
}

fn digest_of(bytes: &[u8]) -> String {
    format!("sha256:{}", nexy_contract::Sha256Digest::of(bytes))
}

fn is_there(world: &World, name: &str) -> bool {
    world.standin.asset(ARTIFACTS, "Update", name).is_some()
}

fn put(world: &World, name: &str) {
    world.standin.put_asset(ARTIFACTS, "Update", name, BYTES);
}

fn delete(world: &World, name: &str) {
    if is_there(world, name) {
        world.standin.remove_asset(ARTIFACTS, "Update", name);
    }
}

fn rename(world: &World, name: &str, to: &str) {
    if is_there(world, name) {
        world.standin.rename_asset(ARTIFACTS, "Update", name, to);
    }
}

fn staged(world: &World) -> Option<String> {
    let assets = world.standin.assets(ARTIFACTS, "Update").into_iter();
    assets.map(|asset| asset.name).find(|name| name.contains(".next-"))
}
