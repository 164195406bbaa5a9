//! The story of `live`: asks whether users still get what a record has made live, and changes nothing.

use crate::{cli::TOOL, plan::channel, session, steps::inspect};
use nexy_contract::{Exit, Problem, record::Artifact};
use nexy_outside::{Common, Workspace, frame::stdio, net::github::Asset};

pub(crate) fn run(workspace: &Workspace, common: &Common) -> Result<Exit, Problem> {
    let record = workspace.read_record(&stdio::read_record()?)?;
    session::within(&workspace.target, common, [], true, |session| {
        let mut exit = if record.artifacts.is_empty() { Exit::No } else { Exit::Yes };
        for artifact in &record.artifacts {
            let row = inspect::row(workspace, artifact)?;
            let release = inspect::release_in_any_state(session, row)?;
            let what = || format!("cannot list the channel {}", row.channel);
            let found = session.list(&release, &row.name).map_err(|error| error.problem(what()))?;
            if let Some(because) = changed(artifact, found.live.as_ref()) {
                stdio::note(&format!("{TOOL}: {}/{} of the record is not live any more: {because}", row.channel, row.name));
                exit = Exit::No;
            }
        }
        Ok(exit)
    })
}

/// Why users do not get what the record has made live; `None` when they do. An asset whose digest GitHub does not know is told by its id.
fn changed(artifact: &Artifact, now: Option<&Asset>) -> Option<String> {
    match (&artifact.live, now) {
        (None, _) => Some("the record has published nothing".to_owned()),
        (_, None) => Some("nothing is live".to_owned()),
        (Some(_), Some(now)) if channel::is_rolled_back(now) => Some("it was rolled back".to_owned()),
        (Some(live), Some(now)) if now.sha256().map_or(now.id == live.asset_id, |sha256| sha256 == live.sha256) => None,
        (Some(_), Some(now)) => {
            let version = channel::version(&artifact.name, now).map(|version| format!(", version {version}"));
            Some(format!("now it is asset {}{}", now.id, version.unwrap_or_default()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tests::assets::asset;
    use nexy_contract::{Sha256Digest, record::Live};

    #[test]
    fn the_same_bytes_count_whatever_asset_holds_them() {
        let live = Live {
            url: String::new(),
            asset_id: 7,
            size_bytes: 4,
            sha256: Sha256Digest::of(b"five"),
            previous: None,
            changed: true,
            swapped_at: None,
        };
        let artifact =
            |live| Artifact { name: "A.dmg".into(), channel: "F".into(), size_bytes: 4, sha256: Sha256Digest::of(b"five"), live };
        let is_live = |now: Option<Asset>| changed(&artifact(Some(live.clone())), now.as_ref()).is_none();
        let undigested = |id| Asset { digest: None, ..asset(id, "A.dmg", b"five") };
        for (now, expected) in [
            (Some(asset(7, "A.dmg", b"five")), true),
            (Some(asset(8, "A.dmg", b"five")), true),
            (Some(undigested(7)), true),
            (Some(undigested(8)), false),
            (Some(asset(7, "A.dmg", b"four")), false),
            (Some(Asset { label: Some("A.dmg 2.0.0.5 (rolled back)".into()), ..asset(7, "A.dmg", b"five") }), false),
            (None, false),
        ] {
            assert_eq!(is_live(now.clone()), expected, "{now:?}");
        }
        assert!(changed(&artifact(None), Some(&asset(7, "A.dmg", b"five"))).is_some());
    }
}
