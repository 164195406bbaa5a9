#!/bin/sh
# Runs a release stage by stage through files in releases/<version>/ of the workspace. A later run goes on at the first stage that is not done.
# scripts/release.sh          all stages that are not done; the last verification is always asked again
# scripts/release.sh STAGE    publish (with its gates), manifest, deliver, push or verify, also when it was done before
#   --allow-rolled-back REASON    publish bytes that were rolled back
#   --kind update                 the artifacts alone move, the server's code stays
# scripts/release.sh rollback     gives users the previous file back, down to the VM, after a question on the terminal
#   --from V --to-version V --artifact FILE --yes --dry-run
set -eu
program=release.sh
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=scripts/lib.sh
. "$here/lib.sh"
usage="scripts/$program [publish|manifest|deliver|push|verify|rollback]"
name='' folder='' earlier='' input=10-record worthless=0 unpushed=''
from='' to='' file='' reason='' kind='' asks=--ask dry_run=''

# Runs one stage: try NAME INPUT COMMAND. The record gets its name only when the command has succeeded, and only then the earlier
# record of the stage moves away. Its exit code is left in `ended`, and what a failure knew in NAME.failed.json and `knew`.
try() {
    name=$1
    input_file=$2
    shift 2
    printf '== %s\n' "$name" >&2
    ended=0 knew=''
    true >"$folder/$name.part" || no_room "$folder"
    "$@" <"$input_file" >"$folder/$name.part" || ended=$?
    if [ "$ended" -eq 0 ]; then
        cmp -s "$folder/$name.part" "$folder/$name.json" || supersede "$name"
        mv "$folder/$name.part" "$folder/$name.json" || no_room "$folder"
    elif [ -s "$folder/$name.part" ] && [ "$ended" -ne "$worthless" ]; then
        mv "$folder/$name.part" "$folder/$name.failed.json" || no_room "$folder"
        knew=" (the record so far is $PWD/$folder/$name.failed.json)"
    fi
}

# Runs one stage, and ends with its code when it fails.
stage() {
    try "$@"
    [ "$ended" -eq 0 ] || stopped
}

stopped() {
    # The newest answer is no, so an earlier yes must not stand beside it.
    [ "$ended" -ne 1 ] || [ "$name" != 60-verify ] || supersede 60-verify.json
    # The end of an interrupted tool can be seen before the signal that has ended it.
    case $ended in 129 | 130 | 143) interrupted "$ended" ;; esac
    [ "$ended" -le 128 ] || users_now
    too=
    [ -z "$unpushed" ] || name=$unpushed too='; what users get was looked at all the same'
    stop "$ended" "stopped at $name with exit code $ended$too" "read the lines above$knew, then type: $again"
}

# Moves records that a newer one has replaced to earlier-N/, one folder for each run. Nothing is deleted.
supersede() {
    for old in "$@"; do
        for record in "$folder/${old%.json}.json" "$folder/$old.failed.json"; do
            [ -e "$record" ] || continue
            if [ -z "$earlier" ]; then
                number=1
                while [ -e "$folder/earlier-$number" ]; do number=$((number + 1)); done
                earlier=$folder/earlier-$number
                mkdir "$earlier" || no_room "$folder"
            fi
            mv "$record" "$earlier/" || no_room "$folder"
        done
    done
}

# Keeps a second release of the same version out. The lock is a symbolic link that names the process, because making a link is atomic.
# A killed release leaves its link behind; it is removed when that process does not exist any more.
alone() {
    lock=$folder.lock
    if ! ln -s "$$" "$lock" 2>/dev/null; then
        owner=$(readlink "$lock") || stop 69 "cannot write in $PWD/releases" "ls -ld '$PWD/releases'"
        if is_at_work "$owner" || ! take_away "$owner" || ! ln -s "$$" "$lock"; then
            stop 75 "another release of version $version is at work: process $owner" \
                "wait until it is done, then type: $again; when process $owner is no release, type: rm '$PWD/$lock'"
        fi
    fi
    trap leave EXIT
    trap 'interrupted 129' HUP
    trap 'interrupted 130' INT
    trap 'interrupted 143' TERM
}

# Takes the lock of a dead release away. A third one may have replaced it since it was read; that one is given back.
take_away() {
    mv "$lock" "$lock.$$" 2>/dev/null || return 1
    taken=$(readlink "$lock.$$") && rm -f "$lock.$$"
    [ "$taken" = "$1" ] && return
    ln -s "$taken" "$lock"
    return 1
}

