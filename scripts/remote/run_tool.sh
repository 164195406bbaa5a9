# shellcheck shell=sh
# Runs one tool that changes nothing. Sent behind frame.sh, with COMMAND: the tool and its words, joined by blanks.
: "${COMMAND:?}"
set -f
# shellcheck disable=SC2086 # its words were checked one by one before they were joined
set -- $COMMAND
alone "$COMMAND"
run "$@"
