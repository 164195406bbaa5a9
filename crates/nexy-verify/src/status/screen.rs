//! The screen of a status: at most 24 lines of 80 columns, commands excepted, which stand alone on their lines and whole.

use nexy_contract::{
    Problem, Verdict,
    status::{Next, StatusLine},
    text::printable,
    wrap::{COLUMNS, wrap},
};
use nexy_outside::{environment, frame::stdio};

/// Where what was found begins.
const INDENT: usize = 17;

/// Prints lines for people, or nothing when the document is for programs.
pub(super) struct Screen {
    is_silent: bool,
    is_coloured: bool,
}

impl Screen {
    pub(super) fn new(is_silent: bool) -> Self {
        Self { is_silent, is_coloured: stdio::stdout_is_terminal() && environment::get("NO_COLOR").is_none() }
    }

    /// Shows the lines of one row.
    pub(super) fn show(&self, lines: &[StatusLine]) -> Result<(), Problem> {
        if self.is_silent {
            return Ok(());
        }
        stdio::write_document(text(lines, self.is_coloured).as_bytes())
    }

    /// Shows what to do, as the last lines.
    pub(super) fn end(&self, next: &Next) -> Result<(), Problem> {
        stdio::write_document(end(next).as_bytes())
    }
}

/// One line each; what several in a row are about stands there once.
pub(super) fn text(lines: &[StatusLine], is_coloured: bool) -> String {
    let mut before = "";
    let mut text = String::new();
    for found in lines {
        let about = if found.about == before { "" } else { &found.about };
        text += &(line(found, about, is_coloured) + "\n");
        before = &found.about;
    }
    text
}

/// The verdict, what it is about, what was found, and where.
fn line(line: &StatusLine, about: &str, is_coloured: bool) -> String {
    let (word, colour) = match line.verdict {
        Verdict::Pass => ("ok", "32"),
        Verdict::Fail => ("NO", "31"),
        Verdict::Unknown => ("??", "33"),
    };
    let source = format!("  [{}]", cut(&printable(&line.source), 24));
    let room = COLUMNS - INDENT - source.chars().count();
    let rest = format!("   {:<12}{}{source}", cut(&printable(about), 11), cut(&printable(&line.found), room));
    if is_coloured { format!("\u{1b}[{colour}m{word}\u{1b}[0m{rest}") } else { format!("{word}{rest}") }
}

/// Why, in at most two lines, and the command alone on the last one.
pub(super) fn end(next: &Next) -> String {
    let is_done = next.fix.is_empty();
    let because = format!("{}{}", if is_done { "" } else { "next: " }, printable(&next.because));
    let mut lines: Vec<String> = wrap(&cut(&because, 2 * COLUMNS - 20), COLUMNS, COLUMNS);
    lines.truncate(2);
    if !is_done {
        lines.push("  type:".to_owned());
        lines.extend(next.fix.lines().iter().filter(|line| line.is_command()).map(|line| format!("    {}", line.text())));
    }
    lines.join("\n") + "\n"
}

/// The first characters of a text, with an ellipsis when something was left off.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most { text.to_owned() } else { text.chars().take(most.saturating_sub(1)).chain(['…']).collect() }
}
