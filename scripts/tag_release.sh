#!/bin/sh
# Tags a release: commits what `nexy-version set` changed and nothing else, asks the gates about that commit, and pushes branch and tag to the
# workspace's repository, and those of the folder layout.server to the server's. Nothing is forced; run twice it changes nothing.
# scripts/tag_release.sh              goes on where an earlier run stopped
# scripts/tag_release.sh --dry-run    asks the same and shows what would be done
set -eu
program=tag_release.sh
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=scripts/lib.sh
. "$here/lib.sh"
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE
again='make tag'

# The commit that the tag leads to at a remote; nothing when it has none: tag_at REMOTE
tag_at() {
    git ls-remote "$1" "refs/tags/$tag" "refs/tags/$tag^{}" >"$work/refs" || stop 69 "cannot determine whether $1 has $tag; nothing was changed" "git ls-remote $1"
    # The second line, if there is one, names the commit of an annotated tag.
    sed -n '$p' "$work/refs" | cut -f 1
}

# Stops when the tag is on another commit than it should be: untaken WHERE FOUND WANTED
untaken() {
    [ -z "$2" ] || [ "$2" = "$3" ] ||
        stop 1 "$1 has $tag on commit $2 already, not on $3; a tag that others may have is never moved" "$next"
}

# Makes the commit, without moving the branch, so that the gates can be asked about it.
propose() {
    (
        export GIT_INDEX_FILE="$work/index"
        git read-tree "$head" && printf '%s\n' "$changed" | git --literal-pathspecs update-index --stdin &&
            git commit-tree "$(git write-tree)" -p "$head" -m "Release $tag"
    ) || stop 69 'git cannot make the commit, for the reason that stands above' "git status, then type: $again"
}

# Commits the same files for real: other changes of work tree and index stay out, and as they are.
commit() {
    printf '%s\n' "$changed" | git --literal-pathspecs commit --quiet --only --message="Release $tag" --pathspec-from-file=- >&2 ||
        stop 1 'git refuses to commit, for the reason that stands above; nothing is tagged' "$again"
    made=$(git rev-parse HEAD)
    [ "$(git rev-parse "$made^{tree}")" = "$(git rev-parse "$proposed^{tree}")" ] ||
        stop 1 "a hook of git changed what was committed ($made), so the gates were asked about something else; nothing is tagged" "$again"
    commit=$made
}

# Pushes, and never more than is named; stops when the remote refuses: push REMOTE REFSPEC
push() {
    pushed=0
    git push --no-follow-tags --recurse-submodules=no "$1" "$2" >&2 || pushed=$?
    case $pushed in
        0) done=yes ;;
        1) stop 1 "$1 refuses ${2#*:}, for the reason that stands above" "see to that, then type: $again" ;;
        *) stop 69 "cannot push ${2#*:} to $1" "git ls-remote $1, then type: $again" ;;
    esac
}

# Pushes a commit to the branch, unless it is in there: push_branch REMOTE COMMIT HOW-TO-CATCH-UP
push_branch() {
    # A branch that the remote does not have cannot be fetched; any other fault shows in the push.
    if git fetch --quiet --no-tags "$1" "refs/heads/$branch" 2>/dev/null; then
        ! git merge-base --is-ancestor "$2" FETCH_HEAD || return 0
        git merge-base --is-ancestor FETCH_HEAD "$2" ||
            stop 1 "$branch of $1 has commits that are not here, so it was not pushed, and nothing is tagged now" "$3, then type: $again"
    fi
    push "$1" "$2:refs/heads/$branch"
}

# The commit of the server's folder, which is what the server's repository holds.
split_server() {
    printf '%s: looking for the commit of %s/ (git subtree split); a long history takes some time\n' "$program" "$folder" >&2
    # On a terminal it shows how far it is.
    quiet=-q
    [ ! -t 2 ] || quiet=''
    split=$(git subtree split ${quiet:+"$quiet"} --prefix="$folder" "$commit") ||
        stop 69 "git subtree split cannot tell the commit of $folder/, for the reason that stands above" "git subtree split --prefix=$folder $commit"
    [ -z "$at_server" ] || [ "$at_server" = "$split" ] || ! git merge-base --is-ancestor "$at_server" HEAD 2>/dev/null ||
        stop 1 "$tag in $server is on commit $at_server of the workspace, as git push $server $tag puts it; there it belongs on $split, the commit of $folder/ alone" \
            "$next"
    untaken "$server" "$at_server" "$split"
}

