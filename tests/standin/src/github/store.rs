//! Releases and assets as files, so that another process can look and a restart forgets nothing.
//!
//! `github/<owner>/<repo>/<tag>/release.json`, `names.json`, `assets/<id>.json`, `assets/<id>.bin`.

use super::names;
use super::watch::Watch;
use crate::{clock, disk};
use serde_json::{Map, Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// The folder of all releases.
pub(crate) struct Store {
    root: PathBuf,
    /// How far GitHub's clock is ahead of this machine's, in seconds.
    pub(crate) clock_ahead_s: i64,
    pub(super) watch: Watch,
}

/// A release to be created.
pub(crate) struct NewRelease {
    pub(crate) draft: bool,
    pub(crate) immutable: bool,
}

/// A release and where it lies.
#[derive(Debug, Clone)]
pub(crate) struct Release {
    pub(crate) id: u64,
    pub(crate) tag: String,
    pub(crate) name: String,
    pub(crate) body: String,
    pub(crate) draft: bool,
    pub(crate) immutable: bool,
    pub(crate) created_at: String,
    /// `owner/name`.
    pub(crate) repository: String,
    folder: PathBuf,
}

/// One asset as GitHub knows it.
#[derive(Debug, Clone)]
pub(crate) struct Asset {
    pub(crate) id: u64,
    pub(crate) uuid: String,
    pub(crate) name: String,
    pub(crate) label: Option<String>,
    pub(crate) state: String,
    pub(crate) content_type: String,
    pub(crate) size: u64,
    pub(crate) digest: Option<String>,
    pub(crate) created_at: String,
    pub(crate) updated_at: String,
}

impl Store {
    pub(crate) fn new(root: PathBuf) -> Self {
        fs::create_dir_all(&root).unwrap();
        Self { root, clock_ahead_s: 0, watch: Watch::default() }
    }

    /// What GitHub's clock shows.
    pub(crate) fn now_seconds(&self) -> u64 {
        clock::now_seconds().saturating_add_signed(self.clock_ahead_s)
    }

    fn next_id(&self) -> u64 {
        let file = self.root.join("next_id.json");
        let id = disk::read_json(&file).map_or(1001, |value| value.as_u64().unwrap());
        disk::write_json(&file, &json!(id + 1));
        id
    }

    /// Whether anything is known about a repository.
    pub(crate) fn has_repository(&self, repository: &str) -> bool {
        self.root.join(repository).is_dir()
    }

    /// A repository without any release.
    pub(crate) fn create_repository(&self, repository: &str) {
        fs::create_dir_all(self.root.join(repository)).unwrap();
    }

    pub(crate) fn create_release(&self, repository: &str, tag: &str, new: &NewRelease) -> u64 {
        let folder = self.root.join(repository).join(names::folder(tag));
        let id = self.next_id();
        fs::create_dir_all(folder.join("assets")).unwrap();
        disk::write_json(
            &folder.join("release.json"),
            &json!({
                "id": id,
                "tag_name": tag,
                "name": tag,
                "body": "",
                "draft": new.draft,
                "immutable": new.immutable,
                "created_at": clock::iso(clock::now_seconds()),
            }),
        );
        id
    }

    /// Changes one property of a release, as a person does in the browser.
    pub(crate) fn set_release_property(&self, release: &Release, key: &str, value: Value) {
        let file = release.folder.join("release.json");
        let mut json = disk::read_json(&file).unwrap();
        json[key] = value;
        disk::write_json(&file, &json);
        self.note_watched();
    }

    pub(crate) fn remove_release(&self, release: &Release) {
        fs::remove_dir_all(&release.folder).unwrap();
        self.note_watched();
    }

    pub(crate) fn release_by_tag(&self, repository: &str, tag: &str) -> Option<Release> {
        let folder = self.root.join(repository).join(names::folder(tag));
        read_release(repository, &folder)
    }

    pub(crate) fn release_by_id(&self, repository: &str, id: u64) -> Option<Release> {
        let mut all = self.releases(repository).into_iter();
        all.find(|release| release.id == id)
    }

    /// Every release of a repository, drafts included.
    pub(crate) fn releases(&self, repository: &str) -> Vec<Release> {
        folders(&self.root.join(repository)).iter().filter_map(|folder| read_release(repository, folder)).collect()
    }

    /// The assets of a release, oldest first.
    pub(crate) fn assets(&self, release: &Release) -> Vec<Asset> {
        let entries = fs::read_dir(release.folder.join("assets")).unwrap();
        let files = entries.map(|entry| entry.unwrap().path());
        let mut assets: Vec<Asset> = files
            .filter(|file| file.extension().is_some_and(|end| end == "json"))
            .filter_map(|file| disk::read_json(&file))
            .map(|json| Asset::from_json(&json))
            .collect();
        assets.sort_by_key(|asset| asset.id);
        assets
    }

    pub(crate) fn asset(&self, repository: &str, id: u64) -> Option<(Release, Asset)> {
        self.releases(repository).into_iter().find_map(|release| {
            let mut assets = self.assets(&release).into_iter();
            let asset = assets.find(|asset| asset.id == id)?;
            Some((release, asset))
        })
    }

    pub(crate) fn asset_by_uuid(&self, uuid: &str) -> Option<(Release, Asset)> {
        let repositories = folders(&self.root)
            .iter()
            .flat_map(|owner| folders(owner))
            .map(|folder| {
                let name = folder.strip_prefix(&self.root).unwrap();
                name.to_str().unwrap().to_owned()
            })
            .collect::<Vec<_>>();
        repositories.iter().flat_map(|repository| self.releases(repository)).find_map(|release| {
            let mut assets = self.assets(&release).into_iter();
            let asset = assets.find(|asset| asset.uuid == uuid)?;
            Some((release, asset))
        })
    }

    /// Where the bytes of an asset lie.
    pub(crate) fn bytes_of(&self, release: &Release, asset: &Asset) -> PathBuf {
        release.folder.join("assets").join(format!("{}.bin", asset.id))
    }

    /// Takes the name for an asset whose bytes are still to come.
    pub(crate) fn open_asset(&self, release: &Release, name: &str, label: Option<&str>, content_type: &str) -> Asset {
        let id = self.next_id();
        let now = clock::iso(self.now_seconds());
        let random_looking = disk::sha256(format!("uuid of asset {id}").as_bytes());
        let asset = Asset {
            id,
            uuid: random_looking[..32].to_owned(),
            name: name.to_owned(),
            label: label.filter(|label| !label.is_empty()).map(str::to_owned),
            state: "starter".to_owned(),
            content_type: content_type.to_owned(),
            size: 0,
            digest: None,
            created_at: now.clone(),
            updated_at: now,
        };
        self.save(release, &asset);
        asset
    }

    pub(crate) fn save(&self, release: &Release, asset: &Asset) {
        let file = release.folder.join(format!("assets/{}.json", asset.id));
        disk::write_json(&file, &asset.to_json());
        self.remember_names(release);
    }

    pub(crate) fn remove(&self, release: &Release, asset: &Asset) {
        fs::remove_file(release.folder.join(format!("assets/{}.json", asset.id))).unwrap();
        // An upload that was cut before its first byte has no bytes to remove.
        let _missing = fs::remove_file(self.bytes_of(release, asset));
        self.remember_names(release);
    }

    /// The asset that a public address leads to now.
    pub(crate) fn public(&self, release: &Release, name: &str) -> Option<Asset> {
        let mut assets = self.assets(release).into_iter();
        assets.find(|asset| asset.name == name && asset.state == "uploaded")
    }

    /// The asset that it led to before the name's last change.
    pub(crate) fn public_before(&self, release: &Release, name: &str) -> Option<Asset> {
        let names = disk::read_json(&release.folder.join("names.json"))?;
        let id = names["before"][name].as_u64()?;
        self.assets(release).into_iter().find(|asset| asset.id == id)
    }

    /// Keeps, for every name, what it led to before its last change.
    fn remember_names(&self, release: &Release) {
        let file = release.folder.join("names.json");
        let mut names = disk::read_json(&file).unwrap_or_else(|| json!({"now": {}, "before": {}}));
        let uploaded = self.assets(release).into_iter();
        let now: Map<String, Value> =
            uploaded.filter(|asset| asset.state == "uploaded").map(|asset| (asset.name, json!(asset.id))).collect();
        let then = names["now"].as_object().unwrap().clone();
        for name in now.keys().chain(then.keys()) {
            // A moment without any asset between two renames is no "before".
            if now.get(name) != then.get(name) && then.contains_key(name) {
                names["before"][name] = then[name].clone();
            }
        }
        names["now"] = Value::Object(now);
        disk::write_json(&file, &names);
        self.note_watched();
    }
}

fn folders(parent: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(parent) else {
        return Vec::new();
    };
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

fn read_release(repository: &str, folder: &Path) -> Option<Release> {
    let json = disk::read_json(&folder.join("release.json"))?;
    Some(Release {
        id: json["id"].as_u64().unwrap(),
        tag: json["tag_name"].as_str().unwrap().to_owned(),
        name: json["name"].as_str().unwrap().to_owned(),
        body: json["body"].as_str().unwrap().to_owned(),
        draft: json["draft"].as_bool().unwrap(),
        immutable: json["immutable"].as_bool().unwrap(),
        created_at: json["created_at"].as_str().unwrap().to_owned(),
        repository: repository.to_owned(),
        folder: folder.to_owned(),
    })
}
