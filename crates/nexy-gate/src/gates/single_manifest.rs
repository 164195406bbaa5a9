//! The update server has one manifest to read, and no older one to fall back to.

use crate::{
    answer_builder::{AnswerBuilder, nothing_named},
    context::Context,
    gate::{Explain, Gate, Machine, Repair, Takes},
    permissions::{self, Permissions, Way, as_owner_of_folder, set_aside},
};
use nexy_contract::Fix;
use nexy_contract::fix::{command, note};
use nexy_contract::{
    manifest::{ManifestFacts, rule::Rule},
    text::{excerpt, shell_word},
};
use nexy_outside::{
    clock,
    fs::{
        accounts::Accounts,
        files::{self, FileError},
        permissions::{PathMetadata, Right, path_chain},
        root_fs::RootFs,
    },
    programs::as_user::{self, UserAttempt},
};
use std::{io::ErrorKind, path::Path};

pub(crate) const GATE: Gate = Gate {
    id: "single-manifest",
    asks: "Does every manifest folder hold the same sound manifest, which the server can read, and nothing else that it could serve?",
    profiles: &["hard"],
    runbook: "S2 §3 Phase 2 step 6, S2 §4.9, S0 §5.9",
    at: Machine::Vm,
    takes: Takes::Files,
    explain: Explain {
        symptom: "Clients are sent to a download that is gone, or to another one than the manifest beside it says: the server read the other \
                  folder, or fell back to the newest manifest_*.json because manifest.json was missing or broken.",
        check: "Reads manifest.json and every manifest_*.json in each folder of layout.manifest_dirs. All must be there, equal byte for byte, \
                readable by the service's user, and such that the server can make its feed of them: the url of nexy.toml, and nothing that \
                breaks the XML. Other wrong fields are advice. A manifest_*.json may only be a copy. It is not compared with VERSION.",
        fix: &[
            note("On the laptop, this fills every folder and removes older versioned copies:"),
            command("make manifest-deliver"),
            note("On the VM, for any other stray beside a sound manifest.json:"),
            command("sudo mv --backup=numbered -T -- FILE FILE.kept"),
            note(
                "That goes for manifest_beta.json too: while it is there, a broken manifest.json sends every \
                     client to the beta; without it the beta feed shows the stable manifest.",
            ),
        ],
        verify: &[command("sudo nexy-gate single-manifest"), command("nexy-verify feed live-artifact")],
    },
    check: |context| repair(context).now,
    repair: Some(repair),
};

/// A manifest is a kilobyte; more than this is not one.
const MAX_BYTES: u64 = 1 << 20;
const NAME: &str = "manifest.json";
const EXPECTED: &str = "one sound manifest.json, the same bytes in every folder of layout.manifest_dirs, and no other manifest_*.json";
const AGAIN: &str = "sudo nexy-gate single-manifest";
/// What the beta feed is made from, when it is there.
const BETA: &str = "manifest_beta.json";
const STRAYS_SHOWN: usize = 5;

/// What one path gave; `Err` holds why it cannot be determined.
type Looked = Result<Seen, String>;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    Bytes(Vec<u8>),
    Missing,
    TooLarge,
}

/// One folder of `layout.manifest_dirs`.
#[derive(Debug)]
struct Folder {
    path: String,
    /// What a command begins with that renames something in it.
    as_owner: Option<String>,
    /// `None` when there is no such folder.
    holds: Result<Option<Contents>, String>,
}

#[derive(Debug)]
struct Contents {
    manifest: Looked,
    /// Whatever else the server's pattern finds, by name.
    others: Vec<(String, Looked)>,
}

fn repair(context: &Context) -> Repair {
    let (workspace, target) = (&context.workspace, &context.workspace.target);
    let checkout = if context.tree.is_here() { workspace.root.as_path() } else { Path::new(&target.vm.checkout) };
    let folders: Vec<Folder> = target.layout.manifest_dirs.iter().map(|folder| look(&context.tree, &checkout.join(folder))).collect();
    let row = target.feed_artifact();
    let url = row.map(|row| target.public_url(row)).unwrap_or_default();
    let rule = Rule::new(target, &url, row.map(|row| row.kind.word()).unwrap_or_default(), clock::now());
    let mut builder = judge(&folders, &rule);
    for folder in folders.iter().filter(|folder| matches!(&folder.holds, Ok(Some(Contents { manifest: Ok(Seen::Bytes(_)), .. })))) {
        look_at_reader(context, checkout, &Path::new(&folder.path).join(NAME), &mut builder);
    }
    builder.repair(EXPECTED, nothing_named())
}

