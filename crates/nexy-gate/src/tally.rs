//! Several things that one gate looks at: one no is a no, one blind spot is unknown, and every one of them is named.

use crate::gate::Answer;
use nexy_contract::Fix;

/// What was seen so far.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    good: Vec<String>,
    bad: Vec<(String, Fix)>,
    blind: Vec<(String, Fix)>,
}

impl Tally {
    /// This one is right.
    pub(crate) fn pass(&mut self, found: impl Into<String>) {
        self.good.push(found.into());
    }

    /// This one is wrong; `fix` is what to type.
    pub(crate) fn fail(&mut self, found: impl Into<String>, fix: impl Into<Fix>) {
        self.bad.push((found.into(), fix.into()));
    }

    /// This one could not be looked at; `fix` is what to type.
    pub(crate) fn unknown(&mut self, found: impl Into<String>, fix: impl Into<Fix>) {
        self.blind.push((found.into(), fix.into()));
    }

    /// The answer over all of them; nothing looked at is unknown.
    pub(crate) fn answer(self, expected: impl Into<String>) -> Answer {
        if self.bad.is_empty() && self.blind.is_empty() {
            return match self.good.is_empty() {
                true => Answer::unknown("there was nothing to look at", expected, "nexy-gate --list"),
                false => Answer::pass(self.good.join("; ")),
            };
        }
        let answer = if self.bad.is_empty() { Answer::unknown } else { Answer::fail };
        let (mut found, mut all): (Vec<String>, Fix) = (Vec::new(), Fix::none());
        for (text, fix) in self.bad.into_iter().chain(self.blind) {
            if !found.contains(&text) {
                found.push(text);
            }
            all = all.then(fix);
        }
        answer(found.join("; "), expected.into(), all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexy_contract::Verdict;

    #[test]
    fn one_no_is_a_no_and_everything_that_is_not_right_is_named() {
        let mut tally = Tally::default();
        tally.pass("a is right");
        tally.unknown("b cannot be seen", "look");
        tally.fail("c is wrong", "mend");
        tally.fail("d is wrong", "mend");
        tally.fail("d is wrong", "mend");
        let answer = tally.answer("all right");
        assert_eq!(answer.verdict, Verdict::Fail);
        assert_eq!((answer.found.as_str(), answer.fix.text().as_str()), ("c is wrong; d is wrong; b cannot be seen", "mend\nlook"));
    }

    #[test]
    fn a_blind_spot_is_unknown_and_so_is_nothing_at_all() {
        let mut tally = Tally::default();
        tally.pass("a is right");
        tally.unknown("b cannot be seen", "look");
        assert_eq!(tally.answer("all right").verdict, Verdict::Unknown);
        assert_eq!(Tally::default().answer("something").verdict, Verdict::Unknown);
    }

    #[test]
    fn only_rights_are_a_pass() {
        let mut tally = Tally::default();
        tally.pass("a is right");
        tally.pass("b is right");
        assert_eq!(tally.answer("all right"), Answer::pass("a is right; b is right"));
    }
}
