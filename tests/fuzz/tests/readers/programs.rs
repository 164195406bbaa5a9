//! The real readers, started once for many files each.

use crate::Read;
use assert_cmd::Command;
use nexy_contract::config_env;
use nexy_standin::skip::{Need, skipped};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Every input in a file of its own, and the names that are known to stand in it beside it.
fn laid_out(files: &[Vec<u8>]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (index, text) in files.iter().enumerate() {
        fs::write(folder.path().join(format!("{index}.env")), text).expect("a file");
        let mut names: Vec<String> = config_env::parse(text).entries.into_iter().map(|entry| entry.key).collect();
        names.retain(|name| name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_'));
        names.retain(|name| name.starts_with(|first: char| !first.is_ascii_digit()));
        fs::write(folder.path().join(format!("{index}.names")), names.join("\n")).expect("a file");
    }
    folder
}

/// What python-dotenv reads; `None` for a file that it refuses.
pub(crate) fn dotenv(test: &str, files: &[Vec<u8>]) -> Option<Vec<Option<Read>>> {
    const SCRIPT: &str = "
import dotenv, json, logging, os, sys
logging.disable(logging.CRITICAL)
for index in range(int(sys.argv[2])):
    path = os.path.join(sys.argv[1], '%d.env' % index)
    try:
        print(json.dumps(dict(dotenv.dotenv_values(path, interpolate=False, encoding='utf-8'))))
    except UnicodeDecodeError:
        print('null')
";
    static PYTHON: OnceLock<Option<PathBuf>> = OnceLock::new();
    let Some(python) = PYTHON.get_or_init(|| python_with("dotenv", &["python-dotenv"])) else {
        skipped(test, "python-dotenv is not here, and pip could not bring it", Need::Package("python3-dotenv"));
        return None;
    };
    let folder = laid_out(files);
    let arguments = ["-c", SCRIPT, folder.path().to_str().expect("a path"), &files.len().to_string()].map(str::to_owned);
    let output = Command::new(python).args(arguments).unwrap();
    let text = String::from_utf8(output.stdout).expect("JSON");
    let read = |line: &str| {
        let object = serde_json::from_str::<Value>(line).expect("JSON");
        let pairs = object.as_object()?.iter().map(|(key, value)| (key.clone(), value.as_str().map(str::to_owned)));
        Some(pairs.collect())
    };
    let answers: Vec<Option<Read>> = text.lines().map(read).collect();
    assert_eq!(answers.len(), files.len());
    Some(answers)
}

/// A Python that has these modules, or a venv of its own with these packages, kept beside what cargo builds.
pub(crate) fn python_with(modules: &str, packages: &[&str]) -> Option<PathBuf> {
    let has_them = |python: &Path| Command::new(python).args(["-c", &format!("import {modules}")]).ok().is_ok();
    let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join(packages.join("-"));
    let own = venv.join("bin/python3");
    if let Some(found) = [own.clone(), "python3".into(), "/usr/bin/python3".into()].into_iter().find(|python| has_them(python)) {
        return Some(found);
    }
    Command::new("python3").args(["-m", "venv"]).arg(&venv).ok().ok()?;
    let install = ["install", "--quiet", "--disable-pip-version-check", "--retries=1", "--timeout=10"];
    Command::new(venv.join("bin/pip")).args(install).args(packages).ok().ok()?;
    has_them(&own).then_some(own)
}

/// What bash has in its variables after `source`.
pub(crate) fn bash(test: &str, files: &[Vec<u8>]) -> Option<Vec<Read>> {
    // Each file in a shell of its own; its variables are marked before and shown after, even when other lines fail.
    const SCRIPT: &str = r#"
cd "$1" || exit 1
for ((index_ = 0; index_ < $2; index_++)); do
    mapfile -t names_ <"$index_.names"
    (
        unset "${names_[@]}" 2>/dev/null
        source "./$index_.env" >/dev/null 2>&1
        for name_ in "${names_[@]}"; do
            if [[ -v $name_ ]]; then builtin printf '%s=%s\0' "$name_" "${!name_}"; fi
        done
    ) 2>/dev/null
    builtin printf '\1\0'
done
"#;
    let Some(program) = ["/bin/bash", "/usr/bin/bash"].into_iter().find(|path| Path::new(path).is_file()) else {
        skipped(test, "bash is not here", Need::Package("bash"));
        return None;
    };
    let folder = laid_out(files);
    let empty = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(program);
    command.args(["--norc", "--noprofile", "-c", SCRIPT, "bash"]).arg(folder.path()).arg(files.len().to_string());
    // No program can be found, so that a file can start none.
    let output = command.env_clear().env("PATH", empty.path()).env("LC_ALL", "C.UTF-8").unwrap();
    let mut answers = vec![Read::new()];
    for pair in output.stdout.split(|byte| *byte == 0) {
        let pair = String::from_utf8_lossy(pair);
        if pair == "\u{1}" {
            answers.push(Read::new());
        } else if let (Some((key, value)), Some(last)) = (pair.split_once('='), answers.last_mut()) {
            last.insert(key.to_owned(), Some(value.to_owned()));
        }
    }
    answers.pop();
    assert_eq!(answers.len(), files.len(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(answers)
}

/// What systemd's own reader of such files prints, for the values that it prints as they are.
pub(crate) fn systemd(test: &str, files: &[Vec<u8>]) -> Option<Vec<Read>> {
    const GENERATORS: [&str; 2] = [
        "/usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator",
        "/lib/systemd/user-environment-generators/30-systemd-environment-d-generator",
    ];
    let Some(generator) = GENERATORS.into_iter().find(|path| Path::new(path).is_file()) else {
        skipped(test, "its reader of environment files is not here", Need::Package("systemd"));
        return None;
    };
    let read = |text: &Vec<u8>| {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("environment.d")).expect("a folder");
        fs::write(folder.path().join("environment.d/99-zz.conf"), text).expect("a file");
        let mut command = Command::new(generator);
        let output = command.env_clear().env("HOME", folder.path()).env("XDG_CONFIG_HOME", folder.path()).unwrap();
        let names: Vec<String> = config_env::parse(text).entries.into_iter().map(|entry| entry.key).collect();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let pairs = text.lines().filter_map(|line| line.split_once('='));
        let ours = pairs.filter(|(key, value)| names.iter().any(|name| name == key) && !value.starts_with(['"', '$', '\'']));
        ours.map(|(key, value)| (key.to_owned(), Some(value.to_owned()))).collect()
    };
    Some(files.iter().map(read).collect())
}
