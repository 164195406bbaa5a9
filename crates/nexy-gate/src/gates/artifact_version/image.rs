//! What a disk image holds, on a machine that can mount one: the applications in it, their versions and signatures.

use super::{Evidence, Notarized};
use crate::gate::prelude::*;
use nexy_outside::fs::files;
use nexy_outside::fs::permissions::{self, Kind};
use nexy_outside::programs::disk_image::{ImageError, MountedImage};
use nexy_outside::programs::{ProgramError, Run};
use roxmltree::{Document, Node, ParsingOptions};
use std::path::Path;
use std::time::{Duration, Instant};

/// What `stapler` says of a file without a ticket; that is no refusal by the notary.
const NO_TICKET: &str = "does not have a ticket stapled";
/// Its exit status when the ticket is there, and wrong.
const TICKET_IS_WRONG: i32 = 65;

/// Mounts an image and looks at what users will drag out of it; `None` where nothing can mount one.
pub(super) fn look(image: &Path, deadline: Instant) -> Option<Evidence> {
    let (mut evidence, fix) = (Evidence::default(), format!("hdiutil verify {}", shell_word(&image.display().to_string())));
    let mounted = match MountedImage::attach(image, left(deadline)) {
        Ok(mounted) => mounted,
        Err(ImageError::Program(ProgramError::Missing(_))) => return None,
        Err(error) => {
            evidence.misses(error.to_string(), fix);
            return Some(evidence);
        }
    };
    match applications(mounted.folder()) {
        Ok(apps) => {
            evidence.holds_no_application = apps.is_empty();
            apps.iter().for_each(|app| look_at_application(&mounted.folder().join(app), &fix, deadline, &mut evidence));
        }
        Err(because) => evidence.misses(because, fix),
    }
    let folder = mounted.folder().display().to_string();
    if let Err(error) = mounted.detach() {
        evidence.misses(format!("it is still mounted: {error}"), format!("hdiutil detach -force {}", shell_word(&folder)));
    }
    Some(evidence)
}

/// Asks whether the ticket that is attached to a file is good; leaves the evidence as it was when that cannot be determined.
pub(super) fn ask_stapler(file: &Path, deadline: Instant, mut evidence: Evidence) -> Evidence {
    let validate = ["stapler", "validate", &file.display().to_string()];
    if let Ok(ran) = Run::new("xcrun", &validate).timeout(left(deadline)).run() {
        let said = format!("{}{}", ran.stdout_text(), String::from_utf8_lossy(&ran.stderr));
        evidence.notarized = match ran.code() {
            0 => Notarized::Stapled,
            _ if said.contains(NO_TICKET) => Notarized::Unknown,
            TICKET_IS_WRONG => Notarized::Refused,
            _ => evidence.notarized,
        };
    }
    evidence
}

/// The applications at the top of the image. A link leads out of it, such as the usual one to the folder of all of them.
fn applications(folder: &Path) -> Result<Vec<String>, String> {
    let names = files::list(folder).map_err(|error| error.to_string())?.unwrap_or_default();
    let is_application = |name: &String| {
        let path = folder.join(name);
        name.to_lowercase().ends_with(".app")
            && !permissions::is_link(&path).unwrap_or(true)
            && permissions::look(&path).is_ok_and(|found| found.kind == Kind::Folder)
    };
    Ok(names.into_iter().filter(is_application).collect())
}

fn look_at_application(path: &Path, fix: &str, deadline: Instant, evidence: &mut Evidence) {
    let shown = excerpt(&path.file_name().unwrap_or_default().to_string_lossy(), 80);
    let information = information(&path.join("Contents/Info.plist"), deadline).map_err(|because| format!(": {because}"));
    match information.and_then(|text| versions(&text).ok_or_else(|| " is no property list".to_owned())) {
        Ok(found) => {
            for (key, version) in found {
                evidence.has_build |= key == "CFBundleVersion";
                evidence.says(&format!("{shown} {key}"), &version);
            }
        }
        Err(because) => evidence.misses(format!("Info.plist of {shown}{because}"), fix),
    }
    let codesign = Run::new("codesign", &["--verify", "--deep", "--strict", &path.display().to_string()]);
    match codesign.timeout(left(deadline)).run() {
        Ok(ran) if ran.succeeded() => evidence.signed = Some(evidence.signed.unwrap_or(true)),
        Ok(ran) if ran.code() == 1 => {
            evidence.signed = Some(false);
            evidence.remarks.push(format!("codesign says: {}", ran.complaint()));
        }
        Ok(ran) => evidence.misses(format!("codesign ended with {}: {}", ran.code(), ran.complaint()), fix),
        Err(error) => evidence.misses(error.to_string(), fix),
    }
}

/// A property list as XML, whatever form it has.
fn information(plist: &Path, deadline: Instant) -> Result<String, String> {
    let convert = ["-convert", "xml1", "-o", "-", &plist.display().to_string()];
    let ran = Run::new("plutil", &convert).timeout(left(deadline)).run().map_err(|error| error.to_string())?;
    if ran.succeeded() { Ok(ran.stdout_text()) } else { Err(format!("plutil ended with {}: {}", ran.code(), ran.complaint())) }
}

/// Both versions of a bundle, as far as they are there; `None` for what is no property list with a dictionary.
fn versions(plist: &str) -> Option<Vec<(&'static str, String)>> {
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    let document = Document::parse_with_options(plist, options).ok()?;
    let dict = document.root_element().children().find(|node| node.has_tag_name("dict"))?;
    let value = |wanted: &str| {
        let key = dict.children().find(|node| node.has_tag_name("key") && node.text() == Some(wanted))?;
        // A number is no version: clients compare texts.
        key.next_siblings().skip(1).find(Node::is_element).filter(|node| node.has_tag_name("string"))?.text().map(str::to_owned)
    };
    Some(["CFBundleVersion", "CFBundleShortVersionString"].into_iter().filter_map(|key| Some((key, value(key)?))).collect())
}

fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now()).max(Duration::from_secs(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plist(inside: &str) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
             <plist version=\"1.0\">\n<dict>\n{inside}\n</dict>\n</plist>\n"
        )
    }

    #[test]
    fn both_versions_are_read_from_the_outer_dictionary_alone() {
        let nested = "<key>Other</key><dict><key>CFBundleVersion</key><string>9</string></dict>";
        let own = "<key>CFBundleVersion</key>\n<string>2.0.0.4</string><key>CFBundleShortVersionString</key><string>2.0</string>";
        let found = versions(&plist(&format!("{nested}{own}"))).expect("a property list");
        assert_eq!(found, [("CFBundleVersion", "2.0.0.4".to_owned()), ("CFBundleShortVersionString", "2.0".to_owned())]);
        assert_eq!(versions(&plist(nested)), Some(vec![]));
        assert_eq!(versions(&plist("<key>CFBundleVersion</key><integer>1001</integer>")), Some(vec![]));
        assert_eq!(versions(&plist("<key>CFBundleVersion</key>")), Some(vec![]));
    }

    #[test]
    fn what_is_no_property_list_is_none() {
        for text in ["", "bplist00", "{}", "<plist/>", "<plist><array/></plist>"] {
            assert_eq!(versions(text), None, "{text}");
        }
    }
}
