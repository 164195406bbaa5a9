//! Archives of two independent writers, and every way to damage them.

use super::*;
use nexy_standin::package::Package;
use proptest::prelude::*;

/// Written by libarchive: packed by deflate, with a SHA-1 checksum.
const COMPONENT: &[u8] = include_bytes!("component.xar");
/// Written by libarchive: `Distribution`, and a folder with the component.
const PRODUCT: &[u8] = include_bytes!("product.xar");

/// Reads from memory, and never past the end.
pub(crate) fn reader(bytes: &[u8]) -> impl FnMut(u64, u64) -> Result<Vec<u8>, Fault> + '_ {
    |offset, count| {
        let end = offset.checked_add(count).and_then(|end| usize::try_from(end).ok());
        let part = end.and_then(|end| bytes.get(usize::try_from(offset).ok()?..end));
        part.map(<[u8]>::to_vec).ok_or_else(|| Fault::Unreadable("it ends before".to_owned()))
    }
}

fn opened(bytes: &[u8]) -> Result<Archive, Fault> {
    open(bytes.len() as u64, &mut reader(bytes))
}

fn paths(bytes: &[u8]) -> Vec<String> {
    opened(bytes).expect("an archive").members.into_iter().map(|member| member.path).collect()
}

fn texts(bytes: &[u8]) -> Result<Vec<String>, Fault> {
    let members = opened(bytes)?.members;
    let texts = members.iter().filter(|member| !member.path.ends_with("Payload"));
    texts.map(|member| Ok(String::from_utf8_lossy(&extract(member, &mut reader(bytes))?).into_owned())).collect()
}

#[test]
fn members_are_found_and_unpacked_whoever_wrote_the_archive() {
    assert_eq!(paths(COMPONENT), ["PackageInfo"]);
    assert_eq!(paths(PRODUCT), ["Distribution", "A.pkg/PackageInfo", "A.pkg/Payload"]);
    let component = texts(COMPONENT).expect("a text");
    assert!(component[0].starts_with("<?xml") && component[0].trim_end().ends_with("</pkg-info>"), "{}", component[0]);
    assert_eq!(texts(PRODUCT).expect("texts")[1], component[0]);
    let ours = Package::of("1.2.3.4").distribution("<installer-gui-script/>").bytes(5000, 1);
    assert_eq!(paths(&ours), ["Distribution", "Nexy.pkg/PackageInfo", "Nexy.pkg/Payload"]);
    assert_eq!(texts(&ours).expect("texts")[0], "<installer-gui-script/>");
}

#[test]
fn a_signature_is_seen_only_with_its_certificate() {
    assert!(opened(&Package::of("1.2.3.4").bytes(5000, 1)).expect("an archive").is_signed);
    assert!(!opened(&Package::of("1.2.3.4").unsigned().bytes(5000, 1)).expect("an archive").is_signed);
    assert!(!opened(COMPONENT).expect("an archive").is_signed);
}

#[test]
fn what_lies_behind_the_archive_is_no_part_of_it() {
    let stapled = Package::of("1.2.3.4").bytes(5000, 1);
    assert_eq!(opened(&stapled).expect("an archive").end, 5000 - 2 * 16 - 64);
    assert_eq!(opened(PRODUCT).expect("an archive").end, PRODUCT.len() as u64 - 20, "its writer leaves twenty bytes there");
}

#[test]
fn every_cut_is_noticed() {
    for whole in [COMPONENT, PRODUCT, &Package::of("1.2.3.4").unstapled().bytes(5000, 1)] {
        let needed = usize::try_from(opened(whole).expect("an archive").end).expect("small");
        for end in 0..needed {
            assert!(opened(&whole[..end]).is_err(), "{end} of {} bytes were accepted", whole.len());
        }
    }
}

#[test]
fn damage_in_what_is_read_is_noticed() {
    let whole = Package::of("1.2.3.4").bytes(5000, 1);
    let said = texts(&whole).expect("texts");
    let info = opened(&whole).expect("an archive").members.into_iter().find(|member| member.path == "PackageInfo").expect("a member");
    for place in 0..usize::try_from(info.at + info.packed_bytes).expect("small") {
        let mut damaged = whole.clone();
        damaged[place] ^= 0x20;
        // A few bits mean nothing: the kind of checksum in the header, and what fills the last byte of a mark.
        assert!(texts(&damaged).map_or(true, |found| found == said), "a change at {place} was not noticed");
    }
    let mut other = whole.clone();
    other[usize::try_from(info.at).expect("small") + 100] ^= 0x20;
    assert_eq!(texts(&other), Err(Fault::Broken("PackageInfo in it is damaged".to_owned())));
}

