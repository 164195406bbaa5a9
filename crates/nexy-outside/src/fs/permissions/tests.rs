//! Compares the computed access with the kernel: real files with real owners and modes, opened as real ids.

use super::*;
use crate::programs::Run;
use nexy_standin::skip::{Need, has_program, skipped};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use std::os::unix::fs::{PermissionsExt as _, chown};

const UIDS: [u32; 3] = [40001, 40002, 40003];
const GIDS: [u32; 3] = [40011, 40012, 40013];

/// One file or folder, and who asks for it.
#[derive(Clone, Debug)]
struct Case {
    is_folder: bool,
    owner: usize,
    group: usize,
    mode: u32,
    asks: usize,
    groups: Vec<usize>,
}

fn cases() -> impl Strategy<Value = Case> {
    let asks = (0_usize..3, proptest::collection::vec(0_usize..3, 1..4));
    (any::<bool>(), 0_usize..3, 0_usize..3, 0_u32..0o1000, asks).prop_map(|(is_folder, owner, group, mode, (asks, groups))| Case {
        is_folder,
        owner,
        group,
        mode,
        asks,
        groups,
    })
}

/// Whether this machine can play it; says so loudly when it cannot.
fn can_be_played(test: &str) -> bool {
    if !rustix::process::geteuid().is_root() {
        skipped(test, "it gives files to other accounts", Need::Root);
        return false;
    }
    has_program(test, "setpriv", "util-linux")
}

fn ran(name: &str, arguments: &[&str]) -> String {
    let ran = Run::new(name, arguments).run().expect("it runs");
    assert!(ran.succeeded(), "{name} {arguments:?}: {}", ran.complaint());
    ran.stdout_text()
}

/// Makes it, and says what is computed and what really happens: r, w and x, and w with x.
fn both_answers(folder: &Path, case: &Case) -> (String, String) {
    let folder = tempfile::tempdir_in(folder).expect("a folder");
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).expect("its mode");
    let path = folder.path().join("it");
    if case.is_folder {
        std::fs::create_dir(&path).expect("a folder");
    } else {
        std::fs::copy("/bin/true", &path).expect("a program");
    }
    chown(&path, Some(UIDS[case.owner]), Some(GIDS[case.group])).expect("its owner");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(case.mode)).expect("its mode");
    let shown = path.to_str().expect("a path");
    let groups: Vec<u32> = case.groups.iter().map(|group| GIDS[*group]).collect();
    let account = Account { name: "another".to_owned(), uid: UIDS[case.asks], gid: groups[0], groups };
    let metadata = look_in(&RootFs::here(), &path).expect("it is there");
    assert_eq!(metadata.kind, if case.is_folder { Kind::Folder } else { Kind::File });
    let grants = |rights: &[Right], word: &str| if metadata.grants_all(&account, rights) { word.to_owned() } else { "-".to_owned() };
    let computed = [
        grants(&[Right::Read], "r"),
        grants(&[Right::Write], "w"),
        grants(&[Right::Execute], "x"),
        grants(&[Right::Write, Right::Execute], "b"),
    ];
    // To make something in a folder takes both rights at once; a program that may be run is run.
    let tries = if case.is_folder {
        "ls \"$1\" >&3 && printf r || printf -; [ -w \"$1\" ] && printf w || printf -; (cd \"$1\") && printf x || printf -; \
         (: >\"$1/new\") && printf b || printf -"
    } else {
        "(: <\"$1\") && printf r || printf -; (: >>\"$1\") && printf w || printf -; \"$1\" && printf x || printf -; \
         (: >>\"$1\") && [ -x \"$1\" ] && printf b || printf -"
    };
    let groups: Vec<String> = account.groups.iter().map(ToString::to_string).collect();
    let (uid, gid) = (account.uid.to_string(), account.gid.to_string());
    let script = format!("cd / && exec 2>/dev/null 3>/dev/null; {tries}; :");
    let really = ran("setpriv", &["--reuid", &uid, "--regid", &gid, "--groups", &groups.join(","), "--", "sh", "-c", &script, "sh", shown]);
    (computed.concat(), really)
}

fn account(uid: u32, groups: &[u32]) -> Account {
    Account { name: "another".to_owned(), uid, gid: groups[0], groups: groups.to_vec() }
}

fn file(uid: u32, gid: u32, mode: u32) -> PathMetadata {
    PathMetadata { path: "/f".into(), kind: Kind::File, uid, gid, mode, acl: Acl::Absent }
}

