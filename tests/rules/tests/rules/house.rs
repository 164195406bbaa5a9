//! Rules for every file: its length, its first sentence, reasons for lint exceptions, and no words from outside of the project.

use crate::{repository, rust_text};

const LONGEST: usize = 450;

fn rust() -> Vec<String> {
    ["crates", "tests"].iter().flat_map(|folder| repository::files(folder)).filter(|path| path.ends_with(".rs")).collect()
}

#[test]
fn no_file_is_too_long_to_be_read_at_once() {
    for path in rust().into_iter().chain(repository::posix_scripts()) {
        let lines = repository::text(&path).lines().count();
        assert!(lines <= LONGEST, "{path} has {lines} lines, more than {LONGEST}");
    }
}

#[test]
fn every_module_starts_with_a_sentence() {
    for path in rust() {
        let source = repository::text(&path);
        assert!(source.starts_with("//! "), "{path} does not say what it is");
    }
}

#[test]
fn every_exception_from_a_lint_has_a_reason() {
    for path in rust() {
        let source = repository::text(&path);
        for (at, _) in source.match_indices("[expect(").chain(source.match_indices("[allow(")) {
            // The same text in a string or a comment is no attribute.
            if !source[..at].ends_with(['#', '!']) {
                continue;
            }
            let attribute = source[at..].split(")]").next().unwrap();
            let line = source[..at].lines().count();
            assert!(attribute.contains("reason ="), "{path}:{line} excuses a lint without a reason");
        }
    }
}

#[test]
fn nothing_shipped_panics_prints_or_exits_by_itself() {
    for path in repository::shipped_rust() {
        let whole = repository::text(&path);
        let source: Vec<&str> = rust_text::without_tests(&whole).lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        for (number, line) in source.iter().enumerate() {
            for word in [".unwrap()", "panic!(", "println!(", "eprintln!(", "todo!(", "unimplemented!(", "dbg!("] {
                assert!(!line.contains(word), "{path}, statement {number}: {}", line.trim());
            }
        }
    }
}

#[test]
fn the_project_speaks_of_itself_alone() {
    // The words are split, so that this file does not hold them itself.
    let strangers = [
        concat!("/wo", "rk/"),
        concat!("../sha", "red"),
        concat!("/ro", "ot/"),
        concat!("/tmp/", "plan"),
        concat!("/tmp/", "target"),
        concat!("cla", "ude"),
        concat!("anthro", "pic"),
        concat!("chat", "gpt"),
        concat!("openai", ".com"),
        concat!("co-auth", "ored-by"),
        concat!("sub", "agent"),
        concat!("this ses", "sion"),
    ];
    let texts = repository::files("").into_iter().filter(|path| path != "Cargo.lock");
    for path in texts {
        let Ok(text) = std::fs::read_to_string(repository::root().join(&path)) else { continue };
        let text = text.to_lowercase();
        for stranger in strangers {
            assert!(!text.contains(stranger), "{path} holds `{stranger}`");
        }
    }
}

#[test]
fn no_home_folder_is_named_but_the_one_on_the_vm() {
    let target: toml::Table = repository::text("nexy.toml").parse().unwrap();
    let checkout = target["vm"]["checkout"].as_str().unwrap().to_owned();
    let home = concat!("/ho", "me/");
    for path in repository::files("").into_iter().filter(|path| path != "Cargo.lock") {
        let Ok(text) = std::fs::read_to_string(repository::root().join(&path)) else { continue };
        let text = if path.ends_with(".rs") { rust_text::without_tests(&text).to_owned() } else { text };
        let text = text.replace(&checkout, "").replace(checkout.rsplit_once('/').unwrap().0, "");
        for (number, line) in text.lines().enumerate() {
            let named = line.contains(home) || line.contains(concat!("/Use", "rs/"));
            // Tests use homes of invented accounts.
            assert!(!named || path.contains("test"), "{path}:{} names a home folder", number + 1);
        }
    }
}
