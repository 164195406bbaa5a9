//! `scripts/validate_updates.sh`: the rulebook's name and arguments, the tool's exit code.

use nexy_standin::Listener;
use nexy_standin::world::{OLD_VERSION, World};
use serde_json::json;

#[test]
fn the_arguments_of_the_rulebook_ask_the_tool_and_its_exit_code_stays() {
    let world = World::new();
    let ask = |words: &str| world.sh(&format!("scripts/validate_updates.sh {words}"));
    let at = world.standin.address(Listener::Public);
    let place = format!("{} {}", at.ip(), at.port());
    ask(&place).exits(0).says("nexy-verify updates: pass");
    let beta = || ask(&format!("{place} beta"));
    beta().exits(0).says("not looked at: the stable feed, the artifact").says("nexy-verify beta-feed: pass");
    let mut manifest = world.live_manifest(OLD_VERSION);
    manifest["artifact"]["size"] = json!(7);
    world.set_vm_manifest(&manifest);
    ask(&format!("{place} stable")).exits(1).says("the length is 7");
    beta().exits(1).says("the length is 7");
    for words in ["", "one", &format!("{place} gamma"), &format!("{place} stable more"), "h 0"] {
        ask(words).exits(2);
    }
}
