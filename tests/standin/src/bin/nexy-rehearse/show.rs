//! How a step looks on the screen: what is typed, and below it number, name, time and result.

use std::time::Duration;

/// Nothing is wider than this, but for a word that is.
const WIDTH: usize = 96;
const INDENT: &str = "       ";

/// The heading of a part of the rehearsal.
pub(crate) fn heading(text: &str) -> String {
    format!("\n{text}")
}

/// What a person types, broken behind pipes only, so that it can be typed again.
pub(crate) fn command(typed: &str) -> String {
    folded("     $ ", typed.split_inclusive("| "))
}

/// What happens without a command.
pub(crate) fn deed(what: &str) -> String {
    folded("     - ", what.split_inclusive(' '))
}

/// The one line of a step: number, name, time, result.
pub(crate) fn result(number: usize, name: &str, time: Duration, result: &str) -> String {
    let seconds = time.as_secs_f64();
    folded(&format!("{number:>3}  {name:<9} {seconds:>6.2} s  "), result.split_inclusive(' '))
}

fn folded<'a>(start: &str, pieces: impl Iterator<Item = &'a str>) -> String {
    let mut text = start.to_owned();
    let mut width = start.chars().count();
    for piece in pieces {
        let more = piece.trim_end().chars().count();
        if width + more > WIDTH && width > INDENT.len() {
            text.truncate(text.trim_end().len());
            text.push('\n');
            text.push_str(INDENT);
            width = INDENT.len();
        }
        text.push_str(piece);
        width += piece.chars().count();
    }
    text
}

/// The last line.
pub(crate) fn complete(time: Duration) -> String {
    format!("\nREHEARSAL COMPLETE in {:.1} s", time.as_secs_f64())
}

/// A size as a person says it.
pub(crate) fn size(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / 1_048_576.0)
}

/// `1 upload`, `3 uploads`.
pub(crate) fn count(number: usize, word: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {word}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_one_line_with_its_time_and_result() {
        assert_eq!(command("nexy-publish --dry-run -"), "     $ nexy-publish --dry-run -");
        assert_eq!(result(3, "plan", Duration::from_millis(412), "ok: 1 upload"), "  3  plan        0.41 s  ok: 1 upload");
    }

    #[test]
    fn a_long_command_is_broken_behind_pipes_and_never_cut() {
        let long = "nexy-version record | nexy-gate before-publish - | nexy-publish - | nexy-manifest write - | \
                    scripts/manifest_to_vm.sh - | nexy-verify updates -";
        let text = command(long);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.len() == 2 && lines[0].ends_with(" |"), "{text}");
        assert_eq!(text.split_whitespace().skip(1).collect::<Vec<_>>(), long.split_whitespace().collect::<Vec<_>>());
    }

    #[test]
    fn nothing_is_wider_than_a_terminal() {
        let words = "word ".repeat(60);
        for text in [result(9, "again", Duration::ZERO, &words), deed(&words), command(&"nexy-gate hard - | ".repeat(20))] {
            assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        }
    }
}
