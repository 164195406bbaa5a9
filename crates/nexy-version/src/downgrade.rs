//! A version that is lower than what is known of the workspace, or of what users have: clients never go down.

use nexy_contract::{Exit, Fix, Problem, ReleaseVersion, manifest::ManifestFacts, text::shell_word};
use nexy_outside::{
    Common, Workspace,
    frame::{manifests, version_file},
    net::{live_asset, token},
};

/// GitHub is asked for so long at most, in seconds: without network the version can be set as well.
const ASK_S: u64 = 5;

/// Refuses a version that is lower than VERSION, a manifest or the label of the live artifact, unless a reason was given.
pub(crate) fn refuse(workspace: &Workspace, version: ReleaseVersion, reason: Option<&str>, common: &Common) -> Result<(), Problem> {
    let mut known = Vec::new();
    if let Ok(owned) = version_file::read(workspace) {
        known.push((workspace.target.layout.version_file.clone(), owned));
    }
    known.extend(manifests(workspace, common));
    known.extend(live(workspace, common));
    let Some((place, highest)) = highest_above(version, known) else { return Ok(()) };
    if let Some(reason) = reason {
        common.note(&format!("{version} is lower than {highest} ({place}), which was allowed: {reason}"));
        return Ok(());
    }
    let because = format!("{place} says {highest}, and clients never go down");
    let fix = Fix::note("choose a version above it:")
        .then_command(format!("nexy-version set {}", highest.next()))
        .then_note("or say why it must be lower:")
        .then_command(format!("nexy-version set {version} --allow-downgrade {}", shell_word("the reason")));
    Err(Problem::new(Exit::No, format!("cannot set {version}"), because, fix))
}

/// The highest of what is known, when it is above the version; of equal ones the first.
fn highest_above(version: ReleaseVersion, known: Vec<(String, ReleaseVersion)>) -> Option<(String, ReleaseVersion)> {
    known.into_iter().filter(|(_, known)| *known > version).reduce(|first, next| if next.1 > first.1 { next } else { first })
}

fn manifests(workspace: &Workspace, common: &Common) -> Vec<(String, ReleaseVersion)> {
    let found = manifests::read_all(workspace).unwrap_or_else(|error| {
        common.note(&format!("not compared with the manifests: {error}"));
        Vec::new()
    });
    let facts = found.into_iter().filter_map(|manifest| Some((manifest.path, ManifestFacts::read(manifest.bytes?))));
    let versions = facts.filter_map(|(path, facts)| match facts {
        Ok(facts) => Some((path, facts.version)),
        Err(error) => {
            common.note(&format!("not compared with {path}: it {error}"));
            None
        }
    });
    versions.collect()
}

fn live(workspace: &Workspace, common: &Common) -> Option<(String, ReleaseVersion)> {
    let mut target = workspace.target.clone();
    for limit in [&mut target.limits.connect_timeout_s, &mut target.limits.request_timeout_s, &mut target.limits.retry_total_s] {
        *limit = ASK_S.min(*limit);
    }
    let row = target.feed_artifact()?;
    let token = token::find(&target).ok().map(|token| token.secret);
    match live_asset::listed(&target, row, token) {
        Ok(asset) => Some((format!("the label of the live {}", row.name), asset?.version?)),
        Err(problem) => {
            common.note(&format!("not compared with the live {}: {}", row.name, problem.message()));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_higher_counts_and_the_highest_is_named() {
        let version = |last| ReleaseVersion::new([2, 0, 0, last]);
        let known = |all: &[(&str, u32)]| all.iter().map(|(place, last)| ((*place).to_owned(), version(*last))).collect();
        for (all, highest) in [
            (&[][..], None),
            (&[("a", 3), ("b", 4)], None),
            (&[("a", 5), ("b", 3)], Some("a")),
            (&[("a", 5), ("b", 10), ("c", 10)], Some("b")),
        ] {
            assert_eq!(highest_above(version(4), known(all)).map(|(place, _)| place).as_deref(), highest, "{all:?}");
        }
    }
}
