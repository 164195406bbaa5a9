//! What is proved: one row for each verb that changes a channel.

use crate::{scene, site};
use nexy_standin::world::World;
use serde_json::Value;

/// A verb of `nexy-publish` whose every request is met by every fault.
pub(crate) struct Verb {
    /// For the names of cases.
    pub(crate) name: &'static str,
    /// What has happened before, on a channel with a live and a previous artifact.
    pub(crate) lay_out: fn(&World),
    /// The arguments; a record comes on standard input.
    pub(crate) arguments: &'static [&'static str],
    /// The record, as the stage before would give it now.
    pub(crate) record: fn(&World) -> Value,
    /// The bytes that users are to get, as `sha256:…`.
    pub(crate) goal: fn(&World) -> String,
}

/// New bytes for a channel that has a live and a previous artifact.
pub(crate) const PUBLISH: Verb =
    Verb { name: "publish", lay_out: |_| (), arguments: &["-"], record: scene::judged, goal: |world| digest_of_the_inbox(world) };

/// All of them.
pub(crate) const VERBS: &[Verb] = &[PUBLISH];

fn digest_of_the_inbox(world: &World) -> String {
    format!("sha256:{}", nexy_standin::artifact::sha256(&world.inbox(site::LIVE)))
}
