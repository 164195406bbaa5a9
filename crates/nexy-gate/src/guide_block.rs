//! Reads the `release_target` block of the release guide: nested scalars by indentation, and nothing else of YAML.

use nexy_contract::text::excerpt;

/// The block's first key.
const HEAD: &str = "release_target:";

/// One scalar of the block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scalar {
    /// Its keys below `release_target`, joined by dots: `azure.vm_name`.
    pub(crate) path: String,
    /// What it holds, without quotes.
    pub(crate) value: String,
    /// Its line in the guide, from 1.
    pub(crate) line: usize,
}

/// Why there is no block to compare with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BlockError {
    /// No fenced `yaml` block begins with `release_target:`.
    None,
    /// More than one does.
    Several(Vec<usize>),
    /// The block's fence is not closed.
    Open(usize),
    /// A line of it is no `key:` and no `key: value`.
    Line(usize, String),
}

impl BlockError {
    /// The error in words.
    pub(crate) fn because(&self) -> String {
        match self {
            Self::None => format!("has no fenced yaml block that begins with `{HEAD}`"),
            Self::Several(lines) => {
                let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
                format!("has several `{HEAD}` blocks, at lines {}", lines.join(", "))
            }
            Self::Open(line) => format!("has a `{HEAD}` block at line {line} that never ends"),
            Self::Line(line, because) => format!("line {line}: {because}"),
        }
    }
}

/// All scalars of the one block.
pub(crate) fn read(guide: &str) -> Result<Vec<Scalar>, BlockError> {
    let lines: Vec<(usize, &str)> = guide.lines().enumerate().map(|(index, line)| (index + 1, line)).collect();
    let mut found = Vec::new();
    let mut rest = lines.as_slice();
    while let Some(fence) = rest.iter().position(|(_, line)| line.trim_start().starts_with("```")) {
        let is_yaml = matches!(rest[fence].1.trim(), "```yaml" | "```yml");
        let opening = rest[fence].0;
        rest = &rest[fence + 1..];
        let end = rest.iter().position(|(_, line)| line.trim() == "```");
        let (block, after) = rest.split_at(end.unwrap_or(rest.len()));
        let begins = block.iter().map(|(_, line)| content(line)).find(|line| !line.is_empty());
        if is_yaml && begins == Some(HEAD) {
            if end.is_none() {
                return Err(BlockError::Open(opening));
            }
            found.push((opening, block));
        }
        rest = after.get(1..).unwrap_or_default();
    }
    match found.as_slice() {
        [] => Err(BlockError::None),
        [(_, block)] => scalars(block),
        several => Err(BlockError::Several(several.iter().map(|(line, _)| *line).collect())),
    }
}

fn scalars(block: &[(usize, &str)]) -> Result<Vec<Scalar>, BlockError> {
    let mut scalars: Vec<Scalar> = Vec::new();
    let mut open: Vec<(usize, &str)> = Vec::new();
    // Indentation of the line before, and whether it opens a deeper level.
    let mut before: Option<(usize, bool)> = None;
    for (number, line) in block {
        let refuse = |because: &str| Err(BlockError::Line(*number, because.to_owned()));
        let text = content(line);
        if text.is_empty() {
            continue;
        }
        let indent = line.len() - line.trim_start_matches(' ').len();
        if line[indent..].starts_with('\t') {
            return refuse("is indented with a tab");
        }
        let Some((key, value)) = text.split_once(':').filter(|(key, value)| is_key(key) && (value.is_empty() || value.starts_with(' ')))
        else {
            return refuse(&format!("`{}` is no `key: value`", excerpt(text, 40)));
        };
        // A line may go deeper only below a key that has no value of its own.
        let deepest = before.filter(|(_, opens)| !opens).map_or(usize::MAX, |(indent, _)| indent);
        if indent > deepest {
            return refuse("is indented below a key that has a value already");
        }
        before = Some((indent, value.trim().is_empty()));
        while open.last().is_some_and(|(outer, _)| *outer >= indent) {
            open.pop();
        }
        if open.is_empty() && text != HEAD {
            return refuse("stands outside of `release_target`");
        }
        if value.trim().is_empty() {
            open.push((indent, key));
            continue;
        }
        let keys: Vec<&str> = open.iter().skip(1).map(|(_, key)| *key).chain([key]).collect();
        let path = keys.join(".");
        if scalars.iter().any(|scalar| scalar.path == path) {
            return refuse(&format!("`{path}` stands there twice"));
        }
        let Some(value) = unquoted(value.trim()) else {
            return refuse(&format!("the value of `{path}` is no plain or quoted text"));
        };
        scalars.push(Scalar { path, value: value.to_owned(), line: *number });
    }
    Ok(scalars)
}

