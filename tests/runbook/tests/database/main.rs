//! The database scripts on a real PostgreSQL: what a backup holds, what a restore drill notices, what hardening takes away.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests start programs and stop at the first surprise")]

mod cluster;

use cluster::Database;
use serde_json::Value;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Stdio;

/// The newest receipt of a kind.
fn receipt(database: &Database, kind: &str) -> Option<(PathBuf, Value)> {
    let mut found: Vec<_> = fs::read_dir(database.world.receipts()).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.file_name().unwrap().to_str().unwrap().starts_with(kind));
    found.sort();
    let path = found.pop()?;
    let value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    Some((path, value))
}

/// A hardened database with a backup of it.
fn backed_up(test: &str) -> Option<Database> {
    let database = Database::make(test)?;
    database.run("harden_database_protection.sh").exits(0);
    database.run("db_backup.sh").exits(0);
    Some(database)
}

#[test]
fn backup_drill_and_hardening_satisfy_the_gates_and_an_unprotected_copy_does_not() {
    let Some(database) = Database::make("backup_drill_and_hardening_satisfy_the_gates") else { return };
    database.world.set_target("database", "backup_min_bytes", "1000");
    let gates = |code| database.world.tool("nexy-gate").args(["db"]).run().exits(code).json();
    database.run("db_restore_drill.sh").exits(1).says("there is no receipt of a backup");
    database.run("harden_database_protection.sh --check").exits(1).says("owns public.users").says("has no trigger that refuses TRUNCATE");
    assert!(receipt(&database, "hardening").is_none(), "a check leaves no receipt");
    database.run("db_backup.sh").exits(0);
    database.run("db_restore_drill.sh").exits(1).says("was allowed: DELETE FROM public.users");
    assert_eq!(receipt(&database, "drill").unwrap().1["event"]["drill"]["result"], "failed");
    gates(1);
    for _ in 0..2 {
        database.run("harden_database_protection.sh").exits(0);
    }
    fs::remove_file(&database.dumps()[0]).unwrap();
    database.run("db_backup.sh").exits(0);
    database.run("db_restore_drill.sh").exits(0).says("came back whole");
    let report = gates(0);
    assert_eq!(report["findings"].as_array().unwrap().len(), 3, "{report:#}");
    assert_eq!(database.sql("SELECT count(*) FROM pg_database WHERE datname LIKE 'nexy_drill%'"), "0");
    // The server still works, and destroys nothing.
    database
        .as_server("INSERT INTO users (name) VALUES ('new'); UPDATE users SET name = 'x' WHERE id = 1; SELECT 1 FROM more.parts")
        .exits(0);
    for statement in ["DELETE FROM users", "TRUNCATE users", "DROP TABLE users", "CREATE TABLE mine (x int)"] {
        database.as_server(statement).exits(3);
    }
    assert!(!database.psql_error("TRUNCATE users").is_empty(), "the administrator is stopped by the trigger");
}

#[test]
fn a_dump_with_one_changed_letter_does_not_come_back_as_it_was_saved() {
    let Some(database) = backed_up("a_dump_with_one_changed_letter") else { return };
    let dump = database.dumps().pop().unwrap();
    database.sql("UPDATE users SET name = 'usfr 77' WHERE name = 'user 77'");
    database.into_file("pg_dump", &["-Fc", &database.name], &dump);
    database.run("db_restore_drill.sh").exits(1).says("is not the file that its receipt speaks of");
    // Also when the receipt is made to fit.
    let (path, mut value) = receipt(&database, "backup").unwrap();
    let bytes = fs::read(&dump).unwrap();
    value["event"]["backup"]["sha256"] = nexy_contract::Sha256Digest::of(&bytes).to_string().into();
    value["event"]["backup"]["size_bytes"] = bytes.len().into();
    fs::write(&path, value.to_string()).unwrap();
    database.run("db_restore_drill.sh").exits(1).says("digests of public.users").says("1 differences");
    let drill = receipt(&database, "drill").unwrap().1;
    assert_eq!(drill["event"]["drill"]["result"], "failed");
    assert_eq!(drill["event"]["drill"]["found"]["rows"], value["event"]["backup"]["contents"]["rows"], "the counts are equal");
    // A cut one does not come back at all.
    fs::write(&dump, &bytes[..bytes.len() / 2]).unwrap();
    value["event"]["backup"]["sha256"] = nexy_contract::Sha256Digest::of(&bytes[..bytes.len() / 2]).to_string().into();
    fs::write(&path, value.to_string()).unwrap();
    database.run("db_restore_drill.sh").exits(1).says("does not come back");
}

