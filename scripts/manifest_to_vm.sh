#!/bin/sh
# Delivers the manifest of a release record to the VM: ... | nexy-manifest write - | scripts/manifest_to_vm.sh - | ...
set -eu
program=manifest_to_vm.sh
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=scripts/lib.sh
. "$here/lib.sh"

if [ "$#" -ne 1 ] || [ "$1" != - ]; then
    stop 2 'expected a release record on standard input, and the one word -' "nexy-manifest write - | scripts/$program -"
fi

# Passes the record on with the failure in it. A record that already holds a failure is passed on byte for byte.
hand_on() {
    ended=$?
    [ "$ended" -gt 128 ] || nexy nexy-manifest delivered --failed "$ended" - <"$work/record" || :
    close_work
    exit "$ended"
}

need_tools nexy-version nexy-manifest nexy-verify
open_work
cat >"$work/record" || no_room "$work"
ended=0
payload=$(nexy nexy-manifest payload - <"$work/record") || ended=$?
case $ended in 65 | 78) exit "$ended" ;; esac # no record came, or it cannot be read: there is nothing to pass on
trap hand_on EXIT
[ "$ended" -eq 0 ] || exit "$ended"
if [ -z "$payload" ]; then
    trap close_work EXIT
    printf '%s: the record has no manifest; the VM keeps the one that it has\n' "$program" >&2
    cat "$work/record" || exit 69
    exit 0
fi

need_az
begin_script
assign SHA256 "${payload%% *}"
assign PAYLOAD "${payload#* }"
send frame.sh install_manifest.sh
trap close_work EXIT
nexy nexy-manifest delivered "$work/answer" - <"$work/record"
