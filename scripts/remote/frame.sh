# shellcheck shell=sh
# The frame of all that runs on the VM: its last line says how it ended, it runs alone, and it leaves a log for root.
# Sent behind NONCE, TOOLS, TOML, LOCK_DIR and LOG_DIR, and before one other file of this folder.

# Azure drops the exit status of a script; this line is the only thing that the laptop believes.
finish() {
    status=$?
    trap - EXIT HUP INT TERM
    [ -z "${scratch:-}" ] || rm -rf "$scratch"
    printf 'NEXY-END %s %s\n' "$NONCE" "$status"
    exit "$status"
}
trap finish EXIT
trap 'exit 69' HUP INT TERM

set -eu
umask 077
: "${NONCE:?}" "${TOOLS:?}" "${TOML:?}" "${LOCK_DIR:?}" "${LOG_DIR:?}"
PATH=$TOOLS:/usr/sbin:/usr/bin:/sbin:/bin
export PATH

# Says what happened and what to do, and ends: stop CODE WHAT DO
stop() {
    printf 'vm: %s\n  do: %s\n' "$2" "$3" >&2
    exit "$1"
}

# Makes a folder that only this account can look into; LOCK_DIR may be open to everybody, so what stands there is looked at first.
own_folder() {
    mkdir -p "$1" 2>/dev/null || stop 69 "cannot make the folder $1" "ls -ld $1, on the VM"
    if [ -L "$1" ] || [ "$(stat -c %u "$1")" -ne "$(id -u)" ]; then
        stop 69 "$1 is not a folder of this account" "ls -ld $1, on the VM"
    fi
    chmod 700 "$1"
}

# One run at a time. The kernel frees the lock with the last process that holds it.
alone() {
    command -v flock >/dev/null || stop 69 'flock is not installed on the VM' 'sudo apt-get install util-linux, on the VM'
    own_folder "$LOCK_DIR/nexy"
    exec 9>>"$LOCK_DIR/nexy/run.lock"
    if ! flock -n 9; then
        stop 75 "another run is at work: $(cat "$LOCK_DIR/nexy/run.who" 2>/dev/null || echo nobody knows whose)" 'wait until it is done, then the same command again'
    fi
    printf '%s, process %s, since %s\n' "$1" "$$" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" >"$LOCK_DIR/nexy/run.who"
}

# Runs a tool; its document goes to stdout and its words to stderr, both short enough for Azure, and both whole into the log.
run() {
    [ -x "$TOOLS/$1" ] || stop 69 "$1 is not installed in $TOOLS on the VM" 'copy the five tools there: docs/releasing.md, "First setup"'
    tool=$1
    shift
    log=$runs/$(date -u +%Y%m%dT%H%M%SZ)-$NONCE
    ended=0
    "$TOOLS/$tool" --target "$TOML" --format json --brief "$@" >"$log.out" 2>"$log.err" </dev/null || ended=$?
    # The mark keeps a line of the tool from being taken for one of Azure's.
    tail -c 2500 "$log.err" | sed 's/^/vm: /' >&2
    # Indentation means nothing in JSON, and Azure cuts at 4096 bytes.
    sed 's/^ *//' "$log.out" >"$scratch/answer"
    if [ "$(wc -c <"$scratch/answer")" -gt 3072 ]; then
        stop 69 "$tool ended with $ended, but its answer is too long for Azure; it stands in $log.out on the VM" 'ask for fewer ids at once'
    fi
    cat "$scratch/answer"
    [ -z "$(tail -c 1 "$scratch/answer")" ] || echo
    exit "$ended"
}

# A folder of its own name: what else stands in LOG_DIR is never touched.
runs=$LOG_DIR/nexy-runs
own_folder "$runs"
scratch=$(mktemp -d "$runs/scratch.XXXXXX")
# Ninety days of evidence are enough.
find "$runs" -mindepth 1 -maxdepth 1 -mtime +90 -exec rm -rf {} +
