//! Reads xar archives, the format of flat installer packages: header, compressed table of contents, and the heap it points into.
//!
//! Every offset and length comes from the file itself and is believed only within its size; what is unpacked is bounded.

use miniz_oxide::inflate::{DecompressError, TINFLStatus, decompress_to_vec_zlib_with_limit};
use nexy_contract::{Sha256Digest, text::excerpt};
use roxmltree::{Document, Node};

/// The first bytes of every archive.
pub(crate) const MAGIC: &[u8; 4] = b"xar!";
/// Bytes of the header that every archive has.
pub(crate) const HEADER_BYTES: u64 = 28;
const FORMAT: u64 = 1;
/// A table of contents of a thousand files has half a MiB.
const MAX_TOC_BYTES: u64 = 4 << 20;
const MAX_NAME_BYTES: usize = 255;
/// Tags and attributes of a text that is read: a table of contents of a thousand files has 50,000 and 5,000. In memory each of them is
/// many times as large as in the text, and the text is many times as large as the file.
const MAX_TAGS: usize = 1 << 16;
const MAX_ATTRIBUTES: usize = 1 << 14;
/// The members that are read are texts of some kilobytes.
const MAX_MEMBER_BYTES: u64 = 1 << 20;

/// Why an archive cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It contradicts itself: it was cut, or damaged, or never was one.
    Broken(String),
    /// It may be whole, but this program cannot read what it holds.
    Unreadable(String),
}

/// Bytes of the file, from an offset and of a length.
pub(crate) type Read<'a> = dyn FnMut(u64, u64) -> Result<Vec<u8>, Fault> + 'a;

/// Where the parts of an archive lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    toc_at: u64,
    toc_packed_bytes: u64,
    toc_bytes: u64,
    heap_at: u64,
}

impl Header {
    /// Reads the first bytes of a file of that size; all numbers are big-endian.
    pub(crate) fn read(head: &[u8], file_bytes: u64) -> Result<Self, Fault> {
        if !head.starts_with(MAGIC) {
            return Err(broken("it does not begin with `xar!`"));
        }
        let number = |at: usize, bytes: usize| {
            let part = head.get(at..at + bytes).ok_or_else(|| broken("its header is cut"))?;
            Ok(part.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte)))
        };
        let (toc_at, format) = (number(4, 2)?, number(6, 2)?);
        let (toc_packed_bytes, toc_bytes) = (number(8, 8)?, number(16, 8)?);
        if toc_at < HEADER_BYTES || format != FORMAT {
            return Err(broken(format!("its header is that of no archive of format {FORMAT}")));
        }
        let heap_at = toc_at.checked_add(toc_packed_bytes).filter(|heap_at| toc_packed_bytes > 0 && *heap_at <= file_bytes);
        let heap_at = heap_at.ok_or_else(|| broken("its table of contents lies outside of the file"))?;
        Ok(Self { toc_at, toc_packed_bytes, toc_bytes, heap_at })
    }
}

/// A file in the heap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    /// Names joined by `/`.
    pub(crate) path: String,
    encoding: String,
    at: u64,
    packed_bytes: u64,
    bytes: u64,
}

/// What the table of contents says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Archive {
    /// Files at the top, and in folders at the top.
    pub(crate) members: Vec<Member>,
    /// Whether it holds a signature with a certificate.
    pub(crate) is_signed: bool,
    /// Where the last thing ends that the table of contents knows of.
    pub(crate) end: u64,
}

/// Reads the table of contents of a file of that size.
pub(crate) fn open(file_bytes: u64, read: &mut Read<'_>) -> Result<Archive, Fault> {
    let header = Header::read(&read(0, HEADER_BYTES.min(file_bytes))?, file_bytes)?;
    if header.toc_bytes > MAX_TOC_BYTES || header.toc_packed_bytes > MAX_TOC_BYTES {
        return Err(Fault::Unreadable(format!("its table of contents is larger than {} MiB", MAX_TOC_BYTES >> 20)));
    }
    let packed = read(header.toc_at, header.toc_packed_bytes)?;
    let toc = unpack(&packed, header.toc_bytes, "its table of contents")?;
    let text = std::str::from_utf8(&toc).map_err(|_| broken("its table of contents is no UTF-8"))?;
    let document = document(text, "its table of contents")?;
    let toc = child(document.root_element(), "toc").ok_or_else(|| broken("its table of contents is empty"))?;
    let end = end_of_heap(toc, header.heap_at, file_bytes)?;
    if let Some(checksum) = child(toc, "checksum").filter(|checksum| checksum.attribute("style") == Some("sha256")) {
        let at = header.heap_at.saturating_add(number(checksum, "offset")?);
        let digest = Sha256Digest::of(&packed).to_string();
        let stored: String = read(at, 32)?.iter().map(|byte| format!("{byte:02x}")).collect();
        if stored != digest {
            return Err(broken("its table of contents has another checksum than it says"));
        }
    }
    let mut members = Vec::new();
    for file in toc.children().filter(|node| node.has_tag_name("file")) {
        let name = name(file)?;
        members.extend(member(file, name, header.heap_at)?);
        for inner in file.children().filter(|node| node.has_tag_name("file")) {
            members.extend(member(inner, &format!("{name}/{}", self::name(inner)?), header.heap_at)?);
        }
    }
    Ok(Archive { members, is_signed: toc.children().any(is_signature), end })
}

