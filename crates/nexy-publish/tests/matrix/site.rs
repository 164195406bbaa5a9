//! The world of one case: small artifacts, short waits, a token that can be recognised, and an address that is watched.

use nexy_standin::world::{ARTIFACTS, Options, Tool, World, in_memory};

/// Long enough that eight bytes of it cannot appear by chance.
pub(crate) const SENTINEL: &str = "ghp_SENTINELzQ7vX2mK9pL4wR8tY1uB6nH3";
/// A public address that is watched, and what lies beside it.
pub(crate) struct Address {
    pub(crate) channel: &'static str,
    /// The name that users download.
    pub(crate) live: &'static str,
    /// What a rollback returns to.
    pub(crate) previous: &'static str,
}

/// All of them, in the order in which everything about them is written down.
pub(crate) const ADDRESSES: [Address; 2] = [
    Address { channel: "Update", live: "Nexy.dmg", previous: "Nexy.prev.dmg" },
    Address { channel: "App", live: "Nexy.pkg", previous: "Nexy.prev.pkg" },
];

/// Something for each address.
pub(crate) type Each<T> = [T; 2];

/// Bytes of the artifacts.
pub(crate) const SIZE_BYTES: u64 = 64 << 10;
/// So long a healthy stand-in may be silent, however busy the machine is.
const PATIENT_S: u64 = 20;
/// The same where silence is what is tried: nobody waits for it longer than needed.
pub(crate) const BRISK_S: u64 = 3;
/// So long the tools wait for the public address: longer than one poll that is met by silence.
const PUBLIC_S: u64 = 5;

/// Channels with a live and a previous artifact, and new bytes in the inbox.
pub(crate) fn new() -> World {
    with_patience(PATIENT_S)
}

/// The same, for tools that give a silent server up after so many seconds.
pub(crate) fn with_patience(stall_s: u64) -> World {
    // A thousand worlds are made of small files that live for a second: in memory, where there is such a place.
    let world = World::with(&Options { dmg_bytes: SIZE_BYTES, git: false, below: in_memory(), ..Options::default() });
    for (key, seconds) in
        [("connect_timeout_s", stall_s), ("stall_timeout_s", stall_s), ("request_timeout_s", 2 * stall_s), ("public_url_wait_s", PUBLIC_S)]
    {
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

/// The digests of what lies beside each address as live or previous.
pub(crate) fn found(world: &World) -> Each<Vec<String>> {
    ADDRESSES.map(|Address { channel, live, previous }| {
        [live, previous].iter().filter_map(|name| world.standin.asset(ARTIFACTS, channel, name)?.digest).collect()
    })
}

/// Every staged artifact, every upload that is not whole, and what was moved aside while there is another one that a rollback
/// returns to. What was rolled back stays under its name, so that it is known.
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

/// Every asset older than an hour.
pub(crate) fn let_an_hour_pass(world: &World) {
    ADDRESSES.iter().for_each(|address| world.standin.let_an_hour_pass(ARTIFACTS, address.channel));
}
