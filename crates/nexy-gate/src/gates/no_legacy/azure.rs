//! Where a VM or a resource group is meant: a legacy name may also be the product's own, which is legal everywhere else.

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meant {
    Group,
    Vm,
}

/// What is known from the lines before, of one file.
#[derive(Debug, Default)]
pub(super) struct Around {
    command: Option<Command>,
    /// Keys that opened the blocks which this line may stand in, with their indentation.
    open: Vec<(usize, String)>,
}

/// An `az` command that may go on in the next line.
#[derive(Clone, Copy, Debug)]
struct Command {
    meant: Meant,
    depth: i32,
    lines: u8,
    /// The line before ended in the middle of it; otherwise only options go on with it.
    is_cut: bool,
}

/// A command of more lines is none.
const LONGEST_COMMAND: u8 = 30;
const DEEPEST: usize = 64;
/// Longer keys are prose.
const LONGEST_KEY: usize = 48;

impl Around {
    /// What the name at `at` stands for in this line, if for anything of Azure's.
    pub(super) fn meant(&self, line: &str, at: usize) -> Option<Meant> {
        let before = &line[..at];
        let lower = before.to_lowercase();
        for (path, meant) in [("virtualmachines", Meant::Vm), ("resourcegroups", Meant::Group)] {
            if ["/", "%2f"].iter().any(|slash| lower.ends_with(&format!("{path}{slash}"))) {
                return Some(meant);
            }
        }
        let rest = before.trim_end_matches([' ', '\t', '"', '\'', '`', ',', ':', '=', '>', '|', '[', '(', '{', '*', '-', '\\', '?', '!']);
        let gap = &before[rest.len()..];
        if gap.is_empty() || rest.ends_with('$') {
            return None;
        }
        let command = self.command_at(line, at);
        let word = rest.rsplit(|character: char| !(character.is_alphanumeric() || "_-.".contains(character))).next().unwrap_or_default();
        if word.starts_with('-') {
            return if gap.contains([':', '|', '*']) { None } else { option(word, command, line) };
        }
        if let Some(meant) = command.filter(|_| is_verb(word) && !gap.contains([':', '='])) {
            return Some(meant);
        }
        self.key(rest, gap, line)
    }

    fn key(&self, rest: &str, gap: &str, line: &str) -> Option<Meant> {
        let joins = gap.contains([':', '=', '|']);
        if !joins && !gap.contains(['"', '\'', '`']) {
            return None;
        }
        if let Some(meant) = key_meant(rest, joins) {
            return Some(meant);
        }
        // `name` says nothing by itself: what it is the name of stands before it, in this line or above.
        let outer = rest.strip_suffix("name").or_else(|| rest.strip_suffix("Name"))?;
        if outer.ends_with(|character: char| super::words::is_part(character)) || !joins {
            return None;
        }
        let outer = outer.trim_end_matches([' ', '\t', '"', '\'', '-']);
        if outer.is_empty() {
            let (indent, is_item) = (indent(line), line.trim_start().starts_with("- "));
            let above = self.open.iter().rev().find(|(outer, _)| *outer < indent || (is_item && *outer == indent));
            return above.and_then(|(_, key)| key_meant(key, true));
        }
        let opener = outer.trim_end_matches([' ', '\t', '"', '\'', '{', ':', '=', '(']);
        if opener.len() < outer.len() { key_meant(opener, true) } else { None }
    }

    /// The `az` command that the name at `at` is an argument of.
    fn command_at(&self, line: &str, at: usize) -> Option<Meant> {
        let own = az_words(&line[..at]).last();
        let (start, meant) = match (own, self.command) {
            (Some(start), _) => (start, subcommand(&line[start..])),
            (None, Some(command)) if command.is_cut || line.trim_start().starts_with('-') => (0, command.meant),
            (None, _) => return None,
        };
        (!is_ended(&line[start..at])).then_some(meant)
    }

