//! Releases and assets in memory; only the bytes of the assets lie on the disk.

use super::watch::Watch;
use crate::{clock, disk};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

/// Everything that the imitated GitHub holds.
pub(crate) struct Store {
    folder: PathBuf,
    repositories: BTreeSet<String>,
    releases: Vec<Release>,
    assets: Vec<AssetInfo>,
    last_id: u64,
    /// The repositories with immutable releases switched on, and whether their owner enforces it.
    immutable: BTreeMap<String, bool>,
    /// Repository and tag of every release that ever was immutable; no later release gets such a tag.
    burned: BTreeSet<(String, String)>,
    /// The asset that each name of a release leads to.
    names: BTreeMap<(u64, String), u64>,
    /// The asset that it led to before its last change. A moment without any asset between two renames is no "before".
    names_before: BTreeMap<(u64, String), u64>,
    /// How far GitHub's clock is ahead of this machine's, in seconds.
    pub(crate) clock_ahead_s: i64,
    pub(super) watch: Watch,
}

/// A release.
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
}

/// One asset as the release has it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetInfo {
    /// Kept through a rename.
    pub id: u64,
    /// The id of its release.
    pub(crate) release: u64,
    pub(crate) uuid: String,
    /// The name it is downloaded by.
    pub name: String,
    /// The text that the release page shows instead of the name.
    pub label: Option<String>,
    /// `uploaded`, or what an interrupted upload left.
    pub state: String,
    pub(crate) content_type: String,
    /// Bytes.
    pub size: u64,
    /// `sha256:<hex>`, when GitHub knows it.
    pub digest: Option<String>,
    pub(crate) created_at: String,
    pub(crate) updated_at: String,
}

impl Store {
    pub(crate) fn new(folder: PathBuf) -> Self {
        fs::create_dir_all(&folder).unwrap();
        Self {
            folder,
            repositories: BTreeSet::new(),
            releases: Vec::new(),
            assets: Vec::new(),
            last_id: 1000,
            immutable: BTreeMap::new(),
            burned: BTreeSet::new(),
            names: BTreeMap::new(),
            names_before: BTreeMap::new(),
            clock_ahead_s: 0,
            watch: Watch::default(),
        }
    }

    /// What GitHub's clock shows.
    pub(crate) fn now_seconds(&self) -> u64 {
        clock::now_seconds().saturating_add_signed(self.clock_ahead_s)
    }

    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Whether anything is known about a repository.
    pub(crate) fn has_repository(&self, repository: &str) -> bool {
        self.repositories.contains(repository)
    }

    /// A repository without any release.
    pub(crate) fn create_repository(&mut self, repository: &str) {
        self.repositories.insert(repository.to_owned());
    }

    /// Whether immutable releases are on, and whether the owner enforces it; `None` when they are off.
    pub(crate) fn immutable_releases(&self, repository: &str) -> Option<bool> {
        self.immutable.get(repository).copied()
    }

    /// Switches immutable releases on or off. What is published already stays as it is.
    pub(crate) fn set_immutable_releases(&mut self, repository: &str, enforced_by_owner: Option<bool>) {
        match enforced_by_owner {
            Some(enforced) => self.immutable.insert(repository.to_owned(), enforced),
            None => self.immutable.remove(repository),
        };
    }

    /// Whether an immutable release ever had this tag.
    pub(crate) fn is_burned(&self, repository: &str, tag: &str) -> bool {
        self.burned.contains(&(repository.to_owned(), tag.to_owned()))
    }

    /// A release that is called as its tag; it is frozen when it is published while the repository's setting is on.
    pub(crate) fn create_release(&mut self, repository: &str, tag: &str, draft: bool, immutable: bool) -> Release {
        self.create_repository(repository);
        let release = Release {
            id: self.next_id(),
            tag: tag.to_owned(),
            name: tag.to_owned(),
            body: String::new(),
            draft,
            immutable: immutable || !draft && self.immutable.contains_key(repository),
            created_at: clock::iso(clock::now_seconds()),
            repository: repository.to_owned(),
        };
        self.releases.push(release.clone());
        self.save_release(&release);
        release
    }

