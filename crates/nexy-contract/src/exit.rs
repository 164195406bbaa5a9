//! The exit codes: one meaning each, and each tells the caller whether asking again can help.

use serde::{Deserialize, Serialize};

/// How a tool ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum Exit {
    /// The answer is yes, or the work is done.
    Yes = 0,
    /// The answer is no: a check failed, or the tool refused because of one.
    No = 1,
    /// The command line was not understood.
    Usage = 2,
    /// Something was changed, a fault was noticed, and it was put back.
    PutBack = 3,
    /// A person must act now; the command to type was printed.
    NeedsPerson = 4,
    /// The document on standard input cannot be used.
    BadDocument = 65,
    /// The tool could not look, so it does not know.
    CouldNotLook = 69,
    /// A bug in the tool itself, panics included.
    Bug = 70,
    /// Another run or person works on the channel, or did meanwhile; users have a whole download. Look, then try again.
    Busy = 75,
    /// `nexy.toml` is missing, wrong, or not to be trusted.
    BadTarget = 78,
}

impl Exit {
    /// Every exit code, in ascending order.
    pub const ALL: [Self; 10] = [
        Self::Yes,
        Self::No,
        Self::Usage,
        Self::PutBack,
        Self::NeedsPerson,
        Self::BadDocument,
        Self::CouldNotLook,
        Self::Bug,
        Self::Busy,
        Self::BadTarget,
    ];

    /// The number that the operating system sees.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// One line for the README's table.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Yes => "yes, or done",
            Self::No => "no: a check failed, or the tool refused because of one",
            Self::Usage => "the command line was not understood",
            Self::PutBack => "changed something, noticed a fault, and put it back",
            Self::NeedsPerson => "needs a person now: the command to type is printed",
            Self::BadDocument => "the document on standard input cannot be used",
            Self::CouldNotLook => "could not look, so the answer is unknown",
            Self::Bug => "a bug in the tool, panics included",
            Self::Busy => "busy or changed meanwhile: users have a whole download; look, then try again",
            Self::BadTarget => "nexy.toml is missing, wrong, or not to be trusted",
        }
    }

    /// The gravest of several ends, in the order in which a person must hear of them; `None` when all are [`Exit::Yes`].
    pub fn gravest(exits: impl IntoIterator<Item = Self>) -> Option<Self> {
        exits.into_iter().filter(|exit| *exit != Self::Yes).min_by_key(|exit| exit.rank())
    }

    /// The design's order 4, 3, 70, 1, 75, 69; the codes that no document should hold come after them.
    const fn rank(self) -> u8 {
        match self {
            Self::NeedsPerson => 0,
            Self::PutBack => 1,
            Self::Bug => 2,
            Self::No => 3,
            Self::Busy => 4,
            Self::CouldNotLook => 5,
            Self::BadDocument => 6,
            Self::BadTarget => 7,
            Self::Usage => 8,
            Self::Yes => 9,
        }
    }
}

impl From<Exit> for u8 {
    fn from(exit: Exit) -> Self {
        exit.code()
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// A number that is no exit code of these tools.
#[derive(Debug, thiserror::Error)]
#[error("{0} is no exit code of these tools")]
pub struct UnknownExit(u8);

impl TryFrom<u8> for Exit {
    type Error = UnknownExit;

    fn try_from(code: u8) -> Result<Self, UnknownExit> {
        Self::ALL.into_iter().find(|exit| exit.code() == code).ok_or(UnknownExit(code))
    }
}

#[cfg(test)]
mod tests {
    use super::Exit;

    #[test]
    fn the_gravest_exit_follows_the_order_a_person_must_hear_of_them() {
        let order = [Exit::NeedsPerson, Exit::PutBack, Exit::Bug, Exit::No, Exit::Busy, Exit::CouldNotLook];
        for (rank, graver) in order.iter().enumerate() {
            for lighter in &order[rank..] {
                assert_eq!(Exit::gravest([*lighter, *graver, Exit::Yes]), Some(*graver));
            }
        }
        assert_eq!(Exit::gravest([Exit::Yes, Exit::Yes]), None);
    }

    #[test]
    fn every_code_reads_back_and_no_other_number_does() {
        for code in 0..=u8::MAX {
            match Exit::try_from(code) {
                Ok(exit) => assert_eq!(exit.code(), code),
                Err(_) => assert!(Exit::ALL.iter().all(|exit| exit.code() != code)),
            }
        }
    }
}