    /// Takes note of a line that was looked at.
    pub(super) fn pass(&mut self, line: &str) {
        let trimmed = line.trim_end();
        if let Some(meant) = self.command_at(line, line.len()) {
            let had = self.command.filter(|_| az_words(line).next().is_none());
            let depth = had.map_or(0, |had| had.depth) + depth(line);
            let lines = had.map_or(0, |had| had.lines) + 1;
            let is_cut = trimmed.ends_with(['\\', ',', '^']) || depth > 0;
            self.command = (lines < LONGEST_COMMAND).then_some(Command { meant, depth, lines, is_cut });
        } else {
            self.command = None;
        }
        let indent = indent(line);
        if trimmed.is_empty() {
            return;
        }
        self.open.retain(|(outer, _)| *outer < indent);
        if trimmed.ends_with([':', '{', '[']) && self.open.len() < DEEPEST {
            let key: String = trimmed.trim_end_matches([':', '{', '[', ' ', '"', '\'', '=']).chars().rev().take(LONGEST_KEY).collect();
            self.open.push((indent, key.chars().rev().collect()));
        }
    }
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Where the word `az` begins a command.
fn az_words(text: &str) -> impl Iterator<Item = usize> + '_ {
    text.match_indices("az").map(|(at, _)| at).filter(|at| {
        let before = text[..*at].chars().next_back();
        let after = text[at + 2..].chars().next();
        before.is_none_or(|before| " \t\"'`(/=;&|$".contains(before)) && after.is_none_or(|after| " \t\"'`,".contains(after))
    })
}

/// What the names of an `az` command are names of.
fn subcommand(command: &str) -> Meant {
    let first = command[2..].split(|character: char| !character.is_alphanumeric()).find(|word| !word.is_empty());
    if first == Some("group") { Meant::Group } else { Meant::Vm }
}

/// Whether a command ends in this text; what is quoted ends nothing.
fn is_ended(text: &str) -> bool {
    let (mut quote, mut before) = (None, ' ');
    for character in text.chars() {
        match (quote, character) {
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            // `2>&1` goes on.
            (None, '&') if before == '>' => {}
            (None, ';' | '|' | '&') => return true,
            _ => {}
        }
        before = character;
    }
    false
}

fn depth(line: &str) -> i32 {
    line.chars()
        .map(|character| match character {
            '(' | '[' => 1,
            ')' | ']' => -1,
            _ => 0,
        })
        .sum()
}

fn option(word: &str, command: Option<Meant>, line: &str) -> Option<Meant> {
    match word {
        "--resource-group" | "--resource_group" | "--rg" => Some(Meant::Group),
        "--vm-name" | "--vm_name" | "--vm" => Some(Meant::Vm),
        "--name" | "-n" => command,
        // Other programs have a `-g` of their own.
        "-g" => (command.is_some() || !OTHER_PROGRAMS.iter().any(|name| line.split_whitespace().any(|word| word == *name)))
            .then_some(Meant::Group),
        _ => None,
    }
}

const OTHER_PROGRAMS: &[&str] = &["npm", "pnpm", "yarn", "useradd", "usermod", "newgrp", "install", "git", "ps", "pgrep", "pkill", "rg"];

fn is_verb(word: &str) -> bool {
    ["show", "start", "stop", "restart", "deallocate", "invoke", "delete", "create", "exists"].contains(&word)
}

/// What a key, at the end of a text, is the name of: `AZURE_VM_NAME`, `resourceGroup`, `Resource group`.
fn key_meant(text: &str, joins: bool) -> Option<Meant> {
    let tail: Vec<char> = text.chars().rev().take(LONGEST_KEY).collect();
    let tail: String = tail.into_iter().rev().collect::<String>().to_lowercase();
    let plain: String = tail.chars().filter(|character| character.is_alphanumeric()).collect();
    let ends = |words: &[&str]| words.iter().any(|word| plain.ends_with(word));
    let last = tail.rsplit(|character: char| !character.is_alphanumeric()).next().unwrap_or_default();
    let camel = text.ends_with("Vm") || text.ends_with("VmName");
    if ends(&["resourcegroup", "resourcegroupname", "azurerg", "rgname"]) || (last == "rg" && joins) {
        Some(Meant::Group)
    } else if ends(&["virtualmachine", "virtualmachinename", "azurevm"])
        || ["vm", "vms", "vmname"].contains(&last)
        || is_vm_name(&tail)
        || camel
    {
        Some(Meant::Vm)
    } else {
        None
    }
}

