//! What a flat package says of itself: its own version, those of the applications in it, its signature and its ticket.

use super::xar::{self, Fault, Read};
use roxmltree::Node;

/// What was seen of one package.
#[derive(Debug, Default)]
pub(crate) struct Package {
    /// Every version that it holds, by where it stands.
    pub(crate) versions: Vec<(String, String)>,
    /// Whether the build of an application is among them.
    pub(crate) has_build: bool,
    pub(crate) is_signed: bool,
    /// Whether a notarization ticket is attached to it.
    pub(crate) has_ticket: bool,
}

/// A package with every component of a large application names some dozens.
const MOST_VERSIONS: usize = 1000;

/// A notarization ticket ends the file: the ticket itself, then this many bytes that begin with the mark.
const TRAILER_BYTES: usize = 16;
const TRAILER_MARK: &[u8] = b"t8lr";
const TRAILER_IS_TICKET: u16 = 2;

/// Folders that are one thing to the installer.
const BUNDLES: &[&str] = &["app", "appex", "bundle", "framework", "kext", "plugin", "prefpane", "xpc"];

/// Looks into a package of that size, whose last bytes are `tail`.
pub(crate) fn look(file_bytes: u64, tail: &[u8], read: &mut Read<'_>) -> Result<Package, Fault> {
    let archive = xar::open(file_bytes, read)?;
    let has_ticket = file_bytes > archive.end && has_ticket(file_bytes - archive.end, tail);
    let mut package = Package { is_signed: archive.is_signed, has_ticket, ..Package::default() };
    let mut components = 0;
    for member in &archive.members {
        let is_component = member.path == "PackageInfo" || member.path.ends_with(".pkg/PackageInfo");
        if !is_component && member.path != "Distribution" {
            continue;
        }
        components += usize::from(is_component);
        let bytes = xar::extract(member, read)?;
        let broken = |what: &str| Fault::Broken(format!("{} in it {what}", member.path));
        let text = std::str::from_utf8(&bytes).map_err(|_| broken("is no UTF-8"))?;
        let document = xar::document(text, &format!("{} in it", member.path))?;
        if is_component {
            component(&member.path, document.root_element(), &mut package);
        } else {
            distribution(&member.path, document.root_element(), &mut package);
        }
        if package.versions.len() > MOST_VERSIONS {
            return Err(Fault::Unreadable(format!("it names more than {MOST_VERSIONS} versions")));
        }
    }
    if components == 0 {
        return Err(Fault::Broken("it holds no PackageInfo, so it is no installer package".to_owned()));
    }
    Ok(package)
}

impl Package {
    fn says(&mut self, place: String, version: Option<&str>) {
        self.versions.extend(version.map(|version| (place, version.to_owned())));
    }
}

/// `PackageInfo`: the component's own version, and that of every application that it installs.
fn component(path: &str, root: Node<'_, '_>, package: &mut Package) {
    package.says(format!("{path} version"), root.attribute("version"));
    package.has_build |= applications(path, root, package);
}

/// Notes the versions of the applications that stand alone; whether the build of one was there.
fn applications(path: &str, root: Node<'_, '_>, package: &mut Package) -> bool {
    let place = root.attribute("install-location").unwrap_or_default();
    let mut has_build = false;
    for bundle in root.descendants().filter(|node| node.has_tag_name("bundle")) {
        // What stands in another bundle's element lies in that bundle.
        let is_inner = bundle.ancestors().skip(1).any(|node| node.has_tag_name("bundle"));
        let Some(app) = bundle.attribute("path").filter(|_| !is_inner).and_then(|path| application(place, path)) else { continue };
        for key in ["CFBundleVersion", "CFBundleShortVersionString"] {
            package.says(format!("{path} {app} {key}"), bundle.attribute(key));
        }
        has_build |= bundle.attribute("CFBundleVersion").is_some();
    }
    has_build
}

/// `Distribution`: what the installer compares with what is installed.
fn distribution(path: &str, root: Node<'_, '_>, package: &mut Package) {
    for node in root.descendants().filter(|node| node.has_tag_name("pkg-ref") || node.has_tag_name("product")) {
        let what = format!("{path} {} {}", node.tag_name().name(), node.attribute("id").unwrap_or_default());
        package.says(format!("{} version", what.trim_end()), node.attribute("version"));
    }
    applications(path, root, package);
}

/// The name of an application that stands by itself; helpers and frameworks inside of another bundle have versions of
/// their own, which clients never compare.
fn application(place: &str, path: &str) -> Option<String> {
    let whole = format!("{place}/{path}");
    let parts: Vec<&str> = whole.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let is_bundle = |part: &&str| part.rsplit_once('.').is_some_and(|(_, ending)| BUNDLES.contains(&ending.to_lowercase().as_str()));
    let last = parts.last()?;
    let stands_alone = parts.iter().filter(|part| is_bundle(part)).count() == 1;
    (stands_alone && last.to_lowercase().ends_with(".app")).then(|| (*last).to_owned())
}

/// Whether what follows the archive ends with a ticket; these numbers are little-endian.
fn has_ticket(bytes_after: u64, tail: &[u8]) -> bool {
    let Some(trailer) = tail.len().checked_sub(TRAILER_BYTES).map(|at| &tail[at..]) else { return false };
    let ticket_bytes = u32::from_le_bytes([trailer[8], trailer[9], trailer[10], trailer[11]]);
    trailer.starts_with(TRAILER_MARK)
        && u16::from_le_bytes([trailer[6], trailer[7]]) == TRAILER_IS_TICKET
        && ticket_bytes > 0
        && u64::from(ticket_bytes) + TRAILER_BYTES as u64 <= bytes_after
}

#[cfg(test)]
mod tests;
