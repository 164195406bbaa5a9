//! `config-env-keys` against real files; the kinds of values are told apart in the unit tests.

use crate::vm::{SECRET, ask, asked};
use crate::{holds, tells, world};
use std::fs;

const GATE: &str = "config-env-keys";
const KEY: &str = "GEMINI_API_KEY";

#[test]
fn a_real_looking_key_passes_also_under_the_gates_old_name() {
    let world = world();
    world.set_config_env(&format!("{KEY}={SECRET}\n"));
    holds(&asked(&world, GATE, 0), "found", "GEMINI_API_KEY has a value");
    let old_name = ask(&world, &["gemini-key"]);
    old_name.exits(0);
    assert_eq!(old_name.finding(GATE)["verdict"], "pass");
}

#[test]
fn an_example_or_a_broken_value_is_a_failure_by_line_and_never_shown() {
    let world = world();
    for (text, said) in [
        (format!("A=1\n{KEY}={SECRET}_your_key\n"), "GEMINI_API_KEY holds a placeholder"),
        (format!("A=1\n{KEY}={SECRET} {SECRET}\n"), "holds a blank or a control character (line 2)"),
        (format!("{KEY}={SECRET}\nSUBSCRIPTION_ENABLED=True\nSTRIPE_MODE=live\n"), "STRIPE_LIVE_SECRET_KEY is absent"),
        (format!("{KEY}={SECRET}\nSUBSCRIPTION_ENABLED=true\nSTRIPE_MODE={SECRET}\n"), "STRIPE_MODE is none of live, test"),
    ] {
        world.set_config_env(&text);
        tells(&asked(&world, GATE, 1), said, "sudoedit ");
    }
}

#[test]
fn an_undecodable_file_is_a_failure() {
    let world = world();
    fs::write(world.vm_path("config.env"), [KEY.as_bytes(), b"=", SECRET.as_bytes(), b"\xff\n"].concat()).expect("the file");
    holds(&asked(&world, GATE, 1), "found", "it is not UTF-8");
}
