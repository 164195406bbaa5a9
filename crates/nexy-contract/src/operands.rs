//! The one rule about `-`: once and last, it says that a record comes on standard input.

/// Operands of a tool, with the `-` taken off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operands {
    /// Ids and profiles, in the order in which they were given.
    pub names: Vec<String>,
    /// Whether a record comes on standard input.
    pub reads_record: bool,
}

/// Splits operands; a `-` that is not the last one, or comes twice, is an error in words.
/// Errors: the sentence to print before exit code 2.
pub fn split(operands: &[String]) -> Result<Operands, String> {
    let (names, reads_record) = match operands.split_last() {
        Some((last, rest)) if last == "-" => (rest, true),
        _ => (operands, false),
    };
    if names.iter().any(|name| name == "-") {
        return Err("`-` means that a record comes on standard input: give it once, as the last operand".to_owned());
    }
    Ok(Operands { names: names.to_vec(), reads_record })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn a_dash_counts_only_once_and_last() {
        assert_eq!(split(&words("hard -")).map(|o| (o.names.len(), o.reads_record)), Ok((1, true)));
        assert_eq!(split(&words("hard")).map(|o| (o.names.len(), o.reads_record)), Ok((1, false)));
        assert_eq!(split(&[]).map(|o| (o.names.len(), o.reads_record)), Ok((0, false)));
        assert!(split(&words("- hard")).is_err());
        assert!(split(&words("hard - -")).is_err());
    }
}
