# shellcheck shell=sh
# Functions of the scripts that speak to the VM: call a tool, send a script, and learn its true exit code.
# The caller sets `here` (the folder of the scripts) and `program` (its name in messages) before it sources this file, and `look`, the
# command that shows what the VM has, when nexy-verify is not the one to ask.
: "${here:?}" "${program:?}" "${look:=scripts/vm.sh nexy-verify local}"

# Prints what happened and what to do, and exits: stop CODE WHAT DO
stop() {
    printf '%s: %s\n  do: %s\n' "$program" "$2" "$3" >&2
    exit "$1"
}

# Calls a tool with the nexy.toml that the Makefile names. Without NEXY_TOML the tool looks for the file itself.
nexy() {
    nexy_tool=$1
    shift
    if [ -n "${NEXY_TOML:-}" ]; then
        "$nexy_tool" --target "$NEXY_TOML" "$@"
    else
        "$nexy_tool" "$@"
    fi
}

# Goes to the workspace, the folder of nexy.toml, whatever the current folder is. `again` is what a person types for the same once more.
enter_workspace() {
    : "${NEXY_TOML:=$here/../nexy.toml}"
    [ -f "$NEXY_TOML" ] || stop 78 "$NEXY_TOML does not exist" "$again NEXY_TOML=/path/to/workspace/nexy.toml"
    CDPATH='' cd -- "$(dirname -- "$NEXY_TOML")" || exit
    NEXY_TOML=$PWD/${NEXY_TOML##*/}
    export NEXY_TOML
    # Without it, make would take the workspace that these scripts lie in.
    [ "$(pwd -P)" = "$(CDPATH='' cd -- "$here/.." && pwd -P)" ] || again="$again NEXY_TOML=$(quoted "$NEXY_TOML")"
}

# Prints a word as a person types it behind make, which takes a single $ for the beginning of a variable of its own.
quoted() {
    if is_safe "$1" && [ "${1#* }" = "$1" ]; then
        printf '%s' "$1"
    else
        printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g; s/[\$]/&&/g")"
    fi
}

# Prints one value of nexy.toml.
value() {
    nexy nexy-version show "$1"
}

# Makes a work folder that is removed when the script ends. An interrupt ends `az`, but not what already runs on the VM.
open_work() {
    az_process=
    watcher=
    sent_to_vm=
    work=$(mktemp -d "${TMPDIR:-/tmp}/nexy.XXXXXX") || no_room "${TMPDIR:-/tmp}"
    trap close_work EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
}

# Exits with 69 when a file cannot be written: the shell's own 1 or 2 would read like an answer of a check.
no_room() {
    stop 69 "cannot write in $1" "df '$1'; ls -ld '$1'"
}

close_work() {
    trap - EXIT HUP INT TERM
    if [ -n "$az_process" ]; then
        kill "$az_process" "$watcher" 2>/dev/null || :
        [ -z "$sent_to_vm" ] || printf '%s: interrupted: what was sent to the VM may still be running there\n  do: look before you repeat what changes something: %s\n' "$program" "$look" >&2
    fi
    rm -rf "$work"
}

# Exits with 69 when a program is not installed.
need_tools() {
    for name in "$@"; do
        command -v "$name" >/dev/null || stop 69 "$name is not on PATH" 'make build && sudo make install'
    done
}

need_az() {
    command -v az >/dev/null || stop 69 'az (Azure CLI) is not on PATH' 'install the Azure CLI: https://aka.ms/azure-cli, then type: az login'
}

# Begins the script that will be sent, with the values that every remote script needs.
begin_script() {
    true >"$work/script" || no_room "$work"
    nonce=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    [ "${#nonce}" -eq 32 ] || stop 69 'cannot read 16 random bytes from /dev/urandom' 'od -An -N16 -tx1 /dev/urandom'
    assign NONCE "$nonce"
    for pair in TOOLS:vm.tools TOML:vm.target_file LOCK_DIR:vm.lock_dir LOG_DIR:vm.log_dir; do
        found=$(value "${pair#*:}") || exit
        assign "${pair%%:*}" "$found"
    done
}

# Adds an assignment. Refuses a value with characters that a shell could interpret.
assign() {
    is_safe "$2" || stop 2 "cannot send this value of $1 to the VM: it holds more than letters, digits, blanks and ._:/@=+,-" 'write a plain value into nexy.toml, or into the command'
    printf "%s='%s'\n" "$1" "$2" >>"$work/script" || no_room "$work"
}

is_safe() (
    LC_ALL=C
    case $1 in '' | *[!A-Za-z0-9._:/@=+,\ -]*) exit 1 ;; esac
)

