//! Which version the running process is: read once when the service starts, not when the file changes.

use crate::disk;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// What the real code says when neither the environment nor VERSION says anything.
pub(crate) const LITERAL_VERSION: &str = "2.0.0.40";

/// The VM as `vm.json` and `units.json` describe it.
pub(crate) struct Vm {
    folder: PathBuf,
    checkout: PathBuf,
    /// The folder whose manifests the code reads.
    pub(crate) manifests: PathBuf,
    unit: String,
}

impl Vm {
    pub(crate) fn read(folder: &Path) -> Option<Self> {
        let vm = disk::read_json(&folder.join("vm.json"))?;
        let checkout = PathBuf::from(vm["checkout"].as_str().unwrap());
        Some(Self {
            folder: folder.to_owned(),
            manifests: checkout.join(vm["manifests"].as_str().unwrap()),
            unit: vm["unit"].as_str().unwrap().to_owned(),
            checkout,
        })
    }

    /// Describes the VM for this process and the scripted programs.
    pub(crate) fn write(folder: &Path, checkout: &Path, manifests: &str, unit: &str) {
        disk::write_json(&folder.join("vm.json"), &json!({"checkout": checkout, "manifests": manifests, "unit": unit}));
    }

    /// A service without a description counts as running.
    pub(crate) fn service_is_up(&self) -> bool {
        let state = self.unit()["ActiveState"].clone();
        state.is_null() || state == "active"
    }

    /// Version and build of the running process.
    pub(crate) fn running(&self) -> (String, String) {
        let invocation = self.unit()["InvocationID"].clone();
        let known = disk::read_json(&self.folder.join("running.json"));
        let running = known.filter(|running| running["invocation"] == invocation).unwrap_or_else(|| self.start(&invocation));
        let text = |key: &str| running[key].as_str().unwrap().to_owned();
        (text("version"), text("build"))
    }

    /// Reads the version as a starting process does and remembers it for this invocation.
    pub(crate) fn start(&self, invocation: &Value) -> Value {
        let environment = self.environment();
        let file = fs::read_to_string(self.checkout.join("VERSION"));
        let version = value_of(&environment, "SERVER_VERSION")
            .or_else(|| file.ok().map(|text| text.trim().to_owned()))
            .unwrap_or_else(|| LITERAL_VERSION.to_owned());
        let build = value_of(&environment, "SERVER_BUILD").unwrap_or_else(|| version.clone());
        let running = json!({"invocation": invocation, "version": version, "build": build});
        disk::write_json(&self.folder.join("running.json"), &running);
        running
    }

    fn environment(&self) -> String {
        fs::read_to_string(self.checkout.join("config.env")).unwrap_or_default()
    }

    fn unit(&self) -> Value {
        let units = disk::read_json(&self.folder.join("units.json")).unwrap_or(Value::Null);
        units[&self.unit].clone()
    }
}

fn value_of(environment: &str, key: &str) -> Option<String> {
    let prefix = format!("{key}=");
    let lines = environment.lines().rev();
    let mut values = lines.filter_map(|line| line.trim().strip_prefix(prefix.as_str()));
    values.next().map(|value| value.trim().trim_matches('"').to_owned())
}
