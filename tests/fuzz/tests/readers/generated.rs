//! Files made from a seed: those that all readers agree on by construction, nearly so, and strange ones.

use nexy_fuzz::Random;

const NAMES: [&str; 12] = ["A", "B_2", "_X", "GEMINI_API_KEY", "PATH", "HOME", "IFS", "LANG", "N0", "DB_PASSWORD", "UID", "STRIPE_MODE"];
const PLAIN: &[u8] = b"abcdefgXYZ0189_./:@%+,=-";
/// What all readers are believed to take as it is, without being of the plain kind.
const UNUSUAL: &[u8] = b"!^{}]*?abc019_=";
const STRANGE: [&str; 27] = [
    "=", "'", "\"", "\\", "#", " ", "\t", "$", "${A}", "$A", "`", ";", "&", "|", "<", "~", "export ", "\n", "\r\n", "\r", "\u{a0}", "é",
    "abc", "A", "B=", "\u{b}", " #",
];

fn value(random: &mut Random, letters: &[u8], longest: usize) -> String {
    (0..random.below(longest)).filter_map(|_| random.one_of(letters).map(|letter| char::from(*letter))).collect()
}

fn name(random: &mut Random) -> &'static str {
    random.one_of(&NAMES).copied().unwrap_or("A")
}

fn lines(random: &mut Random, letters: &[u8]) -> Vec<u8> {
    let mut text = String::new();
    for _ in 0..random.below(8) {
        match random.below(8) {
            0 => text.push('\n'),
            1 => text += &format!("# {}\n", value(random, letters, 12)),
            _ => text += &format!("{}={}\n", name(random), value(random, letters, 24)),
        }
    }
    text.into_bytes()
}

/// Files of the one form that is safe by construction.
pub(crate) fn portable(seed: u64, count: usize) -> Vec<Vec<u8>> {
    let mut random = Random::new(seed);
    (0..count).map(|_| lines(&mut random, PLAIN)).collect()
}

/// Files that are near it: lower-case names, duplicates, unusual characters, blanks at the edges.
pub(crate) fn clean(seed: u64, count: usize) -> Vec<Vec<u8>> {
    let mut random = Random::new(seed ^ 0xc1ea);
    (0..count)
        .map(|_| {
            let letters = if random.below(2) == 0 { UNUSUAL } else { PLAIN };
            let mut text = lines(&mut random, letters);
            let blank = |random: &mut Random| random.one_of(&["", " ", "\t", " \t"]).copied().unwrap_or_default();
            let (before, after) = (blank(&mut random), blank(&mut random));
            text.extend(format!("{before}lower_{}={}{after}\n", random.below(3), value(&mut random, letters, 9)).into_bytes());
            text
        })
        .collect()
}

/// Files of words that some grammar minds.
pub(crate) fn strange(seed: u64, count: usize) -> Vec<Vec<u8>> {
    let mut random = Random::new(seed ^ 0x57a);
    (0..count)
        .map(|_| {
            let mut text = Vec::new();
            for _ in 0..=random.below(4) {
                text.extend(name(&mut random).as_bytes());
                text.extend(b"=");
                for _ in 0..random.below(7) {
                    match random.below(60) {
                        0 => text.push(0xff),
                        1 => text.push(0),
                        _ => text.extend(random.one_of(&STRANGE).copied().unwrap_or_default().as_bytes()),
                    }
                }
                text.extend(b"\n");
            }
            if random.below(20) == 0 {
                text.splice(0..0, *b"\xef\xbb\xbf");
            }
            text
        })
        .collect()
}

/// Whether a shell that reads it can do no harm: it starts no program that is there, and writes no file.
pub(crate) fn is_harmless(text: &[u8]) -> bool {
    !text.iter().any(|byte| b"<>|&`$\0".contains(byte)) && std::str::from_utf8(text).is_ok()
}
