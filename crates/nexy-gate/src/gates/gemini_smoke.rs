//! The language model answers to the server's own key: one real request of one token, before anything is restarted.

mod reply;

use crate::gate::prelude::*;
use crate::observed::config_env::{self, key_fault};
use crate::{gate::TOOL, observed::cached_answer};
use nexy_contract::{Problem, config_env::Parsed};
use nexy_outside::{Secret, clock, fs::files::FileError, net::gemini};
use reply::Reply;
use std::{path::Path, time::Duration};

pub(crate) const GATE: Gate = Gate {
    id: "gemini-smoke",
    asks: "Does the language model answer to the key that the server will use?",
    profiles: &["before-checkout"],
    runbook: "S0 §5.3, S1 §6.3",
    at: Machine::Vm,
    takes: Takes::Outside,
    explain: Explain {
        symptom: "The server starts, says that it is well, and answers no request: API_KEY_INVALID, API key expired or an exhausted quota in \
                  the journal, or a restart loop.",
        check: "Reads key and model from the file of vm.config_env as the server does, and asks the model of gemini.api_url for one token, \
                with the key in a header. It is asked once; a record that holds the answer of the last minutes is believed while the file is \
                unchanged. What the API says is told apart and never repeated, since some of its refusals repeat the key.",
        fix: &[
            note("Write a new key, from where the old one was issued; a quota or a suspended project is settled there as well:"),
            command("sudoedit \"$(nexy-version show vm.config_env)\""),
        ],
        verify: &[
            command("sudo nexy-gate gemini-smoke"),
            note("After the next start, there is no API_KEY_INVALID in the service's journal."),
        ],
    },
    check: |context| check(context).unwrap_or_else(|answer| answer),
    repair: None,
};

/// With this the server asks elsewhere, by other credentials.
const ELSEWHERE: &str = "GEMINI_USE_VERTEX_AI";
const OFF: &[&str] = &["", "false", "0", "no", "off"];
const AGAIN: &str = "sudo nexy-gate gemini-smoke";

/// What is asked with, and the words for it.
struct Asked<'a> {
    target: &'a Target,
    model: &'a str,
}

fn check(context: &Context) -> Result<Answer, Answer> {
    let target = &context.workspace.target;
    let named = Path::new(&target.vm.config_env);
    let unseen = |error: FileError| Answer::unknown(error.to_string(), expected(target, None), Fix::command(AGAIN));
    let place = context.tree.find(named).map_err(unseen)?;
    let parsed = config_env::read(target, &context.tree)?;
    is_asked_here(target, &parsed)?;
    let model = model(target, &parsed)?;
    let asked = Asked { target, model: &model };
    if let Some(fault) = key_fault(&parsed, &target.gemini.key) {
        let found = format!("{}: {} {fault}", target.vm.config_env, target.gemini.key);
        return Ok(Answer::fail(found, expected(target, Some(&model)), new_key(target, "put the real key")));
    }
    if let Some(answer) = of_the_record(context, &place, &asked) {
        return Ok(answer);
    }
    let key = parsed.entry(&target.gemini.key).and_then(|entry| entry.value.as_ref());
    let Some(key) = key.map(|key| key.reveal_for_one_request(Secret::new)).filter(Secret::is_header_safe) else {
        let found = format!("{} in {} holds characters that no key has", target.gemini.key, target.vm.config_env);
        return Ok(Answer::fail(found, expected(target, Some(&model)), new_key(target, "put the real key")));
    };
    let no_network = |problem: &Problem| Answer::unknown(problem.message(), expected(target, Some(&model)), &problem.fix);
    let http = context.http().map_err(no_network)?;
    Ok(match gemini::ask(http, &target.gemini.api_url, &model, &key, Duration::from_secs(target.limits.request_timeout_s)) {
        Ok(answer) => judge(&asked, reply::read(answer.status, answer.header("retry-after"), &answer.body)),
        Err(error) => Answer::unknown(error.to_string(), expected(target, Some(&model)), error.fix.then_command(AGAIN)),
    })
}

fn expected(target: &Target, model: Option<&str>) -> String {
    format!("an answer of {} to the key of {}", model.unwrap_or("the language model"), target.gemini.key)
}

/// A request with the key says nothing about a server that does not use it.
fn is_asked_here(target: &Target, parsed: &Parsed) -> Result<(), Answer> {
    let is_off = match parsed.entry(ELSEWHERE) {
        None => true,
        Some(entry) => !entry.expands && entry.value.as_ref().is_none_or(|value| OFF.iter().any(|off| value.is(off))),
    };
    if is_off {
        return Ok(());
    }
    let found = format!("{ELSEWHERE} is on in {}, so the server does not use {}", target.vm.config_env, target.gemini.key);
    let fix = Fix::note("look whether the server reaches the model, in its journal:")
        .then_command(format!("sudo journalctl -u {} -n 200 --no-pager", shell_word(&target.service.unit)))
        .then_note(format!("or, to use the key, take {ELSEWHERE} out:"))
        .then_command(edit(target))
        .then_command(AGAIN);
    Err(Answer::unknown(found, expected(target, None), fix))
}

