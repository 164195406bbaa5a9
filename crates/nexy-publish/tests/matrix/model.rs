//! The one written model: the allowed outcomes of a fault at a step. No other code decides what a case may do.
//!
//! What users get afterwards follows from the exit code alone (`live`), whatever the fault was. Where GitHub's documentation and
//! the exit codes of README.md leave a choice, more than one exit is allowed.

use crate::faults::{Class, Extent};
use crate::requests::Step;

/// The allowed outcomes of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Allowed {
    /// The exit codes.
    pub(crate) exits: &'static [i32],
    /// Whether a run that ended well must have recorded a retry.
    pub(crate) retried: bool,
}

/// Exits of a run beside another one: done, refused, put back, or busy. Never with nothing live.
pub(crate) const RACE: [i32; 4] = [0, 1, 3, 75];

/// Exit of a second run on the same machine, before it has changed anything.
pub(crate) const LOCKED: i32 = 75;

/// Exits of a run while a person changes the channel: the same, and with a command for that person.
pub(crate) const PERSON: [i32; 5] = [0, 1, 3, 4, 75];

/// What users may get after an exit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Live {
    /// The new bytes.
    Goal,
    /// What they had before.
    Before,
    /// Anything that was verified, or nothing: the printed commands restore a download.
    AskAPerson,
    /// Not an exit of the tool.
    NoExit,
}

/// Exit code of a killed program in a shell.
pub(crate) const KILLED: i32 = 137;

/// What an exit code promises to users.
pub(crate) fn live(exit: i32) -> Live {
    match exit {
        0 => Live::Goal,
        // Refused, put back, could not look, busy: users have what they had.
        1 | 3 | 69 | 75 => Live::Before,
        // After a kill between the renames there is no download, and a way back, as after exit 4.
        4 | KILLED => Live::AskAPerson,
        _ => Live::NoExit,
    }
}

/// The allowed outcomes of a fault of this class at this step; `is_half_done`: new bytes of this run are live already.
pub(crate) fn allowed(step: Step, is_half_done: bool, class: Class, extent: Extent) -> Allowed {
    let alone = match extent {
        Extent::FromHereOn => for_good(step, class),
        Extent::Once | Extent::Twice => once(step, class),
    };
    let goes_on = alone.exits.contains(&0);
    let is_refused = alone.exits.iter().any(|exit| [1, 69, 75].contains(exit));
    match (is_half_done && is_refused, extent, goes_on) {
        (false, _, _) => alone,
        // In place of a refusal the run takes back what is live already, if it still can.
        (true, Extent::FromHereOn, _) => exits(&[4]),
        (true, _, false) => exits(&[3]),
        (true, _, true) => exits(&[0, 3]),
    }
}

const fn exits(exits: &'static [i32]) -> Allowed {
    Allowed { exits, retried: false }
}

/// It goes on after a retry.
const AGAIN: Allowed = Allowed { exits: &[0], retried: true };
/// It goes on.
const ON: Allowed = exits(&[0]);

