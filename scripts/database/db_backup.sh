#!/bin/sh
# Dumps the database into a verified file of root's, with a receipt for the gate db-backup: sudo db_backup.sh
# Run on the VM by a timer, or by hand before a release. The last good backup stays whatever happens.
set -eu
program=db_backup.sh
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=scripts/database/lib.sh
. "$here/lib.sh"
[ "$#" -eq 0 ] || stop 2 "unexpected word: $1" "sudo $here/$program"

# Dumps and counts in one snapshot. Counting beside a dump that failed is worth nothing.
dump() {
    true >"$work/ended"
    script snapshot.sql contents.sql --dbname="$database" >"$work/contents" \
        3>"$work/dump" 4>"$work/schema.sql" 5>"$work/ended" || return
    [ "$(cat "$work/ended")" = "dump
schema" ] && [ -s "$work/contents" ]
}

# Keeps the newest dumps and removes older ones. A dump without a receipt was left by a run that was killed.
retain() {
    kept=0
    find "$backups" -mindepth 1 -maxdepth 1 -type f -name "$database-*.dump" | sort -r | while IFS= read -r old; do
        made=${old##*-}
        if [ -e "$receipts/backup-${made%.dump}.json" ] && [ "$kept" -lt "$keep" ]; then
            kept=$((kept + 1))
        else
            rm -f -- "$old"
            say "removed $old"
        fi
    done
}

begin
keep=$(value database.keep) || exit
file=$backups/$database-$stamp.dump
dump || stop 1 "the dump of $database failed; the backups of before are untouched" "read the lines above; df $backups; then type the same command again"
# The whole dump is read: a list of its contents accepts a cut one.
as_postgres pg_restore --file=/dev/null <"$work/dump" || stop 1 'the dump cannot be read back' "df $backups; then type the same command again"
sha256=$(sha256sum <"$work/dump" | cut -d ' ' -f 1)
size=$(stat -c %s "$work/dump")
schema_sha256=$(schema_digest "$work/schema.sql") || stop 1 'the dump holds no schema' "sudo -u postgres psql -d $database -c '\\d'"
sync "$work/dump"
mv "$work/dump" "$file"
sync "$backups"
conclude() {
    script backup.sql --dbname=postgres --set=file="$file" --set=size="$size" --set=sha256="$sha256" --set=schema_sha256="$schema_sha256" \
        4<"$work/contents" >"$work/backup" && receipt backup <"$work/backup"
}
conclude || stop 1 "the dump $file is whole, but its receipt could not be written" "df $receipts; then type the same command again"
retain
say "$file, $size bytes, sha256 $sha256"
printf '  next: a restore drill proves that it comes back: sudo %s/db_restore_drill.sh\n' "$here" >&2
