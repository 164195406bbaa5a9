//! The server's environment file, read with the grammar that the server uses (python-dotenv), and held against the
//! other programs that read the same file.
//!
//! Nothing here can print a value: it stays in [`Value`], which answers questions about itself, and hands itself over for
//! one purpose alone.

mod grammar;
mod placeholder;
mod portable;

pub use placeholder::is_placeholder;

use crate::ReleaseVersion;
use std::fmt;

/// What the file says, and what about it is not safe to rely on.
#[derive(Debug)]
pub struct Parsed {
    /// Every assignment in the order of the file, duplicates included.
    pub entries: Vec<Entry>,
    /// Every line that some reader drops or reads otherwise, in the order of the file.
    pub problems: Vec<Problem>,
}

/// One assignment as the server reads it.
#[derive(Debug)]
pub struct Entry {
    /// The name.
    pub key: String,
    /// The value after unquoting; `None` when the line has no `=`, so that the server gets nothing.
    pub value: Option<Value>,
    /// The value holds `${…}`, which the server replaces by what its environment says when it starts.
    pub expands: bool,
    /// Where the assignment begins, from 1.
    pub line: usize,
}

/// A value of the file; no output shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Value(String);

/// One line that not every reader understands alike. It names the rule, never the text of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where, from 1.
    pub line: usize,
    /// What about it.
    pub rule: Rule,
    /// How bad it is.
    pub severity: Severity,
}

/// How bad a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The server itself loses the line, or the whole file.
    Lost,
    /// The server reads it, and another reader reads it otherwise.
    Ambiguous,
    /// All known readers agree, but it is not in the form that is safe by construction.
    Unusual,
}

/// The rules that a line can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each rule is explained once, in `because`, in the words that a person sees")]
pub enum Rule {
    Backslash,
    BadUtf8,
    BlankInValue,
    ByteOrderMark,
    CarriageReturn,
    ControlCharacter,
    DifferingDuplicate,
    Duplicate,
    Expansion,
    Export,
    IllegalName,
    InlineComment,
    LowerCaseName,
    MultiLine,
    NoEqualsSign,
    Nul,
    Quotes,
    ShellCharacter,
    ShellName,
    StrayBlank,
    Unreadable,
    UnbalancedQuotes,
    UnusualCharacter,
}

impl Rule {
    /// The rule's name.
    pub const fn name(self) -> &'static str {
        self.words().0
    }

    /// What goes wrong, in half a sentence.
    pub const fn because(self) -> &'static str {
        self.words().1
    }

    /// How bad a line is that breaks it.
    pub const fn severity(self) -> Severity {
        match self {
            Self::BadUtf8 | Self::NoEqualsSign | Self::Nul | Self::Unreadable | Self::UnbalancedQuotes => Severity::Lost,
            Self::Duplicate | Self::LowerCaseName | Self::UnusualCharacter => Severity::Unusual,
            _ => Severity::Ambiguous,
        }
    }

    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Backslash => ("backslash", "systemd and a shell remove it, the server may keep it"),
            Self::BadUtf8 => ("bad-utf8", "the server cannot read the file at all"),
            Self::BlankInValue => ("blank-in-value", "a shell runs the rest as a command"),
            Self::ByteOrderMark => ("byte-order-mark", "systemd, a shell and python-dotenv before 1.2.3 lose the first name"),
            Self::CarriageReturn => ("carriage-return", "a shell keeps it at the end of the value"),
            Self::ControlCharacter => ("control-character", "systemd drops the line"),
            Self::DifferingDuplicate => ("differing-duplicate", "most readers take the last value, some the first"),
            Self::Duplicate => ("duplicate", "the name comes twice with the same value"),
            Self::Expansion => ("expansion", "the server and a shell replace it, systemd keeps it as it is"),
            Self::Export => ("export", "systemd drops the line"),
            Self::IllegalName => ("illegal-name", "systemd and a shell refuse the name"),
            Self::InlineComment => ("inline-comment", "systemd makes it a part of the value"),
            Self::LowerCaseName => ("lower-case-name", "names are written in capitals"),
            Self::MultiLine => ("multi-line", "a reader that goes line by line sees halves"),
            Self::NoEqualsSign => ("no-equals-sign", "the line assigns nothing"),
            Self::Nul => ("nul", "systemd refuses the whole file, and no process can be given the value"),
            Self::Quotes => ("quotes", "a reader that only splits at `=` keeps them"),
            Self::ShellCharacter => ("shell-character", "a shell that sources the file acts on it"),
            Self::ShellName => ("shell-name", "a shell keeps this name for itself and does not take the value"),
            Self::StrayBlank => {
                ("stray-blank", "a blank beside `=`, or another one than space and tab, breaks a shell or becomes a part of name or value")
            }
            Self::Unreadable => ("unreadable", "the server drops the line"),
            Self::UnbalancedQuotes => ("unbalanced-quotes", "the server drops the line, systemd swallows the next one too"),
            Self::UnusualCharacter => ("unusual-character", "it is none of A-Z a-z 0-9 _ . / : @ % + , = -"),
        }
    }
}

