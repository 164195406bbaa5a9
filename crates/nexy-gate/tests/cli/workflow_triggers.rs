//! `workflow-triggers` against a real repository; what each workflow deserves stands in the unit tests of the judge.

use crate::{asked, holds, mended, world};
use nexy_standin::world::World;
use std::fs;

const GATE: &str = "workflow-triggers";
const FILE: &str = ".github/workflows/deploy-to-azure.yml";

/// Changes a piece of the good workflow.
fn change(world: &World, from: &str, to: &str) {
    let text = world.read(FILE);
    assert!(text.contains(from), "{from}\n{text}");
    world.write(FILE, &text.replace(from, to));
}

#[test]
fn the_good_workflow_passes() {
    holds(&asked(&world(), GATE, 0), "found", "is started by a push of main and deploys alone and signed in");
}

#[test]
fn the_lines_of_the_fix_mend_the_workflow() {
    let world = world();
    change(&world, "      - uses: azure/login@v2\n        with:\n          creds: ${{ secrets.AZURE_CREDENTIALS }}\n", "");
    change(&world, "concurrency:\n  group: deploy-to-azure\n  cancel-in-progress: false\n", "");
    let finding = asked(&world, GATE, 1);
    let group = "concurrency:\n  group: deploy\n  cancel-in-progress: false\n";
    let login = "      - uses: azure/login@v2\n        with:\n          creds: ${{ secrets.AZURE_CREDENTIALS }}";
    holds(&finding, "fix", group.trim_end());
    holds(&finding, "fix", login);
    change(&world, "    steps:\n", &format!("    steps:\n{login}\n"));
    change(&world, "jobs:\n", &format!("{group}jobs:\n"));
    asked(&world, GATE, 0);
}

#[test]
fn the_message_of_head_decides_and_a_commit_behind_it_mends_that() {
    let world = world();
    world.git(&["commit", "--quiet", "--allow-empty", "--message=Release [skip ci]"]);
    holds(&asked(&world, GATE, 1), "found", "the message of HEAD says `[skip ci]`, so its push starts no workflow");
    world.git(&["commit", "--quiet", "--allow-empty", "--message=Release"]);
    asked(&world, GATE, 0);
}

#[test]
fn a_tracked_workflow_beside_it_that_deploys_on_a_pull_request_is_a_no() {
    let world = world();
    let beside = ".github/workflows/beside.yml";
    world.write(beside, &world.read(FILE).replace("  push:\n", "  pull_request:\n"));
    asked(&world, GATE, 0);
    world.git(&["add", "--", beside]);
    holds(&asked(&world, GATE, 1), "found", "beside.yml: the job deploy deploys on pull_request");
}

#[test]
fn a_missing_or_untracked_workflow_is_a_no() {
    let world = world();
    world.git(&["rm", "--cached", "--quiet", FILE]);
    mended(&world, GATE, "is not tracked, so GitHub does not have it");
    fs::remove_file(world.workspace().join(FILE)).expect("the workflow");
    holds(&asked(&world, GATE, 1), "found", "does not exist");
}

#[test]
fn an_unreadable_workflow_and_a_missing_git_are_unknown() {
    let world = world();
    let ran = world.tool("nexy-gate").arg(GATE).env("PATH", "/nowhere").run();
    ran.exits(69).says("not on PATH");
    change(&world, "    branches: [main]\n", "    branches: ['[']\n");
    holds(&asked(&world, GATE, 69), "found", "the pattern `[` is not plain");
    fs::write(world.workspace().join(FILE), b"\xff\xfe").expect("bytes");
    holds(&asked(&world, GATE, 69), "found", "cannot be read: it is no UTF-8");
    fs::remove_dir_all(world.workspace().join(".git")).expect("the repository");
    holds(&asked(&world, GATE, 1), "found", "is no git repository");
}
