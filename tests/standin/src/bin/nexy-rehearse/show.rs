//! How a step looks on the screen: number, name, command, time, result.

use std::time::Duration;

const COMMAND_WIDTH: usize = 44;

/// The heading of a part of the rehearsal.
pub(crate) fn heading(text: &str) -> String {
    format!("\n{text}")
}

/// One line for a step; a command that is too long for its column stands on a line of its own.
pub(crate) fn step(number: usize, name: &str, command: &str, time: Duration, result: &str) -> String {
    let seconds = time.as_secs_f64();
    if command.chars().count() <= COMMAND_WIDTH {
        return format!("{number:>3}  {name:<10}  {command:<COMMAND_WIDTH$}  {seconds:>5.2} s  {result}");
    }
    format!("{number:>3}  {name:<10}  {command}\n{:17}{:COMMAND_WIDTH$}  {seconds:>5.2} s  {result}", "", "")
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
    fn a_short_command_and_its_result_share_a_line() {
        let line = step(3, "plan", "nexy-publish --dry-run -", Duration::from_millis(412), "ok: 1 upload");
        assert_eq!(line, "  3  plan        nexy-publish --dry-run -                       0.41 s  ok: 1 upload");
    }

    #[test]
    fn a_long_command_is_never_cut() {
        let long = "nexy-version record | nexy-gate before-publish - | nexy-publish -";
        let text = step(9, "again", long, Duration::ZERO, "ok");
        assert!(text.lines().next().unwrap().ends_with(long));
        assert_eq!(text.lines().count(), 2);
    }
}
