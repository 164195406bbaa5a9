//! The tools as they run every day: over TLS, through a proxy, to hosts of other names, with that place's token.

use crate::description::Description;
use crate::judge;
use crate::places::{Encrypted, Place, TOKEN};
use nexy_standin::leak_scan;
use nexy_standin::world::{ARTIFACTS, MANIFEST_FOLDERS};

/// As far as GitHub goes; the VM of these tests has no way to it.
const RELEASE: &str = "nexy-version record | nexy-gate before-publish - | nexy-publish - | nexy-manifest write -";

fn released_at(place: Place, test: &str) {
    let Some(there) = Encrypted::at(place, test) else { return };
    let world = &there.world;
    world.standin.keep_exchanges();
    let before = world.standin.public_bytes_sha(ARTIFACTS, "Update", "Nexy.dmg");
    let ran = there.shell(RELEASE).run();
    ran.exits(0);
    there.shell("nexy-publish show").run().exits(0).prints(&format!("https://{}/", place.host()));
    let after = world.standin.public_bytes_sha(ARTIFACTS, "Update", "Nexy.dmg").expect("the download");
    assert_ne!(Some(&after), before.as_ref());
    let manifest = world.read(&format!("{}/manifest.json", MANIFEST_FOLDERS[0]));
    let url = format!("https://{}/{ARTIFACTS}/releases/download/Update/Nexy.dmg", place.host());
    assert!(manifest.contains(&after) && manifest.contains(&url), "{manifest}");
    leak_scan::assert_none(TOKEN, &ran.stdout, "standard output");
    leak_scan::assert_none(TOKEN, &ran.stderr, "standard error");
    for request in world.standin.requests() {
        let may_see_it = ["api", "uploads"].contains(&request.listener.as_str());
        assert!(may_see_it || !request.has_authorization, "the token went to {}", request.listener);
    }
    if let Some(description) = Description::fetched(test) {
        let all = world.standin.exchanges();
        let of_github: Vec<_> =
            all.into_iter().filter(|exchange| !["updates", "public", "server"].contains(&exchange.listener.name().as_str())).collect();
        judge::hold(&description, &of_github, true);
    }
}

#[test]
fn a_whole_release_to_github_com_under_its_own_names() {
    released_at(Place::Cloud, "a release to github.com over TLS");
}

#[test]
fn a_whole_release_to_an_enterprise_server() {
    released_at(Place::Enterprise, "a release to an Enterprise Server over TLS");
}

#[test]
fn the_token_of_another_place_is_none_for_this_one() {
    for (place, other) in [(Place::Cloud, "GH_ENTERPRISE_TOKEN"), (Place::Enterprise, "GH_TOKEN")] {
        let Some(there) = Encrypted::at(place, "the token of another place") else { return };
        let ran = there.shell("nexy-gate github-token").without_env(place.token_variable()).env(other, TOKEN).run();
        ran.exits(69).says("no usable GitHub token");
        assert_eq!(there.world.standin.requests(), [], "{place:?}");
    }
}
