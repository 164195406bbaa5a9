//! `diagnose`: finds known incidents in a log, or looks words up in the runbook. It never says yes: a log without a known symptom
//! proves nothing.

use crate::{cli::Log, probe::TOOL};
use nexy_contract::{
    Exit, Fix, Problem,
    incidents::{self, Diagnosis, Found, Matcher},
};
use nexy_outside::{
    Common,
    frame::{
        options::{self, Format},
        run, stdio,
    },
};
use std::path::Path;

/// Finds them, and prints them.
pub(crate) fn diagnose(log: &Log, common: &Common) -> Result<Exit, Problem> {
    let format = common.format()?;
    let matcher = Matcher::known()
        .map_err(|because| Problem::new(Exit::Bug, "cannot use the known incidents", because, Fix::note("report this as a bug")))?;
    let (found, problem) = match (&log.text, &log.file) {
        (Some(words), _) => looked_up(words, &matcher),
        (None, file) => in_log(file.as_deref().unwrap_or(Path::new("-")), &matcher),
    };
    let exit = if found.is_empty() { Exit::CouldNotLook } else { Exit::No };
    if let Some(problem) = problem {
        run::tell(TOOL, &problem);
    }
    let diagnosis = Diagnosis::new(found);
    let document = if format == Format::Json { options::json(&diagnosis)? } else { incidents::text(&diagnosis) };
    if !document.is_empty() {
        stdio::write_document(document.as_bytes())?;
    }
    Ok(exit)
}

/// Entries that hold the words, and those whose symptom the words hold.
fn looked_up(words: &str, matcher: &Matcher) -> (Vec<Found>, Option<Problem>) {
    let mut found: Vec<Found> =
        matcher.book().look_up(words).into_iter().map(|(entry, symptom)| Found::looked_up(entry, symptom)).collect();
    for hit in matcher.scan_all(words.as_bytes()).hits {
        let id = hit.entry.id.to_string();
        if found.iter().all(|known| known.id != id) {
            found.push(Found::looked_up(hit.entry, Some(hit.symptom)));
        }
    }
    let problem = found.is_empty().then(|| {
        let because = "neither a title nor a symptom of the runbook holds them, and they hold no symptom";
        let fix = Fix::note("give fewer words, four letters or more, or the log itself:").then_command("nexy-verify diagnose FILE");
        Problem::new(Exit::CouldNotLook, "no known incident goes with these words", because, fix)
    });
    (found, problem)
}

/// Incidents that a log shows, as far as it can be read.
fn in_log(path: &Path, matcher: &Matcher) -> (Vec<Found>, Option<Problem>) {
    let mut scan = matcher.scan();
    let read = stdio::each_piece(path, &mut |piece| scan.feed(piece));
    let scanned = scan.finish();
    let found: Vec<Found> = scanned.hits.iter().map(Found::in_log).collect();
    let name = if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() };
    let unknown = |what: String, because: String, fix: Fix| Some(Problem::new(Exit::CouldNotLook, what, because, fix));
    let problem = match read {
        Err(error) => {
            let because = format!("{}; {} lines were read before", error.because(), scanned.lines);
            unknown(format!("cannot read {name}"), because, Fix::note("give a file that can be read to its end, or - for standard input"))
        }
        Ok(()) if scanned.bytes == 0 => {
            unknown(format!("{name} is empty"), "the log of a service that writes nothing shows nothing".to_owned(), journal())
        }
        Ok(()) if found.is_empty() => unknown(
            format!("no known incident stands in {name}"),
            format!("its {} lines hold no symptom of the runbook, which is no proof that all is well", scanned.lines),
            Fix::note("read the first error of the log; a new incident is written down as docs/contributing.md says"),
        ),
        Ok(()) => None,
    };
    (found, problem)
}

fn journal() -> Fix {
    Fix::note("on the VM, this gives the log of the service:")
        .then_command("journalctl -u \"$(nexy-version show service.unit)\" -n 1000 --no-pager | nexy-verify diagnose -")
}
