//! The command line of the rehearsal.

use nexy_standin::world::TOOLS;
use std::path::PathBuf;

/// How it is called.
pub(crate) const USAGE: &str = "usage: nexy-rehearse --tools DIR [--size-mib N] [--evidence DIR] [--keep]
  --tools DIR      where the five tools and nexy-standin were built
  --size-mib N     size of Nexy.dmg (263)
  --evidence DIR   where the record of the release is left (target/rehearsal)
  --keep           keep the temporary folder and say where it is";

/// What was asked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Arguments {
    pub(crate) tools: PathBuf,
    pub(crate) size_mib: u64,
    pub(crate) evidence: PathBuf,
    pub(crate) keep: bool,
}

impl Arguments {
    pub(crate) fn read(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut read = Self { tools: PathBuf::new(), size_mib: 263, evidence: PathBuf::from("target/rehearsal"), keep: false };
        let mut rest = arguments;
        while let Some(argument) = rest.next() {
            let mut value = || rest.next().ok_or(format!("{argument} needs a value"));
            match argument.as_str() {
                "--tools" => {
                    let folder = PathBuf::from(value()?);
                    read.tools = folder.canonicalize().map_err(|error| format!("{}: {error}", folder.display()))?;
                }
                "--size-mib" => {
                    let text = value()?;
                    let size = text.parse().ok().filter(|size| (1..=2000).contains(size));
                    read.size_mib = size.ok_or(format!("--size-mib {text}: a number from 1 to 2000"))?;
                }
                "--evidence" => read.evidence = PathBuf::from(value()?),
                "--keep" => read.keep = true,
                other => return Err(format!("unknown argument {other}")),
            }
        }
        let needed = TOOLS.into_iter().chain(["nexy-standin"]);
        let missing: Vec<&str> = needed.filter(|tool| !read.tools.join(tool).is_file()).collect();
        if missing.is_empty() {
            return Ok(read);
        }
        Err(format!("{} not found in {}: run `make rehearse`, it builds them first", missing.join(", "), read.tools.display()))
    }
}
