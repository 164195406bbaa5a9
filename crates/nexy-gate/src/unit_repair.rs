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

/// What one file needs so that the directive has its one value.
#[derive(Debug)]
pub(crate) enum Mend {
    /// It is right as it is.
    Nothing,
    /// No expression can do it.
    Person,
    /// Nobody knows what it says.
    Unreadable,
    /// Expressions of sed, in this order; a second time they change nothing.
    Sed(Vec<String>),
}

fn command(file: &UnitFile, directive: &str, wanted: &str) -> Option<String> {
    let path = shell_word(&file.path);
    match mend(file, directive, wanted) {
        Mend::Nothing => None,
        Mend::Person => Some(format!("sudoedit {path}")),
        Mend::Unreadable => Some(format!("sudo grep -n {directive}= {path}")),
        Mend::Sed(expressions) => {
            let words: Vec<String> = expressions.iter().map(|expression| shell_word(expression)).collect();
            match words.as_slice() {
                [word] => Some(format!("sudo sed -i {word} {path}")),
                words => Some(format!("sudo sed -i -e {} {path}", words.join(" -e "))),
            }
        }
    }
}

/// Judges one file.
pub(crate) fn mend(file: &UnitFile, directive: &str, wanted: &str) -> Mend {
    let Some(text) = &file.text else {
        return Mend::Unreadable;
    };
    let lines: Vec<&str> = text.lines().filter(|line| sets(line, directive)).collect();
    let delete = format!("/^[[:blank:]]*{directive}[[:blank:]]*=/d");
    if lines.iter().any(|line| line.ends_with('\\')) {
        // The rest of the value stands on the next line, where sed would leave it behind.
        return Mend::Person;
    }
    if file.is_drop_in {
        return if lines.is_empty() { Mend::Nothing } else { Mend::Sed(vec![delete]) };
    }
    let is_right = matches!(lines.as_slice(), [line] if line.split_once('=').is_some_and(|(_, value)| value.trim() == wanted));
    let append = format!("/^\\[Service\\]/a {directive}={}", wanted.replace('\\', r"\\"));
    if is_right { Mend::Nothing } else { Mend::Sed(vec![delete, append]) }
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
