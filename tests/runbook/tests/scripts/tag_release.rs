//! `scripts/tag_release.sh` with a real git and bare repositories: what goes into the commit and out to the remotes, and what stops it.

use nexy_standin::skip::{Need, skipped};
use nexy_standin::world::{Ran, World};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

const TAG: &str = "v2.0.0.5";
const PLACES: [&str; 11] = [
    "VERSION",
    "client/config/unified_config.yaml",
    "client/modules/grpc_client/macos/info/Info.plist",
    "client/modules/hardware_id/macos/info/Info.plist",
    "client/modules/input_processing/macos/info/Info.plist",
    "client/packaging/distribution.xml",
    "server/Docs/RELEASE_AND_UPDATE_GUIDE.md",
    "server/Docs/SERVER_DEPLOYMENT_GUIDE.md",
    "server/config.env.example",
    "server/config/unified_config.py",
    "server/config/unified_config.yaml",
];

/// A git that has `git subtree`, which not every build brings.
pub(crate) fn git_with_subtree() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let brings = |git: &PathBuf| {
        let asked = std::process::Command::new(git).arg("--exec-path").output();
        asked.is_ok_and(|said| Path::new(String::from_utf8_lossy(&said.stdout).trim()).join("git-subtree").is_file())
    };
    std::env::split_paths(&path).map(|folder| folder.join("git")).filter(|git| git.is_file()).find(brings)
}

/// A workspace one step before its tag: the version is set, other work lies beside it, and both remotes have what was before.
/// Between script and git stands a wrapper: it leads to bare repositories, as the network would, and kills the script where
/// `KILL_AT` says: `push-2-after`.
fn world(test: &str) -> Option<World> {
    let Some(git) = git_with_subtree() else {
        skipped(test, "this git has no git-subtree", Need::Package("git"));
        return None;
    };
    let world = World::new();
    let (git, root) = (git.display(), world.root());
    let (web, root) = (world.standin.web_url(), root.display());
    let wrapper = format!(
        "#!/bin/sh\n\
         case $1 in --exec-path) [ -z \"$NO_SUBTREE\" ] || {{ echo /nowhere; exit; }} ;; esac\n\
         case \"$DOWN $1\" in 'ls-remote ls-remote') exit 128 ;; esac\n\
         case $1 in --literal-pathspecs) step=$2 ;; *) step=$1 ;; esac\n\
         case $1 in\n\
         push | pull | fetch | ls-remote) set -- -c 'url.file://{root}/remotes/.insteadOf={web}/' \"$@\" ;;\n\
         esac\n\
         [ -n \"$KILL_AT\" ] || exec '{git}' \"$@\"\n\
         echo >>\"$TMPDIR/../$step.count\"\n\
         here=$step-$(($(wc -l <\"$TMPDIR/../$step.count\")))\n\
         [ \"$KILL_AT\" != \"$here-before\" ] || kill -KILL 0\n\
         '{git}' \"$@\" || exit\n\
         [ \"$KILL_AT\" != \"$here-after\" ] || kill -KILL 0\n"
    );
    let file = world.programs().join("git");
    fs::remove_file(&file).unwrap();
    fs::write(&file, wrapper).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    world.bare_remotes();
    fs::write(world.home().join(".gitconfig"), "[user]\nname = Person\nemail = person@example.org\n").unwrap();
    push(&world, "origin", "HEAD:refs/heads/main").exits(0);
    world.set_version("2.0.0.5");
    Some(world)
}

fn push(world: &World, remote: &str, what: &str) -> Ran {
    world.sh(&format!("git push --quiet {remote} {what}"))
}

fn tag(world: &World) -> Ran {
    world.sh("scripts/tag_release.sh")
}

/// Every reference, here and at both remotes.
fn refs(world: &World) -> String {
    let all = [world.workspace(), world.bare("Nexy"), world.bare("Nexy_server")];
    all.iter()
        .map(|folder| world.git_in(folder, &["for-each-ref", "--format=%(objectname) %(refname)", "refs/heads", "refs/tags"]))
        .collect()
}

fn at(world: &World, repository: &str, name: &str) -> String {
    world.git_in(&world.bare(repository), &["rev-parse", name]).trim().to_owned()
}

