#!/bin/sh
# The consistency gate of feed, manifest and artifact, with the rulebook's name and arguments: scripts/validate_updates.sh HOST PORT [stable|beta]
# Ends with the code of `nexy-verify updates`; for beta with 69, since no probe looks at that feed.
set -eu
program=validate_updates.sh
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=scripts/lib.sh
. "$here/lib.sh"

case $#:${3:-stable} in
    [23]:stable | [23]:beta) ;;
    *) stop 2 'expected a host, a port, and perhaps the channel: stable or beta' "scripts/$program \"\$(nexy-version show release_target.host)\" 443" ;;
esac
[ "${3:-stable}" = stable ] ||
    stop 69 'the beta channel is not looked at: no manifest of this workspace describes appcast-beta.xml, so there is nothing to compare it with' \
        "ask about the stable one: scripts/$program $(quoted "$1") $(quoted "$2")"
need_tools nexy-verify
nexy nexy-verify updates --host "$1" --port "$2"