    /// Replaces a release, as a person does in the browser.
    pub(crate) fn save_release(&mut self, release: &Release) {
        if release.immutable {
            self.burned.insert((release.repository.clone(), release.tag.clone()));
        }
        release.clone_into(self.releases.iter_mut().find(|one| one.id == release.id).unwrap());
        self.note_watched();
    }

    /// Publishes a draft, or makes a draft of a release.
    pub(crate) fn set_draft(&mut self, release: &mut Release, draft: bool) {
        release.immutable |= release.draft && !draft && self.immutable.contains_key(&release.repository);
        release.draft = draft;
        self.save_release(release);
    }

    pub(crate) fn remove_release(&mut self, release: &Release) {
        self.assets.retain(|asset| asset.release != release.id);
        self.releases.retain(|one| one.id != release.id);
        self.remember_names();
    }

    pub(crate) fn release_by_tag(&self, repository: &str, tag: &str) -> Option<Release> {
        self.releases(repository).into_iter().find(|release| release.tag == tag)
    }

    pub(crate) fn release_by_id(&self, repository: &str, id: u64) -> Option<Release> {
        self.releases(repository).into_iter().find(|release| release.id == id)
    }

    /// Every release of a repository, drafts included.
    pub(crate) fn releases(&self, repository: &str) -> Vec<Release> {
        self.releases.iter().filter(|release| release.repository == repository).cloned().collect()
    }

    /// The assets of a release, oldest first.
    pub(crate) fn assets(&self, release: &Release) -> Vec<AssetInfo> {
        self.assets.iter().filter(|asset| asset.release == release.id).cloned().collect()
    }

    /// An asset of a repository, with its release.
    pub(crate) fn asset(&self, repository: &str, id: u64) -> Option<(Release, AssetInfo)> {
        let asset = self.assets.iter().find(|asset| asset.id == id)?;
        Some((self.release_by_id(repository, asset.release)?, asset.clone()))
    }

    pub(crate) fn asset_by_uuid(&self, uuid: &str) -> Option<AssetInfo> {
        self.assets.iter().find(|asset| asset.uuid == uuid).cloned()
    }

    /// Where the bytes of an asset lie.
    pub(crate) fn bytes_of(&self, asset: &AssetInfo) -> PathBuf {
        self.folder.join(format!("{}.bin", asset.id))
    }

    /// Takes the name for an asset whose bytes are still to come.
    pub(crate) fn open_asset(&mut self, release: &Release, name: &str, label: Option<&str>, content_type: &str) -> AssetInfo {
        let id = self.next_id();
        let now = clock::iso(self.now_seconds());
        let random_looking = disk::sha256(format!("uuid of asset {id}").as_bytes());
        let asset = AssetInfo {
            id,
            release: release.id,
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
        self.assets.push(asset.clone());
        asset
    }

    /// Replaces an asset.
    pub(crate) fn save(&mut self, asset: &AssetInfo) {
        asset.clone_into(self.assets.iter_mut().find(|one| one.id == asset.id).unwrap());
        self.remember_names();
    }

    pub(crate) fn remove(&mut self, asset: &AssetInfo) {
        self.assets.retain(|one| one.id != asset.id);
        // An upload that was cut before its first byte has no bytes to remove.
        let _missing = fs::remove_file(self.bytes_of(asset));
        self.remember_names();
    }

    /// The asset that a public address leads to now.
    pub(crate) fn public(&self, release: &Release, name: &str) -> Option<AssetInfo> {
        self.assets(release).into_iter().find(|asset| asset.name == name && asset.state == "uploaded")
    }

    /// The asset that it led to before the name's last change.
    pub(crate) fn public_before(&self, release: &Release, name: &str) -> Option<AssetInfo> {
        let id = self.names_before.get(&(release.id, name.to_owned()))?;
        self.assets(release).into_iter().find(|asset| asset.id == *id)
    }

    /// Keeps, for every name, what it led to before its last change.
    fn remember_names(&mut self) {
        let uploaded = self.assets.iter().filter(|asset| asset.state == "uploaded");
        let now = uploaded.map(|asset| ((asset.release, asset.name.clone()), asset.id)).collect();
        for (name, id) in std::mem::replace(&mut self.names, now) {
            if self.names.get(&name) != Some(&id) {
                self.names_before.insert(name, id);
            }
        }
        self.note_watched();
    }
}
