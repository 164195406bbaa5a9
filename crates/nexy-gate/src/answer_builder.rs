//! Builds one answer of several observations: one failure is a failure, one unknown is unknown, and each of them is named.

use nexy_contract::{Fix, check::Answer, text::shell_word};

/// The observations so far.
#[derive(Debug, Default)]
pub(crate) struct AnswerBuilder {
    good: Vec<String>,
    bad: Vec<String>,
    unknown: Vec<String>,
    fix_bad: Fix,
    fix_unknown: Fix,
    steps: Vec<RepairStep>,
}

impl AnswerBuilder {
    /// This one is right.
    pub(crate) fn pass(&mut self, found: impl Into<String>) {
        self.good.push(found.into());
    }

    /// This one is wrong.
    pub(crate) fn fail(&mut self, found: impl Into<String>, fix: impl Into<Fix>) {
        add(&mut self.bad, found.into());
        self.fix_bad = std::mem::take(&mut self.fix_bad).then(fix);
    }

    /// This one is wrong, and root mends it by these steps: the finding shows them, and the printed script runs them.
    pub(crate) fn fail_with_steps(&mut self, found: impl Into<String>, steps: Vec<RepairStep>) {
        self.fail(found, to_type(&steps, "sudo "));
        self.add_steps(steps);
    }

    /// As [`AnswerBuilder::fail_with_steps`], for steps that need no root.
    pub(crate) fn fail_with_own_steps(&mut self, found: impl Into<String>, steps: Vec<RepairStep>) {
        self.fail(found, to_type(&steps, ""));
        self.add_steps(steps);
    }

    fn add_steps(&mut self, steps: Vec<RepairStep>) {
        for step in steps {
            if !self.steps.contains(&step) {
                self.steps.push(step);
            }
        }
    }

    /// It cannot be determined whether this one is right.
    pub(crate) fn unknown(&mut self, found: impl Into<String>, fix: impl Into<Fix>) {
        add(&mut self.unknown, found.into());
        self.fix_unknown = std::mem::take(&mut self.fix_unknown).then(fix);
    }

    /// The answer over all of them; `nothing` is what a person does when there was nothing to look at, which is unknown.
    pub(crate) fn answer_or(self, expected: impl Into<String>, nothing: impl Into<Fix>) -> Answer {
        self.repair(expected, nothing).now
    }

    /// The answer over all of them, where there is always something to look at.
    pub(crate) fn answer(self, expected: impl Into<String>) -> Answer {
        self.answer_or(expected, nothing_named())
    }

    /// The same answer with the steps that mend it.
    pub(crate) fn repair(mut self, expected: impl Into<String>, nothing: impl Into<Fix>) -> Repair {
        let now = match (self.bad.is_empty(), self.unknown.is_empty(), self.good.is_empty()) {
            (true, true, true) => Answer::unknown("there was nothing to look at", expected, nothing),
            (true, true, false) => Answer::pass(self.good.join("; ")),
            (true, false, _) => Answer::unknown(self.unknown.join("; "), expected, self.fix_unknown),
            (false, _, _) => {
                self.unknown.into_iter().for_each(|found| add(&mut self.bad, found));
                Answer::fail(self.bad.join("; "), expected, self.fix_bad.then(self.fix_unknown))
            }
        };
        Repair { now, steps: self.steps }
    }
}

/// What a person does about a list of nexy.toml that is empty.
pub(crate) fn nothing_named() -> Fix {
    Fix::note("nexy.toml names nothing that this gate could look at: name it there, as the committed nexy.toml does")
}

/// The commands of the steps; where none is safe, that a person decides.
fn to_type(steps: &[RepairStep], prefix: &str) -> Fix {
    if steps.is_empty() {
        return Fix::note("no command is safe for every machine here: look at this path with `namei -l`, then decide who may use it");
    }
    Fix::commands(steps.iter().map(|step| step.typed(prefix)))
}

fn add(list: &mut Vec<String>, found: String) {
    if !list.contains(&found) {
        list.push(found);
    }
}

/// What can be done about a gate on this machine. It is found from the same facts as the finding, and finding it changes nothing.
#[derive(Debug)]
pub(crate) struct Repair {
    /// What the gate says now.
    pub(crate) now: Answer,
    /// The commands of the finding, in the same order; none when the gate passes, could not look, or leaves all to a person.
    pub(crate) steps: Vec<RepairStep>,
}

/// One command of a finding, and what the script asks before it runs the command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RepairStep {
    /// Without what changes the account: the finding shows it behind `sudo`.
    pub(crate) command: String,
    /// The account that runs it; `None` for the one that runs the script.
    pub(crate) account: Option<StepAccount>,
    /// What must hold.
    pub(crate) guard: Guard,
}

