//! One file held against the names of the past, line by line.

use super::{
    azure::{Around, Meant},
    repositories::{self, Ours},
    words,
};
use nexy_contract::Target;

/// Something that nobody should speak of any more.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Past {
    Host(String),
    Group(String),
    Vm(String),
    Repository(String),
}

impl Past {
    /// What it is, and its name.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Host(name) => format!("the host {name}"),
            Self::Group(name) => format!("the resource group {name}"),
            Self::Vm(name) => format!("the VM {name}"),
            Self::Repository(name) => format!("the unknown repository {name}"),
        }
    }

    /// Only its name.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Host(name) | Self::Group(name) | Self::Vm(name) | Self::Repository(name) => name,
        }
    }
}

/// What is looked for.
#[derive(Clone, Debug)]
pub(super) struct Names {
    hosts: Vec<String>,
    /// Names that mean one thing wherever they stand.
    distinct: Vec<Past>,
    /// Names of groups and VMs that are also the product's own.
    ambiguous: Vec<String>,
    groups: Vec<String>,
    vms: Vec<String>,
    ours: Ours,
}

impl Names {
    /// The names of `nexy.toml`; `hosts` are those of GitHub, with their ports.
    pub(super) fn of(target: &Target, hosts: Vec<String>) -> Self {
        let repositories = [&target.repositories.workspace, &target.repositories.server, &target.repositories.artifacts];
        let mut owners: Vec<String> = Vec::new();
        let mut own_words: Vec<&str> =
            target.artifacts.iter().map(|artifact| artifact.name.split('.').next().unwrap_or_default()).collect();
        for (owner, name) in repositories.iter().filter_map(|repository| repository.split_once('/')) {
            own_words.push(name);
            if !owners.iter().any(|known| known.eq_ignore_ascii_case(owner)) {
                owners.push(owner.to_owned());
            }
        }
        let legacy = &target.legacy;
        let is_own = |name: &String| own_words.iter().any(|word| word.eq_ignore_ascii_case(name));
        let groups = legacy.resource_groups.iter().filter(|name| !is_own(name)).cloned().map(Past::Group);
        let vms = legacy.vms.iter().filter(|name| !is_own(name)).cloned().map(Past::Vm);
        let mut ambiguous: Vec<String> = legacy.resource_groups.iter().chain(&legacy.vms).filter(|name| is_own(name)).cloned().collect();
        ambiguous.sort_unstable();
        ambiguous.dedup();
        Self {
            hosts: legacy.hosts.clone(),
            distinct: groups.chain(vms).collect(),
            ambiguous,
            groups: legacy.resource_groups.clone(),
            vms: legacy.vms.clone(),
            ours: Ours { repositories: repositories.map(Clone::clone).to_vec(), owners, hosts },
        }
    }
}

/// One file that is being read.
#[derive(Debug)]
pub(super) struct Scan<'a> {
    names: &'a Names,
    around: Around,
}

impl<'a> Scan<'a> {
    /// Nothing of the file was read yet.
    pub(super) fn new(names: &'a Names) -> Self {
        Self { names, around: Around::default() }
    }

