#!/bin/sh
# Runs one tool that changes nothing on the VM, and ends with its exit code: scripts/vm.sh nexy-gate hard
# Gates, and the profile local, are asked about the version of this workspace, or about the one that --tag or --expect names.
set -eu
program=vm.sh
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=scripts/lib.sh
. "$here/lib.sh"

case "${1:-} ${2:-}" in
    'nexy-gate '?* | 'nexy-verify '?*) ;;
    'nexy-version show' | 'nexy-version check') ;;
    'nexy-manifest check' | 'nexy-manifest show') ;;
    'nexy-publish show') ;;
    *)
        stop 2 'expected a tool that changes nothing, and what it asks' \
            'type one of: scripts/vm.sh nexy-gate ID, nexy-verify ID, nexy-version show|check, nexy-manifest show|check, nexy-publish show'
        ;;
esac
for word in "$@"; do
    case $word in
        '' | *' '*) stop 2 "cannot send the word '$word' to the VM" 'type words without blanks' ;;
        --target* | --format* | --brief) stop 2 "$word is set on the VM already: its own nexy.toml, and json" 'type the command without it' ;;
    esac
done

need_tools nexy-version nexy-verify
need_az
# Without a version, the VM would be compared with itself.
case " $* " in
    *' --tag'* | *' --expect'* | *' --list '* | *' --explain'* | *' --print-fix'* | *' --root'*) option='' ;;
    ' nexy-gate '*) option=--tag ;;
    ' nexy-verify local '* | ' nexy-verify '*' local '*) option=--expect ;;
    *) option='' ;;
esac
if [ -n "$option" ]; then
    tag=$(value tag) || exit
    set -- "$@" "$option" "$tag"
    printf '%s: asking about %s, the version of this workspace; for another one add %s vX.Y.Z.W\n' "$program" "$tag" "$option" >&2
fi
open_work
begin_script
assign COMMAND "$*"
ended=0
send frame.sh run_tool.sh || ended=$?
cat "$work/answer" || exit 69
exit "$ended"
