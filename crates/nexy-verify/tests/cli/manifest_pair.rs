//! The probe `manifest-pair`.

use crate::asked::{fails, is_unknown, on_vm, passes};
use nexy_standin::world::World;

const ID: &str = "manifest-pair";
const COPY: &str = "server/server/updates/manifests/manifest_2.0.0.3.json";

#[test]
fn a_copy_that_was_changed_or_is_missing_fails_and_a_link_in_its_place_is_unknown() {
    let world = World::new();
    passes(&on_vm(&world, ID), ID);
    world.write_vm(COPY, &world.live_manifest("2.0.0.2").to_string());
    fails(&on_vm(&world, ID), ID, &format!("and {COPY} differ"), "make manifest-deliver");
    std::fs::remove_file(world.vm_path(COPY)).expect("removed");
    fails(&on_vm(&world, ID), ID, &format!("{COPY} does not exist"), "make manifest-deliver");
    std::os::unix::fs::symlink("manifest.json", world.vm_path(COPY)).expect("a link");
    is_unknown(&on_vm(&world, ID), ID, "a link is in its place", "sudo nexy-gate single-manifest");
}