impl Parsed {
    /// The assignment that counts for a name: the last one.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().rev().find(|entry| entry.key == key)
    }

    /// Whether both files give the server the same names and values, whatever else they say.
    pub fn assigns_alike(&self, other: &Self) -> bool {
        let within = |one: &Self, all: &Self| one.entries.iter().all(|entry| Self::gives(one, &entry.key) == Self::gives(all, &entry.key));
        within(self, other) && within(other, self)
    }

    /// What counts for a name; a name without `=` is none.
    fn gives<'a>(of: &'a Self, key: &str) -> Option<&'a Value> {
        of.entry(key).and_then(|entry| entry.value.as_ref())
    }
}

impl Value {
    /// Whether nothing is left after unquoting.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it is this text; letter case does not matter.
    pub fn is(&self, text: &str) -> bool {
        self.0.eq_ignore_ascii_case(text)
    }

    /// Whether it is a whole assignment to this key, which was pasted behind the first `=`.
    pub fn assigns(&self, key: &str) -> bool {
        self.0.split_once('=').is_some_and(|(name, _)| name.trim().trim_start_matches("export ").eq_ignore_ascii_case(key))
    }

    /// Whether it is this text to the letter.
    pub fn is_exactly(&self, text: &str) -> bool {
        self.0 == text
    }

    /// Whether it is another value to a reader that splits a line at its last `=`.
    pub fn holds_equals_sign(&self) -> bool {
        self.0.contains('=')
    }

    /// The class of placeholder that it belongs to, if it is one.
    pub fn placeholder(&self) -> Option<&'static str> {
        is_placeholder(&self.0)
    }

    /// The release version that it is, if it is one. Ask it only of a name that is meant to hold a version, which is no
    /// secret.
    pub fn as_version(&self) -> Option<ReleaseVersion> {
        self.0.parse().ok()
    }

    /// The name that it is, if it is a plain one: small letters, digits, dots and dashes in pieces of at most sixteen
    /// characters, such as `model-2.5-large`, perhaps behind `models/`. Ask it only of a name that is meant to hold one,
    /// which is no secret; a key that was put there by mistake is longer, or has capital letters, and stays hidden.
    pub fn as_plain_name(&self) -> Option<&str> {
        let name = self.0.strip_prefix("models/").unwrap_or(&self.0);
        let pieces = || name.split(['-', '.']);
        let is_piece =
            |piece: &str| (1..=16).contains(&piece.len()) && piece.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        let is_name = name.len() <= 64
            && pieces().count() >= 2
            && pieces().all(is_piece)
            && name.starts_with(|first: char| first.is_ascii_lowercase())
            && self.placeholder().is_none();
        is_name.then_some(name)
    }

    /// Hands the value itself over. For the one request that must carry it, and for nothing else: a rules test counts who
    /// calls this.
    pub fn reveal_for_one_request<T>(&self, take: impl FnOnce(&str) -> T) -> T {
        take(&self.0)
    }

    /// Whether it only says where a key is kept, so that something else would have to fetch it.
    pub fn is_reference(&self) -> bool {
        placeholder::is_reference(&self.0)
    }

    /// Whether it holds a character that no key has and no HTTP header carries, such as a typographic quote.
    pub fn has_foreign_character(&self) -> bool {
        !self.0.is_ascii()
    }

    /// Whether it holds a blank or a control character, which no key has.
    pub fn has_blank_or_control(&self) -> bool {
        self.0.chars().any(|character| grammar::is_blank(character) || character.is_control())
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Value")
    }
}

/// Reads the bytes of the file. A file that is no UTF-8 has no entries, since the server reads none.
pub fn parse(bytes: &[u8]) -> Parsed {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let line = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
            return Parsed { entries: Vec::new(), problems: vec![problem(line, Rule::BadUtf8)] };
        }
    };
    let mut problems = Vec::new();
    let text = text.strip_prefix('\u{feff}').inspect(|_| problems.push(problem(1, Rule::ByteOrderMark))).unwrap_or(text);
    let returns = text.split('\n').enumerate().filter(|(_, line)| line.contains('\r'));
    problems.extend(returns.map(|(index, _)| problem(index + 1, Rule::CarriageReturn)));
    // The server opens the file as text, where every kind of line end is one line feed.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let strange = text.split('\n').enumerate().filter_map(|(index, line)| Some(problem(index + 1, portable::strange_blank(line)?)));
    problems.extend(strange);
    let mut entries: Vec<Entry> = Vec::new();
    for binding in grammar::bindings(&text) {
        problems.extend(portable::broken_rules(&binding).into_iter().map(|rule| problem(binding.line, rule)));
        let Some(key) = binding.key else { continue };
        let value = binding.value.map(Value);
        if let Some(earlier) = entries.iter().rev().find(|entry| entry.key == key) {
            let rule = if earlier.value == value { Rule::Duplicate } else { Rule::DifferingDuplicate };
            problems.push(problem(binding.line, rule));
        }
        let expands = value.as_ref().is_some_and(|value| grammar::expands(&value.0));
        entries.push(Entry { key, value, expands, line: binding.line });
    }
    problems.sort_by_key(|problem| problem.line);
    Parsed { entries, problems }
}

const fn problem(line: usize, rule: Rule) -> Problem {
    Problem { line, rule, severity: rule.severity() }
}

#[cfg(test)]
mod tests;
