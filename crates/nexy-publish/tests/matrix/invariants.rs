//! What holds after every case: judged from the state and the log of the stand-in, never from what the tool says.

use crate::case::{self, Seen};
use crate::harness::{self, ADDRESSES, Each};
use crate::model::{self, KILLED, Live};
use crate::parallel::Wrong;
use crate::printed_commands;
use crate::verbs::Verb;
use nexy_standin::{RequestLine, leak_scan::Scanner, world::World};
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// The invariants that hold right after a run.
pub(crate) fn of_a_run(world: &World, seen: &Seen) -> Wrong {
    let mut wrong = Wrong::new();
    for address in 0..ADDRESSES.len() {
        wrong.extend(only_verified_bytes_were_served(seen, address));
        wrong.extend(missing_for_one_call(seen, address));
        wrong.extend(the_exit_says_what_users_get(seen, address));
    }
    wrong.extend(the_record_says_how_it_ended(seen));
    wrong.extend(nothing_is_repeated_blindly(seen));
    wrong.extend(no_secret_left(world, seen));
    wrong
}

/// The invariants that hold once the faults are gone: the manifests, the printed commands, and the next run.
pub(crate) fn afterwards(world: &World, verb: &Verb, seen: &Seen) -> Wrong {
    world.standin.clear_faults();
    let mut wrong = no_manifest_points_to_other_bytes(world, seen);
    if seen.exit() == 4 {
        match printed_commands::renames(world, seen) {
            Err(because) => wrong.push(because),
            Ok(_) if harness::served(world).contains(&None) && !seen.before.contains(&None) => {
                wrong.push("exit 4: what it printed gives users no download".to_owned())
            }
            Ok(_) => {}
        }
    }
    wrong.extend(the_next_run_converges(world, verb, &seen.goal));
    wrong
}

/// I1: a public address only ever served what the run has found as live or previous, or bytes that it had downloaded and
/// compared.
fn only_verified_bytes_were_served(seen: &Seen, address: usize) -> Option<String> {
    let name = ADDRESSES[address].live;
    let found = &seen.found[address];
    let mut served = seen.history.iter().filter_map(|served| served[address].as_ref());
    if let Some(other) = served.find(|digest| !found.contains(digest) && Some(*digest) != seen.goal[address].as_ref()) {
        return Some(format!("I1: users of {name} were served {other}, which was neither found there nor published"));
    }
    let goal = seen.goal[address].as_ref()?;
    let turns =
        |line: &&RequestLine| line.watched_before[address] != seen.goal[address] && line.watched_after[address] == seen.goal[address];
    let mut went_live = seen.requests.iter().filter(turns).peekable();
    went_live.peek()?;
    // The log of a request with a late effect may show the change of another request.
    let is_verified = went_live.any(|line| is_downloaded_before(seen, line));
    (!is_verified && !found.contains(goal)).then(|| format!("I1: the new {name} went live, and was never downloaded before"))
}

fn is_downloaded_before(seen: &Seen, went_live: &RequestLine) -> bool {
    seen.requests.iter().any(|line| {
        line.number < went_live.number
            && line.listener == "storage"
            && line.status == 200
            && line.asset_id.is_some()
            && line.asset_id == went_live.asset_id
            && line.response_bytes == harness::SIZE_BYTES
            && !line.fault.as_ref().is_some_and(|fault| fault.starts_with("CorruptBytes"))
    })
}

/// I2: after the call that takes the download away, the next call restores one. Every failing call on the way, the first one
/// included, may cost one look-up and one retry. When the download was missing before and can be restored, the first change
/// restores it.
fn missing_for_one_call(seen: &Seen, address: usize) -> Option<String> {
    let was_there = seen.before[address].is_some();
    let can_be_restored = !seen.found[address].is_empty();
    let mut open = (!was_there && can_be_restored).then_some((0, 0));
    for line in seen.requests.iter().filter(|line| ["api", "uploads"].contains(&line.listener.as_str())) {
        let (before, after) = (&line.watched_before[address], &line.watched_after[address]);
        let failed = usize::from(has_failed(line));
        if before.is_none() && was_there {
            // A rename with a late effect has opened the gap without a log line of its own.
            let (calls, faults) = open.unwrap_or((0, 1));
            open = Some((calls + 1, faults + failed));
        } else if before.is_none() && line.is_mutation() {
            open = open.map(|(calls, faults)| (calls + 1, faults + failed));
        } else if before.is_some() && after.is_none() {
            open = Some((0, failed));
        }
        if let Some((calls, faults)) = open.filter(|(calls, faults)| *calls > 1 + 2 * faults) {
            let name = ADDRESSES[address].live;
            return Some(format!("I2: users had no {name} for {calls} calls, of which or before which {faults} failed"));
        }
        if after.is_some() {
            open = None;
        }
    }
    None
}

fn has_failed(line: &RequestLine) -> bool {
    line.fault.is_some() || line.status == 0 || line.status >= 400
}

/// An upload, a rename or a delete with an unclear answer is looked up before it is sent again.
fn nothing_is_repeated_blindly(seen: &Seen) -> Option<String> {
    let calls: Vec<&RequestLine> = seen.requests.iter().filter(|line| ["api", "uploads"].contains(&line.listener.as_str())).collect();
    let blind = calls.windows(2).find(|pair| {
        let unclear = pair[0].status == 0 || pair[0].status >= 500;
        unclear && pair[0].is_mutation() && pair[0].method == pair[1].method && pair[0].path == pair[1].path
    })?;
    Some(format!("{} was sent again without a look-up, after an unclear answer", blind[0].call()))
}

