//! An artifact is what its name says, not the error page that a download left behind.

use crate::formats::xar::{self, Header};
use crate::gate::prelude::*;
use crate::observed::inbox::{Bytes, Fault, Found};
use nexy_contract::target_file::ArtifactKind;

pub(crate) const GATE: Gate = Gate {
    id: "artifact-genuine",
    asks: "Is each artifact a disk image or an installer package, whole, as its name says?",
    profiles: &["pre-production", "before-publish"],
    runbook: "S3 §2.2",
    at: Machine::Laptop,
    takes: Takes::Files,
    explain: Explain {
        symptom: "Clients download an error page, a test file or a cut copy as an update; for five months the feed announced a 33-byte text.",
        check: "A disk image ends with a 512-byte trailer that begins `koly` (version 4); a flat package begins `xar!`. \
                Both say how long their parts are, and all of that must be there. By hand: tail -c 512 FILE | head -c 4, or head -c 4 FILE.",
        fix: &[note(
            "Build it again, or copy it again from the machine that built it; then start again from \
                     `nexy-version record`.",
        )],
        verify: &[command("nexy-gate artifact-genuine")],
    },
    check,
    repair: None,
};

const TRAILER_BYTES: usize = 512;
const TRAILER_VERSION: u32 = 4;
/// Where the trailer says where the data begins and how long it is.
const DATA_AT: usize = 24;
/// The same of the property list that names the blocks.
const LIST_AT: usize = 216;

fn check(context: &Context) -> Answer {
    judge(&context.inbox().artifacts, &context.workspace.target.layout.inbox)
}

fn judge(artifacts: &[Found], folder: &str) -> Answer {
    let expected = "a disk image ends with a `koly` trailer, an installer package begins with `xar!`";
    if artifacts.is_empty() {
        return Answer::unknown(format!("{folder}/ holds no artifact to look at"), expected, Fix::command("nexy-gate release-inbox"));
    }
    let mut builder = AnswerBuilder::default();
    for found in artifacts {
        let name = &found.row.name;
        let copy = Fix::note(format!("copy {name} again from where it was built into {folder}/"));
        match &found.bytes {
            Err(Fault::Refused(because)) => builder.fail(format!("{name}: {because}"), copy),
            Err(Fault::Unreadable(because)) => {
                builder.unknown(format!("{name}: {because}"), Fix::command(format!("ls -l {}", shell_word(&format!("{folder}/{name}")))))
            }
            Ok(bytes) => match fault(found.row.kind, bytes) {
                None => builder.pass(format!("{name} is {}", words(found.row.kind))),
                Some(fault) if found.row.kind == ArtifactKind::Dmg && is_raw_image(&bytes.head) => {
                    let convert = format!("hdiutil convert {0} -format UDZO -o udzo-{0}", shell_word(name));
                    let fix =
                        Fix::note("on the Mac that built it: convert it, then sign, notarize and staple the result:").then_command(convert);
                    builder.fail(format!("{name} is {fault}"), fix);
                }
                Some(fault) => builder.fail(format!("{name} is {fault}"), copy),
            },
        }
    }
    builder.answer(expected)
}

const fn words(kind: ArtifactKind) -> &'static str {
    match kind {
        ArtifactKind::Dmg => "a disk image",
        ArtifactKind::Pkg => "an installer package",
    }
}

/// What it is, when it is not what its name says, or not the whole of it.
fn fault(kind: ArtifactKind, bytes: &Bytes) -> Option<String> {
    let something_else = || format!("not {}, it is {}", words(kind), instead(bytes));
    match kind {
        ArtifactKind::Dmg if !has_trailer(&bytes.tail) => Some(something_else()),
        ArtifactKind::Dmg => {
            let before = bytes.size_bytes.saturating_sub(TRAILER_BYTES as u64);
            let missing = promised(&bytes.tail)?.saturating_sub(before);
            (missing > 0).then(|| format!("a disk image without its beginning: {missing} bytes are missing"))
        }
        ArtifactKind::Pkg => match Header::read(&bytes.head, bytes.size_bytes) {
            Ok(_) => None,
            Err(_) if !bytes.head.starts_with(xar::MAGIC) => Some(something_else()),
            Err(xar::Fault::Broken(because) | xar::Fault::Unreadable(because)) => {
                Some(format!("{}, but cut or damaged: {because}", words(kind)))
            }
        },
    }
}

