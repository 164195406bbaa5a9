//! Who is asked beside whom: files one after another, what leaves this process a few at a time, and nobody without end.

use crate::{
    context::Context,
    engine,
    gate::{Gate, Takes},
};
use nexy_contract::{Finding, target::Target};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, RecvTimeoutError, Sender},
    },
    time::{Duration, Instant},
};

/// So many gates outside of this process at once: the VM is small, and GitHub counts.
const OUTSIDE_AT_ONCE: usize = 4;

/// What a lane tells.
enum News {
    /// It asks the gate of this place in the list.
    Asks(usize),
    /// That gate has answered.
    Answered(usize, Finding),
}

/// Gates that wait for a lane, with their places in the list.
type Queue = Arc<Mutex<std::vec::IntoIter<(usize, &'static Gate)>>>;

/// Everything that a lane needs.
#[derive(Clone)]
struct Lane {
    queue: Queue,
    context: Arc<Context>,
    news: Sender<News>,
}

/// Asks all gates, and gives their findings in the order of `gates`.
pub(crate) fn ask(gates: &[&'static Gate], context: &Arc<Context>) -> Vec<Finding> {
    let (files, outside): (Vec<_>, Vec<_>) = gates.iter().copied().enumerate().partition(|(_, gate)| gate.takes == Takes::Files);
    let (sender, news) = mpsc::channel();
    let lane = |gates: Vec<_>| Lane { queue: Arc::new(Mutex::new(gates.into_iter())), context: Arc::clone(context), news: sender.clone() };
    let lanes = [(files.len().min(1), lane(files)), (outside.len().min(OUTSIDE_AT_ONCE), lane(outside))];
    for (count, lane) in &lanes {
        (0..*count).for_each(|_| lane.open());
    }
    let mut answers: Vec<Option<Finding>> = gates.iter().map(|_| None).collect();
    let mut asked: BTreeMap<usize, Instant> = BTreeMap::new();
    while answers.iter().any(Option::is_none) {
        let next = asked.values().min().map_or(Duration::MAX, |due| due.saturating_duration_since(Instant::now()));
        match news.recv_timeout(next) {
            Ok(News::Asks(place)) => {
                asked.insert(place, Instant::now() + patience(gates[place], &context.workspace.target));
            }
            Ok(News::Answered(place, finding)) => {
                asked.remove(&place);
                // An answer that comes too late is none: what it says of the time before is not known to be true now.
                answers[place].get_or_insert(finding);
            }
            Err(RecvTimeoutError::Timeout) => {
                let now = Instant::now();
                for place in asked.iter().filter(|(_, due)| **due <= now).map(|(place, _)| *place).collect::<Vec<_>>() {
                    asked.remove(&place);
                    answers[place] = Some(engine::late(gates[place], patience(gates[place], &context.workspace.target)));
                    // Its lane is stuck; those who still wait behind it get another one.
                    lanes[usize::from(gates[place].takes != Takes::Files)].1.open();
                }
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    gates.iter().zip(answers).map(|(gate, answer)| answer.unwrap_or_else(|| engine::late(gate, Duration::ZERO))).collect()
}

/// How long one gate may take.
fn patience(gate: &Gate, target: &Target) -> Duration {
    let longer = if gate.takes == Takes::LongRun { target.quality.timeout_s } else { 0 };
    Duration::from_secs(target.limits.gate_timeout_s + longer)
}

impl Lane {
    /// Asks one gate after another, on a thread of its own, until nobody waits any more.
    fn open(&self) {
        let lane = self.clone();
        std::thread::spawn(move || {
            while let Some((place, gate)) = lane.next() {
                let told = lane.news.send(News::Asks(place)).is_ok();
                if !told || lane.news.send(News::Answered(place, engine::ask(gate, &lane.context))).is_err() {
                    return;
                }
            }
        });
    }

    fn next(&self) -> Option<(usize, &'static Gate)> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).next()
    }
}
