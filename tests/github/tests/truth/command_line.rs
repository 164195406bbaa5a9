//! GitHub's own command line works with the imitated GitHub: what people type beside the tools, they can type here.

use crate::description::Description;
use crate::places::{Encrypted, Place, TOKEN};
use crate::{judge, setup};
use nexy_standin::world::{ARTIFACTS, Ran, fix_commands};
use nexy_standin::{ReleaseOptions, RequestLine, Standin};
use serde_json::Value;
use std::fs;

const BOTH: [Place; 2] = [Place::Cloud, Place::Enterprise];

/// The real program in front of everything else, in a world at this place.
struct CommandLine {
    there: Encrypted,
}

impl CommandLine {
    /// None without the program, or without openssl; which is said.
    fn at(place: Place, test: &str) -> Option<Self> {
        if !setup::has_program(test, "gh") {
            return None;
        }
        let there = Encrypted::at(place, test)?;
        there.world.standin.keep_exchanges();
        Some(Self { there })
    }

    /// Types a line in which `gh` is the real one.
    fn types(&self, line: &str) -> Ran {
        self.types_without_token(&format!("export {}={TOKEN}; {line}", self.there.place.token_variable()))
    }

    fn types_without_token(&self, line: &str) -> Ran {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folder = std::env::split_paths(&path).find(|folder| folder.join("gh").is_file()).expect("gh is on PATH");
        // In a folder of its own, so that nothing else of that one comes first.
        let own = self.there.world.home().join("real");
        fs::create_dir_all(&own).unwrap();
        let _there_already = std::os::unix::fs::symlink(folder.join("gh"), own.join("gh"));
        let tool = self.there.shell(&format!("PATH='{}':$PATH; {line}", own.display()));
        tool.without_env(self.there.place.token_variable())
            .env("GH_HOST", self.there.place.host())
            .env("GH_PROMPT_DISABLED", "1")
            .env("GH_NO_UPDATE_NOTIFIER", "1")
            .run()
    }

    /// Keeps the token with `gh auth login`, as people do once.
    fn signs_in(&self) {
        self.there.world.write("token", TOKEN);
        self.types_without_token(&format!("gh auth login --hostname {} --with-token <token", self.there.place.host())).exits(0);
    }

    /// A `gh release` verb on the Update channel of the artifacts' repository.
    fn release(&self, verb: &str, rest: &str) -> Ran {
        self.types(&format!("gh release {verb} {rest} -R {}/{ARTIFACTS}", self.there.place.host()))
    }

    /// What has been asked since the last look, as `METHOD path` with the status.
    fn asked(&self) -> Vec<String> {
        let standin = &self.there.world.standin;
        standin.assert_all_scripted();
        let lines = standin.requests();
        standin.clear_requests();
        lines.iter().filter(|line| ["api", "uploads"].contains(&line.listener.as_str())).map(shown).collect()
    }

    fn digest_of(&self, name: &str) -> Option<String> {
        self.there.world.standin.asset(ARTIFACTS, "Update", name).and_then(|asset| asset.digest)
    }

    /// All recorded traffic matches GitHub's description.
    fn hold(&self, test: &str) {
        let Some(description) = Description::fetched(test) else { return };
        judge::hold(&description, &self.there.world.standin.exchanges(), false);
    }
}

fn shown(line: &RequestLine) -> String {
    let path = line.call().replace(&format!("/repos/{ARTIFACTS}/releases"), "");
    let path: Vec<&str> = path.split('/').map(|part| if part.parse::<u64>().is_ok() { "N" } else { part }).collect();
    format!("{} {}", path.join("/"), line.status)
}

#[test]
fn it_signs_in_and_sees_releases() {
    for place in BOTH {
        let Some(gh) = CommandLine::at(place, "gh: auth status, release list and view") else { return };
        gh.types("gh auth status").exits(0).says(&format!("Logged in to {} as stand-in", place.host()));
        assert_eq!(gh.asked(), ["GET / 200", "POST /graphql 200"]);
        gh.types(&format!("export {}=wrong; gh auth status", place.token_variable())).exits(1);
        assert_eq!(gh.asked(), ["GET / 401"]);
        let list = gh.release("list", "");
        list.exits(0).prints("App\tLatest\tApp\t").prints("Update\t\tUpdate\t");
        assert_eq!(gh.asked(), ["POST /graphql 200"]);
        gh.release("view", "Update").exits(0).prints("tag:\tUpdate\n").prints("draft:\tfalse\n").prints("asset:\tNexy.dmg\n");
        gh.release("view", "Nothing").exits(1).says("release not found");
        let shown = gh.release("view", "Update --json assets,uploadUrl,tagName").exits(0).json();
        let live = gh.there.world.standin.asset(ARTIFACTS, "Update", "Nexy.dmg").unwrap();
        assert_eq!((&shown["assets"][0]["name"], &shown["assets"][0]["size"]), (&Value::from("Nexy.dmg"), &Value::from(live.size)));
        assert!(shown["assets"][0]["url"].as_str().unwrap().starts_with(&format!("https://{}/", place.host())), "{shown}");
        gh.hold("gh: auth status, release list and view");
    }
}

