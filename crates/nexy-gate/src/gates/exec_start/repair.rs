//! The rulebook's sed and daemon-reload, for whichever files set the directives now; a copy is kept of each of them first.

use super::{Facts, commands, expected, judge, judge_command, look, value};
use crate::{
    context::Context,
    gate::{Answer, Repair, RepairStep},
    unit_drift::Drift,
    unit_repair::{self, Mend, UnitFile},
};
use nexy_contract::{Verdict, target::Service, text::word};
use nexy_outside::clock;
use std::path::Path;

/// Looks, and finds the commands; changes nothing.
pub(crate) fn repair(context: &Context) -> Repair {
    let target = &context.workspace.target;
    let looked = match look(target) {
        Ok(looked) => looked,
        Err(answer) => return Repair::none(answer),
    };
    let facts = looked.facts(target);
    let stamp = clock::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let now = judge(&facts);
    match plan(&facts, &stamp) {
        Ok(commands) => Repair { now, steps: commands.into_iter().map(RepairStep::new).collect() },
        Err(Some(because)) if now.verdict == Verdict::Fail => Repair::none(because),
        Err(_) => Repair::none(now),
    }
}

/// All or nothing: a unit that is mended by half would start something that nobody has ever looked at.
fn plan(facts: &Facts<'_>, stamp: &str) -> Result<Vec<String>, Option<Answer>> {
    let service = &facts.target.service;
    if value(facts.properties, "LoadState") != "loaded" || commands(facts.properties).contains(&None) {
        return Err(None);
    }
    let reload = value(facts.properties, "NeedDaemonReload") == "yes";
    let mut drift = Drift::default();
    judge_command(facts, &mut drift);
    let drifted = |key, wanted: &str| value(facts.properties, key) != wanted;
    let directives = [
        ("ExecStart", &service.exec_start, !drift.is_clean()),
        ("User", &service.user, drifted("User", &service.user)),
        ("WorkingDirectory", &service.working_directory, drifted("WorkingDirectory", &service.working_directory)),
    ];
    let mut edits: Vec<Vec<String>> = vec![Vec::new(); facts.unit_files.len()];
    for (directive, wanted, drifted) in directives {
        // What waits for a reload is in the files and not in what the manager says.
        if !drifted && !reload {
            continue;
        }
        let mut found = false;
        for (file, edits) in facts.unit_files.iter().zip(&mut edits) {
            let expressions = expressions(file, directive, wanted, service)?;
            found |= !expressions.is_empty();
            edits.extend(expressions);
        }
        if !found && !reload {
            // The files are right and loaded, and yet it differs: there is nothing that an edit could change.
            return Err(None);
        }
    }
    let mut script = Vec::new();
    for (file, expressions) in facts.unit_files.iter().zip(&edits).filter(|(_, expressions)| !expressions.is_empty()) {
        script.extend(edit(&file.path, expressions, stamp).ok_or(None)?);
    }
    if reload || !script.is_empty() {
        script.push("systemctl daemon-reload".to_owned());
    }
    Ok(script)
}

fn expressions(file: &UnitFile, directive: &str, wanted: &str, service: &Service) -> Result<Vec<String>, Option<Answer>> {
    match unit_repair::mend(file, directive, wanted) {
        Mend::Nothing => Ok(Vec::new()),
        Mend::Person => Err(None),
        Mend::Unreadable => Err(Some(Answer::unknown(
            format!("cannot read {}, which the manager has made {} of", file.path, service.unit),
            expected(service),
            "look as root: sudo nexy-gate --print-fix exec-start",
        ))),
        Mend::Sed(expressions) if is_ours(file, service) => Ok(expressions),
        Mend::Sed(_) => Err(None),
    }
}

/// A drop-in of several units is not this one's to change; what a generator has written is gone at the next boot; and a
/// directive has one place only where there is one section.
fn is_ours(file: &UnitFile, service: &Service) -> bool {
    if file.is_drop_in {
        let folder = Path::new(&file.path).parent().and_then(Path::file_name);
        return folder.is_some_and(|folder| *folder == *format!("{}.d", service.unit));
    }
    let text = file.text.as_deref().unwrap_or_default();
    !file.path.starts_with("/run/") && text.lines().filter(|line| line.starts_with("[Service]")).count() == 1
}

