//! Fuzzes the reader of `nexy.toml`: any text is read or refused with a line that it has, and the same text is read the same again.

use super::{Target, kind, promised};
use nexy_contract::target_file::{Target as File, TargetError};

pub(super) const TARGET: Target = Target {
    name: "nexy-toml",
    seeds: &[include_bytes!("../../../../nexy.toml"), b"schema = \"nexy.target/1\"\n[release_target]\nhost = \"example.org\"\n"],
    tokens: &[
        b"\n",
        b"=",
        b"[",
        b"]",
        b"[[",
        b"]]",
        b"\"",
        b"'",
        b"\"\"\"",
        b",",
        b"{",
        b"}",
        b".",
        b"#",
        b"-1",
        b"0",
        b"1e400",
        b"99999999999999999999",
        b"true",
        b"\\u0000",
        b"\\u202e",
        b"..",
        b"/",
        b"//",
        b"https://",
        b"http://127.0.0.1:1",
        b"*",
        b"\"\"",
        b" = 1\n",
        b"[[artifacts]]\n",
        b"[layout]\n",
        b"[vm]\n",
        b"kind = \"dmg\"\n",
        b"feed = true\n",
        b"surprise = 1\n",
        b"\xff",
        b"\0",
        b"\xef\xbb\xbf",
    ],
    run,
};

fn run(bytes: &[u8]) -> Result<u64, String> {
    let text = String::from_utf8_lossy(bytes);
    let answer = match File::parse(&text) {
        Ok(target) => {
            promised(File::parse(&text).as_ref() == Ok(&target), "the same text is read the same again")?;
            // What every tool asks of a target that was read.
            let _ = (target.feed_artifact().map(|row| target.public_url(row)), target.artifacts.len());
            "a target".to_owned()
        }
        Err(error) => {
            promised(File::parse(&text) == Err(error.clone()), "the same text is refused the same again")?;
            if let TargetError::Line(line, _) = error {
                promised((1..=text.lines().count().max(1) + 1).contains(&line), "the line that is named is there")?;
            }
            let shown = error.problem("nexy.toml").to_string();
            promised(!shown.contains(['\0', '\u{202e}', '\u{1b}']), "what stands in the file cannot steer a terminal")?;
            error.to_string()
        }
    };
    Ok(kind(&answer))
}
