//! Makes a new input out of old ones.

use crate::Random;

/// Longer inputs find nothing more and take longer, but for those that begin longer.
const LONGEST: usize = 4096;

/// A child of one parent, a few changes away, sometimes with a piece of another.
pub(crate) fn child(random: &mut Random, parents: &[Vec<u8>], tokens: &[&[u8]]) -> Vec<u8> {
    let mut input = random.one_of(parents).cloned().unwrap_or_default();
    let longest = LONGEST.max(parents.first().map_or(0, |seed| 2 * seed.len()));
    for _ in 0..=random.below(6) {
        change(random, &mut input, parents, tokens);
    }
    input.truncate(longest);
    input
}

fn change(random: &mut Random, input: &mut Vec<u8>, parents: &[Vec<u8>], tokens: &[&[u8]]) {
    let at = random.below(input.len() + 1);
    match random.below(9) {
        0 => {
            if let Some(byte) = input.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
        }
        1 => input.insert(at, u8::try_from(random.below(256)).unwrap_or(0)),
        2 => {
            let end = (at + 1 + random.below(8)).min(input.len());
            input.drain(at.min(end)..end);
        }
        3 => {
            let end = (at + 1 + random.below(32)).min(input.len());
            let piece = input[at.min(end)..end].to_vec();
            insert(input, at, &piece);
        }
        4 => {
            let other = random.one_of(parents).cloned().unwrap_or_default();
            let from = random.below(other.len() + 1);
            let end = (from + 1 + random.below(64)).min(other.len());
            insert(input, at, &other[from.min(end)..end]);
        }
        5 => input.truncate(at),
        // Words of the grammar find more than bytes of chance.
        _ => {
            let token = random.one_of(tokens).copied().unwrap_or_default();
            insert(input, at, token);
        }
    }
}

fn insert(input: &mut Vec<u8>, at: usize, piece: &[u8]) {
    let at = at.min(input.len());
    input.splice(at..at, piece.iter().copied());
}
