//! The fix of a finding or a problem: lines that are commands to paste, and lines that are notes to read.

use crate::{text::printable, wrap::hanging};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt};

/// One line of a fix. The author of the line states its kind; no code guesses it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FixLine {
    /// One shell command, typed as it stands: no remark behind it, no prose around it.
    Command(Cow<'static, str>),
    /// Prose, to be read.
    Note(Cow<'static, str>),
}

/// A command of a `const` table.
pub const fn command(text: &'static str) -> FixLine {
    FixLine::Command(Cow::Borrowed(text))
}

/// A note of a `const` table.
pub const fn note(text: &'static str) -> FixLine {
    FixLine::Note(Cow::Borrowed(text))
}

/// A command, unless a name in it holds what a terminal obeys or does not show: a person could only type another one.
fn typed(text: Cow<'static, str>) -> FixLine {
    let shown = printable(&text);
    if *shown == *text {
        FixLine::Command(text)
    } else {
        FixLine::Note(format!("a name in this command cannot be typed as it is: {shown}").into())
    }
}

impl FixLine {
    /// The line without its kind.
    pub fn text(&self) -> &str {
        match self {
            Self::Command(text) | Self::Note(text) => text,
        }
    }

    /// Whether the line is typed.
    pub const fn is_command(&self) -> bool {
        matches!(self, Self::Command(_))
    }
}

/// The lines of a fix, in the order in which a person works through them; each stands there once. Of a repeated note the first
/// one stays, since it leads in; of a repeated command the last one, since several faults end with the same steps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
#[must_use]
pub struct Fix(Vec<FixLine>);

impl Fix {
    /// Nothing to do, as on a pass.
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// One command.
    pub fn command(text: impl Into<Cow<'static, str>>) -> Self {
        Self(vec![typed(text.into())])
    }

    /// Several commands, typed one after another.
    pub fn commands<T: Into<Cow<'static, str>>>(lines: impl IntoIterator<Item = T>) -> Self {
        lines.into_iter().map(|text| typed(text.into())).collect()
    }

    /// One note.
    pub fn note(text: impl Into<Cow<'static, str>>) -> Self {
        Self(vec![FixLine::Note(text.into())])
    }

    /// This fix, and one more command.
    pub fn then_command(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.push(typed(text.into()));
        self
    }

    /// This fix, and one more note.
    pub fn then_note(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.push(FixLine::Note(text.into()));
        self
    }

    /// This fix, and the lines of another.
    pub fn then(mut self, other: impl Into<Self>) -> Self {
        self.extend(other.into().0);
        self
    }

    /// Adds a line, which then stands there once.
    pub fn push(&mut self, line: FixLine) {
        match self.0.iter().position(|known| *known == line) {
            Some(_) if !line.is_command() => return,
            Some(place) => drop(self.0.remove(place)),
            None => {}
        }
        self.0.push(line);
    }

    /// The same lines, with these commands at the end if they are among them.
    pub fn ending_with(mut self, commands: &[&str]) -> Self {
        for command in commands {
            let line = FixLine::Command((*command).to_owned().into());
            if self.0.contains(&line) {
                self.push(line);
            }
        }
        self
    }

    /// The lines.
    pub fn lines(&self) -> &[FixLine] {
        &self.0
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All lines as plain text, without their kinds.
    pub fn text(&self) -> String {
        self.0.iter().map(FixLine::text).collect::<Vec<_>>().join("\n")
    }
}

impl From<FixLine> for Fix {
    fn from(line: FixLine) -> Self {
        Self(vec![line])
    }
}

impl From<&Self> for Fix {
    fn from(fix: &Self) -> Self {
        fix.clone()
    }
}

impl FromIterator<FixLine> for Fix {
    fn from_iter<I: IntoIterator<Item = FixLine>>(lines: I) -> Self {
        let mut fix = Self::none();
        fix.extend(lines);
        fix
    }
}

impl Extend<FixLine> for Fix {
    fn extend<I: IntoIterator<Item = FixLine>>(&mut self, lines: I) {
        lines.into_iter().for_each(|line| self.push(line));
    }
}

/// The layout of the lines of a fix on a terminal.
#[derive(Clone, Copy, Debug)]
pub struct Layout<'a> {
    /// The label beside notes.
    pub notes: &'a str,
    /// The column at which notes begin, and are wrapped.
    pub notes_at: usize,
    /// The label above commands; empty for none.
    pub commands: &'a str,
    /// The column at which commands begin. A command stands alone on its line and is never wrapped, so that it can be copied.
    pub commands_at: usize,
}

impl Layout<'_> {
    /// The lines as a person reads them, safe to print. Lines of one kind in a row share a label.
    pub fn show(self, lines: &[FixLine]) -> String {
        let mut shown: Vec<String> = Vec::new();
        let mut last_was_command = None;
        for line in lines {
            let is_next_of_kind = last_was_command.replace(line.is_command()) == Some(line.is_command());
            let text = printable(line.text());
            if line.is_command() {
                if !is_next_of_kind && !self.commands.is_empty() {
                    shown.push(self.commands.to_owned());
                }
                shown.push(format!("{:1$}{text}", "", self.commands_at));
            } else {
                shown.push(hanging(if is_next_of_kind { "" } else { self.notes }, self.notes_at, &text));
            }
        }
        shown.join("\n")
    }
}

impl fmt::Display for Fix {
    /// As it stands below a problem: notes beside `do`, commands below `type`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let below = Layout { notes: "  do:", notes_at: 6, commands: "  type:", commands_at: 4 };
        formatter.write_str(&below.show(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_says_of_every_line_whether_it_is_typed_or_read() {
        let fix = Fix::note("read this").then_command("sudo x");
        let json = serde_json::to_string(&fix).expect("JSON");
        assert_eq!(json, r#"[{"note":"read this"},{"command":"sudo x"}]"#);
        assert_eq!(serde_json::from_str::<Fix>(&json).expect("a fix"), fix);
        assert!(serde_json::from_str::<Fix>(r#"[{"words":"x"}]"#).is_err());
        assert!(serde_json::from_str::<Fix>(r#""sudo x""#).is_err());
    }

    #[test]
    fn a_line_stands_there_once_and_a_note_is_no_command() {
        let fix = Fix::commands(["a", "b"]).then(Fix::command("a")).then_note("a").then_note("a");
        assert_eq!(fix.text(), "b\na\na");
        assert_eq!(fix.lines(), [command("b"), command("a"), note("a")]);
        assert_eq!(fix.ending_with(&["b", "c"]).text(), "a\na\nb");
    }

    #[test]
    fn what_cannot_be_typed_as_it_is_shown_is_no_command() {
        for name in ["a\u{1b}[2Jb", "a\nb", "a\u{202e}b"] {
            for fix in [Fix::command(format!("mv '{name}' x")), Fix::none().then_command(format!("mv '{name}' x"))] {
                assert!(
                    !fix.lines()[0].is_command()
                        && fix.text()
                            == format!("a name in this command cannot be typed as it is: {}", printable(&format!("mv '{name}' x")))
                );
            }
        }
    }

    #[test]
    fn notes_stand_beside_their_label_and_commands_alone_on_their_lines() {
        let long = format!("sudo chown root {}", "/a-long-folder".repeat(20));
        let fix = Fix::note("read\u{1b}this").then_note("and this").then_command(long.clone()).then_command("x").then_note("last");
        let expected = format!("  do: read\\x1bthis\n      and this\n  type:\n    {long}\n    x\n  do: last");
        assert_eq!(fix.to_string(), expected);
    }
}
