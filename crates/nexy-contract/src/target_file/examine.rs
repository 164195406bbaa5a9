//! Every mistake of a `nexy.toml` at once, each with its line. The keys are those that the types of `schema.rs` declare: serde tells
//! their names and kinds while it reads. What is missing or wrong gets a stand-in, so that the reading goes on behind it.

use super::{Target, TargetError, line_of, validate};
use crate::suggest::nearest;
use serde::{
    Deserialize as _,
    de::{self, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor, value::StrDeserializer},
    forward_to_deserialize_any,
};
use std::{cell::RefCell, collections::BTreeSet, fmt};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Mistake {
    /// Its line, from 1.
    pub line: usize,
    /// The key, or the keys that contradict each other; empty for what is no TOML.
    pub key: String,
    /// What is wrong there.
    pub because: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let colon = if self.key.is_empty() { "" } else { ": " };
        write!(formatter, "line {}: {}{colon}{}", self.line, self.key, self.because)
    }
}

/// Reads the text of `nexy.toml` to its end.
/// Errors: every [`Mistake`] that shows, in the order of the lines.
pub(super) fn examine(text: &str) -> Result<Target, Vec<Mistake>> {
    let (document, no_toml) = DeTable::parse_recoverable(text);
    if !no_toml.is_empty() {
        let line = |error: &toml::de::Error| error.span().map_or(1, |span| line_of(text, span.start));
        let mistake =
            |error: toml::de::Error| Mistake { line: line(&error), key: String::new(), because: error.message().replace('\n', ", ") };
        return Err(sorted(no_toml.into_iter().map(mistake).collect()));
    }
    let reader = Reader { text, found: RefCell::default(), stood_in: RefCell::default() };
    let root = Table { reader: &reader, table: Some(document.get_ref()), path: String::new(), line: 1 };
    let target = loop {
        let stop = match Target::deserialize(Node::Root(root.clone())) {
            Ok(target) => break Some(target),
            Err(stop) => stop,
        };
        if !reader.note(stop) {
            break None;
        }
    };
    let mut mistakes = reader.found.into_inner();
    let stood_in: BTreeSet<String> = reader.stood_in.into_inner().iter().map(|path| area(path).to_owned()).collect();
    for fault in target.iter().flat_map(validate::all) {
        let TargetError::Contradiction(keys, because) = fault else { continue };
        // What a stand-in contradicts is no mistake of its own.
        if !keys.split(" and ").any(|key| stood_in.contains(area(key))) {
            mistakes.push(Mistake { line: locate(text, document.get_ref(), &keys, &because), key: keys, because });
        }
    }
    match target {
        Some(target) if mistakes.is_empty() => Ok(target),
        _ => Err(sorted(mistakes)),
    }
}

fn sorted(mut mistakes: Vec<Mistake>) -> Vec<Mistake> {
    mistakes.sort();
    mistakes.dedup();
    mistakes
}

/// Keys that are held against each other belong to one area.
fn area(path: &str) -> &str {
    match path.split('.').next().unwrap_or_default() {
        "service" | "layout" | "vm" => "layout",
        section => section,
    }
}

/// The line of the first of some keys. Of several rows of a table it is the one with a value that the words quote.
fn locate(text: &str, document: &DeTable<'_>, keys: &str, because: &str) -> usize {
    let key = keys.split(" and ").next().unwrap_or_default();
    let (mut table, mut line) = (Some(document), 1);
    for step in key.split('.') {
        let Some((name, value)) = table.and_then(|table| table.get_key_value(step)) else { break };
        line = line_of(text, name.span().start);
        let is_meant = |row: &&Spanned<DeValue<'_>>| {
            row.get_ref().as_table().is_some_and(|row| {
                row.values().any(|value| value.get_ref().as_str().is_some_and(|value| !value.is_empty() && because.contains(value)))
            })
        };
        let row = value.get_ref().as_array().and_then(|rows| rows.iter().find(is_meant).or(rows.first()));
        line = row.map_or(line, |row| line_of(text, row.span().start));
        table = row.unwrap_or(value).get_ref().as_table();
    }
    line
}

/// What was found so far.
struct Reader<'a> {
    text: &'a str,
    found: RefCell<Vec<Mistake>>,
    /// Paths that are read as if something right stood there.
    stood_in: RefCell<BTreeSet<String>>,
}

