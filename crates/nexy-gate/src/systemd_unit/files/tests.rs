//! What systemd 252 does with these files was measured on a running machine; `tests/runbook` holds the look against one.

use super::*;
use std::os::unix::fs::symlink;

const TEXT: &str = "[Service]\nEnvironment=A=1\n";

/// A tree with these files; `path -> target` is a link.
fn tree(contents: &[&str]) -> (tempfile::TempDir, RootFs) {
    let root = tempfile::tempdir().expect("a folder");
    for content in contents {
        let (path, target) = content.split_once(" -> ").map_or((*content, None), |(path, target)| (path, Some(target)));
        let place = root.path().join(path);
        std::fs::create_dir_all(place.parent().expect("a folder")).expect("folders");
        match target {
            Some(target) => symlink(target, &place).expect("a link"),
            None => files::replace(&place, TEXT.as_bytes()).expect("a file"),
        }
    }
    let tree = RootFs::at(root.path()).expect("a tree");
    (root, tree)
}

fn found(contents: &[&str], unit: &str) -> OnDisk {
    let (_root, tree) = tree(contents);
    find(&tree, unit).expect("it can be read")
}

#[test]
fn the_folders_of_every_dash_template_and_instance_come_in_the_order_of_systemd() {
    for (unit, folders) in [
        ("a.service", "a.service.d"),
        ("a-b-c.service", "a-b-c.service.d a-b-.service.d a-.service.d"),
        ("a--b-c.service", "a--b-c.service.d a--b-.service.d a--.service.d a-.service.d"),
        ("-a.service", "-a.service.d"),
        ("a-.service", "a-.service.d"),
        ("foo-bar@x-y.service", "foo-bar@x-y.service.d foo-bar@.service.d foo-.service.d foo-@x-y.service.d foo-@.service.d"),
    ] {
        assert_eq!(drop_in_folders(unit).join(" "), folders, "{unit}");
    }
}

#[test]
fn every_folder_of_the_load_path_is_looked_at_and_drop_ins_apply_by_name() {
    let mut contents: Vec<String> = vec!["usr/lib/systemd/system/a-b.service".to_owned()];
    for (rank, folder) in FOLDERS.iter().filter(|folder| !folder.starts_with("/lib")).enumerate() {
        for (kind, below) in ["a-b.service", "a-.service", "service"].iter().enumerate() {
            contents.push(format!("{}/{below}.d/{:02}-{kind}.conf", &folder[1..], 99 - rank));
        }
    }
    let contents: Vec<&str> = contents.iter().map(String::as_str).collect();
    let found = found(&contents, "a-b.service");
    assert_eq!(found.main.as_deref(), Some("/usr/lib/systemd/system/a-b.service"));
    assert_eq!(found.drop_ins.len(), 36);
    let names: Vec<&str> = found.drop_ins.iter().map(|path| file_name(path)).collect();
    assert!(names.is_sorted(), "{names:?}");
}

#[test]
fn of_drop_ins_of_one_name_the_folder_decides_then_the_longer_name_and_the_type_comes_last() {
    let drop_ins = |contents: &[&str]| found(contents, "a-b.service").drop_ins;
    let (full, prefix, of_type) = ("a-b.service.d/x.conf", "a-.service.d/x.conf", "service.d/x.conf");
    let (etc, usr) = ("etc/systemd/system", "usr/lib/systemd/system");
    let first = |first: String, second: String| assert_eq!(drop_ins(&[&second, &first]), [format!("/{first}")]);
    first(format!("{etc}/{full}"), format!("{etc}/{prefix}"));
    first(format!("{etc}/{prefix}"), format!("{etc}/{of_type}"));
    first(format!("{usr}/{prefix}"), format!("{etc}/{of_type}"));
    first(format!("{etc}.control/{full}"), format!("{etc}/{full}"));
    // The longer name wins in whichever folder it stands only because the alias or type does not name the unit.
    first(format!("{usr}/{full}"), format!("{etc}/{of_type}"));
    // A mask, and a link that leads nowhere, hide the others and set nothing.
    for mask in ["/dev/null", "/nowhere"] {
        assert_eq!(drop_ins(&[&format!("{etc}/{full} -> {mask}"), &format!("{usr}/{full}")]), [format!("/{etc}/{full}")]);
    }
    assert_eq!(drop_ins(&[&format!("{etc}/a-b.service.d/.x.conf"), &format!("{etc}/a-b.service.d/x.conf.off")]), [""; 0]);
}

