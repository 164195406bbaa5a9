//! Changes members of a JSON object in its text: values are exchanged where they stand, and every other byte stays.

use serde_json::{Error, value::RawValue};
use std::collections::HashMap;

/// The text of a member's value; `None` when there is no such member, or no object.
pub(super) fn member<'a>(object: &'a str, name: &str) -> Option<&'a str> {
    Some(members(object).ok()?.get(name)?.get())
}

/// The object with these members, each a name and JSON. One that is there keeps its place; another comes last, laid out like the one
/// before it.
/// Errors: serde_json's, when the text is no JSON object.
pub(super) fn with(object: &str, changes: &[(&str, String)]) -> Result<String, Error> {
    changes.iter().try_fold(object.to_owned(), |text, (name, value)| with_one(&text, name, value))
}

fn members(object: &str) -> Result<HashMap<String, &RawValue>, Error> {
    serde_json::from_str(object)
}

fn with_one(text: &str, name: &str, value: &str) -> Result<String, Error> {
    let members = members(text)?;
    // Each value is a slice of the text.
    let start = |raw: &RawValue| raw.get().as_ptr() as usize - text.as_ptr() as usize;
    let mut new = text.to_owned();
    if let Some(old) = members.get(name) {
        let at = start(old);
        new.replace_range(at..at + old.get().len(), value);
        return Ok(new);
    }
    let mut spans: Vec<(usize, usize)> = members.values().map(|raw| (start(raw), start(raw) + raw.get().len())).collect();
    spans.sort_unstable();
    let opened = text.find('{').map_or(0, |brace| brace + 1);
    let Some(&(last_start, last_end)) = spans.last() else {
        new.insert_str(opened, &format!("\"{name}\": {value}"));
        return Ok(new);
    };
    let before = spans.len().checked_sub(2).map_or(opened, |index| spans[index].1);
    // A comma when it is not the first, blanks, the name in quotes, and the colon.
    let lead = &text[before..last_start];
    let blanks = lead.split('"').next().unwrap_or_default();
    let blanks = blanks.split_once(',').map_or(blanks, |(_, blanks)| blanks);
    let colon = lead.rsplit('"').next().unwrap_or(": ");
    new.insert_str(last_end, &format!(",{blanks}\"{name}\"{colon}{value}"));
    Ok(new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_value_changes_and_a_new_member_looks_like_the_last_one() {
        for (object, changed, added) in [
            ("{\"a\": 1,  \"b\" : [2]}\n", "{\"a\": 9,  \"b\" : [2]}\n", "{\"a\": 9,  \"b\" : [2],  \"c\" : 7}\n"),
            ("{\r\n\t\"a\":1\r\n}", "{\r\n\t\"a\":9\r\n}", "{\r\n\t\"a\":9,\r\n\t\"c\":7\r\n}"),
            ("{\"z\":1e5,\"a\":\"\\u0061\"}", "{\"z\":1e5,\"a\":9}", "{\"z\":1e5,\"a\":9,\"c\":7}"),
            ("{}", "{\"a\": 9}", "{\"a\": 9,\"c\": 7}"),
        ] {
            assert_eq!(with(object, &[("a", "9".into())]).expect("an object"), changed);
            assert_eq!(with(object, &[("a", "9".into()), ("c", "7".into())]).expect("an object"), added);
        }
        assert!(with("[1]", &[("a", "9".into())]).is_err());
        assert_eq!((member("{\"a\": {\"b\": 1}}", "a"), member("{}", "a"), member("[]", "a")), (Some("{\"b\": 1}"), None, None));
    }
}
