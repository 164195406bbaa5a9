//! Fuzzes the manifest reader: what it reads of any bytes is what it writes again.

use super::{Target, kind, promised};
use nexy_contract::manifest::ManifestFacts;

pub(super) const TARGET: Target = Target {
    name: "manifest",
    seeds: &[
        br#"{"version":"2.0.0.4","build":"2.0.0.4","artifact":{"type":"dmg","url":"https://example.org/A.dmg","size":9,"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}}"#,
        br#"{"version":"2.0.0.4","build":20004,"artifact":[]}"#,
    ],
    tokens: &[
        b"{", b"}", b"[", b"]", b"\"", b":", b",", b"null", b"0", b"-1", b"1e9", b"99999999999999999999", b"\\u0000", b"\\ud800", b"\xef\xbb\xbf",
        b"\"version\"", b"\"build\"", b"\"artifact\"", b"\"size\"", b"\"sha256\"", b"\"url\"", b"https://", b"2.0.0.4", b"01",
    ],
    run,
};

fn run(bytes: &[u8]) -> Result<u64, String> {
    let answer = match ManifestFacts::read(bytes) {
        Ok(facts) => {
            promised(ManifestFacts::read(bytes).as_ref() == Ok(&facts), "the same bytes are read the same again")?;
            "facts".to_owned()
        }
        Err(error) => error.to_string(),
    };
    Ok(kind(&answer))
}