#[test]
fn aliases_bring_their_drop_ins_and_a_link_to_elsewhere_is_only_another_place() {
    let etc = "etc/systemd/system";
    let contents = |links: &[&str]| -> Vec<String> {
        let files = ["real.service", "real.service.d/r.conf", "a-b.service.d/a.conf", "a-.service.d/p.conf", "other.service.d/o.conf"];
        files.iter().map(|file| format!("{etc}/{file}")).chain(links.iter().map(|link| format!("{etc}/{link}"))).collect()
    };
    let names = |unit: &str, links: &[&str]| {
        let contents = contents(links);
        let found = found(&contents.iter().map(String::as_str).collect::<Vec<_>>(), unit);
        (found.main.unwrap_or_default(), found.drop_ins.iter().map(|path| file_name(path).to_owned()).collect::<Vec<_>>().join(" "))
    };
    let real = || "/etc/systemd/system/real.service".to_owned();
    assert_eq!(names("real.service", &["a-b.service -> real.service"]), (real(), "a.conf p.conf r.conf".to_owned()));
    assert_eq!(names("a-b.service", &["a-b.service -> real.service"]), (real(), "a.conf p.conf r.conf".to_owned()));
    let chain = ["a-b.service -> other.service", "other.service -> /etc/systemd/system/real.service"];
    assert_eq!(names("a-b.service", &chain), (real(), "a.conf o.conf p.conf r.conf".to_owned()));
    assert_eq!(names("real.service", &["a-b.service -> /srv/real.service"]).1, "r.conf");
    assert_eq!(names("a-b.service", &["a-b.service -> /dev/null"]), (String::new(), "a.conf p.conf".to_owned()));
}

#[test]
fn an_instance_has_its_templates_file_drop_ins_and_aliases() {
    let etc = "etc/systemd/system";
    let contents = [
        "foo-bar@.service",
        "al-ias@.service -> foo-bar@.service",
        "foo-bar@x.service.d/1.conf",
        "foo-bar@.service.d/2.conf",
        "foo-.service.d/3.conf",
        "al-ias@x.service.d/4.conf",
        "al-@.service.d/5.conf",
        "foo-bar@y.service.d/6.conf",
        "foo-bar.service.d/7.conf",
    ]
    .map(|content| format!("{etc}/{content}"));
    let found = found(&contents.iter().map(String::as_str).collect::<Vec<_>>(), "foo-bar@x.service");
    assert_eq!(found.main.as_deref(), Some("/etc/systemd/system/foo-bar@.service"));
    assert_eq!(found.drop_ins.iter().map(|path| file_name(path)).collect::<Vec<_>>().join(" "), "1.conf 2.conf 3.conf 4.conf 5.conf");
}

#[test]
fn a_link_that_leads_nowhere_and_a_mask_hide_a_unit_and_a_folder_does_not() {
    let usr = "usr/lib/systemd/system/a.service";
    let main = |content: &str| found(&[usr, content], "a.service").main;
    assert_eq!(main("etc/systemd/system/a.service -> /nowhere/a.service"), None);
    assert_eq!(main("etc/systemd/system/a.service -> /dev/null"), None);
    assert_eq!(main("etc/systemd/system/a.service/file").as_deref(), Some("/usr/lib/systemd/system/a.service"));
    assert_eq!(main("etc/systemd/system/a.service -> /usr/lib/systemd/system/a.service").as_deref(), Some("/etc/systemd/system/a.service"));
}

#[test]
fn what_is_loaded_is_compared_by_its_real_folder_and_what_changes_nothing_is_not_told() {
    let etc = "etc/systemd/system/a-b.service.d";
    let (_root, tree) = tree(&[
        "usr/lib/systemd/system/a-b.service.d/u.conf",
        "lib -> usr/lib",
        &format!("{etc}/x.conf"),
        &format!("{etc}/mask.conf -> /dev/null"),
        "etc/systemd/system/a-.service.d/y.conf",
        "etc/systemd/system.control/service.d/z.conf",
    ]);
    let unread = |loaded: &[&str]| {
        let loaded: Vec<String> = loaded.iter().map(|path| (*path).to_owned()).collect();
        unread(&tree, "a-b.service", &loaded).expect("it can be read")
    };
    let all = [
        "/lib/systemd/system/a-b.service.d/u.conf",
        "/etc/systemd/system/a-b.service.d/x.conf",
        "/etc/systemd/system/a-.service.d/y.conf",
        "/etc/systemd/system.control/service.d/z.conf",
    ];
    assert_eq!(unread(&all), [""; 0]);
    assert_eq!(unread(&all[..2]), ["/etc/systemd/system/a-.service.d/y.conf", "/etc/systemd/system.control/service.d/z.conf"]);
    let hidden = [&all[..], &["/usr/lib/systemd/system/service.d/mask.conf"]].concat();
    assert_eq!(unread(&hidden), ["/etc/systemd/system/a-b.service.d/mask.conf"]);
}

#[test]
fn the_managers_own_files_are_found_like_a_units() {
    let (_root, tree) = tree(&[
        "usr/lib/systemd/system.conf",
        "etc/systemd/system.conf.d/20.conf",
        "run/systemd/system.conf.d/10.conf",
        "usr/lib/systemd/system.conf.d/20.conf",
    ]);
    assert_eq!(
        of_manager(&tree).expect("it can be read"),
        ["/usr/lib/systemd/system.conf", "/run/systemd/system.conf.d/10.conf", "/etc/systemd/system.conf.d/20.conf"]
    );
}
