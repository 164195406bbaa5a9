#!/bin/sh
# Asks everything that the definitions of done ask: first the VM, then what users get: scripts/done.sh [--kind server-only]
# The answers of the VM and the record with all reports lie in releases/<version>/.
set -eu
program=done.sh
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=scripts/lib.sh
. "$here/lib.sh"

kind=
case $#:${1:-}:${2:-} in
    0::) ;;
    2:--kind:server-only) kind=server-only ;;
    *) stop 2 "cannot use $*" 'make done, or after a fix of the server alone: make done KIND=server-only' ;;
esac
need_tools nexy-version nexy-verify
: "${NEXY_TOML:=$here/../nexy.toml}"
[ -f "$NEXY_TOML" ] || stop 78 "$NEXY_TOML does not exist" 'make done NEXY_TOML=/path/to/workspace/nexy.toml'
CDPATH='' cd -- "$(dirname -- "$NEXY_TOML")"
NEXY_TOML=$PWD/${NEXY_TOML##*/}
export NEXY_TOML
version=$(value version) || exit
folder=releases/$version
mkdir -p "$folder" || no_room "$PWD"

# The last record of a release or rollback; a fix of the server alone has published nothing, so that it begins one here.
record=
for name in 60-verify 75-verify; do
    [ ! -s "$folder/$name.json" ] || record=$folder/$name.json
done
if [ -n "$kind" ]; then
    record=$folder/80-server-only.json
    nexy nexy-version record --kind "$kind" >"$record.part" || exit
    mv "$record.part" "$record" || no_room "$folder"
elif [ -z "$record" ]; then
    stop 1 "no release of $version is verified" 'make release; or, after a fix of the server alone: make done KIND=server-only'
fi

# These words are those of the probe vm-asked.
gates='hard db' service=local
if grep -q '^  "kind": "update"' "$record"; then
    gates=db service='unit-active journal-clean local-updates manifest-pair local-feed'
fi
# Keeps what the VM says, yes or no: the probe judges it, so that a person reads all answers at once.
ask_vm() {
    kept=$folder/$1.json
    shift
    "$here/vm.sh" "$@" >"$kept.part" || :
    mv "$kept.part" "$kept" || no_room "$folder"
}
# shellcheck disable=SC2086 # several words
ask_vm vm-gates nexy-gate $gates
# shellcheck disable=SC2086 # several words
ask_vm vm-service nexy-verify $service

ended=0
nexy nexy-verify 'done' - <"$record" >"$folder/80-done.part" || ended=$?
name=80-done
[ "$ended" -eq 0 ] || name=80-done.failed
rm -f "$folder/80-done.json" "$folder/80-done.failed.json"
mv "$folder/80-done.part" "$folder/$name.json" || no_room "$folder"
[ "$ended" -eq 0 ] || stop "$ended" "not done, exit code $ended" 'read the lines above, then type: make done'
printf '%s: %s is done; the evidence is %s\n' "$program" "$version" "$PWD/$folder/$name.json" >&2
