//! The verbs that are proved: one row for each verb that changes a channel, and for each state in which it can find one.

use crate::harness::{self, ADDRESSES, Each};
use nexy_contract::Sha256Digest;
use nexy_standin::artifact;
use nexy_standin::world::{ARTIFACTS, World};
use serde_json::Value;

/// A verb of `nexy-publish` in one situation.
pub(crate) struct Verb {
    /// Its name in the names of cases.
    pub(crate) name: &'static str,
    /// What happens first, on channels with a live and a previous artifact and with new bytes in the inbox.
    pub(crate) lay_out: fn(&World),
    /// The arguments; a record comes on standard input.
    pub(crate) arguments: &'static [&'static str],
    /// The record of the stage before.
    pub(crate) record: fn(&World) -> Value,
    /// The digests that users are to get, as `sha256:…`; `None` for what is not changed.
    pub(crate) goal: fn(&World) -> Each<Option<String>>,
}

/// New bytes for a channel that has a live and a previous artifact.
pub(crate) const PUBLISH: Verb = publish("publish", |_| ());

/// New bytes for both channels.
pub(crate) const PUBLISH_BOTH: Verb = publish("publish both", |world| world.inbox_pkg(&artifact::pkg(64 << 10, 2)));

/// A rollback to what was live before, after a publication with its manifest.
pub(crate) const ROLLBACK: Verb = Verb {
    name: "rollback",
    lay_out: publish_with_manifest,
    arguments: &["rollback", "-"],
    record: fresh,
    goal: |_| {
        let old = artifact::dmg(harness::SIZE_BYTES, 1);
        [Some(format!("sha256:{}", Sha256Digest::of(&old))), None]
    },
};

/// A rollback to an older file, which is uploaded and verified first.
pub(crate) const ROLLBACK_TO_A_FILE: Verb = Verb {
    name: "rollback to a file",
    lay_out: |world| {
        publish_with_manifest(world);
        artifact::write_dmg(&world.workspace().join(OLDER), harness::SIZE_BYTES, 9);
    },
    arguments: &["rollback", "--artifact", OLDER, "--to-version", "2.0.0.2", "-"],
    record: fresh,
    goal: |world| [Some(format!("sha256:{}", artifact::sha256(&world.workspace().join(OLDER)))), None],
};

/// The older file.
const OLDER: &str = "older.dmg";

/// Every state of the repair table, as a crash or another tool leaves it.
pub(crate) const REPAIRS: &[Verb] = &[
    publish("publish over nothing", |world| {
        delete(world, "Nexy.dmg");
        delete(world, "Nexy.prev.dmg");
    }),
    publish("publish without a previous", |world| delete(world, "Nexy.prev.dmg")),
    publish("publish, staged already", stage),
    publish("publish, staged already and no previous", |world| {
        delete(world, "Nexy.prev.dmg");
        stage(world);
    }),
    publish("publish, a partial upload there", |world| {
        world.standin.put_starter(ARTIFACTS, "Update", &staged_name(world));
        world.standin.let_an_hour_pass(ARTIFACTS, "Update");
    }),
    publish("publish, crashed between the renames", |world| {
        retire(world);
        stage(world);
    }),
    publish("publish, crashed between the renames and the staged one lost", retire),
    publish("publish, a first publication interrupted", |world| {
        delete(world, "Nexy.dmg");
        delete(world, "Nexy.prev.dmg");
        stage(world);
    }),
    publish("publish, live already", |world| {
        retire(world);
        world.standin.put_asset_file(ARTIFACTS, "Update", "Nexy.dmg", &world.inbox("Nexy.dmg"));
    }),
];

const fn publish(name: &'static str, lay_out: fn(&World)) -> Verb {
    Verb { name, lay_out, arguments: &["-"], record: nexy_publish_support::judged, goal: of_the_inbox }
}

fn publish_with_manifest(world: &World) {
    world.standin.set_label(ARTIFACTS, "Update", "Nexy.dmg", Some("Nexy.dmg 2.0.0.3"));
    let published = harness::tool(world, "nexy-publish").arg("-").stdin(nexy_publish_support::judged(world).to_string()).run();
    published.exits(0);
    harness::tool(world, "nexy-manifest").args(["write", "-"]).stdin(&published.stdout_bytes).run().exits(0);
}

fn fresh(world: &World) -> Value {
    harness::tool(world, "nexy-version").arg("record").run().exits(0).json()
}

fn of_the_inbox(world: &World) -> Each<Option<String>> {
    ADDRESSES.map(|address| {
        let file = world.inbox(address.live);
        file.is_file().then(|| format!("sha256:{}", artifact::sha256(&file)))
    })
}

fn delete(world: &World, name: &str) {
    world.standin.remove_asset(ARTIFACTS, "Update", name);
}

fn retire(world: &World) {
    delete(world, "Nexy.prev.dmg");
    world.standin.rename_asset(ARTIFACTS, "Update", "Nexy.dmg", "Nexy.prev.dmg");
}

fn stage(world: &World) {
    world.standin.put_asset_file(ARTIFACTS, "Update", &staged_name(world), &world.inbox("Nexy.dmg"));
}

fn staged_name(world: &World) -> String {
    format!("Nexy.next-{}.dmg", &artifact::sha256(&world.inbox("Nexy.dmg"))[..12])
}
