//! The database's side of the VM: a dump, and the receipts that the database scripts leave behind.

use super::{World, files};
use crate::{clock, disk};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;

/// Name of the database in a world.
pub const DATABASE: &str = "nexy_db";

impl World {
    /// The folder of the receipts; a new world has none.
    #[must_use]
    pub fn receipts(&self) -> PathBuf {
        self.vm_path("receipts")
    }

    /// A moment so many seconds ago, as documents spell it; below zero lies the future.
    #[must_use]
    pub fn ago(&self, seconds: i64) -> String {
        clock::iso(clock::now_seconds().checked_add_signed(-seconds).unwrap())
    }

    /// Backups of yesterday and of an hour ago, a drill of the older one, a restore before that, and a hardening after it.
    pub fn keep_database_receipts(&self) {
        const HOUR: i64 = 3600;
        let older = self.backup(26 * HOUR, 40_000, 1);
        self.backup(HOUR, 41_000, 2);
        let restored = json!({ "restore": { "backup_sha256": older["sha256"], "result": "passed" } });
        self.receipt("restore", 25 * HOUR, 24 * HOUR, &restored);
        let hardened = json!({ "hardening": { "role": "nexy_app", "result": "passed" } });
        self.receipt("hardening", 23 * HOUR, 23 * HOUR, &hardened);
        self.drill(20 * HOUR, 26 * HOUR, &older, "passed");
    }

    /// A dump of this size that was made so long ago, with its receipt; what the receipt says of it comes back.
    pub fn backup(&self, seconds_ago: i64, size_bytes: usize, seed: u8) -> Value {
        let file = self.vm_path(&format!("backups/{seed}.dump"));
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        let dump: Vec<u8> = (0..size_bytes).map(|place| (place % 251) as u8 ^ seed).collect();
        fs::write(&file, &dump).unwrap();
        let backup = json!({
            "file": file,
            "size_bytes": size_bytes,
            "sha256": disk::sha256(&dump),
            "contents": {
                "rows": { "public.users": 12, "public.memories": 345 },
                "digests": { "public.users": "-4083397546550073233", "public.memories": "862653086691252809025" },
                "sequences": { "public.users_id_seq": 12 },
                "schema_sha256": disk::sha256(b"schema"),
                "indexes": 9,
                "constraints": 7,
            },
        });
        self.receipt("backup", seconds_ago, seconds_ago, &json!({ "backup": backup }));
        backup
    }

    /// The receipt of a drill that ended so long ago, and restored everything of a backup.
    pub fn drill(&self, seconds_ago: i64, backup_seconds_ago: i64, backup: &Value, result: &str) {
        let drill = json!({
            "backup_sha256": backup["sha256"],
            "backup_at": self.made_at(backup).unwrap_or_else(|| self.ago(backup_seconds_ago)),
            "result": result,
            "found": if result == "passed" { backup["contents"].clone() } else { Value::Null },
        });
        self.receipt("drill", seconds_ago, seconds_ago, &json!({ "drill": drill }));
    }

    /// When a backup says that it was made: a clock that is asked again says another second.
    fn made_at(&self, backup: &Value) -> Option<String> {
        let receipts = fs::read_dir(self.receipts()).ok()?.filter_map(|entry| disk::read_json(&entry.unwrap().path()));
        let mut of_it = receipts.filter(|receipt| receipt["event"]["backup"]["sha256"] == backup["sha256"]);
        of_it.next()?["at"].as_str().map(str::to_owned)
    }

    /// Writes a receipt of something that began and ended so long ago; its file comes back.
    pub fn receipt(&self, kind: &str, started_seconds_ago: i64, seconds_ago: i64, event: &Value) -> PathBuf {
        let at = self.ago(seconds_ago);
        let receipt = json!({
            "schema": "nexy.db-receipt/1",
            "started_at": self.ago(started_seconds_ago),
            "at": at,
            "by": "db script",
            "database": DATABASE,
            "event": event,
        });
        let file = self.receipts().join(format!("{kind}-{}.json", at.replace(['-', ':'], "")));
        files::write(&file, &format!("{receipt:#}\n"));
        file
    }
}
