//! The table of gates, one row per gate; each row is in the file of its name.

mod artifact_genuine;
mod artifact_version;
mod azure_login;
mod azure_vm;
mod checkout_origin;
mod checkout_state;
mod code_repo_has_no_release;
mod config_env;
mod config_env_access;
mod config_env_keys;
mod db_backup;
mod db_hardened;
mod disk_space;
mod exec_start;
mod fixed_channel;
mod gemini_smoke;
mod git_remotes;
mod github_quota;
mod github_token;
mod layout;
mod no_force_push;
mod no_legacy;
mod not_rolled_back;
mod python_deps;
mod release_inbox;
mod remote_script;
mod repository_quality;
mod restore_drill;
mod server_deployed;
mod server_version_env;
mod single_manifest;
mod tag_coherent;
mod target_canonical;
mod unit_enabled;
mod update_dirs;
mod version_moves;
mod version_synced;
mod workflow_triggers;

use crate::gate::Gate;

/// Every gate, in the order in which they are asked: what can be seen on this machine comes before the network.
pub(crate) const GATES: &[&Gate] = &[
    &version_synced::GATE,
    &target_canonical::GATE,
    &no_legacy::GATE,
    &git_remotes::GATE,
    &no_force_push::GATE,
    &tag_coherent::GATE,
    &layout::GATE,
    &workflow_triggers::GATE,
    &remote_script::GATE,
    &release_inbox::GATE,
    &artifact_genuine::GATE,
    &artifact_version::GATE,
    &version_moves::GATE,
    &repository_quality::GATE,
    &fixed_channel::GATE,
    &not_rolled_back::GATE,
    &github_token::GATE,
    &github_quota::GATE,
    &code_repo_has_no_release::GATE,
    &azure_login::GATE,
    &azure_vm::GATE,
    &server_deployed::GATE,
    &disk_space::GATE,
    &checkout_origin::GATE,
    &update_dirs::GATE,
    &config_env::GATE,
    &config_env_keys::GATE,
    &config_env_access::GATE,
    &exec_start::GATE,
    &unit_enabled::GATE,
    &server_version_env::GATE,
    &gemini_smoke::GATE,
    &checkout_state::GATE,
    &python_deps::GATE,
    &single_manifest::GATE,
    &db_backup::GATE,
    &restore_drill::GATE,
    &db_hardened::GATE,
];

/// Ids under which a gate was known before, with those of today; the command line takes both.
const OLD_IDS: &[(&str, &str)] = &[("gemini-key", "config-env-keys")];

/// The id of today of a name on the command line.
pub(crate) fn current_id(name: &str) -> &str {
    OLD_IDS.iter().find(|(old, _)| *old == name).map_or(name, |(_, id)| id)
}

/// Every profile, in the order of a release.
pub(crate) const PROFILES: &[&str] = &["pre-production", "db", "before-deploy", "before-checkout", "hard", "before-publish"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::Machine;
    use nexy_contract::before_publish;
    use std::collections::BTreeSet;

    fn ids_of(profile: &str) -> Vec<&'static str> {
        GATES.iter().filter(|gate| gate.profiles.contains(&profile)).map(|gate| gate.id).collect()
    }

    #[test]
    fn before_publish_asks_exactly_what_a_publication_stands_on() {
        assert_eq!(ids_of(before_publish::PROFILE), before_publish::IDS);
    }

    #[test]
    fn pre_production_asks_everything_that_a_laptop_can_know_before_a_deploy() {
        for gate in GATES {
            let is_asked = gate.profiles.contains(&"pre-production");
            assert_eq!(is_asked, gate.at != Machine::Vm && gate.id != "server-deployed", "{}", gate.id);
        }
    }

    #[test]
    fn every_file_of_this_folder_is_a_row_of_the_table() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/gates");
        let files: BTreeSet<String> = std::fs::read_dir(folder)
            .expect("the folder of gates")
            .filter_map(|entry| entry.expect("an entry").file_name().to_str()?.strip_suffix(".rs").map(|name| name.replace('_', "-")))
            .filter(|name| name != "mod")
            .collect();
        assert_eq!(files, GATES.iter().map(|gate| gate.id.to_owned()).collect());
    }

    #[test]
    fn an_old_id_leads_to_a_gate_and_is_no_gate_itself() {
        for (old, id) in OLD_IDS {
            assert_eq!(current_id(old), *id);
            assert!(GATES.iter().any(|gate| gate.id == *id) && GATES.iter().all(|gate| gate.id != *old), "{old}");
        }
        assert_eq!(current_id("config-env"), "config-env");
    }

    #[test]
    fn ids_and_profiles_are_disjoint_and_every_row_is_filled() {
        for gate in GATES {
            assert!(!PROFILES.contains(&gate.id), "{} is a gate and a profile", gate.id);
            assert!(!gate.profiles.is_empty() && gate.profiles.iter().all(|profile| PROFILES.contains(profile)), "{}", gate.id);
            assert!(gate.asks.ends_with('?') && gate.runbook.starts_with('S'), "{}", gate.id);
            let explain = &gate.explain;
            assert!([explain.symptom, explain.check].iter().all(|text| !text.is_empty()), "{}", gate.id);
            assert!(!explain.fix.is_empty() && !explain.verify.is_empty(), "{}", gate.id);
        }
    }
}
