#!/bin/sh
# Runs a release stage by stage through files in releases/<version>/ of the workspace. A later run goes on at the first stage that is not done.
# scripts/release.sh          all stages that are not done; the last verification is always asked again
# scripts/release.sh STAGE    publish (with its gates), manifest, deliver or verify, also when it was done before
# scripts/release.sh rollback [--artifact FILE --to-version V]    gives users the previous file back, down to the VM
set -eu
program=release.sh
again='make release'
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=scripts/lib.sh
. "$here/lib.sh"

# Runs one stage: stage NAME INPUT COMMAND. The record gets its name only when the command has succeeded.
stage() {
    name=$1
    input=$2
    shift 2
    printf '== %s\n' "$name" >&2
    ended=0
    true >"$folder/$name.part" || no_room "$folder"
    "$@" <"$input" >"$folder/$name.part" || ended=$?
    if [ "$ended" -eq 0 ]; then
        mv "$folder/$name.part" "$folder/$name.json" || no_room "$folder"
        return
    fi
    mv "$folder/$name.part" "$folder/$name.failed.json" || no_room "$folder"
    stop "$ended" "stopped at $name with exit code $ended" "read the lines above (the record so far is $PWD/$folder/$name.failed.json), then type: $again"
}

# Keeps a second release of the same version out. The lock is a symbolic link that names the process, because making a link is atomic.
# A killed release leaves its link behind; it is removed when that process does not exist any more.
alone() {
    lock=$folder.lock
    if ! ln -s "$$" "$lock" 2>/dev/null; then
        owner=$(readlink "$lock") || stop 69 "cannot write in $PWD/releases" "ls -ld '$PWD/releases'"
        if is_at_work "$owner" || ! rm "$lock" || ! ln -s "$$" "$lock"; then
            stop 75 "another release of version $version is at work: process $owner" \
                "wait until it is done, then type: $again; when process $owner is no release, type: rm '$PWD/$lock'"
        fi
    fi
    trap 'rm -f "$lock"' EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
}

# Asks ps whether the process is a running release: the number may belong to another program by now, or to a zombie.
is_at_work() {
    command -v ps >/dev/null || {
        kill -0 "$1" 2>/dev/null
        return
    }
    case $(ps -o stat= -o args= -p "$1") in
        Z*) return 1 ;;
        *"$program"*) ;;
        *) return 1 ;;
    esac
}

# Exits when the stage before is not done.
after() {
    [ -s "$folder/$1.json" ] || stop 1 "$1 is not done for version $version" 'make release'
}

# Removes records of stages that say nothing about the new state.
forget() {
    for later in "$@"; do
        rm -f "$folder/$later.json"
    done
}

# Makes a new record. When inbox or target differ from the earlier record, the release begins again and the earlier files are moved away.
record() {
    stage 00-record /dev/null nexy nexy-version record
    if [ -e "$folder/10-record.json" ] && ! cmp -s "$folder/00-record.json" "$folder/10-record.json"; then
        number=1
        while [ -e "$folder.earlier-$number" ]; do number=$((number + 1)); done
        mv "$folder" "$folder.earlier-$number"
        mkdir "$folder"
        mv "$folder.earlier-$number/00-record.json" "$folder/10-record.json"
        printf '%s: inbox or target changed, so the release starts anew; the earlier files are in %s\n' "$program" "$folder.earlier-$number" >&2
    else
        mv "$folder/00-record.json" "$folder/10-record.json"
    fi
}

publish() {
    forget 20-gates 30-publish 40-manifest 50-deliver 60-verify
    stage 20-gates "$folder/10-record.json" nexy nexy-gate before-publish -
    stage 30-publish "$folder/20-gates.json" nexy nexy-publish -
}

manifest() {
    after 30-publish
    forget 40-manifest 50-deliver 60-verify
    stage 40-manifest "$folder/30-publish.json" nexy nexy-manifest write -
}

deliver() {
    after 40-manifest
    forget 50-deliver 60-verify
    stage 50-deliver "$folder/40-manifest.json" "$here/manifest_to_vm.sh" -
}

verify() {
    after 50-deliver
    forget 60-verify
    wait_s=$(value limits.public_url_wait_s) || exit
    stage 60-verify "$folder/50-deliver.json" nexy nexy-verify updates --wait "${wait_s}s" -
}

# Removes the records of the publication, which is not live any more. Each rollback runs all of its stages.
rollback() {
    forget 20-gates 30-publish 40-manifest 50-deliver 60-verify 71-rollback 72-manifest 73-deliver 74-verify
    stage 70-record /dev/null nexy nexy-version record
    stage 71-rollback "$folder/70-record.json" nexy nexy-publish rollback "$@" -
    stage 72-manifest "$folder/71-rollback.json" nexy nexy-manifest write -
    stage 73-deliver "$folder/72-manifest.json" "$here/manifest_to_vm.sh" -
    wait_s=$(value limits.public_url_wait_s) || exit
    stage 74-verify "$folder/73-deliver.json" nexy nexy-verify updates --wait "${wait_s}s" -
}

release() {
    [ -e "$folder/30-publish.json" ] || publish
    [ -e "$folder/40-manifest.json" ] || manifest
    [ -e "$folder/50-deliver.json" ] || deliver
    verify
}

usage="scripts/$program [publish|manifest|deliver|verify|rollback]"
[ "$#" -le 1 ] || [ "$1" = rollback ] || stop 2 'expected at most one stage' "$usage"
case ${1:-release} in
    publish | manifest | deliver | verify | release | rollback) ;;
    *) stop 2 "there is no stage $1" "$usage" ;;
esac
# What a person types after a stop is the same act: a rollback that is blocked must not turn into a release.
[ "${1:-}" != rollback ] || again='make rollback'
need_tools nexy-version nexy-gate nexy-publish nexy-manifest nexy-verify
# The files are in the workspace, beside nexy.toml, whatever the current folder is.
: "${NEXY_TOML:=$here/../nexy.toml}"
[ -f "$NEXY_TOML" ] || stop 78 "$NEXY_TOML does not exist" "$again NEXY_TOML=/path/to/workspace/nexy.toml"
CDPATH='' cd -- "$(dirname -- "$NEXY_TOML")"
NEXY_TOML=$PWD/${NEXY_TOML##*/}
export NEXY_TOML
version=$(value version) || exit
folder=releases/$version
mkdir -p "$folder" || no_room "$PWD"
alone
case ${1:-release} in publish | release) record ;; esac
stage=${1:-release}
[ "$#" -eq 0 ] || shift
"$stage" "$@"
