//! `write`, `install` and `push` killed before each of their operations: what a reader sees then, and how the next run ends.

use crate::{
    published::{files, published, written},
    push::{laptop, on_github, pushing, ready},
};
use nexy_standin::{
    Fault, Listener, Reply,
    crash::Killer,
    skip::{Need, skipped},
    world::{MANIFEST_FOLDERS, Tool, World},
};
use serde_json::json;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Every file in the manifest folders below a root, also those that no pattern finds.
fn all_files(root: &Path) -> BTreeMap<PathBuf, String> {
    let folders = MANIFEST_FOLDERS.iter().map(|folder| root.join(folder));
    let entries = folders.flat_map(|folder| fs::read_dir(folder).expect("a folder"));
    entries.map(|entry| entry.expect("an entry").path()).map(|path| (path.clone(), fs::read_to_string(path).expect("a text"))).collect()
}

fn put(root: &Path, files: &BTreeMap<PathBuf, String>) {
    all_files(root).keys().for_each(|path| fs::remove_file(path).expect("it is gone"));
    files.iter().for_each(|(path, text)| fs::write(path, text).expect("it is written"));
}

fn is_whole(text: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(text).is_ok()
}

/// A tool that changes manifest folders, and how it ends when it is not killed.
struct Case<'a> {
    test: &'static str,
    world: &'a World,
    root: PathBuf,
    tool: &'a dyn Fn() -> Tool,
    exit: i32,
    /// What the faults of the world make of it, if there are any.
    spoil: &'a dyn Fn(),
}

impl Case<'_> {
    /// Kills it before each operation behind the first so many, always in the same state, and runs it again, without faults, in each
    /// state that a kill leaves. How many operations it has comes back.
    fn at_every_point(&self, skipped: usize, expected: Option<&BTreeMap<PathBuf, String>>) -> usize {
        let Self { test, world, root, tool, exit, spoil } = self;
        let before = all_files(root);
        let Some(killer) = Killer::new(test, world) else { return 0 };
        spoil();
        let (ran, operations) = killer.operations(tool());
        ran.exits(*exit);
        let after = expected.map_or_else(|| undated(&all_files(root)), undated);
        let is_change = |name: &str| operations.iter().any(|operation| operation.starts_with(name));
        assert!(["open", "write", "fsync", "rename", "unlink"].into_iter().all(is_change), "{operations:?}");
        let mut seen: Vec<BTreeMap<PathBuf, String>> = Vec::new();
        for nth in skipped + 1..=operations.len() {
            put(root, &before);
            let operation = killer.kills(tool(), nth);
            let left = all_files(root);
            // What the server's pattern finds is whole, and what no run has completed is not found by it.
            let found = left.iter().filter(|(path, _)| path.extension().is_some_and(|end| end == "json"));
            found.for_each(|(path, text)| assert!(is_whole(text), "{operation}: {}: {text}", path.display()));
            assert!(MANIFEST_FOLDERS.iter().all(|folder| left.contains_key(&root.join(folder).join("manifest.json"))), "{operation}");
            // What is staged has a name that no two runs share.
            let mut state = undated(&left);
            let staged: Vec<PathBuf> = state.keys().filter(|path| path.extension().is_some_and(|end| end == "part")).cloned().collect();
            staged.iter().for_each(|path| drop(state.remove(path)));
            state.insert(format!("{} staged", staged.len()).into(), String::new());
            if !seen.contains(&state) {
                seen.push(state);
                world.standin.clear_faults();
                tool().run().exits(0);
                spoil();
                assert_eq!(undated(&all_files(root)), after, "after a kill before {operation}");
            }
        }
        world.standin.clear_faults();
        assert!(seen.len() > MANIFEST_FOLDERS.len(), "the kills have left {} states", seen.len());
        operations.len()
    }
}

/// The files without the line that says when they were written.
fn undated(files: &BTreeMap<PathBuf, String>) -> BTreeMap<PathBuf, String> {
    let line = |text: &str| text.lines().filter(|line| !line.contains("release_date")).collect::<String>();
    files.iter().map(|(path, text)| (path.clone(), line(text))).collect()
}

#[test]
fn a_write_that_is_killed_anywhere_leaves_whole_files_and_the_next_one_finishes() {
    let world = World::new();
    let record = published(&world).to_string();
    let tool = || world.tool("nexy-manifest").args(["write", "-"]).stdin(&record);
    let test = "a_write_that_is_killed_anywhere";
    let write = Case { test, world: &world, root: world.workspace(), tool: &tool, exit: 0, spoil: &|| () };
    println!("write: {} points", write.at_every_point(0, None));
}

#[test]
fn an_installation_that_is_killed_anywhere_leaves_whole_files_and_the_next_one_finishes() {
    let world = World::new();
    written(&world);
    let manifest = world.workspace().join(&files(&world)[0].0).display().to_string();
    let target = world.vm_path("etc/nexy.toml").display().to_string();
    let tool = || world.tool("nexy-manifest").bare().args(["--target", &target, "install", &manifest]);
    let test = "an_installation_that_is_killed_anywhere";
    let install = Case { test, world: &world, root: world.vm(), tool: &tool, exit: 0, spoil: &|| () };
    let before = all_files(&world.vm());
    let points = install.at_every_point(0, None);
    // The feed then announces something else, and what was there before is put back.
    tool().run().exits(0);
    let after = all_files(&world.vm());
    put(&world.vm(), &before);
    let spoil = || world.standin.fault(Fault::new(Listener::Updates, "GET", "", Reply::Status(500, json!({}))).always());
    let back = Case { exit: 3, spoil: &spoil, ..install };
    println!("install: {points} points, {} with a put-back", back.at_every_point(points.saturating_sub(1), Some(&after)));
}

#[test]
fn a_push_that_is_killed_anywhere_leaves_the_laptop_as_it_was_and_the_next_one_ends_with_one_commit() {
    // Without root's rights the threads of git count as operations, and two runs do not have the same number of them.
    if nexy_standin::world::user() != "root" {
        skipped("a_push_that_is_killed_anywhere", "its operations are not the same in two runs", Need::Root);
        return;
    }
    let (world, record) = ready();
    let (before, base) = (laptop(&world), on_github(&world, &["rev-parse", "main"]));
    let Some(killer) = Killer::new("a_push_that_is_killed_anywhere", &world) else { return };
    let (ran, operations) = killer.operations(pushing(&world, &record));
    ran.exits(0);
    let mut pushed = Vec::new();
    for nth in 1..=operations.len() {
        on_github(&world, &["update-ref", "refs/heads/main", &base]);
        let operation = killer.kills(pushing(&world, &record), nth);
        assert_eq!(laptop(&world), before, "{operation}");
        let is_pushed = on_github(&world, &["rev-parse", "main"]) != base;
        if pushed.last() != Some(&is_pushed) {
            pushed.push(is_pushed);
            pushing(&world, &record).run().exits(0).says(if is_pushed { "nothing to push" } else { "Manifest changes pushed to remote" });
            assert_eq!(on_github(&world, &["rev-parse", "main^"]), base, "after a kill before {operation}");
        }
    }
    assert_eq!(pushed, [false, true]);
    println!("push: {} points", operations.len());
}
