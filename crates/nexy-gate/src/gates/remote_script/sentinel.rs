//! The last line of a remote script says how it ended; nothing else is believed.

use super::shell;

/// The word that the laptop looks for.
const WORD: &str = "NEXY-END";

/// Why this script would not tell how it ended, or `None` when it does.
pub(super) fn missing(text: &str) -> Option<String> {
    let commands = shell::read(text).commands();
    let lines: Vec<&str> = text.lines().collect();
    let traps = commands.iter().filter(|command| command.words[0] == "trap" && is_on_exit(&command.words));
    let Some(trap) = traps.clone().find(|command| command.words.get(1).is_some_and(|handler| handler != "-")) else {
        return Some("sets no trap on EXIT".to_owned());
    };
    if let Some(set) =
        commands.iter().find(|command| command.words[0] == "set" && command.words.get(1).is_some_and(|flags| flags.starts_with("-e")))
        && set.line < trap.line
    {
        return Some(format!("may end in line {} before its trap on EXIT is set", set.line));
    }
    let handler = trap.words[1].as_str();
    let body: Vec<&str> =
        if handler.starts_with(['\'', '"']) { lines.get(trap.line - 1).into_iter().copied().collect() } else { function(&lines, handler) };
    let says = |line: &&str| line.contains(WORD) && (line.contains("$NONCE") || line.contains("${NONCE"));
    let Some(at) = body.iter().position(says) else {
        return Some(format!("has a trap on EXIT that does not print {WORD} with $NONCE"));
    };
    if !body.first().is_some_and(|first| first.contains("$?")) {
        return Some("does not take note of its exit status first of all".to_owned());
    }
    let after = body[at + 1..].iter().find(|line| {
        !line.trim_start().starts_with(['#', '}']) && !["exit", "return", ""].contains(&line.split_whitespace().next().unwrap_or_default())
    });
    after.map(|line| format!("goes on after its last line, with `{}`", nexy_contract::text::excerpt(line.trim(), 40)))
}

/// What a script does that would keep the frame's trap from being heard: its line, and what it is.
pub(super) fn silencing(text: &str) -> Option<(usize, &'static str)> {
    shell::read(text).commands().into_iter().find_map(|command| match command.words[0].as_str() {
        "trap" if is_on_exit(&command.words) => Some((command.line, "replaces the trap on EXIT of the frame")),
        "exec" if !command.words.get(1).is_none_or(|word| is_redirection(word)) => {
            Some((command.line, "ends the shell with `exec`, so its trap on EXIT is never heard"))
        }
        _ => None,
    })
}

fn is_on_exit(words: &[String]) -> bool {
    words.iter().skip(2).any(|word| word == "EXIT" || word == "0")
}

/// `9>>file`, `>file`, `3<&-`.
fn is_redirection(word: &str) -> bool {
    word.trim_start_matches(|digit: char| digit.is_ascii_digit()).starts_with(['<', '>'])
}

/// The lines between `name() {` and its `}`, without blank ones and comments at the start.
fn function<'a>(lines: &[&'a str], name: &str) -> Vec<&'a str> {
    let opens = |line: &&str| line.trim_start().strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with("()"));
    let Some(start) = lines.iter().position(opens) else { return Vec::new() };
    let body = lines[start + 1..].iter().take_while(|line| !line.starts_with('}')).copied();
    body.filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: &str = "finish() {\n    status=$?\n    printf 'NEXY-END %s %s\\n' \"$NONCE\" \"$status\"\n    exit \"$status\"\n}\ntrap finish EXIT\nset -eu\n";

    #[test]
    fn the_frame_and_a_trap_in_one_line_tell_how_they_ended() {
        assert_eq!(missing(FRAME), None);
        assert_eq!(missing("trap 'printf \"NEXY-END %s %s\\n\" \"$NONCE\" \"$?\"' EXIT\nset -eu\n"), None);
    }

    #[test]
    fn every_way_to_stay_silent_is_told() {
        for (from, to, said) in [
            ("trap finish EXIT", "", "sets no trap on EXIT"),
            ("trap finish EXIT", "# trap finish EXIT", "sets no trap on EXIT"),
            ("trap finish EXIT", "trap - EXIT", "sets no trap on EXIT"),
            ("trap finish EXIT", "trap finish TERM", "sets no trap on EXIT"),
            ("trap finish EXIT", "trap other EXIT", "does not print NEXY-END"),
            ("NEXY-END", "THE-END", "does not print NEXY-END"),
            ("$NONCE", "$OTHER", "does not print NEXY-END"),
            ("status=$?", "status=0", "does not take note of its exit status"),
            ("    exit", "    echo more\n    exit", "goes on after its last line, with `echo more`"),
            ("finish() {", "set -eu\nfinish() {", "may end in line 1"),
        ] {
            let text = FRAME.replace(from, to);
            let found = missing(&text).unwrap_or_default();
            assert!(found.contains(said), "{text}: {found}");
        }
    }

    #[test]
    fn a_script_behind_the_frame_must_not_silence_it() {
        assert_eq!(silencing("exec 9>>\"$x\"\nexec >log 2>&1\nrun a\ntrap x HUP\n"), None);
        assert_eq!(silencing("run a\ntrap 'x' EXIT\n").map(|(line, _)| line), Some(2));
        assert_eq!(silencing("trap - EXIT\n").map(|(line, _)| line), Some(1));
        assert_eq!(silencing("if x; then exec \"$TOOLS/nexy-gate\"; fi\n").map(|(line, _)| line), Some(1));
    }
}