/// An account and its group, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StepAccount {
    /// The account.
    pub(crate) user: String,
    /// Its own group.
    pub(crate) group: String,
}

/// What a script asks before a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Guard {
    /// Nothing: a second run of the command changes nothing.
    None,
    /// A condition of a POSIX shell; when it does not hold, the command has nothing to do.
    OnlyIf(String),
    /// A condition of a POSIX shell; when it does not hold, the script ends with exit 1 and the message.
    StopUnless {
        /// The condition.
        condition: String,
        /// What a person reads.
        message: String,
    },
}

impl Repair {
    /// No command is known: the answer says what a person does.
    pub(crate) fn none(now: Answer) -> Self {
        Self { now, steps: Vec::new() }
    }
}

impl RepairStep {
    /// A command that needs no guard.
    pub(crate) fn new(command: impl Into<String>) -> Self {
        Self { command: command.into(), account: None, guard: Guard::None }
    }

    /// The same command, run with no more rights than an account has.
    pub(crate) fn by_account(self, user: impl Into<String>, group: impl Into<String>) -> Self {
        Self { account: Some(StepAccount { user: user.into(), group: group.into() }), ..self }
    }

    /// As a person types it; the prefix stands before what no other account runs.
    pub(crate) fn typed(&self, prefix: &str) -> String {
        match &self.account {
            Some(StepAccount { user, .. }) => format!("sudo -u {} {}", shell_word(user), self.command),
            None => format!("{prefix}{}", self.command),
        }
    }

    /// As a script holds it. The program that changes the account is on the PATH of every login of a Debian, as `runuser` is not.
    pub(crate) fn scripted(&self) -> String {
        match &self.account {
            Some(StepAccount { user, group }) => {
                format!("setpriv --reuid {} --regid {} --init-groups -- {}", shell_word(user), shell_word(group), self.command)
            }
            None => self.command.clone(),
        }
    }

    /// The same command, run only if a condition holds.
    pub(crate) fn only_if(self, condition: impl Into<String>) -> Self {
        Self { guard: Guard::OnlyIf(condition.into()), ..self }
    }

    /// The same command, before which the script stops unless a condition holds.
    pub(crate) fn or_stop(self, condition: impl Into<String>, message: impl Into<String>) -> Self {
        Self { guard: Guard::StopUnless { condition: condition.into(), message: message.into() }, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexy_contract::Verdict;

    fn look() -> Fix {
        Fix::command("look")
    }

    #[test]
    fn one_failure_is_a_failure_and_everything_that_is_not_right_is_named_once() {
        let mut answer = AnswerBuilder::default();
        answer.pass("a is right");
        answer.unknown("b cannot be seen", look());
        answer.fail("c is wrong", Fix::command("mend"));
        answer.fail_with_steps("d is wrong", vec![RepairStep::new("mend d"), RepairStep::new("mend d")]);
        answer.fail("d is wrong", Fix::command("mend"));
        let Repair { now, steps } = answer.repair("all right", look());
        assert_eq!(now.verdict, Verdict::Fail);
        assert_eq!((now.found.as_str(), now.fix.text().as_str()), ("c is wrong; d is wrong; b cannot be seen", "sudo mend d\nmend\nlook"));
        assert_eq!(steps, [RepairStep::new("mend d")]);
    }

    #[test]
    fn what_cannot_be_seen_is_unknown_and_so_is_nothing_at_all() {
        let mut answer = AnswerBuilder::default();
        answer.pass("a is right");
        answer.unknown("b cannot be seen", look());
        assert_eq!(answer.answer("all right"), Answer::unknown("b cannot be seen", "all right", look()));
        let nothing = AnswerBuilder::default().answer_or("something", Fix::command("put something there"));
        assert_eq!((nothing.verdict, nothing.fix.text().as_str()), (Verdict::Unknown, "put something there"));
    }

    #[test]
    fn a_failure_without_a_safe_command_says_that_a_person_decides() {
        let mut answer = AnswerBuilder::default();
        answer.fail_with_steps("a is closed", Vec::new());
        let repair = answer.repair("all right", look());
        assert!(repair.steps.is_empty() && repair.now.fix.text().contains("decide"), "{repair:?}");
    }

    #[test]
    fn only_rights_are_a_pass() {
        let mut answer = AnswerBuilder::default();
        answer.pass("a is right");
        answer.pass("b is right");
        assert_eq!(answer.answer("all right"), Answer::pass("a is right; b is right"));
    }
}