/// The tag is where it belongs: on HEAD in the workspace's repository, and on the commit of `server/` in the server's.
#[track_caller]
fn is_whole(world: &World) {
    let head = world.git(&["rev-parse", "HEAD"]).trim().to_owned();
    assert_eq!(world.git(&["log", "-1", "--format=%s"]).trim(), format!("Release {TAG}"));
    let files = world.git(&["diff", "--name-only", "HEAD^", "HEAD"]);
    assert_eq!(files.lines().collect::<Vec<_>>(), PLACES);
    for name in ["refs/heads/main".to_owned(), format!("refs/tags/{TAG}^{{commit}}")] {
        assert_eq!(at(world, "Nexy", &name), head, "{name}");
        assert_eq!(at(world, "Nexy_server", &format!("{name}^{{tree}}")), world.git(&["rev-parse", "HEAD:server"]).trim(), "{name}");
    }
    for repository in ["Nexy", "Nexy_server"] {
        assert_eq!(world.git_in(&world.bare(repository), &["cat-file", "-t", TAG]).trim(), "tag", "{repository}");
    }
    assert_eq!(at(world, "Nexy_server", &format!("{TAG}^{{commit}}")), at(world, "Nexy_server", "refs/heads/main"));
}

#[test]
fn only_the_version_is_committed_and_a_second_run_changes_nothing() {
    let Some(world) = world("only_the_version_is_committed_and_a_second_run_changes_nothing") else { return };
    world.write("server/new.txt", "staged\n");
    world.git(&["add", "server/new.txt"]);
    world.write("server/requirements.txt", "changed\n");
    world.git(&["config", "push.followTags", "true"]);
    world.git(&["tag", "--annotate", "--message=of a person", "mine"]);
    let before = refs(&world);
    let shown = world.sh("scripts/tag_release.sh --dry-run");
    shown
        .exits(0)
        .says("would commit to main, as Release v2.0.0.5")
        .says("would push the commit of server/ to server_repo")
        .silent_stdout();
    assert_eq!(refs(&world), before);

    tag(&world).exits(0).says("2 other changes of this workspace stay out").says("next: make gate-deploy").silent_stdout();
    is_whole(&world);
    assert_eq!(world.git(&["status", "--porcelain"]), "A  server/new.txt\n M server/requirements.txt\n");
    assert_eq!(world.git_in(&world.bare("Nexy"), &["tag"]).trim(), TAG, "no other tag went out");

    let done = refs(&world);
    tag(&world).exits(0).says("nothing was changed");
    assert_eq!(refs(&world), done);
}

#[test]
fn a_run_that_was_killed_between_any_two_steps_is_gone_on_with() {
    let Some(world) = world("a_run_that_was_killed_between_any_two_steps_is_gone_on_with") else { return };
    // Each run goes on where the one before was killed. Pushed are: both branches, then the tag to both.
    let points = ["commit-1-after", "push-1-after", "push-1-after", "tag-1-before", "tag-1-after", "push-1-after", "push-1-after"];
    for (number, point) in points.into_iter().enumerate() {
        world.sh("rm -f ../*.count").exits(0);
        world.shell("scripts/tag_release.sh").env("KILL_AT", point).run().was_killed();
        let has = |repository| !world.git_in(&world.bare(repository), &["tag", "--list", TAG]).is_empty();
        assert_eq!((has("Nexy"), has("Nexy_server")), (number >= 5, number >= 6), "{point}");
    }
    is_whole(&world);
    tag(&world).exits(0).says("nothing was changed");
    is_whole(&world);
}

