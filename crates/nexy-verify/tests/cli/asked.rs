//! Shared helpers: run the tool, and assert on its answer.

use nexy_standin::world::fix_text;
use nexy_standin::world::{ARTIFACTS, Ran, Tool, World};
use nexy_standin::{Fault, Listener, Reply};
use serde_json::json;

/// Asks from the laptop.
pub(crate) fn ask(world: &World, words: &str) -> Ran {
    tool(world, words).run()
}

/// The tool with words, ready to be run.
pub(crate) fn tool(world: &World, words: &str) -> Tool {
    world.tool("nexy-verify").args(words.split_whitespace())
}

/// Asks on the VM, with the VM's own copy of `nexy.toml`. The service is looked at once, so that no test takes five seconds.
pub(crate) fn on_vm(world: &World, words: &str) -> Ran {
    on_vm_for(world, "0s", words)
}

/// Asks on the VM, where all must stay right for a span.
pub(crate) fn on_vm_for(world: &World, span: &str, words: &str) -> Ran {
    let target = world.vm_path("etc/nexy.toml").display().to_string();
    world.tool("nexy-verify").bare().args(["--target", &target, "--stable", span]).args(words.split_whitespace()).run()
}

/// The probe says yes.
#[track_caller]
pub(crate) fn passes(ran: &Ran, id: &str) {
    ran.exits(0);
    assert_eq!(ran.finding(id)["verdict"], "pass", "{ran}");
}

/// The probe says no, shows what it found, and says what to type.
#[track_caller]
pub(crate) fn fails(ran: &Ran, id: &str, found: &str, fix: &str) {
    ran.exits(1).says("FAIL").says(found).says(fix);
    let finding = ran.finding(id);
    assert_eq!(finding["verdict"], "fail", "{ran}");
    assert!(finding["found"].as_str().expect("a text").contains(found), "{ran}");
    assert!(fix_text(&finding["fix"]).contains(fix), "{ran}");
    assert_ne!(finding["expected"], "", "{ran}");
}

/// The probe could not look, and says what to type.
#[track_caller]
pub(crate) fn is_unknown(ran: &Ran, id: &str, found: &str, fix: &str) {
    ran.exits(69).says("UNKNOWN").says(found).says(fix);
    let finding = ran.finding(id);
    assert_eq!(finding["verdict"], "unknown", "{ran}");
    assert!(fix_text(&finding["fix"]).contains(fix), "{ran}");
}

/// A listener hangs up whenever it is asked for this path.
pub(crate) fn hangs_up(world: &World, listener: Listener, path: &str) {
    world.standin.fault(Fault::new(listener, "GET", path, Reply::HangupBefore).always());
}

/// A listener answers with this status and a document that would be right under 200.
pub(crate) fn answers(world: &World, listener: Listener, path: &str, status: u16) {
    let body = json!({"status": "OK", "latest_version": "2.0.0.4", "latest_build": "2.0.0.4"});
    world.standin.fault(Fault::new(listener, "GET", path, Reply::Status(status, body)).always());
}

/// Puts other bytes in the place of a live asset, and gives its new id.
pub(crate) fn replace_live(world: &World, channel: &str, name: &str, bytes: &[u8]) -> u64 {
    world.standin.remove_asset(ARTIFACTS, channel, name);
    world.standin.put_asset(ARTIFACTS, channel, name, bytes)
}

/// How often a path was asked for.
pub(crate) fn count(world: &World, listener: &str, path: &str) -> usize {
    let requests = world.standin.requests();
    requests.iter().filter(|request| request.listener == listener && request.path.split('?').next() == Some(path)).count()
}
