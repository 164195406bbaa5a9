//! `install` as root in a checkout whose owner, the service's user, plants links: root's files stay root's.

use crate::published::written;
use nexy_outside::fs::accounts::Accounts;
use nexy_standin::{
    Fault, Listener, Reply,
    hostile::{Hostile, TRIES},
    skip::{Need, skipped},
    world::{MANIFEST_FOLDERS, Ran, World},
};
use serde_json::json;
use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink},
    path::{Path, PathBuf},
    process::Command,
};

const SECRET: &str = "root:$6$secrethash";

/// A VM whose checkout belongs to `bin`, with a program and a target that this account can reach.
struct Served {
    world: World,
    manifest: String,
    /// A file that only root can read, in a folder that only root can change.
    secret: PathBuf,
}

fn served(test: &str) -> Option<Served> {
    if !nexy_outside::fs::accounts::is_root() {
        skipped(test, "it gives files to other accounts", Need::Root);
        return None;
    }
    let world = World::new();
    written(&world);
    let manifest = world.read("server/updates/manifests/manifest.json");
    world.set_target("service", "user", "\"bin\"");
    let program = world.root().join("nexy-manifest");
    fs::copy(world.tools().join("nexy-manifest"), &program).expect("a copy");
    for path in [world.root(), world.vm(), program, world.vm_path("etc")] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("its mode");
    }
    for folder in MANIFEST_FOLDERS {
        fs::create_dir_all(world.vm_path(folder)).expect("a folder");
    }
    let all = Command::new("chown").args(["-hR", "bin:bin"]).arg(world.vm_path("server")).status().expect("chown runs");
    assert!(all.success());
    let roots = world.root().join("roots");
    fs::create_dir(&roots).expect("a folder");
    fs::set_permissions(&roots, fs::Permissions::from_mode(0o755)).expect("its mode");
    let secret = roots.join("shadow");
    fs::write(&secret, SECRET).expect("a file");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).expect("its mode");
    Some(Served { world, manifest, secret })
}

impl Served {
    fn install(&self) -> Ran {
        self.install_with_path("/usr/bin:/bin")
    }

    fn install_with_path(&self, path: &str) -> Ran {
        let incoming = self.world.root().join("incoming.json");
        fs::write(&incoming, &self.manifest).expect("written");
        let (program, target) = (self.world.root().join("nexy-manifest"), self.world.vm_path("etc/nexy.toml"));
        let command = format!("{} --target {} install {}", program.display(), target.display(), incoming.display());
        self.world.shell(&command).env("PATH", path).run()
    }

    fn folder(&self, index: usize) -> PathBuf {
        self.world.vm_path(MANIFEST_FOLDERS[index])
    }

    /// Root's file and folder are as they were, and nothing that the service's user can read holds the secret.
    #[track_caller]
    fn secret_is_kept(&self) {
        let roots = self.secret.parent().expect("a folder");
        let owned = |path: &Path| fs::metadata(path).map(|found| (found.uid(), found.mode() & 0o7777)).expect("it is there");
        assert_eq!((owned(&self.secret), owned(roots)), ((0, 0o600), (0, 0o755)));
        assert_eq!(fs::read_to_string(&self.secret).expect("it can be read"), SECRET);
        assert_eq!(fs::read_dir(roots).expect("a folder").count(), 1);
        let found = Command::new("grep").args(["-r", "-l", "secrethash"]).arg(self.world.vm()).output().expect("grep runs");
        assert_eq!(String::from_utf8_lossy(&found.stdout), "");
    }
}

#[test]
fn the_files_and_new_folders_belong_to_the_services_user() {
    let Some(served) = served("the_files_and_new_folders_belong_to_the_services_user") else { return };
    fs::remove_dir_all(served.folder(1)).expect("a folder");
    let answer = served.install().exits(0).says("Manifest updated at ").json();
    assert_eq!((&answer["changed"], &answer["served_version"]), (&true.into(), &"2.0.0.4".into()));
    assert_eq!(answer["files"].as_array().map(Vec::len), Some(4));
    let bin = Accounts::read().expect("the accounts").account("bin").expect("it is on every machine");
    for index in [0, 1] {
        for path in [served.folder(index), served.folder(index).join("manifest.json")] {
            let found = fs::symlink_metadata(&path).expect("it is there");
            assert_eq!((found.uid(), found.gid(), found.mode() & 0o022), (bin.uid, bin.gid, 0), "{}", path.display());
        }
    }
    assert_eq!(served.install().exits(0).json()["changed"], false);
}

