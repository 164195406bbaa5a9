//! Whether the process was started after the code on disk was last changed: what Python has read stays in its memory.

use crate::{
    context::Context,
    probe::{Answer, Explain, Probe},
    service,
};
use nexy_contract::{
    Fix, Timestamp,
    fix::{command, note},
    text,
};
use nexy_outside::{
    fs::beneath,
    programs::{git::Git, systemd},
};
use std::path::Path;

/// The row of the table.
pub(crate) const PROBE: Probe = Probe {
    id: "process-newer",
    asks: "Was the process started after the code of the checkout was last changed?",
    profiles: &["local"],
    advice_in: &[],
    runbook: "S0 §3, S1 §4",
    explain: Explain {
        symptom: "The new tag is checked out, and the process of before goes on running the old code: nothing was restarted.",
        check: "systemctl show --property=MainPID,ExecMainStartTimestamp UNIT, held against git reflog of the checkout (since when HEAD is the commit that it is) and the times at which layout.version_file and layout.entry_point were written.",
        fix: &[command("sudo nexy-gate hard && sudo systemctl restart \"$(nexy-version show service.unit)\"")],
        verify: &[note("After the restart:"), command("nexy-verify local --wait 90s")],
    },
    check,
};

/// What was changed, and when; or why that is not known.
type Change = Result<(String, Timestamp), String>;

fn check(context: &Context) -> Answer {
    let unit = &context.workspace.target.service.unit;
    let wanted = "a process that is younger than the code of the checkout";
    let properties = match systemd::show(unit, &["MainPID", "ExecMainStartTimestamp"]) {
        Ok(properties) => properties,
        Err(error) => {
            return Answer::unknown(
                error.to_string(),
                wanted,
                Fix::note("ask on the VM:").then_command("scripts/vm.sh nexy-verify process-newer"),
            );
        }
    };
    let property = |name: &str| properties.get(name).map_or("", String::as_str);
    let started = systemd::moment(property("ExecMainStartTimestamp")).filter(|_| property("MainPID") != "0");
    let Some(started) = started else {
        let found = format!("{unit} has no process whose start is known");
        return Answer::unknown(found, wanted, Fix::command("nexy-verify unit-active"));
    };
    let (root, layout) = (&context.workspace.root, &context.workspace.target.layout);
    let mut changes: Vec<Change> = head(root).into_iter().collect();
    changes.extend([&layout.version_file, &layout.entry_point].map(|file| {
        let at = beneath::written(root, Path::new(file)).map_err(|error| error.to_string())?;
        Ok((format!("{file} was written"), at))
    }));
    judge(unit, started, &changes)
}

/// Since when the commit of the checkout is checked out; `None` where no repository, or one that takes no notes, can tell.
fn head(root: &Path) -> Option<Change> {
    let since = match Git::at(root) {
        Ok(None) => return None,
        Ok(Some(git)) => git.head_since(),
        Err(error) => Err(error),
    };
    match since {
        Ok(since) => since.map(|(at, commit)| Ok((format!("{:.12} was checked out", commit), at))),
        Err(error) => Some(Err(format!("when HEAD of {} last changed: {error}", root.display()))),
    }
}

/// Both sides are cut to whole seconds, and a restart follows a checkout within one: the same second is right.
fn judge(unit: &str, started: Timestamp, changes: &[Change]) -> Answer {
    let wanted = "a process that is younger than the code of the checkout";
    let known = changes.iter().filter_map(|change| change.as_ref().ok());
    let Some((what, at)) = known.max_by_key(|(_, at)| *at) else {
        return Answer::unknown("no change of the checkout is known", wanted, Fix::command("sudo nexy-gate checkout-state"));
    };
    if *at > started {
        let found = format!("the process runs since {started}, and {what} at {at}: it runs the code of before");
        return Answer::fail(found, wanted, Fix::command(service::restart(unit)));
    }
    if let Some(because) = changes.iter().find_map(|change| change.as_ref().err()) {
        let found = format!("cannot determine {}", text::excerpt(because, 300));
        return Answer::unknown(found, wanted, Fix::command("sudo nexy-verify process-newer"));
    }
    Answer::pass(format!("the process runs since {started}; before that, {what} at {at}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexy_contract::Verdict;

    #[test]
    fn the_last_change_of_the_code_decides_and_what_is_not_known_never_passes() {
        let at = |seconds| Timestamp::from_second(seconds).expect("a moment");
        let change = |seconds| Ok(("VERSION was written".to_owned(), at(seconds)));
        let unknown = || Err("when HEAD last changed: git refuses to tell".to_owned());
        for (changes, verdict) in [
            (vec![change(90), change(99)], Verdict::Pass),
            (vec![change(90), change(100)], Verdict::Pass),
            (vec![change(101), change(90)], Verdict::Fail),
            (vec![change(90), unknown()], Verdict::Unknown),
            (vec![unknown(), change(101)], Verdict::Fail),
            (vec![unknown()], Verdict::Unknown),
            (vec![], Verdict::Unknown),
        ] {
            let answer = judge("x.service", at(100), &changes);
            assert_eq!(answer.verdict, verdict, "{changes:?}: {}", answer.found);
        }
        let answer = judge("x.service", at(100), &[change(160)]);
        assert_eq!(
            (answer.found.as_str(), answer.fix.text().as_str()),
            (
                "the process runs since 1970-01-01T00:01:40Z, and VERSION was written at 1970-01-01T00:02:40Z: it runs the code of before",
                "sudo nexy-gate hard && sudo systemctl restart x.service"
            )
        );
    }
}