/// `vm_name`, `vm-name`, `VM name`; not the end of a longer word.
fn is_vm_name(tail: &str) -> bool {
    let mut words = tail.rsplit(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty());
    (words.next(), words.next()) == (Some("name"), Some("vm"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the last `Old` of the text means, with the lines before it passed.
    fn meant(text: &str) -> Option<Meant> {
        let lines: Vec<&str> = text.lines().collect();
        let mut around = Around::default();
        let mut last = None;
        for line in lines {
            if let Some(at) = super::super::words::places(line, "Old").last() {
                last = around.meant(line, at);
            }
            around.pass(line);
        }
        last
    }

    #[test]
    fn every_way_to_name_a_group_is_seen() {
        for text in [
            "az vm show --resource-group Old --name x",
            "az vm list -g Old",
            "-g Old",
            "--resource-group=\"Old\"",
            "args = [\"--resource-group\", \"Old\"]",
            "resource_group: \"Old\"",
            "\"resourceGroup\": \"Old\",",
            "RESOURCE_GROUP=Old",
            "AZURE_RESOURCE_GROUP='Old'",
            "RG=\"${RG:-Old}\"",
            "rg: Old",
            "resourceGroupName = 'Old'",
            "| Resource group | `Old` |",
            "- **Resource group:** `Old`",
            "os.getenv(\"AZURE_RESOURCE_GROUP\", \"Old\")",
            "/subscriptions/x/resourceGroups/Old/providers",
            "resourcegroups%2FOld%2F",
            "az group show --name Old",
            "az group delete -n old --yes",
            "{\"resource_group\": {\"name\": \"Old\"}}",
        ] {
            assert_eq!(meant(text), Some(Meant::Group), "{text}");
        }
    }

    #[test]
    fn every_way_to_name_a_vm_is_seen() {
        for text in [
            "az vm show -g x --name Old -o table",
            "az vm run-command invoke -n 'Old' --command-id x",
            "az vm show Old",
            "az vm start \\\n  --resource-group x \\\n  --name \"Old\" \\\n  --no-wait",
            "run: >\n  az vm show\n  --name Old",
            "subprocess.run([\n  \"az\", \"vm\", \"show\",\n  \"--name\", \"Old\",\n])",
            "cmd=(az vm show\n --name Old\n)",
            "x=$(az vm show -g x 2>&1 --name Old)",
            "vm_name: Old",
            "vm_name: \"Old\"",
            "VM_NAME=Old",
            "AZURE_VM_NAME: Old",
            "VM=\"${VM_NAME:-Old}\"",
            "vmName = 'Old'",
            "targetVm: 'Old'",
            "VM name: Old",
            "* VM: `Old`",
            "vm = \"Old\"",
            "[ \"$VM_NAME\" = Old ]",
            "os.environ.get('AZURE_VM', 'Old')",
            "/virtualMachines/Old",
            "\"/VirtualMachines/old\"",
            "azure:\n  vm:\n    name: Old",
            "vms:\n- name: Old",
            "\"vm\": {\n  \"name\": \"Old\"\n}",
            "vm = { name = \"Old\" }",
            "--vm-name Old",
        ] {
            assert_eq!(meant(text), Some(Meant::Vm), "{text}");
        }
    }

    #[test]
    fn the_products_own_name_means_nothing_of_azures() {
        for text in [
            "name: Old",
            "app:\n  name: Old",
            "vm:\n  size: x\nname: Old",
            "vm:\n  size: x\napp:\n  name: Old",
            "Owner/Old",
            "git clone https://git.example/Owner/Old.git",
            "Old Updates",
            "<title>Old Updates</title>",
            "title=\"Old\"",
            "pyinstaller --name Old --onefile",
            "az login; pyinstaller --name Old",
            "az login && pyinstaller --name Old",
            "az vm show\npyinstaller --name Old",
            "npm install -g Old",
            "rg \"Old\" .",
            "-n Old",
            "${Old}",
            "VM_NAME=$Old",
            "the VM Old runs on",
            "resource group, Old is the product",
            "app_name: Old",
            "container-name: Old",
            "JVM_NAME: Old",
            "open -a Old",
            "Old",
            "# Old",
            "cd Old",
        ] {
            assert_eq!(meant(text), None, "{text}");
        }
    }
}
