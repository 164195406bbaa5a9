//! `restore-drill` against real receipts; root alone may write them, so all of this needs root.

use crate::db_backup::{kept, newest};
use crate::{holds, tells, vm::asked};
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
    tells(&asked(&world, GATE, 1), "7 days ago", &format!("cd {} && ./server/scripts/db_restore_drill.sh", world.vm().display()));
    world.drill(2 * HOUR, 200 * HOUR, &old, "passed");
    asked(&world, GATE, 0);
    world.drill(HOUR, 200 * HOUR, &old, "failed");
    holds(&asked(&world, GATE, 1), "found", "the newest restore drill failed");
}
