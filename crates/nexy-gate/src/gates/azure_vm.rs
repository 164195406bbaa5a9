//! The VM is there, runs, and is the one of the target.

use crate::gate::prelude::*;
use crate::observed::azure::{self, Silence};
use serde::Deserialize;
use std::time::Duration;

pub(crate) const GATE: Gate = Gate {
    id: "azure-vm",
    asks: "Is the VM there, running, and in the resource group of the target?",
    profiles: &["pre-production", "before-deploy"],
    runbook: "S0 §1, S1 §1, S0 §5.1",
    at: Machine::Laptop,
    takes: Takes::Outside,
    explain: Explain {
        symptom: "A deployment ends with `not found`, goes to a legacy machine, or reaches a VM that Azure has stopped.",
        check: "az vm show -g GROUP -n VM --show-details with the names of release_target: provisioningState Succeeded, powerState VM running. \
                If it is not there, az vm list says what else the subscription has, and whether that is a legacy name.",
        fix: &[note("az login, az account set or az vm start, as the finding says.")],
        verify: &[command("az vm show -g GROUP -n VM --show-details -o table"), command("nexy-gate azure-vm")],
    },
    check,
    repair: None,
};

const AGAIN: &str = "nexy-gate azure-vm";
/// So many other machines are named.
const OTHERS_SHOWN: usize = 5;

/// A machine as `az` shows it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vm {
    name: String,
    resource_group: String,
    #[serde(default)]
    provisioning_state: Option<String>,
    #[serde(default)]
    power_state: Option<String>,
}

fn check(context: &Context) -> Answer {
    let target = &context.workspace.target;
    let (group, name) = (target.release_target.resource_group.as_str(), target.release_target.vm.as_str());
    // Within the gate's own time, and so that the second question still fits into it.
    let deadline = Duration::from_secs(target.limits.gate_timeout_s);
    let longest = Duration::from_secs(target.limits.az_timeout_s);
    let asked = azure::ask::<Vm>(&["vm", "show", "-g", group, "-n", name, "--show-details"], longest.min(deadline * 3 / 5));
    let others = match &asked {
        Err(Silence::NoGroup | Silence::NoResource) => azure::ask::<Vec<Vm>>(&["vm", "list"], longest.min(deadline / 4)).ok(),
        _ => None,
    };
    judge(target, asked, others.as_deref())
}

fn judge(target: &Target, asked: Result<Vm, Silence>, others: Option<&[Vm]>) -> Answer {
    let (group, name) = (target.release_target.resource_group.as_str(), target.release_target.vm.as_str());
    let expected = format!("the VM {name} in {group}, Succeeded and running");
    let vm = match asked {
        Ok(vm) => vm,
        Err(silence) => {
            let is_missing = matches!(silence, Silence::NoGroup | Silence::NoResource);
            let mut answer = silence.answer(target, &format!("the VM {name} ({group})"), expected, AGAIN);
            if let (true, Some(others)) = (is_missing, others) {
                answer.found = format!("{}; {}", answer.found, told(target, others));
            }
            return answer;
        }
    };
    if !vm.name.eq_ignore_ascii_case(name) || !vm.resource_group.eq_ignore_ascii_case(group) {
        let found =
            format!("asked about {name} in {group}, `az` answers about {} in {}", excerpt(&vm.name, 60), excerpt(&vm.resource_group, 60));
        return Answer::unknown(found, expected, Fix::commands(["az upgrade", AGAIN]));
    }
    let place = format!("-g {} -n {}", shell_word(group), shell_word(name));
    let show = || Fix::command(format!("az vm show {place} --show-details -o table")).then_command(AGAIN);
    let wait = || Fix::note("Give it a minute, then:").then(show());
    let mut builder = AnswerBuilder::default();
    match vm.provisioning_state.as_deref() {
        Some("Succeeded") => builder.pass(format!("{name} is in {group}")),
        Some(state @ ("Creating" | "Updating" | "Migrating")) => {
            builder.unknown(format!("Azure is changing {name} right now ({state})"), wait());
        }
        Some(state @ ("Failed" | "Canceled" | "Deleting")) => {
            let statuses = format!("az vm get-instance-view {place} --query instanceView.statuses -o table");
            builder.fail(format!("the last change of {name} ended as {state}"), Fix::command(statuses).then_command(AGAIN));
        }
        other => builder.unknown(unheard("provisioningState", other), show()),
    }
    match vm.power_state.as_deref() {
        Some("VM running") => builder.pass("it runs"),
        Some(state @ ("VM deallocated" | "VM stopped" | "VM stopping" | "VM deallocating")) => {
            builder.fail(format!("{name} does not run ({state})"), Fix::command(format!("az vm start {place}")).then_command(AGAIN));
        }
        Some("VM starting") => builder.unknown(format!("{name} is starting"), wait()),
        other => builder.unknown(unheard("powerState", other), show()),
    }
    builder.answer(expected)
}

fn unheard(what: &str, state: Option<&str>) -> String {
    match state {
        Some(state) => format!("{what} is `{}`, which is not known here", excerpt(state, 40)),
        None => format!("`az` says nothing of {what}"),
    }
}

