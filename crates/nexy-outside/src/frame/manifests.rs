//! The manifests of a workspace or checkout, read as they are.

use crate::{
    Workspace,
    fs::files::{self, FileError},
};

/// A manifest is a kilobyte; more than this is not one.
const MAX_BYTES: u64 = 1 << 20;

/// One manifest folder of `layout.manifest_dirs`, and the bytes of its `manifest.json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundManifest {
    /// Path of the file, relative to the workspace.
    pub path: String,
    /// Its bytes; `None` when there is no such file.
    pub bytes: Option<Vec<u8>>,
}

/// Reads `manifest.json` from every manifest folder.
/// Errors: [`FileError`] for one that is there and cannot be read.
pub fn read_all(workspace: &Workspace) -> Result<Vec<FoundManifest>, FileError> {
    let mut found = Vec::new();
    for folder in &workspace.target.layout.manifest_dirs {
        let path = format!("{folder}/manifest.json");
        let bytes = match files::read(&workspace.path(&path), MAX_BYTES) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.is_missing() => None,
            Err(error) => return Err(error),
        };
        found.push(FoundManifest { path, bytes });
    }
    Ok(found)
}