#[test]
fn no_planted_link_gives_a_file_or_folder_of_root_away() {
    let Some(served) = served("no_planted_link_gives_a_file_or_folder_of_root_away") else { return };
    let roots = served.secret.parent().expect("a folder").to_path_buf();
    // A link in place of a folder, then in place of a file.
    for (place, leads_to) in [
        (served.folder(0), served.secret.clone()),
        (served.folder(0), roots.clone()),
        (served.folder(1).parent().expect("a folder").to_path_buf(), roots),
    ] {
        let before = served.world.root().join("before");
        fs::rename(&place, &before).expect("what was there");
        symlink(&leads_to, &place).expect("a link");
        let ran = served.install();
        assert!([3, 4, 69].contains(&ran.code.unwrap_or(0)), "{ran}");
        served.secret_is_kept();
        fs::remove_file(&place).expect("the link");
        fs::rename(&before, &place).expect("it is put back");
    }
    for name in ["manifest_2.0.0.4.json", "manifest.json", "manifest_1.0.0.0.json"] {
        let place = served.folder(0).join(name);
        let _ = fs::remove_file(&place);
        symlink(&served.secret, &place).expect("a link");
        drop(served.install());
        served.secret_is_kept();
        fs::remove_file(&place).ok();
    }
    served.install().exits(0);
}

#[test]
fn a_pipe_or_folder_in_place_of_a_manifest_is_refused_at_once() {
    let Some(served) = served("a_pipe_or_folder_in_place_of_a_manifest_is_refused_at_once") else { return };
    let place = served.folder(0).join("manifest.json");
    for command in ["mkfifo", "mkdir"] {
        let _ = fs::remove_file(&place);
        assert!(Command::new(command).arg(&place).status().expect("it runs").success());
        chown(&place, Some(2), Some(2)).expect("its owner");
        let ran = served.install();
        assert!(ran.code != Some(0) || place.is_file(), "{ran}");
        if place.is_dir() {
            fs::remove_dir(&place).expect("the folder");
        }
    }
}

#[test]
fn what_the_services_user_says_it_did_is_not_believed() {
    let Some(served) = served("what_the_services_user_says_it_did_is_not_believed") else { return };
    let programs = served.world.root().join("hostile");
    fs::create_dir(&programs).expect("a folder");
    let setpriv = programs.join("setpriv");
    fs::write(&setpriv, "#!/bin/sh\necho '[]'\n").expect("a program");
    fs::set_permissions(&setpriv, fs::Permissions::from_mode(0o755)).expect("its mode");
    let ran = served.install_with_path(&format!("{}:/usr/bin:/bin", programs.display()));
    ran.exits(4).says("is not the manifest that was just installed").silent_stdout();
}

#[test]
fn a_placing_that_is_killed_half_way_needs_a_person_and_the_next_one_finishes() {
    let Some(served) = served("a_placing_that_is_killed_half_way") else { return };
    let programs = served.world.root().join("killing");
    fs::create_dir(&programs).expect("a folder");
    let setpriv = programs.join("setpriv");
    let path = format!("{}:/usr/bin:/bin", programs.display());
    for (script, code, says) in [
        ("kill -9 $$", 4, "some manifests may be new and some old"),
        ("echo 'no such program' >&2; exit 127", 69, "bin cannot start nexy-manifest: no such program"),
        ("exit 75", 75, ""),
    ] {
        fs::write(&setpriv, format!("#!/bin/sh\n{script}\n")).expect("a program");
        fs::set_permissions(&setpriv, fs::Permissions::from_mode(0o755)).expect("its mode");
        served.install_with_path(&path).exits(code).says(says).silent_stdout();
    }
    served.install().exits(0);
}

