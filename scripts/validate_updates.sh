#!/bin/sh
# The consistency gate of feed, manifest and artifact, with the rulebook's name and arguments: scripts/validate_updates.sh HOST PORT [stable|beta]
# Ends with the code of `nexy-verify updates`, for beta with that of `nexy-verify beta-feed`.
set -eu
program=validate_updates.sh
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=scripts/lib.sh
. "$here/lib.sh"

case $#:${3:-stable} in
    [23]:stable | [23]:beta) ;;
    *) stop 2 'expected a host, a port, and perhaps the channel: stable or beta' "scripts/$program \"\$(nexy-version show release_target.host)\" 443" ;;
esac
need_tools nexy-verify
asked=updates
if [ "${3:-stable}" = beta ]; then
    asked=beta-feed
    printf '%s: the beta feed is held against the stable manifest; not looked at: the stable feed, the artifact, and whether they agree\n' "$program" >&2
fi
nexy nexy-verify "$asked" --host "$1" --port "$2"
