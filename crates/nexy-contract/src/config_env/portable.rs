//! Where systemd, a shell that sources the file, and a plain split at `=` read a line otherwise than the server.

use super::{
    Rule,
    grammar::{Binding, expands, is_blank},
};

/// Every rule that an assignment breaks; none exactly when all readers are known to agree.
pub(super) fn broken_rules(binding: &Binding<'_>) -> Vec<Rule> {
    // Every reader drops spaces and tabs at the edges of a line; other blanks become a part of name or value somewhere.
    let source = binding.source.trim_matches([' ', '\t']);
    if is_portable(source) {
        return Vec::new();
    }
    if source.trim_start_matches(is_blank).starts_with('#') {
        // systemd takes the next line for a part of the comment.
        return if source.ends_with('\\') { vec![Rule::Backslash] } else { control_characters(source) };
    }
    let mut rules = control_characters(source);
    if binding.dropped {
        rules.push(why_dropped(source));
        return rules;
    }
    let key = binding.key.as_deref().unwrap_or_default();
    let name_and_value = source.trim_start_matches(is_blank);
    let after_export = name_and_value.strip_prefix("export").filter(|rest| rest.starts_with(is_blank));
    if after_export.is_some() {
        rules.push(Rule::Export);
    }
    let assignment = after_export.unwrap_or(name_and_value);
    rules.extend(name_rule(key, assignment));
    match assignment.split_once('=').filter(|_| binding.value.is_some()) {
        None => rules.push(Rule::NoEqualsSign),
        Some((name, value)) => {
            let at_an_edge = source.starts_with(is_blank) || source.ends_with(is_blank);
            if at_an_edge || name.ends_with(is_blank) || value.starts_with(is_blank) {
                rules.push(Rule::StrayBlank);
            }
            let expanded = binding.value.as_deref().is_some_and(expands);
            rules.extend(value_rules(value.trim_matches(is_blank), expanded));
        }
    }
    if rules.is_empty() {
        rules.push(Rule::UnusualCharacter);
    }
    rules
}

/// The rule that an empty line or a comment breaks when it begins with another blank than space and tab: the server skips
/// the line, a shell runs it as a command.
pub(super) fn strange_blank(line: &str) -> Option<Rule> {
    let rest = line.trim_start_matches(is_blank);
    let strange = line[..line.len() - rest.len()].contains(|blank| !matches!(blank, ' ' | '\t'));
    (strange && (rest.is_empty() || rest.starts_with('#'))).then_some(Rule::StrayBlank)
}

/// Names that a shell sets itself, so that a shell that sources the file loses the value, and all lines after a refused one.
const KEPT_BY_SHELLS: &str = "\
    BASHOPTS BASHPID BASH_ALIASES BASH_ARGC BASH_ARGV BASH_ARGV0 BASH_CMDS BASH_COMMAND BASH_LINENO BASH_SOURCE BASH_SUBSHELL
    BASH_VERSINFO COMP_WORDBREAKS DIRSTACK EPOCHREALTIME EPOCHSECONDS EUID FUNCNAME GROUPS HISTCMD LINENO OPTIND PPID RANDOM
    SECONDS SHELLOPTS SRANDOM UID _";

fn is_kept_by_shells(name: &str) -> bool {
    KEPT_BY_SHELLS.split_whitespace().any(|kept| kept == name)
}

/// `^[A-Z_][A-Z0-9_]*=[A-Za-z0-9_./:@%+,=-]*$`: what all readers understand alike, if no shell has the name for itself.
fn is_portable(line: &str) -> bool {
    line.split_once('=').is_some_and(|(name, value)| {
        is_capital_name(name)
            && !is_kept_by_shells(name)
            && value.chars().all(|character| character.is_ascii_alphanumeric() || "_./:@%+,=-".contains(character))
    })
}

fn is_capital_name(name: &str) -> bool {
    is_name(name) && !name.contains(|character: char| character.is_ascii_lowercase())
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|character: char| character.is_ascii_digit())
        && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
}

fn name_rule(key: &str, assignment: &str) -> Option<Rule> {
    if !is_name(key) || assignment.trim_start_matches(is_blank).starts_with('\'') {
        Some(Rule::IllegalName)
    } else if is_kept_by_shells(key) {
        Some(Rule::ShellName)
    } else if is_capital_name(key) {
        None
    } else {
        Some(Rule::LowerCaseName)
    }
}

fn control_characters(source: &str) -> Vec<Rule> {
    let nul = source.contains('\0').then_some(Rule::Nul);
    let other = source.contains(|character: char| character.is_control() && !matches!(character, '\0' | '\t' | '\n'));
    nul.into_iter().chain(other.then_some(Rule::ControlCharacter)).collect()
}

/// A quote that is opened and never closed, or words that are no assignment.
fn why_dropped(source: &str) -> Rule {
    let value = source.split_once('=').map_or("", |(_, value)| value.trim_start_matches(is_blank));
    match value.chars().next() {
        Some('"' | '\'') => Rule::UnbalancedQuotes,
        _ if !source.contains('=') => Rule::NoEqualsSign,
        _ => Rule::Unreadable,
    }
}

fn value_rules(value: &str, expanded: bool) -> Vec<Rule> {
    let (plain, commented, acts) = match value.chars().next() {
        Some('\'') => (value, is_commented_after_quotes(value), ""),
        Some('"') => (value, is_commented_after_quotes(value), "$`"),
        _ => {
            let comment = value.char_indices().find(|(offset, character)| *character == '#' && value[..*offset].ends_with(is_blank));
            (comment.map_or(value, |(offset, _)| value[..offset].trim_end_matches(is_blank)), comment.is_some(), "$`;&|<>()")
        }
    };
    let quoted = plain.starts_with(['"', '\'']);
    let is_home = !quoted && (plain.starts_with('~') || plain.contains(":~"));
    let broken = [
        (Rule::MultiLine, value.contains('\n')),
        (Rule::Quotes, plain.contains(['"', '\''])),
        (Rule::Expansion, expanded),
        (Rule::InlineComment, commented),
        (Rule::Backslash, plain.contains('\\')),
        (Rule::BlankInValue, !quoted && plain.contains(is_blank)),
        (Rule::ShellCharacter, !expanded && (is_home || plain.contains(|character| acts.contains(character)))),
    ];
    broken.into_iter().filter(|(_, broken)| *broken).map(|(rule, _)| rule).collect()
}

/// Whether something follows the closing quote; the grammar lets only a comment stand there.
fn is_commented_after_quotes(value: &str) -> bool {
    let mut characters = value.chars();
    let quote = characters.next();
    while let Some(character) = characters.next() {
        if character == '\\' {
            characters.next();
        } else if Some(character) == quote {
            break;
        }
    }
    !characters.as_str().trim_matches(is_blank).is_empty()
}
