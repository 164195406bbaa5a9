//! `make fuzz`: every parser is fed for a minute; exit 1 with the input that broke a promise.

#![expect(clippy::disallowed_methods, reason = "a program for developers: it reads the input that it replays")]

use nexy_fuzz::{TARGETS, Target, Until, keep, run, try_one};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const USAGE: &str = "usage: nexy-fuzz [--seconds N] [--seed N] [--target NAME] [--keep FOLDER] [--replay FILE]";

/// What was asked for.
struct Asked {
    seconds: u64,
    seed: u64,
    target: Option<String>,
    keep: PathBuf,
    replay: Option<PathBuf>,
}

fn main() -> ExitCode {
    let asked = match read(std::env::args().skip(1)) {
        Ok(asked) => asked,
        Err(because) => return say(&format!("{because}\n{USAGE}"), 2),
    };
    let targets: Vec<&Target> = TARGETS.iter().filter(|target| asked.target.as_ref().is_none_or(|name| name == target.name)).collect();
    if targets.is_empty() {
        let known: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
        return say(&format!("there is no such target; there are {}", known.join(", ")), 2);
    }
    // A panic is told with its input; the default hook would tell each of those that are made smaller as well.
    std::panic::set_hook(Box::new(|_| {}));
    match &asked.replay {
        Some(file) => replay(file, &targets),
        None => feed(&asked, &targets),
    }
}

fn feed(asked: &Asked, targets: &[&Target]) -> ExitCode {
    for target in targets {
        match run(target, asked.seed, Until::Passed(Duration::from_secs(asked.seconds))) {
            Ok(done) => {
                say(
                    &format!(
                        "{}: {} inputs, {} kinds of answers, seed {}: every promise held",
                        target.name, done.tried, done.answers, asked.seed
                    ),
                    0,
                );
            }
            Err(broken) => {
                let kept = keep(&asked.keep, target, &broken)
                    .map_or_else(|error| format!("(not kept: {error})"), |file| file.display().to_string());
                return say(
                    &format!(
                        "{}: BROKEN: {}\n  seed {}, input kept in {kept}\n  do: nexy-fuzz --target {} --replay {kept}",
                        target.name, broken.because, asked.seed, target.name
                    ),
                    1,
                );
            }
        }
    }
    ExitCode::SUCCESS
}

fn replay(file: &std::path::Path, targets: &[&Target]) -> ExitCode {
    let input = match std::fs::read(file) {
        Ok(input) => input,
        Err(error) => return say(&format!("cannot read {}: {error}", file.display()), 2),
    };
    for target in targets {
        if let Err(because) = try_one(target, &input) {
            return say(&format!("{}: BROKEN: {because}", target.name), 1);
        }
    }
    say("every promise held", 0)
}

fn read(mut arguments: impl Iterator<Item = String>) -> Result<Asked, String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |passed| passed.as_secs());
    let mut asked = Asked { seconds: 60, seed: now, target: None, keep: "target/fuzz".into(), replay: None };
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
        let number = || value.parse().map_err(|_| format!("{name} needs a number"));
        match name.as_str() {
            "--seconds" => asked.seconds = number()?,
            "--seed" => asked.seed = number()?,
            "--target" => asked.target = Some(value),
            "--keep" => asked.keep = value.into(),
            "--replay" => asked.replay = Some(value.into()),
            _ => return Err(format!("{name} is not known")),
        }
    }
    Ok(asked)
}

fn say(text: &str, code: u8) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "{text}");
    ExitCode::from(code)
}
