//! What holds after every case, whatever it was: from the stand-in's state and log, never from what the tool says.

use crate::{
    case::{self, Seen},
    model::{self, Live},
    pool::Wrong,
    site, typed,
    verbs::Verb,
};
use nexy_standin::{RequestLine, traces, world::World};
use std::{fs, path::Path};

/// Everything that holds right after a run.
pub(crate) fn of_a_run(world: &World, seen: &Seen) -> Wrong {
    let mut wrong = Wrong::new();
    wrong.extend(only_verified_bytes_were_served(seen));
    wrong.extend(missing_for_one_call(seen));
    wrong.extend(nothing_is_repeated_blindly(seen));
    wrong.extend(no_secret_left(world, seen));
    wrong.extend(the_exit_says_what_users_get(seen));
    wrong
}

/// Everything that holds once the faults are gone: manifests, what a person is told to type, and the next run.
pub(crate) fn afterwards(world: &World, verb: &Verb, seen: &Seen) -> Wrong {
    world.standin.clear_faults();
    let mut wrong = no_manifest_points_to_other_bytes(world, seen);
    if seen.exit() == 4 {
        match typed::renames(world, seen) {
            Err(because) => wrong.push(because),
            Ok(_) if site::served(world).is_none() => wrong.push("exit 4: what it printed gives users no download".to_owned()),
            Ok(_) => {}
        }
    }
    wrong.extend(the_next_run_converges(world, verb, &seen.goal));
    wrong
}

/// I1: the public address only ever served what was found on the channel as live or previous, or bytes that this run had
/// downloaded and compared.
fn only_verified_bytes_were_served(seen: &Seen) -> Option<String> {
    let mut served = seen.history.iter().flatten();
    if let Some(other) = served.find(|digest| !seen.found.contains(digest) && **digest != seen.goal) {
        return Some(format!("I1: users were served {other}, which was neither found there nor published"));
    }
    let mut went_live = seen.requests.iter().filter(|line| turns(line, &seen.goal)).peekable();
    went_live.peek()?;
    // A request whose effect came late has seen the turn of another one.
    let is_verified = went_live.any(|line| is_downloaded_before(seen, line));
    (!is_verified && !seen.found.contains(&seen.goal)).then(|| "I1: the new bytes went live, and were never downloaded before".to_owned())
}

fn is_downloaded_before(seen: &Seen, went_live: &RequestLine) -> bool {
    seen.requests.iter().any(|line| {
        line.number < went_live.number
            && line.listener == "storage"
            && line.status == 200
            && line.asset_id.is_some()
            && line.asset_id == went_live.asset_id
            && line.response_bytes == site::SIZE_BYTES
            && !line.fault.as_ref().is_some_and(|fault| fault.starts_with("CorruptBytes"))
    })
}

fn turns(line: &RequestLine, goal: &str) -> bool {
    line.watched_before[0].as_deref() != Some(goal) && line.watched_after[0].as_deref() == Some(goal)
}

/// I2: from the moment in which users have no download, the next call gives them one. Every call that fails on the way, the one
/// that took it away included, may cost one look and one more try.
fn missing_for_one_call(seen: &Seen) -> Option<String> {
    let mut open: Option<(usize, usize)> = None;
    let mut worst = None;
    for line in seen.requests.iter().filter(|line| ["api", "uploads"].contains(&line.listener.as_str())) {
        let (before, after) = (&line.watched_before[0], &line.watched_after[0]);
        let failed = usize::from(is_troubled(line));
        if before.is_none() && seen.before.is_some() {
            // A rename whose effect came late has opened the gap unseen.
            let (calls, faults) = open.unwrap_or((0, 1));
            open = Some((calls + 1, faults + failed));
        } else if before.is_some() && after.is_none() {
            open = Some((0, failed));
        }
        if let Some((calls, faults)) = open {
            if calls > 1 + 2 * faults {
                worst = Some(format!("I2: users had no download for {calls} calls, of which or before which {faults} failed"));
            }
            if after.is_some() {
                open = None;
            }
        }
    }
    worst
}

fn is_troubled(line: &RequestLine) -> bool {
    line.fault.is_some() || line.status == 0 || line.status >= 400
}

/// An upload, a rename or a deletion without a clear answer is looked up before it is sent again.
fn nothing_is_repeated_blindly(seen: &Seen) -> Option<String> {
    let calls: Vec<&RequestLine> = seen.requests.iter().filter(|line| ["api", "uploads"].contains(&line.listener.as_str())).collect();
    let blind = calls.windows(2).find(|pair| {
        let unclear = pair[0].status == 0 || pair[0].status >= 500;
        unclear && pair[0].is_mutation() && pair[0].method == pair[1].method && pair[0].path == pair[1].path
    })?;
    Some(format!("{} was sent again without a look, after an answer that left open what had happened", blind[0].call()))
}

