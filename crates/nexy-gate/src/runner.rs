//! Runs the gates in a worker pool: gates that read files run one by one, all others up to four at a time, each with a deadline.

use crate::{
    context::Context,
    gate::{Answer, Gate, Machine, TOOL, Takes},
    selection::Selection,
};
use nexy_contract::{Finding, Fix, Report, Target, Verdict};
use nexy_outside::{
    clock,
    fs::{accounts::Accounts, permissions},
    programs,
};
use std::{
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, RecvTimeoutError, Sender},
    },
    time::{Duration, Instant},
};

/// Where a unit's own file stands.
const UNIT_FOLDERS: [&str; 3] = ["/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];

/// As many gates start programs or ask the network at once: the VM is small, and GitHub counts requests.
const PARALLEL: usize = 4;

/// Asks every gate, also after one has failed, and reports the findings in the order of the table.
pub(crate) fn ask_all(selection: &Selection, context: &Arc<Context>) -> Report {
    let findings = one_cause(run_all(selection.gates.iter().map(|gate| task(gate, context))));
    // What a gate without an answer has started must not outlive the report.
    programs::end_all();
    Report::new(TOOL, &selection.profile, clock::now(), context.subjects(), findings)
}

/// Shortens what could not look for the reason of another finding: the remedy is to ask that one, or it is the same in every word.
fn one_cause(findings: Vec<Finding>) -> Vec<Finding> {
    let is_open = |id: &str| findings.iter().any(|other| other.id == id && other.verdict != Verdict::Pass && sends_to(other).is_none());
    let seen_before = |place: usize, finding: &Finding| {
        let same = |other: &&Finding| other.verdict == Verdict::Unknown && other.found == finding.found && other.fix == finding.fix;
        findings[..place].iter().find(same).map(|other| other.id.clone())
    };
    let cause = |(place, finding): (usize, &Finding)| match finding.verdict {
        Verdict::Unknown => sends_to(finding).filter(|id| is_open(id)).map(str::to_owned).or_else(|| seen_before(place, finding)),
        Verdict::Pass | Verdict::Fail => None,
    };
    let causes: Vec<Option<String>> = findings.iter().enumerate().map(cause).collect();
    let shorten = |(finding, cause): (Finding, Option<String>)| match cause {
        Some(id) => Finding { found: format!("not asked: see {id}"), expected: String::new(), fix: Fix::none(), ..finding },
        None => finding,
    };
    findings.into_iter().zip(causes).map(shorten).collect()
}

/// The one other gate that the last line of a fix asks.
fn sends_to(finding: &Finding) -> Option<&str> {
    let last = finding.fix.lines().last().filter(|line| line.is_command())?.text();
    last.trim_start_matches("sudo ").strip_prefix("nexy-gate ").filter(|id| *id != finding.id)
}

fn task(gate: &'static Gate, context: &Arc<Context>) -> Task<Finding> {
    let deadline = deadline(gate, &context.workspace.target);
    let queue = if gate.takes == Takes::Files { Queue::OneByOne } else { Queue::Parallel };
    let context = Arc::clone(context);
    Task { queue, deadline, timed_out: timed_out(gate, deadline), run: Box::new(move || ask(gate, &context)) }
}

/// How long one gate may take.
fn deadline(gate: &Gate, target: &Target) -> Duration {
    let longer = if gate.takes == Takes::LongRun { target.quality.timeout_s } else { 0 };
    Duration::from_secs(target.limits.gate_timeout_s + longer)
}

/// The finding of a gate that has not answered before its deadline.
fn timed_out(gate: &Gate, deadline: Duration) -> Finding {
    let expected = format!("an answer within {} s (limits.gate_timeout_s)", deadline.as_secs());
    let again = Fix::command(format!("nexy-gate {}", gate.id));
    Answer::unknown(format!("no answer after {} s", deadline.as_secs()), expected, again).finding(gate.id, gate.runbook, deadline)
}

/// Asks one gate, unless this machine is the wrong one for it.
fn ask(gate: &Gate, context: &Context) -> Finding {
    let started = Instant::now();
    let wrong = || no_vm(gate, context).or_else(|| out_of_place(gate, context.tree.is_here(), std::env::consts::OS));
    let answer = wrong().unwrap_or_else(|| (gate.check)(context));
    answer.finding(gate.id, gate.runbook, started.elapsed())
}

/// A Linux machine without the checkout, the service's account and its unit is no VM: what is missing there is nothing to mend.
fn no_vm(gate: &Gate, context: &Context) -> Option<Answer> {
    if gate.at != Machine::Vm || !context.tree.is_here() {
        return None;
    }
    let Target { vm, service, .. } = &context.workspace.target;
    let has_account = Accounts::read().map_or(true, |accounts| accounts.account(&service.user).is_some());
    let units = UNIT_FOLDERS.iter().map(|folder| Path::new(folder).join(&service.unit));
    let is_there = |path: &Path| !permissions::is_link(path).is_err_and(|error| error.is_missing());
    if has_account || is_there(Path::new(&vm.checkout)) || units.into_iter().any(|unit| is_there(&unit)) {
        return None;
    }
    let found = format!("this machine is not the VM: it has no account {}, no {} and no {}", service.user, vm.checkout, service.unit);
    Some(Answer::unknown(found, "an answer from the VM", ask_the_vm(gate)))
}

/// How the laptop asks the VM.
fn ask_the_vm(gate: &Gate) -> Fix {
    let is_hard = gate.profiles.contains(&"hard");
    Fix::command(if is_hard { "make vm-hard".to_owned() } else { format!("scripts/vm.sh nexy-gate {}", gate.id) })
}

/// Why a gate cannot look from here: a Mac is no VM, and a mounted tree runs nothing and is no workspace.
fn out_of_place(gate: &Gate, is_here: bool, system: &str) -> Option<Answer> {
    match gate.at {
        Machine::Vm if is_here && system != "linux" => {
            let found = format!("this machine runs {system}, so it is not the VM");
            Some(Answer::unknown(found, "an answer from the VM", ask_the_vm(gate)))
        }
        Machine::Vm if !is_here && gate.takes == Takes::RunningSystem => {
            let fix = Fix::note("start that machine, and ask there:").then_command(format!("sudo nexy-gate {}", gate.id));
            Some(Answer::unknown("a mounted tree runs no services that could be asked", "a running machine", fix))
        }
        Machine::Laptop if !is_here => {
            let fix = Fix::command(format!("nexy-gate {}", gate.id)).then_note("--root is only for gates of the VM");
            Some(Answer::unknown("it looks at the workspace, and --root names the tree of a VM", "the workspace", fix))
        }
        Machine::Laptop | Machine::Either | Machine::Vm => None,
    }
}

/// Which workers run a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Queue {
    /// One worker, since its tasks share a disk.
    OneByOne,
    /// As many workers as [`PARALLEL`] says.
    Parallel,
}

