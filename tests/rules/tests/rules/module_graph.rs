//! The modules of a crate and the modules that each of them names, read from the tokens of its files.

use crate::{repository, rust_text};
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};

/// A module as its path below the crate; the crate's own file has none.
pub(crate) type Module = Vec<String>;

/// The modules that each module names.
pub(crate) type Uses = BTreeMap<Module, BTreeSet<Module>>;

/// The sources of a crate by module, without tests.
pub(crate) fn sources(krate: &str) -> BTreeMap<Module, String> {
    let folder = format!("crates/{krate}/src/");
    let files = repository::shipped_rust().into_iter().filter(|path| path.starts_with(&folder));
    files.map(|path| (module(&path[folder.len()..]), rust_text::without_tests(&repository::text(&path)).to_owned())).collect()
}

/// `gates/mod.rs` is `gates`, `gates/layout.rs` is `gates::layout`, `main.rs` and `lib.rs` are the crate itself.
pub(crate) fn module(file: &str) -> Module {
    let mut path: Module = file.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    path.pop_if(|last| ["mod", "main", "lib"].contains(&last.as_str()));
    path
}

/// Which module names an item of which other one, in `use` lines, paths and macros.
pub(crate) fn uses(sources: &BTreeMap<Module, String>) -> Uses {
    sources.iter().map(|(module, source)| (module.clone(), named(module, source, sources))).collect()
}

fn named(module: &Module, source: &str, sources: &BTreeMap<Module, String>) -> BTreeSet<Module> {
    let tokens: TokenStream = source.parse().unwrap_or_else(|error| panic!("{}: {error}", module.join("::")));
    let mut seen = Seen::default();
    seen.read(tokens);
    let mut found: BTreeSet<Module> = BTreeSet::new();
    for path in &seen.paths {
        let absolute = seen.absolute(module, path, sources, 4);
        found.extend(absolute.and_then(|path| longest_module(&path, sources)).filter(|other| other != module));
    }
    found
}

fn longest_module(path: &[String], sources: &BTreeMap<Module, String>) -> Option<Module> {
    (0..=path.len()).rev().map(|length| path[..length].to_vec()).find(|path| sources.contains_key(path))
}

/// The paths of one file.
#[derive(Default)]
struct Seen {
    paths: Vec<Vec<String>>,
    /// What a `use` line brings into the file, by the name that it has there.
    imported: BTreeMap<String, Vec<String>>,
}

impl Seen {
    fn read(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at] {
                TokenTree::Ident(word) if word == "use" => at = self.read_use(&tokens, at + 1, &[]),
                TokenTree::Ident(_) => at = self.read_path(&tokens, at),
                TokenTree::Group(group) => {
                    self.read(group.stream());
                    at += 1;
                }
                _ => at += 1,
            }
        }
    }

    /// Reads one tree of a `use` line behind its prefix, and gives the place behind it.
    fn read_use(&mut self, tokens: &[TokenTree], mut at: usize, prefix: &[String]) -> usize {
        let mut path = prefix.to_vec();
        let mut name = None;
        while let Some(token) = tokens.get(at) {
            match token {
                TokenTree::Ident(word) if word == "as" => {
                    name = tokens.get(at + 1).map(ToString::to_string);
                    at += 1;
                }
                TokenTree::Ident(word) => path.push(word.to_string()),
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    let mut inside = 0;
                    while inside < inner.len() {
                        inside = self.read_use(&inner, inside, &path) + 1;
                    }
                    return at + 1;
                }
                TokenTree::Punct(sign) if [',', ';'].contains(&sign.as_char()) => break,
                _ => {}
            }
            at += 1;
        }
        // `use a::b::{self}` is `use a::b`.
        path.pop_if(|last| last == "self");
        let name = name.or_else(|| path.last().cloned()).unwrap_or_default();
        self.imported.insert(name, path.clone());
        self.paths.push(path);
        at
    }

    fn read_path(&mut self, tokens: &[TokenTree], mut at: usize) -> usize {
        let is_method = at > 0 && matches!(&tokens[at - 1], TokenTree::Punct(sign) if ".:".contains(sign.as_char()));
        let mut path = vec![tokens[at].to_string()];
        at += 1;
        while let [TokenTree::Punct(one), TokenTree::Punct(two), TokenTree::Ident(word), ..] = &tokens[at.min(tokens.len())..] {
            if (one.as_char(), two.as_char()) != (':', ':') {
                break;
            }
            path.push(word.to_string());
            at += 3;
        }
        if path.len() > 1 && !is_method {
            self.paths.push(path);
        }
        at
    }

    /// The path below the crate; none when it leads out of it. A name may stand for an imported one, so many times over.
    fn absolute(&self, module: &[String], path: &[String], sources: &BTreeMap<Module, String>, times: u8) -> Option<Vec<String>> {
        let (first, rest) = path.split_first()?;
        let child = [module, std::slice::from_ref(first)].concat();
        let is_super = rest.first().is_some_and(|word| word == "super");
        match first.as_str() {
            "crate" => Some(rest.to_vec()),
            "self" if is_super => self.absolute(module, rest, sources, times),
            "self" => Some([module, rest].concat()),
            "super" => {
                let parent = &module[..module.len().checked_sub(1)?];
                if is_super { self.absolute(parent, rest, sources, times) } else { Some([parent, rest].concat()) }
            }
            _ if sources.contains_key(&child) => Some([child.as_slice(), rest].concat()),
            _ => {
                let imported = self.imported.get(first).filter(|_| times > 0)?;
                self.absolute(module, &[imported.as_slice(), rest].concat(), sources, times - 1)
            }
        }
    }
}
