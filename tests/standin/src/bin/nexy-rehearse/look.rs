//! Looks from outside at what the tools did: the public address, the feed, the request log.

use crate::stage::Claim;
use nexy_standin::world::{Ran, World};
use nexy_standin::{RequestLine, Standin, client};
use serde_json::Value;

/// sha256 of what users get from the public address of `Nexy.dmg`, over HTTP.
pub(crate) fn download(world: &World) -> Result<String, String> {
    let url = world.dmg_url();
    client::sha256(&url).map_err(|status| format!("{url} answers {status}"))
}

/// What was asked of GitHub, counted.
pub(crate) struct Requests(Vec<RequestLine>);

impl Requests {
    pub(crate) fn of(standin: &Standin) -> Self {
        Self(standin.requests())
    }

    /// Those that came after the first so many.
    pub(crate) fn since(standin: &Standin, mark: usize) -> Self {
        let mut all = standin.requests();
        Self(all.split_off(mark.min(all.len())))
    }

    fn count(&self, wanted: impl Fn(&RequestLine) -> bool) -> usize {
        self.0.iter().filter(|line| wanted(line)).count()
    }

    pub(crate) fn uploads(&self) -> usize {
        self.count(|line| line.listener == "uploads")
    }

    pub(crate) fn renames(&self) -> usize {
        self.count(|line| line.method == "PATCH")
    }

    pub(crate) fn changes(&self) -> usize {
        self.count(RequestLine::is_mutation)
    }

    pub(crate) fn all(&self) -> usize {
        self.0.len()
    }

    /// Every call must be one that GitHub or the server documents, and no token may leave for a third host.
    pub(crate) fn are_all_proper(&self) -> Claim {
        let strange = self.0.iter().find(|line| line.unscripted);
        let leaked = self.0.iter().find(|line| line.has_authorization && !matches!(line.listener.as_str(), "api" | "uploads"));
        match (strange, leaked) {
            (Some(line), _) => Err(format!("an undocumented request: {line:?}")),
            (_, Some(line)) => Err(format!("the token went to another host: {line:?}")),
            _ => Ok(format!("{} requests, all documented; the token went to API and upload host only", self.all())),
        }
    }
}

/// The latest report of a tool in a record.
pub(crate) fn report<'a>(record: &'a Value, by: &str) -> Result<&'a Value, String> {
    let reports = record["reports"].as_array().ok_or("the record has no reports")?;
    let found = reports.iter().rev().find(|report| report["by"] == by);
    found.ok_or_else(|| format!("the record has no report of {by}"))
}

/// A report in one phrase, when its verdict is the wanted one.
pub(crate) fn verdict(report: &Value, wanted: &str) -> Claim {
    let findings = report["findings"].as_array().ok_or("a report without findings")?;
    if report["verdict"] != wanted {
        return Err(format!("expected the verdict {wanted}, seen {}", report["verdict"]));
    }
    let of = |verdict: &str| {
        let gates = findings.iter().filter(|finding| finding["severity"] == "gate");
        let ids = gates.filter(|finding| finding["verdict"] == verdict);
        ids.map(|finding| finding["id"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    if wanted == "pass" {
        return Ok(format!("{} answers, all pass", of("pass").len()));
    }
    Ok(format!("{wanted}: {}", of(wanted).join(", ")))
}

/// The latest outcome of a tool in a record.
pub(crate) fn outcome<'a>(record: &'a Value, by: &str) -> Result<&'a Value, String> {
    let outcomes = record["outcomes"].as_array().ok_or("the record has no outcomes")?;
    let found =
        outcomes.iter().rev().find(|outcome| outcome["by"].as_str().is_some_and(|name| name == by || name.starts_with(&format!("{by} "))));
    found.ok_or_else(|| format!("the record has no outcome of {by}"))
}

/// The tool's own first words about a refusal.
pub(crate) fn first_words(ran: &Ran) -> String {
    let told = ran.stderr.lines().find(|line| line.starts_with("nexy-")).unwrap_or("(it said nothing)");
    let first = told.split("; ").next().unwrap_or_default();
    let short = first.split_once(": ").map_or(first, |(_, words)| words);
    format!("exit {}: {short}", ran.code.unwrap_or(-1))
}
