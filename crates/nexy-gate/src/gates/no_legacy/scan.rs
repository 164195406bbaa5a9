//! Searches lines for legacy names.

use super::repositories::{self, Ours};
use crate::formats::words;
use nexy_contract::Target;

/// What a name belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum NameKind {
    Host,
    Group,
    Vm,
    Repository,
}

/// A name that must not be used any more.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LegacyName {
    pub(super) kind: NameKind,
    pub(super) name: String,
}

impl LegacyName {
    /// What it is, and its name.
    pub(super) fn shown(&self) -> String {
        let kind = match self.kind {
            NameKind::Host => "host",
            NameKind::Group => "resource group",
            NameKind::Vm => "VM",
            NameKind::Repository => "unknown repository",
        };
        format!("the {kind} {}", self.name)
    }
}

/// What is looked for.
#[derive(Clone, Debug)]
pub(super) struct Names {
    /// Names that mean one thing wherever they stand.
    distinct: Vec<LegacyName>,
    /// Names of groups and VMs that are also the product's own: they count in a few plain spellings only.
    ambiguous: Vec<LegacyName>,
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
        let all = [(NameKind::Host, &legacy.hosts), (NameKind::Group, &legacy.resource_groups), (NameKind::Vm, &legacy.vms)];
        let all = all.into_iter().flat_map(|(kind, names)| names.iter().map(move |name| LegacyName { kind, name: name.clone() }));
        let (ambiguous, distinct) = all.partition(|legacy| own_words.iter().any(|word| word.eq_ignore_ascii_case(&legacy.name)));
        Self { distinct, ambiguous, ours: Ours { repositories: repositories.map(Clone::clone).to_vec(), owners, hosts } }
    }

    /// Every legacy name in a line, each once; `named` is what a `--name` names that stands in an `az` command of the lines before.
    fn in_line(&self, line: &str, named: Option<NameKind>) -> Vec<LegacyName> {
        let distinct = self.distinct.iter().filter(|legacy| match legacy.kind {
            NameKind::Host => words::host_places(line, &legacy.name).next().is_some(),
            _ => words::places(line, &legacy.name).next().is_some(),
        });
        let is_meant = |legacy: &&LegacyName| {
            words::places(line, &legacy.name).any(|at| kind_at(&line[..at].to_ascii_lowercase(), named) == Some(legacy.kind))
        };
        let ambiguous = self.ambiguous.iter().filter(is_meant);
        let unknown = repositories::unknown(line, &self.ours).map(|name| LegacyName { kind: NameKind::Repository, name });
        let mut found: Vec<LegacyName> = distinct.chain(ambiguous).cloned().chain(unknown).collect();
        found.sort();
        found.dedup();
        found
    }
}

/// What a `--name` names behind this text; `None` where no `az` stands.
fn named_by_az(text: &str) -> Option<NameKind> {
    words::places(text, "az").next()?;
    Some(if text.contains("az group ") { NameKind::Group } else { NameKind::Vm })
}

/// What a name behind this text belongs to, where the text is one of the plain spellings of Azure's names.
fn kind_at(before: &str, named: Option<NameKind>) -> Option<NameKind> {
    if before.ends_with("resourcegroups/") {
        return Some(NameKind::Group);
    }
    if before.ends_with("virtualmachines/") {
        return Some(NameKind::Vm);
    }
    let rest = before.trim_end_matches([' ', '\t', ':', '=', '"', '\'']);
    let (word, gap) = (rest.rsplit(|character| !words::is_part(character)).next().unwrap_or_default(), &before[rest.len()..]);
    let is_value = gap.contains([':', '=']);
    match word {
        "-g" | "--resource-group" if !gap.is_empty() => Some(NameKind::Group),
        "--vm-name" if !gap.is_empty() => Some(NameKind::Vm),
        "-n" | "--name" if !gap.is_empty() => named_by_az(rest).or(named),
        "resource_group" | "azure_resource_group" | "resourcegroup" if is_value => Some(NameKind::Group),
        "vm" | "vm_name" | "azure_vm_name" if is_value => Some(NameKind::Vm),
        _ => None,
    }
}

/// One line with a legacy name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) path: String,
    pub(super) line: usize,
    pub(super) legacy: LegacyName,
}

/// A NUL so early means that it is no text.
const BINARY_BYTES: usize = 8 << 10;

/// The lines of one file, one after another.
pub(super) struct Search<'a> {
    names: &'a Names,
    path: &'a str,
    /// What a `--name` names in the line to come, which a `\` makes a part of an `az` command.
    named: Option<NameKind>,
    pub(super) spots: Vec<Spot>,
}