/// Something to run, and its result if it does not end before its deadline.
struct Task<T> {
    queue: Queue,
    deadline: Duration,
    timed_out: T,
    run: Box<dyn FnOnce() -> T + Send>,
}

/// What a worker tells about the task of this place.
enum Event<T> {
    Started(usize),
    Finished(usize, T),
}

/// What is known of a task.
struct Slot<T> {
    queue: Queue,
    deadline: Duration,
    due: Option<Instant>,
    timed_out: Option<T>,
    result: Option<T>,
}

type Job<T> = (usize, Box<dyn FnOnce() -> T + Send>);

/// The tasks of one queue that no worker has taken yet.
struct Pool<T> {
    jobs: Arc<Mutex<std::vec::IntoIter<Job<T>>>>,
    events: Sender<Event<T>>,
}

/// Runs all tasks, and gives the results in the order of the tasks.
fn run_all<T: Send + 'static>(tasks: impl Iterator<Item = Task<T>>) -> Vec<T> {
    let (mut files, mut others) = (Vec::new(), Vec::new());
    let mut slots: Vec<Slot<T>> = Vec::new();
    for (place, Task { queue, deadline, timed_out, run }) in tasks.enumerate() {
        if queue == Queue::OneByOne { &mut files } else { &mut others }.push((place, run));
        slots.push(Slot { queue, deadline, due: None, timed_out: Some(timed_out), result: None });
    }
    let (events, received) = mpsc::channel();
    let files = Pool::start(files, 1, &events);
    let others = Pool::start(others, PARALLEL, &events);
    while slots.iter().any(|slot| slot.result.is_none()) {
        let next_due = slots.iter().filter_map(|slot| slot.due).min();
        match received.recv_timeout(next_due.map_or(Duration::MAX, |due| due.saturating_duration_since(Instant::now()))) {
            Ok(Event::Started(place)) => slots[place].due = Some(Instant::now() + slots[place].deadline),
            Ok(Event::Finished(place, result)) => {
                slots[place].due = None;
                // A result after the deadline does not count: what it says of the time before is not known to be true now.
                slots[place].result.get_or_insert(result);
            }
            Err(RecvTimeoutError::Timeout) => {
                let now = Instant::now();
                for slot in slots.iter_mut().filter(|slot| slot.due.is_some_and(|due| due <= now)) {
                    slot.due = None;
                    slot.result = slot.timed_out.take();
                    // Its worker is stuck; the tasks that wait behind it get another one.
                    if slot.queue == Queue::OneByOne { &files } else { &others }.start_worker();
                }
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    slots.into_iter().filter_map(|slot| slot.result.or(slot.timed_out)).collect()
}

impl<T: Send + 'static> Pool<T> {
    fn start(jobs: Vec<Job<T>>, most_workers: usize, events: &Sender<Event<T>>) -> Self {
        let workers = jobs.len().min(most_workers);
        let pool = Self { jobs: Arc::new(Mutex::new(jobs.into_iter())), events: events.clone() };
        (0..workers).for_each(|_| pool.start_worker());
        pool
    }

    /// Runs one task after another on a thread of its own, until none is left.
    fn start_worker(&self) {
        let (jobs, events) = (Arc::clone(&self.jobs), self.events.clone());
        let next = move || jobs.lock().unwrap_or_else(PoisonError::into_inner).next();
        std::thread::spawn(move || {
            while let Some((place, run)) = next() {
                if events.send(Event::Started(place)).is_err() || events.send(Event::Finished(place, run())).is_err() {
                    return;
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gates::GATES;

    fn task_of(queue: Queue, deadline_ms: u64, takes_ms: u64) -> Task<u64> {
        let run = move || {
            std::thread::sleep(Duration::from_millis(takes_ms));
            takes_ms
        };
        Task { queue, deadline: Duration::from_millis(deadline_ms), timed_out: 0, run: Box::new(run) }
    }

    #[test]
    fn results_keep_their_order_and_a_task_behind_a_stuck_one_still_runs() {
        for queue in [Queue::OneByOne, Queue::Parallel] {
            let mut tasks: Vec<Task<u64>> = (0..PARALLEL).map(|_| task_of(queue, 200, 60_000)).collect();
            tasks.extend([task_of(queue, 60_000, 2), task_of(queue, 60_000, 1)]);
            assert_eq!(run_all(tasks.into_iter()), [0, 0, 0, 0, 2, 1], "{queue:?}");
        }
        assert!(run_all(std::iter::empty::<Task<u64>>()).is_empty());
    }

    #[test]
    fn one_cause_is_one_finding_and_what_has_a_reason_of_its_own_keeps_it() {
        let finding = |id: &str, answer: Answer| answer.finding(id, "S0", Duration::ZERO);
        let unknown = |found: &str, command: &str| Answer::unknown(found, "x", Fix::note("n").then_command(command.to_owned()));
        let short = |id: &str| format!("not asked: see {id}");
        let token = |answer: Answer| {
            one_cause(vec![
                finding("token", answer),
                finding("quota", unknown("401", "nexy-gate token")),
                finding("vm", unknown("no VM", "make vm-hard")),
                finding("vm-2", unknown("no VM", "make vm-hard")),
                finding("failed", Answer::fail("no", "x", Fix::command("nexy-gate token"))),
                finding("loop", unknown("a", "nexy-gate pool")),
                finding("pool", unknown("b", "nexy-gate loop")),
                finding("own", unknown("c", "sudo nexy-gate own")),
            ])
        };
        let found = |answer| token(answer).into_iter().map(|finding| finding.found).collect::<Vec<_>>();
        let refused = Answer::fail("401", "x", Fix::command("gh auth login").then_command("nexy-gate token"));
        assert_eq!(found(refused), ["401", &short("token"), "no VM", &short("vm"), "no", "a", "b", "c"]);
        assert_eq!(found(Answer::pass("it may")), ["it may", "401", "no VM", &short("vm"), "no", "a", "b", "c"]);
        let shortened = token(Answer::fail("401", "x", Fix::command("gh auth login"))).remove(1);
        assert_eq!((shortened.verdict, shortened.fix.is_empty(), shortened.expected.as_str()), (Verdict::Unknown, true, ""));
    }

    #[test]
    fn a_mac_never_says_yes_about_the_vm_and_says_how_to_ask_it() {
        for gate in GATES {
            let answer = out_of_place(gate, true, "macos");
            assert_eq!(answer.is_some(), gate.at == Machine::Vm, "{}", gate.id);
            let Some(answer) = answer else { continue };
            assert_eq!(answer.verdict, Verdict::Unknown, "{}", gate.id);
            assert_eq!(answer.fix == Fix::command("make vm-hard"), gate.profiles.contains(&"hard"), "{}", gate.id);
            assert!(answer.fix.text().contains("vm"), "{}", answer.fix);
        }
    }

    #[test]
    fn a_mounted_tree_answers_for_files_only() {
        for gate in GATES {
            let is_out = out_of_place(gate, false, "linux").is_some();
            assert_eq!(is_out, gate.at == Machine::Laptop || gate.takes == Takes::RunningSystem, "{}", gate.id);
            assert_eq!(out_of_place(gate, true, "linux"), None, "{}", gate.id);
        }
    }
}
