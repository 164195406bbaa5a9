//! Judgements about folders and links on a way, and the commands that mend them.

use super::*;
use nexy_contract::Verdict;

const PASSWD: &str =
    "root:x:0:0::/root:/bin/sh\nserver:x:1000:1000::/srv:/bin/sh\nother:x:1001:1001::/:/bin/sh\nthird:x:1002:1001::/:/bin/sh\n";
const GROUP: &str = "root:x:0:\nserver:x:1000:\nother:x:1001:\nteam:x:50:server,other\nalone:x:51:server\n";

fn folder(path: &str, uid: u32, gid: u32, mode: u32) -> PathMetadata {
    PathMetadata { path: path.into(), kind: Kind::Folder, uid, gid, mode, acl: Acl::Absent }
}

fn typed(changes: &[Change]) -> String {
    changes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// What root types about one place of the checkout.
pub(crate) fn roots(command: &str, path: &str) -> String {
    in_its_folder(command, Path::new(path)).typed("sudo ")
}

fn judged<T>(judge: impl FnOnce(Permissions<'_>) -> T) -> T {
    let accounts = Accounts::parse(PASSWD, GROUP);
    let account = accounts.account("server").expect("it is there");
    judge(Permissions { accounts: &accounts, account: &account, checkout: Path::new("/srv/app") })
}

fn faults(step: &PathMetadata, chain: &[PathMetadata]) -> Vec<Fault> {
    judged(|permissions| permissions.faults_of_step(step, chain))
}

#[test]
fn what_root_or_the_services_user_alone_can_write_is_right() {
    for step in [
        folder("/srv/app", 1000, 1000, 0o755),
        folder("/srv", 0, 0, 0o755),
        folder("/srv/app", 1000, 51, 0o775),
        folder("/srv/app", 1000, 1000, 0o700),
        folder("/tmp", 0, 0, 0o1777),
    ] {
        assert_eq!(faults(&step, &[]), [], "{step:?}");
    }
}

#[test]
fn every_fault_of_a_folder_has_the_commands_that_mend_it() {
    for (step, expected) in [
        (folder("/srv/app", 1000, 1000, 0o757), &[("everybody can replace what is in /srv/app (mode 0757)", "chmod o-w")][..]),
        (folder("/srv/app", 1000, 50, 0o775), &[("other can replace", "chmod g-w")]),
        (folder("/srv/app", 1000, 1001, 0o775), &[("other and third can replace", "chmod g-w")]),
        (folder("/srv/app", 1001, 1000, 0o755), &[("belongs to other, who", "chown -h server")]),
        (folder("/srv", 1001, 1000, 0o755), &[("belongs to other, who", "chown -h root")]),
        (folder("/srv/app", 1001, 1000, 0o655), &[("belongs to other, who", "chown -h server; chmod u+x")]),
        // The former owner is in the group that can write.
        (folder("/srv", 1001, 1001, 0o775), &[("belongs to other, who", "chown -h root"), ("other and third can", "chmod g-w")]),
        (folder("/srv/app", 1000, 1000, 0o655), &[("server cannot pass /srv/app (mode 0655)", "chmod u+x")]),
        (folder("/srv", 0, 1000, 0o740), &[("server cannot pass", "chmod g+x")]),
        (folder("/srv", 0, 0, 0o750), &[("server cannot pass", "chgrp -h server; chmod g=x")]),
        (folder("/srv", 0, 0, 0o702), &[("everybody can replace", "chmod o-w"), ("server cannot pass", "chgrp -h server; chmod g=x")]),
        (folder("/srv/app/x", 0, 0, 0o750), &[("server cannot pass", "chown -h server")]),
        (folder("/srv/app/x", 0, 0, 0o650), &[("server cannot pass", "chown -h server; chmod u+x")]),
        // A person decides about the home of root, and about a group that has members of its own.
        (folder("/root", 0, 0, 0o700), &[("server cannot pass", "")]),
        (folder("/srv", 0, 1001, 0o750), &[("server cannot pass", "")]),
        (PathMetadata { acl: Acl::Present, ..folder("/srv", 0, 0, 0o770) }, &[("has an access control list", "setfacl -b")]),
        (
            PathMetadata { acl: Acl::Present, ..folder("/srv", 1001, 0, 0o770) },
            &[("belongs to other, who", "chown -h root"), ("has an access control list", "setfacl -b")],
        ),
    ] {
        let found = faults(&step, &[]);
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (fault, (said, changes)) in found.iter().zip(expected) {
            assert!(fault.found.contains(said) && typed(&fault.changes) == *changes, "{fault:?}");
            assert_eq!(fault.is_about_passing, said.contains("cannot pass"));
        }
    }
}

#[test]
fn a_link_in_a_folder_that_all_share_is_its_owners_to_turn() {
    let link = |uid| PathMetadata { kind: Kind::Link, ..folder("/tmp/link", uid, 0, 0o777) };
    let found = faults(&link(1001), &[link(1001), folder("/tmp", 0, 0, 0o1777)]);
    let steps = judged(|permissions| permissions.steps(&link(1001), Path::new("/tmp/link"), &found[0].changes));
    assert_eq!(steps, [RepairStep::new("chown -h root /tmp/link")]);
    assert_eq!(faults(&link(1000), &[folder("/tmp", 0, 0, 0o1777)]), []);
    assert_eq!(faults(&link(1001), &[folder("/tmp", 0, 0, 0o755)]), []);
}

fn right() -> [Change; 2] {
    [Change::ByOwner("chmod 640".to_owned()), Change::Owner("root".to_owned())]
}

#[test]
fn commands_above_the_checkout_are_about_the_real_place_and_stop_when_the_path_leads_elsewhere() {
    let file = |path: &str| PathMetadata { kind: Kind::File, ..folder(path, 0, 0, 0o600) };
    let steps = |path, real| judged(|permissions| permissions.steps(&file(path), Path::new(real), &right()));
    let guarded = |command: &str| {
        RepairStep::new(command).or_stop(
            r#"[ "$(readlink -f -- /a)" = '/it'\''s' ] && [ -f '/it'\''s' ]"#,
            "/a is not the file that was looked at: print this script again",
        )
    };
    assert_eq!(steps("/a", "/it's"), [guarded(r"chmod 640 '/it'\''s'"), guarded(r"chown -h root '/it'\''s'")]);
    assert_eq!(steps("/a", "/a\u{1b}"), []);
}

#[test]
fn below_the_checkout_root_changes_only_an_owner_and_the_services_user_does_the_rest() {
    let folder_of = |path: &str| format!(r#"cd {path} && [ "$(pwd -P)" = {path} ]"#);
    for (path, uid, changes, expected) in [
        (
            "/srv/app/x",
            1000,
            &right()[..],
            "sudo sh -c 'IN && chown -h server ./x'; sudo -u server chmod 640 /srv/app/x; sudo sh -c 'IN && chown -h root ./x'",
        ),
        ("/srv/app/x/y", 1000, &right()[..1], "sudo -u server chmod 640 /srv/app/x/y"),
        ("/srv/app", 0, &right()[..1], "sudo sh -c 'ABOVE && chown -h server ./app'; sudo -u server chmod 640 /srv/app"),
        ("/srv/app/x/y/z", 0, &right()[..1], "sudo sh -c 'IN && chown -hR server ./x'; sudo -u server chmod 640 /srv/app/x/y/z"),
        (
            "/srv/app/x/y",
            1001,
            &[Change::Owner("server:web".to_owned()), Change::ByOwner("chmod 755".to_owned())],
            "sudo sh -c 'IN && chown -hR server:web ./x'; sudo -u server chmod 755 /srv/app/x/y",
        ),
    ] {
        let steps = judged(|permissions| permissions.steps(&folder(path, uid, 0, 0o600), Path::new(path), changes));
        assert_eq!(
            steps.iter().map(|step| step.typed("sudo ")).collect::<Vec<_>>().join("; "),
            expected.replace("IN", &folder_of("/srv/app")).replace("ABOVE", &folder_of("/srv"))
        );
    }
}

#[test]
fn a_list_that_cannot_be_read_is_unknown_and_a_missing_user_is_a_failure() {
    let unreadable = PathMetadata { acl: Acl::Unreadable("no".to_owned()), ..folder("/a b", 0, 0, 0o755) };
    let (found, fix) = unreadable_acl(&unreadable).expect("it is unknown");
    assert_eq!(
        (found.as_str(), fix),
        ("cannot determine whether '/a b' has an access control list: no", Fix::command("getfacl -p '/a b'"))
    );
    assert_eq!(unreadable_acl(&folder("/", 0, 0, 0o755)), None);
    assert_eq!(no_account("server", "reads").verdict, Verdict::Fail);
}
