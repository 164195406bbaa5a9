//! `run-command`: what the scripted `az` leaves behind, and what forged or missing answers become.

use nexy_standin::world::{Ran, World};
use serde_json::json;

const NONCE: &str = "0123456789abcdef0123456789abcdef";

/// Runs a script on the VM with `az`, as the laptop's scripts do, and asks how it ended.
fn on_vm(world: &World, script: &str) -> Ran {
    world.write("script.sh", script);
    world.sh(&format!(
        "az vm run-command invoke --resource-group NexyNewRG --name NexyNew --command-id RunShellScript --scripts @script.sh --only-show-errors -o json >az.out 2>az.err; \
         nexy-verify run-command --nonce {NONCE} --az-exit $? az.out az.err"
    ))
}

fn ending(body: &str) -> String {
    format!("trap 'printf \"\\nNEXY-END {NONCE} %s\\n\" $?' EXIT\n{body}\n")
}

#[test]
fn the_document_and_the_status_of_the_script_come_through() {
    let world = World::new();
    for status in [0, 1, 2, 3, 4, 65, 69, 70, 75, 78] {
        let ran = on_vm(&world, &ending(&format!("echo '{{\"status\": {status}}}'; echo careful >&2; exit {status}")));
        ran.exits(status).says("careful");
        assert_eq!(ran.json()["status"], status);
    }
}

#[test]
fn a_script_that_is_ended_before_its_last_line_is_unknown() {
    let ran = on_vm(&World::new(), &ending("echo '{}'; kill -9 $$"));
    ran.exits(69).silent_stdout().says("do not repeat one that changes things");
}

#[test]
fn a_conflict_is_busy_and_ran_nothing() {
    let world = World::new();
    world.set_az("conflicts", json!(1));
    on_vm(&world, &ending("touch ran")).exits(75).silent_stdout().says("Azure runs one at a time").says("run the same command again");
    on_vm(&world, &ending("true")).exits(0);
}

#[test]
fn it_needs_no_target_but_both_files_and_a_nonce() {
    let world = World::new();
    let ask = |words: &[&str]| world.tool("nexy-verify").bare().dir(world.home()).args(words.iter().copied()).run();
    ask(&["run-command", "--nonce", NONCE, "az.out", "az.err"]).exits(69).silent_stdout().says("no such file");
    ask(&["run-command", "--nonce", "abc", "az.out", "az.err"]).exits(2).silent_stdout().says("32 hexadecimal digits");
    ask(&["run-command", "az.out", "az.err"]).exits(2).silent_stdout();
    std::fs::write(world.home().join("az.out"), "").expect("written");
    std::fs::write(world.home().join("az.err"), "ERROR: Please run 'az login' to setup account.").expect("written");
    ask(&["run-command", "--nonce", NONCE, "--az-exit", "1", "az.out", "az.err"]).exits(69).says("type: az login");
}
