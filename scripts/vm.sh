#!/bin/sh
# Runs one read-only tool on the VM and ends with its true exit code: scripts/vm.sh nexy-gate hard
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
        stop 2 'only tools that change nothing run on the VM from here' \
            'scripts/vm.sh nexy-gate|nexy-verify ID..., nexy-version|nexy-manifest show|check, or nexy-publish show'
        ;;
esac
for word in "$@"; do
    case $word in
        '' | *' '*) stop 2 "cannot send the word '$word' to the VM" 'use words without blanks' ;;
        --target* | --format* | --brief) stop 2 "$word is set on the VM already: its own nexy.toml, and json" 'leave it away' ;;
    esac
done

need_tools nexy-version nexy-verify
need_az
open_work
begin_script
assign COMMAND "$*"
ended=0
send frame.sh run_tool.sh || ended=$?
cat "$work/answer" || exit 69
exit "$ended"
