//! python-dotenv's grammar: which names and values the server gets from a text.

/// What stands at one place of the text: an assignment, a comment, or something that the server drops.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Binding<'a> {
    /// The name; `None` for a comment and for what is dropped.
    pub(super) key: Option<String>,
    /// The value, unquoted; `None` without `=`.
    pub(super) value: Option<String>,
    /// Where it begins, from 1.
    pub(super) line: usize,
    /// The text that it was read from, without the line feed at its end.
    pub(super) source: &'a str,
    /// The server warns about it and goes on with the next line.
    pub(super) dropped: bool,
}

/// The line is none, so the server drops it.
struct Dropped;

/// Blank as Python's `\s` has it.
pub(super) fn is_blank(character: char) -> bool {
    character.is_whitespace() || ('\x1c'..='\x1f').contains(&character)
}

/// Whether the server replaces a part of the value by another variable.
pub(super) fn expands(value: &str) -> bool {
    value.split_once("${").is_some_and(|(_, rest)| rest.contains('}'))
}

/// Reads the whole text, whose line ends are line feeds.
pub(super) fn bindings(text: &str) -> Vec<Binding<'_>> {
    let mut reader = Reader { text, at: 0 };
    let mut bindings = Vec::new();
    loop {
        // Blank lines belong to no name, but the blanks before a name belong to its line.
        let blank = reader.skip(is_blank);
        if reader.rest().is_empty() {
            return bindings;
        }
        let indent = blank.rfind('\n').map_or(blank.len(), |last| blank.len() - last - 1);
        let start = reader.at - indent;
        let mut binding = Binding { line: text[..start].matches('\n').count() + 1, ..Binding::default() };
        if reader.binding(&mut binding).is_err() {
            (binding.key, binding.value, binding.dropped) = (None, None, true);
            reader.skip(|character| character != '\n');
            reader.take("\n");
        }
        let source = &text[start..reader.at];
        binding.source = source.strip_suffix('\n').unwrap_or(source);
        bindings.push(binding);
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn binding(&mut self, binding: &mut Binding<'a>) -> Result<(), Dropped> {
        let before_export = self.at;
        if !self.take("export") || self.skip(is_blank_in_line).is_empty() {
            self.at = before_export;
        }
        binding.key = self.key()?;
        self.skip(is_blank_in_line);
        if self.take("=") {
            // The blanks belong to the `=`, so a `#` behind them is the value and begins no comment.
            self.skip(is_blank_in_line);
            binding.value = Some(self.value()?);
        }
        self.comment();
        self.skip(is_blank_in_line);
        if self.take("\n") || self.rest().is_empty() { Ok(()) } else { Err(Dropped) }
    }

    fn key(&mut self) -> Result<Option<String>, Dropped> {
        if self.rest().starts_with('#') {
            return Ok(None);
        }
        let key = if self.take("'") {
            let key = self.skip(|character| character != '\'');
            if !self.take("'") {
                // The quote stays where it is: only the rest of this line is dropped.
                self.at -= key.len();
                return Err(Dropped);
            }
            key
        } else {
            self.skip(|character| !is_blank(character) && character != '=' && character != '#')
        };
        if key.is_empty() { Err(Dropped) } else { Ok(Some(key.to_owned())) }
    }

    fn value(&mut self) -> Result<String, Dropped> {
        match self.rest().chars().next() {
            Some(quote @ ('\'' | '"')) => self.quoted(quote),
            _ => Ok(without_comment(self.skip(|character| character != '\n')).to_owned()),
        }
    }

    /// The first quote without a backslash before it ends the value; without one, the last quote of the file does.
    fn quoted(&mut self, quote: char) -> Result<String, Dropped> {
        let inside = &self.rest()[1..];
        let quotes = || inside.match_indices(quote).map(|(at, _)| at);
        let end = quotes().find(|at| !inside[..*at].ends_with('\\')).or_else(|| quotes().next_back()).ok_or(Dropped)?;
        self.at += end + 2;
        Ok(unescaped(&inside[..end], quote))
    }

    fn comment(&mut self) {
        let before = self.at;
        self.skip(is_blank_in_line);
        if self.rest().starts_with('#') {
            self.skip(|character| character != '\n');
        } else {
            self.at = before;
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn take(&mut self, word: &str) -> bool {
        let there = self.rest().starts_with(word);
        if there {
            self.at += word.len();
        }
        there
    }

    fn skip(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let skipped = &rest[..rest.find(|character| !wanted(character)).unwrap_or(rest.len())];
        self.at += skipped.len();
        skipped
    }
}

fn is_blank_in_line(character: char) -> bool {
    is_blank(character) && character != '\n'
}

fn without_comment(value: &str) -> &str {
    let starts = value.char_indices().filter(|(offset, character)| *character == '#' && value[..*offset].ends_with(is_blank));
    let end = starts.map(|(offset, _)| offset).next().unwrap_or(value.len());
    value[..end].trim_end_matches(is_blank)
}

fn unescaped(text: &str, quote: char) -> String {
    let mut value = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some(escaped) => push_escaped(&mut value, quote, escaped),
                None => value.push('\\'),
            },
            _ => value.push(character),
        }
    }
    value
}

fn push_escaped(value: &mut String, quote: char, escaped: char) {
    let plain = match (quote, escaped) {
        (_, '\\' | '\'') | ('"', '"') => escaped,
        ('"', 'a') => '\x07',
        ('"', 'b') => '\x08',
        ('"', 'f') => '\x0c',
        ('"', 'n') => '\n',
        ('"', 'r') => '\r',
        ('"', 't') => '\t',
        ('"', 'v') => '\x0b',
        _ => {
            value.push('\\');
            escaped
        }
    };
    value.push(plain);
}