    /// Everything of the past that the next line speaks of.
    pub(super) fn line(&mut self, line: &str) -> Vec<Past> {
        let names = self.names;
        let mut found: Vec<Past> = Vec::new();
        let hosts = names.hosts.iter().filter(|host| words::host_places(line, host).next().is_some());
        found.extend(hosts.cloned().map(Past::Host));
        found.extend(names.distinct.iter().filter(|past| words::places(line, past.name()).next().is_some()).cloned());
        for name in &names.ambiguous {
            for at in words::places(line, name) {
                let past = match self.around.meant(line, at) {
                    Some(Meant::Group) if names.groups.contains(name) => Past::Group(name.clone()),
                    Some(Meant::Vm) if names.vms.contains(name) => Past::Vm(name.clone()),
                    Some(_) | None => continue,
                };
                found.push(past);
            }
        }
        found.extend(repositories::unknown(line, &names.ours).map(Past::Repository));
        self.around.pass(line);
        found.sort();
        found.dedup();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names() -> Names {
        let target = Target::parse(include_str!("../../../../../nexy.toml")).expect("the committed nexy.toml");
        Names::of(&target, vec!["github.com".to_owned()])
    }

    fn found(text: &str) -> Vec<String> {
        let names = names();
        let mut scan = Scan::new(&names);
        text.lines().flat_map(|line| scan.line(line)).map(|past| past.shown()).collect()
    }

    #[test]
    fn the_workflows_and_rulebooks_of_the_past_are_seen() {
        for (text, said) in [
            ("az vm run-command invoke -g Nexy -n nexy-regular --command-id x", "the resource group Nexy,the VM nexy-regular"),
            (
                "az vm run-command invoke \\\n  --resource-group \"NetworkWatcherRG\" \\\n  --name \"Nexy\" \\\n",
                "the resource group NetworkWatcherRG,the VM Nexy",
            ),
            (
                "manifest_url: https://nexy-server.canadacentral.cloudapp.azure.com/updates/appcast.xml",
                "the host nexy-server.canadacentral.cloudapp.azure.com",
            ),
            ("git remote add x git@github.com:Seregawpn/nexy_new.git", "the unknown repository Seregawpn/nexy_new"),
            ("resourceGroup: Nexy", "the resource group Nexy"),
        ] {
            assert_eq!(found(text).join(","), said, "{text}");
        }
    }

    /// Texts around the name that mean a VM or group of Azure's.
    fn meant() -> impl Strategy<Value = String> {
        let option = prop_oneof![Just("--resource-group "), Just("--resource-group="), Just("-g "), Just("--vm-name "), Just("--vm ")];
        let key = prop_oneof![
            Just("vm_name: "),
            Just("VM_NAME="),
            Just("resource_group = "),
            Just("\"resourceGroup\": "),
            Just("\"vmName\": "),
            Just("AZURE_VM_NAME="),
            Just("export RG="),
            Just("/virtualMachines/"),
            Just("/resourceGroups/"),
        ];
        let command =
            prop_oneof![Just("az vm show -d --name "), Just("az vm start -n "), Just("az group show -n "), Just("x=$(az vm show -g y -n ")];
        prop_oneof![option, key, command].prop_map(str::to_owned)
    }

    /// Texts around the name in which it is the product's own.
    fn legal() -> impl Strategy<Value = (String, String)> {
        let around = [
            ("Seregawpn/", ""),
            ("https://github.com/Seregawpn/", ".git"),
            ("", ".dmg"),
            ("release_inbox/", ".pkg"),
            ("", " Updates"),
            ("<title>", " Updates</title>"),
            ("name: ", ""),
            ("  name: ", ""),
            ("", "New"),
            ("-g ", "NewRG"),
            ("--name ", "New"),
            ("--title ", ""),
            ("CFBundleName = ", ""),
            ("the ", " assistant"),
            ("# ", ""),
            ("com.", ".assistant"),
            ("my-", ""),
            ("", "_server"),
        ];
        proptest::sample::select(around.to_vec()).prop_map(|(before, after)| (before.to_owned(), after.to_owned()))
    }

    proptest! {
        #[test]
        fn a_name_that_means_a_vm_or_group_is_always_refused(
            indent in " {0,8}", before in "(say |x=1 |see: ){0,3}", meant in meant(), quote in "[\"']?", upper in any::<bool>(), after in "( [a-z]{1,8}){0,2}"
        ) {
            let name = if upper { "Nexy" } else { "nexy" };
            let quote = if meant.ends_with('/') { String::new() } else { quote };
            let line = format!("{indent}{before}{meant}{quote}{name}{quote}{after}");
            prop_assert!(!found(&line).is_empty(), "{}", line);
        }

        #[test]
        fn a_legal_name_is_never_refused((before, after) in legal(), indent in " {0,8}", comment in "( # [a-z]{1,8})?", lines in "([a-z ]{0,12}\n){0,3}") {
            let text = format!("{lines}{indent}{before}Nexy{after}{comment}");
            prop_assert_eq!(found(&text), Vec::<String>::new(), "{}", text);
        }

        #[test]
        fn a_distinct_name_is_refused_wherever_it_is_a_word_and_never_as_a_part(before in "[ \"'=/:,(]", after in "[ \"'/:,;)]?", part in "[a-z0-9_-]") {
            for name in ["NetworkWatcherRG", "nexy-regular", "nexy-server.canadacentral.cloudapp.azure.com"] {
                prop_assert_eq!(found(&format!("x{before}{name}{after}")).len(), 1);
                prop_assert_eq!(found(&format!("{part}{name}")).len() + found(&format!("{name}{part}")).len(), 0);
            }
        }

        #[test]
        fn no_text_at_all_stops_the_scan(text in any::<String>()) {
            let _ = found(&text);
        }
    }
}
