#!/bin/sh
# Shows where the release stands, and the one command to type next.
# scripts/status.sh --vm    asks the VM first for its manifests and its database gates; the answers stay in releases/vm/, beside nexy.toml
set -eu
program=status.sh
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=scripts/lib.sh
. "$here/lib.sh"

# Asks the VM, and keeps what it answers: keep NAME TOOL WORD
keep() {
    code=0
    "$here/vm.sh" "$2" "$3" >"$folder/$1.part" || code=$?
    if [ -s "$folder/$1.part" ]; then
        mv "$folder/$1.part" "$folder/$1.json" || no_room "$folder"
    else
        rm -f "$folder/$1.part"
        ended=$code
    fi
}

case $* in '' | --vm) ;; *) stop 2 "cannot use $*" "scripts/$program [--vm]" ;; esac
need_tools nexy-verify
again='make status'
enter_workspace
folder=releases/vm ended=0
if [ -n "$*" ]; then
    mkdir -p "$folder" || no_room "$PWD"
    keep manifest nexy-manifest show
    keep db nexy-gate db
fi
nexy nexy-verify status || exit
exit "$ended"
