# shellcheck shell=sh
# First part of every script on the VM. It prints the exit code as the last line, keeps a second run out, and leaves a log for root.
# The laptop sends assignments of NONCE, TOOLS, TOML, LOCK_DIR and LOG_DIR before it, and one other file of this folder after it.

# Prints the line with the exit status. Azure drops the exit status of a script, so the laptop believes this line only.
finish() {
    status=$?
    trap - EXIT HUP INT TERM
    # A status that neither a tool nor stop has given is the shell's own, as on a full disk: it answers nothing.
    if [ -z "${answered:-}" ]; then
        status=69
        printf 'vm: the script stopped before it had an answer\n  do: on the VM, type: df %s; look before you repeat what changes something\n' "${LOG_DIR:-/}" >&2
    fi
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

# Prints what happened and what to do, and exits: stop CODE WHAT DO
stop() {
    printf 'vm: %s\n  do: %s\n' "$2" "$3" >&2
    answered=yes
    exit "$1"
}

# Makes a folder for this account alone. One that is there already is checked, because another account could have made it.
own_folder() {
    mkdir -p "$1" 2>/dev/null || stop 69 "cannot make the folder $1" "on the VM, type: ls -ld $1"
    if [ -L "$1" ] || [ "$(stat -c %u "$1")" -ne "$(id -u)" ]; then
        stop 69 "$1 is not a folder of this account" "on the VM, type: sudo mv -nT $1 $1.aside"
    fi
    chmod 700 "$1"
}

# Keeps a second run out. The kernel frees the lock with the last process that holds it.
alone() {
    command -v flock >/dev/null || stop 69 'flock is not installed on the VM' 'on the VM, type: sudo apt-get install util-linux'
    own_folder "$LOCK_DIR/nexy"
    exec 9>>"$LOCK_DIR/nexy/run.lock"
    if ! flock -n 9; then
        stop 75 "another run is at work: $(cat "$LOCK_DIR/nexy/run.who" 2>/dev/null || echo unknown)" 'wait until it is done, then type the same command again'
    fi
    # The laptop's nexy.toml decides. The copy on the VM says otherwise when it was not installed anew after a change.
    there=$("$TOOLS/nexy-version" --target "$TOML" show vm.lock_dir 2>/dev/null) || there=$LOCK_DIR
    [ "$there" = "$LOCK_DIR" ] || printf 'vm: %s says vm.lock_dir = "%s", the laptop says "%s": copy nexy.toml to the VM again (docs/vm.md, Setup)\n' \
        "$TOML" "$there" "$LOCK_DIR" >&2
    printf '%s, process %s, since %s\n' "$1" "$$" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" >"$LOCK_DIR/nexy/run.who"
}

# Prints the words of a tool in less than Azure brings back: whole lines from the beginning, where failures stand, and from the end.
# Between them stands how much is missing, and where all of it is. The mark "vm:" tells a line of the tool from a line of Azure.
words() {
    LC_ALL=C awk -v first=1700 -v last=600 -v place="$1" '
        { line[NR] = $0; bytes[NR] = length($0) + 1; all += bytes[NR] }
        END {
            if (all <= first + last) first = all
            for (top = 1; top <= NR && shown + bytes[top] <= first; top++) { print line[top]; shown += bytes[top] }
            if (top == 1 && NR > 0) { cut = substr(line[1], 1, first); sub(/ [^ ]*$/, "", cut); print cut; shown = length(cut); top = 2 }
            for (end = NR; end >= top && kept + bytes[end] <= last; end--) kept += bytes[end]
            if (shown + kept < all) printf "(%d of %d bytes are left out here; on the VM, type: sudo cat %s)\n", all - shown - kept, all, place
            for (end++; end <= NR; end++) print line[end]
        }' "$1" | sed 's/^/vm: /' >&2
}

# Runs a tool. Its document goes to stdout and its words to stderr, both short enough for Azure; the log gets both in full.
run() {
    [ -x "$TOOLS/$1" ] || stop 69 "$1 is not installed in $TOOLS on the VM" 'copy the five tools there: docs/releasing.md, "First setup"'
    tool=$1
    shift
    log=$runs/$(date -u +%Y%m%dT%H%M%SZ)-$NONCE
    ended=0
    "$TOOLS/$tool" --target "$TOML" --format json --brief "$@" >"$log.out" 2>"$log.err" </dev/null || ended=$?
    words "$log.err"
    # Removes indentation, which means nothing in JSON, because Azure cuts at 4096 bytes.
    sed 's/^ *//' "$log.out" >"$scratch/answer"
    if [ "$(wc -c <"$scratch/answer")" -gt 3072 ]; then
        # A no stays a no. Only a yes whose document is missing is unknown.
        told=$ended
        [ "$told" -ne 0 ] || told=69
        stop "$told" "$tool ended with $ended, but its answer is too long for Azure: it is in $log.out on the VM" 'ask for fewer ids at once'
    fi
    cat "$scratch/answer"
    [ -z "$(tail -c 1 "$scratch/answer")" ] || echo
    answered=yes
    exit "$ended"
}

# The logs have a folder of their own, so that other files in LOG_DIR are never touched.
runs=$LOG_DIR/nexy-runs
own_folder "$runs"
scratch=$(mktemp -d "$runs/scratch.XXXXXX")
# Removes logs that are older than 90 days. What another run removes meanwhile is no reason to stop.
find "$runs" -mindepth 1 -maxdepth 1 -mtime +90 -exec rm -rf {} + || :
