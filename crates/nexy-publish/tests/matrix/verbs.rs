//! What is proved: one row for each verb that changes a channel, and for each state in which it can find one.

use crate::{
    scene,
    site::{self, ADDRESSES, Each},
};
use nexy_contract::Sha256Digest;
use nexy_standin::{
    artifact,
    world::{ARTIFACTS, World},
};
use serde_json::Value;

/// A verb of `nexy-publish` in one situation.
pub(crate) struct Verb {
    /// For the names of cases.
    pub(crate) name: &'static str,
    /// What has happened before, on channels with a live and a previous artifact and new bytes of the first one in the inbox.
    pub(crate) lay_out: fn(&World),
    /// The arguments; a record comes on standard input.
    pub(crate) arguments: &'static [&'static str],
    /// The record, as the stage before would give it now.
    pub(crate) record: fn(&World) -> Value,
    /// The bytes that users are to get, as `sha256:…`; none for what is not touched.
    pub(crate) goal: fn(&World) -> Each<Option<String>>,
}

/// New bytes for a channel that has a live and a previous artifact.
pub(crate) const PUBLISH: Verb = publish("publish", |_| ());

/// New bytes for both channels.
pub(crate) const PUBLISH_BOTH: Verb = publish("publish both", |world| world.inbox_pkg(&artifact::pkg(64 << 10, 2)));

/// Back to what was live before, after a publication that clients were told of.
pub(crate) const ROLLBACK: Verb = Verb {
    name: "rollback",
    lay_out: publish_and_tell,
    arguments: &["rollback", "-"],
    record: fresh,
    goal: |_| {
        let old = artifact::dmg(site::SIZE_BYTES, 1);
        [Some(format!("sha256:{}", Sha256Digest::of(&old))), None]
    },
};

/// Back to an older file, which is uploaded and verified first.
pub(crate) const ROLLBACK_TO_A_FILE: Verb = Verb {
    name: "rollback to a file",
    lay_out: |world| {
        publish_and_tell(world);
        artifact::write_dmg(&world.workspace().join(OLDER), site::SIZE_BYTES, 9);
    },
    arguments: &["rollback", "--artifact", OLDER, "--to-version", "2.0.0.2", "-"],
    record: fresh,
    goal: |world| [Some(format!("sha256:{}", artifact::sha256(&world.workspace().join(OLDER)))), None],
};

/// A file that somebody has kept.
const OLDER: &str = "older.dmg";

/// Every state of the repair table (facts, §3), as a crash or another tool leaves it.
pub(crate) const REPAIRS: &[Verb] = &[
    publish("publish over nothing", |world| {
        take(world, "Nexy.dmg");
        take(world, "Nexy.prev.dmg");
    }),
    publish("publish without a previous", |world| take(world, "Nexy.prev.dmg")),
    publish("publish, staged already", stage),
    publish("publish, staged already and no previous", |world| {
        take(world, "Nexy.prev.dmg");
        stage(world);
    }),
    publish("publish, half an upload there", |world| {
        world.standin.put_starter(ARTIFACTS, "Update", &staged_name(world));
        world.standin.let_an_hour_pass(ARTIFACTS, "Update");
    }),
    publish("publish, crashed between the renames", |world| {
        retire(world);
        stage(world);
    }),
    publish("publish, crashed between the renames and the staged one lost", retire),
    publish("publish, a first publication interrupted", |world| {
        take(world, "Nexy.dmg");
        take(world, "Nexy.prev.dmg");
        stage(world);
    }),
    publish("publish, live already", |world| {
        retire(world);
        world.standin.put_asset_file(ARTIFACTS, "Update", "Nexy.dmg", &world.inbox("Nexy.dmg"));
    }),
];

const fn publish(name: &'static str, lay_out: fn(&World)) -> Verb {
    Verb { name, lay_out, arguments: &["-"], record: scene::judged, goal: of_the_inbox }
}

fn publish_and_tell(world: &World) {
    world.standin.set_label(ARTIFACTS, "Update", "Nexy.dmg", Some("Nexy.dmg 2.0.0.3"));
    let published = site::tool(world, "nexy-publish").arg("-").stdin(scene::judged(world).to_string()).run();
    published.exits(0);
    site::tool(world, "nexy-manifest").args(["write", "-"]).stdin(&published.stdout_bytes).run().exits(0);
}

fn fresh(world: &World) -> Value {
    site::tool(world, "nexy-version").arg("record").run().exits(0).json()
}

fn of_the_inbox(world: &World) -> Each<Option<String>> {
    ADDRESSES.map(|address| {
        let file = world.inbox(address.live);
        file.is_file().then(|| format!("sha256:{}", artifact::sha256(&file)))
    })
}

fn take(world: &World, name: &str) {
    world.standin.remove_asset(ARTIFACTS, "Update", name);
}

fn retire(world: &World) {
    take(world, "Nexy.prev.dmg");
    world.standin.rename_asset(ARTIFACTS, "Update", "Nexy.dmg", "Nexy.prev.dmg");
}

fn stage(world: &World) {
    world.standin.put_asset_file(ARTIFACTS, "Update", &staged_name(world), &world.inbox("Nexy.dmg"));
}

fn staged_name(world: &World) -> String {
    format!("Nexy.next-{}.dmg", &artifact::sha256(&world.inbox("Nexy.dmg"))[..12])
}