#[test]
fn a_killed_backup_leaves_the_last_good_one_and_a_second_run_waits_for_its_turn() {
    let Some(database) = backed_up("a_killed_backup_leaves_the_last_good_one") else { return };
    let before = database.dumps();
    // Another session holds a table, so that the backup stands still in its middle.
    let mut session = database.session();
    let mut input = session.stdin.take().unwrap();
    input.write_all(b"BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE;\n").unwrap();
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    let mut killed = database.command("", "db_backup.sh").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while database.sql(waits) == "0" {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    database.run("db_backup.sh").exits(75).says("another database script is at work");
    killed.kill().unwrap();
    killed.wait().unwrap();
    drop(input);
    session.wait().unwrap();
    assert_eq!(database.dumps(), before);
    database.run("db_backup.sh").exits(0);
    assert!(database.dumps().ends_with(&before[..0]) && database.dumps().len() == 2);
    let left: Vec<_> = fs::read_dir(database.backups()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_str().unwrap().starts_with(".work")), "{left:?}");
}

#[test]
fn a_full_disk_leaves_the_last_good_backup_and_no_half_file() {
    let Some(database) = backed_up("a_full_disk_leaves_the_last_good_backup") else { return };
    let folder = database.backups();
    let small = format!("mount -t tmpfs -o size=64k,mode=700 tmpfs {0} && trap 'ls -A {0} >&2' EXIT &&", folder.display());
    let ran =
        nexy_standin::world::Ran::new("full".to_owned(), database.command(&small.replace("exec", ""), "db_backup.sh").output().unwrap());
    ran.exits(1).says("the backups of before are untouched");
    assert_eq!(database.dumps().len(), 1);
}

#[test]
fn old_dumps_and_those_without_a_receipt_are_removed_and_the_newest_stay() {
    let Some(database) = backed_up("old_dumps_and_those_without_a_receipt") else { return };
    database.world.set_target("database", "keep", "2");
    let plant = |stamp: &str, with_receipt: bool| {
        fs::write(database.backups().join(format!("{}-{stamp}.dump", database.name)), "old").unwrap();
        if with_receipt {
            fs::write(database.world.receipts().join(format!("backup-{stamp}.json")), "{}").unwrap();
        }
    };
    plant("20260101T000000Z", true);
    plant("20260102T000000Z", true);
    plant("20260103T000000Z", false);
    fs::write(database.backups().join("by-hand.dump"), "mine").unwrap();
    database.run("db_backup.sh").exits(0);
    let names: Vec<_> = database.dumps().iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    assert_eq!(names.len(), 3, "two of this database and the one that was made by hand: {names:?}");
    assert!(names.contains(&"by-hand.dump".to_owned()) && names.iter().all(|name| !name.contains("202601")), "{names:?}");
}

#[test]
fn every_way_around_the_protection_is_told_and_mended() {
    let Some(database) = Database::make("every_way_around_the_protection") else { return };
    database.run("harden_database_protection.sh").exits(0);
    let (role, owner) = (&database.role, database.role.replace("server", "owner"));
    for (statement, told) in [
        (format!("GRANT DELETE ON users TO {role}"), "may DELETE public.users"),
        ("GRANT TRUNCATE ON users TO PUBLIC".to_owned(), "may TRUNCATE public.users"),
        (format!("ALTER TABLE more.low OWNER TO {role}"), "owns more.low"),
        (format!("ALTER DATABASE {} OWNER TO {role}", database.name), "owns the database"),
        ("ALTER TABLE users DISABLE TRIGGER nexy_refuse_delete".to_owned(), "public.users has no trigger that refuses DELETE"),
        ("DROP TRIGGER nexy_refuse_truncate ON more.parts".to_owned(), "more.parts has no trigger that refuses TRUNCATE"),
        (format!("GRANT {owner} TO {role}"), "is a member of"),
        (format!("GRANT CREATE ON SCHEMA public TO {role}"), "may create in the schema public"),
        (format!("ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT DELETE ON TABLES TO {role}"), "will make may be destroyed"),
        (format!("ALTER ROLE {role} CREATEROLE"), "is superuser, or may"),
        (format!("REVOKE UPDATE ON users FROM {role}"), "may not UPDATE public.users"),
        ("CREATE TABLE later (x int)".to_owned(), "public.later has no trigger that refuses DELETE"),
    ] {
        database.sql(&statement);
        database.run("harden_database_protection.sh --check").exits(1).says(told);
        database.run("harden_database_protection.sh").exits(0);
        database.run("harden_database_protection.sh --check").exits(0);
    }
    database.world.set_target("database", "role", "\"missing\"");
    database.run("harden_database_protection.sh").exits(1).says("there is no account missing").says("nothing was changed");
    assert_eq!(receipt(&database, "hardening").unwrap().1["event"]["hardening"]["result"], "failed");
}

#[test]
fn a_service_file_that_others_can_read_is_refused() {
    let Some(database) = Database::make("a_service_file_that_others_can_read") else { return };
    let file = database.world.root().join("service.conf");
    fs::write(&file, "[nexy]\nhost=/nowhere\nuser=x\npassword=S3NTINEL\n").unwrap();
    database.world.set_target("database", "service", &format!("\"{}\"", file.display()));
    database.run("db_backup.sh").exits(1).says("mode 600").never_says("S3NTINEL");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(&file, mode).unwrap();
    database.run("db_backup.sh").exits(69).says("PostgreSQL does not answer").never_says("S3NTINEL");
}
