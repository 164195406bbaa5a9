# shellcheck shell=sh
# Functions of the database scripts: values of nexy.toml, PostgreSQL as its own account, one run at a time, receipts for the gates of `nexy-gate db`.
# The caller sets `here` (the folder of the scripts) and `program` (its name in messages) before it sources this file.
: "${here:?}" "${program:?}"

# Root writes dumps, receipts and logs for itself alone.
umask 077

# Prints what happened and what to do, and exits: stop CODE WHAT DO
stop() {
    printf '%s: %s\n  do: %s\n' "$program" "$2" "$3" >&2
    exit "$1"
}

say() {
    printf '%s: %s\n' "$program" "$1" >&2
}

# Prints one value of nexy.toml.
value() {
    nexy-version --target "$toml" show "$1"
}

utc() {
    date -u +%Y-%m-%dT%H:%M:%SZ
}

toml=/etc/nexy/nexy.toml
if [ "${1:-}" = --target ]; then
    [ "$#" -ge 2 ] || stop 2 'behind --target stands a nexy.toml' "sudo $here/$program"
    toml=$2
    shift 2
fi

# Reads nexy.toml, makes the folders, and keeps a second run out. The kernel frees the lock with the process.
begin() {
    [ "$(id -u)" -eq 0 ] || stop 69 'only root may read the dumps and write the receipts' "on the VM, type: sudo $here/$program"
    for name in nexy-version setpriv flock sha256sum psql; do
        command -v "$name" >/dev/null || stop 69 "$name is not installed" 'sudo apt-get install postgresql-client util-linux; docs/vm.md says how the five tools come here'
    done
    database=$(value database.name) || exit
    backups=$(value database.backups) || exit
    receipts=$(value vm.receipts) || exit
    work=
    scratch=
    trap finish EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    for folder in "$backups" "$receipts"; do own_folder "$folder"; done
    exec 9>>"$backups/.lock"
    flock -n 9 || stop 75 'another database script is at work' 'wait until it has ended, then type the same command again'
    work=$(mktemp -d "$backups/.work.XXXXXX") || stop 69 "cannot write in $backups" "df $backups"
    # What a killed run has left. The lock is held, so no other run uses it.
    find "$backups" -mindepth 1 -maxdepth 1 -name '.work.*' ! -path "$work" -exec rm -rf {} +
    take_stamp
    # Two runs in one second would have one name.
    [ ! -e "$backups/$database-$stamp.dump" ] || { sleep 1 && take_stamp; }
    connect
}

# Names of dumps and receipts are made of the moment at which the script began.
take_stamp() {
    started=$(utc)
    stamp=$(printf '%s' "$started" | tr -d ':-')
}

# A folder of root's, with no link in its place: another account must not choose what root writes.
own_folder() {
    mkdir -p "$1" || stop 69 "cannot make the folder $1" "ls -ld $1"
    if [ -L "$1" ] || [ "$(stat -c %u:%a "$1")" != 0:700 ]; then
        if [ -L "$1" ] || [ "$(stat -c %u "$1")" -ne 0 ]; then stop 69 "$1 is not a folder of root's" "ls -ld $1"; fi
        chmod go-w "$1"
    fi
}

# Asks the server for its version, and takes the programs of that version.
connect() {
    service=$(value database.service) || exit
    if [ -n "$service" ]; then
        if [ -L "$service" ] || [ ! -f "$service" ] || [ "$(stat -c %u:%a "$service")" != 0:600 ]; then
            stop 1 "$service must be a plain file of root's with mode 600: it can hold the password" "sudo chown root:root $service && sudo chmod 600 $service"
        fi
    fi
    major=$(sql "SELECT current_setting('server_version_num')::int / 10000") ||
        stop 69 'PostgreSQL does not answer' 'systemctl status postgresql; docs/database.md names the two ways in'
    programs=/usr/lib/postgresql/$major/bin
    [ ! -d "$programs" ] || PATH=$programs:$PATH
}

# Runs a program of PostgreSQL: with the operator's service file as root, else as the account postgres, which the server knows by its number.
# It gets no environment of ours, and not the lock: what outlives a killed script keeps no later run out.
as_postgres() (
    exec 9>&-
    cd /
    if [ -n "$service" ]; then
        exec env -i PATH="$PATH" LC_ALL=C.UTF-8 PGSERVICEFILE="$service" PGSERVICE=nexy "$@"
    fi
    exec env -i PATH="$PATH" LC_ALL=C.UTF-8 PGUSER=postgres setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"
)

# Runs psql. Every error ends it, no start-up file is read, and only data is printed.
ask() {
    as_postgres psql --no-psqlrc --quiet --no-align --tuples-only --no-password --set=ON_ERROR_STOP=1 "$@"
}

# Runs one statement: sql STATEMENT
sql() {
    ask --dbname=postgres --command="$1" </dev/null
}

# Runs files of this folder as one: script FILE..., then options of psql. psql reads them from standard input, since its account may not
# be able to read the folder. Descriptors from 3 on are psql's, too.
script() {
    true >"$work/script.sql"
    while [ "${1%.sql}" != "$1" ]; do
        cat "$here/$1" >>"$work/script.sql" || return
        shift
    done
    ask "$@" --file=- <"$work/script.sql"
}

# Digest of a schema that pg_dump wrote: schema_digest FILE. Comments, and the marks that newer versions draw by lot, say nothing about it.
schema_digest() {
    sed -e '/^--/d' -e '/^\\restrict /d' -e '/^\\unrestrict /d' -e '/./!d' "$1" >"$work/schema" && [ -s "$work/schema" ] || return
    sha256sum <"$work/schema" | cut -d ' ' -f 1
}

# Writes a receipt by rename: receipt KIND; the event comes as JSON on standard input. psql makes the JSON, so that every text is quoted.
receipt() {
    cat >"$work/event"
    script receipt.sql --dbname=postgres --set=kind="$1" --set=started="$started" --set=at="$(utc)" --set=by="$program" \
        --set=database="$database" 3<"$work/event" >"$work/receipt" || return
    sync "$work/receipt"
    mv "$work/receipt" "$receipts/$1-$stamp.json"
    sync "$receipts"
}

# Leaves no work folder and no scratch database behind.
finish() {
    status=$?
    trap '' HUP INT TERM
    trap - EXIT
    [ -z "$scratch" ] || as_postgres dropdb --if-exists --force --no-password "$scratch" </dev/null || say "the scratch database $scratch is left; the next drill removes it"
    [ -z "$work" ] || rm -rf "$work"
    exit "$status"
}
