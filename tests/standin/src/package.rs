//! A flat package as the installer's tools make it: a small real archive with PackageInfo, signature and ticket.

use crate::artifact::noise;
use sha2::{Digest, Sha256};

const HEADER_BYTES: usize = 28;
const CHECKSUM_BYTES: usize = 32;
const SIGNATURE_BYTES: usize = 256;
const TICKET_BYTES: usize = 64;
const TRAILER_BYTES: usize = 16;
/// Zlib's stored blocks hold so many bytes at most.
const BLOCK_BYTES: usize = 65_535;

/// A package to be made.
#[derive(Debug, Clone)]
pub struct Package {
    info: String,
    distribution: Option<String>,
    encoding: &'static str,
    is_signed: bool,
    is_stapled: bool,
}

impl Package {
    /// One component with one application, both of this version; signed, and with a ticket.
    #[must_use]
    pub fn of(version: &str) -> Self {
        Self {
            info: package_info(version, version, version),
            distribution: None,
            encoding: "application/x-gzip",
            is_signed: true,
            is_stapled: true,
        }
    }

    /// With another `PackageInfo`.
    #[must_use]
    pub fn info(mut self, xml: &str) -> Self {
        xml.clone_into(&mut self.info);
        self
    }

    /// A product archive, whose component lies in a folder of its own beside this `Distribution`.
    #[must_use]
    pub fn distribution(mut self, xml: &str) -> Self {
        self.distribution = Some(xml.to_owned());
        self
    }

    /// Calls the packing of its texts otherwise.
    #[must_use]
    pub const fn packed_as(mut self, encoding: &'static str) -> Self {
        self.encoding = encoding;
        self
    }

    /// Without a signature.
    #[must_use]
    pub const fn unsigned(mut self) -> Self {
        self.is_signed = false;
        self
    }

    /// Without a ticket.
    #[must_use]
    pub const fn unstapled(mut self) -> Self {
        self.is_stapled = false;
        self
    }

    /// The file, of exactly this size; another seed gives other bytes.
    #[must_use]
    pub fn bytes(&self, size_bytes: u64, seed: u64) -> Vec<u8> {
        let size = usize::try_from(size_bytes).unwrap();
        let toc_bytes = self.toc(0).len();
        let packed_bytes = stored(&vec![0; toc_bytes]).len();
        let after = if self.is_stapled { 2 * TRAILER_BYTES + TICKET_BYTES } else { 0 };
        let fixed = HEADER_BYTES + packed_bytes + self.heap(&[]).len() + after;
        let payload = size.checked_sub(fixed).unwrap_or_else(|| panic!("a package like this has at least {fixed} bytes"));
        let toc = self.toc(payload);
        assert_eq!(toc.len(), toc_bytes, "numbers have a fixed width");
        let packed = stored(toc.as_bytes());
        let mut file = b"xar!".to_vec();
        file.extend((HEADER_BYTES as u16).to_be_bytes());
        file.extend(1_u16.to_be_bytes());
        file.extend((packed.len() as u64).to_be_bytes());
        file.extend((toc.len() as u64).to_be_bytes());
        file.extend(3_u32.to_be_bytes());
        file.extend(&packed);
        file.extend(self.heap(&Sha256::digest(&packed)));
        noise(&mut file, payload as u64, seed);
        if self.is_stapled {
            trailer(&mut file, 1, 0);
            noise(&mut file, TICKET_BYTES as u64, seed ^ 1);
            trailer(&mut file, 2, TICKET_BYTES);
        }
        assert_eq!(file.len(), size);
        file
    }

    /// Texts that are told apart by their paths, as they lie in the heap one after another.
    fn texts(&self) -> Vec<(&'static str, Vec<u8>, usize)> {
        let pack = |text: &str| match self.encoding {
            "application/octet-stream" => (text.as_bytes().to_vec(), text.len()),
            _ => (stored(text.as_bytes()), text.len()),
        };
        let mut texts = Vec::new();
        for (name, text) in [("Distribution", self.distribution.as_deref()), ("PackageInfo", Some(self.info.as_str()))] {
            if let Some((packed, size)) = text.map(pack) {
                texts.push((name, packed, size));
            }
        }
        texts
    }

