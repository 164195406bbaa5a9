//! The one written model: what may come of a fault at a step. Nothing else decides what a case may do.
//!
//! What users get afterwards follows from the exit code alone (`live`), whatever the fault was. `facts/github.md` §2 and §3
//! and the exit codes of the design are the sources; where they leave a choice, more than one exit is allowed.

use crate::{
    kinds::{Class, Extent},
    places::Step,
};

/// What may come of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Allowed {
    /// The exit codes.
    pub(crate) exits: &'static [i32],
    /// Whether a run that ended well must have asked again, and written that down.
    pub(crate) retried: bool,
}

/// How a publisher may end when another one is at work: done, or refused, or put back, or busy. Never with nothing live.
pub(crate) const RACE: [i32; 4] = [0, 1, 3, 75];

/// How a second publisher on the same machine ends while the first is at work, before it has changed anything.
pub(crate) const LOCKED: i32 = 75;

/// How a publisher may end when a person changes the channel meanwhile: the same, and with a command for that person.
pub(crate) const PERSON: [i32; 5] = [0, 1, 3, 4, 75];

/// What users may get after an exit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Live {
    /// What they were to get.
    Goal,
    /// What they had.
    Before,
    /// Anything that was verified, or nothing: the commands that were printed give them a download again.
    AskAPerson,
    /// No exit of the tool.
    NoExit,
}

/// What a shell says of a program that was killed.
pub(crate) const KILLED: i32 = 137;

/// What an exit code promises.
pub(crate) fn live(exit: i32) -> Live {
    match exit {
        0 => Live::Goal,
        // Refused, put back, could not look, somebody else is at work: users have what they had.
        1 | 3 | 69 | 75 => Live::Before,
        // A kill ends like a person's case: between the renames there is nothing, and a way back.
        4 | KILLED => Live::AskAPerson,
        _ => Live::NoExit,
    }
}

/// What may come of a fault of this class at this step; `is_half_done`: new bytes of this run are live already.
pub(crate) fn allowed(step: Step, is_half_done: bool, class: Class, extent: Extent) -> Allowed {
    let alone = match extent {
        Extent::FromHereOn => for_good(step, class),
        Extent::Once | Extent::Twice => once(step, class),
    };
    let goes_on = alone.exits.contains(&0);
    let is_refused = alone.exits.iter().any(|exit| [1, 69, 75].contains(exit));
    match (is_half_done && is_refused, extent, goes_on) {
        (false, _, _) => alone,
        // What would have been a refusal takes back what is live already, when there is still a way to do that.
        (true, Extent::FromHereOn, _) => exits(&[4]),
        (true, _, false) => exits(&[3]),
        (true, _, true) => exits(&[0, 3]),
    }
}

const fn exits(exits: &'static [i32]) -> Allowed {
    Allowed { exits, retried: false }
}

/// It goes on, having asked again.
const AGAIN: Allowed = Allowed { exits: &[0], retried: true };
/// It goes on.
const ON: Allowed = exits(&[0]);

