//! `make status`: the command on its last line, really typed, brings a release from its first step to its last one, and out of what stopped it.

use crate::tag_release::git_with_subtree;
use nexy_standin::skip::{Need, skipped};
use nexy_standin::world::{ARTIFACTS, Ran, World};
use nexy_standin::{Fault, Hold, Listener, Reply};
use serde_json::{Value, json};
use std::{
    fs,
    os::unix::fs::symlink,
    path::Path,
    time::{Duration, Instant},
};

/// A workspace that git has pushed, with the Makefile in it.
fn world(test: &str) -> Option<World> {
    let Some(git) = git_with_subtree() else {
        skipped(test, "this git has no git-subtree", Need::Package("git"));
        return None;
    };
    let world = World::new();
    fs::remove_file(world.programs().join("git")).unwrap();
    symlink(git, world.programs().join("git")).unwrap();
    let makefile = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().join("Makefile");
    fs::copy(makefile, world.workspace().join("Makefile")).unwrap();
    world.git(&["add", "--all"]);
    world.git(&["commit", "--quiet", "--message=the Makefile"]);
    on_github(&world);
    world.standin.set_label(ARTIFACTS, "Update", "Nexy.dmg", Some("Nexy.dmg 2.0.0.3"));
    Some(world)
}

/// Both remotes take pushes, and git reaches them by ssh.
fn on_github(world: &World) {
    world.workspace_on_github();
    let bare = world.bare("Nexy_server");
    world.git_in(&world.root(), &["init", "--quiet", "--bare", "--initial-branch=main", bare.to_str().unwrap()]);
    let url = world.git(&["remote", "get-url", "origin"]).trim().replace("Nexy.git", "Nexy_server.git");
    world.git(&["remote", "set-url", "server_repo", &url]);
}

fn status(world: &World) -> Value {
    world.tool("nexy-verify").args(["status", "--format", "json"]).run().json()
}

/// The command that is printed, none when nothing is to do.
fn next(world: &World) -> Option<String> {
    let status = status(world);
    let fix = status["next"]["fix"].as_array().unwrap();
    assert!(fix.len() < 2, "{status:#}");
    fix.first().map(|line| line["command"].as_str().unwrap_or_else(|| panic!("{status:#}")).to_owned())
}

/// Types what is printed, which must be this.
#[track_caller]
fn types(world: &World, command: &str) -> Ran {
    assert_eq!(next(world).as_deref(), Some(command), "{:#}", status(world));
    world.sh(command)
}

/// Types what brings this branch to the manifests that were pushed.
fn catch_up(world: &World) {
    types(world, "git add --all -- server/updates/manifests server/server/updates/manifests && git pull --ff-only origin main").exits(0);
}

#[test]
fn what_is_printed_is_typed_from_the_first_step_to_the_last_one() {
    let Some(world) = world("what_is_printed_is_typed_from_the_first_step_to_the_last_one") else { return };
    types(&world, "make tag").exits(0);
    // The VM is busy with something else.
    world.set_az("conflicts", json!(2));
    types(&world, "make release").exits(2).says("stopped at 50-deliver");
    types(&world, "make release").exits(0).never_says("30-publish");
    catch_up(&world);
    assert_eq!(next(&world), None, "{:#}", status(&world));

    world.keep_database_receipts();
    let whole = world.shell("make -s status VM=1").env("NEXY_FORMAT", "text").run();
    whole.prints("the manifest of 2.0.0.4, as here");
    // Receipts that are not root's are no proof, so that the database gates say no there.
    if nexy_standin::world::user() == "root" {
        whole.exits(0).prints("nothing to do: 2.0.0.4 is out since");
    } else {
        skipped("what_is_printed_is_typed", "the receipts of the VM belong to root", Need::Root);
    }
    assert!(whole.stdout.lines().count() <= 24 && whole.stdout.lines().all(|line| line.chars().count() <= 80), "{whole}");

    world.sh("make rollback YES=1").exits(0);
    catch_up(&world);
    types(&world, "make version-set V=2.0.0.5").exits(0);
    types(&world, "make tag").exits(0);
    assert_eq!(next(&world).as_deref(), Some("make gate-deploy"));
}

#[test]
fn a_killed_release_goes_on_and_what_is_down_is_looked_at_first() {
    let Some(world) = world("a_killed_release_goes_on_and_what_is_down_is_looked_at_first") else { return };
    types(&world, "make tag").exits(0);
    let hold = Hold::default();
    world.standin.fault(Fault::new(Listener::Uploads, "POST", "", Reply::Hold { hold: hold.clone(), after: false }));
    let running = world.shell("exec scripts/release.sh").spawn();
    assert!(hold.is_reached_within(Duration::from_secs(20)));
    assert_eq!(next(&world).as_deref(), Some("make status"), "a release is at work");
    running.signal_group("KILL");
    running.wait().was_killed();
    hold.let_go();
    world.standin.fault(Fault::new(Listener::Public, "GET", "/health", Reply::HangupBefore).always());
    world.set_az("power_state", json!("VM deallocated"));
    let down = world.tool("nexy-verify").args(["status", "--format", "json"]).run();
    down.exits(1);
    types(&world, "nexy-gate azure-vm && make vm-versions").exits(1).says("az vm start -g NexyNewRG -n NexyNew");
    world.set_az("power_state", json!("VM running"));
    world.standin.clear_faults();
    types(&world, "make release").exits(0);
    catch_up(&world);
    assert_eq!(next(&world), None, "{:#}", status(&world));
}

#[test]
fn what_does_not_answer_is_unknown_in_time_and_the_rest_is_shown() {
    let Some(world) = world("what_does_not_answer_is_unknown_in_time_and_the_rest_is_shown") else { return };
    world.standin.fault(Fault::new(Listener::Api, "GET", "", Reply::Silence { after: false }).always());
    let begun = Instant::now();
    let ran = world.shell("scripts/status.sh").env("NEXY_FORMAT", "text").run();
    ran.exits(69).prints("2.0.0.4 in every place").prints("make status");
    assert!(begun.elapsed() < Duration::from_secs(8), "{ran}");
    world.sh("scripts/status.sh --x").exits(2);
}
