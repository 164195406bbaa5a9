# shellcheck shell=sh
# Installs a manifest. Sent behind frame.sh, with PAYLOAD: its bytes in base64, and SHA256: their digest.
: "${PAYLOAD:?}" "${SHA256:?}" "${scratch:?}"
alone 'nexy-manifest install'
manifest=$scratch/manifest.json
if ! printf '%s' "$PAYLOAD" | base64 -d >"$manifest" || [ "$(sha256sum <"$manifest")" != "$SHA256  -" ]; then
    stop 69 'the manifest did not arrive whole; nothing was installed' 'the same command again'
fi
run nexy-manifest install "$manifest"
