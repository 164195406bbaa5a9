//! No tracked file names a legacy host, group, VM or repository: copies of such names once steered releases.

mod repositories;
mod scan;

use crate::gate::prelude::*;
use crate::observed::git_files::{Kind, Tracked};
use nexy_contract::text::printable;
use nexy_outside::fs::line_reader::{self, Walk};
use nexy_outside::{Workspace, net::http::Url};
use scan::{LegacyName, NameKind, Names, Search, Spot};
use std::collections::BTreeSet;

pub(crate) const GATE: Gate = Gate {
    id: "no-legacy",
    asks: "Does no tracked file name a legacy host, resource group, VM or repository?",
    profiles: &["pre-production", "before-publish"],
    runbook: "S0 §0, S2 §0.1, S3",
    at: Machine::Laptop,
    takes: Takes::Outside,
    explain: Explain {
        symptom: "A script or a client speaks to a machine that is gone, or deploys to a group that is not in use any more.",
        check: "Reads every file that `git ls-files` names, without nexy.toml and legacy.not_scanned, for the names of [legacy], and for \
                repositories of our owners that [repositories] does not know. A name that is also the product's own counts only in plain \
                spellings: -g N, --resource-group N, --vm-name N, -n or --name N behind `az`, resourceGroups/N, virtualMachines/N, and \
                resource_group, resourceGroup, vm, vm_name or these behind AZURE_, with `:` or `=`.",
        fix: &[
            command("git grep -nwF -e NAME -- FILE"),
            note(
                "Write the name of [release_target] or [repositories] in its place; a file that must name legacy targets goes into \
                 legacy.not_scanned.",
            ),
        ],
        verify: &[command("nexy-gate no-legacy")],
    },
    check,
    repair: None,
};

/// A larger file is named, not read.
const LARGEST_BYTES: u64 = 4 << 20;
/// So much is read in all.
const ALL_BYTES: u64 = 1 << 30;
/// So many files that are gone from the workspace are looked up in git, one by one.
const MOST_GONE: usize = 200;
/// So many places are named.
const MOST_NAMED: usize = 10;

/// What was seen, and what was not.
#[derive(Debug, Default)]
struct Seen {
    files: usize,
    spots: Vec<Spot>,
    /// The same of files that the workspace has no more, and that git keeps for the next commit.
    kept: Vec<Spot>,
    /// Files that were not read, with the reason and the fix.
    unreadable: Vec<(String, String, Fix)>,
}

fn check(context: &Context) -> Answer {
    let workspace = &context.workspace;
    let expected = expected(&workspace.target);
    match Tracked::of(workspace, None, &expected) {
        Ok(tracked) => judge(&workspace.target, &look(workspace, &tracked)),
        Err(answer) => answer,
    }
}

fn look(workspace: &Workspace, tracked: &Tracked) -> Seen {
    let target = &workspace.target;
    let own_name = workspace.target_path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let names = Names::of(target, github_hosts(target));
    let mut seen = Seen::default();
    let (mut read_bytes, mut gone) = (0, 0);
    for file in tracked.files.iter().filter(|file| file.path != own_name && !is_excused(&file.path, &target.legacy.not_scanned)) {
        let (path, word) = (&file.path, shell_word(&file.path));
        let mut unread = |because: String, fix: Fix| seen.unreadable.push((path.clone(), because, fix));
        match file.kind {
            // What a link leads to is either tracked under its own name or no part of the workspace.
            Kind::Link => continue,
            Kind::Submodule => {
                let fix = Fix::command(format!("git -C {word} ls-files"));
                let excuse = format!("When none of these files names a legacy target, add {word} to legacy.not_scanned.");
                unread("is a submodule".to_owned(), fix.then_note(excuse));
                continue;
            }
            Kind::File => {}
        }
        if read_bytes >= ALL_BYTES {
            let fix = Fix::note("Add folders that may name legacy targets to legacy.not_scanned.");
            unread(format!("and all behind it come after {ALL_BYTES} bytes"), fix);
            break;
        }
        let mut search = Search::new(&names, path);
        let restore = || Fix::command(format!("git checkout -- {word}"));
        match line_reader::each(&workspace.path(path), LARGEST_BYTES, |line, text| search.line(line, text)) {
            Ok(Walk::Text(bytes)) => {
                read_bytes += bytes;
                seen.files += 1;
            }
            Ok(Walk::Binary) => {}
            Ok(Walk::TooLarge(bytes)) => {
                let names = target.legacy.hosts.iter().chain(&target.legacy.vms).map(|name| format!(" -e {}", shell_word(name)));
                let fix = Fix::command(format!("git grep -cwF{} -- {word}", names.collect::<String>()));
                unread(format!("has {bytes} bytes, more than {LARGEST_BYTES}"), fix);
            }
            Ok(Walk::NoFile) => unread("is not a file".to_owned(), restore()),
            Err(error) if error.is_missing() => {
                gone += 1;
                let kept = if gone > MOST_GONE { Err(("too many files do not exist".to_owned(), None)) } else { tracked.kept(file) };
                match kept {
                    Ok(bytes) => {
                        read_bytes += bytes.len() as u64;
                        seen.files += 1;
                        search.text(&bytes);
                        seen.kept.append(&mut search.spots);
                    }
                    Err((because, bring)) => unread(format!("is tracked and does not exist ({because})"), bring.unwrap_or_else(restore)),
                }
            }
            Err(error) => unread(format!("cannot be read: {}", error.because()), Fix::command(format!("ls -l {word}"))),
        }
        seen.spots.append(&mut search.spots);
    }
    seen
}

