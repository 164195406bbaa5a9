//! Lines of a script that the VM's shell does not understand, or that silence the frame: found by their plain spelling.

/// A word that begins a command, and what is said of it.
const FIRST_WORDS: &[(&str, &str)] = &[
    ("[[", "uses `[[`"),
    ("source", "uses `source`"),
    ("function", "uses `function`"),
    ("declare", "uses `declare`"),
    ("typeset", "uses `typeset`"),
    ("shopt", "uses `shopt`"),
];
/// A piece of a line outside of quotes.
const PIECES: &[(&str, &str)] = &[
    (" <(", "uses a process substitution"),
    (" >(", "uses a process substitution"),
    ("&>", "uses `&>`"),
    ("|&", "uses `|&`"),
    ("<<<", "uses `<<<`"),
    ("$'", "uses `$'…'`"),
    ("=(", "uses an array"),
];
const KEYWORDS: &[&str] = &["if", "then", "elif", "else", "while", "until", "do", "!", "time", "command"];

/// The lines, from 1, and what is wrong with each.
pub(super) fn find(text: &str) -> Vec<(usize, &'static str)> {
    let mut found = Vec::new();
    for Line { number, bare, expanded } in lines(&quiet(text)) {
        let commands = bare.split([';', '|', '&', '(', ')', '{', '}', '`']).filter_map(command);
        let pieces = PIECES.iter().filter(|(piece, _)| bare.contains(piece)).map(|(_, because)| *because);
        let expansions = expanded.match_indices("${").any(|(at, _)| is_of_bash(&expanded[at + 2..]));
        let expansions = expansions.then_some("uses an expansion that only bash has");
        found.extend(commands.chain(pieces).chain(expansions).map(|because| (number, because)));
    }
    found.dedup();
    found
}

/// A line without its comment; a `\` at its end and an open quote carry it on.
#[derive(Default)]
struct Line {
    number: usize,
    /// Without the text between quotes.
    bare: String,
    /// With what stands between double quotes.
    expanded: String,
}

fn lines(text: &str) -> Vec<Line> {
    let (mut lines, mut line) = (Vec::new(), Line { number: 1, ..Line::default() });
    let (mut number, mut open, mut before) = (1, None, ' ');
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        number += usize::from(character == '\n');
        let is_quote = open.map_or("'\"".contains(character), |quote| quote == character);
        match character {
            '\n' if open.is_none() => lines.push(std::mem::replace(&mut line, Line { number, ..Line::default() })),
            '#' if open.is_none() && before.is_whitespace() => while characters.next_if(|next| *next != '\n').is_some() {},
            // An escaped character is none.
            '\\' if open != Some('\'') => number += usize::from(characters.next() == Some('\n')),
            _ => {
                if is_quote || open.is_none() {
                    line.bare.push(character);
                }
                if is_quote || open != Some('\'') {
                    line.expanded.push(character);
                }
                if is_quote {
                    open = if open.is_none() { Some(character) } else { None };
                }
            }
        }
        before = character;
    }
    lines.push(line);
    lines
}

