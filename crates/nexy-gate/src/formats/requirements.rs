//! What must be known of requirements before pip is asked about them: the files that they name, and lines that make pip fetch or build.

use nexy_contract::text::{excerpt, os_words};
use nexy_outside::fs::files;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const MAX_BYTES: u64 = 1 << 20;
/// Options that make pip neither fetch nor build, since `--no-index` and `--only-binary` stand before them.
const HARMLESS: &str = "-i --index-url --extra-index-url --no-index -f --find-links --pre --prefer-binary --require-hashes --trusted-host --only-binary --use-feature";
const ARCHIVES: &str = ".whl .zip .tar .tgz .gz .bz2 .tbz .xz .txz .lz .tlz .lzma";
/// Where Python ends a line.
const LINE_ENDS: &[char] = &['\n', '\r', '\u{b}', '\u{c}', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}', '\u{2029}'];

/// Why pip is not asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Obstacle {
    /// The file, with the number of the line where there is one.
    pub(crate) place: String,
    pub(crate) because: String,
    /// The path in the checkout of a file that does not exist.
    pub(crate) missing: Option<String>,
}

/// What one line asks of pip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line<'a> {
    /// Nothing that keeps pip from being asked.
    Plain,
    /// Another file of the same kind, by `-r` or `-c`.
    Names(&'a str),
    Unclear(&'static str),
}

/// Everything in a requirements file, and in the files that it names, that keeps pip from being asked.
pub(crate) fn obstacles(checkout: &Path, file: &str) -> Vec<Obstacle> {
    let root = checkout.canonicalize().unwrap_or_else(|_| checkout.to_path_buf());
    let mut walk = Walk { root, seen: BTreeSet::new(), found: Vec::new() };
    walk.read(Path::new(file), file);
    walk.found
}

/// Whether text is a requirement of a name and versions, as a pin must be.
pub(crate) fn is_plain(text: &str) -> bool {
    !text.starts_with('-') && !text.contains(LINE_ENDS) && read(text) == Line::Plain
}

struct Walk {
    /// The checkout, without links in its path.
    root: PathBuf,
    seen: BTreeSet<PathBuf>,
    found: Vec<Obstacle>,
}

impl Walk {
    /// Reads one file of the checkout; `place` is where it is named.
    fn read(&mut self, path: &Path, place: &str) {
        let shown = excerpt(&path.display().to_string(), 120);
        let mut stop = |because: String, missing| self.found.push(Obstacle { place: place.to_owned(), because, missing });
        let real = match self.root.join(path).canonicalize() {
            Ok(real) if real.starts_with(&self.root) => real,
            Ok(_) => return stop(format!("{shown} is a path that leads out of the checkout"), None),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return stop(format!("{shown} does not exist"), Some(shown)),
            Err(error) => return stop(format!("{shown} cannot be read: {}", os_words(&error)), None),
        };
        let text = match files::read(&real, MAX_BYTES).map(|bytes| decode(&bytes)) {
            Ok(Some(text)) => text,
            Ok(None) => return stop(format!("{shown} is in an unusual encoding: save it as UTF-8"), None),
            Err(error) => return stop(format!("{shown} cannot be read: {}", error.because()), None),
        };
        if !self.seen.insert(real) {
            return;
        }
        for (number, line) in logical_lines(&text) {
            let place = format!("{shown}:{number}");
            match read(&line) {
                Line::Plain => {}
                Line::Unclear(because) => self.found.push(Obstacle { place, because: because.to_owned(), missing: None }),
                Line::Names(name) => self.read(&path.parent().unwrap_or(Path::new("")).join(name), &place),
            }
        }
    }
}

/// The text as pip reads it: by its byte order mark, else as UTF-8. Other encodings keep their ASCII, which is all that is looked at.
fn decode(bytes: &[u8]) -> Option<String> {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        String::from_utf16(&bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect::<Vec<u16>>()).ok()
    };
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes)?,
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes)?,
        _ => String::from_utf8_lossy(bytes).trim_start_matches('\u{feff}').to_owned(),
    };
    (!text.contains('\0')).then_some(text)
}

/// Lines with their numbers; a `\` at the end goes on in the next, up to a comment.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let mut goes_on = false;
    for (index, line) in text.replace("\r\n", "\n").split(LINE_ENDS).enumerate() {
        let head = line.strip_suffix('\\').filter(|_| !line.trim_start().starts_with('#'));
        match lines.last_mut().filter(|_| goes_on) {
            Some((_, whole)) => *whole = format!("{whole} {}", head.unwrap_or(line)),
            None => lines.push((index + 1, head.unwrap_or(line).to_owned())),
        }
        goes_on = head.is_some();
    }
    lines
}