/// The hosts of GitHub, with their ports where they are not the usual ones.
fn github_hosts(target: &Target) -> Vec<String> {
    let urls = [&target.github.web_url, &target.github.api_url, &target.github.uploads_url];
    let authority =
        |url: &&String| Url::parse(url).and(url.split_once("://")).map(|(_, rest)| rest.split('/').next().unwrap_or(rest).to_owned());
    urls.iter().filter_map(authority).collect()
}

fn is_excused(path: &str, not_scanned: &[String]) -> bool {
    not_scanned.iter().any(|excused| if excused.ends_with('/') { path.starts_with(excused) } else { path == excused })
}

fn expected(target: &Target) -> String {
    let release = &target.release_target;
    let repositories = &target.repositories;
    format!(
        "only the host {}, the group {}, the VM {} and the repositories {}, {}, {}",
        release.host, release.resource_group, release.vm, repositories.workspace, repositories.server, repositories.artifacts
    )
}

fn judge(target: &Target, seen: &Seen) -> Answer {
    if seen.files == 0 && seen.unreadable.is_empty() {
        return Answer::unknown("git tracks no text file in the workspace", expected(target), Fix::command("git ls-files"));
    }
    let mut builder = AnswerBuilder::default();
    if !seen.spots.is_empty() {
        let shown = |spot: &Spot| format!("{}:{} names {}", excerpt(&spot.path, 200), spot.line, spot.legacy.shown());
        let mut found: Vec<String> = seen.spots.iter().take(MOST_NAMED).map(shown).collect();
        if seen.spots.len() > MOST_NAMED {
            found.push(format!("and {} more", seen.spots.len() - MOST_NAMED));
        }
        builder.fail(found.join("; "), repair(target, &seen.spots));
    }
    for spot in seen.kept.iter().take(MOST_NAMED) {
        let found = format!("{}:{} does not exist here, and in git it names {}", excerpt(&spot.path, 200), spot.line, spot.legacy.shown());
        let fix = Fix::command(format!("git rm --cached --quiet -- {}", shell_word(&spot.path))).then_note("Then commit that.");
        builder.fail(found, fix);
    }
    for (path, because, fix) in seen.unreadable.iter().take(MOST_NAMED) {
        builder.unknown(format!("{} {because}, so it was not read", excerpt(path, 200)), fix);
    }
    if seen.unreadable.len() > MOST_NAMED {
        builder.unknown(format!("{} more files were not read", seen.unreadable.len() - MOST_NAMED), Fix::command("git status --short"));
    }
    builder.pass(format!("{} tracked text files name no legacy target", seen.files));
    builder.answer(expected(target))
}