/// The copy is made under another name and renamed, so that one that is there is whole, and the second run keeps the first's.
fn edit(path: &str, expressions: &[String], stamp: &str) -> Option<Vec<String>> {
    let (copy, part) = (word(&format!("{path}.before-{stamp}"))?, word(&format!("{path}.before-{stamp}.part"))?);
    let path = word(path)?;
    let expressions: Option<Vec<String>> = expressions.iter().map(|expression| Some(format!("-e {}", word(expression)?))).collect();
    Some(vec![
        format!("if [ ! -e {copy} ]; then\n    cp -p -- {path} {part}\n    mv -- {part} {copy}\nfi"),
        format!("sed -i --follow-symlinks {} -- {path}", expressions?.join(" ")),
    ])
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{MAIN, good, loaded, paths, target},
        *,
    };

    const STAMP: &str = "20260221T100000Z";

    fn drop_in(text: &str) -> UnitFile {
        let path = "/etc/systemd/system/app.service.d/over.conf".to_owned();
        UnitFile { path, is_drop_in: true, text: Some(text.to_owned()) }
    }

    fn main(text: &str) -> UnitFile {
        UnitFile { path: MAIN.to_owned(), is_drop_in: false, text: Some(text.to_owned()) }
    }

    fn planned(changes: &[(&str, &str)], files: &[UnitFile]) -> Result<Vec<String>, Option<Answer>> {
        let mut properties = good();
        properties.extend(changes.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        plan(
            &Facts { target: &target(), properties: &properties, unit_files: files, paths: &paths(None, None), unread: &Ok(Vec::new()) },
            STAMP,
        )
    }

    #[test]
    fn only_the_file_that_is_wrong_is_changed_after_its_copy_and_before_the_reload() {
        let right = main(&format!("[Service]\nExecStart={}\n", target().service.exec_start));
        let script = planned(&[("ExecStart", &loaded("/bin/x"))], &[right, drop_in("[Service]\nExecStart=\nExecStart=/bin/x\n")]);
        let script = script.expect("a plan");
        assert_eq!(script.len(), 3, "{script:?}");
        assert!(script[0].contains("cp -p -- /etc/systemd/system/app.service.d/over.conf "), "{}", script[0]);
        assert!(script[1].starts_with("sed -i ") && script[1].ends_with("over.conf"), "{}", script[1]);
        assert_eq!(script[2], "systemctl daemon-reload");
    }

    #[test]
    fn what_waits_for_a_reload_is_looked_for_in_the_files() {
        let service = target().service;
        let right =
            format!("[Service]\nExecStart={}\nUser={}\nWorkingDirectory={}\n", service.exec_start, service.user, service.working_directory);
        assert_eq!(planned(&[("NeedDaemonReload", "yes")], &[main(&right)]).expect("a plan"), ["systemctl daemon-reload"]);
        let script = planned(&[("NeedDaemonReload", "yes")], &[main(&right.replace("User=server", "User=other"))]).expect("a plan");
        assert!(script[1].contains("a User=server") && !script[1].contains("ExecStart"), "{script:?}");
    }

    #[test]
    fn what_only_a_person_can_mend_gets_no_command_at_all() {
        let bad = ("ExecStart", loaded("/bin/x"));
        let bad = [(bad.0, bad.1.as_str()), ("User", "other")];
        let good_drop_in = drop_in("[Service]\nUser=other\n");
        for files in [
            vec![main("[Service]\nExecStart=/bin/x \\\n y\n"), good_drop_in],
            vec![main("ExecStart=/bin/x\n")],
            vec![main("[Service]\n[Service]\nExecStart=/bin/x\n")],
            vec![UnitFile { path: "/run/systemd/generator/app.service".to_owned(), ..main("[Service]\nExecStart=/bin/x\n") }],
            vec![UnitFile { path: "/etc/systemd/system/service.d/all.conf".to_owned(), ..drop_in("[Service]\nExecStart=/bin/x\n") }],
            vec![],
        ] {
            assert_eq!(planned(&bad, &files), Err(None), "{files:?}");
        }
        assert_eq!(planned(&[("LoadState", "masked")], &[main("[Service]\n")]), Err(None));
    }

    #[test]
    fn a_file_that_cannot_be_read_is_unknown() {
        let hidden = UnitFile { text: None, ..main("") };
        let refused = planned(&[("User", "other")], &[hidden]).expect_err("it cannot be read");
        assert_eq!(refused.map(|answer| answer.verdict), Some(nexy_contract::Verdict::Unknown));
    }
}
