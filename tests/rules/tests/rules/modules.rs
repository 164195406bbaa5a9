//! No cycle of modules in any crate, and no gate that imports a gate.
//!
//! A folder counts as one module with everything in it: its `mod.rs` may use its files, and they may use what it declares.
//! `main.rs` stands above all others, so no module imports from it.

use crate::module_graph::{self, Module, Uses};
use crate::repository::{LIBRARIES, TOOLS};
use std::collections::BTreeSet;

fn name(module: &Module) -> String {
    if module.is_empty() { "main.rs".to_owned() } else { module.join("::") }
}

/// Every import of a crate as the pair of modules that it joins.
fn imports(uses: &Uses) -> impl Iterator<Item = (&Module, &Module)> {
    uses.iter().flat_map(|(from, all)| all.iter().map(move |to| (from, to)))
}

/// The imports of one folder that lead from one of its parts to another one and, by way of others, back.
fn cycles_in(folder: &[String], uses: &Uses) -> Vec<(Module, Module)> {
    let part = |module: &Module| (module.len() > folder.len() && module.starts_with(folder)).then(|| module[..=folder.len()].to_vec());
    let joins = |(from, to): (&Module, &Module)| Some((part(from)?, part(to)?)).filter(|(from, to)| from != to);
    let parts: BTreeSet<(Module, Module)> = imports(uses).filter_map(joins).collect();
    let leads_back = |(from, to): &(Module, Module)| {
        let mut reached = BTreeSet::from([to]);
        loop {
            let before = reached.len();
            reached.extend(parts.iter().filter(|(start, _)| reached.contains(start)).map(|(_, end)| end).collect::<Vec<_>>());
            if reached.len() == before {
                return reached.contains(from);
            }
        }
    };
    let closing: BTreeSet<&(Module, Module)> = parts.iter().filter(|pair| leads_back(pair)).collect();
    let is_closing = |(from, to): &(&Module, &Module)| joins((from, to)).is_some_and(|pair| closing.contains(&pair));
    imports(uses).filter(is_closing).map(|(from, to)| (from.clone(), to.clone())).collect()
}

/// The imports that close a cycle in any folder of a crate, and those from `main.rs`.
fn cycles(uses: &Uses, has_main: bool) -> BTreeSet<(String, String)> {
    let folders: BTreeSet<&[String]> = uses.keys().flat_map(|module| (0..module.len()).map(|length| &module[..length])).collect();
    let from_main = imports(uses).filter(|(_, to)| has_main && to.is_empty()).map(|(from, to)| (from.clone(), to.clone()));
    let closing = folders.into_iter().flat_map(|folder| cycles_in(folder, uses)).chain(from_main);
    closing.map(|(from, to)| (name(&from), name(&to))).collect()
}

/// The imports that lead from the files of one gate to those of another one.
fn between_gates(uses: &Uses) -> BTreeSet<(String, String)> {
    let gate = |module: &Module| module.first().filter(|first| *first == "gates").and(module.get(1)).cloned();
    let joins = |(from, to): &(&Module, &Module)| matches!((gate(from), gate(to)), (Some(one), Some(other)) if one != other);
    imports(uses).filter(joins).map(|(from, to)| (name(from), name(to))).collect()
}

#[test]
fn no_crate_has_a_cycle_of_modules() {
    for krate in LIBRARIES.iter().chain(&TOOLS) {
        let uses = module_graph::uses(&module_graph::sources(krate));
        assert!(uses.len() > 1 && imports(&uses).count() > 3, "no module of {krate} was read");
        let found = cycles(&uses, TOOLS.contains(krate));
        assert!(found.is_empty(), "{krate}: these imports close a cycle; move what both need into a module of its own: {found:#?}");
    }
}

#[test]
fn no_gate_imports_a_gate() {
    let found = between_gates(&module_graph::uses(&module_graph::sources("nexy-gate")));
    assert!(found.is_empty(), "move what two gates need out of their files: {found:#?}");
}

/// The imports that the two rules find in made-up sources.
fn found(files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
    let sources = files.iter().map(|(file, source)| (module_graph::module(file), (*source).to_owned())).collect();
    let uses = module_graph::uses(&sources);
    let shown = |pairs: BTreeSet<(String, String)>| pairs.into_iter().map(|(from, to)| format!("{from} -> {to}")).collect();
    (shown(cycles(&uses, true)), shown(between_gates(&uses)))
}

#[test]
fn a_planted_cycle_is_found_however_it_is_written() {
    let ways = [
        "use crate::b::Thing;",
        "use crate::{b::{Thing, other as another}, c};",
        "use super::b;",
        "fn f() { crate::b::go() }",
        "fn f() { format!(\"{}\", crate::b::go()) }",
        "use crate::c; fn f() -> c::deep::Thing { todo!() }",
        "pub(crate) use crate::c as d; type T = Option<d::deep::Thing>;",
    ];
    for way in ways {
        let files = [
            ("main.rs", "mod a; mod b; mod c;"),
            ("a.rs", way),
            ("b.rs", "use crate::a::X;"),
            ("c/mod.rs", ""),
            ("c/deep.rs", "use crate::b;"),
        ];
        let (cycles, _) = found(&files);
        assert!(cycles.contains(&"b -> a".to_owned()), "{way}: {cycles:?}");
    }
}

#[test]
fn what_is_no_cycle_is_not_taken_for_one() {
    let face = "mod part; use part::Part; pub(crate) struct Whole(Part);";
    let files = [
        ("main.rs", "mod a; use a::Whole; fn main() { let b = a; b::c() }"),
        ("a/mod.rs", face),
        ("a/part.rs", "use super::Whole; use std::fmt; fn f(crate_: Whole) { crate_.b::<fmt::Error>() } // crate::b"),
        ("b.rs", "use crate::a::Whole; const TEXT: &str = \"crate::main\";"),
    ];
    assert_eq!(found(&files), (vec![], vec![]));
}

#[test]
fn an_import_from_main_and_one_between_two_gates_are_found() {
    let files = [
        ("main.rs", "mod gates; use nexy_outside::fs::files;"),
        ("gates/mod.rs", "mod one; mod two; pub(crate) const ALL: [u8; 2] = [one::ROW, two::ROW];"),
        ("gates/one.rs", "use crate::files; use super::two::look;"),
        ("gates/two/mod.rs", "mod part; fn f() { crate::gates::one::ROW }"),
        ("gates/two/part.rs", "use super::super::one; use super::look;"),
    ];
    let (cycles, between) = found(&files);
    let back = ["gates::two -> gates::one", "gates::two::part -> gates::one"];
    assert_eq!(cycles, ["gates::one -> gates::two", "gates::one -> main.rs", back[0], back[1]]);
    assert_eq!(between, ["gates::one -> gates::two", back[0], back[1]]);
}
