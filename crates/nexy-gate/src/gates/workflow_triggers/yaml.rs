//! A workflow's YAML as a tree. Keys and values keep their spelling, so `on` stays `on`.

use saphyr_parser::{Event, Parser, ScalarStyle};

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// Nothing stands there.
    Empty,
    /// A text, number or truth value, as it is written.
    Scalar(String),
    List(Vec<Node>),
    /// In the order of the file; no key comes twice.
    Map(Vec<(String, Node)>),
}

/// Deeper files are no workflows.
const DEEPEST: usize = 64;

impl Node {
    /// Reads one document; the reason when that cannot be done surely.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        if let Some(line) = text.lines().position(|line| line.starts_with('\t') && !line.trim().is_empty()) {
            return Err(format!("line {}: is indented with a tab", line + 1));
        }
        let mut parser = Parser::new_from_str(text);
        let mut reader = Reader { parser: &mut parser };
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
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The text of a scalar.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Scalar(text) => Some(text),
            _ => None,
        }
    }

    /// The entries of a map.
    pub(super) fn entries(&self) -> &[(String, Self)] {
        match self {
            Self::Map(entries) => entries,
            _ => &[],
        }
    }

    /// Whether any text in it satisfies the question.
    pub(super) fn any_text(&self, question: &dyn Fn(&str) -> bool) -> bool {
        match self {
            Self::Empty => false,
            Self::Scalar(text) => question(text),
            Self::List(items) => items.iter().any(|item| item.any_text(question)),
            Self::Map(entries) => entries.iter().any(|(_, value)| value.any_text(question)),
        }
    }
}

struct Reader<'p, 'i> {
    parser: &'p mut Parser<'i, saphyr_parser::StrInput<'i>>,
}

impl<'i> Reader<'_, 'i> {
    fn next(&mut self) -> Result<Event<'i>, String> {
        match self.parser.next_event() {
            Some(Ok((event, _))) => Ok(event),
            Some(Err(error)) => Err(format!("line {}: {}", error.marker().line(), error.info())),
            None => Ok(Event::StreamEnd),
        }
    }

    fn node(&mut self, event: Event<'i>, depth: usize) -> Result<Node, String> {
        if depth > DEEPEST {
            return Err(format!("is nested deeper than {DEEPEST} levels"));
        }
        match event {
            Event::Scalar(text, style, _, None) => {
                let is_empty = style == ScalarStyle::Plain && ["", "~", "null", "Null", "NULL"].contains(&text.as_ref());
                Ok(if is_empty { Node::Empty } else { Node::Scalar(text.into_owned()) })
            }
            Event::SequenceStart(_, None) => {
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        Event::SequenceEnd => return Ok(Node::List(items)),
                        event => items.push(self.node(event, depth + 1)?),
                    }
                }
            }
            Event::MappingStart(_, None) => self.map(depth),
            Event::Scalar(..) | Event::SequenceStart(..) | Event::MappingStart(..) => Err("uses a tag".to_owned()),
            Event::Alias(_) => Err("uses an alias (`*name`)".to_owned()),
            _ => Err("ends in the middle".to_owned()),
        }
    }

    fn map(&mut self, depth: usize) -> Result<Node, String> {
        let mut entries: Vec<(String, Node)> = Vec::new();
        loop {
            let key = match self.next()? {
                Event::MappingEnd => return Ok(Node::Map(entries)),
                Event::Scalar(key, _, _, None) => key.into_owned(),
                _ => return Err("has a key that is no plain text".to_owned()),
            };
            if key == "<<" {
                return Err("merges maps (`<<`)".to_owned());
            }
            if entries.iter().any(|(known, _)| *known == key) {
                return Err(format!("has the key `{key}` twice in one map"));
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

    fn scalar(text: &str) -> Node {
        Node::Scalar(text.to_owned())
    }

    #[test]
    fn the_trap_of_yaml_1_1_is_none_here() {
        for text in ["on: push", "\"on\": push", "'on': push", "on:\n  push"] {
            assert_eq!(Node::read(text), Ok(Node::Map(vec![("on".to_owned(), scalar("push"))])), "{text}");
        }
    }

    #[test]
    fn lists_maps_and_nothing_are_told_apart() {
        let node = Node::read("a: [x, 'y']\nb:\n  c: null\n  d:\ne: \"\"\nf: |\n  one\n  two\n").expect("it is right");
        assert_eq!(node.get("a"), Some(&Node::List(vec![scalar("x"), scalar("y")])));
        assert_eq!(node.get("b"), Some(&Node::Map(vec![("c".to_owned(), Node::Empty), ("d".to_owned(), Node::Empty)])));
        assert_eq!((node.get("e"), node.get("f")), (Some(&scalar("")), Some(&scalar("one\ntwo\n"))));
        assert!(node.any_text(&|text| text.contains("two")) && !node.any_text(&|text| text.contains("three")));
    }

    #[test]
    fn what_cannot_be_read_surely_is_refused_with_its_reason() {
        for (text, because) in [
            ("", "nothing"),
            ("# only words\n", "nothing"),
            ("a: [", "line "),
            ("a: 1\na: 2\n", "twice"),
            ("a: &x 1\nb: *x\n", "alias"),
            ("a: {<<: {b: 1}}\n", "merges"),
            ("a: !!str 1\n", "tag"),
            ("? [a]\n: 1\n", "no plain text"),
            ("a: 1\n---\nb: 2\n", "more than one"),
            ("\ta: 1\n", "line "),
        ] {
            let error = Node::read(text).expect_err(text);
            assert!(error.contains(because), "{text:?}: {error}");
        }
        assert!(Node::read(&"[".repeat(1000)).is_err());
        assert!(Node::read(&format!("a: {}{}", "[".repeat(100), "]".repeat(100))).expect_err("deep").contains("deeper"));
    }

    proptest! {
        #[test]
        fn no_text_stops_the_reader(text in "[a-z:\\-\\[\\]{}&*!|>'\"%@`#\n\t ,?]{0,80}") {
            let _ = Node::read(&text);
        }
    }
}
