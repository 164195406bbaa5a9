//! Every stage fails, dies, or is cut off, at every place where that can happen.

use crate::{PUBLISH, STAGES, converges, inbox_digest, pipe, users, with_stage};
use nexy_standin::{Fault, Listener, Reply, world::World};

/// Runs a broken pipe and holds what users have afterwards; then the whole one.
fn broken(case: &str, index: usize, pipeline: &str) {
    let world = World::new();
    let before = users(&world);
    let ran = world.sh(pipeline);
    assert!(ran.code.is_some_and(|code| code != 0), "{case} ended with {:?}: {}", ran.code, ran.stderr);
    let after = users(&world);
    if index <= PUBLISH {
        assert_eq!(after, before, "{case}: something happened although nothing may be published");
    } else {
        // The old one when the publication noticed that its reader is gone, else the new one.
        assert!(
            after.download == before.download || after.download == Some(inbox_digest(&world)),
            "{case}: users have no verified download"
        );
    }
    converges(&world, case);
}

#[test]
fn a_stage_that_fails_at_once_lets_nothing_happen_after_it() {
    for (index, stage) in STAGES.iter().enumerate() {
        broken(&format!("`{stage}` fails"), index, &with_stage(index, "false"));
    }
}

#[test]
fn a_stage_that_is_killed_at_once_lets_nothing_happen_after_it() {
    for (index, stage) in STAGES.iter().enumerate() {
        broken(&format!("`{stage}` is killed"), index, &with_stage(index, "sh -c 'kill -9 $$'"));
    }
}

#[test]
fn a_stage_whose_answer_is_cut_off_lets_nothing_happen_after_it() {
    // No stage reads from the last one.
    for (index, stage) in STAGES.iter().enumerate().take(STAGES.len() - 1) {
        let pipeline = with_stage(index, &format!("{stage} | head -c 300"));
        // What `nexy-publish` itself did before its answer was cut is done and verified.
        let reached = if index >= PUBLISH { PUBLISH + 1 } else { index };
        broken(&format!("`{stage}` is cut off"), reached, &pipeline);
    }
}

/// Where a stage stands in its work when it is killed: a request that it makes, and whether users have the new bytes then.
const MOMENTS: &[(usize, Listener, &str, u32)] = &[
    (1, Listener::Api, "GET", 1),
    (PUBLISH, Listener::Uploads, "POST", 1),
    (PUBLISH, Listener::Storage, "GET", 1),
    (3, Listener::Web, "GET", 3),
    (4, Listener::Updates, "GET", 1),
    // The gates have asked the public host twice before.
    (5, Listener::Public, "GET", 3),
];

#[test]
fn a_stage_that_is_killed_in_the_middle_of_its_work_leaves_a_download_and_the_next_run_finishes() {
    for (index, listener, method, nth) in MOMENTS {
        let case = format!("`{}` is killed at {listener:?} {method} #{nth}", STAGES[*index]);
        let world = World::new();
        // Longer than a test may take: what a killed script leaves running must not keep the next stage waiting.
        world.set_target("limits", "az_timeout_s", "600");
        let before = users(&world);
        let pid_file = world.home().join("stage.pid");
        world.standin.fault(Fault::new(*listener, method, "", Reply::KillPid { file: pid_file.clone(), after: true }).nth(*nth));
        let stage = format!("sh -c 'echo $$ >{}; exec {}'", pid_file.display(), STAGES[*index]);
        let ran = world.sh(&with_stage(*index, &stage));
        assert!(ran.code.is_some_and(|code| code != 0), "{case} ended with {:?}: {}", ran.code, ran.stderr);
        let after = users(&world);
        if *index <= PUBLISH {
            assert_eq!(after, before, "{case}");
        } else {
            assert_eq!(after.download, Some(inbox_digest(&world)), "{case}");
        }
        converges(&world, &case);
    }
}

#[test]
fn two_people_at_once_end_with_one_release_and_no_lost_download() {
    let world = World::new();
    let whole = pipe(&STAGES.map(str::to_owned));
    let both = format!("( {whole} ) >a.json & first=$!; ( {whole} ) >b.json; second=$?; wait $first; echo $? $second");
    let ran = world.sh(&both);
    for code in ran.stdout.split_whitespace() {
        assert!(["0", "1", "3", "69", "75"].contains(&code), "{}\n{}", ran.stdout, ran.stderr);
    }
    assert!(users(&world).download.is_some());
    converges(&world, "after two at once");
}