/// The model that the server will ask. What could be anything else than a name is not sent or shown.
fn model(target: &Target, parsed: &Parsed) -> Result<String, Answer> {
    let entry = parsed.entry(&target.gemini.model_key);
    let Some((entry, value)) = entry.and_then(|entry| Some((entry, entry.value.as_ref()?))).filter(|(_, value)| !value.is_empty()) else {
        return Ok(target.gemini.model.clone());
    };
    match value.as_plain_name() {
        Some(name) if !entry.expands => Ok(name.to_owned()),
        _ => {
            let found =
                format!("{} in {} is no plain name of a model (line {})", target.gemini.model_key, target.vm.config_env, entry.line);
            let fix = Fix::command(edit(target)).then_command(AGAIN);
            Err(Answer::unknown(found, format!("a name such as {}", target.gemini.model), fix))
        }
    }
}

/// The answer that the record brings along, unless the file was changed after it was given. A report bears the moment at
/// which its last answer was in; this one may be older by as long as one gate may take.
fn of_the_record(context: &Context, file: &Path, asked: &Asked<'_>) -> Option<Answer> {
    let record = context.record.as_ref()?;
    let now = clock::now();
    let at = cached_answer::fresh_since(record, TOOL, &[GATE.id], now, &asked.target.limits)?;
    let changed = clock::changed(file).ok()?;
    let model = asked.model;
    let read_s = at.min(now).as_second() - i64::try_from(asked.target.limits.gate_timeout_s).ok()?;
    (changed.as_second() < read_s)
        .then(|| Answer::pass(format!("{}{at}: {model} answers to {}", cached_answer::PREFIX, asked.target.gemini.key)))
}

fn judge(asked: &Asked<'_>, reply: Reply) -> Answer {
    let Asked { target, model } = *asked;
    let key = &target.gemini.key;
    let expected = expected(target, Some(model));
    let by_hand = || {
        let command = gemini::by_hand(&target.gemini.api_url, model, key, &shell_word(&target.vm.config_env));
        Fix::note("its own words may repeat the key; to read them on this screen alone:").then_command(command).then_command(AGAIN)
    };
    let wait = || Fix::note("wait a minute, then ask again:").then_command(AGAIN);
    match reply {
        Reply::Answers => Answer::pass(format!("{model} answers to {key}")),
        Reply::Invalid => Answer::fail(format!("{key} is no valid key (API_KEY_INVALID)"), expected, new_key(target, "put a valid key")),
        Reply::Expired => Answer::fail(format!("{key} has expired"), expected, new_key(target, "put a new key")),
        Reply::Leaked => Answer::fail(
            format!("{key} was found in public and is refused since"),
            expected,
            new_key(target, "put a new key").then_note("look where the old key stood in public: a repository, a log, a page"),
        ),
        Reply::NotPermitted(because) => Answer::fail(
            format!("{key} may not ask {model}: {because}"),
            expected,
            new_key(target, "settle that where the key was issued, or put another key"),
        ),
        Reply::Exhausted { period, wait_s } => {
            let quota = period.map_or_else(|| "the quota".to_owned(), |period| format!("the quota of a {period}"));
            // What is used up for a day is not there again in the seconds that the API speaks of.
            let wait_s = wait_s.filter(|_| period != Some("day"));
            let until = wait_s.map(|seconds| format!(", asking again may help in {seconds} s")).unwrap_or_default();
            let fix = match period {
                Some("minute") => wait(),
                _ => new_key(target, "raise the quota where the key was issued, or put another key"),
            };
            Answer::fail(format!("{quota} of {key} is used up (RESOURCE_EXHAUSTED){until}"), expected, fix)
        }
        Reply::NoSuchModel => Answer::fail(
            format!("there is no model {model}, or none for {key}"),
            expected,
            Fix::note(format!("name a model that exists behind {}:", target.gemini.model_key))
                .then_command(edit(target))
                .then_command(AGAIN),
        ),
        Reply::Region => Answer::fail(
            "the model's API does not serve the region from which this machine asks",
            expected,
            Fix::note(format!("move the VM or its way out to another region, or let the server ask elsewhere ({ELSEWHERE})"))
                .then_command(AGAIN),
        ),
        Reply::Overloaded => Answer::unknown(format!("the API of {model} cannot answer now: it is overloaded or down"), expected, wait()),
        Reply::Unclear(because) => Answer::unknown(format!("{}: {because}", target.gemini.api_url), expected, by_hand()),
    }
}

/// A server that runs goes on with the key that it has read when it started.
fn new_key(target: &Target, what: &str) -> Fix {
    Fix::note(format!("{what} behind {}:", target.gemini.key))
        .then_command(edit(target))
        .then_command(AGAIN)
        .then_note("then, if the server runs already and no deployment follows:")
        // After many failed starts systemd refuses the next one, until it is told to forget them.
        .then_command(format!("sudo systemctl reset-failed {}", shell_word(&target.service.unit)))
        .then_command(format!("sudo nexy-gate hard && sudo systemctl restart {}", shell_word(&target.service.unit)))
}

fn edit(target: &Target) -> String {
    format!("sudoedit {}", shell_word(&target.vm.config_env))
}

#[cfg(test)]
mod tests;
