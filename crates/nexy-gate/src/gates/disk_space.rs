//! There is room for a checkout and its new venv.

use crate::gate::prelude::*;
use nexy_outside::environment;
use nexy_outside::fs::disk_usage::{self, Space};
use std::path::{Path, PathBuf};

pub(crate) const GATE: Gate = Gate {
    id: "disk-space",
    asks: "Is there room for a checkout and a new venv, where each of them is written?",
    profiles: &["before-checkout"],
    runbook: "S0 §3",
    at: Machine::Vm,
    takes: Takes::Files,
    explain: Explain {
        symptom: "A deploy stops half-way with `No space left on device`: the old code is gone, the new one is not whole, pip has left half \
                  a venv.",
        check: "Asks the file systems of vm.checkout, of the venv in service.exec_start, and of the folder in which pip builds (TMPDIR, else \
                /tmp), what a user who is not root may still write: at least limits.checkout_free_bytes, or a third of it where pip \
                only builds, and 65536 more files. A file system that is read-only is a failure.",
        fix: &[
            note("Look what is large, and decide what can go:"),
            command("sudo du -xh --max-depth=3 FOLDER | sort -h | tail -n 20"),
            command("sudo journalctl --vacuum-size=200M"),
            note("A tmpfs lies in memory, and nothing on a disk makes room there: let pip build on the disk, with TMPDIR=/var/tmp."),
            note("The gate itself removes nothing."),
        ],
        verify: &[command("nexy-gate disk-space")],
    },
    check,
    repair: None,
};

/// A checkout has some thousand files, a venv with every requirement some ten thousand.
const FILES_NEEDED: u64 = 1 << 16;

/// Where pip builds what it installs, unless TMPDIR names another folder.
const BUILD_FOLDER: &str = "/tmp";
/// What is written there.
const BUILDS: &str = "what pip builds";
/// The part of the room that pip needs for that: one package at a time, and not the checkout and the venv.
const BUILD_PART: u64 = 3;

const AGAIN: &str = "nexy-gate disk-space";