/// I6: the token went only to the API and its upload host, and is in no output and no file.
fn no_secret_left(world: &World, seen: &Seen) -> Wrong {
    let strayed = seen.requests.iter().filter(|line| line.has_authorization && !["api", "uploads"].contains(&line.listener.as_str()));
    let mut wrong: Wrong = strayed.map(|line| format!("I6: the token went to {} {}", line.listener, line.call())).collect();
    let scanner = Scanner::new(harness::SENTINEL);
    let mut look = |place: String, bytes: &[u8]| {
        if scanner.find(bytes).is_some() {
            wrong.push(format!("I6: a part of the token is in {place}"));
        }
    };
    look("standard output".to_owned(), &seen.ran.stdout_bytes);
    look("standard error".to_owned(), seen.ran.stderr.as_bytes());
    for folder in [world.home(), world.root().join("temporary"), world.workspace()] {
        for file in files(&folder).iter().filter(|file| is_newer(file, seen.begun)) {
            look(file.display().to_string(), &fs::read(file).unwrap_or_default());
        }
    }
    wrong
}

/// The clock of the file system may be a moment behind.
fn is_newer(file: &Path, begun: SystemTime) -> bool {
    let changed = file.metadata().and_then(|metadata| metadata.modified());
    changed.is_ok_and(|changed| changed + Duration::from_millis(20) >= begun)
}

/// The files that a run may have written: not the git history, the scripts and the artifacts.
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

fn the_record_says_how_it_ended(seen: &Seen) -> Option<String> {
    let said = seen.outcome().and_then(|outcome| outcome["exit"].as_i64());
    (seen.exit() != KILLED && said != Some(i64::from(seen.exit()))).then(|| format!("exit {}, and its record says {said:?}", seen.exit()))
}

fn the_exit_says_what_users_get(seen: &Seen, address: usize) -> Option<String> {
    let after = &seen.after[address];
    let is_true = match model::live(seen.exit()) {
        Live::Goal => *after == seen.goal[address],
        Live::Before => *after == seen.before[address],
        Live::AskAPerson => true,
        Live::NoExit => false,
    };
    let shown = match after {
        None => "nothing",
        _ if *after == seen.goal[address] => "the new one",
        _ => "the old one",
    };
    (!is_true).then(|| format!("exit {}, and users get {shown} as {}", seen.exit(), ADDRESSES[address].live))
}

/// I4: whatever the publication wrote, after `nexy-manifest write -` the manifest describes what users get. A manifest that
/// was not written still describes what they had.
fn no_manifest_points_to_other_bytes(world: &World, seen: &Seen) -> Wrong {
    if seen.record.is_none() {
        return Wrong::new();
    }
    let old = world.manifest();
    let wrote = harness::tool(world, "nexy-manifest").args(["write", "-"]).stdin(&seen.ran.stdout_bytes).run();
    let manifest = world.manifest();
    let mut wrong = Wrong::new();
    if wrote.code != Some(seen.exit()) {
        wrong.push(format!("I4: nexy-publish ended with {}, nexy-manifest write with {:?}\n{}", seen.exit(), wrote.code, wrote.stderr));
    }
    if seen.exit() == 0 || manifest != old {
        let digest = manifest["artifact"]["sha256"].as_str().map(|hex| format!("sha256:{hex}"));
        let [served, _] = harness::served(world);
        if digest != served {
            wrong.push(format!("I4: the manifest describes {digest:?}, users get {served:?}"));
        }
    }
    wrong
}

/// The same after a publication and a rollback at once: the next run ends well or is refused, and users have a download.
pub(crate) fn the_next_run_ends_well(world: &World, verb: &Verb) -> Wrong {
    let mut wrong = Wrong::new();
    let mut seen = case::run(world, verb, None);
    if seen.exit() == 75 || !harness::left_behind(world).is_empty() {
        harness::let_an_hour_pass(world);
        seen = case::run(world, verb, None);
    }
    if ![0, 1].contains(&seen.exit()) || seen.after[0].is_none() {
        wrong.push(format!("I3: the next run does not end well, users get {:?}\n{}", seen.after[0], seen.ran));
    }
    harness::let_an_hour_pass(world);
    let cleaned = harness::tool(world, "nexy-publish").arg("clean").run();
    let left = harness::left_behind(world);
    if cleaned.code != Some(0) || !left.is_empty() {
        wrong.push(format!("I5: left behind: {left:?}\n{cleaned}"));
    }
    wrong
}

/// I3 and I5: without faults the same command finishes, and leaves only the previous asset behind. It may leave alone what could
/// be a foreign upload (75 when that is in the way) until an hour has passed, and then `clean` deletes it as advised.
pub(crate) fn the_next_run_converges(world: &World, verb: &Verb, goal: &Each<Option<String>>) -> Wrong {
    let mut wrong = Wrong::new();
    let mut seen = case::run(world, verb, None);
    wrong.extend(of_a_run(world, &seen));
    if seen.exit() == 75 || !harness::left_behind(world).is_empty() {
        harness::let_an_hour_pass(world);
        seen = case::run(world, verb, None);
        wrong.extend(of_a_run(world, &seen));
    }
    if seen.exit() != 0 || seen.after != *goal {
        wrong.push(format!("I3: the next run does not converge\n{}", seen.ran));
        return wrong;
    }
    if seen.ran.stderr.contains("nexy-publish clean") {
        let cleaned = harness::tool(world, "nexy-publish").arg("clean").run();
        if cleaned.code != Some(0) {
            wrong.push(format!("I5: what the next run advised does not work\n{cleaned}"));
        }
    }
    let left = harness::left_behind(world);
    if !left.is_empty() {
        wrong.push(format!("I5: left behind: {left:?}\n--- standard error of the next run\n{}", seen.ran.stderr));
    }
    wrong.extend(no_manifest_points_to_other_bytes(world, &seen));
    wrong
}
