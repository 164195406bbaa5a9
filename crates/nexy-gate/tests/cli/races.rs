//! Root types what was printed, and asks, while the service's user exchanges folders and files below it without a pause.

use crate::vm::{ask, ask_there, checked_out, is_root, owned, path, set_checkout, set_mode};
use crate::{config_env_access, update_dirs};
use nexy_outside::fs::accounts::Accounts;
use nexy_standin::hostile::{Hostile, TRIES};
use nexy_standin::world::World;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::{collections::BTreeSet, fs};

/// The first path makes way for a link to the second, and comes back.
const EXCHANGE: &str = "my ($place, $leads_to) = @ARGV; rename $place, \"$place.aside\"; symlink $leads_to, $place; \
                        select undef, undef, undef, rand 0.002; unlink $place; rename \"$place.aside\", $place; \
                        select undef, undef, undef, rand 0.002";

/// A folder of root with one file, both closed to other accounts.
fn roots(world: &World, name: &str) -> PathBuf {
    let folder = world.root().join("roots");
    fs::create_dir(&folder).expect("a folder");
    fs::write(folder.join(name), "root's").expect("a file");
    set_mode(&folder.join(name), 0o600);
    set_mode(&folder, 0o755);
    folder
}

#[track_caller]
fn still_roots(folder: &Path) {
    assert_eq!(owned(folder), (0, 0, 0o755));
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        assert_eq!(owned(&path), (0, 0, 0o600), "{}", path.display());
    }
}

/// The printed script without its last line, which asks the gate.
fn script(world: &World, gate: &str) -> String {
    let ran = ask(world, &["--print-fix", gate]);
    ran.exits(0);
    ran.stdout.split("\n# Asks the gate again.").next().unwrap_or_default().to_owned()
}

/// Runs the script again and again as root; how often it ended well.
fn run_against(world: &World, script: &str, spoil: impl Fn()) -> usize {
    let mut well = 0;
    for _ in 0..TRIES {
        spoil();
        well += usize::from(world.shell("cd / && sh").stdin(script).env("PATH", &path(world)).run().code == Some(0));
    }
    well
}

#[test]
fn the_script_of_update_dirs_gives_nothing_of_roots_away_while_its_folder_is_exchanged() {
    let test = "the_script_of_update_dirs_gives_nothing_of_roots_away";
    let Some((world, account)) = update_dirs::served(test) else { return };
    let (folder, roots) = (world.vm_path("server/updates/manifests"), roots(&world, "shadow"));
    let spoil = || {
        let _ = chown(&folder, Some(0), Some(0));
        let _ = chown(folder.with_extension("aside"), Some(0), Some(0));
    };
    spoil();
    let script = script(&world, "update-dirs");
    let Some(_hostile) = Hostile::start(test, (account.uid, account.gid), EXCHANGE, &[&folder, &roots]) else { return };
    let well = run_against(&world, &script, || still_roots(&roots));
    still_roots(&roots);
    assert!(well < TRIES, "nothing was exchanged in time");
}

#[test]
fn the_script_of_config_env_access_gives_nothing_of_roots_away_while_the_checkout_is_exchanged() {
    let test = "the_script_of_config_env_access_gives_nothing_of_roots_away";
    let Some((world, account)) = config_env_access::served(test) else { return };
    let roots = roots(&world, "config.env");
    set_mode(&world.vm_path("config.env"), 0o666);
    let script = script(&world, "config-env-access");
    // As a home folder: its owner can exchange the checkout itself.
    chown(world.root(), Some(account.uid), Some(account.gid)).expect("its owner");
    let Some(_hostile) = Hostile::start(test, (account.uid, account.gid), EXCHANGE, &[&world.vm(), &roots]) else { return };
    let well = run_against(&world, &script, || still_roots(&roots));
    still_roots(&roots);
    assert!(well < TRIES, "nothing was exchanged in time");
}

#[test]
fn root_runs_no_program_of_the_checkouts_owner_while_another_repository_takes_its_place() {
    let test = "root_runs_no_program_of_the_checkouts_owner";
    let world = checked_out();
    if !is_root(&world, test) {
        return;
    }
    // Root's own checkout in the home folder of an account, which holds a repository with a program of its own.
    let account = Accounts::read().expect("the accounts").account("bin").expect("it is on every machine");
    let (home, trace) = (world.root().join("homes/bin"), world.root().join("trace"));
    for (folder, mode) in [(&home, 0o755), (&trace, 0o777)] {
        fs::create_dir_all(folder).expect("a folder");
        set_mode(folder, mode);
    }
    let (vm, planted, target) = (home.join("vm"), home.join("planted"), world.root().join("nexy.toml"));
    set_checkout(&world, &vm.display().to_string());
    world.set_target("vm", "target_file", &format!("\"{}\"", target.display()));
    fs::copy(world.vm_path("etc/nexy.toml"), &target).expect("the target");
    fs::rename(world.vm(), &vm).expect("the checkout");
    let filter = format!("id -u >>{}/ran; cat", trace.display());
    world.sh(&format!("cp -a '{}' '{}'", vm.display(), planted.display())).exits(0);
    world
        .sh(&format!(
            "cd '{}' && git config filter.x.clean '{filter}' && echo '* filter=x' >.gitattributes && echo 'a hot edit' >>server/main.py && \
             chown -hR bin:bin . && git config --global --add safe.directory '*'",
            planted.display(),
        ))
        .exits(0);
    chown(&home, Some(account.uid), Some(account.gid)).expect("its owner");
    let exchange = "my ($place, $other) = @ARGV; rename $place, \"$place.aside\"; rename $other, $place; select undef, undef, undef, rand 0.004; \
                    rename $place, $other; rename \"$place.aside\", $place; select undef, undef, undef, rand 0.004";
    let Some(_hostile) = Hostile::start(test, (account.uid, account.gid), exchange, &[&vm, &planted]) else { return };
    let found: BTreeSet<_> =
        (0..TRIES).map(|_| ask_there(&world, &["checkout-state"]).finding("checkout-state")["found"].to_string()).collect();
    let ran = fs::read_to_string(trace.join("ran")).unwrap_or_default();
    assert!(ran.lines().all(|uid| uid == account.uid.to_string()), "root ran a program of the owner's");
    assert!(found.len() > 1, "nothing was exchanged in time: {found:?}");
}
