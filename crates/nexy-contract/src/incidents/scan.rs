//! Finds known incidents in a log of any size: bytes go in piece by piece, and memory stays small.

use super::{Book, Entry, Id, Symptom, log_line};
use aho_corasick::{AhoCorasick, MatchKind};
use memchr::memchr;
use std::collections::BTreeMap;

/// A longer line is judged in pieces of this size, in bytes.
pub const PIECE_BYTES: usize = 64 << 10;
/// So much of a piece comes again in the next one: what stands across the seam is seen whole.
const OVERLAP_BYTES: usize = 4 << 10;
/// By which a journal's message is found that is spelled as a list of bytes; no symptom can be seen in it before it is decoded.
const LISTS_OF_BYTES: [&str; 2] = ["\"MESSAGE\":[", "\"MESSAGE\" : ["];

/// The book, and a search for all its symptoms at once.
#[derive(Debug)]
pub struct Matcher {
    book: Book,
    /// Tells the few lines that deserve a second look.
    triggers: AhoCorasick,
    /// The first part of each symptom, for that second look.
    firsts: AhoCorasick,
    /// Entry and symptom of each of the first parts.
    symptoms: Vec<(usize, usize)>,
}

impl Matcher {
    /// Over the known incidents.
    /// Errors: what is wrong with the file, or that the search cannot be built.
    pub fn known() -> Result<Self, String> {
        Self::new(Book::known()?)
    }

    /// Over a book.
    /// Errors: that the search cannot be built.
    pub fn new(book: Book) -> Result<Self, String> {
        let (mut triggers, mut firsts, mut symptoms) = (Vec::new(), Vec::new(), Vec::new());
        for (at, entry) in book.entries.iter().enumerate() {
            for (number, symptom) in entry.symptoms.iter().enumerate() {
                let first = symptom.all.first().ok_or_else(|| format!("{}: a symptom has no part", entry.id))?;
                triggers.extend(spellings(first));
                firsts.push(first.clone());
                symptoms.push((at, number));
            }
        }
        triggers.extend(LISTS_OF_BYTES.map(str::to_owned));
        triggers.sort_unstable();
        triggers.dedup();
        // Overlapping searches need the standard kind of match.
        let search =
            |literals: &[String]| AhoCorasick::builder().match_kind(MatchKind::Standard).build(literals).map_err(|error| error.to_string());
        Ok(Self { triggers: search(&triggers)?, firsts: search(&firsts)?, symptoms, book })
    }

    /// The book in which it searches.
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// Begins with a log.
    pub fn scan(&self) -> Scan<'_> {
        Scan { matcher: self, rest: Vec::new(), is_cut: false, lines: 0, bytes: 0, cut_lines: 0, hits: BTreeMap::new() }
    }

    /// All of a log that is in memory.
    pub fn scan_all(&self, log: &[u8]) -> Scanned<'_> {
        let mut scan = self.scan();
        scan.feed(log);
        scan.finish()
    }
}

/// How a part of a symptom may stand in the bytes of a log: behind a backslash in JSON, and with letters spelled `\u0438`. It is the
/// longest stretch without such a sign, so the line is only a candidate.
fn spellings(part: &str) -> Vec<String> {
    let longest = part.split(['"', '\\']).max_by_key(|piece| piece.len()).unwrap_or_default();
    let ascii = longest.split(|letter: char| !letter.is_ascii()).max_by_key(|piece| piece.len()).unwrap_or_default();
    if ascii.len() == longest.len() || ascii.trim().len() >= 8 {
        return vec![ascii.trim().to_owned()];
    }
    let spelled = |letter: char| if letter.is_ascii() { letter.to_string() } else { format!("\\u{:04x}", u32::from(letter)) };
    vec![longest.to_owned(), longest.chars().map(spelled).collect()]
}

/// One incident that a log shows.
#[derive(Clone, Copy, Debug)]
pub struct Hit<'a> {
    /// What is known of it.
    pub entry: &'a Entry,
    /// By which it was found first.
    pub symptom: &'a Symptom,
    /// Lines that show it.
    pub count: u64,
    /// The number of the first of them, from 1.
    pub first_line: u64,
    last_line: u64,
}

