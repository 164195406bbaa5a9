//! `restore-drill` against real receipts; root alone may write them, so all of this needs root.

use crate::{
    db_backup::{change, kept, newest},
    holds,
    vm::{ask_as_a_stranger, asked, judged, set_mode},
};
use serde_json::{Value, json};
use std::fs;

const GATE: &str = "restore-drill";
const HOUR: i64 = 3600;

#[test]
fn a_recent_drill_of_a_known_backup_passes() {
    let Some(world) = kept("a_recent_drill_of_a_known_backup_passes") else { return };
    holds(&asked(&world, GATE, 0), "found", "came back whole, 20 hours ago: 2 tables");
}

#[test]
fn one_that_is_too_old_or_failed_is_a_no_with_the_script_to_run() {
    let Some(world) = kept("one_that_is_too_old_or_failed_is_a_no_with_the_script_to_run") else { return };
    let old = world.backup(200 * HOUR, 40_000, 3);
    fs::remove_file(newest(&world, "drill")).expect("the drill");
    world.drill(169 * HOUR, 200 * HOUR, &old, "passed");
    let finding = asked(&world, GATE, 1);
    holds(&finding, "found", "7 days ago");
    holds(&finding, "fix", &format!("cd {} && ./server/scripts/db_restore_drill.sh", world.vm().display()));
    world.drill(2 * HOUR, 200 * HOUR, &old, "passed");
    asked(&world, GATE, 0);
    world.drill(HOUR, 200 * HOUR, &old, "failed");
    holds(&asked(&world, GATE, 1), "found", "the newest restore drill failed");
}

#[test]
fn a_drill_of_a_backup_that_nobody_knows_is_a_no() {
    let Some(world) = kept("a_drill_of_a_backup_that_nobody_knows_is_a_no") else { return };
    change(&newest(&world, "drill"), "/event/drill/backup_sha256", json!("0".repeat(64)));
    holds(&asked(&world, GATE, 1), "found", "that has no receipt");
}

#[test]
fn a_drill_that_says_passed_and_lost_something_is_a_no() {
    let Some(world) = kept("a_drill_that_says_passed_and_lost_something_is_a_no") else { return };
    let drill = newest(&world, "drill");
    change(&drill, "/event/drill/found/rows/public.users", json!(11));
    holds(&asked(&world, GATE, 1), "found", "11 of 12 rows of public.users came back");
    change(&drill, "/event/drill/found", Value::Null);
    holds(&asked(&world, GATE, 1), "found", "does not say what came back");
}

#[test]
fn what_cannot_be_told_is_unknown() {
    let Some(world) = kept("what_cannot_be_told_is_unknown") else { return };
    let drill = newest(&world, "drill");
    change(&drill, "/at", json!(world.ago(-HOUR)));
    holds(&asked(&world, GATE, 69), "found", "ahead of this clock");
    fs::write(&drill, "{").expect("half a receipt");
    holds(&asked(&world, GATE, 69), "found", "ends in the middle");
    fs::remove_file(&drill).expect("the drill");
    holds(&asked(&world, GATE, 69), "found", "no receipt of a restore drill");
    set_mode(&world.vm(), 0o755);
    set_mode(&newest(&world, "backup"), 0o600);
    judged(&ask_as_a_stranger(&world, GATE), GATE, 69);
}

#[test]
fn a_drill_that_others_could_have_forged_is_a_no() {
    let Some(world) = kept("a_drill_that_others_could_have_forged_is_a_no") else { return };
    set_mode(&newest(&world, "drill"), 0o666);
    holds(&asked(&world, GATE, 1), "found", "can be written by others");
}
