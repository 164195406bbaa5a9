//! The figures of docs/measurements.md, measured on this machine: `nexy-bench --tools DIR [--size-mib N] [--runs N]`.
//!
//! Prints a table in Markdown. It asserts nothing: numbers differ from machine to machine, and a person judges them.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a measuring program: what goes wrong ends it loudly"
)]

mod gates;
mod hashing;
mod memory;
mod publication;
mod room;
mod start;

use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

/// 1.9 GiB.
const LARGEST_MIB: u64 = 1945;
/// Free space that a world and other programs need beside it, in MiB.
const ROOM_MIB: u64 = 512;

/// What the command line asks for.
struct Arguments {
    tools: PathBuf,
    size_mib: u64,
    runs: usize,
}

fn main() -> ExitCode {
    let Some(arguments) = read(std::env::args().skip(1).collect()) else {
        eprintln!("nexy-bench --tools DIR [--size-mib N] [--runs N]");
        return ExitCode::from(2);
    };
    println!("| what | measured | bound |\n|---|---|---|");
    let start = start::measure(&arguments.tools);
    println!(
        "| `nexy-gate --list`, start to end, median of {} | {} ms over `/bin/true` ({} and {} ms) | ≤ 1 ms |",
        start.runs,
        ms(start.tool.saturating_sub(start.nothing)),
        ms(start.tool),
        ms(start.nothing)
    );
    let gates = gates::measure(&arguments.tools);
    println!(
        "| nine checks without child processes, median of {}; `/bin/true` took {} ms | {} ms | ≤ 2.1 ms where `/bin/true` takes 0.5 |",
        gates.runs,
        ms(gates.nothing),
        ms(gates.ours)
    );
    println!("| the same nine with the rulebooks' own commands in `sh` | {} ms | |", ms(gates.by_hand));
    println!("| one gate process that waits for its record, resident | {} | ≤ 4 MB |", mb(memory::of_a_waiting_gate(&arguments.tools)));
    let hashing = hashing::measure(&arguments.tools, arguments.size_mib, arguments.runs);
    println!(
        "| hashing {} MiB (`nexy-version record`) against `{}`, best of {} each | {:.2} × as fast ({} and {} ms) | ≥ 0.95 × |",
        arguments.size_mib,
        hashing.fastest.1,
        arguments.runs + 1,
        hashing.fastest.0.as_secs_f64() / hashing.ours.as_secs_f64(),
        hashing.ours.as_millis(),
        hashing.fastest.0.as_millis()
    );
    for size_mib in [1, arguments.size_mib] {
        let publication = publication::ours(&arguments.tools, size_mib);
        println!("| `nexy-publish` while publishing {size_mib} MiB, largest resident | {} | ≤ 16 MB |", mb(publication.peak_bytes));
    }
    largest(&arguments);
    let pairs: Vec<(Duration, Duration)> = (0..arguments.runs)
        .map(|_| (publication::ours(&arguments.tools, arguments.size_mib).took, publication::careful(&arguments.tools, arguments.size_mib)))
        .collect();
    let ours = pairs.iter().map(|pair| pair.0).min().unwrap();
    let careful = pairs.iter().map(|pair| pair.1).min().unwrap();
    println!(
        "| publication of {} MiB against the careful shell, best of {} each | {:.2} × ({} and {} ms) | ≤ 1.0 × |",
        arguments.size_mib,
        arguments.runs,
        ours.as_secs_f64() / careful.as_secs_f64(),
        ours.as_millis(),
        careful.as_millis()
    );
    ExitCode::SUCCESS
}

/// The largest artifact that GitHub takes comfortably; left out, loudly, where there is no room for it.
fn largest(arguments: &Arguments) {
    let (needed, free) = (LARGEST_MIB + ROOM_MIB, room::free_mib());
    if free < needed {
        eprintln!("SKIPPED publishing {LARGEST_MIB} MiB: {needed} MiB must be free in {}, {free} are", std::env::temp_dir().display());
        println!("| `nexy-publish` while publishing {LARGEST_MIB} MiB, largest resident | SKIPPED: no room | ≤ 16 MB |");
        return;
    }
    let publication = publication::ours_of_a_sparse_file(&arguments.tools, LARGEST_MIB);
    println!("| `nexy-publish` while publishing {LARGEST_MIB} MiB, largest resident | {} | ≤ 16 MB |", mb(publication.peak_bytes));
    println!("| API calls from \"the old one is live\" to \"the new one is live\" | {} | 1 |", publication.calls_without_download);
}

fn read(words: Vec<String>) -> Option<Arguments> {
    let mut arguments = Arguments { tools: PathBuf::new(), size_mib: 263, runs: 3 };
    for pair in words.chunks(2) {
        match pair {
            [name, value] if name == "--tools" => arguments.tools = std::path::absolute(value).ok()?,
            [name, value] if name == "--size-mib" => arguments.size_mib = value.parse().ok()?,
            [name, value] if name == "--runs" => arguments.runs = value.parse().ok().filter(|runs| *runs > 0)?,
            _ => return None,
        }
    }
    arguments.tools.join("nexy-gate").is_file().then_some(arguments)
}

/// How long a program runs whose output is dropped, and whether it succeeds.
fn timed(command: &mut Command) -> (Duration, bool) {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let begun = Instant::now();
    let status = command.status().unwrap();
    (begun.elapsed(), status.success())
}

fn ms(span: Duration) -> String {
    format!("{:.2}", span.as_secs_f64() * 1000.0)
}

fn mb(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
