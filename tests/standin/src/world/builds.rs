//! What the machine that built an artifact leaves beside it in the inbox.

use super::{VERSION, World};
use crate::{artifact, disk};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;

impl World {
    /// The build receipt of an artifact, there or not.
    #[must_use]
    pub fn build_receipt(&self, name: &str) -> PathBuf {
        self.inbox(&format!("{name}.receipt.json"))
    }

    /// Writes the receipt of the bytes that lie there now, built for the version that the workspace is at now.
    pub fn write_build_receipt(&self, name: &str) {
        let file = self.inbox(name);
        let version = fs::read_to_string(self.workspace().join("VERSION"));
        let receipt = json!({
            "schema": "nexy.build-receipt/1",
            "artifact": name,
            "version": version.map_or(VERSION.to_owned(), |version| version.trim().to_owned()),
            "size_bytes": file.metadata().unwrap().len(),
            "sha256": artifact::sha256(&file),
            "signed": true,
            "notarized": true,
            "built_at": self.ago(600),
            "by": "person@mac",
        });
        disk::write_json(&self.build_receipt(name), &receipt);
    }

    /// Changes what a receipt says.
    pub fn set_build_receipt(&self, name: &str, key: &str, value: Value) {
        let file = self.build_receipt(name);
        let mut receipt = disk::read_json(&file).unwrap();
        receipt[key] = value;
        disk::write_json(&file, &receipt);
    }

    /// Takes a receipt away.
    pub fn remove_build_receipt(&self, name: &str) {
        fs::remove_file(self.build_receipt(name)).unwrap();
    }
}
