//! THIRD_PARTY.md names every crate that is linked into the five programs, with the text of its licence. Cargo and the crates'
//! own files are asked; no network is needed for what this machine builds.

use crate::repository::{self, TOOLS};
use assert_cmd::Command;
use nexy_contract::Sha256Digest;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

const PAGE: &str = "THIRD_PARTY.md";
/// What the VM runs, and what the laptop runs.
const PLATFORMS: [&str; 2] = ["x86_64-unknown-linux-gnu", "aarch64-apple-darwin"];
/// Beginnings of the names of files that hold a licence or a notice of its holders.
const NAMES: [&str; 6] = ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE"];
const HEAD: &str = "# Third-party code

The five programs contain the crates of this table, for Linux or for macOS, and the standard library of Rust (MIT or Apache-2.0).
Where a crate may be used under one of several licences, these programs use it under the MIT licence.
`UPDATE=1 cargo test -p nexy-rules -- third_party` writes this page.

The static programs of `make build-vm` also contain the GNU C Library, copyright (C) 1988 and later, the Free Software Foundation, Inc. It is free software
under the GNU Lesser General Public License, version 2.1 or later, whose text is in `LICENSE-LGPL-2.1`, and comes without any warranty.

- Its source: <https://www.gnu.org/software/libc/>, or `apt-get source glibc` on the machine that builds; `ldd --version` names its version there.
- You may change it and link the programs with your copy: all of their source is here. `make build-vm` links with the copy of the machine;
  `cargo build --release --target x86_64-unknown-linux-gnu` with `RUSTFLAGS='-C target-feature=+crt-static -L native=/path/to/your/lib'` links with yours.
";

/// A linked crate: its row of the table, and the texts of its licence by their mark.
struct Linked {
    name: String,
    row: String,
    texts: BTreeMap<String, String>,
}

/// Every crate of the registry that the five programs are linked from; `None` where not all of them were fetched.
fn linked(platform: &str) -> Option<BTreeMap<String, Linked>> {
    let arguments = ["metadata", "--locked", "--offline", "--format-version=1", "--filter-platform", platform];
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(repository::root()).output().unwrap();
    let metadata: Value = output.status.success().then(|| serde_json::from_slice(&output.stdout).unwrap())?;
    let by_id = |items: &Value| -> BTreeMap<String, Value> {
        items.as_array().unwrap().iter().map(|item| (item["id"].as_str().unwrap().to_owned(), item.clone())).collect()
    };
    let (packages, nodes) = (by_id(&metadata["packages"]), by_id(&metadata["resolve"]["nodes"]));
    let runs_at_build = |id: &str| packages[id]["targets"].as_array().unwrap().iter().any(|target| target["kind"][0] == "proc-macro");
    let mut left: Vec<String> = packages.keys().filter(|id| TOOLS.contains(&packages[*id]["name"].as_str().unwrap())).cloned().collect();
    let mut seen = BTreeSet::new();
    while let Some(id) = left.pop() {
        let needed = nodes[&id]["deps"].as_array().unwrap().iter().filter(|dependency| {
            let is_linked = dependency["dep_kinds"].as_array().unwrap().iter().any(|kind| kind["kind"].is_null());
            is_linked && !runs_at_build(dependency["pkg"].as_str().unwrap())
        });
        left.extend(needed.map(|dependency| dependency["pkg"].as_str().unwrap().to_owned()).filter(|id| !seen.contains(id)));
        seen.insert(id);
    }
    let foreign = seen.into_iter().filter(|id| !packages[id]["source"].is_null());
    Some(foreign.map(|id| (id.clone(), read(&packages[&id]))).collect())
}

fn read(package: &Value) -> Linked {
    let text = |key: &str| package[key].as_str().unwrap_or_else(|| panic!("{package}: {key}")).to_owned();
    let folder = Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap().to_owned();
    let mut files: Vec<String> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    files.retain(|name| NAMES.iter().any(|known| name.to_ascii_uppercase().starts_with(known)));
    // Where it stands alone, the others are what could be chosen in its place.
    let is_a_choice = !text("license").contains(" AND ");
    if let Some(mit) = files.iter().find(|name| is_a_choice && name.contains("MIT")).cloned() {
        files.retain(|name| *name == mit || name.starts_with("NOTICE"));
    }
    assert!(!files.is_empty(), "{} has no file with its licence", folder.display());
    let texts: BTreeMap<String, String> = files
        .iter()
        .map(|name| fs::read_to_string(folder.join(name)).unwrap().replace('\r', "").trim_matches('\n').to_owned())
        .map(|text| (Sha256Digest::of(text.as_bytes()).to_string()[..8].to_owned(), text))
        .collect();
    let marks: Vec<&str> = texts.keys().map(String::as_str).collect();
    let row = format!("| {} | {} | {} | {} |", text("name"), text("version"), text("license"), marks.join(", "));
    Linked { name: text("name"), row, texts }
}

fn page(crates: &BTreeMap<String, Linked>) -> String {
    let mut page = format!("{HEAD}\n| crate | version | licence | text below |\n|---|---|---|---|\n");
    crates.values().for_each(|one| page += &format!("{}\n", one.row));
    let mut texts: BTreeMap<&String, (&String, BTreeSet<&str>)> = BTreeMap::new();
    for one in crates.values() {
        for (mark, text) in &one.texts {
            texts.entry(mark).or_insert((text, BTreeSet::new())).1.insert(&one.name);
        }
    }
    for (mark, (text, names)) in texts {
        page += &format!("\n## {mark}\n\n{}\n\n````text\n{text}\n````\n", names.into_iter().collect::<Vec<_>>().join(", "));
    }
    page
}

#[test]
#[expect(clippy::disallowed_methods, reason = "this writes a page of the repository, at a person's wish")]
fn the_licences_of_what_is_linked_are_told() {
    let found: Vec<BTreeMap<String, Linked>> = PLATFORMS.iter().filter_map(|platform| linked(platform)).collect();
    assert!(!found.is_empty(), "the crates of neither platform are here: cargo fetch --locked");
    let complete = found.len() == PLATFORMS.len();
    let crates: BTreeMap<String, Linked> = found.into_iter().flatten().collect();
    if complete && std::env::var_os("UPDATE").is_some() {
        fs::write(repository::root().join(PAGE), page(&crates)).unwrap();
    }
    let (told, hint) = (repository::text(PAGE), "UPDATE=1 cargo test -p nexy-rules -- third_party");
    assert!(!complete || told == page(&crates), "{PAGE} is old: {hint}");
    for one in crates.values() {
        assert!(told.contains(&one.row) && one.texts.values().all(|text| told.contains(text)), "{}: {hint}", one.name);
    }
    // Nothing stands there that is no longer used.
    let lock: toml::Table = repository::text("Cargo.lock").parse().unwrap();
    let locked: BTreeSet<String> = lock["package"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("| {} | {} |", one["name"].as_str().unwrap(), one["version"].as_str().unwrap()))
        .collect();
    for row in repository::table(PAGE, "Third-party code") {
        assert!(locked.contains(&format!("| {} | {} |", row[0], row[1])), "{row:?} is not in Cargo.lock: {hint}");
    }
}
