//! What every command that a tool prints must keep, since a tired person pastes it as it stands.

use serde_json::Value;

/// Every `{"command": …}` below a document, in order.
#[must_use]
pub fn commands(document: &Value) -> Vec<&str> {
    match document {
        Value::Object(fields) => match (fields.len(), fields.get("command").and_then(Value::as_str)) {
            (1, Some(command)) => vec![command],
            _ => fields.values().flat_map(commands).collect(),
        },
        Value::Array(items) => items.iter().flat_map(commands).collect(),
        _ => Vec::new(),
    }
}

/// The commands of a text that people read: below `type:` each stands on a line of its own, further in; TAP has `# type: COMMAND`.
#[must_use]
pub fn typed(text: &str) -> Vec<&str> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut below: Option<usize> = None;
    let mut found = Vec::new();
    for line in text.lines() {
        if let Some(command) = line.strip_prefix("# type: ") {
            found.push(command);
        } else if line.trim() == "type:" {
            below = Some(indent(line));
        } else if below.is_some_and(|at| indent(line) > at) {
            found.push(line.trim_start());
        } else {
            below = None;
        }
    }
    found
}

/// What is wrong with one printed command; empty when nothing is.
#[must_use]
pub fn faults(command: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut wrong = |what: String| faults.push(format!("{what}: {command}"));
    if command.trim() != command || command.is_empty() || command.contains(['\n', '\r', '\u{1b}']) {
        wrong("it is not one line".to_owned());
    }
    if command.ends_with(')') && command.contains("  (") || command.contains("   #") {
        wrong("a remark stands behind it".to_owned());
    }
    if outside_quotes(command).contains(", ") {
        wrong("it is prose".to_owned());
    }
    let words: Vec<&str> = command.split([' ', ';', '|', '&']).filter(|word| !word.is_empty()).collect();
    for run in [&["--force"][..], &["-f", "push"], &["gh", "release", "delete"], &["rm", "-rf"], &["rm", "-fr"], &["rm", "-r"]] {
        if words.windows(run.len()).any(|found| found == run) {
            wrong(format!("`{}` destroys what no tool can bring back", run.join(" ")));
        }
    }
    for (place, _) in words.iter().enumerate().filter(|(_, word)| **word == "git") {
        let verb = git_verb(&words[place + 1..]);
        let deletes = |options: &[&str]| verb.iter().any(|word| options.contains(word));
        let is_refused = match verb.first() {
            Some(&"clean") => true,
            Some(&"reset") => deletes(&["--hard"]),
            Some(&"tag") => deletes(&["-d", "--delete"]),
            Some(&"push") => deletes(&["-d", "--delete", "--mirror", "-f"]) || verb.iter().any(|word| word.starts_with(":refs/tags/")),
            _ => false,
        };
        if is_refused {
            wrong("git throws work or a tag away".to_owned());
        }
    }
    for (place, _) in words.iter().enumerate().filter(|(_, word)| **word == "chmod") {
        let mode = words[place + 1..].iter().find(|word| !word.starts_with('-'));
        if mode.is_some_and(|mode| opens_to_others(mode)) {
            wrong("others get rights".to_owned());
        }
    }
    faults
}

/// Whether a mode gives every account a right by letter, with or without its class, or the right to write by number. The number 755
/// stays: it is the rulebook's for folders that clients are served from.
fn opens_to_others(mode: &str) -> bool {
    if mode.chars().all(|digit| digit.is_ascii_digit()) {
        return mode.ends_with(['2', '3', '6', '7']);
    }
    mode.split(',').any(|change| {
        let who = change.find(['+', '=', '-']).unwrap_or(change.len());
        let (classes, rights) = change.split_at(who);
        let gives = ['+', '='].iter().any(|sign| rights.split_once(*sign).is_some_and(|(_, given)| !given.is_empty()));
        gives && (classes.is_empty() || classes.contains(['a', 'o']))
    })
}