/// A log that is being read.
#[derive(Debug)]
pub struct Scan<'a> {
    matcher: &'a Matcher,
    /// The beginning of a line whose end has not come yet.
    rest: Vec<u8>,
    /// Whether pieces of that line were judged already.
    is_cut: bool,
    lines: u64,
    bytes: u64,
    cut_lines: u64,
    /// By entry.
    hits: BTreeMap<usize, Hit<'a>>,
}

/// What a log shows.
#[derive(Debug)]
pub struct Scanned<'a> {
    /// How many lines it has.
    pub lines: u64,
    /// How many bytes it has.
    pub bytes: u64,
    /// Lines that were judged in pieces, since they are longer than [`PIECE_BYTES`].
    pub cut_lines: u64,
    /// Incidents, by their first line.
    pub hits: Vec<Hit<'a>>,
}

impl<'a> Scan<'a> {
    /// Takes the next bytes; where one call ends and the next begins makes no difference.
    pub fn feed(&mut self, mut bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        while let Some(end) = memchr(b'\n', bytes) {
            if self.rest.is_empty() {
                self.line(&bytes[..end]);
            } else {
                let mut line = std::mem::take(&mut self.rest);
                line.extend_from_slice(&bytes[..end]);
                self.line(&line);
                line.clear();
                self.rest = line;
            }
            bytes = &bytes[end + 1..];
        }
        self.rest.extend_from_slice(bytes);
        let mut rest = std::mem::take(&mut self.rest);
        let left = self.pieces(&rest).len();
        rest.drain(..rest.len() - left);
        self.rest = rest;
    }

    /// The log ends.
    pub fn finish(mut self) -> Scanned<'a> {
        if !self.rest.is_empty() {
            let rest = std::mem::take(&mut self.rest);
            self.line(&rest);
        }
        let mut hits: Vec<Hit<'a>> = self.hits.into_values().collect();
        hits.sort_by_key(|hit| hit.first_line);
        Scanned { lines: self.lines, bytes: self.bytes, cut_lines: self.cut_lines, hits }
    }

    /// The end of a line: all of it, or what [`Self::pieces`] left.
    fn line(&mut self, line: &[u8]) {
        let last = self.pieces(line);
        self.judge(last);
        self.cut_lines += u64::from(self.is_cut);
        self.is_cut = false;
        self.lines += 1;
    }

    /// Judges whole pieces of a line that is too long, and returns what is left.
    fn pieces<'l>(&mut self, mut line: &'l [u8]) -> &'l [u8] {
        while line.len() > PIECE_BYTES {
            self.judge(&line[..PIECE_BYTES]);
            line = &line[PIECE_BYTES - OVERLAP_BYTES..];
            self.is_cut = true;
        }
        line
    }

    fn judge(&mut self, piece: &[u8]) {
        let matcher = self.matcher;
        if !matcher.triggers.is_match(piece) {
            return;
        }
        for text in log_line::spoken(&String::from_utf8_lossy(piece)) {
            for found in matcher.firsts.find_overlapping_iter(&text) {
                let (at, number) = matcher.symptoms[found.pattern().as_usize()];
                let entry = &matcher.book.entries[at];
                if let Some(symptom) = entry.symptoms.get(number).filter(|symptom| symptom.stands_in(&text)) {
                    self.count(at, entry, symptom);
                }
            }
        }
    }

    fn count(&mut self, at: usize, entry: &'a Entry, symptom: &'a Symptom) {
        let line = self.lines + 1;
        let hit = self.hits.entry(at).or_insert(Hit { entry, symptom, count: 0, first_line: line, last_line: 0 });
        if hit.last_line != line {
            hit.count += 1;
            hit.last_line = line;
        }
    }
}

impl Symptom {
    fn stands_in(&self, text: &str) -> bool {
        self.all.iter().all(|part| log_line::says(text, part)) && !self.unless.iter().any(|part| text.contains(part.as_str()))
    }
}

impl Hit<'_> {
    /// The id of its entry.
    pub fn id(&self) -> &Id {
        &self.entry.id
    }
}
