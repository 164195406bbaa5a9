//! The world of one case: small artifacts, short waits, a token that can be recognised, and an address that is watched.

use nexy_standin::world::{ARTIFACTS, Options, Tool, World};

/// Long enough that eight bytes of it cannot appear by chance.
pub(crate) const SENTINEL: &str = "ghp_SENTINELzQ7vX2mK9pL4wR8tY1uB6nH3";
/// The channel whose public address is watched.
pub(crate) const CHANNEL: &str = "Update";
/// The name that users download.
pub(crate) const LIVE: &str = "Nexy.dmg";
/// What a rollback returns to.
pub(crate) const PREVIOUS: &str = "Nexy.prev.dmg";
/// Bytes of the artifacts.
pub(crate) const SIZE_BYTES: u64 = 64 << 10;
/// So long a healthy stand-in is believed to be silent at most, however busy the machine is.
const STALL_S: u64 = 2;

/// A channel with a live and a previous artifact, and new bytes in the inbox.
pub(crate) fn new() -> World {
    with_patience(STALL_S)
}

/// The same, for tools that have to wait for others at the stand-in.
pub(crate) fn with_patience(stall_s: u64) -> World {
    let world = World::with(&Options { dmg_bytes: SIZE_BYTES, ..Options::default() });
    for (key, seconds) in
        [("connect_timeout_s", 2), ("stall_timeout_s", stall_s), ("request_timeout_s", 2 * stall_s), ("public_url_wait_s", 2 * stall_s + 1)]
    {
        world.set_target("limits", key, &seconds.to_string());
    }
    world.standin.set_token(SENTINEL);
    world.standin.put_asset(ARTIFACTS, CHANNEL, PREVIOUS, b"the one before");
    world.standin.watch(ARTIFACTS, CHANNEL, LIVE);
    world
}

/// A tool of this world with the token that can be recognised.
pub(crate) fn tool(world: &World, name: &str) -> Tool {
    world.tool(name).env("GH_TOKEN", SENTINEL).env("GH_ENTERPRISE_TOKEN", SENTINEL)
}

/// What users download now, as `sha256:…`; `None` is 404.
pub(crate) fn served(world: &World) -> Option<String> {
    world.standin.public_bytes_sha(ARTIFACTS, CHANNEL, LIVE).map(|hex| format!("sha256:{hex}"))
}

/// The digests of what lies on the channel as live or previous.
pub(crate) fn found(world: &World) -> Vec<String> {
    [LIVE, PREVIOUS].iter().filter_map(|name| world.standin.asset(ARTIFACTS, CHANNEL, name)?.digest).collect()
}

/// Every name on the channel, with what is not whole marked.
pub(crate) fn names(world: &World) -> Vec<String> {
    let shown = |asset: nexy_standin::AssetInfo| match asset.state.as_str() {
        "uploaded" => asset.name,
        state => format!("{} ({state})", asset.name),
    };
    let mut names: Vec<String> = world.standin.assets(ARTIFACTS, CHANNEL).into_iter().map(shown).collect();
    names.sort();
    names
}