/// How many bytes the trailer says that there are before it: the data, and the list of its blocks.
fn promised(trailer: &[u8]) -> Option<u64> {
    let number = |at: usize| trailer.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes);
    let end = |at: usize| Some(number(at)?.saturating_add(number(at + 8)?));
    Some(end(DATA_AT)?.max(end(LIST_AT)?))
}

/// Signature, version 4 and header size 512, all numbers big-endian.
fn has_trailer(tail: &[u8]) -> bool {
    let number = |at: usize| tail.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
    tail.len() == TRAILER_BYTES
        && tail.starts_with(b"koly")
        && number(4) == Some(TRAILER_VERSION)
        && number(8).is_some_and(|size| size as usize == TRAILER_BYTES)
}

/// Whether a disk begins here as it is: a partition table of GPT, Apple or DOS, a volume of HFS or APFS, or an ISO image.
fn is_raw_image(head: &[u8]) -> bool {
    const MARKS: &[(usize, &[u8])] = &[
        (512, b"EFI PART"),
        (512, b"PM\0\0"),
        (1024, b"H+\0"),
        (1024, b"HX\0"),
        (1024, b"BD"),
        (32, b"NXSB"),
        (32_769, b"CD001"),
        (510, b"\x55\xaa"),
    ];
    MARKS.iter().any(|(at, mark)| head.get(*at..).is_some_and(|rest| rest.starts_with(mark)))
}

