//! Traffic that was recorded with the real GitHub, replayed: the stand-in decides the same and answers in the same shape.

use crate::setup;
use crate::talk::{self, Answer};
use nexy_standin::{Listener, Standin, TOKEN};
use serde_json::Value;
use std::collections::HashMap;

const SCENARIOS: &str = "fixtures/scenarios/api.github.com";
const PERSON: &str = "octokit-fixture-user-a";
/// What GitHub has added to its answers since the traffic was recorded; all are in its description.
const ADDED_SINCE: &[&str] = &["digest", "immutable", "updated_at", "user_view_type"];
/// Fields whose values belong to the person, the hour or the machine; only their type is held.
const OF_THE_MOMENT: &[&str] = &[
    "id",
    "node_id",
    "avatar_url",
    "created_at",
    "updated_at",
    "published_at",
    "download_count",
    "target_commitish",
    "body",
    "request_id",
    "documentation_url",
];
/// Header fields of the answers that are held: by value, or that they are there.
const SAME_HEADERS: &[&str] = &["content-type", "x-github-media-type"];
const ALIKE_HEADERS: &[&str] =
    &["x-github-request-id", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "x-ratelimit-resource", "x-ratelimit-used"];

/// A scenario under way: what the recording calls by one number, the stand-in calls by another.
struct Replay<'a> {
    standin: &'a Standin,
    releases: HashMap<u64, u64>,
    assets: HashMap<u64, u64>,
    differences: Vec<String>,
}

impl Replay<'_> {
    /// Sends one recorded request and holds the answer against the recorded one.
    fn step(&mut self, recorded: &Value) {
        let text = |key: &str| recorded[key].as_str().unwrap();
        let listener = if text("scope").contains("uploads.") { Listener::Uploads } else { Listener::Api };
        let path = self.with_our_numbers(text("path"));
        let body = match &recorded["body"] {
            Value::String(text) => text.clone(),
            document => document.to_string(),
        };
        let fields = &recorded["reqheaders"];
        let mut head = format!("{} {path} HTTP/1.1\r\nHost: github\r\nConnection: close\r\n", text("method").to_uppercase());
        // The recorder leaves out what every client must send.
        head.push_str(&format!("User-Agent: replay\r\nAuthorization: token {TOKEN}\r\nAccept: {}\r\n", fields["accept"].as_str().unwrap()));
        if let Some(kind) = fields["content-type"].as_str() {
            head.push_str(&format!("Content-Type: {kind}\r\nContent-Length: {}\r\n", body.len()));
        }
        let answer = talk::send(self.standin, listener, &format!("{head}\r\n{body}"));
        let call = format!("{} {}", text("method"), text("path"));
        self.learn(&recorded["response"], &answer);
        self.hold(&call, recorded, &answer);
    }

    fn with_our_numbers(&self, path: &str) -> String {
        let (path, query) = path.split_once('?').map_or((path, String::new()), |(path, query)| (path, format!("?{query}")));
        let mut before = "";
        let mut ours = Vec::new();
        for part in path.split('/') {
            let known = match (before, part.parse::<u64>()) {
                ("releases", Ok(id)) => self.releases.get(&id),
                ("assets", Ok(id)) => self.assets.get(&id),
                _ => None,
            };
            ours.push(known.map_or(part.to_owned(), u64::to_string));
            before = part;
        }
        ours.join("/") + &query
    }

    /// Remembers under which number the stand-in has what the recording speaks of.
    fn learn(&mut self, recorded: &Value, answer: &Answer) {
        let ours = answer.json();
        let pairs = match (recorded, &ours) {
            (Value::Array(theirs), Value::Array(ours)) => theirs.iter().zip(ours).collect(),
            (theirs, ours) => vec![(theirs, ours)],
        };
        for (theirs, ours) in pairs {
            if let (Some(theirs_id), Some(ours_id)) = (theirs["id"].as_u64(), ours["id"].as_u64()) {
                let numbers = if theirs["tag_name"].is_string() { &mut self.releases } else { &mut self.assets };
                let known = *numbers.entry(theirs_id).or_insert(ours_id);
                assert_eq!(known, ours_id, "the recording speaks of one thing, the stand-in of two");
            }
        }
    }

    fn hold(&mut self, call: &str, recorded: &Value, answer: &Answer) {
        if recorded["status"] != answer.status {
            self.differences.push(format!("{call}: {} was recorded, {} came", recorded["status"], answer.status));
            return;
        }
        for name in SAME_HEADERS {
            if recorded["headers"][*name].as_str() != answer.header(name) {
                self.differences.push(format!("{call}: header {name} is {:?}", answer.header(name)));
            }
        }
        for name in ALIKE_HEADERS {
            if recorded["headers"].get(name).is_some() != answer.header(name).is_some() {
                self.differences.push(format!("{call}: header {name} is {:?}", answer.header(name)));
            }
        }
        let theirs = if recorded["response"] == "" { &Value::Null } else { &recorded["response"] };
        self.shapes(call, theirs, &answer.json());
    }

    fn shapes(&mut self, at: &str, theirs: &Value, ours: &Value) {
        let mut differs = |what: String| self.differences.push(format!("{at}: {what}"));
        match (theirs, ours) {
            (Value::Object(recorded), Value::Object(given)) => {
                for name in given.keys().filter(|name| !recorded.contains_key(*name) && !ADDED_SINCE.contains(&name.as_str())) {
                    differs(format!("{name} was not recorded"));
                }
                for (name, value) in recorded {
                    let of_the_moment = OF_THE_MOMENT.contains(&name.as_str()) || (name == "name" && recorded.contains_key("tag_name"));
                    match given.get(name) {
                        None => self.differences.push(format!("{at}: {name} is missing")),
                        Some(given) if of_the_moment => {
                            if std::mem::discriminant(value) != std::mem::discriminant(given) {
                                self.differences.push(format!("{at}: {name} was {value} and is {given}"));
                            }
                        }
                        Some(given) => self.shapes(&format!("{at} {name}"), value, given),
                    }
                }
            }
            (Value::Array(recorded), Value::Array(given)) => {
                if recorded.len() != given.len() {
                    differs(format!("{} things were recorded, {} came", recorded.len(), given.len()));
                }
                for (recorded, given) in recorded.iter().zip(given) {
                    self.shapes(at, recorded, given);
                }
            }
            (Value::String(recorded), Value::String(given)) => {
                let given = self.as_the_recording_says_it(given);
                if *recorded != given {
                    self.differences.push(format!("{at}: {recorded:?} was recorded, {given:?} came"));
                }
            }
            _ if theirs == ours => {}
            _ => differs(format!("{theirs} was recorded, {ours} came")),
        }
    }

    /// A text of ours with the hosts, the person and the numbers of the recording.
    fn as_the_recording_says_it(&self, text: &str) -> String {
        let standin = self.standin;
        let mut text = text
            .replace(&standin.api_url(), "https://api.github.com")
            .replace(&standin.url(Listener::Uploads), "https://uploads.github.com")
            .replace(&standin.web_url(), "https://github.com")
            .replace("stand-in", PERSON);
        for (theirs, ours) in &self.releases {
            text = text.replace(&format!("/releases/{ours}"), &format!("/releases/{theirs}"));
        }
        for (theirs, ours) in &self.assets {
            text = text.replace(&format!("/assets/{ours}"), &format!("/assets/{theirs}"));
        }
        text
    }
}

