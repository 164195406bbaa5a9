//! How fast an artifact is hashed, beside the programs that a person would take.

use crate::timed;
use nexy_standin::world::{Options, World};
use std::{path::Path, process::Command, time::Duration};

/// The best of several runs each.
pub(crate) struct Hashing {
    pub(crate) ours: Duration,
    /// The fastest of the others, and its name.
    pub(crate) fastest: (Duration, &'static str),
}

/// Runs them in turns over one file, so that all meet the same machine. What `nexy-version record` does beside hashing counts.
pub(crate) fn measure(tools: &Path, size_mib: u64, runs: usize) -> Hashing {
    let world = World::with(&Options { dmg_bytes: size_mib << 20, tools: Some(tools.to_owned()), ..Options::on_disk() });
    let file = world.inbox("Nexy.dmg");
    let target = format!("--target={}", world.workspace().join("nexy.toml").display());
    let mut best = [Duration::MAX; 3];
    for _ in 0..=runs {
        let mut ours = Command::new(tools.join("nexy-version"));
        ours.args([target.as_str(), "record"]);
        let mut sha256sum = Command::new("sha256sum");
        sha256sum.arg(&file);
        let mut openssl = Command::new("openssl");
        openssl.args(["dgst", "-sha256"]).arg(&file);
        for (best, mut command) in best.iter_mut().zip([ours, sha256sum, openssl]) {
            let (took, has_succeeded) = timed(&mut command);
            assert!(has_succeeded, "{command:?}");
            *best = (*best).min(took);
        }
    }
    let [ours, sha256sum, openssl] = best;
    let fastest = if sha256sum < openssl { (sha256sum, "sha256sum") } else { (openssl, "openssl dgst") };
    Hashing { ours, fastest }
}
