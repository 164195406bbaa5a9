//! An asset in the form in which it lies on the disk.

use super::store::Asset;
use serde_json::{Value, json};

impl Asset {
    pub(super) fn from_json(json: &Value) -> Self {
        let text = |key: &str| json[key].as_str().map(str::to_owned);
        Self {
            id: json["id"].as_u64().unwrap(),
            uuid: text("uuid").unwrap(),
            name: text("name").unwrap(),
            label: text("label"),
            state: text("state").unwrap(),
            content_type: text("content_type").unwrap(),
            size: json["size"].as_u64().unwrap(),
            digest: text("digest"),
            created_at: text("created_at").unwrap(),
            updated_at: text("updated_at").unwrap(),
        }
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "uuid": self.uuid,
            "name": self.name,
            "label": self.label,
            "state": self.state,
            "content_type": self.content_type,
            "size": self.size,
            "digest": self.digest,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        })
    }
}
