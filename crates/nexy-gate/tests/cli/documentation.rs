//! `docs/gates.md` is made from the table of gates; `UPDATE=1` writes it anew.

use crate::world;
use serde_json::Value;
use std::{fmt::Write as _, fs, path::Path};

fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap_or_else(|| panic!("{key} of {row}"))
}

/// The lines of a fix: commands as code, each on a line of its own.
fn lines(fix: &Value) -> String {
    let line = |line: &Value| match line["command"].as_str() {
        Some(command) => format!("`{command}`"),
        None => text(line, "note").to_owned(),
    };
    fix.as_array().expect("lines").iter().map(line).collect::<Vec<_>>().join("  \n  ")
}

#[test]
fn the_page_of_gates_is_made_from_the_table() {
    let world = world();
    let ask = |arguments: &[&str]| world.tool("nexy-gate").bare().dir(world.home()).args(arguments.iter().copied()).run().exits(0).json();
    let list = ask(&["--list", "--format=json"]);
    let rows = list.as_array().expect("a list");
    let profiles = |row: &Value| -> Vec<String> {
        row["profiles"].as_array().expect("profiles").iter().map(|profile| format!("`{}`", profile.as_str().expect("a name"))).collect()
    };
    let mut page = "# Gates\n\nMade from the table of `nexy-gate`; `UPDATE=1 cargo test -p nexy-gate --test cli documentation` writes it anew.\n\
                    [rulebooks.md](rulebooks.md) explains the sections of S0 to S3 in the last column. `nexy-gate --explain ID` prints a part of this page.\n\n\
                    | gate | profiles | question | rulebook |\n|---|---|---|---|\n"
        .to_owned();
    for row in rows {
        let id = text(row, "id");
        writeln!(page, "| [`{id}`](#{id}) | {} | {} | {} |", profiles(row).join(", "), text(row, "asks"), text(row, "runbook"))
            .expect("text");
    }
    for row in rows {
        let id = text(row, "id");
        let explained = ask(&["--explain", id, "--format=json"]);
        write!(page, "\n## {id}\n\n{} ({}; {})\n\n", text(row, "asks"), text(row, "runbook"), profiles(row).join(", ")).expect("text");
        for (label, key) in [("Symptom", "symptom"), ("Check", "check")] {
            writeln!(page, "- **{label}**: {}", text(&explained, key)).expect("text");
        }
        for (label, key) in [("Fix", "fix"), ("Verify", "verify")] {
            writeln!(page, "- **{label}**: {}", lines(&explained[key])).expect("text");
        }
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/gates.md");
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(file.parent().expect("a folder")).expect("docs/");
        fs::write(&file, &page).expect("the page");
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    assert!(page == committed, "docs/gates.md is not what the table says: UPDATE=1 cargo test -p nexy-gate --test cli documentation");
}