/// Whether a command names a path from a folder that it does not say. What git takes below `-C FOLDER` is said, and so are
/// references, repositories and the script that a person types on the laptop.
#[must_use]
pub fn is_relative(command: &str) -> bool {
    let is_path = |word: &str| {
        let mut parts = word.split('/');
        let is_plain = |part: &str| !part.is_empty() && part.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-".contains(letter));
        word.starts_with("./") || word.contains('/') && parts.all(is_plain)
    };
    let is_said = command.starts_with("cd /")
        || command.contains(" -C /")
        || command.starts_with("scripts/")
        || command.starts_with("gh ")
        || command.contains("git remote ");
    !is_said && outside_quotes(command).split_whitespace().any(is_path)
}

/// The command without what stands in quotes.
fn outside_quotes(command: &str) -> String {
    let mut quote = None;
    let mut outside = String::new();
    for character in command.chars() {
        match (quote, character) {
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            (None, _) => outside.push(character),
            (Some(_), _) => {}
        }
    }
    outside
}

/// The words of a git command from its verb on.
fn git_verb<'a>(words: &'a [&'a str]) -> &'a [&'a str] {
    match words {
        ["-C" | "-c", _, rest @ ..] => git_verb(rest),
        _ => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_of_a_text_stand_below_their_heading_or_behind_a_word_of_tap() {
        let text = "nexy-gate: no\n  do: read\n  type:\n    make x\n    make y\n  do: wait\n    make z\n# type: a b\n  type:\nmake q\n";
        assert_eq!(typed(text), ["make x", "make y", "a b"]);
    }

    #[test]
    fn what_harms_or_cannot_be_pasted_is_found_by_whole_words() {
        for command in [
            "git push --force origin v1",
            "git -C /srv/app clean -fdx",
            "git reset --hard HEAD",
            "git tag --delete v2.0.0.4",
            "git push origin --delete v2.0.0.4",
            "git push origin :refs/tags/v2",
            "gh release delete Update --yes",
            "sudo rm -rf /srv/app",
            "sudo chmod o+x /srv/app",
            "sudo chmod a+rx /srv/app/venv/bin/python3",
            "sudo chmod +x /srv/app/run",
            "sudo chmod =r /srv/app/run",
            "sudo chmod -R go+r /srv/app",
            "sudo chmod u+x,o=r /srv/app",
            "sudo chmod -- ugo+r /srv/app",
            "sudo true && chmod 757 /srv/app",
            "chmod 0646 /srv/app/x",
            "chmod 2777 /srv/app/x",
            "chmod 777 /srv/app/x",
            "gh auth login, or another token",
            "nexy-gate layout   (without --root)",
            "nexy-version set X.Y.Z.W   # above 2.0.0.4",
            "sudo x\nsudo y",
            "",
        ] {
            assert!(!faults(command).is_empty(), "{command}");
        }
        for command in [
            "sudo -u server pip install --force-reinstall x",
            "gh release delete-asset Update A.dmg",
            "git -C /srv/app checkout --detach v2.0.0.4",
            "sudo chmod o-w /srv/app",
            "sudo chmod go-w /srv/app",
            "sudo chmod o= /srv/app",
            "sudo chmod u+rx /srv/app/venv/bin/python3",
            "sudo chmod g=rx /srv/app/venv/bin/python3",
            "sudo chmod 755 /srv/app/updates",
            "sudo chmod 640 /srv/app/config.env",
            "git tag v2.0.0.4",
            "git commit --message='one, two'",
            "(cd /srv && ls)",
        ] {
            assert_eq!(faults(command), Vec::<String>::new());
        }
    }

    #[test]
    fn a_path_says_where_it_begins() {
        for command in ["cat server/main.py", "./server/scripts/db_backup.sh", "sudo rm a/b"] {
            assert!(is_relative(command), "{command}");
        }
        for command in [
            "cat /srv/main.py",
            "sudo -u x git -C /srv/app checkout HEAD -- server/main.py",
            "scripts/vm.sh nexy-gate hard",
            "cd /srv/app && ./x/y.sh",
            "ls -ld '/a b/c'",
        ] {
            assert!(!is_relative(command), "{command}");
        }
    }

    #[test]
    fn commands_are_found_wherever_they_stand_in_a_document() {
        let document =
            serde_json::json!({"outcomes": [{"next": [{"note": "n"}, {"command": "a"}]}], "findings": [{"fix": [{"command": "b"}]}]});
        assert_eq!(commands(&document), ["a", "b"]);
    }
}
