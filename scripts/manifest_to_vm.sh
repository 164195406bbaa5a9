#!/bin/sh
# Delivers the manifest of a release record to the VM: ... | nexy-manifest write - | scripts/manifest_to_vm.sh - | ...
# With --live it reads no record: it delivers the manifest of the workspace, which must describe what is live, and prints the VM's answer.
set -eu
program=manifest_to_vm.sh
look='scripts/vm.sh nexy-manifest show'
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=scripts/lib.sh
. "$here/lib.sh"

if [ "$*" != - ] && [ "$*" != --live ]; then
    stop 2 'expected a release record on standard input and the one word -, or the one word --live' "nexy-manifest write - | scripts/$program -"
fi

# Sends a manifest: its digest and its base64.
deliver() {
    need_az
    begin_script
    assign SHA256 "${1%% *}"
    assign PAYLOAD "${1#* }"
    send frame.sh install_manifest.sh
}

# Whether it is unknown what happened on the VM: an end with 69 before anything was sent is known.
is_lost() {
    [ "$ended" -eq 69 ] && [ -n "$sent_to_vm" ]
}

# Asks which manifest the VM has, after an answer was lost.
ask_which() {
    printf '%s: the answer was lost; asking the VM which manifest it has\n' "$program" >&2
    begin_script
    assign COMMAND 'nexy-manifest show'
    send frame.sh run_tool.sh || :
    ended=0
}

# Whether every folder of the VM has the manifest of this digest: by the answer of nexy-manifest show.
has_it() {
    dirs=$(value layout.manifest_dirs) || exit
    shown=$(grep -c '"file_sha256": *"' "$work/answer") || stop 69 'unknown whether the manifest has reached the VM: it does not say which one it has' "$look"
    same=$(grep -c "\"file_sha256\": *\"$1\"" "$work/answer") || :
    [ "$shown" -ne "$same" ] || [ "$same" -ne "$(printf '%s\n' "$dirs" | wc -l)" ] || return 0
    stop 1 'the manifest was not delivered to the VM: it has another one' "delivering again is safe: scripts/$program --live"
}

# Passes the record on with the failure in it. A record that already holds a failure is passed on byte for byte.
hand_on() {
    ended=$?
    if is_lost; then
        nexy nexy-manifest delivered --lost "$work/answer" - <"$work/record" || :
    elif [ "$ended" -le 128 ]; then
        nexy nexy-manifest delivered --failed "$ended" - <"$work/record" || :
    fi
    close_work
    exit "$ended"
}

need_tools nexy-version nexy-manifest nexy-verify
open_work
if [ "$1" = --live ]; then
    payload=$(nexy nexy-manifest payload --live) || exit
    ended=0
    deliver "$payload" || ended=$?
    if is_lost; then
        ask_which
        # The VM has the manifest already, so that this changes nothing there and brings only the answer.
        if has_it "${payload%% *}"; then deliver "$payload" || ended=$?; fi
    fi
    [ "$ended" -eq 0 ] || exit "$ended"
    cat "$work/answer" || exit 69
    exit 0
fi
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

deliver "$payload" || ended=$?
if is_lost; then
    ask_which
    nexy nexy-manifest delivered --lost "$work/answer" - <"$work/record" >"$work/after" || ended=$?
    if [ "$ended" -ne 0 ]; then
        trap close_work EXIT
        cat "$work/after" || exit 69
        exit "$ended"
    fi
    # The VM has the manifest already, so that this changes nothing there and brings only the answer.
    deliver "$payload" || ended=$?
fi
[ "$ended" -eq 0 ] || exit "$ended"
trap close_work EXIT
nexy nexy-manifest delivered "$work/answer" - <"$work/record"
