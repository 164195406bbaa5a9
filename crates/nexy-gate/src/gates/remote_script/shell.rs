//! Shell text taken apart just far enough to see commands, and what only bash understands.

/// One simple command: its words with their quotes, without redirections of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Simple {
    /// Its line, from 1.
    pub(super) line: usize,
    /// Its words; what stood in quotes is left out.
    pub(super) words: Vec<String>,
}

/// A script without comments, here-documents and quoted text.
#[derive(Debug, Default)]
pub(super) struct Code {
    /// One for each line.
    lines: Vec<String>,
    /// The same with what double quotes hold, since expansions work there.
    active: Vec<String>,
    /// The word that a here-document waits for at the end of the text.
    waits_for: Option<String>,
}

/// Something that only bash understands: its line, and how it is called.
pub(super) type Bashism = (usize, &'static str);

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// So many parentheses are open.
    Code(usize),
    Double,
    Single,
}

/// Takes a script apart.
pub(super) fn read(text: &str) -> Code {
    let mut code = Code::default();
    let mut stack = vec![State::Code(0)];
    let mut ends: Vec<String> = Vec::new();
    for line in text.split('\n') {
        let (mut plain, mut active) = (String::new(), String::new());
        if let Some(end) = ends.first() {
            if line.trim_start_matches('\t') == end {
                ends.remove(0);
            }
        } else {
            read_line(line, &mut stack, &mut plain, &mut active, &mut ends);
        }
        code.lines.push(plain);
        code.active.push(active);
    }
    code.waits_for = ends.into_iter().next();
    code
}

fn read_line(line: &str, stack: &mut Vec<State>, plain: &mut String, active: &mut String, ends: &mut Vec<String>) {
    let characters: Vec<char> = line.chars().collect();
    let mut at = 0;
    while at < characters.len() {
        let (character, next) = (characters[at], characters.get(at + 1).copied());
        let state = stack.last().copied().unwrap_or(State::Code(0));
        let in_arithmetic = plain.rfind("((").is_some_and(|open| !plain[open..].contains("))"));
        let mut keep = |character: char, in_plain: bool| {
            active.push(character);
            if in_plain {
                plain.push(character);
            }
        };
        match (state, character) {
            (State::Single, '\'') => {
                stack.pop();
                keep('\'', true);
            }
            (State::Single, _) => {}
            (State::Code(_), '\\') if next.is_none() => keep('\\', true),
            (State::Double | State::Code(_), '\\') => at += 1,
            (State::Double, '"') => {
                stack.pop();
                keep('"', true);
            }
            (State::Double, '$') if next == Some('(') => {
                keep('$', false);
                keep('(', true);
                stack.push(State::Code(0));
                at += 1;
            }
            (State::Double, other) => keep(other, false),
            (State::Code(_), '\'') => {
                stack.push(State::Single);
                keep('\'', true);
            }
            (State::Code(_), '"') => {
                stack.push(State::Double);
                keep('"', true);
            }
            (State::Code(_), '#') if at == 0 || " \t;|&(".contains(characters[at - 1]) => return,
            (State::Code(_), '<')
                if next == Some('<') && characters.get(at + 2) != Some(&'<') && characters.get(at.wrapping_sub(1)) != Some(&'<') =>
            {
                if !in_arithmetic {
                    ends.extend(delimiter(&characters[at + 2..]));
                }
                keep('<', true);
                keep('<', true);
                at += 1;
            }
            (State::Code(depth), '(') => {
                stack.pop();
                stack.push(State::Code(depth + 1));
                keep('(', true);
            }
            (State::Code(depth), ')') => {
                stack.pop();
                match depth {
                    0 if stack.is_empty() => stack.push(State::Code(0)),
                    0 => {}
                    more => stack.push(State::Code(more - 1)),
                }
                keep(')', true);
            }
            (State::Code(_), other) => keep(other, true),
        }
        at += 1;
    }
}

