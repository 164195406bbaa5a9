//! How `az` reads its arguments: long and short names, `--flag=value`, lists, and nothing unknown.

use super::Said;

/// One flag that a command knows.
pub(super) struct Flag {
    pub(super) long: &'static str,
    pub(super) short: &'static str,
    pub(super) takes: Takes,
    pub(super) required: bool,
}

/// What follows a flag.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    Nothing,
    One,
    Many,
}

/// The flags that were given, by their long name.
pub(super) struct Given(Vec<(&'static str, Vec<String>)>);

impl Given {
    /// The only value of a flag.
    pub(super) fn one(&self, long: &str) -> Option<&str> {
        self.many(long).first().map(String::as_str)
    }

    /// All values of a flag.
    pub(super) fn many(&self, long: &str) -> &[String] {
        let found = self.0.iter().rev().find(|(name, _)| *name == long);
        found.map_or(&[], |(_, values)| values)
    }

    pub(super) fn has(&self, long: &str) -> bool {
        self.0.iter().any(|(name, _)| *name == long)
    }
}

/// Reads the arguments after the command's words; what is wrong with them exits 2.
pub(super) fn read(flags: &[Flag], arguments: &[String]) -> Result<Given, Said> {
    let mut given = Vec::new();
    let mut rest = arguments.iter().peekable();
    while let Some(argument) = rest.next() {
        let (name, joined) = match argument.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
            _ => (argument.as_str(), None),
        };
        let flag = flags
            .iter()
            .find(|flag| flag.long == name || (!flag.short.is_empty() && flag.short == name))
            .ok_or_else(|| Said::error(2, format!("ERROR: unrecognized arguments: {argument}")))?;
        let mut values: Vec<String> = joined.into_iter().collect();
        while flag.takes != Takes::Nothing && (values.is_empty() || flag.takes == Takes::Many) {
            match rest.peek() {
                Some(next) if !next.starts_with('-') => {
                    values.extend(rest.next().cloned());
                }
                _ => break,
            }
        }
        if values.is_empty() && flag.takes != Takes::Nothing {
            let text = format!("ERROR: argument {}: expected one argument", flag.long);
            return Err(Said::error(2, text));
        }
        given.push((flag.long, values));
    }
    let given = Given(given);
    let missing: Vec<&str> = flags.iter().filter(|flag| flag.required && !given.has(flag.long)).map(|flag| flag.long).collect();
    if missing.is_empty() {
        return Ok(given);
    }
    let names = missing.join(", ");
    let text = format!("ERROR: the following arguments are required: {names}");
    Err(Said::error(2, text))
}
