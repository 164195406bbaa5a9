//! A second publisher: it has its own workspace, on another or the same machine, and the same GitHub.

use crate::harness;
use nexy_contract::Timestamp;
use nexy_standin::artifact;
use nexy_standin::world::{ARTIFACTS, Ran, Tool, World};
use serde_json::{Value, json};
use std::{fs, path::Path};

/// What the second publisher does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Publishes,
    /// A rollback to what was live before.
    RollsBack,
    /// A rollback to the file in the inbox, which is uploaded first.
    RollsBackToItsFile,
    Cleans,
}

impl Action {
    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Publishes => &["-"],
            Self::RollsBack => &["rollback", "--to-version", "2.0.0.2", "-"],
            Self::RollsBackToItsFile => &["rollback", "--artifact", "release_inbox/Nexy.dmg", "--to-version", "2.0.0.2", "-"],
            Self::Cleans => &["clean"],
        }
    }
}

/// The other workspace of a world.
pub(crate) struct Machine<'a> {
    world: &'a World,
    is_the_same: bool,
}

impl<'a> Machine<'a> {
    /// A workspace on another machine, a copy of the first; with `seed` its inbox holds other bytes.
    pub(crate) fn new(world: &'a World, seed: Option<u64>) -> Self {
        Self { world, is_the_same: false }.set_up(seed)
    }

    /// The same, on the same machine.
    pub(crate) fn the_same(world: &'a World, seed: Option<u64>) -> Self {
        Self { world, is_the_same: true }.set_up(seed)
    }

    fn set_up(self, seed: Option<u64>) -> Self {
        let (machine, world) = (&self, self.world);
        copy(&world.workspace(), &machine.folder("workspace"));
        for name in ["home", "temporary", "run"] {
            fs::create_dir_all(machine.folder(name)).expect("a folder of the other machine");
        }
        if let Some(seed) = seed {
            artifact::write_dmg(&machine.folder("workspace").join("release_inbox/Nexy.dmg"), harness::SIZE_BYTES, seed);
            machine.tool("nexy-version").args(["set", "2.0.0.5"]).run().exits(0);
        }
        self
    }

    /// The bytes in its inbox, as `sha256:…`.
    pub(crate) fn goal(&self) -> String {
        format!("sha256:{}", artifact::sha256(&self.folder("workspace").join("release_inbox/Nexy.dmg")))
    }

    /// Publishes with a record that the gates have judged.
    pub(crate) fn publishes(&self) -> Ran {
        self.does(Action::Publishes).run()
    }

    /// The command of an action, with its record on standard input.
    pub(crate) fn does(&self, action: Action) -> Tool {
        let mut tool = self.tool("nexy-publish").args(action.arguments().iter().copied());
        if action == Action::Cleans {
            return tool;
        }
        if action != Action::Publishes {
            // It means whatever is live when it is typed.
            let label = self.world.standin.asset(ARTIFACTS, "Update", "Nexy.dmg").and_then(|live| live.label);
            let version = label.as_deref().and_then(|label| label.strip_prefix("Nexy.dmg ")).unwrap_or("2.0.0.3");
            tool = tool.args(["--from", version]);
        }
        let mut record: Value = self.tool("nexy-version").arg("record").run().exits(0).json();
        if action == Action::Publishes {
            record["reports"] = json!([nexy_publish_support::report(self.world, &record, Timestamp::now())]);
        }
        tool.stdin(record.to_string())
    }

    fn tool(&self, name: &str) -> Tool {
        let text = |name| self.folder(name).display().to_string();
        let target = format!("--target={}/nexy.toml", text("workspace"));
        let tool = harness::tool(self.world, name).bare().arg(&target).dir(self.folder("workspace"));
        if self.is_the_same {
            return tool;
        }
        tool.env("HOME", &text("home")).env("TMPDIR", &text("temporary")).env("XDG_RUNTIME_DIR", &text("run"))
    }

    fn folder(&self, name: &str) -> std::path::PathBuf {
        self.world.root().join("other").join(name)
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder").flatten() {
        let target = to.join(entry.file_name());
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}