# Leaves no lock, no half-written file and no empty folder behind.
leave() {
    rm -f "$lock" "$folder"/*.part
    rmdir "$folder" 2>/dev/null || :
}

interrupted() {
    trap '' HUP INT TERM
    users_now
    stop "$1" "interrupted at ${name:-the start}" "$again"
}

# Says what users have when a stage did not come to its end.
users_now() {
    case $name in
        '' | ?0-record | 20-gates) now='nothing was changed: users have what they had' ;;
        30-publish | 71-rollback) now='users have a whole file; nexy-publish says above, or with nexy-publish show, which one' ;;
        40-manifest | 72-manifest) now='the file is live, and clients are not told yet' ;;
        50-deliver | 73-deliver) now='the file is live; what is known of the manifest on the VM stands above: scripts/vm.sh nexy-manifest show' ;;
        55-push | 74-push) now='the file is live and the VM has its manifest; whether it is pushed, the same command asks again' ;;
        *) now='the file is live and the VM has its manifest; only the last look at both is missing' ;;
    esac
    printf '%s: %s\n' "$program" "$now" >&2
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

# Makes a new record. When inbox or target differ from those of the earlier record, it waits as 00-record until it is published.
record() {
    stage 00-record /dev/null nexy nexy-version record ${kind:+--kind "$kind"}
    if [ -e "$folder/10-record.json" ] && ! cmp -s "$folder/00-record.json" "$folder/10-record.json"; then
        input=00-record
        printf '%s: inbox or target changed, so the release starts anew; the earlier records move to %s/earlier-N when it is published\n' "$program" "$folder" >&2
    else
        mv "$folder/00-record.json" "$folder/10-record.json"
    fi
}

publish() {
    stage 20-gates "$folder/$input.json" nexy nexy-gate before-publish ${reason:+--allow-rolled-back "$reason"} -
    stage 30-publish "$folder/20-gates.json" nexy nexy-publish ${reason:+--allow-rolled-back "$reason"} -
    supersede 40-manifest 50-deliver 55-push 60-verify 70-record 71-rollback 72-manifest 73-deliver 74-push 75-verify 80-done
    if [ "$input" = 00-record ]; then
        supersede 10-record
        mv "$folder/00-record.json" "$folder/10-record.json" || no_room "$folder"
        input=10-record
    fi
}

manifest() {
    after 30-publish
    stage 40-manifest "$folder/30-publish.json" nexy nexy-manifest write -
    supersede 50-deliver 55-push 60-verify
}

# A clone without records of the release delivers its own manifest, which must describe what is live.
deliver() {
    if [ ! -s "$folder/30-publish.json" ] && [ ! -s "$folder/40-manifest.json" ]; then
        "$here/manifest_to_vm.sh" --live
        return
    fi
    after 40-manifest
    stage 50-deliver "$folder/40-manifest.json" "$here/manifest_to_vm.sh" -
    supersede 55-push 60-verify
}

# A clone without records of the release pushes its own manifests, which must describe what is live.
push() {
    if [ ! -s "$folder/30-publish.json" ] && [ ! -s "$folder/40-manifest.json" ]; then
        nexy nexy-manifest push
        return
    fi
    after 50-deliver
    stage 55-push "$folder/50-deliver.json" nexy nexy-manifest push -
    supersede 60-verify
}

# Pushes the manifests of a delivery: push_after DELIVERY PUSH. A push that is refused keeps the verification from nothing: that reads
# the record with the refusal, and ends with its code.
push_after() {
    try "$2" "$folder/$1.json" nexy nexy-manifest push -
    if [ "$ended" -ne 0 ]; then
        [ -n "$knew" ] || stopped
        unpushed=$2
    fi
}

# Names the step that stays with a person, when the push has named one.
pull_next() {
    ! grep -q '"git pull ' "$folder/$1.json" ||
        printf '  next: what stands below "next:" of %s brings this clone to the pushed commit\n' "$1" >&2
}

verify() {
    after 50-deliver
    verify_after 50-deliver 55-push 60-verify
}

# Looks at what users get, with the newest record that there is: verify_after DELIVERY PUSH VERIFICATION.
verify_after() {
    newest=$1
    [ ! -e "$folder/$2.json" ] || newest=$2
    [ -z "$unpushed" ] || newest=$2.failed
    wait_s=$(value limits.public_url_wait_s) || exit
    stage "$3" "$folder/$newest.json" nexy nexy-verify updates --wait "${wait_s}s" -
}

# Only a rollback that was not refused leaves records, since a refusal has changed nothing. Each rollback runs all of its stages.
rollback() {
    name=70-record
    printf '== %s\n' "$name" >&2
    nexy nexy-version record >"$folder/70-record.part" || exit
    worthless=1
    # shellcheck disable=SC2086 # $asks is one option or none
    stage 71-rollback "$folder/70-record.part" nexy nexy-publish rollback ${from:+--from "$from"} ${to:+--to-version "$to"} \
        ${file:+--artifact "$file"} $asks -
    worthless=0
    supersede 20-gates 30-publish 40-manifest 50-deliver 55-push 60-verify 70-record 72-manifest 73-deliver 74-push 75-verify 80-done
    mv "$folder/70-record.part" "$folder/70-record.json" || no_room "$folder"
    stage 72-manifest "$folder/71-rollback.json" nexy nexy-manifest write -
    stage 73-deliver "$folder/72-manifest.json" "$here/manifest_to_vm.sh" -
    push_after 73-deliver 74-push
    verify_after 73-deliver 74-push 75-verify
    printf '%s: rolled back; the evidence is %s\n' "$program" "$PWD/$folder/75-verify.json" >&2
    printf '  next: VERSION still says %s; the next release must be higher than %s\n' "$current" "$version" >&2
    pull_next 74-push
}

# Shows what a rollback would do, and writes nothing.
rollback_plan() {
    nexy nexy-version record |
        nexy nexy-publish rollback --dry-run ${from:+--from "$from"} ${to:+--to-version "$to"} ${file:+--artifact "$file"} - >/dev/null
}

release() {
    if [ "$input" = 10-record ] && [ -e "$folder/30-publish.json" ]; then
        live=0
        nexy nexy-publish live - <"$folder/30-publish.json" || live=$?
        case $live in
            0) printf '%s: %s is live already; what was done before is not repeated\n' "$program" "$version" >&2 ;;
            1) publish ;;
            *) stop "$live" "cannot determine whether $version is still live" "nexy-publish show; then type: $again" ;;
        esac
    else
        publish
    fi
    [ -e "$folder/40-manifest.json" ] || manifest
    [ -e "$folder/50-deliver.json" ] || deliver
    [ -e "$folder/55-push.json" ] || push_after 50-deliver 55-push
    verify
    printf '%s: the evidence of the release is %s\n' "$program" "$PWD/$folder/60-verify.json" >&2
    pull_next 55-push
}

# Exits when a word is no version: it becomes the name of a folder.
is_version() {
    case $1 in *[!0-9.]* | *.*.*.*.* | .* | *. | *..*) ;; *.*.*.*) return 0 ;; esac
    stop 2 "$1 is no version of four numbers" "$again"
}

act=${1:-release}
case $act in
    publish | manifest | deliver | push | verify | release | rollback) [ "$#" -eq 0 ] || shift ;;
    --*) act=release ;;
    *) stop 2 "there is no stage $act" "$usage" ;;
esac
# What a person types after a stop is the same act: a rollback that is blocked must not turn into a release.
case $act in publish | rollback) again="make $act" ;; *) again='make release' ;; esac
while [ "$#" -gt 0 ]; do
    case $act:$1:$# in
        rollback:--yes:*) asks='' ;;
        rollback:--dry-run:*) dry_run=yes ;;
        *:1) stop 2 "cannot use $1" "$usage" ;;
        rollback:--from:*) from=$2 again="$again FROM=$2" ;;
        rollback:--to-version:*) to=$2 again="$again TO=$2" ;;
        rollback:--artifact:*) file=$2 again="$again ARTIFACT=$(quoted "$2")" ;;
        publish:--kind:* | release:--kind:*) kind=$2 again="$again KIND=$(quoted "$2")" ;;
        publish:--allow-rolled-back:* | release:--allow-rolled-back:*) reason=$2 again="$again ALLOW_ROLLED_BACK=$(quoted "$2")" ;;
        *) stop 2 "cannot use $1" "$usage" ;;
    esac
    case $1 in --yes | --dry-run) ;; *) shift ;; esac
    shift
done
for word in "$from" "$to"; do [ -z "$word" ] || is_version "$word"; done
[ -z "$file" ] || [ -f "$file" ] || stop 2 "$file is no file" 'make rollback ARTIFACT=/path/to/the/older/file'
case $file in '' | /*) ;; *) file=$PWD/$file ;; esac
need_tools nexy-version nexy-gate nexy-publish nexy-manifest nexy-verify
enter_workspace
if [ -n "$dry_run" ]; then
    rollback_plan
    exit
fi
current=$(value version) || exit
version=${from:-$current}
folder=releases/$version
mkdir -p "$folder" || no_room "$PWD"
alone
case $act in publish | release) record ;; esac
"$act"
