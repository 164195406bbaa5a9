# shellcheck shell=sh
# Installs a manifest. Follows frame.sh. PAYLOAD holds the manifest in base64, SHA256 the digest of its bytes.
: "${PAYLOAD:?}" "${SHA256:?}" "${scratch:?}"
alone 'nexy-manifest install'
manifest=$scratch/manifest.json
if ! printf '%s' "$PAYLOAD" | base64 -d >"$manifest" || [ "$(sha256sum <"$manifest")" != "$SHA256  -" ]; then
    stop 69 'the manifest did not arrive whole; nothing was installed' 'type the same command again'
fi
run nexy-manifest install "$manifest"