impl Reader<'_> {
    /// Notes what stopped the reading; false when it will stop there again.
    fn note(&self, stop: Stop) -> bool {
        let Some((path, line)) = stop.at else {
            self.add(1, "", stop.because);
            return false;
        };
        let is_new = self.stood_in.borrow_mut().insert(path.clone());
        if is_new {
            self.add(line, &path, stop.because);
        }
        is_new
    }

    fn add(&self, line: usize, path: &str, because: String) {
        // Rows are found by their line; their numbers are nothing that a person has written.
        let key = path.split('.').filter(|step| step.parse::<usize>().is_err()).collect::<Vec<_>>().join(".");
        self.found.borrow_mut().push(Mistake { line, key, because });
    }

    fn stands_in(&self, path: &str) -> bool {
        self.stood_in.borrow().contains(path)
    }
}

/// Why serde cannot go on, and the path and line of it.
#[derive(Debug)]
struct Stop {
    at: Option<(String, usize)>,
    because: String,
    missing: Option<&'static str>,
}

impl de::Error for Stop {
    fn custom<T: fmt::Display>(because: T) -> Self {
        Self { at: None, because: because.to_string(), missing: None }
    }

    fn missing_field(field: &'static str) -> Self {
        Self { missing: Some(field), ..Self::custom("is missing") }
    }

    fn unknown_variant(word: &str, known: &'static [&'static str]) -> Self {
        Self::custom(format!("`{word}` is none of {}{}", known.join(", "), meant(nearest(word, known.iter().copied()))))
    }
}

impl std::error::Error for Stop {}

impl fmt::Display for Stop {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.because)
    }
}

fn meant(name: Option<&str>) -> String {
    name.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

/// A table, or the stand-in of one.
#[derive(Clone)]
struct Table<'a> {
    reader: &'a Reader<'a>,
    table: Option<&'a DeTable<'a>>,
    path: String,
    line: usize,
}

/// Something to be read.
enum Node<'a> {
    Root(Table<'a>),
    /// A value, or the stand-in of one.
    Value {
        reader: &'a Reader<'a>,
        value: Option<&'a Spanned<DeValue<'a>>>,
        path: String,
        line: usize,
    },
}

impl<'a> Table<'a> {
    /// The nodes of these keys, with a stand-in where one is wanted. What has another name is told.
    fn entries(&self, fields: &'static [&'static str]) -> Vec<(&'static str, Node<'a>)> {
        let mut entries = Vec::new();
        let mut add = |field: &'static str, value: Option<&'a Spanned<DeValue<'a>>>, line| {
            let path = format!("{}{}{field}", self.path, if self.path.is_empty() { "" } else { "." });
            let value = value.filter(|_| !self.reader.stands_in(&path));
            if value.is_some() || self.table.is_none() || self.reader.stands_in(&path) {
                entries.push((field, Node::Value { reader: self.reader, value, path, line }));
            }
        };
        let line = |key: &Spanned<_>| line_of(self.reader.text, key.span().start);
        let mut absent = fields.to_vec();
        let mut unknown = Vec::new();
        for (key, value) in self.table.into_iter().flatten() {
            match fields.iter().copied().find(|field| **key.get_ref() == **field) {
                Some(field) => {
                    absent.retain(|name| *name != field);
                    add(field, Some(value), line(key));
                }
                None => unknown.push((key, value)),
            }
        }
        for (key, value) in unknown {
            let name: &str = key.get_ref();
            // A slip of the finger is read as the key that it was to be, and is told once.
            let slip = nearest(name, absent.iter().copied());
            let because = match slip.or_else(|| nearest(name, fields.iter().copied())) {
                near @ Some(_) => format!("is no key{}", meant(near)),
                None => format!("is no key; known here: {}", fields.join(", ")),
            };
            let path = format!("{}{}{name}", self.path, if self.path.is_empty() { "" } else { "." });
            if !self.reader.found.borrow().iter().any(|mistake| mistake.line == line(key) && mistake.key.ends_with(name)) {
                self.reader.add(line(key), &path, because);
            }
            if let Some(field) = slip {
                absent.retain(|name| *name != field);
                add(field, Some(value), line(key));
            }
        }
        absent.into_iter().for_each(|field| add(field, None, self.line));
        entries
    }

    fn read<V: Visitor<'a>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Stop> {
        let entries = self.entries(fields);
        visitor.visit_map(Entries { rest: entries.into_iter(), next: None }).map_err(|stop| match stop.missing {
            Some(field) if stop.at.is_none() => {
                let path = format!("{}{}{field}", self.path, if self.path.is_empty() { "" } else { "." });
                Stop { at: Some((path, self.line)), ..stop }
            }
            _ => stop,
        })
    }
}

