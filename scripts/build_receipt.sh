#!/bin/sh
# Writes a receipt beside a finished disk image, for machines that cannot open disk images: scripts/build_receipt.sh FILE.dmg
# The receipt names the version inside, and says whether the image is signed and notarized.
set -eu
program=build_receipt.sh
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=scripts/lib.sh
. "$here/lib.sh"

# Unmounts the image when the script ends, however it ends.
unmount() {
    trap - EXIT HUP INT TERM
    if [ -n "$mounted" ]; then
        hdiutil detach "$place" >/dev/null 2>&1 || hdiutil detach -force "$place" >/dev/null ||
            printf '%s: the image is still mounted\n  do: hdiutil detach -force %s\n' "$program" "$place" >&2
    fi
    rmdir "$place" 2>/dev/null || :
}

digest() {
    shasum -a 256 <"$image" | cut -d ' ' -f 1
}

# Runs a checking program and prints its answer as a word of JSON. Any other exit code than yes or no ends the script.
asked() {
    ended=0
    "$@" >&2 || ended=$?
    case $ended in
        0) echo true ;;
        1 | 65) echo false ;;
        *) stop 69 "cannot determine whether $image passes: $1 ended with $ended" "read the lines above, then type: scripts/$program $image" ;;
    esac
}

[ "$#" -eq 1 ] || stop 2 'expected one disk image and nothing else' "scripts/$program FILE.dmg"
image=$1
[ -f "$image" ] || stop 2 "$image does not exist, or is no file" "scripts/$program FILE.dmg"
for name in hdiutil defaults codesign xcrun shasum; do
    command -v "$name" >/dev/null || stop 69 "$name is not on PATH" 'run this on the Mac that built the image; xcrun comes with Xcode'
done
name=${image##*/}
is_safe "$name" || stop 2 "the name $name holds more than letters, digits, blanks and ._:@=+,-" 'give the file a plain name, then type the command again'
who=$(id -un)@$(uname -n)
is_safe "$who" || who=unknown

mounted=
place=$(mktemp -d "${TMPDIR:-/tmp}/nexy-image.XXXXXX") || no_room "${TMPDIR:-/tmp}"
trap unmount EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

sha256=$(digest)
is_safe "$sha256" || stop 69 "cannot read $image" "ls -l '$image'"
mounted=yes
hdiutil attach -readonly -nobrowse -noautoopen -mountpoint "$place" "$image" >/dev/null || {
    mounted=
    stop 69 "cannot mount $image" "hdiutil verify '$image'"
}
app=
for found in "$place"/*.app; do
    if [ -d "$found" ] && [ ! -L "$found" ]; then
        [ -z "$app" ] || stop 1 "$image holds more than one application" 'build the image again, with one application'
        app=$found
    fi
done
[ -n "$app" ] || stop 1 "$image holds no application" 'build the image again'
version=$(defaults read "$app/Contents/Info" CFBundleVersion) || stop 69 "cannot read CFBundleVersion of ${app##*/}" "hdiutil verify '$image'"
is_safe "$version" || stop 1 "CFBundleVersion of ${app##*/} is no version" 'build the image again, with a CFBundleVersion such as 2.0.0.5'
signed=$(asked codesign --verify --deep --strict "$app") || exit
notarized=$(asked xcrun stapler validate "$image") || exit
size_bytes=$(wc -c <"$image" | tr -d ' ')
[ "$(digest)" = "$sha256" ] || stop 69 "$image changes while it is looked at" "wait until the build has ended, then type: scripts/$program $image"

receipt=$image.receipt.json
cat >"$image.receipt.part" <<EOT || no_room "$(dirname -- "$image")"
{
  "schema": "nexy.build-receipt/1",
  "artifact": "$name",
  "version": "$version",
  "size_bytes": $size_bytes,
  "sha256": "$sha256",
  "signed": $signed,
  "notarized": $notarized,
  "built_at": "$(date -u +%Y-%m-%dT%H:%M:%SZ)",
  "by": "$who"
}
EOT
mv "$image.receipt.part" "$receipt" || no_room "$(dirname -- "$image")"
printf '%s: version %s, signed %s, notarized %s\n  do: copy the receipt into the inbox, beside the image: %s\n' \
    "$program" "$version" "$signed" "$notarized" "$receipt" >&2
