//! The database was hardened again after its last restore, since a restore drops the grants.

use crate::gate::prelude::*;
use crate::observed::receipts::{self, Kept, Receipts};
use nexy_contract::Timestamp;
use nexy_contract::db_receipt::{Event, Hardening, Kind, Outcome};
use nexy_outside::clock;

pub(crate) const GATE: Gate = Gate {
    id: "db-hardened",
    asks: "Was the database hardened after it was last restored?",
    profiles: &["db"],
    runbook: "S2 §3 Phase 1.1 step 3",
    at: Machine::Vm,
    takes: Takes::Files,
    explain: Explain {
        symptom: "After a restore the server's account owns the tables again, and one wrong statement can delete them; or it may not write \
                  at all, and every request fails with `permission denied`.",
        check: "Reads the receipts hardening-*.json and restore-*.json in the folder of vm.receipts, which root alone may write. The newest \
                hardening must have passed, and must have begun after the last restore ended.",
        fix: &[note("On the VM, in the checkout:"), command("./server/scripts/harden_database_protection.sh")],
        verify: &[command("sudo nexy-gate db-hardened")],
    },
    check,
    repair: None,
};

fn check(context: &Context) -> Answer {
    match receipts::look(&context.workspace.target, &context.tree, GATE.id, &[Kind::Hardening, Kind::Restore]) {
        Ok(receipts) => judge(&context.workspace.target, clock::now(), receipts),
        Err(answer) => answer,
    }
}

fn judge(target: &Target, now: Timestamp, receipts: Receipts) -> Answer {
    let again = receipts::run(target, receipts::script(Kind::Hardening));
    let expected = "a hardening that passed, after the last restore";
    let Receipts { kept, doubts: mut builder, are_incomplete } = receipts;
    if are_incomplete {
        return builder.answer(expected);
    }
    let restored = kept.iter().rfind(|kept| matches!(kept.receipt.event, Event::Restore(_)));
    match (receipts::newest(&kept, hardening), restored) {
        (None, None) => builder.unknown(format!("there is no receipt of a hardening in {}", target.vm.receipts), again),
        (None, Some(restored)) => {
            let found = format!("it was restored at {} ({}), and never hardened", restored.receipt.at, excerpt(&restored.name, 80));
            builder.fail(found, again);
        }
        (Some((Kept { name, receipt }, hardening)), _) if hardening.result == Outcome::Failed => {
            builder.fail(format!("the newest hardening failed, at {} ({})", receipt.at, excerpt(name, 80)), again);
        }
        (Some((Kept { name, receipt }, _)), Some(restored)) if receipt.started_at <= restored.receipt.at => builder.fail(
            format!(
                "it was hardened at {} ({}), and restored after that, until {} ({})",
                receipt.started_at,
                excerpt(name, 80),
                restored.receipt.at,
                excerpt(&restored.name, 80)
            ),
            again,
        ),
        (Some((Kept { receipt, .. }, hardening)), restored) => {
            let ago = receipts::span(now.as_second() - receipt.at.as_second());
            let since = restored.map_or("no restore is known".to_owned(), |kept| format!("after the restore of {}", kept.receipt.at));
            builder.pass(format!("{} was restricted {ago} ago; {since}", excerpt(&hardening.role, 60)));
        }
    }
    builder.answer(expected)
}

fn hardening(event: &Event) -> Option<(&Hardening, Outcome)> {
    if let Event::Hardening(hardening) = event { Some((hardening, hardening.result)) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{hours_before_now, kept, receipts, target};
    use nexy_contract::{Sha256Digest, db_receipt::Restore};

    fn hardening(started: i64, ended: i64, result: Outcome) -> Kept {
        kept(started, ended, Event::Hardening(Hardening { role: "app".to_owned(), result }))
    }

    fn restore(started: i64, ended: i64, result: Outcome) -> Kept {
        kept(started, ended, Event::Restore(Restore { backup_sha256: Sha256Digest::of(b"dump"), result }))
    }

    /// In the order in which they are kept: the oldest first.
    fn asked(kept: &[Kept]) -> Answer {
        judge(&target(), hours_before_now(0), receipts(kept))
    }

    #[test]
    fn a_hardening_after_the_last_restore_passes_and_so_does_one_without_any_restore() {
        assert!(asked(&[restore(9, 8, Outcome::Passed), hardening(7, 6, Outcome::Passed)]).found.contains("after the restore of "));
        assert!(asked(&[hardening(7, 6, Outcome::Passed)]).passes());
        assert!(asked(&[hardening(9, 8, Outcome::Failed), hardening(7, 6, Outcome::Passed)]).passes());
    }

    #[test]
    fn neither_is_unknown() {
        assert_eq!(asked(&[]).verdict, Verdict::Unknown);
    }

    #[test]
    fn a_restore_that_nobody_followed_up_is_a_no_also_when_it_failed() {
        for result in [Outcome::Passed, Outcome::Failed] {
            assert_eq!(asked(&[restore(9, 8, result)]).verdict, Verdict::Fail);
            assert_eq!(asked(&[hardening(9, 8, Outcome::Passed), restore(7, 6, result)]).verdict, Verdict::Fail);
            assert_eq!(asked(&[restore(9, 6, result), hardening(8, 5, Outcome::Passed)]).verdict, Verdict::Fail, "they overlapped");
        }
    }

    #[test]
    fn a_hardening_that_failed_last_is_a_no() {
        let answer = asked(&[restore(9, 8, Outcome::Passed), hardening(7, 6, Outcome::Passed), hardening(5, 4, Outcome::Failed)]);
        assert_eq!(answer.verdict, Verdict::Fail);
        assert_eq!(asked(&[hardening(5, 4, Outcome::Failed), hardening(5, 4, Outcome::Passed)]).verdict, Verdict::Fail);
    }
}