/// A line without comment and outer blanks; a `#` counts only at the start or after a blank.
fn content(line: &str) -> &str {
    let mut quote = None;
    let mut before = ' ';
    for (at, character) in line.char_indices() {
        match (quote, character) {
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            (None, '#') if before.is_whitespace() => return line[..at].trim(),
            _ => {}
        }
        before = character;
    }
    line.trim()
}

fn is_key(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn unquoted(value: &str) -> Option<&str> {
    for quote in ['"', '\''] {
        if let Some(rest) = value.strip_prefix(quote) {
            return rest.strip_suffix(quote).filter(|inner| !inner.contains([quote, '\\']));
        }
    }
    (!value.starts_with(['[', '{', '|', '>', '&', '*', '!', '%', '@', '`', '-'])).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guide(block: &str) -> String {
        format!("# Guide\n\n```bash\necho release_target:\n```\n\n```yaml\n{block}```\n\nmore\n")
    }

    fn read_block(block: &str) -> Result<Vec<(String, String)>, BlockError> {
        Ok(read(&guide(block))?.into_iter().map(|scalar| (scalar.path, scalar.value)).collect())
    }

    #[test]
    fn nested_scalars_are_read_with_their_paths() {
        let block = "release_target:\n  version: \"1.2.3.4\"  # now\n  azure:\n    vm_name: 'A'\n\n  # a remark\n  grpc:\n    tls: true\n";
        let pairs = [("version", "1.2.3.4"), ("azure.vm_name", "A"), ("grpc.tls", "true")];
        assert_eq!(read_block(block), Ok(pairs.map(|(path, value)| (path.to_owned(), value.to_owned())).to_vec()));
        assert_eq!(read(&guide(block)).map(|scalars| scalars[1].line), Ok(11));
    }

    #[test]
    fn a_hash_inside_a_value_is_no_comment() {
        assert_eq!(
            read_block("release_target:\n  url: https://a/b#c\n  name: \"x # y\"\n").map(|pairs| pairs[1].1.clone()),
            Ok("x # y".to_owned())
        );
    }

    #[test]
    fn a_guide_without_exactly_one_block_is_refused() {
        assert_eq!(read("# Guide\n"), Err(BlockError::None));
        assert_eq!(read("release_target:\n  version: 1\n"), Err(BlockError::None));
        let one = "```yaml\nrelease_target:\n  version: 1\n```\n";
        assert_eq!(read(&format!("{one}{one}")), Err(BlockError::Several(vec![1, 5])));
        assert_eq!(read("```yaml\nrelease_target:\n  version: 1\n"), Err(BlockError::Open(1)));
    }

    #[test]
    fn what_is_no_plain_scalar_is_refused_with_its_line() {
        for line in ["  - item", "  version 1", "  version: [1]", "  version: \"1", "  version:1", "\tversion: 1", "other: 1"] {
            assert!(matches!(read_block(&format!("release_target:\n{line}\n")), Err(BlockError::Line(9, _))), "{line:?} was accepted");
        }
        assert!(matches!(read_block("release_target:\n  a: 1\n    b: 2\n"), Err(BlockError::Line(10, _))));
        assert!(matches!(read_block("release_target:\n  a: 1\n  a: 2\n"), Err(BlockError::Line(10, _))));
    }
}
