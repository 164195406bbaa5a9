//! `workflow-triggers` against workflows as the repository really had them, and against every way to miss a push.

use crate::{asked, holds, world};
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

/// Writes a workflow beside the one that deploys, and lets git track it.
fn beside(world: &World, name: &str, text: &str) {
    let path = format!(".github/workflows/{name}");
    world.write(&path, text);
    world.git(&["add", "--", &path]);
}

/// Pushes a retired VM's update script, without signing in and without a group, as it stood for months.
const OLD_VM: &str = "\
name: Deploy to Azure VM
on:
  push:
    branches: [ main ]
    paths:
      - 'server/**'
  workflow_dispatch:
jobs:
  quality:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: bash scripts/full_quality_scan.sh
  deploy:
    needs: quality
    runs-on: ubuntu-latest
    steps:
      - name: update
        uses: azure/CLI@v1
        with:
          inlineScript: |
            az vm run-command invoke -g x -n y --command-id RunShellScript --scripts /srv/update-server.sh
      - run: curl -f http://192.0.2.1/health
";

/// The same with the parts of a principal handed to the action, which does not sign in with them.
const PRINCIPAL: &str = "\
name: Deploy to Azure VM
on:
  push:
    branches: [ main ]
concurrency: deploy
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      - uses: azure/CLI@v1
        env:
          AZURE_CLIENT_ID: ${{ secrets.AZURE_CLIENT_ID }}
          AZURE_CLIENT_SECRET: ${{ secrets.AZURE_CLIENT_SECRET }}
          AZURE_TENANT_ID: ${{ secrets.AZURE_TENANT_ID }}
        with:
          inlineScript: az vm run-command invoke -g x -n y
";

/// Deploys on pull requests as well, and tests nothing.
const CONTAINER_APPS: &str = "\
name: Deploy to Azure Container Apps
on:
  push:
    branches: [ main, develop ]
  pull_request:
    branches: [ main ]
jobs:
  build-and-deploy:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: azure/container-apps-deploy-action@v1
        with:
          azureCredentials: ${{ secrets.AZURE_CREDENTIALS }}
          containerAppName: x
          resourceGroup: y
      - run: sleep 60
      - name: Test health endpoint
        run: echo success
";

/// Only looks at the code.
const QUALITY: &str = "\
name: server quality
on:
  push:
  pull_request:
    paths: ['server/**']
jobs:
  quality:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: bash scripts/full_quality_scan.sh
";

#[test]
fn the_good_workflow_passes() {
    let world = world();
    holds(&asked(&world, GATE, 0), "found", "is started by a push of main and deploys alone and signed in");
    beside(&world, "server-quality.yml", QUALITY);
    asked(&world, GATE, 0);
}

#[test]
fn the_four_workflows_of_the_past_are_judged_as_they_deserve() {
    for (text, code, said) in [
        (
            OLD_VM,
            1,
            &["deploy uses Azure without having signed in", "has no concurrency group", "no step is given secrets.AZURE_CREDENTIALS"][..],
        ),
        (PRINCIPAL, 1, &["deploy uses Azure without having signed in", "no step is given secrets.AZURE_CREDENTIALS"]),
        (CONTAINER_APPS, 1, &["build-and-deploy deploys on pull_request", "has no concurrency group"]),
        (QUALITY, 69, &["has no step that speaks to Azure"]),
    ] {
        let world = world();
        world.write(FILE, text);
        let finding = asked(&world, GATE, code);
        said.iter().for_each(|said| holds(&finding, "found", said));
        holds(&finding, "fix", FILE);
    }
}

#[test]
fn the_lines_of_the_fix_mend_the_workflow() {
    let world = world();
    change(&world, "      - uses: azure/login@v2\n        with:\n          creds: ${{ secrets.AZURE_CREDENTIALS }}\n", "");
    change(&world, "concurrency:\n  group: deploy-to-azure\n  cancel-in-progress: false\n", "");
    let finding = asked(&world, GATE, 1);
    holds(&finding, "fix", "concurrency:\n  group: deploy\n");
    let login = "      - uses: azure/login@v2\n        with:\n          creds: ${{ secrets.AZURE_CREDENTIALS }}";
    holds(&finding, "fix", login);
    change(&world, "    steps:\n", &format!("    steps:\n{login}\n"));
    change(&world, "jobs:\n", "concurrency:\n  group: deploy\n  cancel-in-progress: false\njobs:\n");
    asked(&world, GATE, 0);
}

