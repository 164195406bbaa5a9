#!/bin/sh
# Fetches what GitHub publishes about itself, for the tests: the description of its API, and recorded traffic.
#   tests/github/setup.sh [FOLDER]     fetches both with npm into FOLDER (target/github), unless they are there already
# The packages are pinned by version and digest. No code of them is run, and only the files that the tests read are kept.
set -eu

DESCRIPTION=@octokit/openapi@23.0.2
DESCRIPTION_IS=sha512-pV8M7L9GY23AybNvTmo2nyjmpmnt6+2sRE/tqr0ZLQcPS4lnw7u5eZGNmwRNkBC3D7gZXbFx5AHzLUVRBXGDhg==
RECORDED=@octokit/fixtures@23.1.2
RECORDED_IS=sha512-niG+SVffZ/xzojT3CE6M7DlqX7H9aQ75A6Xxjt4N47CkqssKXpSy2k6+Tj5ntcI5uWW2D9POzKxwJDmBfR+sJw==

folder=${1:-${CARGO_TARGET_DIR:-$(dirname "$0")/../../target}/github}
# This file is written last. It says that all others are there, and of which versions.
stamp="$DESCRIPTION $RECORDED"
if [ -f "$folder/versions" ] && [ "$(cat "$folder/versions")" = "$stamp" ]; then
    exit 0
fi

# fetch PACKAGE DIGEST FILE…: keeps these files of a package below $work/NAME.
fetch() {
    package=$1 digest=$2
    shift 2
    name=${package#@octokit/}
    name=${name%@*}
    mkdir "$work/$name"
    (cd "$work" && npm pack --json --fetch-retries=1 --fetch-retry-mintimeout=1000 --fetch-timeout=60000 "$package") \
        >"$work/$name.json" 2>"$work/said" || {
        echo "npm cannot fetch $package: $(sed -n 's/^npm [^ ]* code //p' "$work/said")" >&2
        exit 69
    }
    grep -q -F "\"$digest\"" "$work/$name.json" || {
        echo "$package has another digest than the one that is pinned here" >&2
        exit 1
    }
    tar -xzf "$work"/*"$name"-*.tgz -C "$work/$name" --strip-components 1 "$@"
}

command -v npm >/dev/null || {
    echo 'npm is not there; do: sudo apt-get install npm' >&2
    exit 69
}
mkdir -p "$folder"
work=$(mktemp -d "$folder/fetching.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
fetch "$DESCRIPTION" "$DESCRIPTION_IS" package/generated/api.github.com.json
fetch "$RECORDED" "$RECORDED_IS" package/scenarios/api.github.com
rm -rf "$folder/openapi" "$folder/fixtures"
mv "$work/openapi" "$work/fixtures" "$folder/"
echo "$stamp" >"$work/versions"
mv "$work/versions" "$folder/versions"
