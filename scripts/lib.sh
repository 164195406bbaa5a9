# shellcheck shell=sh
# For the scripts that speak to the VM: one way to call a tool, and one way to send a script and learn the truth.
# Sourced with `here` (the folder of the scripts) and `program` (the name for messages) set.
: "${here:?}" "${program:?}"

# Says what happened and what to do, and ends: stop CODE WHAT DO
stop() {
    printf '%s: %s\n  do: %s\n' "$program" "$2" "$3" >&2
    exit "$1"
}

# A tool with the nexy.toml that the Makefile names; by hand the tools find it themselves.
nexy() {
    nexy_tool=$1
    shift
    if [ -n "${NEXY_TOML:-}" ]; then
        "$nexy_tool" --target "$NEXY_TOML" "$@"
    else
        "$nexy_tool" "$@"
    fi
}

# One value of nexy.toml.
value() {
    nexy nexy-version show "$1"
}

# A folder that vanishes with the script; an interrupted `az` is ended, the script on the VM is not.
open_work() {
    az_process=
    watcher=
    work=$(mktemp -d "${TMPDIR:-/tmp}/nexy.XXXXXX") || no_room "${TMPDIR:-/tmp}"
    trap close_work EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
}

# A folder that takes nothing is no answer of a check: exit 69, not the shell's own 1 or 2.
no_room() {
    stop 69 "cannot write in $1" "df '$1'; ls -ld '$1'"
}

close_work() {
    trap - EXIT HUP INT TERM
    if [ -n "$az_process" ]; then
        kill "$az_process" "$watcher" 2>/dev/null || :
        printf '%s: interrupted; what was sent to the VM may still be running there\n' "$program" >&2
    fi
    rm -rf "$work"
}

# What must be installed, asked before anything else is.
need_tools() {
    for name in "$@"; do
        command -v "$name" >/dev/null || stop 69 "$name is not on PATH" 'make build, then put target/release on PATH; or make install'
    done
}

need_az() {
    command -v az >/dev/null || stop 69 'az (Azure CLI) is not on PATH' 'brew install azure-cli, then az login'
}

# Starts the script that will be sent, with what every remote script needs.
begin_script() {
    nonce=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    [ "${#nonce}" -eq 32 ] || stop 69 'cannot make a number for this run out of /dev/urandom' 'od -An -N16 -tx1 /dev/urandom'
    assign NONCE "$nonce"
    for pair in TOOLS:vm.tools TOML:vm.target_file LOCK_DIR:vm.lock_dir LOG_DIR:vm.log_dir; do
        found=$(value "${pair#*:}") || exit
        assign "${pair%%:*}" "$found"
    done
}

# Adds an assignment; nothing that a shell could read otherwise gets into it.
assign() {
    is_safe "$2" || stop 2 "cannot send this value of $1 to the VM: it holds more than letters, digits, blanks and ._:/@=+,-" 'use plain values'
    printf "%s='%s'\n" "$1" "$2" >>"$work/script" || no_room "$work"
}

is_safe() (
    LC_ALL=C
    case $1 in '' | *[!A-Za-z0-9._:/@=+,\ -]*) exit 1 ;; esac
)

# Sends the assignments and files of remote/, and leaves the document in $work/answer.
# The exit status is that of the remote script, or what nexy-verify says about why nobody knows it.
send() {
    for part in "$@"; do
        cat "$here/remote/$part" >>"$work/script" || stop 69 "cannot copy $here/remote/$part to $work" "df '$work'; git checkout scripts/remote"
    done
    for part in out err answer; do
        true >"$work/$part" || no_room "$work"
    done
    check_script
    group=$(value release_target.resource_group) || exit
    vm=$(value release_target.vm) || exit
    limit_s=$(value limits.az_timeout_s) || exit
    pause_s=$(value limits.az_conflict_wait_s) || exit
    sent=0
    invoke || sent=$?
    # 75 says that the script was not accepted or found another one at work: it did nothing, so sending it again is safe.
    if [ "$sent" -eq 75 ]; then
        printf '%s: the VM is busy; once more in %s s\n' "$program" "$pause_s" >&2
        sleep "$pause_s"
        sent=0
        invoke || sent=$?
    fi
    return "$sent"
}

# Azure runs whatever it gets and says "succeeded"; so nothing odd is sent.
check_script() {
    [ "$(LC_ALL=C tr -d '\11\12\40-\176' <"$work/script" | wc -c)" -eq 0 ] ||
        stop 70 'the script for the VM holds bytes that are no plain text' 'git checkout scripts/remote'
    [ "$(wc -c <"$work/script")" -lt 65536 ] || stop 70 'the script for the VM is larger than 64 KiB' 'send less'
    sh -n "$work/script" || stop 70 'the script for the VM is no valid shell script' 'git checkout scripts/remote'
}

invoke() {
    az vm run-command invoke --resource-group "$group" --name "$vm" --command-id RunShellScript \
        --scripts "@$work/script" --only-show-errors -o json </dev/null >"$work/out" 2>"$work/err" &
    az_process=$!
    end_after "$limit_s" "$az_process" </dev/null >/dev/null 2>&1 &
    watcher=$!
    az_exit=0
    wait "$az_process" 2>/dev/null || az_exit=$?
    [ "$az_exit" -le 128 ] || printf '%s: az was ended; it may take %s s\n' "$program" "$limit_s" >&2
    az_process=
    kill "$watcher" 2>/dev/null || :
    nexy nexy-verify run-command --nonce "$nonce" --az-exit "$az_exit" "$work/out" "$work/err" >"$work/answer"
}

# Ends a process that takes too long; ended itself, it leaves nothing behind.
end_after() {
    sleeper=
    trap '[ -z "$sleeper" ] || kill "$sleeper"; exit 0' TERM
    sleep "$1" &
    sleeper=$!
    wait "$sleeper"
    kill "$2"
}