#[test]
fn a_push_that_does_not_start_it_is_a_no_with_the_lines_to_add() {
    for (to, said, line) in [
        ("  push:\n    branches: [develop]\n", "its `branches` leave it out", "branches: [main]"),
        ("  push:\n    branches: [main, '!main']\n", "its `branches` leave it out", "branches: [main]"),
        ("  push:\n    paths: ['client/**']\n", "touches server/main.py does not start it", "paths: ['server/**']"),
        (
            "  push:\n    paths: ['server/**', '!server/requirements.txt']\n",
            "touches server/requirements.txt does not",
            "paths: ['server/**']",
        ),
        ("  push:\n    paths-ignore: ['**.py']\n", "touches server/main.py does not", "paths: ['server/**']"),
        ("  push:\n    tags: ['v*']\n", "only pushes of tags start it", "branches: [main]"),
        ("", "a push does not start it, only workflow_dispatch", "branches: [main]"),
    ] {
        let world = world();
        change(&world, "  push:\n    branches: [main]\n    paths: ['server/**']\n", to);
        let finding = asked(&world, GATE, 1);
        holds(&finding, "found", said);
        holds(&finding, "fix", &format!("add to {FILE}:\non:\n  push:\n    {line}"));
    }
}

#[test]
fn a_secret_that_stands_only_in_a_comment_or_a_group_of_every_run_is_a_no() {
    let one = world();
    change(&one, "creds: ${{ secrets.AZURE_CREDENTIALS }}", "creds: x  # ${{ secrets.AZURE_CREDENTIALS }}");
    holds(&asked(&one, GATE, 1), "found", "no step is given secrets.AZURE_CREDENTIALS");
    let two = world();
    change(&two, "group: deploy-to-azure", "group: deploy-${{ github.run_id }}");
    holds(&asked(&two, GATE, 1), "found", "a concurrency group of its own for every run");
    let three = world();
    change(&three, "    runs-on:", "    if: github.event_name == 'workflow_dispatch'\n    runs-on:");
    holds(&asked(&three, GATE, 1), "found", "the job deploy does not run for a push");
}

#[test]
fn another_workflow_that_deploys_on_a_pull_request_is_a_no() {
    let world = world();
    beside(&world, "deploy.yml", CONTAINER_APPS);
    let finding = asked(&world, GATE, 1);
    holds(&finding, "found", ".github/workflows/deploy.yml: the job build-and-deploy deploys on pull_request");
    holds(&finding, "fix", "if: github.event_name == 'push'");
    beside(&world, "deploy.yml", &CONTAINER_APPS.replace("    runs-on:", "    if: github.event_name == 'push'\n    runs-on:"));
    asked(&world, GATE, 0);
    beside(&world, "deploy.yml", &CONTAINER_APPS.replace("    runs-on:", "    if: inputs.deploy\n    runs-on:"));
    holds(&asked(&world, GATE, 69), "found", "nobody can tell whether");
    beside(&world, "deploy.yml", &CONTAINER_APPS.replace("  pull_request:", "  pull_request: ["));
    holds(&asked(&world, GATE, 69), "found", "deploy.yml cannot be read surely");
}

#[test]
fn a_missing_or_untracked_workflow_is_a_no() {
    let one = world();
    fs::remove_file(one.workspace().join(FILE)).expect("the workflow");
    holds(&asked(&one, GATE, 1), "found", "is not there");
    let two = world();
    two.git(&["rm", "--cached", "--quiet", FILE]);
    let finding = asked(&two, GATE, 1);
    holds(&finding, "found", "is not tracked, so GitHub does not have it");
    two.sh(finding["fix"].as_str().expect("a fix")).exits(0);
    asked(&two, GATE, 0);
}

#[test]
fn what_cannot_be_read_surely_is_unknown() {
    for (from, to, said) in [
        ("on:\n", "on: [\n", "cannot be read surely: line "),
        ("on:\n", "on: &x\n", ""),
        ("concurrency:\n", "concurrency: *x\n#", "cannot be read surely"),
        ("    branches: [main]\n", "    branches: ['[']\n", "is not understood"),
        ("    branches: [main]\n", "    branch: [main]\n", "`on.push.branch` is not known here"),
        ("    runs-on:", "    if: inputs.deploy\n    runs-on:", "runs only under a condition"),
        ("      - uses: azure/login@v2\n", "      - uses: azure/login@v2\n        if: inputs.x\n", "signs in only under a condition"),
        ("    steps:\n", "    uses: ./.github/workflows/other.yml\n    not-steps:\n", "hands its work to other workflows"),
    ] {
        let world = world();
        change(&world, from, to);
        // An anchor that nobody refers to changes nothing.
        let finding = asked(&world, GATE, if said.is_empty() { 0 } else { 69 });
        holds(&finding, "found", said);
    }
}

#[test]
fn an_unreadable_workflow_and_a_missing_git_are_unknown() {
    let world = world();
    let ran = world.tool("nexy-gate").arg(GATE).env("PATH", "/nowhere").run();
    ran.exits(69).says("not on PATH");
    fs::write(world.workspace().join(FILE), b"\xff\xfe").expect("bytes");
    holds(&asked(&world, GATE, 69), "found", "cannot be read: it is no UTF-8");
    fs::remove_dir_all(world.workspace().join(".git")).expect("the repository");
    holds(&asked(&world, GATE, 1), "found", "is no git repository");
}