impl<'a> Node<'a> {
    /// What a value of one kind is read from: the value, nothing for a stand-in, or a stop where another kind stands.
    fn scalar<T>(&self, kind: &str, take: impl Fn(&'a DeValue<'a>) -> Option<T>) -> Result<Option<T>, Stop> {
        let Self::Value { value, .. } = self else { return Err(de::Error::custom("is a table")) };
        let Some(value) = value else { return Ok(None) };
        let stands_there = value.get_ref().type_str();
        take(value.get_ref())
            .map(Some)
            .ok_or_else(|| de::Error::custom(format!("holds a value of the kind {stands_there}, it should be {kind}")))
    }

    /// Reads it, and says of an error where it was.
    fn located<T>(self, read: impl FnOnce(&Self) -> Result<T, Stop>) -> Result<T, Stop> {
        read(&self).map_err(|stop| match (&self, &stop.at) {
            (Self::Value { path, line, .. }, None) => Stop { at: Some((path.clone(), *line)), ..stop },
            _ => stop,
        })
    }
}

fn integer(value: &DeValue<'_>) -> Option<i128> {
    let number = value.as_integer()?;
    i128::from_str_radix(number.as_str(), number.radix()).ok()
}

macro_rules! integers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
            self.located(|node| match node.scalar("a whole number", integer)?.unwrap_or(0) {
                number if number < 0 => visitor.visit_i64(i64::try_from(number).unwrap_or(i64::MIN)),
                number => visitor.visit_u64(u64::try_from(number).unwrap_or(u64::MAX)),
            })
        }
    )*};
}

impl<'de> Deserializer<'de> for Node<'de> {
    type Error = Stop;

    integers! { deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Stop> {
        self.located(|_| Err(de::Error::custom("is of a kind that no key has")))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.located(|node| visitor.visit_bool(node.scalar("true or false", DeValue::as_bool)?.unwrap_or_default()))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.located(|node| visitor.visit_str(node.scalar("a text in quotes", DeValue::as_str)?.unwrap_or_default()))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        if matches!(self, Self::Value { value: None, .. }) { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.located(|node| {
            let items = node.scalar("a list in square brackets", DeValue::as_array)?;
            let Self::Value { reader, path, .. } = node else { return Err(de::Error::custom("is a table")) };
            let reader = *reader;
            let nodes = items.into_iter().flat_map(|items| items.iter()).enumerate().map(|(index, item)| Node::Value {
                reader,
                value: Some(item).filter(|_| !reader.stands_in(&format!("{path}.{index}"))),
                path: format!("{path}.{index}"),
                line: line_of(reader.text, item.span().start),
            });
            visitor.visit_seq(Items(nodes.collect::<Vec<_>>().into_iter()))
        })
    }

    fn deserialize_enum<V: Visitor<'de>>(self, _: &'static str, words: &'static [&'static str], visitor: V) -> Result<V::Value, Stop> {
        self.located(|node| {
            let word = node.scalar("a text in quotes", DeValue::as_str)?;
            let word = word.or(words.first().copied()).unwrap_or_default();
            visitor.visit_enum(IntoDeserializer::<Stop>::into_deserializer(word))
        })
    }

    fn deserialize_struct<V: Visitor<'de>>(self, _: &'static str, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Stop> {
        let table = match self {
            Self::Root(table) => return table.read(fields, visitor),
            Self::Value { .. } => self.scalar("a table", DeValue::as_table),
        };
        self.located(|node| {
            let Self::Value { reader, path, line, .. } = node else { return Err(de::Error::custom("is a table")) };
            Table { reader, table: table?, path: path.clone(), line: *line }.read(fields, visitor)
        })
    }

    forward_to_deserialize_any! { i128 u128 f32 f64 char str bytes byte_buf unit unit_struct newtype_struct tuple tuple_struct map identifier ignored_any }
}

/// The keys of a table with their nodes.
struct Entries<'a> {
    rest: std::vec::IntoIter<(&'static str, Node<'a>)>,
    next: Option<Node<'a>>,
}

impl<'a> MapAccess<'a> for Entries<'a> {
    type Error = Stop;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Stop> {
        let Some((key, node)) = self.rest.next() else { return Ok(None) };
        self.next = Some(node);
        let key: StrDeserializer<'_, Stop> = key.into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Stop> {
        let node = self.next.take().ok_or_else(|| <Stop as de::Error>::custom("a value without its key"))?;
        seed.deserialize(node)
    }
}

/// The items of a list.
struct Items<'a>(std::vec::IntoIter<Node<'a>>);

impl<'a> SeqAccess<'a> for Items<'a> {
    type Error = Stop;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, Stop> {
        self.0.next().map(|node| seed.deserialize(node)).transpose()
    }
}
