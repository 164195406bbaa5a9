//! Assets, listings and times for the unit tests of the plans.

use crate::gh_commands::GhCommands;
use nexy_contract::{Sha256Digest, Timestamp};
use nexy_outside::net::github::{Asset, Listing};

pub(crate) fn asset(id: u64, name: &str, bytes: &[u8]) -> Asset {
    Asset {
        id,
        name: name.into(),
        label: None,
        state: "uploaded".into(),
        size: bytes.len() as u64,
        digest: Some(format!("sha256:{}", Sha256Digest::of(bytes))),
        created_at: None,
        updated_at: None,
        browser_download_url: String::new(),
    }
}

pub(crate) const GH: GhCommands<'static> = GhCommands { repository: "owner/artifacts", web_url: "https://github.com" };

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + second).expect("a time")
}

pub(crate) fn listing(assets: Vec<Asset>, at: Option<Timestamp>) -> Listing {
    Listing { assets, at, calls: 1 }
}