/// Root can read every file, so it is asked for the service's user: by owner, group and mode, and by trying.
fn look_at_reader(context: &Context, checkout: &Path, path: &Path, builder: &mut AnswerBuilder) {
    let (tree, user) = (&context.tree, &context.workspace.target.service.user);
    let shown = excerpt(&path.display().to_string(), 300);
    let mut unknown = |because: String| {
        builder.unknown(
            format!("cannot determine whether {user} can read {shown}: {because}"),
            Fix::command(format!("namei -l {}", shell_word(&shown))),
        );
    };
    let accounts = match Accounts::read_in(tree) {
        Ok(accounts) => accounts,
        Err(error) => return unknown(error.to_string()),
    };
    let Some(account) = accounts.account(user) else { return unknown("this machine has no such user".to_owned()) };
    let steps = match path_chain(tree, path) {
        Ok(steps) => steps,
        Err(error) => return unknown(error.because()),
    };
    let Some((file, chain)) = steps.split_first() else { return };
    let trial = if tree.is_here() { as_user::read_as(&account, path) } else { UserAttempt::NotTried(String::new()) };
    let leads_to = |path: &Path| tree.walk(path).map_or_else(|_| path.to_path_buf(), |walk| tree.name(&walk.end));
    let (real, checkout) = (leads_to(path), leads_to(checkout));
    let permissions = Permissions { accounts: &accounts, account: &account, checkout: &checkout };
    judge_reader(&Reader { permissions, file, chain, real: &real, trial }, builder);
}

/// Whether the service's user can read one manifest.
struct Reader<'a> {
    permissions: Permissions<'a>,
    file: &'a PathMetadata,
    /// The folders and links on the way to it.
    chain: &'a [PathMetadata],
    /// Where links lead.
    real: &'a Path,
    trial: UserAttempt,
}

fn judge_reader(reader: &Reader<'_>, builder: &mut AnswerBuilder) {
    let Reader { permissions, file, chain, .. } = *reader;
    let (user, shown) = (&permissions.account.name, permissions::quoted_path(file));
    let faults = chain.iter().flat_map(|step| permissions.faults_of_step(step, chain).into_iter().map(move |fault| (step, fault)));
    let closed: Vec<_> = faults.filter(|(_, fault)| fault.is_about_passing).collect();
    let may_read = file.grants(permissions.account, Right::Read);
    match &reader.trial {
        UserAttempt::Allowed => return,
        UserAttempt::NotTried(_) if may_read && closed.is_empty() => return,
        UserAttempt::Refused(because) if may_read && closed.is_empty() => {
            let found = format!("by its modes {user} can read {shown}, but could not when it was tried: {}", excerpt(because, 200));
            return builder.unknown(found, Fix::commands([format!("namei -l {shown}"), format!("getfacl -p {shown}")]));
        }
        UserAttempt::Refused(_) | UserAttempt::NotTried(_) => {}
    }
    let way = Way::new(permissions, reader.real, chain);
    for (step, fault) in &closed {
        way.fail(step, fault, builder);
    }
    if !may_read {
        let found = format!("{user} cannot read {shown} ({}), so the server falls back to another version", permissions::mode_text(file));
        way.fail_end(file, &found, &permissions.grant(file, Right::Read), builder);
    }
}

fn look(tree: &RootFs, folder: &Path) -> Folder {
    let contents = |names: Vec<String>| Contents {
        manifest: read(tree, &folder.join(NAME)),
        others: names.into_iter().filter(|name| is_fallback(name)).map(|name| (name.clone(), read(tree, &folder.join(name)))).collect(),
    };
    let holds = match tree.find(folder).and_then(|place| files::list(&place)) {
        Ok(names) => Ok(names.map(contents)),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error.because()),
    };
    Folder { path: folder.display().to_string(), as_owner: as_owner_of_folder(tree, &folder.join(NAME)), holds }
}

fn read(tree: &RootFs, path: &Path) -> Looked {
    match tree.find(path).and_then(|place| files::read(&place, MAX_BYTES)) {
        Ok(bytes) => Ok(Seen::Bytes(bytes)),
        Err(error) if error.is_missing() => Ok(Seen::Missing),
        Err(FileError { source, .. }) if source.kind() == ErrorKind::FileTooLarge => Ok(Seen::TooLarge),
        Err(error) => Err(error.because()),
    }
}

/// The server's own pattern, `manifest_*.json`: it takes the newest of them, whatever the rest of the name says.
fn is_fallback(name: &str) -> bool {
    name.strip_prefix("manifest_").is_some_and(|rest| rest.ends_with(".json"))
}