/// A script without quotes in its here-documents, where they open nothing.
fn quiet(text: &str) -> String {
    let mut end = None;
    let line = |line: &str| {
        let is_inside = end.is_some();
        match &end {
            Some(word) if line.trim_start_matches('\t') == word => end = None,
            Some(_) => {}
            None => end = here_document(line).filter(|word| text.lines().any(|line| line.trim_start_matches('\t') == word)),
        }
        if is_inside { line.replace(['\'', '"'], "") } else { line.to_owned() }
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// The word that ends the here-document which begins in this line.
fn here_document(line: &str) -> Option<String> {
    let (_, word) = line.split_once("<<")?;
    let word = word.trim_start_matches(['-', ' ', '\'', '"', '\\']);
    let word: String = word.chars().take_while(|character| character.is_ascii_alphanumeric() || *character == '_').collect();
    (!word.is_empty()).then_some(word)
}

fn command(text: &str) -> Option<&'static str> {
    let words: Vec<&str> = text.split_whitespace().skip_while(|word| KEYWORDS.contains(word)).collect();
    let has = |names: &[&str]| words.iter().skip(1).any(|word| names.contains(word));
    match *words.first()? {
        "set" if has(&["pipefail"]) => Some("uses `set -o pipefail`"),
        "[" | "test" if has(&["=="]) => Some("uses `==` in a test"),
        "trap" if has(&["ERR", "DEBUG", "RETURN"]) => Some("uses a trap on ERR, DEBUG or RETURN"),
        "trap" if has(&["EXIT", "0"]) => Some("replaces the trap on EXIT of the frame"),
        "exec" if words.get(1).is_some_and(|word| !is_redirection(word)) => {
            Some("ends the shell with `exec`, so the frame's trap on EXIT is never heard")
        }
        first => FIRST_WORDS.iter().find(|(word, _)| *word == first).map(|(_, because)| *because),
    }
}

/// `9>>file`, `>file`, `3<&-`.
fn is_redirection(word: &str) -> bool {
    word.trim_start_matches(|digit: char| digit.is_ascii_digit()).starts_with(['<', '>'])
}

/// `${x[0]}`, `${x^^}`, `${x,,}`, `${x/a/b}`, `${x:1}`, `${!x}`.
fn is_of_bash(rest: &str) -> bool {
    let after = rest.trim_start_matches(|character: char| character.is_ascii_alphanumeric() || character == '_');
    let mut next = after.chars();
    match (next.next(), next.next()) {
        (Some('!'), Some(name)) => rest.len() == after.len() && (name.is_ascii_alphabetic() || name == '_'),
        (Some('[' | '^' | ',' | '/' | '@'), _) => rest.len() > after.len(),
        (Some(':'), Some(value)) => rest.len() > after.len() && (value.is_ascii_digit() || " $".contains(value)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_bash_understands_and_what_silences_the_frame_is_found() {
        for (text, because) in [
            ("[[ -f x ]]", "`[[`"),
            ("if [[ -f x ]]; then :; fi", "`[[`"),
            ("x && [[ y ]]", "`[[`"),
            ("x=$( [[ y ]] )", "`[[`"),
            ("source ./x", "`source`"),
            ("function f { :; }", "`function`"),
            ("set -euo pipefail", "`set -o pipefail`"),
            ("[ \"$a\" == b ]", "`==` in a test"),
            ("trap x ERR", "a trap on ERR, DEBUG or RETURN"),
            ("diff <(a)", "a process substitution"),
            ("x &> /dev/null", "`&>`"),
            ("x |& y", "`|&`"),
            ("cat <<< x", "`<<<`"),
            ("IFS=$'\\n'", "`$'…'`"),
            ("a+=(1)", "an array"),
            ("echo \"${a[0]}\"", "an expansion that only bash has"),
            ("echo ${a^^}", "an expansion that only bash has"),
            ("echo ${a/x/y}", "an expansion that only bash has"),
            ("echo ${a:0:3}", "an expansion that only bash has"),
            ("echo ${!a}", "an expansion that only bash has"),
            ("trap 'x' EXIT", "replaces the trap on EXIT"),
            ("trap - 0", "replaces the trap on EXIT"),
            ("set \\\n  -o pipefail", "`set -o pipefail`"),
            ("command source ./x", "`source`"),
            ("cat <<'END'\nit isn't\nEND\nx && [[ y ]]", "`[[`"),
            ("echo 'two\nlines' \"and\nmore\"; [[ y ]]", "`[[`"),
            ("if x; then exec \"$TOOLS/nexy-gate\"; fi", "ends the shell with `exec`"),
        ] {
            let found = find(&format!(":\n{text}\n"));
            let line = if text.starts_with("cat <<'") { 5 } else { 2 };
            assert!(matches!(found.as_slice(), [(at, said)] if *at == line && said.contains(because)), "{text}: {found:?}");
        }
    }

    #[test]
    fn a_plain_script_raises_no_alarm() {
        for text in [
            "# source ./x, [[ and set -o pipefail, which isn't there",
            "echo 'source x; [[ y ]] &> z ${a[0]}'",
            "echo \"use [[ or source; &> isn't plain\"",
            "case $x in a) :;; [bc]*) :;; esac",
            "echo 'one\n[[ two ]]\nsource three'",
            "cat <<END\nit isn't\nEND\necho '[[ x'",
            "x=$((1 << 2)); y='it'",
            "x >out 2>&1 &",
            "exec 9>>\"$lock\"",
            "exec >log 2>&1",
            "trap x HUP",
            "${x:-y} ${x:=y} ${x:?} ${x:+y} ${x#a} ${x##a} ${x%a} ${#x} $# ${!}",
            "[ \"$a\" = b ] || exit 1",
            "a=$((1 + 2)); b=$(cmd); c=`cmd`",
            "sed 's/^ *//' | tr -d '\\n'",
            "echo \\# \\' \\\" ok",
            "url=http://x/#y",
        ] {
            assert_eq!(find(text), [], "{text}");
        }
    }
}
