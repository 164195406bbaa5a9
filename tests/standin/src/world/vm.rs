//! The VM: a checkout with its configuration, the tools, and a service that runs.

use super::laptop::restrict;
use super::{MANIFEST_FOLDERS, OLD_VERSION, UNIT, VERSION, World, files, target, venv};
use crate::programs;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::PathBuf;

/// The five tools.
pub const TOOLS: [&str; 5] = ["nexy-version", "nexy-gate", "nexy-publish", "nexy-manifest", "nexy-verify"];

impl World {
    pub(super) fn lay_out_vm(&self, target: &str) {
        let root = self.vm();
        files::write_version_places(self, &root, VERSION);
        files::write_code(&root);
        files::write_manifests(&root, &self.live_manifest(OLD_VERSION));
        for folder in ["bin", "lock", "log", "etc", "server/updates/downloads"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        files::write(&root.join("etc/nexy.toml"), target);
        restrict(&root.join("etc/nexy.toml"));
        self.set_config_env(&good_config_env());
        self.standin.set_gemini_key(&good_gemini_key());
        self.standin.set_gemini_model(MODEL);
        venv::lay_out(&root.join("venv"));
        for tool in TOOLS {
            symlink(self.tools().join(tool), root.join("bin").join(tool)).unwrap();
        }
        let standin = self.tools().join("nexy-standin");
        ["systemctl", "journalctl"].iter().for_each(|name| programs::install_one(&root.join("bin"), name, &self.state(), &standin));
        self.standin.set_vm(&root, MANIFEST_FOLDERS[0], UNIT);
        self.start_service();
        self.change_state("az.json", |az| {
            *az = json!({
                "logged_in": true,
                "resource_group": "NexyNewRG",
                "vm": "NexyNew",
                "vm_path": format!("{}:/usr/bin:/bin", root.join("bin").display()),
                "mode": "today",
                "conflicts": 0,
            });
        });
    }

    fn start_service(&self) {
        let root = self.vm();
        let invocation = "0123456789abcdef0123456789abcdef";
        self.change_state("units.json", |units| {
            units[UNIT] = json!({
                "MainPID": "4242",
                "NRestarts": "0",
                "ExecMainStatus": "0",
                "ExecStart": target::exec_start(&root),
                "WorkingDirectory": root,
                "User": target::user(),
                "Environment": "",
                "Id": UNIT,
                "LoadState": "loaded",
                "ActiveState": "active",
                "SubState": "running",
                "Result": "success",
                "FragmentPath": format!("/etc/systemd/system/{UNIT}"),
                "DropInPaths": "",
                "NeedDaemonReload": "no",
                "InvocationID": invocation,
                "UnitFileState": "enabled",
            });
            programs::started(&self.state(), &mut units[UNIT]);
            units["environment"] = json!(["LANG=C.UTF-8", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"]);
        });
    }

    /// Whether root runs this: only then can config.env belong to root, as the gate `config-env-access` wants it.
    #[must_use]
    pub fn is_roots(&self) -> bool {
        self.root().metadata().unwrap().uid() == 0
    }

    /// The checkout on the VM.
    #[must_use]
    pub fn vm(&self) -> PathBuf {
        self.root().join("vm")
    }

    /// A path below the VM's checkout.
    #[must_use]
    pub fn vm_path(&self, path: &str) -> PathBuf {
        self.vm().join(path)
    }

    /// Writes a file below the VM's checkout.
    pub fn write_vm(&self, path: &str, text: &str) {
        files::write(&self.vm_path(path), text);
    }

    /// Reads a file below the VM's checkout.
    #[must_use]
    pub fn read_vm(&self, path: &str) -> String {
        let file = self.vm_path(path);
        fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    }

    /// The manifest that the server on the VM reads.
    #[must_use]
    pub fn vm_manifest(&self) -> Value {
        let text = self.read_vm(&format!("{}/manifest.json", MANIFEST_FOLDERS[0]));
        serde_json::from_str(&text).unwrap()
    }

    /// Writes a manifest into both folders on the VM.
    pub fn set_vm_manifest(&self, manifest: &Value) {
        files::write_manifests(&self.vm(), manifest);
    }

    /// Writes another version into the checkout; the running process shows it after a restart.
    pub fn set_vm_version(&self, version: &str) {
        files::write_version_places(self, &self.vm(), version);
    }

    /// Restarts the service on the VM.
    pub fn restart_service(&self) {
        let arguments = ["restart", UNIT].map(str::to_owned);
        let said = programs::play("systemctl", &self.state(), &arguments);
        assert_eq!(said.code, 0, "{}", said.stderr);
    }

    /// Replaces the VM's config.env, mode 0640.
    pub fn set_config_env(&self, text: &str) {
        self.write_vm("config.env", text);
        let mode = fs::Permissions::from_mode(0o640);
        fs::set_permissions(self.vm_path("config.env"), mode).unwrap();
    }

    /// The service that runs now writes a line into the journal.
    pub fn says(&self, message: &str) {
        let units = crate::disk::read_json(&self.state().join("units.json")).unwrap();
        programs::write_journal(&self.state(), units[UNIT]["InvocationID"].as_str().unwrap(), message);
    }

    /// Changes one property of the service.
    pub fn set_unit(&self, key: &str, value: Value) {
        self.change_state("units.json", |units| units[UNIT][key] = value);
    }

    /// Replaces what the service manager gives to every service: `NAME=value` each.
    pub fn set_manager_environment(&self, assignments: &[&str]) {
        self.change_state("units.json", |units| units["environment"] = json!(assignments));
    }
}

/// The model of the committed `nexy.toml`.
const MODEL: &str = "gemini-2.5-flash";

/// The key of [`good_config_env`], made up and accepted by the stand-in.
#[must_use]
pub fn good_gemini_key() -> String {
    format!("AIza{}{}", "SyTEST", "0123456789".repeat(3).get(..29).unwrap())
}

/// A config.env that every gate passes; the key is made up.
#[must_use]
pub fn good_config_env() -> String {
    let key = good_gemini_key();
    format!("NEXY_ENV=prod\nGEMINI_API_KEY={key}\nSUBSCRIPTION_ENABLED=false\nGRPC_PORT=50051\nHTTP_PORT=8080\nUPDATE_PORT=8081\n")
}