fn judge(folders: &[Folder], rule: &Rule<'_>) -> AnswerBuilder {
    let mut builder = AnswerBuilder::default();
    let mut first: Option<(&str, &[u8])> = None;
    for folder in folders {
        let contents = match &folder.holds {
            Ok(Some(contents)) => contents,
            Ok(None) => {
                builder.fail(format!("the folder {} does not exist", folder.path), deliver());
                continue;
            }
            Err(because) => {
                builder.unknown(format!("cannot look into {}: {because}", folder.path), Fix::command(AGAIN));
                continue;
            }
        };
        let (manifest, is_sound) = judge_manifest(&folder.path, &contents.manifest, rule, &mut builder);
        match (manifest, first) {
            (Some(bytes), None) => first = Some((&folder.path, bytes)),
            (Some(bytes), Some((other, those))) if bytes != those => {
                builder.fail(format!("{other}/{NAME} and {}/{NAME} differ", folder.path), deliver());
            }
            _ => {}
        }
        judge_others(folder, manifest, is_sound, &contents.others, &mut builder);
    }
    builder
}

/// The bytes of a folder's manifest, when there are any, and whether the server can serve them.
fn judge_manifest<'a>(folder: &str, manifest: &'a Looked, rule: &Rule<'_>, builder: &mut AnswerBuilder) -> (Option<&'a [u8]>, bool) {
    let path = format!("{folder}/{NAME}");
    let bytes = match manifest {
        Ok(Seen::Bytes(bytes)) => bytes,
        Ok(Seen::Missing) => {
            builder.fail(format!("{path} does not exist"), deliver());
            return (None, false);
        }
        Ok(Seen::TooLarge) => {
            builder.fail(format!("{path} is larger than 1 MiB, so it is not a manifest"), deliver());
            return (None, false);
        }
        Err(because) => {
            builder.unknown(format!("cannot read {path}: {because}"), Fix::command(AGAIN));
            return (None, false);
        }
    };
    let (served, ignored): (Vec<_>, Vec<_>) = rule.faults(bytes).into_iter().partition(|fault| fault.is_served);
    for fault in &served {
        builder.fail(format!("{path}: {}", fault.said), deliver());
    }
    if let Ok(facts) = ManifestFacts::read(bytes)
        && served.is_empty()
    {
        let advice: String = ignored.iter().map(|fault| format!("; advice: {}", fault.said)).collect();
        builder.pass(format!("{path} says {} · {}{advice}", facts.version, facts.sha256.short()));
    }
    (Some(bytes), served.is_empty())
}

fn judge_others(
    Folder { path: folder, as_owner, .. }: &Folder,
    manifest: Option<&[u8]>,
    is_sound: bool,
    others: &[(String, Looked)],
    builder: &mut AnswerBuilder,
) {
    let mut strays: Vec<&str> = Vec::new();
    for (name, looked) in others {
        match looked {
            Ok(Seen::Bytes(bytes)) if manifest == Some(bytes.as_slice()) => {}
            Ok(_) => strays.push(name),
            Err(because) => {
                let path = format!("{folder}/{name}");
                let fix = Fix::command(format!("ls -ld {}", shell_word(&path))).then_command(AGAIN);
                builder.unknown(format!("cannot read {}: {because}", excerpt(&path, 300)), fix);
            }
        }
    }
    if strays.is_empty() {
        return;
    }
    let mut named: Vec<String> = strays.iter().take(STRAYS_SHOWN).map(|name| excerpt(name, 100)).collect();
    if strays.len() > STRAYS_SHOWN {
        named.push(format!("{} more", strays.len() - STRAYS_SHOWN));
    }
    let beside =
        if manifest.is_some() { "no copy of manifest.json" } else { "what the server would serve, since manifest.json is not there" };
    let found = format!("{folder} holds {}: {beside}, and the server falls back to the newest of such files", named.join(", "));
    // Where manifest.json is missing or broken, one of these may be the last good copy, which the server serves now.
    let fix = if is_sound { Fix::note("on the VM:").then(moves(folder, as_owner.as_deref(), &strays)) } else { deliver() };
    builder.fail(found, fix);
}

fn deliver() -> Fix {
    Fix::note("on the laptop:").then_command("make manifest-deliver")
}

/// Nothing is removed: an unknown file may be the only one of its kind.
fn moves(folder: &str, as_owner: Option<&str>, strays: &[&str]) -> Fix {
    let is_plain = |name: &&str| !name.chars().any(char::is_control) && !name.contains('\u{fffd}');
    if !strays.iter().all(is_plain) {
        // A name that cannot be shown as it is cannot be typed as it is.
        return Fix::command(format!("ls -lb {}", shell_word(folder))).then_note("move away what was found there");
    }
    let fix = strays.iter().fold(Fix::none(), |fix, name| fix.then(set_aside(as_owner, &format!("{folder}/{name}"))));
    if strays.contains(&BETA) { fix.then_note("from then on the beta feed shows the stable manifest") } else { fix }
}

#[cfg(test)]
mod tests;
