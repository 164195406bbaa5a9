//! The frame of every tool in a pipe: reads the record, passes it on untouched when something stops it, else lets the tool act
//! or look once, and writes what came of it into the record.

use crate::{
    Common, Format, Workspace, clock,
    frame::{options, run, stdio},
};
use nexy_contract::{
    Exit, Fix, Problem, Record, Report,
    fix::Layout,
    record::{Outcome, Reader, Retry, Stop},
};

/// What came of the one act of this run.
#[derive(Clone, Debug)]
pub struct ActionOutcome {
    /// How the tool ends.
    pub exit: Exit,
    /// One sentence for a person.
    pub message: String,
    /// What to do next.
    pub next: Fix,
    /// What a dry run would have done.
    pub planned: Vec<String>,
    /// What had to be asked again.
    pub retries: Vec<Retry>,
    /// The reason a person gave for acting without a report.
    pub ungated: Option<String>,
    /// Whether the world is different now, so that an undelivered answer needs a person.
    pub acted: bool,
}

impl ActionOutcome {
    /// Done.
    pub fn done(message: impl Into<String>, acted: bool) -> Self {
        Self { exit: Exit::Yes, message: message.into(), next: Fix::none(), planned: Vec::new(), retries: Vec::new(), ungated: None, acted }
    }

    /// Not done, because of a problem.
    pub fn failed(problem: &Problem, acted: bool) -> Self {
        Self { exit: problem.exit, message: problem.message(), next: problem.fix.clone(), ..Self::done("", acted) }
    }
}

/// A record that may be acted upon, or the bytes of one that may not.
#[derive(Debug)]
pub enum Incoming {
    /// Act upon it.
    Record(Box<Record>),
    /// Pass these bytes on, just as they came, and end so.
    Stopped(Vec<u8>, Stop),
}

/// Reads the record of a pipeline for this reader.
/// Errors: exit 65 for anything that is no usable record of this target.
pub fn read_incoming(workspace: &Workspace, reader: Reader<'_>) -> Result<Incoming, Problem> {
    let bytes = stdio::read_record()?;
    let record = workspace.read_record(&bytes)?;
    Ok(match record.stop(reader) {
        Some(stop) => Incoming::Stopped(bytes, stop),
        None => Incoming::Record(Box::new(record)),
    })
}

/// Passes a stopped record on, byte for byte, and says what stopped it.
/// Errors: when it was not received: exit 69, or the graver one that stopped it.
pub fn forward(tool: &str, bytes: &[u8], stop: &Stop) -> Result<Exit, Problem> {
    for because in &stop.because {
        stdio::note(&format!("{tool}: nothing done, the record is passed on as it came: {}", nexy_contract::text::printable(because)));
    }
    stdio::write_document(bytes).map_err(|problem| undelivered(problem, stop.exit))?;
    Ok(stop.exit)
}

/// The frame of a checker in a pipe: reads the record, lets the checker look, adds its report, and writes the record, whatever
/// the format, since the next tool reads it.
/// Errors: exit 65 for an unusable record, and whatever the checker says when it cannot begin.
pub fn add_report(
    tool: &'static str,
    profile: &str,
    workspace: Workspace,
    common: &Common,
    look: impl FnOnce(Workspace, &mut Record) -> Result<Report, Problem>,
) -> Result<Exit, Problem> {
    if common.format()? == Format::Tap {
        common.note(&format!("{tool}: with `-` the record goes on, so `--format tap` changes nothing"));
    }
    let mut record = match read_incoming(&workspace, Reader::Looks(tool, profile))? {
        Incoming::Stopped(bytes, stop) => return forward(tool, &bytes, &stop),
        Incoming::Record(record) => *record,
    };
    let report = look(workspace, &mut record)?;
    common.note_report(&report, false);
    let pushed = record.push_exit();
    if pushed != Exit::Yes {
        common.note(&format!("{tool}: the push of the manifests before it ended with {}; that counts at the end", pushed.code()));
    }
    let exit = Exit::gravest([report.verdict.exit(), pushed]).unwrap_or(Exit::Yes);
    record.reports.push(report);
    stdio::write_document(options::json(&record)?.as_bytes()).map_err(|problem| undelivered(problem, exit))?;
    Ok(exit)
}

/// The whole frame of a tool that acts, or plans to.
/// Errors: exit 65 for an unusable record; exit 4 when something was changed and the answer was not received.
pub fn act(
    tool: &'static str,
    reader: Reader<'_>,
    workspace: &Workspace,
    common: &Common,
    act_once: impl FnOnce(&mut Record) -> ActionOutcome,
) -> Result<Exit, Problem> {
    // A record has one form; a form that is none is refused all the same, before anything is done.
    common.format()?;
    let (Reader::Acts(by) | Reader::Plans(by) | Reader::Looks(by, _)) = reader;
    let mut record = match read_incoming(workspace, reader)? {
        Incoming::Stopped(bytes, stop) => return forward(tool, &bytes, &stop),
        Incoming::Record(record) => *record,
    };
    let outcome = act_once(&mut record);
    tell(tool, common, &outcome);
    let ActionOutcome { exit, message, next, planned, retries, ungated, acted } = outcome;
    let kept = Outcome { next, planned, retries, ungated, ..Outcome::new(by, clock::now(), exit, message.clone()) };
    record.outcomes.push(kept);
    let document = options::json(&record)?;
    match stdio::write_document(document.as_bytes()) {
        Ok(()) => Ok(exit),
        Err(problem) if acted => Err(Problem::new(
            Exit::NeedsPerson,
            format!("{by} has acted ({message}), but its record was not delivered"),
            problem.because,
            Fix::note("run the same pipeline again with its output in a file; what is done already is not done twice"),
        )),
        Err(problem) => Err(undelivered(problem, exit)),
    }
}

/// An answer that was not received must not hide how the work itself has ended.
fn undelivered(problem: Problem, ended: Exit) -> Problem {
    let exit = Exit::gravest([problem.exit, ended]).unwrap_or(problem.exit);
    problem.ending(exit)
}

/// Says for people what came of an act.
pub fn tell(tool: &str, common: &Common, outcome: &ActionOutcome) {
    if outcome.exit == Exit::Yes {
        for step in &outcome.planned {
            common.note(&format!("{tool}: would {step}"));
        }
        common.note(&format!("{tool}: {}", outcome.message));
        if !outcome.next.is_empty() {
            let below = Layout { notes: "  next:", notes_at: 8, commands: "  next:", commands_at: 4 };
            common.note(&below.show(outcome.next.lines()));
        }
    } else {
        run::tell(tool, &Problem::new(outcome.exit, outcome.message.clone(), "", outcome.next.clone()));
    }
}