/// The word that ends a here-document.
fn delimiter(rest: &[char]) -> Option<String> {
    let word: String = rest
        .iter()
        .skip_while(|character| "- \t".contains(**character))
        .take_while(|character| !" \t;|&)<>".contains(**character))
        .collect();
    let bare: String = word.chars().filter(|character| !"'\"\\".contains(*character)).collect();
    (!bare.is_empty()).then_some(bare)
}

impl Code {
    /// The word that would end a here-document which swallows whatever is sent behind this text; dash does not mind.
    pub(super) fn waits_for(&self) -> Option<&str> {
        self.waits_for.as_deref()
    }

    /// Its simple commands, as far as they begin on a line of their own or behind `;`, `|`, `&`, brackets and keywords.
    pub(super) fn commands(&self) -> Vec<Simple> {
        const KEYWORDS: &[&str] = &["if", "then", "elif", "else", "while", "until", "do", "!", "time", "{"];
        let mut found = Vec::new();
        let mut is_continued = false;
        for (index, line) in self.lines.iter().enumerate() {
            for (part, piece) in
                line.split([';', '|', '(', ')']).flat_map(|piece| piece.split(" & ")).flat_map(|piece| piece.split("&&")).enumerate()
            {
                let mut words: Vec<String> = piece.split_whitespace().map(str::to_owned).collect();
                while words.first().is_some_and(|word| KEYWORDS.contains(&word.as_str())) {
                    words.remove(0);
                }
                let goes_on = part == 0 && is_continued;
                if !words.is_empty() && !goes_on {
                    found.push(Simple { line: index + 1, words });
                }
            }
            is_continued = line.ends_with("\\");
        }
        found
    }