/// One thing that is written, where, and what was seen there; `Err` holds why it cannot be determined.
type Place = (&'static str, PathBuf, Result<Space, String>);

fn check(context: &Context) -> Answer {
    let target = &context.workspace.target;
    let look = |(what, path): (&'static str, PathBuf)| {
        let seen = disk_usage::look(&context.tree, &path).map_err(|error| error.because());
        (what, path, seen)
    };
    let build = environment::get("TMPDIR").filter(|_| context.tree.is_here()).map_or_else(|| BUILD_FOLDER.into(), PathBuf::from);
    let places: Vec<Place> = places(target, build).into_iter().map(look).collect();
    judge(&places, target.limits.checkout_free_bytes, context.tree.is_here())
}

/// Everything that a deploy writes.
fn places(target: &Target, build: PathBuf) -> Vec<(&'static str, PathBuf)> {
    let program = target.service.exec_start.split(' ').next().unwrap_or_default();
    let venv = Path::new(program).parent().and_then(Path::parent).filter(|venv| venv.is_absolute() && venv.parent().is_some());
    let mut places = vec![("the checkout", PathBuf::from(&target.vm.checkout))];
    places.extend(venv.map(|venv| ("the venv", venv.to_path_buf())));
    places.push((BUILDS, build));
    places
}

fn judge(places: &[Place], needed: u64, is_here: bool) -> Answer {
    let mut builder = AnswerBuilder::default();
    let mut judged: Vec<u64> = Vec::new();
    for (what, path, seen) in places {
        match seen {
            Ok(space) if judged.contains(&space.device) => {}
            Ok(space) => {
                judged.push(space.device);
                let on_it = places.iter().filter(|(.., seen)| seen.as_ref().is_ok_and(|other| other.device == space.device));
                let all: Vec<&str> = on_it.map(|(what, ..)| *what).collect();
                let needed = if all == [BUILDS] { needed / BUILD_PART } else { needed };
                judge_space(space, &all.join(" and "), needed, is_here, &mut builder);
            }
            Err(because) => builder
                .unknown(format!("cannot look where {what} is ({}): {because}", path.display()), Fix::command(format!("sudo {AGAIN}"))),
        }
    }
    builder.answer(format!("{} and {FILES_NEEDED} more files, on every file system that a deploy writes to", size(needed)))
}

fn judge_space(space: &Space, what: &str, needed: u64, is_here: bool, builder: &mut AnswerBuilder) {
    let mount = shell_word(&space.mount.display().to_string());
    // An image is often mounted so that nothing can be changed; that says nothing about the machine that it is of.
    if space.is_read_only && is_here {
        let fix = Fix::note("look why; after an error of the disk the kernel has done it:")
            .then_command("sudo journalctl -k -n 50 --no-pager")
            .then_command(format!("sudo mount -o remount,rw {mount}"))
            .then_command(AGAIN);
        builder.fail(format!("{mount}, for {what}, is mounted read-only"), fix);
    }
    if space.free_bytes < needed {
        let found = format!("{} are free on {mount}, for {what}; {} are needed", size(space.free_bytes), size(needed));
        builder.fail(found, room(space, &mount, what));
    }
    match space.free_files {
        Some(files) if files < FILES_NEEDED => {
            let found = format!("{files} more files can be made on {mount}, for {what}, however much room there is");
            let fix = Fix::note("look where the many files are, and decide what can go:")
                .then_command(format!("sudo du -x --inodes --max-depth=3 {mount} | sort -n | tail -n 20"))
                .then_command(AGAIN);
            builder.fail(found, fix);
        }
        _ => builder.pass(format!("{} are free on {mount}, for {what}", size(space.free_bytes))),
    }
}

/// How room is made on a file system.
fn room(space: &Space, mount: &str, what: &str) -> Fix {
    if space.is_in_memory && what == BUILDS {
        return Fix::note(format!(
            "{mount} lies in memory, and nothing on a disk makes room there; see whether pip can build on the disk:"
        ))
        .then_command(format!("sudo env TMPDIR=/var/tmp {AGAIN}"))
        .then_note("then put TMPDIR=/var/tmp before the pip of the deploy");
    }
    let fix = Fix::note("look what is large, and decide what can go:")
        .then_command(format!("sudo du -xh --max-depth=3 {mount} | sort -h | tail -n 20"));
    // Journal and packages lie below /var: cleaning them makes no room anywhere else.
    let holds_var = !space.is_in_memory && Path::new("/var").starts_with(&space.mount);
    let clean = ["sudo journalctl --disk-usage", "sudo journalctl --vacuum-size=200M", "sudo apt-get clean"];
    fix.then(Fix::commands(clean.into_iter().filter(|_| holds_var))).then_command(AGAIN)
}

/// Rounded down, so that it never promises more than there is.
fn size(bytes: u64) -> String {
    const MIB: u64 = 1 << 20;
    const GIB: u64 = 1 << 30;
    if bytes >= GIB { format!("{}.{} GiB", bytes / GIB, bytes % GIB * 10 / GIB) } else { format!("{} MiB", bytes / MIB) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::says;

    const NEEDED: u64 = 3 << 30;

    fn space(device: u64, mount: &str) -> Space {
        Space { device, mount: mount.into(), free_bytes: 5 << 30, free_files: Some(1 << 20), is_read_only: false, is_in_memory: false }
    }

    fn answer(spaces: Vec<Result<Space, String>>) -> Answer {
        let names = [("the checkout", "/srv/app"), ("the venv", "/srv/app/venv"), (BUILDS, "/tmp")];
        let places: Vec<Place> = names.into_iter().zip(spaces).map(|((what, path), seen)| (what, path.into(), seen)).collect();
        judge(&places, NEEDED, true)
    }

    #[test]
    fn one_file_system_is_judged_once_for_all_that_it_holds() {
        let passed = answer(vec![Ok(space(1, "/")), Ok(space(1, "/")), Ok(space(2, "/tmp"))]);
        assert_eq!(
            passed,
            Answer::pass("5.0 GiB are free on /, for the checkout and the venv; 5.0 GiB are free on /tmp, for what pip builds")
        );
        let full = Space { free_bytes: NEEDED - 1, ..space(1, "/") };
        let answer = answer(vec![Ok(full.clone()), Ok(full), Ok(space(2, "/tmp"))]);
        assert_eq!(answer.verdict, Verdict::Fail);
        assert_eq!(answer.found, "2.9 GiB are free on /, for the checkout and the venv; 3.0 GiB are needed");
        assert!(answer.fix.text().lines().any(|line| line == "sudo du -xh --max-depth=3 / | sort -h | tail -n 20"), "{}", answer.fix);
    }

    #[test]
    fn room_that_is_just_enough_is_enough_and_a_file_system_that_counts_no_files_has_enough() {
        let exact = Space { free_bytes: NEEDED, free_files: Some(FILES_NEEDED), ..space(1, "/") };
        assert_eq!(answer(vec![Ok(exact)]).verdict, Verdict::Pass);
        assert_eq!(answer(vec![Ok(Space { free_files: None, ..space(1, "/") })]).verdict, Verdict::Pass);
    }

    #[test]
    fn no_more_files_a_full_build_folder_and_a_read_only_mount_are_a_no() {
        let files = Space { free_files: Some(FILES_NEEDED - 1), ..space(1, "/") };
        let few = answer(vec![Ok(files)]);
        says(&few, Verdict::Fail, "65535 more files");
        assert!(few.fix.text().contains("--inodes --max-depth=3 / "), "{few:?}");
        let build = answer(vec![Ok(space(1, "/")), Ok(space(1, "/")), Ok(Space { free_bytes: 0, ..space(2, "/tmp") })]);
        assert!(build.found.contains("0 MiB are free on /tmp, for what pip builds"), "{build:?}");
        let read_only = Space { is_read_only: true, ..space(1, "/it's") };
        let answer = answer(vec![Ok(read_only.clone())]);
        assert_eq!(answer.verdict, Verdict::Fail);
        assert!(answer.fix.text().contains(r"sudo mount -o remount,rw '/it'\''s'"), "{}", answer.fix);
        let places: Vec<Place> = vec![("the checkout", "/srv".into(), Ok(read_only))];
        assert_eq!(judge(&places, NEEDED, false).verdict, Verdict::Pass, "an image is mounted so that nothing changes");
    }

    #[test]
    fn pip_alone_needs_less_and_no_fix_frees_a_file_system_on_which_it_frees_nothing() {
        let tmp = |free_bytes, is_in_memory| Ok(Space { free_bytes, is_in_memory, ..space(2, "/tmp") });
        let with_tmp = |tmp| answer(vec![Ok(space(1, "/")), Ok(space(1, "/")), tmp]);
        assert_eq!(with_tmp(tmp(NEEDED / 3, true)).verdict, Verdict::Pass);
        let small = with_tmp(tmp(NEEDED / 3 - 1, true));
        says(&small, Verdict::Fail, "1.0 GiB are needed");
        assert_eq!(small.fix.lines()[1].text(), "sudo env TMPDIR=/var/tmp nexy-gate disk-space");
        for answer in [small, with_tmp(tmp(0, false)), answer(vec![Ok(Space { free_bytes: 0, ..space(1, "/srv") })])] {
            let fix = answer.fix.text();
            assert!(!fix.contains("journalctl") && !fix.contains("apt-get"), "{fix}");
        }
        let var = answer(vec![Ok(Space { free_bytes: 0, ..space(1, "/var") })]);
        assert!(var.fix.text().contains("journalctl --vacuum-size"), "{var:?}");
    }

    #[test]
    fn what_cannot_be_looked_at_is_unknown_and_hides_no_no() {
        let hidden = || Err("permission denied".to_owned());
        assert_eq!(answer(vec![Ok(space(1, "/")), hidden()]).verdict, Verdict::Unknown);
        assert_eq!(answer(vec![hidden(), Ok(Space { free_bytes: 0, ..space(1, "/") })]).verdict, Verdict::Fail);
        assert_eq!(answer(vec![]).verdict, Verdict::Unknown);
    }

    #[test]
    fn the_venv_is_the_one_of_the_command() {
        let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../nexy.toml")).expect("the committed file");
        let mut target = Target::parse(&text).expect("it is right");
        target.vm.checkout = "/srv/app".to_owned();
        target.service.exec_start = "/opt/venv/bin/python3 server/run.py".to_owned();
        let paths =
            |target: &Target| places(target, "/tmp".into()).into_iter().map(|(_, path)| path.display().to_string()).collect::<Vec<_>>();
        assert_eq!(paths(&target), ["/srv/app", "/opt/venv", "/tmp"]);
        target.service.exec_start = "/run.sh".to_owned();
        assert_eq!(paths(&target), ["/srv/app", "/tmp"]);
    }
}
