//! Puts a manifest into the checkout of the VM. The service's user owns the checkout and can exchange every folder and file in it,
//! so root changes nothing there: it starts this program with that user's rights, and looks at the result without following a link.

use crate::{
    cli::TOOL,
    transaction::{self, Change},
};
use nexy_contract::{
    Exit, Fix, Problem, Sha256Digest,
    delivery::DeliveredFile,
    manifest::ManifestFacts,
    text::{os_words, printable, shell_word},
};
use nexy_outside::{
    Common, Workspace,
    frame::{options, stdio},
    fs::{
        accounts::{self, Account, Accounts},
        beneath, files,
    },
    programs::{ProgramError, Run},
};
use serde::{Deserialize, Serialize};
use std::{path::Path, time::Duration};

/// The manifests of all folders and their copies, with what they held before.
const MAX_ANSWER_BYTES: u64 = 16 << 20;

/// How a placing ended.
pub(crate) enum Placed {
    /// The manifest stands there, and these files held something else before.
    Done(Vec<Change>),
    /// The placing program has said why it stopped.
    Stopped(Exit),
}

/// A request to put back what an installation has changed, unless it has changed again.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct PutBack {
    installed: String,
    changes: Vec<Change>,
}

/// Places the manifest on standard input with the rights that this process has, and prints what it has changed; or puts that back.
pub(crate) fn run(workspace: &Workspace, back: bool, common: &Common) -> Result<Exit, Problem> {
    let unusable = |because: String| {
        let fix = Fix::note("deliver it again on the laptop:").then_command("make manifest-deliver");
        Problem::new(Exit::BadDocument, "what came on standard input is no manifest", because, fix)
    };
    let input = stdio::read_record()?;
    if back {
        let order: PutBack = serde_json::from_slice(&input).map_err(|error| unusable(error.to_string()))?;
        return put_back(workspace, &order).map(|()| Exit::Yes);
    }
    let text = String::from_utf8(input).map_err(|error| unusable(error.to_string()))?;
    let facts = ManifestFacts::read(&text).map_err(|error| unusable(error.to_string()))?;
    let changes = place(workspace, &text, &facts, common)?;
    stdio::write_document(options::json(&changes)?.as_bytes())?;
    Ok(Exit::Yes)
}

fn put_back(workspace: &Workspace, order: &PutBack) -> Result<(), Problem> {
    let lock = transaction::lock(workspace)?;
    let failed = |because: String| {
        let fix = Fix::note("see what stands there:").then_command("sudo nexy-gate single-manifest");
        Problem::new(Exit::NeedsPerson, "the old manifests are not all back", because, fix)
    };
    for change in &order.changes {
        let now = match files::read(&workspace.path(&change.path), transaction::MAX_BYTES) {
            Err(error) if error.is_missing() => continue,
            now => now.map_err(|error| failed(error.to_string()))?,
        };
        if now != order.installed.as_bytes() {
            return Err(failed(format!("another program has changed {} meanwhile", change.path)));
        }
    }
    transaction::put_all_back(workspace, &lock, &order.changes).map_err(failed)
}

/// Puts back what an installation has changed, with no more rights than the owner of the checkout has, and looks at the result.
pub(crate) fn back_with_owners_rights(workspace: &Workspace, text: &str, changes: Vec<Change>, common: &Common) -> Result<(), Problem> {
    let order = PutBack { installed: text.to_owned(), changes };
    match service_account(workspace)? {
        Some(account) => {
            if let Answered::Stopped(exit) = run_as(&account, workspace, &["--back"], options::json(&order)?.as_bytes(), common)? {
                return Err(half_way(format!("`{TOOL} place --back` ended with {}", exit.code())));
            }
        }
        None => put_back(workspace, &order)?,
    }
    for change in &order.changes {
        let wanted = change.old().map_err(half_way)?;
        let is_there = match beneath::read(&workspace.root, Path::new(&change.path), transaction::MAX_BYTES) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.is_missing() => None,
            Err(error) => return Err(half_way(error.to_string())),
        };
        if is_there != wanted {
            return Err(half_way(format!("{} is not what it was before", change.path)));
        }
    }
    Ok(())
}

/// Places a manifest with no more rights than the owner of the checkout has.
pub(crate) fn with_owners_rights(workspace: &Workspace, text: &str, facts: &ManifestFacts, common: &Common) -> Result<Placed, Problem> {
    match service_account(workspace)? {
        Some(account) => match run_as(&account, workspace, &[], text.as_bytes(), common)? {
            Answered::Stopped(exit) => Ok(Placed::Stopped(exit)),
            // What it says is believed only as far as it is put back with its own rights.
            Answered::Done(answer) => {
                serde_json::from_slice(&answer).map(Placed::Done).map_err(|error| half_way(format!("`{TOOL} place` said: {error}")))
            }
        },
        None => place(workspace, text, facts, common).map(Placed::Done),
    }
}

