//! The probe `channel-assets`.

use crate::asked::{ask, fails, is_unknown, passes, tool};
use crate::done::done;
use crate::record::{deliver, released};
use nexy_standin::world::ARTIFACTS;
use serde_json::json;

#[test]
fn the_package_is_downloaded_too_and_compared_with_the_record_or_with_githubs_list() {
    const ID: &str = "channel-assets";
    let world = done();
    passes(&ask(&world, ID), ID);
    world.standin.set_digest(ARTIFACTS, "App", "Nexy.pkg", Some(&format!("sha256:{}", "0".repeat(64))));
    fails(&ask(&world, ID), ID, "App/Nexy.pkg is 65536 bytes, sha256", "nexy-publish show");
    world.standin.set_digest(ARTIFACTS, "App", "Nexy.pkg", None);
    is_unknown(&ask(&world, ID), ID, "GitHub lists no digest of it", "nexy-verify done -");
    world.standin.remove_asset(ARTIFACTS, "App", "Nexy.pkg");
    passes(&ask(&world, ID), ID);
    let world = done();
    let mut record = released(&world);
    deliver(&world, &mut record);
    let mut package = record["artifacts"][0].clone();
    package["name"] = json!("Nexy.pkg");
    package["channel"] = json!("App");
    package["live"]["url"] = json!(world.dmg_url().replace("Update/Nexy.dmg", "App/Nexy.pkg"));
    record["artifacts"].as_array_mut().expect("artifacts").push(package);
    let ran = tool(&world, "channel-assets -").stdin(record.to_string()).run();
    fails(&ran, ID, "App/Nexy.pkg is 65536 bytes", "nexy-publish show");
}