    /// Everything before the payload.
    fn heap(&self, checksum: &[u8]) -> Vec<u8> {
        let mut heap = checksum.to_vec();
        heap.resize(CHECKSUM_BYTES, 0);
        for (_, packed, _) in self.texts() {
            heap.extend(packed);
        }
        if self.is_signed {
            noise(&mut heap, SIGNATURE_BYTES as u64, 77);
        }
        heap
    }

    fn toc(&self, payload: usize) -> String {
        let data = |offset: usize, length: usize, size: usize, encoding: &str| {
            format!(
                "<data><length>{length:010}</length><offset>{offset:010}</offset><size>{size:010}</size>\
                 <encoding style=\"{encoding}\"/></data>"
            )
        };
        let file = |id: usize, name: &str, inside: &str| format!("<file id=\"{id}\"><name>{name}</name><type>file</type>{inside}</file>");
        let mut offset = CHECKSUM_BYTES;
        let (mut top, mut component) = (String::new(), String::new());
        for (number, (name, packed, size)) in self.texts().into_iter().enumerate() {
            let text = file(number + 1, name, &data(offset, packed.len(), size, self.encoding));
            offset += packed.len();
            if name == "PackageInfo" { component += &text } else { top += &text }
        }
        let mut signature = String::new();
        if self.is_signed {
            signature = format!(
                "<x-signature style=\"CMS\"><offset>{offset:010}</offset><size>{SIGNATURE_BYTES:010}</size>\
                 <KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><X509Data><X509Certificate>TUlJ</X509Certificate></X509Data></KeyInfo>\
                 </x-signature>"
            );
            offset += SIGNATURE_BYTES;
        }
        component += &file(9, "Payload", &data(offset, payload, payload, "application/octet-stream"));
        if self.distribution.is_some() {
            component = format!("<file id=\"8\"><name>Nexy.pkg</name><type>directory</type>{component}</file>");
        }
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<xar><toc>\
             <checksum style=\"sha256\"><offset>0</offset><size>{CHECKSUM_BYTES}</size></checksum>\
             {signature}{top}{component}</toc></xar>\n"
        )
    }
}

/// `PackageInfo` of a component that installs one application, with a helper and a framework of versions of their own.
#[must_use]
pub fn package_info(version: &str, build: &str, short_version: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <pkg-info identifier=\"com.nexy.assistant.pkg\" version=\"{version}\" format-version=\"2\" install-location=\"/Applications\">\
         <bundle path=\"./Nexy.app/Contents/Library/LoginItems/Helper.app\" CFBundleShortVersionString=\"1.0\" CFBundleVersion=\"77\"/>\
         <bundle path=\"./Nexy.app/Contents/Frameworks/Python.framework\" CFBundleShortVersionString=\"3.11\" CFBundleVersion=\"3.11.9\"/>\
         <bundle path=\"./Nexy.app\" id=\"com.nexy.assistant\" CFBundleShortVersionString=\"{short_version}\" CFBundleVersion=\"{build}\"/>\
         <bundle-version><bundle id=\"com.nexy.assistant\"/></bundle-version></pkg-info>\n"
    )
}

/// A zlib stream that packs nothing.
fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut stream = vec![0x78, 0x01];
    let mut blocks = bytes.chunks(BLOCK_BYTES).peekable();
    while let Some(block) = blocks.next() {
        let length = block.len() as u16;
        stream.push(u8::from(blocks.peek().is_none()));
        stream.extend(length.to_le_bytes());
        stream.extend((!length).to_le_bytes());
        stream.extend(block);
    }
    let (mut low, mut high) = (1_u32, 0_u32);
    for byte in bytes {
        low = (low + u32::from(*byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    stream.extend((high << 16 | low).to_be_bytes());
    stream
}

/// What stands around a ticket; these numbers are little-endian.
fn trailer(file: &mut Vec<u8>, kind: u16, length: usize) {
    file.extend(b"t8lr");
    file.extend(1_u16.to_le_bytes());
    file.extend(kind.to_le_bytes());
    file.extend((length as u32).to_le_bytes());
    file.extend([0; 4]);
}
