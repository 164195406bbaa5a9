//! The probe `release-assets`.

use crate::asked::{ask, fails, is_unknown, passes};
use crate::done::done;
use nexy_standin::world::ARTIFACTS;
use nexy_standin::{Fault, Listener, Reply};

#[test]
fn a_release_page_with_another_size_digest_or_label_fails() {
    let world = done();
    passes(&ask(&world, "release-assets"), "release-assets");
    world.standin.set_label(ARTIFACTS, "Update", "Nexy.dmg", Some("Nexy.dmg 2.0.0.3"));
    fails(&ask(&world, "release-assets"), "release-assets", "the label of Nexy.dmg in Update names 2.0.0.3", "nexy-publish show");
    world.standin.set_digest(ARTIFACTS, "Update", "Nexy.dmg", Some(&format!("sha256:{}", "0".repeat(64))));
    fails(&ask(&world, "release-assets"), "release-assets", "sha256 0000", "nexy-publish show");
    world.standin.remove_asset(ARTIFACTS, "Update", "Nexy.dmg");
    fails(&ask(&world, "release-assets"), "release-assets", "GitHub lists no uploaded Nexy.dmg in Update", "make release");
}

#[test]
fn a_github_that_does_not_answer_is_unknown() {
    let world = done();
    world.standin.fault(Fault::new(Listener::Api, "GET", "/releases/tags/App", Reply::HangupBefore).always());
    is_unknown(&ask(&world, "release-assets"), "release-assets", "cannot look at the channel App", "curl -sS");
}
