//! Reads one YAML document as a tree that keeps spellings and lines. Keys stay as written, so `on` is never a truth value.

use nexy_contract::text::excerpt;
use saphyr_parser::{Event, Parser, ScalarStyle, StrInput};
use std::{collections::BTreeMap, ops::Range};

/// A value and the line where it begins, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) line: usize,
    pub(crate) value: Value,
}

/// What a node holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Empty,
    /// A text, number or truth value, as it is written.
    Scalar(String),
    List(Vec<Node>),
    /// In the order of the document; no key comes twice.
    Map(Vec<(String, Node)>),
}

/// Deeper documents are refused.
const MAX_DEPTH: usize = 64;
/// Heavier documents are refused. An alias weighs as much as what it names, so that no document grows without bound.
const MAX_WEIGHT: usize = 1 << 20;
/// What every value weighs beside its text.
const NODE_WEIGHT: usize = 64;

impl Node {
    /// Reads the only document of a text; the reason, with its line where it has one, when that cannot be done.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        if let Some(line) = text.lines().position(|line| line.starts_with('\t') && !line.trim().is_empty()) {
            return Err(format!("line {}: is indented with a tab", line + 1));
        }
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader = Reader {
            parser: Parser::new_from_str(text),
            line: 0,
            weight: 0,
            seen: Vec::new(),
            anchors: BTreeMap::new(),
            replay: Vec::new(),
        };
        loop {
            match reader.next()? {
                Event::StreamStart | Event::DocumentStart(_) | Event::Nothing => {}
                Event::StreamEnd => return Err("holds nothing".to_owned()),
                event => {
                    let node = reader.node(event, 0)?;
                    return match (reader.next()?, reader.next()?) {
                        (Event::DocumentEnd, Event::StreamEnd) => Ok(node),
                        _ => Err("holds more than one document".to_owned()),
                    };
                }
            }
        }
    }

    /// The value of a key; `None` when this is no map or has no such key.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The text of a scalar.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(text) => Some(text),
            _ => None,
        }
    }

    /// The texts of a list of scalars, or of one scalar alone.
    pub(crate) fn texts(&self) -> Option<Vec<&str>> {
        match &self.value {
            Value::List(items) => items.iter().map(Self::text).collect(),
            _ => Some(vec![self.text()?]),
        }
    }

    /// The entries of a map.
    pub(crate) fn entries(&self) -> &[(String, Self)] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }
}

type Located<'i> = (Event<'i>, usize);

struct Reader<'i> {
    parser: Parser<'i, StrInput<'i>>,
    /// The line of the latest event.
    line: usize,
    weight: usize,
    /// Every event of the parser so far.
    seen: Vec<Located<'i>>,
    /// Which of them an anchor stands for.
    anchors: BTreeMap<usize, Range<usize>>,
    /// Events that an alias repeats, the next one last.
    replay: Vec<Located<'i>>,
}