#[test]
fn the_old_manifests_come_back_as_the_services_user_and_a_put_back_that_is_killed_needs_a_person() {
    let Some(served) = served("the_old_manifests_come_back_as_the_services_user") else { return };
    let names = || -> Vec<String> { (0..2).flat_map(|index| files(&served.folder(index))).collect() };
    let (before, old) = (names(), fs::read(served.folder(0).join("manifest.json")).expect("the old manifest"));
    let dead = Fault::new(Listener::Updates, "GET", "", Reply::Status(500, json!({}))).always();
    served.world.standin.fault(dead);
    served.install().exits(3).says("the old ones are there again").silent_stdout();
    let bin = Accounts::read().expect("the accounts").account("bin").expect("it is on every machine");
    for index in [0, 1] {
        let manifest = served.folder(index).join("manifest.json");
        assert_eq!(fs::metadata(&manifest).expect("it is there").uid(), bin.uid);
        assert_eq!(fs::read(&manifest).expect("it can be read"), old);
    }
    assert_eq!(names(), before);
    let programs = served.world.root().join("killing-the-second");
    fs::create_dir(&programs).expect("a folder");
    let setpriv = programs.join("setpriv");
    fs::write(&setpriv, "#!/bin/sh\ncase $* in *--back*) kill -9 $$ ;; esac\nPATH=/usr/bin:/bin exec setpriv \"$@\"\n").expect("a program");
    fs::set_permissions(&setpriv, fs::Permissions::from_mode(0o755)).expect("its mode");
    let killed = served.install_with_path(&format!("{}:/usr/bin:/bin", programs.display()));
    killed.exits(4).says("some manifests may be new and some old").says("HTTP 500").silent_stdout();
    served.world.standin.clear_faults();
    served.install().exits(0);
}

/// The names of the files in a folder, sorted.
fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_manifest_that_the_services_user_cannot_read_is_a_no_for_check_too() {
    let Some(served) = served("a_manifest_that_the_services_user_cannot_read") else { return };
    let check_with = |path: &str| {
        let program = served.world.root().join("nexy-manifest");
        let command = format!("{} --target {} check", program.display(), served.world.vm_path("etc/nexy.toml").display());
        served.world.shell(&command).env("PATH", path).run()
    };
    let check = || check_with("/usr/bin:/bin");
    served.install().exits(0);
    check().exits(0);
    check_with("/nowhere").exits(69).says("not tried whether bin can read it").says("is not on PATH");
    let manifest = served.folder(0).join("manifest.json");
    chown(&manifest, Some(0), Some(0)).expect("its owner");
    fs::set_permissions(&manifest, fs::Permissions::from_mode(0o600)).expect("its mode");
    check().exits(1).says("bin cannot read it").says("sudo nexy-gate single-manifest");
}

#[test]
fn a_machine_without_the_services_user_is_told_what_to_look_at() {
    let Some(served) = served("a_machine_without_the_services_user") else { return };
    served.world.set_target("service", "user", "\"nexy-has-no-such-user\"");
    served.install().exits(69).says("this machine has no user nexy-has-no-such-user").says("ls -ld ").silent_stdout();
}

#[test]
fn a_folder_that_is_exchanged_for_a_link_during_the_delivery_gives_nothing_of_root_away() {
    let test = "a_folder_that_is_exchanged_for_a_link_during_the_delivery";
    let Some(served) = served(test) else { return };
    let bin = Accounts::read().expect("the accounts").account("bin").expect("it is on every machine");
    let exchange = "my ($place, $secret) = @ARGV; my $roots = $secret; $roots =~ s{/[^/]*$}{}; for my $leads_to ($secret, $roots) { \
                    rename $place, \"$place.aside\"; symlink $leads_to, $place; select undef, undef, undef, rand 0.002; \
                    unlink $place; mkdir $place; select undef, undef, undef, rand 0.002; unlink glob \"$place/*\"; rmdir $place; \
                    rename \"$place.aside\", $place; select undef, undef, undef, rand 0.002 }";
    let Some(_hostile) = Hostile::start(test, (bin.uid, bin.gid), exchange, &[&served.folder(0), &served.secret]) else { return };
    let mut codes = BTreeSet::new();
    for _ in 0..TRIES {
        let ran = served.install();
        assert!([0, 3, 4, 69, 75].contains(&ran.code.unwrap_or(-1)), "{ran}");
        codes.insert(ran.code);
        served.secret_is_kept();
    }
    assert!(codes.iter().any(|code| *code != Some(0)), "nothing was exchanged in time");
}
