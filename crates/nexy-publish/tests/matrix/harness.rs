//! The world of one case: small artifacts, short waits, a token that can be recognised, and watched addresses.

use nexy_standin::world::{ARTIFACTS, Options, Tool, World, in_memory};

/// Long enough that eight bytes of it cannot appear by chance.
pub(crate) const SENTINEL: &str = "ghp_SENTINELzQ7vX2mK9pL4wR8tY1uB6nH3";
/// A watched public address, and the previous asset beside it.
pub(crate) struct Address {
    pub(crate) channel: &'static str,
    /// The name that users download.
    pub(crate) live: &'static str,
    /// What a rollback returns to.
    pub(crate) previous: &'static str,
}

/// All watched addresses, in the order of every list about them.
pub(crate) const ADDRESSES: [Address; 2] = [
    Address { channel: "Update", live: "Nexy.dmg", previous: "Nexy.prev.dmg" },
    Address { channel: "App", live: "Nexy.pkg", previous: "Nexy.prev.pkg" },
];

/// Something for each address.
pub(crate) type Each<T> = [T; 2];

/// Bytes of the artifacts.
pub(crate) const SIZE_BYTES: u64 = 64 << 10;
/// Timeout for a healthy stand-in on a busy machine.
const LONG_TIMEOUT_S: u64 = 20;
/// The same in cases of silence, which wait for it to pass.
pub(crate) const SHORT_TIMEOUT_S: u64 = 3;
/// How long the tools wait for the public address: longer than one poll that meets silence.
const PUBLIC_WAIT_S: u64 = 5;

/// Channels with a live and a previous artifact, and new bytes in the inbox.
pub(crate) fn new() -> World {
    with_timeout(LONG_TIMEOUT_S)
}

/// The same, with tools that give up a silent server after this time.
pub(crate) fn with_timeout(stall_s: u64) -> World {
    // Thousands of worlds live for a second each: in memory, where that is possible.
    let world = World::with(&Options { dmg_bytes: SIZE_BYTES, git: false, below: in_memory(1 << 20), ..Options::default() });
    for (key, seconds) in [
        ("connect_timeout_s", stall_s),
        ("stall_timeout_s", stall_s),
        ("request_timeout_s", 2 * stall_s),
        ("public_url_wait_s", PUBLIC_WAIT_S),
    ] {
        world.set_target("limits", key, &seconds.to_string());
    }
    world.standin.set_token(SENTINEL);
    for Address { channel, live, previous } in &ADDRESSES {
        world.standin.put_asset(ARTIFACTS, channel, previous, b"the one before");
        world.standin.watch(ARTIFACTS, channel, live);
    }
    world
}

/// A tool of this world with the token that can be recognised.
pub(crate) fn tool(world: &World, name: &str) -> Tool {
    world.tool(name).env("GH_TOKEN", SENTINEL).env("GH_ENTERPRISE_TOKEN", SENTINEL)
}

/// What users download now, as `sha256:…`; `None` is 404.
pub(crate) fn served(world: &World) -> Each<Option<String>> {
    ADDRESSES.map(|address| {
        let hex = world.standin.public_bytes_sha(ARTIFACTS, address.channel, address.live);
        hex.map(|hex| format!("sha256:{hex}"))
    })
}

/// The digests of the live and the previous asset of each address.
pub(crate) fn found(world: &World) -> Each<Vec<String>> {
    ADDRESSES.map(|Address { channel, live, previous }| {
        [live, previous].iter().filter_map(|name| world.standin.asset(ARTIFACTS, channel, name)?.digest).collect()
    })
}

/// Leftovers: staged assets, partial uploads, and parked assets beside a previous one. Rolled-back assets stay on purpose.
pub(crate) fn left_behind(world: &World) -> Vec<String> {
    let mut left = Vec::new();
    for Address { channel, previous, .. } in &ADDRESSES {
        let assets = world.standin.assets(ARTIFACTS, channel);
        let has_previous = assets.iter().any(|asset| asset.name == *previous);
        for asset in assets {
            if asset.state != "uploaded" || asset.name.contains(".next-") || (has_previous && asset.name.contains(".old-")) {
                left.push(format!("{channel}/{} ({})", asset.name, asset.state));
            }
        }
    }
    left
}

/// Makes every asset older than an hour.
pub(crate) fn let_an_hour_pass(world: &World) {
    ADDRESSES.iter().for_each(|address| world.standin.let_an_hour_pass(ARTIFACTS, address.channel));
}
