//! The programs that only a Mac has, as far as a disk image needs them: strict, and with faults to be switched on.

use super::World;
use std::fs;
use std::path::{Path, PathBuf};

/// Faults are files of these names beside the programs.
const HDIUTIL: &str = r#"
case $1 in
attach)
    [ "$#" -eq 7 ] && [ "$2 $3 $4 $5" = '-readonly -nobrowse -noautoopen -mountpoint' ] && [ -d "$6" ] && [ -f "$7" ] || unscripted "$@"
    fault attach-fails 1 'hdiutil: attach failed - image not recognized'
    cp -R "$state/image/." "$6" && printf '%s\n' "$6" >"$state/mounted"
    [ ! -e "$state/attach-hangs" ] || sleep 60
    ;;
detach)
    [ ! -e "$state/detach-fails" ] || [ "$2" = -force ] || { echo 'hdiutil: couldn'\''t unmount - Resource busy' >&2; exit 16; }
    fault detach-always-fails 16 'hdiutil: couldn'\''t unmount - Resource busy'
    [ "$2" != -force ] || shift
    [ "$#" -eq 2 ] && [ "$2" = "$(cat "$state/mounted")" ] || unscripted "$@"
    rm -rf "${2:?}"/* && rm "$state/mounted"
    ;;
*) unscripted "$@" ;;
esac
"#;
const PLUTIL: &str = r#"
[ "$#" -eq 5 ] && [ "$1 $2 $3 $4" = '-convert xml1 -o -' ] || unscripted "$@"
fault plutil-fails 1 "$5: file does not exist or is not readable or is not a regular file"
cat "$5"
"#;
const DEFAULTS: &str = r#"
[ "$#" -eq 3 ] && [ "$1" = read ] && [ "$3" = CFBundleVersion ] || unscripted "$@"
sed -n '/<key>CFBundleVersion</{n;s/.*<string>\(.*\)<.*/\1/p;}' "$2.plist" | grep . || { echo "The domain/default pair does not exist" >&2; exit 1; }
"#;
const CODESIGN: &str = r#"
[ "$#" -eq 4 ] && [ "$1 $2 $3" = '--verify --deep --strict' ] && [ -d "$4/Contents" ] || unscripted "$@"
fault unsigned 1 "$4: code object is not signed at all"
fault codesign-fails 2 'codesign: usage'
"#;
const XCRUN: &str = r#"
[ "$#" -eq 3 ] && [ "$1 $2" = 'stapler validate' ] && [ -f "$3" ] || unscripted "$@"
echo "Processing: $3"
[ ! -e "$state/no-ticket" ] || { echo "${3##*/} does not have a ticket stapled to it."; exit 65; }
fault wrong-ticket 65 'Could not validate ticket'
fault no-stapler 72 'xcrun: error: unable to find utility "stapler", not a developer tool or in PATH'
echo 'The validate action worked!'
"#;

/// A Mac's programs in a folder of their own.
pub struct Mac {
    folder: PathBuf,
}

impl World {
    /// Lays out the programs, and an image with one application of this build.
    #[must_use]
    pub fn mac(&self, build: &str) -> Mac {
        let folder = self.root().join("mac");
        fs::create_dir_all(folder.join("bin")).unwrap();
        let head = format!(
            "#!/bin/sh\nset -u\nstate='{}'\nprintf '%s\\n' \"${{0##*/}} $*\" >>\"$state/calls\"\n\
             unscripted() {{ echo \"not scripted: ${{0##*/}} $*\" >&2; printf '%s\\n' \"$*\" >>\"$state/unscripted\"; exit 99; }}\n\
             fault() {{ [ ! -e \"$state/$1\" ] || {{ echo \"$3\" >&2; exit \"$2\"; }}; }}\n",
            folder.display()
        );
        for (name, body) in [("hdiutil", HDIUTIL), ("plutil", PLUTIL), ("defaults", DEFAULTS), ("codesign", CODESIGN), ("xcrun", XCRUN)] {
            let text = folder.join(format!("{name}.text"));
            fs::write(&text, format!("{head}{body}")).unwrap();
            // The shell copies it: a file that this process has open for writing cannot be run by another test's child.
            self.sh(&format!("cp '{}' '{1}' && chmod 755 '{1}'", text.display(), folder.join("bin").join(name).display())).exits(0);
        }
        let mac = Mac { folder };
        mac.holds("Nexy.app", build, build);
        mac
    }
}

impl Mac {
    /// Puts an application into the image.
    pub fn holds(&self, app: &str, build: &str, short_version: &str) {
        let plist = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
             <plist version=\"1.0\">\n<dict>\n<key>CFBundleIdentifier</key>\n<string>com.nexy.assistant</string>\n\
             <key>CFBundleShortVersionString</key>\n<string>{short_version}</string>\n\
             <key>CFBundleVersion</key>\n<string>{build}</string>\n</dict>\n</plist>\n"
        );
        super::files::write(&self.image().join(app).join("Contents/Info.plist"), &plist);
    }

    /// What users see in the image.
    #[must_use]
    pub fn image(&self) -> PathBuf {
        self.folder.join("image")
    }

    /// Where the programs are.
    #[must_use]
    pub fn programs(&self) -> PathBuf {
        self.folder.join("bin")
    }

    /// Switches a fault on.
    pub fn fails(&self, fault: &str) {
        fs::write(self.folder.join(fault), "").unwrap();
    }

    /// Switches a fault off.
    pub fn works(&self, fault: &str) {
        fs::remove_file(self.folder.join(fault)).unwrap();
    }

    /// The calls of all programs so far, in order; a call that is not scripted stops the test.
    #[track_caller]
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        let read = |name: &str| fs::read_to_string(self.folder.join(name)).unwrap_or_default();
        assert_eq!(read("unscripted"), "", "calls that are not scripted");
        read("calls").lines().map(str::to_owned).collect()
    }

    /// Whether an image is mounted.
    #[must_use]
    pub fn has_mounted(&self) -> bool {
        Path::new(&self.folder).join("mounted").exists()
    }
}
