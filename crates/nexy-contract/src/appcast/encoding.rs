//! The text of a feed, in the encoding that a client takes from its first bytes and its XML declaration.

use super::FeedError;
use crate::text;
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use std::borrow::Cow;

/// Reads bytes as the shipped client's XML reader does: a byte order mark or the first character tells UTF-16; everything else
/// is in the encoding that it declares, UTF-8 if it declares none. That reader knows no other encoding of several bytes.
/// Errors: [`FeedError`] when the text is not in the encoding that it declares, or in one that clients do not read.
pub(super) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, FeedError> {
    let refuse = |because: String| Err(FeedError(format!("no client can read its characters: {because}")));
    let (first, rest) = match (Encoding::for_bom(bytes), bytes) {
        (Some((encoding, length)), _) => (encoding, bytes.get(length..).unwrap_or_default()),
        (None, [b'<', 0, ..]) => (UTF_16LE, bytes),
        (None, [0, b'<', ..]) => (UTF_16BE, bytes),
        (None, _) => (UTF_8, bytes),
    };
    let is_wide = |encoding: &'static Encoding| encoding == UTF_16LE || encoding == UTF_16BE;
    let start = rest.get(..rest.len().min(400)).unwrap_or_default();
    let head = first.decode_without_bom_handling(start).0;
    let encoding = match declared(&head).map(|label| (label, Encoding::for_label(label.as_bytes()))) {
        None => first,
        Some((label, Some(encoding))) if is_wide(encoding) != is_wide(first) => {
            let is = if is_wide(first) { "UTF-16" } else { "no UTF-16" };
            return refuse(format!("it declares the encoding `{}` and is {is}", text::excerpt(label, 40)));
        }
        Some((_, Some(_))) if is_wide(first) => first,
        Some((label, Some(encoding))) if encoding == UTF_8 || encoding.is_single_byte() => {
            if label.eq_ignore_ascii_case("us-ascii") && !rest.is_ascii() {
                return refuse("it declares the encoding `us-ascii` and holds other characters".to_owned());
            }
            encoding
        }
        Some((label, _)) => return refuse(format!("clients do not know the encoding `{}` that it declares", text::excerpt(label, 40))),
    };
    match encoding.decode_without_bom_handling_and_without_replacement(rest) {
        Some(text) => Ok(text),
        None => refuse(format!("it is not {} from end to end", encoding.name())),
    }
}

/// The encoding that an XML declaration names.
fn declared(head: &str) -> Option<&str> {
    let (declaration, _) = head.strip_prefix("<?xml")?.split_once("?>")?;
    let value = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    value.split(quote).nth(1)
}