# Sends the assignments and files of remote/, and writes the document that comes back to $work/answer.
# The exit status is that of the remote script. When that is unknown, it is the code that nexy-verify gives: 69 or 75.
send() {
    for part in "$@"; do
        cat "$here/remote/$part" >>"$work/script" || stop 69 "cannot copy $here/remote/$part to $work" "df '$work'; ls -l '$here/remote/$part'"
    done
    for part in out err answer; do
        true >"$work/$part" || no_room "$work"
    done
    check_script
    group=$(value release_target.resource_group) || exit
    vm=$(value release_target.vm) || exit
    limit_s=$(value limits.az_timeout_s) || exit
    pause_s=$(value limits.az_conflict_wait_s) || exit
    ask_azure
    sent=0
    invoke || sent=$?
    # 75 means that the script was not accepted, or found another one at work. It did nothing, so sending it again is safe.
    if [ "$sent" -eq 75 ]; then
        printf '%s: the VM is busy; trying again in %s s\n' "$program" "$pause_s" >&2
        sleep "$pause_s"
        sent=0
        invoke || sent=$?
    fi
    return "$sent"
}

# Checks the script before it is sent, because Azure runs anything and reports "succeeded".
check_script() {
    [ "$(LC_ALL=C tr -d '\11\12\40-\176' <"$work/script" | wc -c)" -eq 0 ] ||
        stop 70 'the script for the VM holds bytes that are no plain text' 'git diff scripts/remote'
    [ "$(wc -c <"$work/script")" -lt 65536 ] || stop 70 'the script for the VM is larger than 64 KiB' 'send a smaller manifest, or fewer words'
    sh -n "$work/script" || stop 70 'the script for the VM is no valid shell script' 'git diff scripts/remote'
}

# Asks a harmless question first: while Azure does not answer it, nothing is sent, and it is known that nothing runs on the VM.
ask_azure() {
    run_az vm show --resource-group "$group" --name "$vm"
    [ "$az_exit" -eq 0 ] && return
    nexy nexy-verify run-command --before --nonce "$nonce" --az-exit "$az_exit" "$work/out" "$work/err" >"$work/answer" || exit
}

invoke() {
    sent_to_vm=yes
    run_az vm run-command invoke --resource-group "$group" --name "$vm" --command-id RunShellScript --scripts "@$work/script"
    nexy nexy-verify run-command --look "$look" --nonce "$nonce" --az-exit "$az_exit" "$work/out" "$work/err" >"$work/answer"
}

# Runs az, at most for its limit; az_exit is its exit code.
run_az() {
    az "$@" --only-show-errors -o json </dev/null >"$work/out" 2>"$work/err" &
    az_process=$!
    # With exec, because a shell that redirects a function keeps the old streams open: the next stage of a pipe would wait for them.
    (exec </dev/null >/dev/null 2>&1 && end_after "$limit_s" "$az_process") &
    watcher=$!
    az_exit=0
    wait "$az_process" 2>/dev/null || az_exit=$?
    [ "$az_exit" -le 128 ] || printf '%s: az was ended after its limit, limits.az_timeout_s = %s s\n' "$program" "$limit_s" >&2
    az_process=
    kill "$watcher" 2>/dev/null || :
}

# Ends a process that takes too long: end_after SECONDS PROCESS. When it is ended itself, it leaves no process behind.
end_after() {
    sleeper=
    trap '[ -z "$sleeper" ] || kill "$sleeper"; exit 0' TERM
    sleep "$1" &
    sleeper=$!
    wait "$sleeper"
    kill "$2"
}
