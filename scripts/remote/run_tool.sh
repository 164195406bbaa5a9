# shellcheck shell=sh
# Runs one tool that changes nothing. Follows frame.sh. COMMAND holds the tool and its words, joined by blanks.
: "${COMMAND:?}"
set -f
# shellcheck disable=SC2086 # vm.sh has checked each word before it joined them
set -- $COMMAND
alone "$COMMAND"
run "$@"
