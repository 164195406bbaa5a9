//! What git prints for programs, taken apart; anything that is not of the documented form is refused, not skipped.

use super::Ref;
use nexy_contract::Timestamp;

/// One file of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its mode in git's octal digits: `100644`, `100755`, `120000` for a link, `160000` for a submodule.
    pub mode: String,
    /// The object that holds its content.
    pub object: String,
    /// Its path; what is no UTF-8 is replaced.
    pub path: String,
}

impl Entry {
    /// Whether it is a file with content of its own: no link and no submodule.
    pub fn is_file(&self) -> bool {
        self.mode.starts_with("100")
    }
}

/// One file that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// How the index differs from HEAD: `.` for not at all, `M`, `T`, `A`, `D`, `U`.
    pub staged: char,
    /// How the file differs from the index.
    pub unstaged: char,
    /// Its path.
    pub path: String,
}

/// One setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Where it stands: `file:` and a path, relative to the repository's root or absolute.
    pub origin: String,
    /// Its name; section and last part in small letters.
    pub key: String,
    /// Its value; `None` stands for true.
    pub value: Option<String>,
}

/// Where a remote leads after all of git's rewriting, for one of the two directions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteUrl {
    /// The remote's name.
    pub remote: String,
    /// Its URL; it may hold a secret.
    pub url: String,
    /// Whether it is about pushes, not fetches.
    pub is_push: bool,
}

