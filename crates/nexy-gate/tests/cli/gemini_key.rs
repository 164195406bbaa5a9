//! `gemini-key` against real files.

use crate::{
    holds,
    vm::{SECRET, ask_as_a_stranger, ask_in_root, asked, is_root, judged, set_mode, set_mounted},
    world,
};
use nexy_standin::world::World;
use std::fs;

const GATE: &str = "gemini-key";
const KEY: &str = "GEMINI_API_KEY";

fn with<'a>(world: &'a World, text: &str) -> &'a World {
    world.set_config_env(text);
    world
}

#[test]
fn a_real_looking_key_passes_and_is_not_shown() {
    let world = world();
    holds(&asked(with(&world, &format!("{KEY}={SECRET}\n")), GATE, 0), "found", "GEMINI_API_KEY has a value");
}

#[test]
fn every_placeholder_that_was_ever_committed_is_refused() {
    let world = world();
    for value in [
        "YOUR_GEMINI_API_KEY_HERE",
        "YOUR_GEMINI_API_KEY",
        "your_gemini_api_key_here",
        "your_api_key_here",
        "your_azure_speech_key",
        "your_azure_region",
        "your_secure_password_here",
        "YOUR_DB_PASSWORD_HERE",
        "YOUR_DB_PASSWORD",
        "YOUR_DATABASE_NAME_HERE",
        "sk_test_YOUR_STRIPE_SECRET_KEY_HERE",
        "whsec_YOUR_WEBHOOK_SECRET_HERE",
        "pk_test_YOUR_STRIPE_PUBLISHABLE_KEY_HERE",
        "price_YOUR_MONTHLY_PRICE_ID_HERE",
        "<int>",
        "...",
        "",
        "''",
    ] {
        let finding = asked(with(&world, &format!("A=1\n{KEY}={value}\n")), GATE, 1);
        holds(&finding, "found", "(line 2)");
        holds(&finding, "fix", "sudoedit ");
        holds(&finding, "fix", "\nset GEMINI_API_KEY there");
    }
}

#[test]
fn a_key_that_the_server_would_not_get_is_refused_and_the_value_stays_hidden() {
    let world = world();
    for (text, said) in [
        ("A=1\n".to_owned(), "is absent"),
        (format!("#{KEY}={SECRET}\n"), "is absent"),
        (format!("{KEY} {SECRET}\n"), "is absent"),
        (format!("{KEY}=\"{SECRET}\n"), "is absent"),
        (format!("{KEY}={SECRET}\n{KEY}=\n"), "is empty (line 2)"),
        (format!("{KEY}={SECRET} {SECRET}\n"), "holds a blank or a control character"),
        (format!("{KEY}=\"{SECRET}\\n\"\n"), "holds a blank or a control character"),
        (format!("{KEY}=${{OTHER}}{SECRET}\n"), "is made of another variable"),
        (format!("{KEY}={SECRET}_your_key\n"), "placeholder"),
        (format!("{KEY}={SECRET}xxxxxxxx\n"), "placeholder"),
    ] {
        holds(&asked(with(&world, &text), GATE, 1), "found", said);
    }
}

#[test]
fn payment_keys_are_needed_only_in_their_mode() {
    let world = world();
    let base = format!("{KEY}={SECRET}\nSUBSCRIPTION_ENABLED=True\nSTRIPE_MODE=live\n");
    let finding = asked(with(&world, &base), GATE, 1);
    holds(&finding, "found", "STRIPE_LIVE_SECRET_KEY is absent");
    assert!(!finding["found"].as_str().expect("text").contains("STRIPE_TEST"), "{finding:#}");
    asked(with(&world, &format!("{base}STRIPE_LIVE_SECRET_KEY={SECRET}\n")), GATE, 0);
}

#[test]
fn a_mode_that_nobody_knows_is_a_no() {
    let world = world();
    let finding = asked(with(&world, &format!("{KEY}={SECRET}\nSUBSCRIPTION_ENABLED=1\n")), GATE, 1);
    holds(&finding, "found", "STRIPE_MODE is absent or empty");
    let finding = asked(with(&world, &format!("{KEY}={SECRET}\nSUBSCRIPTION_ENABLED=true\nSTRIPE_MODE={SECRET}\n")), GATE, 1);
    holds(&finding, "found", "STRIPE_MODE is none of live, test");
    asked(with(&world, &format!("{KEY}={SECRET}\nSUBSCRIPTION_ENABLED=off\n")), GATE, 0);
}

#[test]
fn a_mounted_tree_is_read_by_its_own_path() {
    let world = world();
    set_mounted(&world);
    judged(&ask_in_root(&world, &[GATE]), GATE, 0);
    fs::remove_file(world.vm_path("config.env")).expect("the file");
    holds(&judged(&ask_in_root(&world, &[GATE]), GATE, 1), "found", "there is no /vm/config.env");
}

#[test]
fn a_missing_or_undecodable_file_is_a_no_and_a_closed_one_is_unknown() {
    let world = world();
    let file = world.vm_path("config.env");
    fs::write(&file, [KEY.as_bytes(), b"=", SECRET.as_bytes(), b"\xff\n"].concat()).expect("the file");
    holds(&asked(&world, GATE, 1), "found", "it is no UTF-8");
    fs::remove_file(&file).expect("the file");
    holds(&asked(&world, GATE, 1), "found", "there is no ");
    world.set_config_env(&format!("{KEY}={SECRET}\n"));
    if is_root(&world, "a closed file is unknown to gemini-key") {
        set_mode(&world.vm(), 0o755);
        holds(&judged(&ask_as_a_stranger(&world, GATE), GATE, 69), "found", "permission denied");
    }
}
