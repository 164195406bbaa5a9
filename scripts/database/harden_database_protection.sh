#!/bin/sh
# Takes from the server's account what could destroy data, and looks whether that holds: sudo harden_database_protection.sh [--check]
# Run on the VM after every restore: a restore drops the grants. The receipt is for the gate db-hardened. With --check it changes nothing.
set -eu
program=harden_database_protection.sh
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=scripts/database/lib.sh
. "$here/lib.sh"
case "$*" in '' | --check) ;; *) stop 2 "unexpected words: $*" "sudo $here/$program [--check]" ;; esac

conclude() {
    script hardening.sql --dbname=postgres --set=role="$role" --set=result="$1" >"$work/hardening" && receipt hardening <"$work/hardening"
}

begin
role=$(value database.role) || exit
owner=$(value database.owner) || exit
if [ "${1:-}" != --check ]; then
    script harden.sql --dbname="$database" --set=role="$role" --set=owner="$owner" || {
        conclude failed || say "the receipt could not be written: df $receipts"
        stop 1 "nothing was changed in $database: the lines above say why" "sudo $here/$program --check"
    }
fi
script hardened.sql --dbname="$database" --set=role="$role" >"$work/faults" || stop 69 "cannot look into $database" 'sudo -u postgres psql -l'
if [ -s "$work/faults" ]; then
    head -n 40 "$work/faults" >&2
    [ "${1:-}" = --check ] || conclude failed || say "the receipt could not be written: df $receipts"
    stop 1 "$database is not hardened: $(wc -l <"$work/faults") faults" "sudo $here/$program"
fi
[ "${1:-}" = --check ] || conclude passed || stop 1 "$database is hardened, but the receipt could not be written" "df $receipts; then type the same command again"
say "$database is hardened: $role can read, add and change rows, and destroys nothing"
