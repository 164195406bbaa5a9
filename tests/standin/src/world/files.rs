//! The files of a checkout: every version place, the guides, the manifests.

use super::{ARTIFACTS, MANIFEST_FOLDERS, World};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// A manifest as the real writer makes it.
#[must_use]
pub fn manifest(version: &str, url: &str, size_bytes: u64, sha256: &str) -> Value {
    json!({
        "version": version,
        "build": version,
        "artifact": {
            "type": "dmg",
            "url": url,
            "size": size_bytes,
            "sha256": sha256,
            "arch": "universal2",
            "min_os": "11.0",
            "ed25519": "",
        },
        "critical": false,
        "auto_install": true,
        "notes_url": url,
        "release_date": "2026-02-14T13:25:00.000000Z",
    })
}

/// Writes a file and the folders above it.
pub(super) fn write(file: &Path, text: &str) {
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

/// Writes every file of a checkout that holds the version.
pub(super) fn write_version_places(world: &World, root: &Path, version: &str) {
    let web = world.standin.web_url();
    let downloads = format!("{web}/{ARTIFACTS}/releases/download");
    write(&root.join("VERSION"), &format!("{version}\n"));
    write(
        &root.join("server/config/unified_config.yaml"),
        &format!(
            "updates:\n  enabled: true\n  port: 8081\n  default_version: {version}  # read from VERSION\n  default_build: {version}\n\
             server:\n  version: {version}  # read from VERSION\n  build: {version}\n  channel: stable\n"
        ),
    );
    write(
        &root.join("server/config.env.example"),
        &format!("# Copy to config.env\nGEMINI_API_KEY=your_gemini_api_key_here\nSERVER_VERSION={version}\nSERVER_BUILD={version}\n"),
    );
    write(
        &root.join("server/config/unified_config.py"),
        &format!("import os\n\n\ndef server_version():\n    return os.getenv('SERVER_VERSION', '{version}')\n"),
    );
    write(
        &root.join("server/Docs/SERVER_DEPLOYMENT_GUIDE.md"),
        &format!("# Server Deployment Guide\n\n**Статус:** Active Rulebook\n**Текущий релиз документации:** `v{version}`\n"),
    );
    write(&root.join("server/Docs/RELEASE_AND_UPDATE_GUIDE.md"), &guide(version, &downloads));
    write(
        &root.join("client/config/unified_config.yaml"),
        &format!("app:\n  name: Nexy\n  version: {version}\n  bundle_id: com.nexy.assistant\n"),
    );
    for module in ["grpc_client", "hardware_id", "input_processing"] {
        write(&root.join(format!("client/modules/{module}/macos/info/Info.plist")), &information(module, version));
    }
    let reference = format!("<pkg-ref id=\"com.nexy.assistant.pkg\" version=\"{version}\"");
    write(
        &root.join("client/packaging/distribution.xml"),
        &format!(
            "<?xml version='1.0' encoding='utf-8'?>\n<installer-gui-script minSpecVersion=\"1\">\n    <title>Nexy</title>\n    \
             <choice id=\"main\">\n        {reference} />\n    </choice>\n    {reference}>Nexy-raw.pkg</pkg-ref>\n</installer-gui-script>\n"
        ),
    );
}

fn information(module: &str, version: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \
         \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\">\n<dict>\n\t<key>CFBundleName</key>\n\t\
         <string>{module}</string>\n\t<key>CFBundleShortVersionString</key>\n\t<string>{version}</string>\n\t\
         <key>CFBundleVersion</key>\n\t<string>{version}</string>\n\t<key>LSBackgroundOnly</key>\n\t<true/>\n</dict>\n</plist>\n"
    )
}

fn guide(version: &str, downloads: &str) -> String {
    format!(
        r#"# Server Release & Update Guide

**Статус:** Active Rulebook
**Обновлено:** 21 February 2026
**Текущий релиз документации:** `v{version}`

## Canonical Release Target

```yaml
release_target:
  version: "{version}"
  azure:
    resource_group: "NexyNewRG"
    vm_name: "NexyNew"
  server:
    host: "nexy-prod-sergiy.canadacentral.cloudapp.azure.com"
  grpc:
    endpoint: "nexy-prod-sergiy.canadacentral.cloudapp.azure.com:443"
    tls: true
  update:
    dmg_url: "{downloads}/Update/Nexy.dmg"
    pkg_url: "{downloads}/App/Nexy.pkg"
```
"#
    )
}

/// Writes the files of a checkout that no version stands in.
pub(super) fn write_code(root: &Path) {
    write(&root.join("server/main.py"), "print('the Nexy server stands in')\n");
    write(&root.join("server/requirements.txt"), "aiohttp>=3.9\nprotobuf>=6.31.1,<7\n");
    super::venv::write_stubs(root);
}

/// Writes what only the workspace has: the workflow that deploys, and the repository's own check of its quality.
pub(super) fn write_workspace_code(root: &Path) {
    write(&root.join(".github/workflows/deploy-to-azure.yml"), WORKFLOW);
    write(&root.join("scripts/prod_ready_check.sh"), "#!/usr/bin/env bash\nset -euo pipefail\necho 'everything is ready'\n");
}

const WORKFLOW: &str = "\
name: Deploy to Azure VM
on:
  push:
    branches: [main]
    paths: ['server/**']
  workflow_dispatch:
concurrency:
  group: deploy-to-azure
  cancel-in-progress: false
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: azure/login@v2
        with:
          creds: ${{ secrets.AZURE_CREDENTIALS }}
      - run: az vm run-command invoke -g NexyNewRG -n NexyNew --command-id RunShellScript --scripts @scripts/remote/run_tool.sh
";

/// Writes a manifest and its versioned copy into both manifest folders.
pub(super) fn write_manifests(root: &Path, manifest: &Value) {
    let text = format!("{manifest:#}\n");
    let version = manifest["version"].as_str().unwrap();
    for folder in MANIFEST_FOLDERS {
        let folder = root.join(folder);
        write(&folder.join("manifest.json"), &text);
        write(&folder.join(format!("manifest_{version}.json")), &text);
    }
}

/// Copies a folder with everything in it.
pub(super) fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            // Keeps the mode, so scripts stay executable.
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