impl<'i> Reader<'i> {
    fn next(&mut self) -> Result<Event<'i>, String> {
        let (event, line) = if let Some(repeated) = self.replay.pop() {
            repeated
        } else {
            let located = match self.parser.next_event() {
                Some(Ok((event, span))) => (event, span.start.line()),
                Some(Err(error)) => return Err(format!("line {}: {}", error.marker().line(), error.info())),
                None => (Event::StreamEnd, self.line),
            };
            self.seen.push(located.clone());
            located
        };
        self.line = line;
        self.weight += NODE_WEIGHT + if let Event::Scalar(text, ..) = &event { text.len() } else { 0 };
        if self.weight > MAX_WEIGHT { self.refuse("holds more than a workflow or a guide needs") } else { Ok(event) }
    }

    fn refuse<T>(&self, because: &str) -> Result<T, String> {
        Err(format!("line {}: {because}", self.line))
    }

    fn node(&mut self, event: Event<'i>, depth: usize) -> Result<Node, String> {
        let (line, begins) = (self.line, self.seen.len().saturating_sub(1));
        if depth > MAX_DEPTH {
            return self.refuse(&format!("is nested deeper than {MAX_DEPTH} levels"));
        }
        let (anchor, value) = match event {
            Event::Alias(anchor) => {
                let Some(events) = self.anchors.get(&anchor) else { return self.refuse("an alias names what it stands in") };
                self.replay.extend(self.seen[events.clone()].iter().rev().cloned());
                let event = self.next()?;
                return self.node(event, depth);
            }
            Event::Scalar(text, style, anchor, None) => {
                let is_empty = style == ScalarStyle::Plain && ["", "~", "null", "Null", "NULL"].contains(&text.as_ref());
                (anchor, if is_empty { Value::Empty } else { Value::Scalar(text.into_owned()) })
            }
            Event::SequenceStart(anchor, None) => (anchor, self.list(depth)?),
            Event::MappingStart(anchor, None) => (anchor, self.map(depth)?),
            Event::Scalar(..) | Event::SequenceStart(..) | Event::MappingStart(..) => {
                return self.refuse("uses a tag (`!name`): leave it out");
            }
            _ => return self.refuse("ends in the middle"),
        };
        // What is repeated has its place already.
        self.anchors.entry(anchor).or_insert(begins..self.seen.len());
        Ok(Node { line, value })
    }

    fn list(&mut self, depth: usize) -> Result<Value, String> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                Event::SequenceEnd => return Ok(Value::List(items)),
                event => items.push(self.node(event, depth + 1)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Value, String> {
        let mut entries: Vec<(String, Node)> = Vec::new();
        loop {
            let key = match self.next()? {
                Event::MappingEnd => return Ok(Value::Map(entries)),
                Event::Scalar(key, _, _, None) if key != "<<" => key.into_owned(),
                Event::Scalar(_, _, _, None) => return self.refuse("merges maps (`<<`): write their lines out"),
                _ => return self.refuse("has a key that is no plain text"),
            };
            if entries.iter().any(|(known, _)| *known == key) {
                return self.refuse(&format!("has the key `{}` twice in one map", excerpt(&key, 60)));
            }
            let event = self.next()?;
            entries.push((key, self.node(event, depth + 1)?));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text<'a>(node: &'a Node, path: &[&str]) -> Option<&'a str> {
        path.iter().try_fold(node, |node, key| node.get(key))?.text()
    }

    #[test]
    fn the_trap_of_yaml_1_1_is_none_here() {
        for spelling in ["on: push", "\"on\": push", "'on': push", "on:\n  push", "\u{feff}on: push", "on:\r\n  push\r\n"] {
            assert_eq!(
                Node::read(spelling).map(|node| text(&node, &["on"]).map(str::to_owned)),
                Ok(Some("push".to_owned())),
                "{spelling:?}"
            );
        }
    }

    #[test]
    fn lists_maps_and_nothing_are_told_apart_and_keep_their_lines() {
        let node = Node::read("a: [x, 'y']\nb:\n  c: null\n  d:\ne: \"\"\nf: |\n  one\n  two\n").expect("it is right");
        assert_eq!(node.get("a").and_then(Node::texts), Some(vec!["x", "y"]));
        assert_eq!(node.get("b").expect("b").entries().iter().filter(|(_, value)| value.value == Value::Empty).count(), 2);
        assert_eq!((text(&node, &["e"]), text(&node, &["f"])), (Some(""), Some("one\ntwo\n")));
        assert_eq!((node.get("e").map(|node| node.line), node.get("b").and_then(|b| b.get("c")).map(|node| node.line)), (Some(5), Some(3)));
    }

    #[test]
    fn an_alias_is_what_it_names() {
        let node = Node::read("a: &x ubuntu\nb: *x\nc: [&s {run: y}, *s]\nd: &x other\ne: *x\n").expect("it is right");
        assert_eq!((text(&node, &["b"]), text(&node, &["e"])), (Some("ubuntu"), Some("other")));
        let Some(Value::List(items)) = node.get("c").map(|node| &node.value) else { panic!("no list") };
        assert!(items.iter().all(|item| text(item, &["run"]) == Some("y")));
    }

    #[test]
    fn what_cannot_be_read_surely_is_refused_with_its_reason() {
        for (text, because) in [
            ("", "nothing"),
            ("# only words\n", "nothing"),
            ("a: [", "line "),
            ("a: 1\na: 2\n", "line 2: has the key `a` twice"),
            ("b: *x\n", "line 1"),
            ("a: &x [*x]\n", "names what it stands in"),
            ("a: &x {b: 1}\nc:\n  <<: *x\n", "line 3: merges maps"),
            ("a: !!str 1\n", "tag"),
            ("? [a]\n: 1\n", "no plain text"),
            ("a: 1\n---\nb: 2\n", "more than one"),
            ("\ta: 1\n", "line 1"),
        ] {
            let error = Node::read(text).expect_err(text);
            assert!(error.contains(because), "{text:?}: {error}");
        }
    }

    #[test]
    fn no_document_is_deeper_or_heavier_than_its_bound() {
        for deep in [
            "[".repeat(1000),
            "- ".repeat(100_000),
            format!("a: {}{}", "[".repeat(100), "]".repeat(100)),
            (0..9).fold("a0: &a0 x\n".to_owned(), |text, n| {
                format!("{text}a{0}: &a{0} {1}*a{n}{2}\n", n + 1, "[".repeat(20), "]".repeat(20))
            }),
        ] {
            let error = Node::read(&deep).expect_err("deep");
            assert!(error.contains("deeper") || error.contains("recursion") || error.contains("limit"), "{error}");
        }
        let names = |n: usize| vec![format!("*a{n}"); 10].join(", ");
        let bomb = (0..9).fold("a0: &a0 x\n".to_owned(), |text, n| format!("{text}a{0}: &a{0} [{1}]\n", n + 1, names(n)));
        let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(500_000), vec!["*a"; 10_000].join(", "));
        let wide: String = (0..200_000).map(|n| format!("k{n}:\n")).collect();
        for heavy in [bomb, long, wide] {
            assert!(Node::read(&heavy).expect_err("heavy").contains("holds more than"));
        }
    }

    proptest! {
        #[test]
        fn no_text_stops_the_reader(text in "[a-z:\\-\\[\\]{}&*!|>'\"%@`#\n\r\t\u{feff} ,?]{0,80}") {
            let _ = Node::read(&text);
        }
    }
}