#[test]
fn a_packing_that_nobody_here_knows_is_unreadable() {
    let odd = Package::of("1.2.3.4").packed_as("application/x-bzip2").bytes(5000, 1);
    assert!(matches!(texts(&odd), Err(Fault::Unreadable(because)) if because.contains("x-bzip2")));
    assert!(texts(&Package::of("1.2.3.4").packed_as("application/octet-stream").bytes(5000, 1)).is_ok());
}

/// An archive of nothing but a table of contents.
fn with_toc(toc: &str) -> Vec<u8> {
    let packed = miniz_oxide::deflate::compress_to_vec_zlib(toc.as_bytes(), 6);
    let mut file = [&MAGIC[..], &[0, 28, 0, 1]].concat();
    file.extend((packed.len() as u64).to_be_bytes());
    file.extend((toc.len() as u64).to_be_bytes());
    file.extend([0; 4]);
    file.extend(packed);
    file
}

#[test]
fn sizes_that_nobody_can_hold_are_refused_before_anything_is_unpacked() {
    let mut huge = with_toc("<xar><toc/></xar>");
    huge[16] = 0x7f;
    assert!(matches!(opened(&huge), Err(Fault::Unreadable(because)) if because.contains("4 MiB")));
    let bomb = with_toc(&format!("<xar><toc/></xar>{}", " ".repeat(3 << 20)));
    assert!(opened(&bomb).is_ok(), "within the bound");
    let mut lying = bomb;
    lying[16..24].copy_from_slice(&17_u64.to_be_bytes());
    assert_eq!(opened(&lying), Err(Fault::Broken("its table of contents is larger than it says".to_owned())));
    let member = |size: u64| {
        let data = format!("<data><length>5</length><offset>0</offset><size>{size}</size><encoding style=\"application/x-gzip\"/></data>");
        let mut file = with_toc(&format!("<xar><toc><file><name>PackageInfo</name>{data}</file></toc></xar>"));
        file.extend([0; 5]);
        texts(&file)
    };
    assert!(matches!(member(u64::MAX), Err(Fault::Unreadable(because)) if because.contains("larger than 1 MiB")));
    assert!(matches!(member(10), Err(Fault::Broken(_))));
}

#[test]
fn numbers_at_the_edge_are_refused() {
    for data in [
        "<data><length>1</length><offset>18446744073709551615</offset><size>1</size></data>",
        "<data><length>18446744073709551615</length><offset>1</offset><size>1</size></data>",
        "<data><length>-1</length><offset>0</offset><size>1</size></data>",
        "<data><length>1</length><offset>x</offset><size>1</size></data>",
        "<data><offset>0</offset></data>",
    ] {
        let file = with_toc(&format!("<xar><toc><file><name>PackageInfo</name>{data}</file></toc></xar>"));
        assert!(matches!(texts(&file), Err(Fault::Broken(_))), "{data}");
    }
    let checksum = "<checksum style=\"sha256\"><offset>18446744073709551615</offset></checksum>";
    assert!(opened(&with_toc(&format!("<xar><toc>{checksum}</toc></xar>"))).is_err());
}

#[test]
fn a_table_of_contents_that_is_none_is_refused_however_deep_it_is() {
    for toc in ["", "x", "<xar/>", "<!DOCTYPE x [<!ENTITY a \"b\">]><xar><toc>&a;</toc></xar>", "<xar><toc>"] {
        assert!(matches!(opened(&with_toc(toc)), Err(Fault::Broken(_))), "{toc}");
    }
    let depth = 30_000;
    let deep = format!("<xar><toc>{}{}</toc></xar>", "<file>".repeat(depth), "</file>".repeat(depth));
    assert_eq!(opened(&with_toc(&deep)).expect("an archive").members, []);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        let _ = texts(&[MAGIC.as_slice(), &[0, 28, 0, 1], &bytes].concat());
        let _ = texts(&bytes);
    }

    #[test]
    fn no_damage_makes_it_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8), cut: prop::sample::Index) {
        let mut bytes = PRODUCT.to_vec();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        let _ = texts(&bytes);
        bytes.truncate(cut.index(bytes.len()));
        let _ = texts(&bytes);
    }

    #[test]
    fn no_table_of_contents_makes_it_panic(toc in "<xar><toc>(<(file|data|checksum|x-signature)( style=\"sha256\")?>|</(file|data)>|<(offset|size|length)>[0-9]{0,20}</(offset|size|length)>|[a-z]){0,12}</toc></xar>") {
        let _ = texts(&with_toc(&toc));
    }
}