/// Replays a scenario. After its first request happens what the recorder was told to leave out.
fn replay(scenario: &str, requests: usize, left_out: impl Fn(&Standin, &str)) {
    let Some(text) = setup::published(scenario, &format!("{SCENARIOS}/{scenario}/normalized-fixture.json")) else { return };
    let recorded: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert_eq!(recorded.len(), requests, "the recording is another one");
    let folder = tempfile::tempdir().unwrap();
    let standin = Standin::start(folder.path());
    let repository = format!("octokit-fixture-org/{scenario}");
    standin.create_release(&repository, "v1.0.0");
    let mut replay = Replay { standin: &standin, releases: HashMap::new(), assets: HashMap::new(), differences: Vec::new() };
    for (index, recorded) in recorded.iter().enumerate() {
        replay.step(recorded);
        if index == 0 {
            left_out(&standin, &repository);
        }
    }
    assert!(replay.differences.is_empty(), "GitHub answered otherwise:\n{}", replay.differences.join("\n"));
    standin.assert_all_scripted();
}

#[test]
fn the_life_of_an_asset_goes_as_it_was_recorded() {
    replay("release-assets", 6, |_, _| {});
}

#[test]
fn a_second_upload_under_one_name_is_refused_as_it_was_recorded() {
    replay("release-assets-conflict", 5, |standin, repository| {
        let release = talk::get(standin, &format!("/repos/{repository}/releases/tags/v1.0.0")).json();
        let path = format!("/repos/{repository}/releases/{}/assets?name=test-upload.txt&label=test", release["id"]);
        let upload = format!(
            "POST {path} HTTP/1.1\r\nHost: github\r\nConnection: close\r\nUser-Agent: replay\r\nAuthorization: token {TOKEN}\r\n\
             Content-Type: text/plain\r\nContent-Length: 14\r\n\r\nHello, world!\n"
        );
        assert_eq!(talk::send(standin, Listener::Uploads, &upload).status, 201);
    });
}
