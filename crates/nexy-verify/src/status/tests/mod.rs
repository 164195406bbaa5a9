//! The one command that is right in every state, and the size of the screen in all of them.

mod scene;
mod states;

use super::{facts::Facts, next, rows, screen};
use nexy_contract::{Fix, Report, Timestamp, Verdict, check::Answer, status::Status, wrap::COLUMNS};
use scene::{FIVE, asset, done, now, published, ready, with};
use states::states;
use std::time::Duration;

fn status(facts: &Facts) -> Status {
    let lines = rows::all(&facts.target).into_iter().flat_map(|row| row.lines(facts)).collect();
    Status::new(facts.now, None, lines, Vec::new(), next::next(facts))
}

#[test]
fn in_every_state_one_command_is_right() {
    for (state, wanted, facts) in states() {
        let next = next::next(&facts);
        let commands: Vec<&str> = next.fix.lines().iter().map(nexy_contract::fix::FixLine::text).collect();
        let wanted: Vec<&str> = Some(wanted).filter(|wanted| !wanted.is_empty()).into_iter().collect();
        assert_eq!(commands, wanted, "{state}: {}", next.because);
        assert!(!next.because.is_empty(), "{state}");
    }
}

#[test]
fn every_make_command_that_is_printed_has_its_target() {
    let makefile = include_str!("../../../../../Makefile");
    for (state, _, facts) in states() {
        for line in next::next(&facts).fix.lines() {
            for name in line.text().split("make ").skip(1).filter_map(|rest| rest.split(' ').next()) {
                assert!(makefile.contains(&format!("\n{name}:")), "{state}: make {name}");
            }
        }
    }
}

#[test]
fn a_workspace_that_the_makefile_does_not_lie_in_is_named() {
    let facts = with(ready(), |facts| facts.make_words = " NEXY_TOML=/w/nexy.toml".to_owned());
    assert_eq!(next::next(&facts).fix, Fix::command("make release NEXY_TOML=/w/nexy.toml"));
}

#[test]
fn what_is_wrong_is_told_apart_from_what_is_not_known_and_from_what_is_still_to_be_done() {
    let safe = |facts: Facts| {
        let pass = |id: &str| Answer::pass("whole").finding(id, "S2", Duration::ZERO);
        let report = Report::new("nexy-gate", "db", now(), Vec::new(), vec![pass("db-backup"), pass("restore-drill")]);
        with(facts, |facts| facts.vm.database = Some((now(), report)))
    };
    for (state, wanted, facts) in [
        ("done", Verdict::Pass, safe(done())),
        ("ready to be released", Verdict::Pass, safe(ready())),
        (
            "not tagged yet",
            Verdict::Pass,
            safe(with(ready(), |facts| {
                facts.git.as_mut().expect("git").tags.pop();
                facts.remote.as_mut().expect("a remote").tags.pop();
            })),
        ),
        ("the VM was never asked for its backup", Verdict::Unknown, done()),
        (
            "the backup was seen two days ago",
            Verdict::Unknown,
            with(safe(done()), |facts| {
                facts.vm.database.as_mut().expect("an answer").0 =
                    Timestamp::from_second(now().as_second() - 2 * 86_400).expect("a moment");
            }),
        ),
        ("the VM is down", Verdict::Unknown, with(safe(done()), |facts| facts.health = Err(super::facts::late()))),
        ("live, and clients are not told yet", Verdict::Fail, safe(published("30-publish", ""))),
        (
            "the certificate ends tomorrow",
            Verdict::Fail,
            with(safe(done()), |facts| facts.certificate = Answer::fail("ends in 1 day", "three", Fix::none())),
        ),
    ] {
        assert_eq!(status(&facts).verdict, wanted, "{state}: {:#?}", status(&facts).lines);
    }
}

#[test]
fn the_screen_has_at_most_24_lines_of_80_columns_in_every_state_and_with_any_number_of_channels() {
    for (state, _, facts) in states() {
        for count in 1..10 {
            let mut facts = facts.clone();
            facts.target.artifacts = facts.target.artifacts.iter().cycle().take(count).cloned().collect();
            facts.channels = facts.channels.iter().cycle().take(count).cloned().collect();
            facts.channels.iter_mut().flatten().flatten().for_each(|found| {
                found.shown.previous = found.shown.live.clone();
                found.shown.staged = vec![asset("Nexy.next-0123456789ab.dmg", FIVE, &"long".repeat(99)); 9];
            });
            facts.inbox.iter_mut().flatten().for_each(|artifact| artifact.built = Some("Ж".repeat(99)));
            let status = status(&facts);
            let text = screen::text(&status.lines, false) + &screen::end(&status.next);
            // A command is never broken, so that it can be copied; the terminal takes more of its own lines for a long one.
            let on_terminal = |line: &str| line.chars().count().div_ceil(COLUMNS);
            assert!(text.lines().map(on_terminal).sum::<usize>() <= 24, "{state}, {count} channels:\n{text}");
            let is_command = |line: &str| status.next.fix.text() == line.trim();
            for line in text.lines() {
                assert!(line.chars().count() <= COLUMNS && !line.ends_with(' ') || is_command(line), "{state}: {line}");
            }
            assert!(status.lines.iter().all(|line| !line.source.is_empty() && !line.found.is_empty()), "{state}:\n{text}");
        }
    }
}