fn once(step: Step, class: Class) -> Allowed {
    use Class as C;
    use Step as S;
    match (class, step) {
        // All is done; what cannot be removed now is removed later.
        (_, S::Tidy) => ON,
        // The public address is polled, and a poll is no retry.
        (C::Broken | C::Later | C::Cut, S::ConfirmPublic) => ON,
        (C::Broken | C::Later, _) | (C::Cut, S::Look | S::Verify | S::Prove | S::ConfirmApi) => AGAIN,

        // What has no clear answer is looked up, and found done. An upload that is still on its way may be anybody's.
        (C::Late, S::Upload) => exits(&[0, 75]),
        (C::Lost | C::Late | C::Taken | C::Cut, _) => ON,
        (C::Garbled, S::Discard | S::MakeRoom | S::Retire | S::GoLive) => ON,
        // An upload with an answer that nobody understands may be left for the next run, which finds it.
        (C::Garbled, S::Upload) => exits(&[0, 69]),
        // Half an upload may be ours or that of somebody who began a moment ago.
        (C::Half, _) => exits(&[0, 75]),

        (C::Denied, S::Look | S::Upload | S::Discard | S::MakeRoom | S::Retire) => exits(&[1]),
        (C::Denied, S::Verify | S::Prove) => exits(&[1, 69]),
        (C::Denied, S::ConfirmPublic) => exits(&[0, 3]),
        // Once the old one has been renamed away, every way back leads through 3.
        (C::Denied | C::Gone, S::GoLive) => exits(&[3]),
        (C::Denied | C::Gone, S::ConfirmApi) => exits(&[0, 3]),
        // What was there a moment ago was taken away by somebody else.
        (C::Gone, S::Look | S::MakeRoom | S::Retire) => exits(&[1, 75]),
        (C::Gone, S::Upload) => exits(&[75]),
        // To be gone is what was asked for; while it is not, its name is taken.
        (C::Gone, S::Discard) => exits(&[0, 1, 75]),
        // A new address may take a while.
        (C::Gone, S::Verify | S::Prove | S::ConfirmPublic) => ON,

        (C::Garbled | C::Elsewhere, S::Look) => exits(&[0, 69]),
        // Other bytes than were sent never go live.
        (C::Garbled, S::Verify) | (C::Changed, _) => exits(&[3]),
        (C::Elsewhere, S::Verify) => exits(&[3, 69]),
        // Nothing of this run lies there that could be taken away again.
        (C::Garbled | C::Elsewhere, S::Prove) => exits(&[1, 69]),
        (C::Elsewhere, S::Upload | S::Discard | S::MakeRoom) => exits(&[0, 1, 69]),
        (C::Elsewhere, S::Retire) => exits(&[0, 1, 3, 69]),
        (C::Elsewhere, S::GoLive) => exits(&[0, 3]),
        (C::Garbled | C::Elsewhere, S::ConfirmApi | S::ConfirmPublic) => exits(&[0, 3]),

        // GitHub may not know a digest; the bytes are compared anyway. What it knows must be right.
        (C::NoDigest, S::Look) => exits(&[0, 75]),
        (C::OtherDigest, S::Look) => exits(&[0, 1, 75]),
        (C::NoDigest, _) => ON,
        (C::OtherDigest, S::Upload) => exits(&[3]),
        (C::OtherDigest, S::MakeRoom | S::Retire) => exits(&[0, 3, 75]),
        (C::OtherDigest, _) => exits(&[0, 3]),

        (C::Stale, _) => ON,
    }
}

fn for_good(step: Step, class: Class) -> Allowed {
    use Class as C;
    use Step as S;
    match (class, step) {
        (_, S::Tidy) => ON,
        (C::Broken | C::Later, S::Look | S::Upload | S::Discard | S::MakeRoom | S::Verify | S::Prove) => exits(&[69]),
        (C::Denied, S::Look | S::Upload | S::Discard | S::MakeRoom) => exits(&[1]),
        (C::Denied, S::Verify | S::Prove) => exits(&[1, 69]),
        (C::Gone, S::Look | S::Discard | S::MakeRoom) => exits(&[1, 75]),
        (C::Gone, S::Upload) => exits(&[75]),
        (C::Gone | C::Stale, S::Verify | S::Prove) => exits(&[69, 75]),
        // When nobody can look, nobody can tell whether the rename has happened.
        (C::Broken | C::Later, S::Retire) => exits(&[4, 69]),
        (C::Denied, S::Retire) => exits(&[1]),
        (C::Gone, S::Retire) => exits(&[1, 75]),
        // There is no way on and no way back.
        (_, S::GoLive) => exits(&[4]),
        // The new one is live and verified, and cannot be taken back.
        (_, S::ConfirmApi) => exits(&[4]),
        // The way back is open.
        (_, S::ConfirmPublic) => exits(&[3]),
        (class, step) => panic!("the model says nothing of a lasting {class:?} at {step:?}"),
    }
}
