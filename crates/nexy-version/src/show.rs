//! The story of `show`: prints one raw value, so that scripts need neither a JSON parser nor copies of values of nexy.toml.

use nexy_contract::{Exit, Fix, Problem, ReleaseVersion, Sha256Digest};
use nexy_outside::{
    Common, Format, Workspace,
    frame::{options, stdio, version_file},
    fs::files,
};
use serde::Serialize;
use toml::Value;

#[derive(Serialize)]
struct Overview {
    version: ReleaseVersion,
    tag: String,
    root: String,
    target: String,
    target_sha256: Sha256Digest,
}

pub(crate) fn run(workspace: &Workspace, field: Option<&str>, common: &Common) -> Result<Exit, Problem> {
    let document = match field {
        None => overview(workspace, common)?,
        Some("version") => format!("{}\n", version_file::must_read(workspace)?),
        Some("tag") => format!("{}\n", version_file::must_read(workspace)?.tag()),
        Some("root") => format!("{}\n", workspace.root.display()),
        Some("target") => format!("{}\n", workspace.target_path.display()),
        Some(key) => value_of(workspace, key)?,
    };
    stdio::write_document(document.as_bytes())?;
    Ok(Exit::Yes)
}

fn overview(workspace: &Workspace, common: &Common) -> Result<String, Problem> {
    let version = version_file::must_read(workspace)?;
    let overview = Overview {
        version,
        tag: version.tag(),
        root: workspace.root.display().to_string(),
        target: workspace.target_path.display().to_string(),
        target_sha256: workspace.target_sha256,
    };
    match common.format()? {
        Format::Json => options::json(&overview),
        Format::Text | Format::Tap => {
            Ok(format!("version  {version}\ntag      {}\nroot     {}\ntarget   {}\n", overview.tag, overview.root, overview.target))
        }
    }
}

/// A string, number or boolean as it is; a list of them one on each line.
fn value_of(workspace: &Workspace, key: &str) -> Result<String, Problem> {
    let path = &workspace.target_path;
    let reread = || {
        let fix = Fix::note("run the same command again");
        Problem::new(Exit::BadTarget, format!("cannot read {} again", path.display()), "it changed meanwhile", fix)
    };
    let text = files::read_text(path, 1 << 20).map_err(|_| reread())?;
    let mut value = Value::Table(text.parse().map_err(|_| reread())?);
    for step in key.split('.') {
        let next = match &mut value {
            Value::Table(table) => table.remove(step),
            Value::Array(items) => step.parse().ok().filter(|index| *index < items.len()).map(|index: usize| items.swap_remove(index)),
            _ => None,
        };
        value = next.ok_or_else(|| unknown(key, path.display()))?;
    }
    raw(&value).ok_or_else(|| unknown(key, path.display()))
}

fn raw(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(format!("{text}\n")),
        Value::Integer(number) => Some(format!("{number}\n")),
        Value::Boolean(truth) => Some(format!("{truth}\n")),
        Value::Array(items) => items.iter().map(raw).collect(),
        Value::Table(_) | Value::Float(_) | Value::Datetime(_) => None,
    }
}

fn unknown(key: &str, path: impl std::fmt::Display) -> Problem {
    let because = format!("it is neither version, tag, root nor target, nor a value in {path}");
    let fix = Fix::note("name a value such as release_target.vm, or an element such as artifacts.0.name");
    Problem::new(Exit::Usage, format!("no single value is called `{key}`"), because, fix)
}