/// What the bytes look like, for the person who must find out where they came from.
fn instead(bytes: &Bytes) -> String {
    let head = &bytes.head;
    let text: String = head.iter().take(64).map(|byte| char::from(*byte).to_ascii_lowercase()).collect();
    let text = text.trim_start_matches(['\u{ef}', '\u{bb}', '\u{bf}', ' ', '\r', '\n', '\t']);
    let known = match head.as_slice() {
        [0x1f, 0x8b, ..] => Some("gzip data"),
        [b'P', b'K', 3 | 5, ..] => Some("a zip archive"),
        [b'B', b'Z', b'h', ..] => Some("bzip2 data"),
        [b'x', b'a', b'r', b'!', ..] => Some("an installer package"),
        _ if has_trailer(&bytes.tail) => Some("a disk image"),
        _ if bytes.tail.starts_with(b"koly") => Some("a disk image with a broken trailer"),
        _ if text.starts_with("<!doctype html") || text.starts_with("<html") => Some("an HTML page"),
        _ if text.starts_with('<') => Some("an XML or HTML text"),
        _ if text.starts_with("version https://git-lfs") => Some("a Git LFS pointer, not the file itself"),
        _ if text.starts_with(['{', '[']) => Some("a JSON text"),
        _ if is_raw_image(head) => Some("a raw (uncompressed) disk image"),
        _ if head.starts_with(b"encrcdsa") => Some("an encrypted disk image"),
        _ if head.starts_with(b"sprs") => Some("a sparse disk image"),
        _ if head.iter().all(|byte| *byte == 0) => Some("nothing but zero bytes at its start"),
        _ => None,
    };
    let start: Vec<String> = head.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let what = known.map_or_else(|| format!("cut, or something else (it begins {})", start.join(" ")), str::to_owned);
    format!("{what}, {} bytes", bytes.size_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::says;
    use nexy_contract::{Sha256Digest, target_file::ArtifactRow};

    fn bytes(content: &[u8]) -> Bytes {
        Bytes {
            size_bytes: content.len() as u64,
            sha256: Sha256Digest::of(content),
            head: content[..content.len().min(33 << 10)].to_vec(),
            tail: content[content.len().saturating_sub(512)..].to_vec(),
        }
    }

    fn image(version: u8, size: u16) -> Vec<u8> {
        let mut content = vec![7; 2048];
        let trailer = content.len() - 512;
        content[trailer..].fill(0);
        content[trailer..trailer + 4].copy_from_slice(b"koly");
        content[trailer + 4..trailer + 8].copy_from_slice(&[0, 0, 0, version]);
        content[trailer + 8..trailer + 12].copy_from_slice(&u32::from(size).to_be_bytes());
        content
    }

    fn asked(kind: ArtifactKind, content: Result<&[u8], Fault>) -> Answer {
        let row = ArtifactRow { name: format!("A.{}", kind.word()), channel: "Fixed".into(), kind, feed: true };
        judge(&[Found { row, bytes: content.map(bytes) }], "inbox")
    }

    #[test]
    fn a_raw_disk_image_is_called_what_it_is_with_the_command_that_converts_it() {
        for (at, mark) in [(512, &b"EFI PART"[..]), (1024, b"H+\0\x04"), (32, b"NXSB"), (510, b"\x55\xaa"), (32_769, b"CD001")] {
            let mut raw = vec![0; 1 << 16];
            raw[at..at + mark.len()].copy_from_slice(mark);
            let answer = asked(ArtifactKind::Dmg, Ok(&raw));
            says(&answer, Verdict::Fail, "a raw (uncompressed) disk image");
            assert!(answer.fix.text().contains("hdiutil convert A.dmg -format UDZO"), "{answer:?}");
        }
        says(&asked(ArtifactKind::Pkg, Ok(&vec![0; 1 << 16])), Verdict::Fail, "nothing but zero bytes");
    }

    #[test]
    fn genuine_artifacts_pass() {
        assert_eq!(asked(ArtifactKind::Dmg, Ok(&image(4, 512))), Answer::pass("A.dmg is a disk image"));
        let package = nexy_standin::artifact::pkg(4096, 1);
        assert_eq!(asked(ArtifactKind::Pkg, Ok(&package)), Answer::pass("A.pkg is an installer package"));
    }

    #[test]
    fn a_trailer_counts_only_whole_and_at_the_end() {
        let whole = image(4, 512);
        for content in
            [image(3, 512), image(4, 511), whole[..whole.len() - 1].to_vec(), [whole.as_slice(), b"\n"].concat(), b"koly".to_vec()]
        {
            assert_eq!(asked(ArtifactKind::Dmg, Ok(&content)).verdict, Verdict::Fail);
        }
    }

    #[test]
    fn what_promises_more_than_there_is_was_cut() {
        let mut content = image(4, 512);
        let trailer = content.len() - 512;
        for at in [DATA_AT, LIST_AT] {
            let mut cut = content.clone();
            cut[trailer + at..trailer + at + 8].copy_from_slice(&1000_u64.to_be_bytes());
            cut[trailer + at + 8..trailer + at + 16].copy_from_slice(&537_u64.to_be_bytes());
            assert!(asked(ArtifactKind::Dmg, Ok(&cut)).found.contains("without its beginning: 1 bytes"), "{at}");
        }
        content[trailer + DATA_AT..trailer + DATA_AT + 16].fill(0xff);
        assert_eq!(asked(ArtifactKind::Dmg, Ok(&content)).verdict, Verdict::Fail);
        let package = nexy_standin::artifact::pkg(4096, 1);
        for cut in [&b"xar!"[..], &package[..200], b"xar!and so on, for more than the twenty-eight bytes"] {
            let answer = asked(ArtifactKind::Pkg, Ok(cut));
            assert!(answer.verdict == Verdict::Fail && answer.found.contains("cut or damaged"), "{answer:?}");
        }
    }

    #[test]
    fn the_answer_says_what_it_is_instead() {
        for (content, words) in [
            (&b"\n<!DOCTYPE html><title>404"[..], "an HTML page"),
            (b"{\"message\":\"Not Found\"}", "a JSON text"),
            (b"\x1f\x8b\x08rest", "gzip data"),
            (b"PK\x03\x04rest", "a zip archive"),
            (b"version https://git-lfs.github.com/spec/v1", "a Git LFS pointer"),
            (b"xar!rest", "an installer package"),
            (b"\x01\x02\x03\x04\x05", "it begins 01 02 03 04"),
            (&[0; 600], "zero bytes"),
        ] {
            let answer = asked(ArtifactKind::Dmg, Ok(content));
            says(&answer, Verdict::Fail, words);
        }
        assert!(asked(ArtifactKind::Pkg, Ok(&image(4, 512))).found.contains("it is a disk image"));
    }

    #[test]
    fn what_was_not_read_is_never_genuine() {
        assert_eq!(asked(ArtifactKind::Dmg, Err(Fault::Refused("it is empty".into()))).verdict, Verdict::Fail);
        assert_eq!(asked(ArtifactKind::Dmg, Err(Fault::Unreadable("permission denied".into()))).verdict, Verdict::Unknown);
        assert_eq!(judge(&[], "inbox").verdict, Verdict::Unknown);
    }
}