impl<'a> Search<'a> {
    pub(super) fn new(names: &'a Names, path: &'a str) -> Self {
        Self { names, path, named: None, spots: Vec::new() }
    }

    /// The next line, or piece of one.
    pub(super) fn line(&mut self, line: usize, text: &[u8]) {
        let text = String::from_utf8_lossy(text);
        for legacy in self.names.in_line(&text, self.named) {
            let spot = Spot { path: self.path.to_owned(), line, legacy };
            // A long line comes in pieces that overlap.
            if self.spots.last() != Some(&spot) {
                self.spots.push(spot);
            }
        }
        self.named = named_by_az(&text).or(self.named).filter(|_| text.trim_end().ends_with('\\'));
    }

    /// A whole content; a binary one has no names.
    pub(super) fn text(&mut self, content: &[u8]) {
        if !content.iter().take(BINARY_BYTES).any(|byte| *byte == 0) {
            content.split(|byte| *byte == b'\n').enumerate().for_each(|(index, line)| self.line(index + 1, line));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    static NAMES: std::sync::LazyLock<Names> = std::sync::LazyLock::new(|| {
        let target = crate::tests::target();
        Names::of(&target, vec!["github.com".to_owned()])
    });

    fn found(line: &str) -> Vec<String> {
        let mut search = Search::new(&NAMES, "x");
        search.text(line.as_bytes());
        search.spots.iter().map(|spot| spot.legacy.shown()).collect()
    }

    #[test]
    fn an_ambiguous_name_counts_in_plain_spellings_only() {
        for (line, said) in [
            ("az vm run-command invoke -g Nexy -n nexy-regular --command-id x", "the resource group Nexy,the VM nexy-regular"),
            ("  --resource-group \"Nexy\" \\", "the resource group Nexy"),
            ("--resource-group=Nexy", "the resource group Nexy"),
            ("az vm show -g NexyNewRG --name 'nexy' -o table", "the VM Nexy"),
            ("az vm start -n Nexy", "the VM Nexy"),
            ("x=$(az vm show -n Nexy)", "the VM Nexy"),
            ("az group delete --name Nexy --yes", "the resource group Nexy"),
            ("/subscriptions/x/resourceGroups/Nexy/providers/y/virtualMachines/Nexy", "the resource group Nexy,the VM Nexy"),
            ("resource_group: \"Nexy\"", "the resource group Nexy"),
            ("RESOURCE_GROUP=Nexy", "the resource group Nexy"),
            ("\"vm_name\": \"Nexy\",", "the VM Nexy"),
            ("vm: Nexy", "the VM Nexy"),
            ("VM_NAME='Nexy'", "the VM Nexy"),
            ("AZURE_RESOURCE_GROUP: Nexy", "the resource group Nexy"),
            ("AZURE_VM_NAME: Nexy", "the VM Nexy"),
            ("resourceGroup: Nexy", "the resource group Nexy"),
            ("run --vm-name Nexy", "the VM Nexy"),
            ("az vm show \\\n  -o table \\\n  --name Nexy", "the VM Nexy"),
            ("az group delete \\\n  --name Nexy", "the resource group Nexy"),
        ] {
            assert_eq!(found(line).join(","), said, "{line}");
        }
        for line in [
            "Seregawpn/Nexy",
            "https://github.com/Seregawpn/Nexy.git",
            "Nexy.dmg",
            "<title>Nexy Updates</title>",
            "name: Nexy",
            "-g NexyNewRG --name NexyNew",
            "pyinstaller --name Nexy --onefile",
            "az vm list\npyinstaller \\\n  --name Nexy",
            "-n Nexy",
            "the vm Nexy runs on",
            "resource_group, Nexy is the product",
            "jvm_name: Nexy",
            "app_name: Nexy",
            "title=\"Nexy\"",
            "com.Nexy.assistant",
            "Nexy_server",
        ] {
            assert_eq!(found(line), Vec::<String>::new(), "{line}");
        }
    }

    #[test]
    fn hosts_and_unknown_repositories_are_seen() {
        let host = "nexy-server.canadacentral.cloudapp.azure.com";
        assert_eq!(found(&format!("manifest_url: https://{host}/updates/appcast.xml")), [format!("the host {host}")]);
        assert_eq!(found("git remote add x git@github.com:Seregawpn/nexy_new.git"), ["the unknown repository Seregawpn/nexy_new"]);
    }

    proptest! {
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