# The tag of the server's repository: the same name on another commit, so it has no name here.
server_tag() {
    printf 'object %s\ntype commit\ntag %s\ntagger %s\n\nRelease %s\n' "$split" "$tag" "$(git var GIT_COMMITTER_IDENT)" "$tag" | git mktag ||
        stop 69 'git cannot make the tag of the server, for the reason that stands above' "$again"
}

interrupted() {
    stop "$1" 'interrupted: what is done stays, nothing was forced' "$again"
}

case $* in
    '') dry_run='' ;;
    --dry-run) dry_run=yes ;;
    *) stop 2 "cannot use $*" "scripts/$program [--dry-run]" ;;
esac
need_tools git nexy-version nexy-gate
enter_workspace
version=$(value version) && tag=$(value tag) && folder=$(value layout.server) && workspace=$(value remotes.workspace) && server=$(value remotes.server) || exit
next="make version-set V=${version%.*}.$((${version##*.} + 1))${again#make tag} && $again"
[ -e "$(git --exec-path)/git-subtree" ] || command -v git-subtree >/dev/null ||
    stop 69 'git subtree is not installed' 'install git with its own git-subtree: package git on Debian and in Homebrew, git-subtree on Fedora'
branch=$(git symbolic-ref --quiet --short HEAD) ||
    stop 1 'HEAD is no branch, so there is none to commit to and to push' "git switch BRANCH, then type: $again"
open_work
trap 'interrupted 129' HUP
trap 'interrupted 130' INT
trap 'interrupted 143' TERM
nexy nexy-version check >/dev/null || stop $? "the places of the version do not agree with VERSION ($version); nothing was changed" "make version-set V=$version${again#make tag}"
changed=$(nexy nexy-version changes) || exit
nexy nexy-gate git-remotes >/dev/null || stop $? 'the remotes are not those of nexy.toml; nothing was changed' "do what stands above, then type: $again"
head=$(git rev-parse HEAD)
proposed=$head
[ -z "$changed" ] || proposed=$(propose) || exit
at_here=$(git rev-parse --verify --quiet "refs/tags/$tag^{commit}") || at_here=''
at_workspace=$(tag_at "$workspace") && at_server=$(tag_at "$server") || exit
wanted=$head
[ -z "$changed" ] || wanted='the commit that would be made now'
untaken 'this repository' "$at_here" "$wanted"
untaken "$workspace" "$at_workspace" "$wanted"
[ -z "$changed" ] || untaken "$server" "$at_server" "$wanted"
nexy nexy-gate tag-coherent layout workflow-triggers --tag "$tag" --commit "$proposed" >/dev/null ||
    stop $? "$tag would be no good tag; nothing was changed" "do what stands above, then type: $again"

if [ -n "$dry_run" ]; then
    [ -z "$changed" ] || printf 'would commit to %s, as Release %s:\n%s\n' "$branch" "$tag" "$changed" >&2
    [ -n "$at_here" ] || printf 'would tag %s as %s\n' "$(git log -1 --format='%h %s' "$proposed")" "$tag" >&2
    [ -n "$at_workspace" ] || printf 'would push %s and %s to %s\n' "$branch" "$tag" "$workspace" >&2
    [ -n "$at_server" ] || printf 'would push the commit of %s/ to %s, branch %s, and tag it there as %s\n' "$folder" "$server" "$branch" "$tag" >&2
    exit
fi
done=''
commit=$proposed
[ -z "$changed" ] || commit
split_server
# The tag comes last: a branch that is refused burns no version.
push_branch "$workspace" "$commit" "git pull --rebase --autostash $workspace $branch"
push_branch "$server" "$split" "git subtree pull --prefix=$folder $server $branch"
[ -n "$at_here" ] || git tag --annotate --message="Release $tag" "$tag" "$commit" || stop 69 'git cannot make the tag, for the reason that stands above' "$again"
[ -n "$at_workspace" ] || push "$workspace" "refs/tags/$tag:refs/tags/$tag"
if [ -z "$at_server" ]; then
    object=$(server_tag) || exit
    push "$server" "$object:refs/tags/$tag"
fi
others=$(git status --porcelain --untracked-files=no | wc -l)
[ "$others" -eq 0 ] || printf '%s: %s other changes of this workspace stay out of the release (git status shows them)\n' "$program" "$((others))" >&2
printf '%s: %s is %s in %s, and %s in %s%s\n' "$program" "$tag" "$commit" "$workspace" "$split" "$server" "${done:+ now}" >&2
[ -n "$done" ] || printf '%s: nothing was changed\n' "$program" >&2
printf '  next: make gate-deploy\n' >&2