fn place(workspace: &Workspace, text: &str, facts: &ManifestFacts, common: &Common) -> Result<Vec<Change>, Problem> {
    let lock = transaction::lock(workspace)?;
    let written = transaction::replace_all(workspace, &lock, text, facts.version)?;
    for change in &written.changes.replaced {
        common.note(&format!("Manifest updated at {}", workspace.path(&change.path).display()));
    }
    Ok(written.changes.replaced.into_iter().chain(written.changes.removed).collect())
}

/// The service's account when root must not act itself.
fn service_account(workspace: &Workspace) -> Result<Option<Account>, Problem> {
    if !accounts::is_root() {
        return Ok(None);
    }
    let user = &workspace.target.service.user;
    let fix = Fix::note("no manifest was changed; see who owns the checkout, then correct service.user in nexy.toml:")
        .then_command(format!("ls -ld {}", shell_word(&workspace.root.display().to_string())));
    let cannot = |because: String| Problem::new(Exit::CouldNotLook, "cannot install the manifest", because, fix.clone());
    let accounts = Accounts::read().map_err(|error| cannot(error.to_string()))?;
    let account = accounts.account(user).ok_or_else(|| cannot(format!("this machine has no user {user}, whose checkout it is")))?;
    Ok(Some(account).filter(|account| account.uid != 0))
}

/// How the program that has the account's rights ended.
enum Answered {
    /// Well, with this answer.
    Done(Vec<u8>),
    /// It has said why it stopped.
    Stopped(Exit),
}

fn half_way(because: String) -> Problem {
    let fix = Fix::note("deliver it again at once, which finishes what was begun; on the laptop:").then_command("make manifest-deliver");
    Problem::new(Exit::NeedsPerson, "some manifests may be new and some old", because, fix)
}

fn run_as(account: &Account, workspace: &Workspace, options: &[&str], input: &[u8], common: &Common) -> Result<Answered, Problem> {
    let failed = |because: String| {
        let fix = Fix::note("correct that; no manifest was changed. Then, on the laptop:").then_command("make manifest-deliver");
        Problem::new(Exit::CouldNotLook, format!("cannot install the manifest as {}", account.name), because, fix)
    };
    let program = std::env::current_exe().map_err(|error| failed(os_words(&error)))?;
    let (Some(program), Some(target)) = (program.to_str(), workspace.target_path.to_str()) else {
        return Err(failed("the path of this program or of nexy.toml is no UTF-8".to_owned()));
    };
    // New folders are every account's to read, whatever root's own mask is.
    let mut arguments = vec!["-c", "umask 022 && exec \"$@\"", "sh", program, "--target", target, "place"];
    arguments.extend(options);
    arguments.extend(common.quiet.then_some("--quiet"));
    let run = Run::new("sh", &arguments).as_account(account).folder(Path::new("/")).input(input).max_bytes(MAX_ANSWER_BYTES);
    let ran = run.timeout(Duration::from_secs(60)).run().map_err(|error| match error {
        ProgramError::Missing(_) => failed(error.to_string()),
        // It had begun.
        _ => half_way(error.to_string()),
    })?;
    // The account may have put its own words there.
    for line in String::from_utf8_lossy(&ran.stderr).lines() {
        stdio::note(&printable(line));
    }
    let code = ran.code();
    if code == 0 {
        return Ok(Answered::Done(ran.stdout));
    }
    match Exit::ALL.into_iter().find(|exit| i32::from(exit.code()) == code) {
        Some(exit) => Ok(Answered::Stopped(exit)),
        // What a shell says of a program that it cannot start.
        None if code == 126 || code == 127 => Err(failed(format!("{} cannot start {TOOL}: {}", account.name, ran.complaint()))),
        None => Err(half_way(format!("`{TOOL} place` ended with {code}"))),
    }
}

/// Every manifest file with its digest, as it stands there now.
pub(crate) fn read_back(workspace: &Workspace, text: &str, facts: &ManifestFacts) -> Result<Vec<DeliveredFile>, Problem> {
    let mut files = Vec::new();
    for path in transaction::names(workspace, facts.version) {
        let is_there = beneath::read(&workspace.root, Path::new(&path), transaction::MAX_BYTES);
        let because = match is_there {
            Ok(bytes) if bytes == text.as_bytes() => {
                files.push(DeliveredFile { path, sha256: Sha256Digest::of(&bytes) });
                continue;
            }
            Ok(_) => "another program writes there".to_owned(),
            Err(error) => error.because(),
        };
        let what = format!("{} is not the manifest that was just installed", workspace.path(&path).display());
        return Err(Problem::new(
            Exit::NeedsPerson,
            what,
            because,
            Fix::note("see what stands there:").then_command("sudo nexy-gate single-manifest"),
        ));
    }
    Ok(files)
}