/// I6: the token went to the API and its upload host and nowhere else, and stands in nothing that was said or written.
fn no_secret_left(world: &World, seen: &Seen) -> Wrong {
    let strayed = seen.requests.iter().filter(|line| line.has_authorization && !["api", "uploads"].contains(&line.listener.as_str()));
    let mut wrong: Wrong = strayed.map(|line| format!("I6: the token went to {} {}", line.listener, line.call())).collect();
    let traces = traces::of(site::SENTINEL);
    let mut look = |place: String, text: &str| {
        if traces.iter().any(|trace| text.contains(trace)) {
            wrong.push(format!("I6: a part of the token stands in {place}"));
        }
    };
    look("standard output".to_owned(), &seen.ran.stdout);
    look("standard error".to_owned(), &seen.ran.stderr);
    for folder in [world.home(), world.root().join("temporary"), world.workspace()] {
        for file in files(&folder) {
            let text = String::from_utf8_lossy(&fs::read(&file).unwrap_or_default()).into_owned();
            look(file.display().to_string(), &text);
        }
    }
    wrong
}

/// What a run may have written: neither the history, nor the scripts, nor the artifacts themselves.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .flat_map(|entry| match (entry.file_type(), entry.file_name().to_str()) {
            (Ok(kind), Some(name)) if kind.is_dir() && [".git", "scripts", "release_inbox"].contains(&name) => Vec::new(),
            (Ok(kind), _) if kind.is_dir() => files(&entry.path()),
            _ => vec![entry.path()],
        })
        .collect()
}

fn the_exit_says_what_users_get(seen: &Seen) -> Option<String> {
    let (exit, after) = (seen.exit(), seen.after.as_deref());
    let shown = |digest: Option<&str>| match digest {
        None => "nothing",
        Some(digest) if digest == seen.goal => "the new artifact",
        _ => "the old artifact",
    };
    let said = seen.outcome().and_then(|outcome| outcome["exit"].as_i64());
    if exit != 137 && said != Some(i64::from(exit)) {
        return Some(format!("exit {exit}, and its record says {said:?}"));
    }
    let is_true = match model::live(exit) {
        Live::Goal => after == Some(seen.goal.as_str()),
        Live::Before => after == seen.before.as_deref(),
        Live::AskAPerson => true,
        Live::NoExit => false,
    };
    (!is_true).then(|| format!("exit {exit}, and users get {}", shown(after)))
}

/// I4: whatever a publication said, after `nexy-manifest write -` the manifest describes what users get. A manifest that could
/// not be written still describes what they had.
fn no_manifest_points_to_other_bytes(world: &World, seen: &Seen) -> Wrong {
    if seen.record.is_none() {
        return Wrong::new();
    }
    let old = world.manifest();
    let wrote = site::tool(world, "nexy-manifest").args(["write", "-"]).stdin(&seen.ran.stdout_bytes).run();
    let manifest = world.manifest();
    let mut wrong = Wrong::new();
    if wrote.code != Some(seen.exit()) {
        wrong.push(format!("I4: nexy-publish ended with {}, nexy-manifest write with {:?}\n{}", seen.exit(), wrote.code, wrote.stderr));
    }
    if seen.exit() == 0 || manifest != old {
        let digest = manifest["artifact"]["sha256"].as_str().map(|hex| format!("sha256:{hex}"));
        if digest != site::served(world) {
            wrong.push(format!("I4: the manifest speaks of {digest:?}, users get {:?}", site::served(world)));
        }
    }
    wrong
}

/// I3 and I5: without faults the same command finishes, and leaves nothing of ours behind but the previous artifact. What it
/// cannot tell from somebody's upload of this hour, it may leave alone (75 when it is in the way) until an hour has passed.
pub(crate) fn the_next_run_converges(world: &World, verb: &Verb, goal: &str) -> Wrong {
    let mut wrong = Wrong::new();
    let mut seen = case::run(world, verb, None);
    wrong.extend(of_a_run(world, &seen));
    if seen.exit() == 75 || !left_behind(world).is_empty() {
        world.standin.let_an_hour_pass(nexy_standin::world::ARTIFACTS, site::CHANNEL);
        seen = case::run(world, verb, None);
        wrong.extend(of_a_run(world, &seen));
    }
    if seen.exit() != 0 || seen.after.as_deref() != Some(goal) {
        wrong.push(format!("I3: the next run does not converge\n{}", seen.ran));
        return wrong;
    }
    let left = left_behind(world);
    if !left.is_empty() {
        wrong.push(format!("I5: left behind on the channel: {left:?}"));
    }
    wrong.extend(no_manifest_points_to_other_bytes(world, &seen));
    wrong
}

fn left_behind(world: &World) -> Vec<String> {
    let mut names = site::names(world);
    names.retain(|name| ![site::LIVE, site::PREVIOUS].contains(&name.as_str()));
    names
}