/// What else the subscription has: a login to the wrong one sees other machines.
fn told(target: &Target, others: &[Vm]) -> String {
    if others.is_empty() {
        return "that subscription has no VM that this login may see".to_owned();
    }
    let holds = |names: &[String], name: &str| names.iter().any(|legacy| legacy.eq_ignore_ascii_case(name));
    let one = |vm: &Vm| {
        let is_legacy = holds(&target.legacy.vms, &vm.name) || holds(&target.legacy.resource_groups, &vm.resource_group);
        let remark = if is_legacy { " (a legacy name)" } else { "" };
        format!("{}/{}{remark}", excerpt(&vm.resource_group, 60), excerpt(&vm.name, 60))
    };
    let shown: Vec<String> = others.iter().take(OTHERS_SHOWN).map(one).collect();
    let more = if others.len() > OTHERS_SHOWN { format!(" and {} more", others.len() - OTHERS_SHOWN) } else { String::new() };
    format!("that subscription has {}{more}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{says, target};

    fn vm(provisioning: Option<&str>, power: Option<&str>) -> Vm {
        let release = target().release_target;
        Vm {
            name: release.vm.to_uppercase(),
            resource_group: release.resource_group.to_lowercase(),
            provisioning_state: provisioning.map(str::to_owned),
            power_state: power.map(str::to_owned),
        }
    }

    fn asked(provisioning: Option<&str>, power: Option<&str>) -> Answer {
        judge(&target(), Ok(vm(provisioning, power)), None)
    }

    #[test]
    fn a_running_vm_passes_in_any_spelling() {
        assert_eq!(asked(Some("Succeeded"), Some("VM running")).verdict, Verdict::Pass);
    }

    #[test]
    fn every_other_state_is_a_no_or_unknown() {
        let running = Some("VM running");
        for (provisioning, power, verdict, fix) in [
            (Some("Succeeded"), Some("VM deallocated"), Verdict::Fail, "az vm start -g "),
            (Some("Succeeded"), Some("VM stopped"), Verdict::Fail, "az vm start -g "),
            (Some("Succeeded"), Some("VM stopping"), Verdict::Fail, "az vm start -g "),
            (Some("Succeeded"), Some("VM starting"), Verdict::Unknown, "Give it a minute"),
            (Some("Succeeded"), Some("VM asleep"), Verdict::Unknown, "az vm show -g "),
            (Some("Succeeded"), None, Verdict::Unknown, "az vm show -g "),
            (Some("Failed"), running, Verdict::Fail, "az vm get-instance-view -g "),
            (Some("Deleting"), running, Verdict::Fail, "az vm get-instance-view -g "),
            (Some("Updating"), running, Verdict::Unknown, "Give it a minute"),
            (Some("Odd"), running, Verdict::Unknown, "az vm show -g "),
            (None, running, Verdict::Unknown, "az vm show -g "),
            (Some("Updating"), Some("VM deallocated"), Verdict::Fail, "az vm start -g "),
        ] {
            let answer = asked(provisioning, power);
            assert_eq!(answer.verdict, verdict, "{provisioning:?} {power:?}");
            assert!(answer.fix.text().contains(fix), "{}", answer.fix);
        }
    }

    #[test]
    fn another_machine_than_the_one_that_was_asked_about_is_unknown() {
        let mut other = vm(Some("Succeeded"), Some("VM running"));
        other.name = "Other".to_owned();
        assert_eq!(judge(&target(), Ok(other), None).verdict, Verdict::Unknown);
    }

    #[test]
    fn a_missing_machine_fails_and_says_what_is_there_instead() {
        let past = Vm { name: target().legacy.vms[0].clone(), resource_group: "g\u{1b}".into(), ..vm(None, None) };
        for silence in [Silence::NoGroup, Silence::NoResource] {
            let answer = judge(&target(), Err(silence.clone()), Some(std::slice::from_ref(&past)));
            says(&answer, Verdict::Fail, "(a legacy name)");
            says(&answer, Verdict::Fail, "g\\x1b/");
            assert!(judge(&target(), Err(silence.clone()), Some(&[])).found.contains("has no VM"));
            assert_eq!(judge(&target(), Err(silence), None).verdict, Verdict::Fail);
        }
        let many = vec![past; 7];
        assert!(judge(&target(), Err(Silence::NoGroup), Some(&many)).found.ends_with("and 2 more"));
    }

    #[test]
    fn what_the_login_may_not_see_fails_and_an_outage_is_unknown() {
        for (silence, verdict) in [
            (Silence::NotLoggedIn, Verdict::Fail),
            (Silence::Forbidden, Verdict::Fail),
            (Silence::Disabled, Verdict::Fail),
            (Silence::Unknown("a".into(), Fix::command("b")), Verdict::Unknown),
        ] {
            let answer = judge(&target(), Err(silence.clone()), None);
            assert_eq!(answer.verdict, verdict, "{silence:?}");
            assert!(!answer.fix.is_empty() && !answer.expected.is_empty());
        }
    }
}
