//! The commands that give directives of a unit one value each, whichever files set them now.

use crate::gate::RepairStep;
use nexy_contract::{Sha256Digest, text::word};
use std::path::Path;

/// A file that the unit is made of.
#[derive(Debug)]
pub(crate) struct UnitFile {
    /// Where it stands.
    pub(crate) path: String,
    /// It overrides the main file.
    pub(crate) is_drop_in: bool,
    /// What it says; `None` when it cannot be read.
    pub(crate) text: Option<String>,
}

/// A directive of `[Service]` and its one right value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Directive<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// Its value.
    pub(crate) wanted: &'a str,
}

/// What the files need.
#[derive(Debug, Default)]
pub(crate) struct Edit {
    /// Commands for root, in this order; a second run changes nothing.
    pub(crate) steps: Vec<RepairStep>,
    /// What a person edits, because no command can: the file, and what to do there.
    pub(crate) by_hand: Vec<(String, String)>,
    /// Files that cannot be read, and the directive that one of them may set.
    pub(crate) unreadable: Vec<(String, String)>,
}

/// Takes each directive out of every drop-in that sets it, and sets it once in the main file.
pub(crate) fn edit(files: &[UnitFile], unit: &str, directives: &[Directive<'_>]) -> Edit {
    let mut edit = Edit::default();
    for file in files {
        let mut expressions = Vec::new();
        for directive in directives {
            match need(file, unit, *directive) {
                Need::Nothing => {}
                Need::Person if file.is_drop_in => edit.by_hand.push((file.path.clone(), format!("take {}= out there", directive.name))),
                Need::Person => edit.by_hand.push((file.path.clone(), format!("set there, once: {}={}", directive.name, directive.wanted))),
                Need::Unreadable => edit.unreadable.push((file.path.clone(), directive.name.to_owned())),
                Need::Sed(more) => expressions.extend(more),
            }
        }
        if !expressions.is_empty() {
            match steps(file, &expressions) {
                Some(steps) => edit.steps.extend(steps),
                None => edit.by_hand.push((file.path.clone(), "its name cannot be typed: give it another one".to_owned())),
            }
        }
    }
    edit
}

/// What one file needs so that a directive has its one value.
enum Need {
    Nothing,
    Person,
    Unreadable,
    /// Expressions of sed, in this order.
    Sed(Vec<String>),
}

fn need(file: &UnitFile, unit: &str, Directive { name, wanted }: Directive<'_>) -> Need {
    let Some(text) = &file.text else { return Need::Unreadable };
    let lines: Vec<&str> = text.lines().filter(|line| sets(line, name)).collect();
    let is_right = match file.is_drop_in {
        true => lines.is_empty(),
        false => matches!(lines.as_slice(), [line] if line.split_once('=').is_some_and(|(_, value)| value.trim() == wanted)),
    };
    if is_right {
        return Need::Nothing;
    }
    // The rest of a continued value stands on the next line, where sed would leave it behind.
    if lines.iter().any(|line| line.ends_with('\\')) || !is_units_own(file, unit) {
        return Need::Person;
    }
    let delete = format!("/^[[:blank:]]*{name}[[:blank:]]*=/d");
    if file.is_drop_in {
        return Need::Sed(vec![delete]);
    }
    Need::Sed(vec![delete, format!("/^\\[Service\\]/a {name}={}", wanted.replace('\\', r"\\"))])
}

fn sets(line: &str, name: &str) -> bool {
    line.split_once('=').is_some_and(|(key, _)| key.trim() == name)
}

/// The characters before the programs of a directive that is a command.
pub(crate) fn prefixes(text: &str, name: &str) -> String {
    let values = text.lines().filter(|line| sets(line, name)).filter_map(|line| line.split_once('='));
    values.flat_map(|(_, value)| value.trim().chars().take_while(|c| "-@:+!".contains(*c))).collect()
}

/// A drop-in of several units is not this one's to change; a generator writes its files again; and a directive has one place
/// only where there is one section.
fn is_units_own(file: &UnitFile, unit: &str) -> bool {
    if file.path.starts_with("/run/systemd/generator") {
        return false;
    }
    if file.is_drop_in {
        let folder = Path::new(&file.path).parent().and_then(Path::file_name);
        return folder.is_some_and(|folder| *folder == *format!("{unit}.d"));
    }
    let text = file.text.as_deref().unwrap_or_default();
    !file.path.starts_with("/run/") && text.lines().filter(|line| line.starts_with("[Service]")).count() == 1
}

/// The edit of one file behind a copy. The copy has the name of what it holds, so that the second run keeps the first one.
fn steps(file: &UnitFile, expressions: &[String]) -> Option<[RepairStep; 2]> {
    let digest = Sha256Digest::of(file.text.as_deref().unwrap_or_default().as_bytes()).to_string();
    let (path, copy) = (word(&file.path)?, word(&format!("{}.before-{}", file.path, &digest[..8]))?);
    let expressions: Option<Vec<String>> = expressions.iter().map(|expression| Some(format!("-e {}", word(expression)?))).collect();
    Some([
        RepairStep::new(format!("cp -p -- {path} {copy}")).only_if(format!("[ ! -e {copy} ]")),
        RepairStep::new(format!("sed -i --follow-symlinks {} -- {path}", expressions?.join(" "))),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Directive<'_> = Directive { name: "ExecStart", wanted: "/bin/good x" };

    fn file(path: &str, text: &str) -> UnitFile {
        UnitFile { path: path.to_owned(), is_drop_in: path.contains(".d/"), text: Some(text.to_owned()) }
    }

    fn commands(edit: &Edit) -> Vec<&str> {
        edit.steps.iter().map(|step| step.command.as_str()).collect()
    }

    #[test]
    fn a_drop_in_that_overrides_is_edited_behind_a_copy_and_a_main_file_that_is_right_is_left_alone() {
        let files = [
            file("/etc/a.service", "[Service]\nExecStart=/bin/good x\n"),
            file("/etc/a.service.d/path.conf", "[Service]\nEnvironment=PATH=/bin\n"),
            file("/etc/a.service.d/over.conf", "[Service]\nExecStart=\nExecStart=/bin/bad\n"),
        ];
        let edit = edit(&files, "a.service", &[GOOD]);
        let [copy, sed] = commands(&edit)[..] else { panic!("{edit:?}") };
        assert!(copy.starts_with("cp -p -- /etc/a.service.d/over.conf /etc/a.service.d/over.conf.before-"), "{copy}");
        assert_eq!(sed, "sed -i --follow-symlinks -e '/^[[:blank:]]*ExecStart[[:blank:]]*=/d' -- /etc/a.service.d/over.conf");
        assert!(edit.by_hand.is_empty() && edit.unreadable.is_empty());
    }

    #[test]
    fn the_main_file_gets_every_value_exactly_once_by_one_command() {
        let files = [file("/etc/a.service", "[Service]\nUser=a\nUser=b\nExecStart=/bin/good x\n")];
        let user = Directive { name: "User", wanted: "c" };
        let edit = edit(&files, "a.service", &[GOOD, user]);
        assert_eq!(
            commands(&edit)[1],
            r"sed -i --follow-symlinks -e '/^[[:blank:]]*User[[:blank:]]*=/d' -e '/^\[Service\]/a User=c' -- /etc/a.service"
        );
    }

    #[test]
    fn what_no_command_can_mend_is_left_to_a_person() {
        for file in [
            file("/etc/a.service", "[Service]\nExecStart=/bin/x \\\n  y\n"),
            file("/etc/a.service", "ExecStart=/bin/x\n"),
            file("/etc/a.service", "[Service]\n[Service]\nExecStart=/bin/x\n"),
            file("/run/systemd/system/a.service", "[Service]\nExecStart=/bin/x\n"),
            file("/run/systemd/generator/a.service.d/x.conf", "[Service]\nExecStart=/bin/x\n"),
            file("/etc/service.d/all.conf", "[Service]\nExecStart=/bin/x\n"),
            file("/etc/a-.service.d/all.conf", "[Service]\nExecStart=/bin/x\n"),
            file("/etc/a.service.d/\u{1b}.conf", "[Service]\nExecStart=/bin/x\n"),
        ] {
            let edit = edit(std::slice::from_ref(&file), "a.service", &[GOOD]);
            assert!(edit.steps.is_empty() && edit.by_hand.len() == 1, "{file:?} {edit:?}");
        }
        let hidden = UnitFile { text: None, ..file("/etc/a.service.d/h.conf", "") };
        assert_eq!(edit(&[hidden], "a.service", &[GOOD]).unreadable, [("/etc/a.service.d/h.conf".to_owned(), "ExecStart".to_owned())]);
    }
}
