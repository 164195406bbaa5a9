//! Every state that a release can be in, and the one command that is right in it.

use super::super::facts::{Facts, Open, Stage, late};
use super::scene::*;
use nexy_contract::{Fix, Report, check::Answer, immutable_releases::Immutability, record::Kind};
use std::time::Duration;

/// Every state by its name, the command that is right in it (empty: nothing is to do), and the facts.
pub(super) fn states() -> Vec<(&'static str, &'static str, Facts)> {
    let set = "make version-set V=2.0.0.5";
    let set_six = "make version-set V=2.0.0.6";
    let remote = |facts: &mut Facts| facts.remote.as_mut().expect("a remote").tags.clear();
    let unpublished = |stage: Stage| with(ready(), |facts| facts.releases.as_mut().expect("releases").push(release(FIVE, stage)));
    vec![
        ("everything is done", "", done()),
        ("the inbox still holds what is live", "", with(done(), |facts| facts.inbox = Ok(vec![in_inbox("Nexy.dmg", "old", None)]))),
        ("a clone without records", "", with(done(), |facts| facts.releases = Ok(Vec::new()))),
        ("a new build, and VERSION is not raised", set, with(done(), |facts| facts.inbox = ready().inbox)),
        ("VERSION is below what is live", set, with(done(), |facts| facts.version = version(THREE))),
        (
            "the workspace is old",
            "git pull --ff-only origin main",
            with(done(), |facts| {
                facts.version = version(THREE);
                facts.remote.as_mut().expect("a remote").is_behind = true;
            }),
        ),
        (
            "VERSION cannot be read",
            "nexy-version check",
            with(done(), |facts| facts.version = Err(not_known("VERSION is missing", Fix::command("nexy-version check")))),
        ),
        ("the tag of the next version is taken", set_six, with(ready(), |facts| facts.version = done().version)),
        (
            "VERSION is set and not in every place",
            "make version-set V=2.0.0.5",
            with(ready(), |facts| facts.version.as_mut().expect("a version").others.push("a.yaml".to_owned())),
        ),
        (
            "VERSION is set and not tagged",
            "make tag",
            with(ready(), |facts| {
                facts.git.as_mut().expect("git").tags.pop();
                remote(facts);
            }),
        ),
        ("the tag is not pushed", "make tag", with(ready(), remote)),
        ("the server repository has no tag", "make tag", with(ready(), |facts| facts.server_tag = Ok(false))),
        (
            "the tag is only on the remote",
            "git fetch origin refs/tags/v2.0.0.5:refs/tags/v2.0.0.5",
            with(ready(), |facts| drop(facts.git.as_mut().expect("git").tags.pop())),
        ),
        (
            "the tag is another commit on the remote",
            set_six,
            with(ready(), |facts| facts.remote.as_mut().expect("a remote").tags[1].1 = "cx".to_owned()),
        ),
        ("tagged and not deployed", "make gate-deploy", with(ready(), |facts| facts.health = Ok(Ok(says(FOUR))))),
        ("the server runs a newer version, deployed elsewhere", set_six, with(done(), |facts| facts.health = Ok(Ok(says(FIVE))))),
        ("deployed, and the inbox is empty: the server alone", "", with(ready(), |facts| facts.inbox = Ok(Vec::new()))),
        (
            "deployed, and the inbox holds what is live",
            "",
            with(ready(), |facts| facts.inbox = Ok(vec![in_inbox("Nexy.dmg", "old", None)])),
        ),
        (
            "the inbox holds a build of another version",
            "make gate-publish",
            with(ready(), |facts| facts.inbox = Ok(vec![in_inbox("Nexy.dmg", "new!", Some("2.0.0.4"))])),
        ),
        ("ready to be released", "make release", ready()),
        ("the package alone", "make release", with(ready(), |facts| facts.inbox = Ok(vec![in_inbox("Nexy.pkg", "newpkg", None)]))),
        (
            "the package of the version that is out",
            "make release",
            with(done(), |facts| {
                seen(facts, PKG).live = Some(asset("Nexy.pkg", THREE, "oldpkg"));
                facts.inbox = Ok(vec![in_inbox("Nexy.pkg", "newpkg", None)]);
            }),
        ),
        (
            "the first release of all",
            "make release",
            with(ready(), |facts| {
                (0..2).for_each(|place| seen(facts, place).live = None);
                facts.manifest = Ok(None);
                facts.feed = Ok(Err("500".to_owned()));
                facts.releases = Ok(Vec::new());
            }),
        ),
        ("recorded", "make release", unpublished(begun("10-record", ""))),
        ("a gate said no", "make release", unpublished(begun("10-record", "20-gates"))),
        (
            "a gate said no: the code is not deployed",
            "make gate-deploy",
            with(unpublished(begun("10-record", "20-gates")), |facts| facts.health = Ok(Ok(says(FOUR)))),
        ),
        ("the gates have passed", "make release", unpublished(begun("20-gates", ""))),
        ("the publication was killed", "make release", unpublished(begun("20-gates", "30-publish"))),
        (
            "the publication was killed after its swap",
            "make release",
            with(published("20-gates", "30-publish"), |facts| facts.manifest = done().manifest),
        ),
        (
            "the publication was killed between its renames",
            "make release",
            with(unpublished(begun("20-gates", "30-publish")), |facts| {
                let channel = seen(facts, DMG);
                channel.previous = channel.live.take();
            }),
        ),
        ("published", "make release", published("30-publish", "")),
        ("the manifest is written", "make release", published("40-manifest", "")),
        ("the delivery has failed", "make release", published("40-manifest", "50-deliver")),
        ("delivered", "make release", delivered(published("50-deliver", ""))),
        ("the verification has failed", "make release", delivered(published("50-deliver", "60-verify"))),
        (
            "released, and the manifest is committed and not pushed",
            "make manifest-push",
            with(whole(), |facts| facts.remote.as_mut().expect("a remote").manifest = Ok(Some(sha("m")))),
        ),
        (
            "the remote has commits that are not here",
            "git fetch origin",
            with(whole(), |facts| {
                facts.remote.as_mut().expect("a remote").manifest = Err(not_known("origin has commits", Fix::command("git fetch origin")));
            }),
        ),
        (
            "released, and this branch lacks the pushed commit",
            "git add --all -- server/updates/manifests server/server/updates/manifests && git pull --ff-only origin main",
            with(whole(), |facts| {
                facts.git.as_mut().expect("git").manifest = Some(sha("m"));
                facts.remote.as_mut().expect("a remote").is_behind = true;
            }),
        ),
        (
            "VERSION is set, and others have pushed",
            "git pull --rebase --autostash origin main",
            with(ready(), |facts| {
                facts.git.as_mut().expect("git").tags.pop();
                let remote = facts.remote.as_mut().expect("a remote");
                remote.tags.pop();
                remote.is_behind = true;
            }),
        ),
        ("released", "", whole()),
        (
            "an update is begun, and the code stays",
            "make release KIND=update",
            with(unpublished(begun("10-record", "")), |facts| {
                facts.health = Ok(Ok(says(FOUR)));
                facts.releases.as_mut().expect("releases")[1].kind = Kind::Update;
            }),
        ),
        (
            "an update is published",
            "make release KIND=update",
            with(published("30-publish", ""), |facts| {
                facts.health = Ok(Ok(says(FOUR)));
                facts.releases.as_mut().expect("releases")[1].kind = Kind::Update;
            }),
        ),
        ("an update is out", "", with(whole(), |facts| facts.health = Ok(Ok(says(FOUR))))),
        (
            "a release is at work",
            "make status",
            with(published("30-publish", ""), |facts| facts.releases.as_mut().expect("releases")[1].running = Some("7".to_owned())),
        ),
        (
            "a rollback was killed between its renames",
            "make rollback",
            with(whole(), |facts| {
                let channel = seen(facts, DMG);
                channel.bad = channel.live.take().into_iter().collect();
            }),
        ),
        (
            "a rollback has stopped",
            "make rollback",
            with(rolled_back(), |facts| {
                facts.releases.as_mut().expect("releases")[1].stage =
                    Stage::RollbackBegun(Open { done: Some("71-rollback".to_owned()), ..Open::default() });
            }),
        ),
        (
            "a rollback has stopped, and VERSION was raised",
            "make rollback FROM=2.0.0.5",
            with(rolled_back(), |facts| {
                facts.version = version(SIX);
                facts.releases.as_mut().expect("releases")[1].stage = Stage::RollbackBegun(Open::default());
            }),
        ),
        (
            "another machine has rolled back, and clients are told the old manifest",
            "make rollback",
            with(rolled_back(), |facts| {
                facts.manifest = whole().manifest;
                facts.feed = whole().feed;
                facts.releases = Ok(Vec::new());
            }),
        ),
        ("rolled back, and git has the manifest of what is gone", "make manifest-push", rolled_back()),
        (
            "another machine has rolled back and pushed",
            "git pull --ff-only origin main",
            with(rolled_back(), |facts| {
                facts.manifest = whole().manifest;
                facts.releases = Ok(Vec::new());
                let remote = facts.remote.as_mut().expect("a remote");
                (remote.is_behind, remote.manifest) = (true, Ok(Some(sha("m"))));
            }),
        ),
        (
            "rolled back and pushed",
            set_six,
            with(rolled_back(), |facts| facts.remote.as_mut().expect("a remote").manifest = Ok(Some(sha("m")))),
        ),
        (
            "the next version after a rollback, the inbox not yet filled",
            "",
            with(rolled_back(), |facts| {
                let six = SIX;
                facts.remote.as_mut().expect("a remote").manifest = Ok(Some(sha("m")));
                facts.version = version(six);
                facts.git.as_mut().expect("git").tags.push((six, "c6".to_owned()));
                facts.remote.as_mut().expect("a remote").tags.push((six, "c6".to_owned()));
                facts.health = Ok(Ok(says(six)));
            }),
        ),
        (
            "a channel is frozen",
            "gh release view Update --repo github.com/Seregawpn/Nexy_production",
            with(ready(), |facts| {
                facts.channels[DMG].as_mut().expect("seen").as_mut().expect("a release").is_immutable = true;
            }),
        ),
        (
            "what is published would be frozen",
            "gh api -X DELETE repos/Seregawpn/Nexy_production/immutable-releases --hostname github.com",
            with(ready(), |facts| {
                facts.immutability = Ok(Immutability::On { enforced_by_owner: false });
            }),
        ),
        ("there is no channel", "nexy-gate fixed-channel", with(ready(), |facts| facts.channels[PKG] = Ok(None))),
        (
            "GitHub does not answer",
            "curl -sS https://api.github.com",
            with(ready(), |facts| {
                facts.channels[DMG] =
                    Err(not_known("cannot reach it", Fix::note("check the network:").then_command("curl -sS https://api.github.com")));
            }),
        ),
        ("nothing that was asked says more than that it is late", "make status", with(ready(), |facts| facts.channels[DMG] = Err(late()))),
        (
            "the VM is down",
            "nexy-gate azure-vm && make vm-versions",
            with(published("40-manifest", "50-deliver"), |facts| facts.health = Err(not_known("refused", Fix::none()))),
        ),
        ("the service is down", "make vm-versions", with(done(), |facts| facts.health = Ok(Err("/health answers 502".to_owned())))),
        (
            "the service is not well",
            "make vm-versions",
            with(done(), |facts| facts.health.as_mut().expect("known").as_mut().expect("said").status = "degraded".to_owned()),
        ),
        ("the VM has an older manifest", "make manifest-deliver", with(whole(), |facts| facts.feed = done().feed)),
        (
            "the update server finds no manifest",
            "make manifest-deliver",
            with(whole(), |facts| facts.feed = Ok(Err("answers 500".to_owned()))),
        ),
        (
            "feed and manifest are about something else",
            "nexy-manifest check",
            with(done(), |facts| {
                facts.feed = whole().feed;
                facts.manifest.as_mut().expect("known").as_mut().expect("there").manifest.sha256 = sha("other");
            }),
        ),
        (
            "the backup is too old",
            "make vm-db",
            with(done(), |facts| {
                let finding = Answer::fail("two days old", "a backup", Fix::note("make one")).finding("db-backup", "S2", Duration::ZERO);
                facts.vm.database = Some((now(), Report::new("nexy-gate", "db", now(), Vec::new(), vec![finding])));
            }),
        ),
        (
            "the remote does not answer",
            "git ls-remote origin HEAD",
            with(ready(), |facts| facts.remote = Err(not_known("no route", Fix::command("git ls-remote origin HEAD")))),
        ),
    ]
}
