//! `db-hardened` against real receipts; root alone may write them, so all of this needs root.

use crate::db_backup::{kept, newest};
use crate::{holds, vm::asked};
use serde_json::json;
use std::fs;

const GATE: &str = "db-hardened";
const HOUR: i64 = 3600;

#[test]
fn a_hardening_after_the_last_restore_passes_and_a_drill_is_no_restore() {
    let Some(world) = kept("a_hardening_after_the_last_restore_passes_and_a_drill_is_no_restore") else { return };
    holds(&asked(&world, GATE, 0), "found", "nexy_app was restricted 23 hours ago; after the restore of ");
    fs::remove_file(newest(&world, "restore")).expect("the restore");
    holds(&asked(&world, GATE, 0), "found", "no restore is known");
}

#[test]
fn a_restore_after_it_is_a_no_with_the_script_to_run() {
    let Some(world) = kept("a_restore_after_it_is_a_no_with_the_script_to_run") else { return };
    let restored = json!({ "restore": { "backup_sha256": "0".repeat(64), "result": "failed" } });
    world.receipt("restore", 3 * HOUR, 2 * HOUR, &restored);
    let finding = asked(&world, GATE, 1);
    holds(&finding, "found", "and restored after that");
    holds(&finding, "fix", &format!("cd {} && ./server/scripts/harden_database_protection.sh", world.vm().display()));
    fs::remove_file(newest(&world, "hardening")).expect("the hardening");
    holds(&asked(&world, GATE, 1), "found", "never hardened");
    let hardened = json!({ "hardening": { "role": "nexy_app", "result": "passed" } });
    world.receipt("hardening", HOUR, HOUR, &hardened);
    asked(&world, GATE, 0);
}
