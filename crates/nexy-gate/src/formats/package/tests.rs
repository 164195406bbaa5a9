//! Packages of every kind that the installer's tools make.

use super::*;
use crate::formats::xar::tests::reader;
use nexy_standin::package as written;

const VERSION: &str = "2.0.0.4";

fn looked(bytes: &[u8]) -> Result<Package, Fault> {
    let tail = &bytes[bytes.len().saturating_sub(512)..];
    look(bytes.len() as u64, tail, &mut reader(bytes))
}

fn seen(package: &written::Package) -> Package {
    looked(&package.bytes(6000, 1)).expect("a package")
}

fn with_info(xml: &str) -> Package {
    seen(&written::Package::of(VERSION).info(xml))
}

/// What stands where, as `place=version`.
fn versions(evidence: &Package) -> Vec<String> {
    evidence.versions.iter().map(|(place, version)| format!("{place}={version}")).collect()
}

#[test]
fn a_component_names_its_version_and_that_of_its_application_but_not_of_what_is_inside_it() {
    let evidence = seen(&written::Package::of(VERSION));
    assert_eq!(
        versions(&evidence),
        [
            "PackageInfo version=2.0.0.4",
            "PackageInfo Nexy.app CFBundleVersion=2.0.0.4",
            "PackageInfo Nexy.app CFBundleShortVersionString=2.0.0.4"
        ]
    );
    assert!(evidence.has_build && evidence.is_signed && evidence.has_ticket);
}

#[test]
fn a_product_archive_names_those_of_its_distribution_as_well() {
    let distribution = "<installer-gui-script><product id=\"p\" version=\"2.0.0.4\"/><pkg-ref id=\"a\"/>\
                        <pkg-ref id=\"a\" version=\"2.0.0.3\">#A.pkg<bundle-version><bundle path=\"Nexy.app\" CFBundleVersion=\"2.0.0.2\"/>\
                        </bundle-version></pkg-ref></installer-gui-script>";
    let found = versions(&seen(&written::Package::of(VERSION).distribution(distribution)));
    for wanted in [
        "Distribution product p version=2.0.0.4",
        "Distribution pkg-ref a version=2.0.0.3",
        "Distribution Nexy.app CFBundleVersion=2.0.0.2",
        "Nexy.pkg/PackageInfo Nexy.app CFBundleVersion=2.0.0.4",
    ] {
        assert!(found.contains(&wanted.to_owned()), "{wanted}: {found:?}");
    }
    let product = looked(include_bytes!("../xar/product.xar")).expect("a package");
    assert!(product.has_build && product.versions.iter().all(|(_, version)| version == VERSION), "{:?}", product.versions);
    assert!(!product.is_signed && !product.has_ticket);
}

#[test]
fn the_application_is_found_wherever_it_is_installed_and_nothing_else_is_taken_for_it() {
    let has_build = |location: &str, bundle: &str| {
        with_info(&format!("<pkg-info version=\"2.0.0.4\" install-location=\"{location}\">{bundle}</pkg-info>")).has_build
    };
    let bundle = |path: &str| format!("<bundle path=\"{path}\" CFBundleVersion=\"1\"/>");
    assert!(has_build("/Applications", &bundle("./A.app")));
    assert!(has_build("/", &bundle("./Applications/A.app")));
    assert!(has_build("/Applications/A.app", &bundle(".")));
    assert!(!has_build("/Library/Frameworks/P.framework", &bundle("./Versions/3/Resources/P.app")));
    assert!(!has_build("/Applications", &bundle("./A.app/Contents/Helpers/H.app")));
    assert!(!has_build("/Applications", "<bundle path=\"./A.app\"><bundle path=\"./Contents/H.app\" CFBundleVersion=\"1\"/></bundle>"));
    assert!(!has_build("/Applications", &bundle("./A.framework")));
    assert!(!has_build("/Applications", "<bundle-version><bundle id=\"a\" CFBundleVersion=\"1\"/></bundle-version>"));
    assert!(!has_build("/Applications", ""));
}

#[test]
fn signature_and_ticket_are_seen_to_be_missing() {
    assert!(!seen(&written::Package::of(VERSION).unsigned()).is_signed);
    assert!(!seen(&written::Package::of(VERSION).unstapled()).has_ticket);
    let mut forged = written::Package::of(VERSION).unstapled().bytes(6000, 1);
    let end = forged.len();
    forged[end - 16..end].copy_from_slice(b"t8lr\x01\0\x02\0\x40\0\0\0\0\0\0\0");
    assert!(!looked(&forged).expect("a package").has_ticket, "a ticket lies behind the archive, not in it");
}

#[test]
fn what_is_no_installer_package_is_broken() {
    for package in [
        written::Package::of(VERSION).info("no XML"),
        written::Package::of(VERSION).info(""),
        written::Package::of(VERSION).info("<!DOCTYPE a [<!ENTITY b \"c\">]><pkg-info version=\"&b;\"/>"),
        written::Package::of(VERSION).distribution("<x"),
    ] {
        assert!(matches!(looked(&package.bytes(6000, 1)), Err(Fault::Broken(_))), "{package:?}");
    }
}
