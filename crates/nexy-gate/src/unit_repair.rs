//! The commands that give one directive of a unit one value, whichever files set it now.

use nexy_contract::text::shell_word;

/// A file that the manager has made the unit of.
#[derive(Debug)]
pub(crate) struct UnitFile {
    /// Where it stands.
    pub(crate) path: String,
    /// It overrides the main file.
    pub(crate) is_drop_in: bool,
    /// What it says; `None` when it cannot be read.
    pub(crate) text: Option<String>,
}

/// Takes the directive out of every drop-in that sets it, and sets it once in the main file.
pub(crate) fn commands(files: &[UnitFile], directive: &str, wanted: &str) -> Vec<String> {
    files.iter().filter_map(|file| command(file, directive, wanted)).collect()
}

fn command(file: &UnitFile, directive: &str, wanted: &str) -> Option<String> {
    let path = shell_word(&file.path);
    let Some(text) = &file.text else {
        return Some(format!("sudo grep -n {directive}= {path}"));
    };
    let lines: Vec<&str> = text.lines().filter(|line| sets(line, directive)).collect();
    let delete = format!("/^[[:blank:]]*{directive}[[:blank:]]*=/d");
    if lines.iter().any(|line| line.ends_with('\\')) {
        // The rest of the value stands on the next line, where sed would leave it behind.
        return Some(format!("sudoedit {path}"));
    }
    if file.is_drop_in {
        return (!lines.is_empty()).then(|| format!("sudo sed -i {} {path}", shell_word(&delete)));
    }
    let is_right = matches!(lines.as_slice(), [line] if line.split_once('=').is_some_and(|(_, value)| value.trim() == wanted));
    let append = format!("/^\\[Service\\]/a {directive}={}", wanted.replace('\\', r"\\"));
    (!is_right).then(|| format!("sudo sed -i -e {} -e {} {path}", shell_word(&delete), shell_word(&append)))
}

fn sets(line: &str, directive: &str) -> bool {
    line.split_once('=').is_some_and(|(key, _)| key.trim() == directive)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> UnitFile {
        UnitFile { path: path.to_owned(), is_drop_in: path.contains(".d/"), text: Some(text.to_owned()) }
    }

    #[test]
    fn a_drop_in_that_overrides_is_named_and_a_main_file_that_is_right_is_left_alone() {
        let files = [
            file("/etc/a.service", "[Service]\nExecStart=/bin/good x\n"),
            file("/etc/a.service.d/path.conf", "[Service]\nEnvironment=PATH=/bin\n"),
            file("/etc/a.service.d/over.conf", "[Service]\nExecStart=\nExecStart=/bin/bad\n"),
        ];
        assert_eq!(
            commands(&files, "ExecStart", "/bin/good x"),
            ["sudo sed -i '/^[[:blank:]]*ExecStart[[:blank:]]*=/d' /etc/a.service.d/over.conf"]
        );
    }

    #[test]
    fn the_main_file_gets_the_value_exactly_once() {
        let files = [file("/etc/a.service", "[Service]\nUser=a\nUser=b\n")];
        assert_eq!(
            commands(&files, "User", "c"),
            [r"sudo sed -i -e '/^[[:blank:]]*User[[:blank:]]*=/d' -e '/^\[Service\]/a User=c' /etc/a.service"]
        );
    }

    #[test]
    fn a_continued_line_is_left_to_a_person_and_an_unreadable_file_is_at_least_named() {
        let files = [file("/etc/a.service", "[Service]\nExecStart=/bin/x \\\n  y\n")];
        assert_eq!(commands(&files, "ExecStart", "/bin/x"), ["sudoedit /etc/a.service"]);
        let hidden = UnitFile { path: "/etc/a.service.d/h.conf".to_owned(), is_drop_in: true, text: None };
        assert_eq!(commands(&[hidden], "User", "c"), ["sudo grep -n User= /etc/a.service.d/h.conf"]);
    }
}