/// What `git remote -v` prints: `name <tab> url (fetch)`, perhaps with a filter in brackets at the end.
pub fn remote_urls(output: &str) -> Vec<RemoteUrl> {
    let read = |line: &str| {
        let (remote, rest) = line.split_once('\t')?;
        let (url, is_push) = match (rest.rfind(" (push)"), rest.rfind(" (fetch)")) {
            (Some(at), _) => (&rest[..at], true),
            (None, Some(at)) => (&rest[..at], false),
            (None, None) => return None,
        };
        Some(RemoteUrl { remote: remote.to_owned(), url: url.to_owned(), is_push })
    };
    output.lines().filter_map(read).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The parts of an output in which each ends with a NUL.
fn parts(output: &[u8]) -> impl Iterator<Item = &[u8]> {
    output.split(|byte| *byte == 0).filter(|part| !part.is_empty())
}

pub(super) fn names(output: &[u8]) -> Vec<String> {
    parts(output).map(text).collect()
}

/// Path, attribute and value by turns: the paths that have the attribute.
pub(super) fn with_attribute(output: &[u8]) -> Vec<(String, String)> {
    let parts: Vec<String> = names(output);
    let has_it = |one: &&[String]| matches!(one, [_, _, value] if !matches!(value.as_str(), "unspecified" | "unset"));
    parts.chunks(3).filter(has_it).map(|one| (one[0].clone(), one[2].clone())).collect()
}

pub(super) fn is_object(word: &str) -> bool {
    matches!(word.len(), 40 | 64) && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The words before the tab of one part, and the path behind it.
fn listed(part: &[u8]) -> Option<(Vec<&str>, String)> {
    let tab = part.iter().position(|byte| *byte == b'\t')?;
    let words = std::str::from_utf8(&part[..tab]).ok()?.split_ascii_whitespace().collect();
    Some((words, text(&part[tab + 1..])))
}

/// `mode kind object<tab>path`.
pub(super) fn tree(output: &[u8]) -> Option<Vec<Entry>> {
    let one = |part: &[u8]| {
        let (words, path) = listed(part)?;
        let &[mode, _, object] = words.as_slice() else { return None };
        is_object(object).then(|| Entry { mode: mode.to_owned(), object: object.to_owned(), path })
    };
    parts(output).map(one).collect()
}

/// `?object` for each object that is not there, among the lines of those that are.
pub(super) fn missing(output: &[u8]) -> Vec<String> {
    text(output).lines().filter_map(|line| line.strip_prefix('?').filter(|object| is_object(object))).map(str::to_owned).collect()
}

/// `mode object stage<tab>path`; a path in the middle of a merge comes several times, and is given once.
pub(super) fn index(output: &[u8]) -> Option<Vec<Entry>> {
    let one = |part: &[u8]| {
        let (words, path) = listed(part)?;
        let &[mode, object, _] = words.as_slice() else { return None };
        is_object(object).then(|| Entry { mode: mode.to_owned(), object: object.to_owned(), path })
    };
    let mut entries: Vec<Entry> = parts(output).map(one).collect::<Option<_>>()?;
    entries.dedup_by(|next, first| next.path == first.path);
    Some(entries)
}

/// `object<separator>name`, one a line.
pub(super) fn refs(output: &[u8], separator: char) -> Option<Vec<Ref>> {
    let one = |line: &str| {
        let (object, name) = line.split_once(separator)?;
        is_object(object).then(|| Ref { name: name.to_owned(), object: object.to_owned() })
    };
    text(output).lines().map(one).collect()
}

/// `seconds commit`, one a line.
pub(super) fn commits(output: &[u8]) -> Option<Vec<(i64, String)>> {
    let one = |line: &str| {
        let (seconds, commit) = line.split_once(' ')?;
        is_object(commit).then_some((seconds.parse().ok()?, commit.to_owned()))
    };
    text(output).lines().map(one).collect()
}

/// `commit HEAD@{seconds}`, one a line, newest first: since when the newest one is the same without a break.
pub(super) fn head_since(output: &[u8]) -> Option<Option<(Timestamp, String)>> {
    let mut since: Option<(Timestamp, String)> = None;
    for line in text(output).lines() {
        let (commit, name) = line.split_once(' ').filter(|(commit, _)| is_object(commit))?;
        let seconds = name.strip_prefix("HEAD@{")?.strip_suffix('}')?;
        let at = Timestamp::from_second(seconds.parse().ok()?).ok()?;
        if since.as_ref().is_some_and(|(_, newest)| newest != commit) {
            break;
        }
        since = Some((at, commit.to_owned()));
    }
    Some(since)
}

/// `object kind size<line feed>content<line feed>` for each object, or `name missing`, which is `None`.
pub(super) fn batch(mut output: &[u8]) -> Option<Vec<Option<Vec<u8>>>> {
    let mut contents = Vec::new();
    while !output.is_empty() {
        let end = output.iter().position(|byte| *byte == b'\n')?;
        let head = text(&output[..end]);
        output = &output[end + 1..];
        if head.ends_with(" missing") {
            contents.push(None);
            continue;
        }
        let bytes: usize = head.rsplit(' ').next()?.parse().ok()?;
        contents.push(Some(output.get(..bytes)?.to_vec()));
        output = output.get(bytes..)?.strip_prefix(b"\n")?;
    }
    Some(contents)
}

/// Origin and setting by turns; a setting is `key<line feed>value`, or a key alone.
pub(super) fn settings(output: &[u8]) -> Option<Vec<Setting>> {
    let mut rest = output;
    let mut next = || {
        let end = rest.iter().position(|byte| *byte == 0)?;
        let part = text(&rest[..end]);
        rest = &rest[end + 1..];
        Some(part)
    };
    let mut settings = Vec::new();
    while let Some(origin) = next() {
        let setting = next()?;
        let (key, value) = match setting.split_once('\n') {
            Some((key, value)) => (key.to_owned(), Some(value.to_owned())),
            None => (setting, None),
        };
        settings.push(Setting { origin, key, value });
    }
    rest.is_empty().then_some(settings)
}

/// Porcelain version 2: `1` for what changed, `u` for what is in conflict, `2` for a renamed one, with its old path after it.
pub(super) fn changes(output: &[u8]) -> Option<Vec<Change>> {
    let mut parts = parts(output);
    let mut changes = Vec::new();
    while let Some(part) = parts.next() {
        let line = text(part);
        let fields = match line.chars().next()? {
            '#' => continue,
            '1' => 9,
            '2' => 10,
            'u' => 11,
            '?' | '!' => {
                changes.push(Change { staged: '.', unstaged: '?', path: line.get(2..)?.to_owned() });
                continue;
            }
            _ => return None,
        };
        let words: Vec<&str> = line.splitn(fields, ' ').collect();
        let mut state = words.get(1)?.chars();
        let change = Change { staged: state.next()?, unstaged: state.next()?, path: (*words.get(fields - 1)?).to_owned() };
        if fields == 10 {
            changes.push(Change { path: text(parts.next()?), ..change.clone() });
        }
        changes.push(change);
    }
    Some(changes)
}

/// `H path`; a small letter is assumed unchanged, `S` is left out of the checkout.
pub(super) fn hidden(output: &[u8]) -> Option<Vec<String>> {
    let mut paths = Vec::new();
    for part in parts(output) {
        let line = text(part);
        let mut letters = line.chars();
        let (mark, ' ') = (letters.next()?, letters.next()?) else { return None };
        if mark.is_ascii_lowercase() || mark == 'S' {
            paths.push(letters.as_str().to_owned());
        }
    }
    Some(paths)
}

/// A message without what stands before an `@` in any of its words: a URL may hold a password there.
pub fn without_userinfo(message: &str) -> String {
    let clean = |word: &str| {
        let Some((before, after)) = word.rsplit_once('@') else { return word.to_owned() };
        // Quotes and the scheme say nothing secret, and the rest is unreadable without them.
        let keep = before.find("://").map_or_else(|| before.len() - before.trim_start_matches(['\'', '"']).len(), |at| at + 3);
        format!("{}{after}", &before[..keep])
    };
    message.split(' ').map(clean).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ID: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn a_checkout_counts_from_the_first_of_its_newest_notes() {
        let other = ID.replace('0', "1");
        let since = |text: String| head_since(text.as_bytes()).map(|since| since.map(|(at, commit)| (at.as_second(), commit)));
        let again = format!("{ID} HEAD@{{30}}\n{ID} HEAD@{{20}}\n{other} HEAD@{{10}}\n{ID} HEAD@{{5}}\n");
        assert_eq!(since(again), Some(Some((20, ID.to_owned()))));
        assert_eq!(since(format!("{ID} HEAD@{{5}}\n")), Some(Some((5, ID.to_owned()))));
        assert_eq!(since(String::new()), Some(None));
        for odd in [format!("{ID} HEAD@{{0 seconds ago}}\n"), format!("{ID} HEAD@{{0\n"), "x HEAD@{5}\n".to_owned(), ID.to_owned()] {
            assert_eq!(since(odd.clone()), None, "{odd}");
        }
    }

    #[test]
    fn a_tree_is_read_with_links_submodules_and_odd_names() {
        let output = format!("100644 blob {ID}\ta\tb\nc\0160000 commit {ID}\tsub\0120000 blob {ID}\tlink\0");
        let entries = tree(output.as_bytes()).expect("it is of the form");
        assert_eq!((entries[0].path.as_str(), entries[0].is_file()), ("a\tb\nc", true));
        assert_eq!((entries[1].is_file(), entries[2].is_file()), (false, false));
        for odd in ["100644 blob x\ta\0", "100644 blob\ta\0", "nonsense\0", "\u{fffd}"] {
            assert_eq!(tree(odd.as_bytes()), None, "{odd:?}");
        }
        assert_eq!(tree(b""), Some(vec![]));
    }

    #[test]
    fn contents_come_back_byte_for_byte_and_a_missing_one_in_its_place() {
        let output = format!("{ID} blob 4\na\nb\n\n{ID}:x missing\n{ID} blob 0\n\n");
        assert_eq!(batch(output.as_bytes()), Some(vec![Some(b"a\nb\n".to_vec()), None, Some(vec![])]));
        for cut in [&output[..10], &output[..48], &output[..51]] {
            assert_eq!(batch(cut.as_bytes()), None, "{cut:?}");
        }
        assert_eq!(commits(format!("17 {ID}\n").as_bytes()), Some(vec![(17, ID.to_owned())]));
        assert_eq!(commits(b"17 nonsense\n"), None);
    }

    #[test]
    fn every_kind_of_change_is_read() {
        let output = format!(
            "# branch.oid {ID}\x001 .M N... 100644 100644 100644 {ID} {ID} a b\x001 D. N... 100644 000000 000000 {ID} {ID} gone\0\
             2 R. N... 100644 100644 100644 {ID} {ID} R100 new name\0old name\0u UU N... 100644 100644 100644 100644 {ID} {ID} {ID} both\0? stray\0"
        );
        let read: Vec<String> = changes(output.as_bytes())
            .expect("it is of the form")
            .iter()
            .map(|change| format!("{}{} {}", change.staged, change.unstaged, change.path))
            .collect();
        assert_eq!(read, [".M a b", "D. gone", "R. old name", "R. new name", "UU both", ".? stray"]);
        for odd in ["1 .M N...\0", "x\0", "2 R. N... 1 1 1 a b R100 new\0", "1\0"] {
            assert_eq!(changes(odd.as_bytes()), None, "{odd:?}");
        }
    }

    #[test]
    fn settings_come_with_their_origin_and_may_have_no_value() {
        let read = settings(b"file:.git/config\0a.b\nc\nd\0file:/x\0x.y\0").expect("it is of the form");
        assert_eq!(read[0], Setting { origin: "file:.git/config".into(), key: "a.b".into(), value: Some("c\nd".into()) });
        assert_eq!(read[1].value, None);
        assert_eq!(settings(b"local\0a.b\nc"), None);
        assert_eq!(settings(b"local\0"), None);
    }

    #[test]
    fn files_that_git_does_not_look_at_are_named() {
        assert_eq!(hidden(b"H a\0h b c\0S d\0s e\0M f\0").expect("it is of the form"), ["b c", "d", "e"]);
        assert_eq!(hidden(b"H"), None);
        assert_eq!(hidden(b"Ha\0"), None);
    }

    #[test]
    fn the_index_names_every_path_once_with_its_mode_and_object() {
        let output = format!("100644 {ID} 0\ta b\n.txt\x00120000 {ID} 0\tlink\x00100755 {ID} 1\tx\x00100755 {ID} 2\tx\0");
        let entries = index(output.as_bytes()).expect("it is of the form");
        let seen: Vec<(&str, &str)> = entries.iter().map(|entry| (entry.mode.as_str(), entry.path.as_str())).collect();
        assert_eq!(seen, [("100644", "a b\n.txt"), ("120000", "link"), ("100755", "x")]);
        assert!(entries.iter().all(|entry| entry.object == ID));
        assert_eq!(index(b""), Some(Vec::new()));
        for output in [&b"100644 ab 0\tx\0"[..], b"100644 x\0", b"x\0"] {
            assert_eq!(index(output), None);
        }
    }

    #[test]
    fn references_are_an_object_and_a_name() {
        assert_eq!(refs(format!("{ID} refs/a\n").as_bytes(), ' ').expect("one")[0].name, "refs/a");
        assert_eq!(refs(b"warning: something\n", ' '), None);
    }

    #[test]
    fn a_message_keeps_no_password_of_a_url() {
        for (message, clean) in [
            ("fatal: unable to access 'https://me:s3cret@h.example/a.git/': no", "fatal: unable to access 'https://h.example/a.git/': no"),
            ("fatal: 'https://s3@cret@h/a' does not", "fatal: 'https://h/a' does not"),
            ("fatal: \"s3cret@h:a\" is odd", "fatal: \"h:a\" is odd"),
            ("git@github.com: Permission denied (publickey).", "github.com: Permission denied (publickey)."),
            ("nothing to hide", "nothing to hide"),
        ] {
            assert_eq!(without_userinfo(message), clean);
        }
    }

    proptest! {
        #[test]
        fn paths_come_back_as_they_were_printed(path in "[^\\x00\u{fffd}]{1,40}") {
            let changed = format!("1 .M N... 100644 100644 100644 {ID} {ID} {path}\0");
            prop_assert_eq!(&changes(changed.as_bytes()).expect("of the form")[0].path, &path);
            let listed = format!("100644 blob {ID}\t{path}\0");
            prop_assert_eq!(&tree(listed.as_bytes()).expect("of the form")[0].path, &path);
            let hid = format!("S {path}\0");
            prop_assert_eq!(&hidden(hid.as_bytes()).expect("of the form")[0], &path);
        }

        #[test]
        fn whatever_is_printed_is_read_or_refused(output in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = (commits(&output), batch(&output), tree(&output), index(&output), changes(&output), hidden(&output), settings(&output), refs(&output, ' '), names(&output));
        }

        #[test]
        fn no_password_survives(password in "[a-z0-9:/@#?']{1,20}") {
            let message = without_userinfo(&format!("fatal: 'https://u:PW{password}PW@h.example/a'"));
            prop_assert!(!message.contains("PW"), "{}", message);
        }
    }
}