fn read(line: &str) -> Line<'_> {
    // A comment begins the line or stands behind a blank.
    let comment = line.match_indices('#').map(|(at, _)| at).find(|at| line[..*at].chars().next_back().is_none_or(char::is_whitespace));
    let line = line[..comment.unwrap_or(line.len())].trim();
    if line.starts_with('-') {
        return option(line);
    }
    let wanted = line.split([';', ' ']).next().unwrap_or(line).to_ascii_lowercase();
    let versions = line.split(" -").next().unwrap_or(line).split(';').next().unwrap_or(line);
    let is_archive = ARCHIVES.split(' ').any(|end| wanted.ends_with(end));
    if versions.contains(['@', ':', '/', '\\', '$']) || line.starts_with('.') || is_archive {
        return Line::Unclear(
            "names a place or a variable: write a published version as NAME==VERSION, so that pip need not fetch or build",
        );
    }
    Line::Plain
}

fn option(line: &str) -> Line<'_> {
    let end = line.find(|character: char| character.is_whitespace() || character == '=').unwrap_or(line.len());
    let (name, value) = match line.get(..2).filter(|name| ["-r", "-c", "-f", "-i"].contains(name)) {
        Some(name) => (name, line[2..].trim()),
        None => (&line[..end], line[end..].trim_start_matches('=').trim()),
    };
    let is_path = !value.is_empty() && !value.contains(|character: char| character.is_whitespace() || "'\"\\:$=".contains(character));
    match name {
        "-r" | "--requirement" | "-c" | "--constraint" if is_path => Line::Names(value),
        "-r" | "--requirement" | "-c" | "--constraint" => Line::Unclear("names a file in another form than `-r FILE` or `-c FILE`"),
        _ if HARMLESS.split(' ').any(|known| known == name) => Line::Plain,
        _ => Line::Unclear("has an option that may make pip build, or that is not known"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(text: &str) -> Vec<(usize, String)> {
        logical_lines(text).into_iter().filter(|(_, line)| !line.trim().is_empty()).collect()
    }

    #[test]
    fn names_with_versions_and_options_that_fetch_nothing_are_plain() {
        for line in [
            "",
            "# -e .",
            "aiohttp",
            "Protobuf >= 6.31.1, < 7  # git+https://x",
            "uvicorn[standard]==0.30.* ; (python_version >= '3.9' and platform_machine in 'x86_64 arm64')",
            "name==1.0 --hash=sha256:abc",
            "--index-url https://${TOKEN}@x.example/simple",
            "-i https://x.example",
            "--require-hashes",
            "-f https://x.example/links.html",
            "--find-links=wheels",
            "this is no requirement, and pip says so",
        ] {
            assert_eq!(read(line), Line::Plain, "{line}");
        }
    }

    #[test]
    fn lines_that_fetch_build_or_depend_on_the_environment_are_unclear() {
        for line in [
            "six @ https://x.example/six.whl",
            "git+ssh://git@x.example/y",
            "https://x.example/y.zip",
            "file:y",
            "./local",
            "..",
            "folder/package",
            "six-1.0-py3-none-any.whl",
            "Six-1.0.TAR.GZ",
            "-e .",
            "--editable=.",
            "--no-binary :all:",
            "protobuf==${VERSION}",
            "-r ${FILE}",
            "-r https://x.example/r.txt",
            "-r 'a file'",
            "-r=x",
            "-r",
            "--req base.txt",
        ] {
            assert!(matches!(read(line), Line::Unclear(_)), "{line}");
        }
    }

    #[test]
    fn files_are_named_in_every_plain_spelling() {
        for line in ["-r a/b.txt", "-ra/b.txt", "--requirement a/b.txt", "--requirement=a/b.txt", "-c a/b.txt # c", "--constraint a/b.txt"]
        {
            assert_eq!(read(line), Line::Names("a/b.txt"), "{line}");
        }
    }

    #[test]
    fn lines_go_on_and_keep_their_number() {
        let text = "# head\r\na==1.0 \\\r\n  --hash=sha256:x\r\n\nb\\\n# end\nc\u{2028}d\\";
        let expected = [(1, "# head"), (2, "a==1.0    --hash=sha256:x"), (5, "b # end"), (7, "c"), (8, "d")];
        assert_eq!(numbers(text), expected.map(|(number, line)| (number, line.to_owned())));
    }

    #[test]
    fn marks_of_encodings_are_obeyed() {
        let utf16 = |text: &str, bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
        for bytes in [
            b"a>=1\n".to_vec(),
            "\u{feff}a>=1\n".as_bytes().to_vec(),
            utf16("\u{feff}a>=1\n", u16::to_le_bytes),
            utf16("\u{feff}a>=1\n", u16::to_be_bytes),
        ] {
            assert_eq!(decode(&bytes).as_deref(), Some("a>=1\n"), "{bytes:?}");
        }
        assert_eq!(decode(&utf16("a", u16::to_le_bytes)), None);
        assert_eq!(decode(b"\xff\xfe\0\0a\0\0\0"), None);
        assert_eq!(decode(b"# \xe9\na\n").as_deref(), Some("# \u{fffd}\na\n"));
    }
}