/// Reads a text of an archive as XML, unless it would take more memory than any text that an installer's tools write.
pub(crate) fn document<'a>(text: &'a str, what: &str) -> Result<Document<'a>, Fault> {
    let count = |mark: u8| text.bytes().filter(|byte| *byte == mark).count();
    if count(b'<') > MAX_TAGS || count(b'=') > MAX_ATTRIBUTES {
        return Err(Fault::Unreadable(format!("{what} has more elements than are read")));
    }
    Document::parse(text).map_err(|error| broken(format!("{what} is no XML: {error}")))
}

/// Unpacks one member.
pub(crate) fn extract(member: &Member, read: &mut Read<'_>) -> Result<Vec<u8>, Fault> {
    let path = excerpt(&member.path, 80);
    if member.bytes > MAX_MEMBER_BYTES || member.packed_bytes > MAX_MEMBER_BYTES {
        return Err(Fault::Unreadable(format!("{path} in it is larger than {} MiB", MAX_MEMBER_BYTES >> 20)));
    }
    match member.encoding.as_str() {
        "application/octet-stream" if member.bytes == member.packed_bytes => read(member.at, member.bytes),
        "application/octet-stream" => Err(broken(format!("{path} in it has two sizes"))),
        // What is called so is a zlib stream.
        "application/x-gzip" => unpack(&read(member.at, member.packed_bytes)?, member.bytes, &format!("{path} in it")),
        other => Err(Fault::Unreadable(format!("{path} in it is packed as {}", excerpt(other, 60)))),
    }
}

fn unpack(packed: &[u8], bytes: u64, what: &str) -> Result<Vec<u8>, Fault> {
    let limit = usize::try_from(bytes).unwrap_or(usize::MAX);
    let damaged = |error: DecompressError| match error.status {
        TINFLStatus::HasMoreOutput => broken(format!("{what} is larger than it says")),
        _ => broken(format!("{what} is damaged")),
    };
    let unpacked = decompress_to_vec_zlib_with_limit(packed, limit).map_err(damaged)?;
    if unpacked.len() as u64 == bytes { Ok(unpacked) } else { Err(broken(format!("{what} is smaller than it says"))) }
}

/// Everything that the table of contents points at lies in the file, or the file was cut.
fn end_of_heap(toc: Node<'_, '_>, heap_at: u64, file_bytes: u64) -> Result<u64, Fault> {
    let mut end = heap_at;
    for node in toc.descendants().filter(Node::is_element) {
        let length = match node.tag_name().name() {
            "data" | "ea" => "length",
            "checksum" | "signature" | "x-signature" => "size",
            _ => continue,
        };
        if child(node, "offset").is_none() || child(node, length).is_none() {
            continue;
        }
        let (offset, length) = (number(node, "offset")?, number(node, length)?);
        let here = heap_at.checked_add(offset).and_then(|at| at.checked_add(length)).filter(|end| *end <= file_bytes);
        end = end.max(here.ok_or_else(|| broken("it ends before what its table of contents promises"))?);
    }
    Ok(end)
}

fn member(file: Node<'_, '_>, path: &str, heap_at: u64) -> Result<Option<Member>, Fault> {
    let Some(data) = child(file, "data") else { return Ok(None) };
    let encoding = child(data, "encoding").and_then(|node| node.attribute("style")).unwrap_or("application/octet-stream");
    let at = heap_at.checked_add(number(data, "offset")?).ok_or_else(|| broken("a file in it lies outside of it"))?;
    Ok(Some(Member {
        path: path.to_owned(),
        encoding: encoding.to_owned(),
        at,
        packed_bytes: number(data, "length")?,
        bytes: number(data, "size")?,
    }))
}

fn is_signature(node: Node<'_, '_>) -> bool {
    let is_certificate =
        |inner: Node<'_, '_>| inner.tag_name().name() == "X509Certificate" && inner.text().is_some_and(|text| !text.trim().is_empty());
    ["signature", "x-signature"].contains(&node.tag_name().name())
        && number(node, "size").is_ok_and(|size| size > 0)
        && node.descendants().any(is_certificate)
}

/// A longer name than any file system has would stand once more in the path of each file below it.
fn name<'a>(file: Node<'a, '_>) -> Result<&'a str, Fault> {
    let name = child(file, "name").and_then(|name| name.text()).unwrap_or_default();
    if name.len() > MAX_NAME_BYTES { Err(broken("a name in it is longer than any file's")) } else { Ok(name) }
}

fn child<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    node.children().find(|child| child.has_tag_name(name))
}

fn number(node: Node<'_, '_>, name: &str) -> Result<u64, Fault> {
    let text = child(node, name).and_then(|child| child.text()).unwrap_or_default();
    text.trim().parse().map_err(|_| broken(format!("its table of contents says `{}` for {name}", excerpt(text, 40))))
}

fn broken(because: impl Into<String>) -> Fault {
    Fault::Broken(because.into())
}

#[cfg(test)]
pub(crate) mod tests;
