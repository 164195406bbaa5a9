#!/bin/sh
# Proves that the newest backup comes back: restores it into a database of its own, compares everything, lives there as the server's account,
# and drops it again: sudo db_restore_drill.sh. It never touches the real database. The receipt is for the gate restore-drill.
set -eu
program=db_restore_drill.sh
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=scripts/database/lib.sh
. "$here/lib.sh"
[ "$#" -eq 0 ] || stop 2 "unexpected word: $1" "sudo $here/$program"

# Writes the receipt of a drill that failed, then stops: failed WHAT DO
failed() {
    conclude failed || say "the receipt could not be written: df $receipts"
    stop 1 "$1" "$2"
}

conclude() {
    [ -s "$work/found" ] || echo null >"$work/found"
    script drill.sql --dbname=postgres --set=sha256="$sha256" --set=backup_at="$backup_at" --set=result="$1" 4<"$work/found" >"$work/drill" &&
        receipt drill <"$work/drill"
}

begin
role=$(value database.role) || exit
# A drill that was killed has left its database behind.
script left.sql --dbname=postgres --set=database="$database" >"$work/left" ||
    stop 69 'cannot list the databases' 'sudo -u postgres psql -l'
while IFS= read -r left; do as_postgres dropdb --if-exists --force --no-password "$left" </dev/null; done <"$work/left"

newest=$(find "$receipts" -mindepth 1 -maxdepth 1 -type f -name 'backup-*Z.json' | sort | tail -n 1)
[ -n "$newest" ] || stop 1 "there is no receipt of a backup in $receipts" "sudo $here/db_backup.sh"
made=${newest##*/backup-}
dump=$backups/$database-${made%.json}.dump
if [ ! -f "$dump" ] || [ -L "$dump" ]; then stop 1 "the newest backup is missing: $dump" "sudo $here/db_backup.sh"; fi
script newest.sql --dbname=postgres 3<"$newest" >"$work/newest" || stop 1 "$newest is no receipt of a backup" "sudo $here/db_backup.sh"
{ IFS= read -r sha256 && IFS= read -r backup_at && IFS= read -r saved; } <"$work/newest" || stop 1 "$newest is no receipt of a backup" "sudo $here/db_backup.sh"
printf '%s\n' "$saved" >"$work/saved"
[ "$(sha256sum <"$dump" | cut -d ' ' -f 1)" = "$sha256" ] || failed "$dump is not the file that its receipt speaks of" "sudo $here/db_backup.sh"

# In small letters: pg_amcheck takes a name for a pattern, and folds it.
scratch=nexy_drill_${database}_$(printf '%s' "$stamp" | tr TZ tz)
as_postgres createdb --template=template0 --no-password "$scratch" </dev/null || failed "cannot make the scratch database" "df; sudo -u postgres psql -l"
say "restoring $dump into $scratch"
as_postgres pg_restore --exit-on-error --no-password --dbname="$scratch" <"$dump" || failed 'the backup does not come back: the lines above say why' "sudo $here/db_backup.sh"
as_postgres pg_dump --no-password --dbname="$scratch" --schema-only >"$work/schema.sql" </dev/null || failed 'the restored schema cannot be read' "sudo $here/db_backup.sh"
schema_sha256=$(schema_digest "$work/schema.sql") || failed 'the restored database is empty' "sudo $here/db_backup.sh"
script contents.sql --dbname="$scratch" >"$work/counted" || failed 'what came back cannot be counted' "type the same command again"
script found.sql --dbname=postgres --set=schema_sha256="$schema_sha256" 4<"$work/counted" >"$work/found" || failed 'what came back cannot be told' 'type the same command again'
script compare.sql --dbname=postgres 3<"$work/saved" 4<"$work/found" >"$work/differs" || failed 'cannot compare' 'type the same command again'
if [ -s "$work/differs" ]; then
    head -n 20 "$work/differs" >&2
    failed "the backup did not come back as it was saved: $(wc -l <"$work/differs") differences" "sudo $here/db_backup.sh"
fi
as_postgres pg_amcheck --no-password --install-missing --database="$scratch" </dev/null || failed 'pg_amcheck found damage in the restored database' "sudo $here/db_backup.sh"
script as_role.sql --dbname="$scratch" --set=role="$role" >"$work/faults" || failed "cannot become $role in the restored database" "sudo $here/harden_database_protection.sh"
if grep -q . "$work/faults"; then
    cat "$work/faults" >&2
    failed "the server's account $role can do in the restored database what it must not, or cannot do what it must" "sudo $here/harden_database_protection.sh && sudo $here/db_backup.sh && sudo $here/$program"
fi
conclude passed || stop 1 'the drill passed, but its receipt could not be written' "df $receipts; then type the same command again"
say "the backup of $backup_at came back whole"
