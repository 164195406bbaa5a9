//! Nine checks that start no program, beside a program that does nothing, and beside what a person types for the same nine.

use crate::timed;
use nexy_standin::world::{Options, World};
use std::{path::Path, process::Command, time::Duration};

/// All gates that need neither the network nor another program. `config-env` starts `systemctl`; `single-manifest` reads through
/// `setpriv`, with the rights of the service's user.
const NINE: [&str; 9] = [
    "version-synced",
    "target-canonical",
    "release-inbox",
    "artifact-genuine",
    "disk-space",
    "config-env-keys",
    "db-backup",
    "restore-drill",
    "db-hardened",
];

/// The same nine as the rulebooks' own commands; `$1` is the VM's folder.
const BY_HAND: &str = r#"
version=$(cat VERSION)
grep -q "default_version: $version" server/config/unified_config.yaml &&
grep -q 'vm_name: "NexyNew"' server/Docs/RELEASE_AND_UPDATE_GUIDE.md &&
test -d release_inbox && ls release_inbox | grep -q '^Nexy.dmg$' &&
tail -c 512 release_inbox/Nexy.dmg | head -c 4 | grep -q koly &&
test -s "$1/config.env" &&
grep -q '^GEMINI_API_KEY=' "$1/config.env" && ! grep -q '^GEMINI_API_KEY=YOUR_' "$1/config.env" &&
sha256sum "$1"/backups/*.dump >/dev/null &&
find "$1/receipts" -name 'drill-*' -mtime -7 | grep -q . &&
find "$1/receipts" -name 'hardening-*' | grep -q .
"#;

/// The medians of many runs.
pub(crate) struct Gates {
    pub(crate) runs: usize,
    pub(crate) ours: Duration,
    pub(crate) by_hand: Duration,
    pub(crate) nothing: Duration,
}

/// Runs all three in turns, so that they meet the same machine.
pub(crate) fn measure(tools: &Path) -> Gates {
    let runs = 300;
    let world = World::with(&Options { dmg_bytes: 64 << 10, pkg_bytes: None, tools: Some(tools.to_owned()), ..Options::on_disk() });
    world.keep_database_receipts();
    let vm = world.vm().display().to_string();
    let target = format!("--target={}", world.workspace().join("nexy.toml").display());
    let once = |program: &Path, arguments: &[&str]| {
        let mut command = Command::new(program);
        timed(command.args(arguments).current_dir(world.workspace()).env_clear().env("PATH", "/usr/bin:/bin"))
    };
    let gate = tools.join("nexy-gate");
    let ours: Vec<&str> = [target.as_str(), "--quiet", "--format=json"].into_iter().chain(NINE).collect();
    let by_hand = ["-c", BY_HAND, "sh", vm.as_str()];
    let (mut all, mut wrong) = ([Vec::new(), Vec::new(), Vec::new()], 0);
    for _ in 0..runs {
        for (index, (program, arguments)) in
            [(gate.as_path(), ours.as_slice()), (Path::new("/bin/sh"), by_hand.as_slice()), (Path::new("/bin/true"), &[])]
                .into_iter()
                .enumerate()
        {
            let (took, is_yes) = once(program, arguments);
            all[index].push(took);
            wrong += usize::from(!is_yes);
        }
    }
    assert_eq!(wrong, 0, "a check said no, so something else was measured");
    let [ours, by_hand, nothing] = all.map(crate::start::median);
    Gates { runs, ours, by_hand, nothing }
}