#[test]
fn a_remote_that_has_moved_on_is_not_forced_and_no_tag_is_made() {
    let Some(world) = world("a_remote_that_has_moved_on_is_not_forced_and_no_tag_is_made") else { return };
    world.sh("git stash --quiet && git commit --quiet --allow-empty --message=theirs && git push --quiet origin main && git reset --quiet --hard HEAD^ && git stash pop --quiet").exits(0);
    let theirs = at(&world, "Nexy", "main");
    tag(&world)
        .exits(1)
        .says("main of origin has commits that are not here")
        .says("git pull --rebase --autostash origin main, then type: make tag");
    assert_eq!((at(&world, "Nexy", "main"), world.git(&["tag"])), (theirs, String::new()));
    world.sh("git pull --quiet --rebase origin main").exits(0);
    // The remote has the last word.
    let hook = world.bare("Nexy").join("hooks/pre-receive");
    world.sh(&format!("printf '#!/bin/sh\\nexit 1\\n' >'{0}' && chmod 755 '{0}'", hook.display())).exits(0);
    tag(&world).exits(1).says("origin refuses refs/heads/main, for the reason that stands above");
    fs::remove_file(hook).unwrap();
    // Meanwhile the server's repository got a commit of its own.
    world.sh("git push --quiet server_repo \"$(git commit-tree HEAD:server -m theirs)\":refs/heads/main").exits(0);
    let theirs = at(&world, "Nexy_server", "main");
    tag(&world)
        .exits(1)
        .says("main of server_repo has commits that are not here")
        .says("git subtree pull --prefix=server server_repo main");
    assert_eq!((at(&world, "Nexy_server", "main"), world.git(&["tag"])), (theirs, String::new()));
}

#[test]
fn whatever_makes_a_bad_tag_stops_before_anything_changes() {
    let Some(world) = world("whatever_makes_a_bad_tag_stops_before_anything_changes") else { return };
    let old = world.git(&["rev-parse", "HEAD"]).trim().to_owned();
    let next = "make version-set V=2.0.0.6 && make tag";
    for (prepare, undo, code, said) in [
        (
            "echo '# note' >>server/config/unified_config.py",
            "sed -i '$d' server/config/unified_config.py",
            1,
            "has other edits than the version",
        ),
        ("echo 2.0.0.6 >VERSION", "echo 2.0.0.5 >VERSION", 1, "make version-set V=2.0.0.6"),
        (
            "git remote set-url origin https://elsewhere.example/a/b",
            "git remote set-url origin \"$WEB/Seregawpn/Nexy.git\"",
            1,
            "the remotes are not those of nexy.toml",
        ),
        ("git tag v2.0.0.5", "git tag -d v2.0.0.5", 1, next),
        (
            "git push --quiet origin HEAD:refs/tags/v2.0.0.5",
            "git push --quiet origin :refs/tags/v2.0.0.5",
            1,
            "origin has v2.0.0.5 on commit",
        ),
        (
            "git push --quiet server_repo HEAD:refs/tags/v2.0.0.5",
            "git push --quiet server_repo :refs/tags/v2.0.0.5",
            1,
            "server_repo has v2.0.0.5 on commit",
        ),
        ("git branch v2.0.0.5", "git branch -D v2.0.0.5", 1, "v2.0.0.5 would be no good tag"),
        ("git switch --quiet --detach", "git switch --quiet main", 1, "HEAD is no branch"),
        ("export DOWN=ls-remote", ":", 69, "cannot determine whether origin has v2.0.0.5"),
        ("export NO_SUBTREE=1", ":", 69, "package git on Debian"),
    ] {
        let prepared = format!(
            "exec 3>&1 >/dev/null 2>&1; {prepare}; git for-each-ref >../before; exec 2>&4; scripts/tag_release.sh; code=$?; exec 2>/dev/null; git for-each-ref | cmp - ../before || code=9; {undo}; exit $code"
        );
        let ran = world.shell(&format!("exec 4>&2; {prepared}")).env("WEB", &world.standin.web_url()).run();
        ran.exits(code).says(said);
        assert_eq!(world.git(&["rev-parse", "HEAD"]).trim(), old, "{prepare}");
    }
    // The rulebook's `git push server_repo vX` puts a commit of the workspace there.
    world.sh("git commit --quiet --all --message=by-hand && git push --quiet server_repo HEAD:refs/tags/v2.0.0.5").exits(0);
    tag(&world).exits(1).says("as git push server_repo v2.0.0.5 puts it; there it belongs on").says(next);
    assert_eq!(world.git(&["tag"]), "");
    world.sh("scripts/tag_release.sh --force").exits(2);
}
