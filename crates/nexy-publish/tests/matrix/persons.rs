//! A person who changes the channel on the web page, before every request of a publication.

use crate::{
    case::{self, Seen},
    invariants, model,
    places::{self, Place, Step},
    pool::{self, Wrong},
    site, typed,
    verbs::PUBLISH,
};
use nexy_standin::world::{ARTIFACTS, World};

const LIVE: &str = "Nexy.dmg";
const PREVIOUS: &str = "Nexy.prev.dmg";
const BYTES: &[u8] = b"what a person has uploaded";

/// What a person does; what is not there cannot be changed, and then nothing happens.
struct Deed {
    name: &'static str,
    act: fn(&World),
}

const DEEDS: &[Deed] = &[
    Deed { name: "uploads another file", act: |world| put(world, "notes.txt") },
    Deed {
        name: "replaces the live artifact",
        act: |world| {
            delete(world, LIVE);
            put(world, LIVE);
        },
    },
    Deed { name: "deletes the live artifact", act: |world| delete(world, LIVE) },
    Deed { name: "renames the live artifact", act: |world| rename(world, LIVE, "Nexy-old.dmg") },
    Deed {
        name: "labels the live artifact",
        act: |world| {
            if is_there(world, LIVE) {
                world.standin.set_label(ARTIFACTS, "Update", LIVE, Some("do not touch"));
            }
        },
    },
    Deed {
        name: "replaces the previous artifact",
        act: |world| {
            delete(world, PREVIOUS);
            put(world, PREVIOUS);
        },
    },
    Deed { name: "deletes the previous artifact", act: |world| delete(world, PREVIOUS) },
    Deed {
        name: "deletes the staged artifact",
        act: |world| {
            if let Some(name) = staged(world) {
                delete(world, &name);
            }
        },
    },
    Deed {
        name: "renames the staged artifact",
        act: |world| {
            if let Some(name) = staged(world) {
                rename(world, &name, "mine.dmg");
            }
        },
    },
];

struct Case {
    place: Place,
    deed: &'static Deed,
}

impl Case {
    fn name(&self) -> String {
        format!("publish · a person {} before {}", self.deed.name, self.place.name())
    }
}

#[test]
fn a_person_on_the_web_page_is_never_overwritten_and_never_left_without_a_download() {
    let places = places::of(&PUBLISH);
    let cases: Vec<Case> = places.iter().flat_map(|place| DEEDS.iter().map(|deed| Case { place: place.clone(), deed })).collect();
    pool::run(&cases, Case::name, judge);
}

fn judge(case: &Case) -> Wrong {
    let world = site::new();
    let prepared = case::begin(&world, &PUBLISH);
    let (seen, _, (then, ids)) = prepared.end_beside(&world, &case.place, false, || {
        let before = site::served(&world)[0].clone();
        (case.deed.act)(&world);
        (Moment { before, after: site::served(&world)[0].clone() }, persons(&world))
    });
    let mut wrong = Wrong::new();
    if !model::PERSON.contains(&seen.exit()) {
        wrong.push(format!("exit {}, the model allows {:?}", seen.exit(), model::PERSON));
    }
    wrong.extend(served_as_the_model_says(&world, &case.place, &seen, &then));
    let may_go = seen.was_listed_after_the_deed();
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

/// What users got right before the deed, and right after it.
struct Moment {
    before: Option<String>,
    after: Option<String>,
}

fn served_as_the_model_says(world: &World, place: &Place, seen: &Seen, then: &Moment) -> Wrong {
    let mut wrong = Wrong::new();
    let persons = world.standin.history().into_iter().filter_map(|mut served| served.swap_remove(0));
    for digest in persons.filter(|digest| !seen.found[0].contains(digest) && Some(digest) != seen.goal[0].as_ref()) {
        if Some(&digest) != then.after.as_ref() && digest != digest_of(BYTES) {
            wrong.push(format!("I1: users were served {digest}, which was neither found there, nor published, nor the person's"));
        }
    }
    let after = &seen.after[0];
    // What a person does after the last question was asked, no tool can see.
    let was_last = place.step == Step::Tidy || (place.step == Step::ConfirmPublic && place.line.listener == "storage");
    if seen.exit() == 0 && *after != seen.goal[0] && !was_last {
        wrong.push(format!("exit 0, and users get {after:?}"));
    }
    // Nobody but the person may have taken the download away, and then it was gone right after the deed.
    let persons_deed = then.before.is_some() && then.after.is_none();
    if after.is_none() && !persons_deed && !was_last {
        match (seen.exit(), typed::renames(world, seen)) {
            (4, Ok(_)) if site::served(world)[0].is_some() => {}
            (exit, typed) => wrong.push(format!("exit {exit}, users have no download, and what was printed does not help: {typed:?}")),
        }
    }
    wrong
}

/// What lies there with the person's bytes, by id and name.
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