fn once(step: Step, class: Class) -> Allowed {
    use Class as C;
    use Step as S;
    match (class, step) {
        // GitHub shows the setting to administrators only; the release itself says whether it can change.
        (C::Denied, S::Setting) => exits(&[0, 1]),
        (C::Gone, S::Setting) => ON,
        (_, S::Setting) => once(S::Look, class),
        // Everything is live; an asset that cannot be deleted now is deleted later.
        (_, S::DeleteParked) => ON,
        // The public address is polled, and a poll is no retry.
        (C::Broken | C::Later | C::Cut, S::ConfirmPublic) => ON,
        (C::Broken | C::Later, _) | (C::Cut, S::Look | S::Verify | S::VerifyRollback | S::ConfirmApi) => AGAIN,

        // A change with an unclear answer is looked up, and found done. An upload that is still under way may be foreign.
        (C::Late, S::Upload) => exits(&[0, 75]),
        (C::Lost | C::Late | C::Taken | C::Cut, _) => ON,
        (C::Garbled, S::Discard | S::Park | S::Retire | S::GoLive) => ON,
        // An upload with an unreadable answer may be left for the next run, which finds it.
        (C::Garbled, S::Upload) => exits(&[0, 69]),
        // A partial upload may be our own, or a foreign one that began a moment ago.
        (C::Half, _) => exits(&[0, 75]),

        (C::Denied, S::Look | S::Upload | S::Discard | S::Park | S::Retire) => exits(&[1]),
        (C::Denied, S::Verify | S::VerifyRollback) => exits(&[1, 69]),
        (C::Denied, S::ConfirmPublic) => exits(&[0, 3]),
        // Once the old asset was renamed, every way back ends with 3.
        (C::Denied | C::Gone, S::GoLive) => exits(&[3]),
        (C::Denied | C::Gone, S::ConfirmApi) => exits(&[0, 3]),
        // Another run or person has deleted what existed a moment ago.
        (C::Gone, S::Look | S::Park | S::Retire) => exits(&[1, 75]),
        (C::Gone, S::Upload) => exits(&[75]),
        // The delete has its effect already; while it has not, the name is taken.
        (C::Gone, S::Discard) => exits(&[0, 1, 75]),
        // The address of a new asset may be missing for a while.
        (C::Gone, S::Verify | S::VerifyRollback | S::ConfirmPublic) => ON,

        (C::Garbled | C::Elsewhere, S::Look) => exits(&[0, 69]),
        // Other bytes than were sent never go live.
        (C::Garbled, S::Verify) | (C::Changed, _) => exits(&[3]),
        (C::Elsewhere, S::Verify) => exits(&[3, 69]),
        // There is no upload of this run that could be deleted.
        (C::Garbled | C::Elsewhere, S::VerifyRollback) => exits(&[1, 69]),
        (C::Elsewhere, S::Upload | S::Discard | S::Park) => exits(&[0, 1, 69]),
        (C::Elsewhere, S::Retire) => exits(&[0, 1, 3, 69]),
        (C::Elsewhere, S::GoLive) => exits(&[0, 3]),
        (C::Garbled | C::Elsewhere, S::ConfirmApi | S::ConfirmPublic) => exits(&[0, 3]),

        // GitHub may not know a digest, and the bytes are compared anyway. A digest that it knows must be right.
        (C::NoDigest, S::Look) => exits(&[0, 75]),
        (C::OtherDigest, S::Look) => exits(&[0, 1, 75]),
        (C::NoDigest, _) => ON,
        (C::OtherDigest, S::Upload) => exits(&[3]),
        (C::OtherDigest, S::Park | S::Retire) => exits(&[0, 3, 75]),
        (C::OtherDigest, _) => exits(&[0, 3]),

        (C::Stale, _) => ON,
    }
}

fn for_good(step: Step, class: Class) -> Allowed {
    use Class as C;
    use Step as S;
    match (class, step) {
        (_, S::DeleteParked) => ON,
        (_, S::Setting) => for_good(S::Look, class),
        (C::Broken | C::Later, S::Look | S::Upload | S::Discard | S::Park | S::Verify | S::VerifyRollback) => exits(&[69]),
        (C::Denied, S::Look | S::Upload | S::Discard | S::Park) => exits(&[1]),
        (C::Denied, S::Verify | S::VerifyRollback) => exits(&[1, 69]),
        (C::Gone, S::Look | S::Discard | S::Park) => exits(&[1, 75]),
        (C::Gone, S::Upload) => exits(&[75]),
        (C::Gone | C::Stale, S::Verify | S::VerifyRollback) => exits(&[69, 75]),
        // Without a look-up it is unknown whether the rename has happened.
        (C::Broken | C::Later, S::Retire) => exits(&[4, 69]),
        (C::Denied, S::Retire) => exits(&[1]),
        (C::Gone, S::Retire) => exits(&[1, 75]),
        // Neither the next step nor the way back works.
        (_, S::GoLive) => exits(&[4]),
        // The new asset is live and verified, and cannot be taken back.
        (_, S::ConfirmApi) => exits(&[4]),
        // The way back works.
        (_, S::ConfirmPublic) => exits(&[3]),
        (class, step) => panic!("the model has no row for a lasting {class:?} at {step:?}"),
    }
}
