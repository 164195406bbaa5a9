//! Reads the scalars of the `release_target` block of the release guide.

use super::yaml::{Node, Value};

const KEY: &str = "release_target";

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

/// All scalars of the one block; the reason when there is not exactly one, or it cannot be read.
pub(crate) fn read(guide: &str) -> Result<Vec<Scalar>, String> {
    let lines: Vec<&str> = guide.lines().collect();
    let mut blocks = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let fence = lines[at].trim();
        at += 1;
        if !fence.starts_with("```") {
            continue;
        }
        let end = lines[at..].iter().position(|line| line.trim() == "```").map(|length| at + length);
        let block = &lines[at..end.unwrap_or(lines.len())];
        let begins = block.iter().map(|line| line.trim_end()).find(|line| !line.is_empty() && !line.starts_with('#'));
        if matches!(fence, "```yaml" | "```yml") && begins.is_some_and(|line| line.starts_with(&format!("{KEY}:"))) {
            if end.is_none() {
                return Err(format!("has a `{KEY}:` block at line {at} that never ends"));
            }
            blocks.push((at, block));
        }
        at = end.map_or(lines.len(), |end| end + 1);
    }
    match blocks.as_slice() {
        [] => Err(format!("has no fenced yaml block that begins with `{KEY}:`")),
        [(before, block)] => scalars(&format!("{}{}\n", "\n".repeat(*before), block.join("\n"))),
        several => {
            let lines: Vec<String> = several.iter().map(|(line, _)| line.to_string()).collect();
            Err(format!("has several `{KEY}:` blocks, at lines {}", lines.join(", ")))
        }
    }
}

fn scalars(block: &str) -> Result<Vec<Scalar>, String> {
    let node = Node::read(block)?;
    let mut scalars = Vec::new();
    match node.entries() {
        [(key, block)] if key == KEY => add(block, "", &mut scalars)?,
        _ => return Err(format!("line {}: something stands outside of `{KEY}`", node.line)),
    }
    Ok(scalars)
}

fn add(node: &Node, path: &str, scalars: &mut Vec<Scalar>) -> Result<(), String> {
    match &node.value {
        Value::Empty => Ok(()),
        Value::Scalar(value) => {
            scalars.push(Scalar { path: path.to_owned(), value: value.clone(), line: node.line });
            Ok(())
        }
        Value::List(_) => Err(format!("line {}: `{path}` is a list: write one value", node.line)),
        Value::Map(entries) => entries
            .iter()
            .try_for_each(|(key, value)| add(value, &if path.is_empty() { key.clone() } else { format!("{path}.{key}") }, scalars)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guide(block: &str) -> String {
        format!("# Guide\n\n```bash\necho release_target:\n```\n\n```yaml\n{block}```\n\nmore\n")
    }

    fn read_block(block: &str) -> Result<Vec<(String, String)>, String> {
        Ok(read(&guide(block))?.into_iter().map(|scalar| (scalar.path, scalar.value)).collect())
    }

    #[test]
    fn nested_scalars_are_read_with_their_paths_and_lines() {
        let block = "\n# now\nrelease_target: # this\n  version: \"1.2.3.4\"  # now\n  azure:\n    vm_name: 'A # b'\n\n  grpc:\n    tls: true\n    url: a#b\n";
        let pairs = [("version", "1.2.3.4"), ("azure.vm_name", "A # b"), ("grpc.tls", "true"), ("grpc.url", "a#b")];
        for text in [block.to_owned(), block.replace('\n', "\r\n")] {
            assert_eq!(read_block(&text), Ok(pairs.map(|(path, value)| (path.to_owned(), value.to_owned())).to_vec()));
        }
        assert_eq!(read(&guide(block)).map(|scalars| scalars.iter().map(|scalar| scalar.line).collect()), Ok(vec![11, 13, 16, 17]));
    }

    #[test]
    fn a_guide_without_exactly_one_block_is_refused() {
        let one = "```yaml\nrelease_target:\n  version: 1\n```\n";
        for (text, because) in [
            ("# Guide\n", "has no fenced yaml block"),
            ("release_target:\n  version: 1\n", "has no fenced yaml block"),
            ("```bash\nrelease_target:\n  version: 1\n```\n", "has no fenced yaml block"),
            (&format!("{one}{one}"), "at lines 1, 5"),
            ("```yaml\nrelease_target:\n  version: 1\n", "at line 1 that never ends"),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.contains(because), "{text:?}: {error}");
        }
    }

    #[test]
    fn what_is_no_map_of_scalars_is_refused_with_its_line() {
        for (block, because) in [
            ("release_target:\n  version: [1]\n", "line 9: `version` is a list"),
            ("release_target:\n  - item\n", "line 9"),
            ("release_target:\n  version: \"1\n", "line "),
            ("release_target:\n\tversion: 1\n", "line 9: is indented with a tab"),
            ("release_target:\n  a: 1\nother: 1\n", "line 8: something stands outside"),
            ("release_target:\n  a: 1\n    b: 2\n", "line "),
            ("release_target:\n  a: 1\n  a: 2\n", "line 10: has the key `a` twice"),
        ] {
            let error = read_block(block).expect_err(block);
            assert!(error.contains(because), "{block:?}: {error}");
        }
    }
}
