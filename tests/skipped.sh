#!/bin/sh
# Says in one line how many tests were skipped and what they need, from the lines that nexy_standin::skip has collected.
#   tests/skipped.sh FILE [COMMAND]     each line holds the need, a tab, and the test with its reason
set -eu

[ -r "$1" ] || {
    printf 'skipped.sh: %s does not exist, so it is not known what was skipped\n  do: make test\n' "${1:-FILE}" >&2
    exit 69
}
sort "$1" | cut -f 1 | sort | uniq -c | sort -rn | awk -v command="${2:-make test}" '
    {
        count = $1
        sub(/^ *[0-9]+ /, "")
        total += count
        needs = needs (total == count ? " " : ", ") count (count == 1 ? " needs " : " need ") $0
    }
    END {
        print command ": green; " (total ? "SKIPPED " total ":" needs : "nothing was skipped")
    }'