#[test]
fn the_first_class_that_fits_decides_even_when_a_later_one_grants_more() {
    let server = account(1000, &[1000, 33]);
    assert!(file(0, 1000, 0o640).grants(&server, Right::Read));
    assert!(file(0, 33, 0o640).grants(&server, Right::Read));
    assert!(!file(0, 0, 0o640).grants(&server, Right::Read));
    assert!(!file(0, 1000, 0o604).grants(&server, Right::Read));
    assert!(!file(1000, 1000, 0o044).grants(&server, Right::Read));
    assert!(!file(0, 1000, 0o640).grants(&server, Right::Write));
}

#[test]
fn root_reads_and_writes_everything_and_runs_what_has_an_execute_bit() {
    let root = account(0, &[0]);
    assert!(file(1000, 1000, 0o000).grants(&root, Right::Read));
    assert!(!file(0, 0, 0o644).grants(&root, Right::Execute));
    assert!(file(0, 0, 0o601).grants(&root, Right::Execute));
}

#[test]
fn what_it_leads_to_comes_first_then_the_folders_from_the_nearest_and_the_links() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().canonicalize().expect("it is there");
    for name in ["a", "b"] {
        std::fs::create_dir(root.join(name)).expect("a folder");
    }
    crate::fs::files::replace(&root.join("b/file"), b"x").expect("a file");
    std::os::unix::fs::symlink("/b/file", root.join("a/link")).expect("a link");
    let tree = RootFs::at(&root).expect("it is there");
    let steps = path_chain(&tree, Path::new("/a/link")).expect("it is there");
    let seen: Vec<(&str, Kind)> = steps.iter().map(|step| (step.path.to_str().expect("a name"), step.kind)).collect();
    assert_eq!(seen, [("/a/link", Kind::File), ("/b", Kind::Folder), ("/a", Kind::Folder), ("/", Kind::Folder), ("/a/link", Kind::Link)]);
    let here = path_chain(&RootFs::here(), &root.join("b/file")).expect("it is there");
    assert_eq!(here.last().map(|step| step.path.as_path()), Some(Path::new("/")));
    assert!(path_chain(&tree, Path::new("/a/nothing")).expect_err("it is missing").is_missing());
}

#[test]
fn what_is_computed_is_what_the_kernel_says() {
    if !can_be_played("what_is_computed_is_what_the_kernel_says") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).expect("its mode");
    let mut runner = TestRunner::new(Config { cases: 150, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&cases(), |case| {
        let (computed, really) = both_answers(folder.path(), &case);
        // Both at once of a file is asked one after the other, which only a folder tells apart.
        let length = if case.is_folder { 4 } else { 3 };
        prop_assert_eq!(&computed[..length], &really[..length]);
        Ok(())
    });
    assert!(outcome.is_ok(), "{}", outcome.expect_err("a case"));
}

/// A list as the kernel keeps it: owner, one user, group, mask and others.
const LIST: &[u8] = b"\x02\0\0\0\x01\0\x07\0\xff\xff\xff\xff\x02\0\x04\0\x41\x9c\0\0\x04\0\x05\0\xff\xff\xff\xff\
    \x10\0\x05\0\xff\xff\xff\xff\x20\0\x05\0\xff\xff\xff\xff";

#[test]
fn a_list_is_seen_on_a_file_and_so_is_one_that_a_folder_hands_down() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    crate::fs::files::replace(&file, b"x").expect("a file");
    let seen = |path: &Path| look_in(&RootFs::here(), path).expect("it is there").acl;
    assert_eq!((seen(&file), seen(folder.path())), (Acl::Absent, Acl::Absent));
    let set = |path: &Path, name: &str| rustix::fs::setxattr(path, name, LIST, rustix::fs::XattrFlags::empty());
    if set(&file, "system.posix_acl_access") == Err(Errno::NOTSUP) {
        let need = Need::Other("a temporary folder on a file system with access control lists");
        return skipped("a_list_is_seen", "this file system keeps no lists", need);
    }
    set(folder.path(), "system.posix_acl_default").expect("a list for new files");
    assert_eq!((seen(&file), seen(folder.path())), (Acl::Present, Acl::Present));
    let steps = path_chain(&RootFs::here(), &file).expect("it is there");
    assert_eq!(steps.iter().filter(|step| step.acl == Acl::Present).count(), 2);
}