#[test]
fn it_uploads_and_downloads_and_what_it_did_can_be_seen() {
    for place in BOTH {
        let Some(gh) = CommandLine::at(place, "gh: release upload and download") else { return };
        let world = &gh.there.world;
        world.write("notes.txt", "first");
        gh.release("upload", "Update 'notes.txt#for people'").exits(0);
        let asset = world.standin.asset(ARTIFACTS, "Update", "notes.txt").unwrap();
        assert_eq!((asset.size, asset.label.as_deref(), asset.state.as_str()), (5, Some("for people"), "uploaded"));
        gh.release("upload", "Update notes.txt").exits(1).says("asset under the same name already exists");
        let _before = gh.asked();
        // With the token that it keeps: an old gh gives GH_ENTERPRISE_TOKEN to every host that an Enterprise Server leads it to.
        gh.signs_in();
        let download = format!("gh release download Update --pattern '*.txt' --dir got -R {}/{ARTIFACTS}", place.host());
        gh.types_without_token(&download).exits(0);
        assert_eq!(world.read("got/notes.txt"), "first");
        let storage = world.standin.requests().into_iter().find(|line| line.listener == "storage").expect("a download");
        assert!(!storage.has_authorization, "the token went to the storage host");
        gh.hold("gh: release upload and download");
    }
}

/// Shows why the tools rename instead: `--clobber` leaves a moment without a download.
#[test]
fn an_upload_over_an_asset_deletes_first() {
    for place in BOTH {
        let Some(gh) = CommandLine::at(place, "gh: release upload --clobber") else { return };
        let world = &gh.there.world;
        let before = gh.digest_of("Nexy.dmg");
        world.write("Nexy.dmg", "other bytes");
        gh.release("upload", "Update Nexy.dmg --clobber").exits(0);
        assert_ne!(gh.digest_of("Nexy.dmg"), before);
        let asked = gh.asked();
        let changes: Vec<&str> =
            asked.iter().map(String::as_str).filter(|call| call.starts_with("DELETE") || call.starts_with("POST /N")).collect();
        assert_eq!(changes, ["DELETE /assets/N 204", "POST /N/assets 201"], "{asked:?}");
        gh.hold("gh: release upload --clobber");
    }
}

/// The command that a gate prints when it says no.
fn command_of(gate: &Ran, id: &str) -> String {
    let finding = gate.finding(id);
    assert_eq!(finding["verdict"], "fail", "{finding}");
    fix_commands(&finding["fix"])[0].to_owned()
}

#[test]
fn what_the_gate_of_the_fixed_channel_prints_mends_it_when_it_is_typed() {
    type Breaks = fn(&Standin);
    let cases: [(&str, Breaks); 3] = [
        ("gh api -X DELETE ", |standin| standin.set_immutable_releases(ARTIFACTS, Some(false))),
        ("gh release create ", |standin| standin.remove_release(ARTIFACTS, "Update")),
        ("gh release delete-asset ", |standin| {
            standin.remove_asset(ARTIFACTS, "Update", "Nexy.dmg");
            standin.put_starter(ARTIFACTS, "Update", "Nexy.dmg");
        }),
    ];
    for place in BOTH {
        for (begins, breaks) in cases {
            let Some(gh) = CommandLine::at(place, "gh: what the gates print") else { return };
            breaks(&gh.there.world.standin);
            let command = command_of(gh.types("nexy-gate --format json fixed-channel").exits(1), "fixed-channel");
            assert!(command.starts_with(begins), "{command}");
            gh.types(&command).exits(0);
            gh.types("nexy-gate fixed-channel").exits(0);
            let _all_scripted = gh.asked();
            gh.hold("gh: what the gates print");
        }
    }
}

/// GitHub never shows a draft by its tag, so the gate cannot tell it from a channel that does not exist.
#[test]
fn a_channel_that_is_a_draft_is_published() {
    for place in BOTH {
        let Some(gh) = CommandLine::at(place, "gh: release edit") else { return };
        gh.there.world.standin.set_release(ARTIFACTS, "Update", ReleaseOptions { draft: true, ..ReleaseOptions::default() });
        gh.types("nexy-gate fixed-channel").exits(1);
        gh.release("edit", "Update --draft=false").exits(0);
        gh.types("nexy-gate fixed-channel").exits(0);
        let _all_scripted = gh.asked();
        gh.hold("gh: release edit");
    }
}

#[test]
fn the_token_that_it_keeps_is_found_by_the_tools() {
    for place in BOTH {
        let Some(gh) = CommandLine::at(place, "gh: auth token") else { return };
        gh.types_without_token("nexy-gate github-token").exits(69).says("no usable GitHub token");
        gh.signs_in();
        let ran = gh.types_without_token("nexy-gate github-token");
        ran.exits(0).says("the token of gh auth token may write");
    }
}
