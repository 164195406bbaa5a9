//! `gemini-smoke` judged on each reply, and on each line of the environment file that it reads the key from.

use super::*;
use crate::tests::{says, target};
use nexy_contract::config_env::parse;

#[test]
fn each_answer_has_a_verdict_and_a_fix_of_its_own() {
    let target = target();
    let asked = Asked { target: &target, model: "a-model" };
    let exhausted = |period, wait_s| Reply::Exhausted { period, wait_s };
    let mut fixes: Vec<String> = Vec::new();
    for (reply, verdict, found) in [
        (Reply::Invalid, Verdict::Fail, "is no valid key"),
        (Reply::Expired, Verdict::Fail, "has expired"),
        (Reply::Leaked, Verdict::Fail, "found in public"),
        (Reply::NotPermitted("x is off"), Verdict::Fail, "may not ask a-model: x is off"),
        (exhausted(Some("day"), Some(36)), Verdict::Fail, "the quota of a day"),
        (exhausted(Some("minute"), Some(21)), Verdict::Fail, "asking again may help in 21 s"),
        (Reply::NoSuchModel, Verdict::Fail, "no model a-model"),
        (Reply::Region, Verdict::Fail, "does not serve the region"),
        (Reply::Overloaded, Verdict::Unknown, "overloaded"),
        (Reply::Unclear("HTTP 418".into()), Verdict::Unknown, "HTTP 418"),
    ] {
        let answer = judge(&asked, reply.clone());
        says(&answer, verdict, found);
        assert!(answer.fix.text().contains("sudo nexy-gate gemini-smoke") && !answer.expected.is_empty(), "{reply:?}");
        let restarts = answer.fix.text().matches("systemctl restart").count();
        assert_eq!(answer.fix.text().matches("systemctl reset-failed").count(), restarts, "a start limit refuses the restart: {answer:?}");
        assert_eq!(restarts, answer.fix.text().matches("sudo nexy-gate hard && sudo systemctl restart").count(), "{}", answer.fix);
        fixes.push(answer.fix.text());
    }
    fixes.sort();
    fixes.dedup();
    assert!(fixes.len() >= 8, "{fixes:#?}");
    assert_eq!(judge(&asked, Reply::Answers), Answer::pass(format!("a-model answers to {}", target.gemini.key)));
    assert!(judge(&asked, exhausted(None, None)).found.starts_with("the quota of "));
}

#[test]
fn the_command_for_reading_the_answer_by_hand_keeps_the_key_out_of_the_list_of_processes() {
    let target = target();
    let fix = judge(&Asked { target: &target, model: "a-model" }, Reply::Unclear("x".into())).fix.text();
    let command = fix.lines().find(|line| line.contains("curl")).expect("a command");
    assert!(command.starts_with("sudo sed -n 's/^") && command.contains("| curl -sS -H @- "), "{command}");
}

#[test]
fn the_model_is_the_server_s_or_the_configured_one_and_never_a_guess() {
    let target = target();
    let asked = |text: &str| model(&target, &parse(text.replace("M", &target.gemini.model_key).as_bytes()));
    for text in ["", "M=\n", "M=''\n", "M\n", "OTHER=x-1\n"] {
        assert_eq!(asked(text).expect("a model"), target.gemini.model, "{text:?}");
    }
    assert_eq!(asked("M=models/x-1.5\n").expect("a model"), "x-1.5");
    for text in ["M=${X}-1\n", "M=x/../y\n", "M=xy\n", "M='x 1'\n", "M=AIzaSecret-Key\n", "M=your-model-here\n"] {
        let answer = asked(text).expect_err("it is no name");
        assert_eq!(answer.verdict, Verdict::Unknown, "{text:?}");
        assert!(!answer.found.contains("AIza") && answer.found.contains("(line 1)"), "{}", answer.found);
    }
}

#[test]
fn a_server_that_asks_elsewhere_is_not_judged_by_its_key() {
    let target = target();
    let asked = |text: &str| is_asked_here(&target, &parse(text.as_bytes()));
    for text in ["", "GEMINI_USE_VERTEX_AI=false\n", "GEMINI_USE_VERTEX_AI=\n", "GEMINI_USE_VERTEX_AI=0\n", "GEMINI_USE_VERTEX_AI\n"] {
        assert!(asked(text).is_ok(), "{text:?}");
    }
    for text in ["GEMINI_USE_VERTEX_AI=true\n", "GEMINI_USE_VERTEX_AI=1\n", "GEMINI_USE_VERTEX_AI=${X}\n", "GEMINI_USE_VERTEX_AI=maybe\n"] {
        assert_eq!(asked(text).expect_err("it asks elsewhere").verdict, Verdict::Unknown, "{text:?}");
    }
}