    /// Everything that a plain shell refuses only when it comes to it, or reads as something else.
    pub(super) fn bashisms(&self) -> Vec<Bashism> {
        let mut found = Vec::new();
        for command in self.commands() {
            let first = command.words[0].as_str();
            let has = |word: &str| command.words.iter().any(|other| other == word);
            let name = match first {
                "[[" => Some("`[[`"),
                "source" => Some("`source`"),
                "function" => Some("`function`"),
                "declare" | "typeset" => Some("`declare`"),
                "shopt" => Some("`shopt`"),
                "set" if has("pipefail") => Some("`set -o pipefail`"),
                "[" | "test" if has("==") => Some("`==` in a test"),
                "trap" if has("ERR") || has("DEBUG") || has("RETURN") => Some("a trap on ERR, DEBUG or RETURN"),
                _ => None,
            };
            found.extend(name.map(|name| (command.line, name)));
        }
        for (index, (line, active)) in self.lines.iter().zip(&self.active).enumerate() {
            let holds = |pieces: &[&str]| pieces.iter().any(|piece| line.contains(piece));
            let begins = |piece: &str| line.starts_with(piece) || line.contains(&format!(" {piece}"));
            let checks = [
                (begins("<(") || begins(">("), "a process substitution"),
                (holds(&["&>"]), "`&>`"),
                (holds(&["|&"]), "`|&`"),
                (holds(&["<<<"]), "`<<<`"),
                (holds(&["$'"]), "`$'…'`"),
                (is_array(line), "an array"),
                (active.match_indices("${").any(|(at, _)| is_bash_expansion(&active[at + 2..])), "an expansion that only bash has"),
            ];
            found.extend(checks.iter().filter(|(is_there, _)| *is_there).map(|(_, name)| (index + 1, *name)));
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// `name=(`, `name+=(` or `name[`.
fn is_array(line: &str) -> bool {
    line.match_indices("=(").any(|(at, _)| {
        let name = line[..at].trim_end_matches('+');
        name.chars().next_back().is_some_and(|before| before.is_ascii_alphanumeric() || before == '_')
    })
}

/// `${x[0]}`, `${x^^}`, `${x,,}`, `${x/a/b}`, `${x:1}`, `${!x}`.
fn is_bash_expansion(rest: &str) -> bool {
    let after = rest.trim_start_matches(|character: char| character.is_ascii_alphanumeric() || character == '_');
    let name = rest.len() - after.len();
    let mut next = after.chars();
    match next.next() {
        Some('!') => name == 0 && next.next().is_some_and(|after| after.is_ascii_alphabetic() || after == '_'),
        Some('[' | '^' | ',' | '/' | '@') => name > 0,
        Some(':') => name > 0 && next.next().is_some_and(|after| after.is_ascii_digit() || after == ' ' || after == '$'),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(text: &str) -> Vec<&'static str> {
        read(text).bashisms().into_iter().map(|(_, name)| name).collect()
    }

    #[test]
    fn what_only_bash_understands_is_found() {
        for (text, name) in [
            ("[[ -f x ]]", "`[[`"),
            ("if [[ -f x ]]; then :; fi", "`[[`"),
            ("x && [[ y ]]", "`[[`"),
            ("source ./x", "`source`"),
            ("function f { :; }", "`function`"),
            ("set -euo pipefail", "`set -o pipefail`"),
            ("set -o pipefail", "`set -o pipefail`"),
            ("[ \"$a\" == b ]", "`==` in a test"),
            ("trap x ERR", "a trap on ERR, DEBUG or RETURN"),
            ("diff <(a) <(b)", "a process substitution"),
            ("x &> /dev/null", "`&>`"),
            ("x |& y", "`|&`"),
            ("cat <<< x", "`<<<`"),
            ("IFS=$'\\n'", "`$'…'`"),
            ("a=(1 2)", "an array"),
            ("a+=(1)", "an array"),
            ("echo \"${a[0]}\"", "an expansion that only bash has"),
            ("echo ${a^^}", "an expansion that only bash has"),
            ("echo ${a/x/y}", "an expansion that only bash has"),
            ("echo ${a:0:3}", "an expansion that only bash has"),
            ("echo ${!a}", "an expansion that only bash has"),
            ("x=\"$( [[ y ]] )\"", "`[[`"),
        ] {
            assert_eq!(found(text), [name], "{text}");
        }
    }

    #[test]
    fn a_plain_script_raises_no_alarm() {
        for text in [
            "# source ./x, [[ and set -o pipefail",
            "echo 'source x; [[ y ]] &> z ${a[0]}'",
            "echo \"use [[ or source; &> is bash\"",
            "cat <<'END'\nsource x\n[[ y ]]\nEND\necho done",
            "cat <<-END\n\t[[ y ]]\n\tEND\n. ./x",
            "case $x in a) :;; [bc]*) :;; esac",
            "x >out 2>&1 &",
            "exec 9>>\"$lock\"",
            "${x:-y} ${x:=y} ${x:?} ${x:+y} ${x#a} ${x##a} ${x%a} ${#x} $# ${!}",
            "[ \"$a\" = b ] || exit 1",
            "a=$((1 + 2)); b=$(cmd); c=`cmd`",
            "f() { local x; x=1; }",
            "sed 's/^ *//' | tr -d '\\n'",
            "echo \\# \\' \\\" ok",
            "url=http://x/#y",
            "printf '%s\\n' \"it's\"",
            "echo a \\\n  source b \\\n  [[ c",
        ] {
            assert_eq!(found(text), Vec::<&str>::new(), "{text}");
        }
    }

    #[test]
    fn a_here_document_without_its_end_is_seen() {
        assert_eq!(read("cat <<'END'\nx\n").waits_for(), Some("END"));
        assert_eq!(read("cat <<END\nx\nEND\necho $((1 << 2)) \"<<END\"\n").waits_for(), None);
    }

    #[test]
    fn lines_are_counted_through_quotes_and_here_documents() {
        let text = "x='a\nb'\ncat <<END\nsource\nEND\nsource y\n";
        assert_eq!(read(text).bashisms(), [(6, "`source`")]);
    }

    proptest! {
        #[test]
        fn no_text_stops_the_reader(text in "[a-z$(){}<>&|;'\"#\\\\\n `=]{0,80}") {
            let _ = read(&text).bashisms();
        }
    }
}
