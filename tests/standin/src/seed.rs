//! Creates and reads releases and assets of the imitated GitHub without its API.

use crate::clock;
use crate::disk;
use crate::github::{AssetInfo, Release, as_github_names_it};
use crate::standin::Standin;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// Which kind of release to create.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReleaseOptions {
    /// Not public yet: its tag answers 404.
    pub draft: bool,
    /// Its assets can never change.
    pub immutable: bool,
}

impl Standin {
    /// Makes this the only accepted token, with the right to change contents.
    pub fn set_token(&self, token: &str) {
        self.state.tokens.set(token);
    }

    /// Accepts one more token that may only read.
    pub fn add_read_only_token(&self, token: &str) {
        self.state.tokens.add_reader(token);
    }

    /// Scripts what GitHub says of the account: `expires` and `scopes` of its token, the URL of `single_sign_on` that it
    /// has not passed, the calls `remaining`, whether its repositories are `private` or `archived`, and whether the token
    /// `sees_actions`.
    pub fn set_account(&self, key: &str, value: Value) {
        let file = self.folder().join("account.json");
        let mut account = disk::read_json(&file).unwrap_or_else(|| json!({}));
        account[key] = value;
        disk::write_json(&file, &account);
    }

    /// Creates a published release in `owner/name` and says its id.
    pub fn create_release(&self, repository: &str, tag: &str) -> u64 {
        self.create_release_with(repository, tag, ReleaseOptions::default())
    }

    /// Creates a release of any kind.
    pub fn create_release_with(&self, repository: &str, tag: &str, options: ReleaseOptions) -> u64 {
        self.state.store().create_release(repository, tag, options.draft, options.immutable).id
    }

    /// Switches immutable releases on, enforced by the owner or not, or off with `None`: what is published while they are on is
    /// frozen, and its tag burned, for ever.
    pub fn set_immutable_releases(&self, repository: &str, enforced_by_owner: Option<bool>) {
        self.state.store().set_immutable_releases(repository, enforced_by_owner);
    }

    /// A repository that holds no release.
    pub fn create_repository(&self, repository: &str) {
        self.state.store().create_repository(repository);
    }

    fn release(&self, repository: &str, tag: &str) -> Release {
        self.state.store().release_by_tag(repository, tag).unwrap()
    }

    /// Changes `draft` or `immutable` of a release.
    pub fn set_release(&self, repository: &str, tag: &str, options: ReleaseOptions) {
        let ReleaseOptions { draft, immutable } = options;
        let release = self.release(repository, tag);
        self.state.store().save_release(&Release { draft, immutable, ..release });
    }

    /// Removes a release with everything in it.
    pub fn remove_release(&self, repository: &str, tag: &str) {
        let release = self.release(repository, tag);
        self.state.store().remove_release(&release);
    }

    /// Puts an uploaded asset into a release, past the API, and says its id.
    pub fn put_asset(&self, repository: &str, tag: &str, name: &str, bytes: &[u8]) -> u64 {
        let digest = format!("sha256:{}", disk::sha256(bytes));
        self.place(repository, tag, name, digest, bytes.len() as u64, |path| {
            fs::write(path, bytes).unwrap();
        })
    }

    /// The same from a file, for sizes that do not belong into memory.
    pub fn put_asset_file(&self, repository: &str, tag: &str, name: &str, file: &Path) -> u64 {
        let digest = format!("sha256:{}", disk::sha256_of_file(file));
        let size = file.metadata().unwrap().len();
        self.place(repository, tag, name, digest, size, |path| {
            fs::copy(file, path).unwrap();
        })
    }

    fn place(&self, repository: &str, tag: &str, name: &str, digest: String, size: u64, write: impl FnOnce(&Path)) -> u64 {
        let id = self.put_starter(repository, tag, &as_github_names_it(name));
        let mut store = self.state.store();
        let (_, asset) = store.asset(repository, id).unwrap();
        write(&store.bytes_of(&asset));
        store.save(&AssetInfo { size, digest: Some(digest), state: "uploaded".to_owned(), ..asset });
        id
    }

    /// What an upload that broke off leaves: an asset in state `starter`.
    pub fn put_starter(&self, repository: &str, tag: &str, name: &str) -> u64 {
        let release = self.release(repository, tag);
        self.state.store().open_asset(&release, name, None, "application/octet-stream").id
    }

    /// All assets of a release, oldest first.
    #[must_use]
    pub fn assets(&self, repository: &str, tag: &str) -> Vec<AssetInfo> {
        let release = self.release(repository, tag);
        self.state.store().assets(&release)
    }

    /// One asset by its name.
    #[must_use]
    pub fn asset(&self, repository: &str, tag: &str, name: &str) -> Option<AssetInfo> {
        self.assets(repository, tag).into_iter().find(|asset| asset.name == name)
    }

    /// sha256 of the bytes behind the public address now, hashed from the disk.
    #[must_use]
    pub fn public_bytes_sha(&self, repository: &str, tag: &str, name: &str) -> Option<String> {
        let store = self.state.store();
        let release = store.release_by_tag(repository, tag)?;
        let asset = store.public(&release, name)?;
        Some(disk::sha256_of_file(&store.bytes_of(&asset)))
    }

    /// Changes one asset past the API, as a person does on the web page.
    fn change(&self, repository: &str, tag: &str, name: &str, change: impl FnOnce(&mut AssetInfo)) {
        let mut asset = self.asset(repository, tag, name).unwrap();
        change(&mut asset);
        self.state.store().save(&asset);
    }

    /// Sets what GitHub says about an asset's digest; `None` is null, as with older assets.
    pub fn set_digest(&self, repository: &str, tag: &str, name: &str, digest: Option<&str>) {
        self.change(repository, tag, name, |asset| asset.digest = digest.map(str::to_owned));
    }

    /// Gives an asset another name.
    pub fn rename_asset(&self, repository: &str, tag: &str, name: &str, to: &str) {
        self.change(repository, tag, name, |asset| to.clone_into(&mut asset.name));
    }

    /// Sets an asset's label.
    pub fn set_label(&self, repository: &str, tag: &str, name: &str, label: Option<&str>) {
        self.change(repository, tag, name, |asset| asset.label = label.map(str::to_owned));
    }

    /// Makes an asset look as if it had last been changed so long ago, by GitHub's clock.
    pub fn set_age(&self, repository: &str, tag: &str, name: &str, seconds: u64) {
        let then = clock::iso(self.state.store().now_seconds() - seconds);
        self.change(repository, tag, name, |asset| {
            asset.created_at.clone_from(&then);
            asset.updated_at = then;
        });
    }

    /// Makes every asset of a release older than an hour, as GitHub dates it.
    pub fn let_an_hour_pass(&self, repository: &str, tag: &str) {
        for asset in self.assets(repository, tag) {
            self.set_age(repository, tag, &asset.name, 3700);
        }
    }

    /// Lets GitHub's clock run so far ahead of this machine's.
    pub fn set_clock_ahead(&self, seconds: i64) {
        self.state.store().clock_ahead_s = seconds;
    }

    /// Removes an asset past the API.
    pub fn remove_asset(&self, repository: &str, tag: &str, name: &str) {
        let asset = self.asset(repository, tag, name).unwrap();
        self.state.store().remove(&asset);
    }
}