/// A command that shows every place, and what to write there.
fn repair(target: &Target, spots: &[Spot]) -> Fix {
    let names: BTreeSet<&str> = spots.iter().map(|spot| spot.legacy.name.as_str()).collect();
    let files: BTreeSet<&str> = spots.iter().map(|spot| spot.path.as_str()).collect();
    let names: Vec<String> = names.into_iter().map(|name| format!("-e {}", shell_word(name))).collect();
    // A name that a terminal would show escaped cannot be pasted.
    let are_named = files.len() <= MOST_NAMED && files.iter().all(|file| printable(file) == **file);
    let files = if are_named { files.into_iter().map(shell_word).collect::<Vec<_>>().join(" ") } else { ".".to_owned() };
    let mut fix = Fix::command(format!("git grep -nwiF {} -- {files}", names.join(" ")));
    let legacy: BTreeSet<&LegacyName> = spots.iter().map(|spot| &spot.legacy).collect();
    let release = &target.release_target;
    for legacy in legacy.into_iter().take(MOST_NAMED) {
        let right = match legacy.kind {
            NameKind::Host => &release.host,
            NameKind::Group => &release.resource_group,
            NameKind::Vm => &release.vm,
            NameKind::Repository => "one of [repositories]",
        };
        fix = fix.then_note(format!("Write {right} in place of {}.", legacy.shown()));
    }
    fix.then_note("Or add a file that must name legacy targets to legacy.not_scanned of nexy.toml.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{says, target};

    fn spot(path: &str, line: usize, kind: NameKind, name: &str) -> Spot {
        Spot { path: path.to_owned(), line, legacy: LegacyName { kind, name: name.to_owned() } }
    }

    #[test]
    fn files_without_a_legacy_name_pass_and_no_files_at_all_are_unknown() {
        let answer = judge(&target(), &Seen { files: 3, ..Seen::default() });
        assert_eq!(answer, Answer::pass("3 tracked text files name no legacy target"));
        let none = judge(&target(), &Seen::default());
        assert_eq!((none.verdict, none.found.as_str()), (Verdict::Unknown, "git tracks no text file in the workspace"));
    }

    #[test]
    fn places_are_named_with_the_command_and_the_word_to_write() {
        let target = target();
        let spots = vec![spot("a b.sh", 7, NameKind::Vm, "Old"), spot("x.md", 1, NameKind::Host, "old.example.net")];
        let answer = judge(&target, &Seen { files: 3, spots, ..Seen::default() });
        assert_eq!(answer.verdict, Verdict::Fail);
        assert_eq!(answer.found, "a b.sh:7 names the VM Old; x.md:1 names the host old.example.net");
        let text = answer.fix.text();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "git grep -nwiF -e Old -e old.example.net -- 'a b.sh' x.md");
        assert!(lines.contains(&format!("Write {} in place of the VM Old.", target.release_target.vm).as_str()), "{}", answer.fix.text());
    }

    #[test]
    fn ten_places_are_named_and_the_rest_is_counted() {
        let spots = (1..=25).map(|line| spot(&format!("f{line}"), line, NameKind::Group, "Old")).collect();
        let answer = judge(&target(), &Seen { files: 25, spots, ..Seen::default() });
        assert_eq!(answer.found.matches(" names ").count(), 10);
        assert!(answer.found.ends_with("; and 15 more"), "{}", answer.found);
        assert!(answer.fix.text().starts_with("git grep -nwiF -e Old -- .\n"), "{}", answer.fix);
    }

    #[test]
    fn a_file_that_was_not_read_is_unknown_and_never_hides_a_no() {
        let unreadable = vec![("big.json".to_owned(), "is too large".to_owned(), Fix::command("look"))];
        assert_eq!(judge(&target(), &Seen { files: 3, unreadable: unreadable.clone(), ..Seen::default() }).verdict, Verdict::Unknown);
        let spots = vec![spot("x", 1, NameKind::Vm, "Old")];
        let answer = judge(&target(), &Seen { files: 3, spots, unreadable, ..Seen::default() });
        says(&answer, Verdict::Fail, "big.json is too large");
    }

    #[test]
    fn folders_and_files_are_excused_as_they_are_written() {
        let excused = ["Docs/old/".to_owned(), "one.md".to_owned()];
        assert!(is_excused("Docs/old/a/b", &excused) && is_excused("one.md", &excused));
        assert!(!is_excused("Docs/older", &excused) && !is_excused("one.md.txt", &excused) && !is_excused("x/one.md", &excused));
    }
}
