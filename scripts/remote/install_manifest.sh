# shellcheck shell=sh
# Installs a manifest. Sent behind frame.sh, with PAYLOAD: its bytes in base64, and CHECKSUM: what cksum says about that text.
# The digest of what was installed goes back in the answer, and the laptop compares it with the record.
: "${PAYLOAD:?}" "${CHECKSUM:?}" "${scratch:?}"
alone 'nexy-manifest install'
manifest=$scratch/manifest.json
if [ "$(printf '%s' "$PAYLOAD" | cksum)" != "$CHECKSUM" ] || ! printf '%s' "$PAYLOAD" | base64 -d >"$manifest"; then
    stop 69 'the manifest did not arrive whole; nothing was installed' 'the same command again'
fi
run nexy-manifest install "$manifest"
