//! The story of `status`: looks everything up at once, prints a line as soon as it is known, and the one command to type next.

mod facts;
mod look;
mod next;
mod records;
mod rows;
mod screen;
#[cfg(test)]
mod tests;

use look::{Fill, Part};
use nexy_contract::{Exit, Problem, status::Status};
use nexy_outside::{
    Common, Format, Workspace,
    frame::{options, stdio},
    programs,
};
use rows::Row;
use screen::Screen;
use std::{
    sync::mpsc,
    time::{Duration, Instant},
};

/// The longest time that a status takes.
const WITHIN: Duration = Duration::from_secs(5);

pub(crate) fn run(common: &Common) -> Result<Exit, Problem> {
    let (format, started) = (common.format()?, Instant::now());
    let mut workspace = Workspace::find(common)?;
    look::hurry(&mut workspace);
    let mut facts = look::of_files(&workspace);
    let version = facts.version.as_ref().ok().map(|version| version.version);
    let looks = look::all(&workspace, version);
    let mut pending: Vec<Part> = looks.iter().map(|(part, _)| *part).collect();
    let (sender, received) = mpsc::channel::<(Part, Fill)>();
    for (part, look) in looks {
        let sender = sender.clone();
        std::thread::spawn(move || sender.send((part, look())));
    }
    let screen = Screen::new(format == Format::Json);
    let mut lines = Vec::new();
    let mut rows = rows::all(&facts.target).into_iter().peekable();
    loop {
        while let Some(row) = rows.next_if(|row: &Row| row.needs().iter().all(|part| !pending.contains(part))) {
            let found = row.lines(&facts);
            screen.show(&found)?;
            lines.extend(found);
        }
        if pending.is_empty() {
            break;
        }
        match received.recv_timeout(WITHIN.saturating_sub(started.elapsed())) {
            Ok((part, fill)) => {
                fill(&mut facts);
                pending.retain(|other| *other != part);
            }
            // What has not answered by now stays unknown.
            Err(_) => pending.clear(),
        }
    }
    programs::end_all();
    let channels = facts.channels.iter().flatten().flatten().map(|found| found.shown.clone()).collect();
    let status = Status::new(facts.now, version, lines, channels, next::next(&facts));
    if format == Format::Json {
        stdio::write_document(options::json(&status)?.as_bytes())?;
    } else {
        screen.end(&status.next)?;
    }
    Ok(status.verdict.exit())
}
