//! Answers of real and of old agents, interrupted runs, and output that tries to look like an answer.

use super::*;
use proptest::prelude::*;
use serde_json::json;

const NONCE: &str = "0123456789abcdef0123456789abcdef";
const OTHER: &str = "ffffffffffffffffffffffffffffffff";
const NO_SENTINEL: &str = "without its last line";
const OTHER_RUN: &str = "another run";
const NOT_LAST: &str = "after the line that should be the last";
const TWO_ENDS: &str = "in another way than its last line";
const CONFLICT: &str = "ERROR: (Conflict) Run command extension execution is in progress. Please wait for completion before invoking a run command.\nCode: Conflict\n";

fn nonce() -> Nonce {
    NONCE.parse().expect("a nonce")
}

/// The envelope of `az -o json` around a message.
fn envelope(message: &str) -> Vec<u8> {
    let part = json!({"code": "ProvisioningState/succeeded", "displayStatus": "Provisioning succeeded", "level": "Info", "message": message, "time": null});
    json!({"value": [part]}).to_string().into_bytes()
}

fn message(stdout: &str, stderr: &str) -> String {
    format!("Enable succeeded: \n[stdout]\n{stdout}\n[stderr]\n{stderr}")
}

fn end(status: &str) -> String {
    format!("NEXY-END {NONCE} {status}\n")
}

fn read_message(message: &str) -> Result<Answered, Problem> {
    super::read(&Az { exit: Some(0), stdout: &envelope(message), stderr: b"" }, &nonce(), None, LOOK)
}

fn read_error(exit: i32, stderr: &str) -> Result<Answered, Problem> {
    super::read(&Az { exit: Some(exit), stdout: b"", stderr: stderr.as_bytes() }, &nonce(), Some(("Group", "Machine")), LOOK)
}

fn exit_of(read: Result<Answered, Problem>) -> Exit {
    read.expect_err("nothing is known").exit
}

#[track_caller]
fn is_in_doubt(read: Result<Answered, Problem>, because: &str) {
    let problem = read.expect_err(because);
    assert_eq!((problem.exit, problem.what.as_str()), (Exit::CouldNotLook, "how the script on the VM ended is not known"));
    assert!(problem.because.contains(because), "{because}: {problem}");
}

#[test]
fn the_document_and_the_status_of_the_script_come_back() {
    for status in [0, 1, 2, 3, 4, 65, 69, 70, 75, 78] {
        let stdout = format!("{{\"schema\":\"x\"}}\n{}", end(&status.to_string()));
        let answered = read_message(&message(&stdout, "note\n")).expect("the sentinel is there");
        assert_eq!((answered.document.as_str(), answered.complaints.as_str()), ("{\"schema\":\"x\"}\n", "note\n"));
        assert_eq!((answered.exit().code(), answered.cut, answered.problem(LOOK)), (status, false, None));
    }
}

#[test]
fn a_script_without_output_is_believed_too() {
    for stdout in [end("0"), format!("NEXY-END {NONCE} 0")] {
        let answered = read_message(&message(&stdout, "")).expect("the sentinel is there");
        assert_eq!((answered.status, answered.document.as_str(), answered.complaints.as_str()), (0, "", ""));
    }
}

#[test]
fn a_status_that_no_tool_has_is_unknown_and_named() {
    for status in [5_u8, 64, 126, 127, 137, 255] {
        let answered = read_message(&message(&end(&status.to_string()), "sh: not found")).expect("the sentinel is there");
        assert_eq!(answered.exit(), Exit::CouldNotLook);
        assert!(answered.problem(LOOK).expect("a problem").what.contains(&status.to_string()));
    }
}

#[test]
fn without_a_sentinel_of_this_run_in_the_last_line_nothing_is_known() {
    for (stdout, because) in [
        (String::new(), NO_SENTINEL),
        ("{}\n".to_owned(), NO_SENTINEL),
        (format!("NEXY-END {OTHER} 0\n"), OTHER_RUN),
        (format!("NEXY-END {NONCE} 0x\n"), OTHER_RUN),
        (format!("NEXY-END {NONCE} 00\n"), OTHER_RUN),
        (format!("NEXY-END {NONCE} 256\n"), OTHER_RUN),
        (format!("NEXY-END {NONCE} +0\n"), OTHER_RUN),
        (format!("NEXY-END {NONCE} \n"), OTHER_RUN),
        (format!("NEXY-END {NONCE} 0 \n"), OTHER_RUN),
        (format!("{{}}NEXY-END {NONCE} 0\n"), NO_SENTINEL),
        (format!("{}more\n", end("0")), NOT_LAST),
        (format!("{}\n\n", end("0")), NOT_LAST),
        (format!("{}{}", end("0"), end("0")), FORGED),
        (format!("{}{}", end("1"), end("0")), FORGED),
        (format!("[stdout]\n{}", end("0")), FORGED),
        (format!("{}\n[stderr]\nrest", end("0")), FORGED),
    ] {
        is_in_doubt(read_message(&message(&stdout, "")), because);
    }
}

#[test]
fn markers_and_sentinels_on_standard_error_are_refused() {
    for stderr in ["[stderr]\n", "[stdout]\nx\n", &end("0"), &format!("[stdout]\n{}\n[stderr]\n", end("0"))] {
        is_in_doubt(read_message(&message(&end("1"), stderr)), FORGED);
    }
    is_in_doubt(read_message(&message("", &end("0"))), NOT_LAST);
    let traced = format!("+ echo 'NEXY-END {NONCE} 0'\n[stderr] is no line of its own\n");
    assert!(read_message(&message(&end("1"), &traced)).is_ok(), "lines that only resemble are fine");
}

#[test]
fn an_old_agents_failure_is_accepted_when_the_sentinel_is_there() {
    let failed = format!(
        "Enable failed: failed to execute command: command terminated with exit status=3\n[stdout]\n{{}}\n{}\n[stderr]\noops",
        end("3")
    );
    assert_eq!(read_message(&failed).expect("in the envelope").exit(), Exit::PutBack);
    let error = format!("ERROR: (VMExtensionProvisioningError) VM has reported a failure. Error message: \"{failed}\".\n");
    let answered = read_error(1, &error).expect("in the error text");
    assert_eq!((answered.exit(), answered.document.as_str()), (Exit::PutBack, "{}\n"));
    let twice = format!("{error}Code: VMExtensionProvisioningError\nMessage: VM has reported a failure. Error message: \"{failed}\".\n");
    assert_eq!(read_error(1, &twice).expect("printed twice").exit(), Exit::PutBack);
    let contradicting = twice.replacen(&format!("{NONCE} 3"), &format!("{NONCE} 0"), 1);
    is_in_doubt(read_error(1, &contradicting), FORGED);
    is_in_doubt(read_error(1, &error.replace(NONCE, OTHER)), OTHER_RUN);
}

#[test]
fn an_agent_and_a_sentinel_that_tell_two_ends_are_not_believed() {
    for (said, status) in [("exit status=1", "0"), ("exit status=3", "1"), ("exit status=13", "1"), ("signal: killed", "0"), ("", "0")] {
        let failed = format!("Enable failed: command terminated with {said}\n[stdout]\n{{}}\n{}\n[stderr]\n", end(status));
        is_in_doubt(read_message(&failed), TWO_ENDS);
        is_in_doubt(read_error(1, &failed), TWO_ENDS);
    }
}

#[test]
fn a_login_that_ends_while_az_waits_is_no_proof_that_nothing_ran() {
    let ended = "ERROR: AADSTS700082: The refresh token has expired due to inactivity.\nInteractive authentication is needed. Please run:\naz login\n";
    let problem = read_error(1, ended).expect_err("nothing is known");
    assert_eq!((problem.exit, problem.what.as_str()), (Exit::CouldNotLook, "how the script on the VM ended is not known"));
    assert!(problem.fix.text().starts_with("az login\n") && problem.fix.text().contains("do not repeat"), "{}", problem.fix);
    let before = read_error(1, "ERROR: Please run 'az login' to setup account.\n").expect_err("nothing was sent");
    assert_eq!((before.what.as_str(), before.fix.text().as_str()), ("the script did not run on the VM", "az login"));
}

#[test]
fn an_interrupted_run_is_unknown() {
    let read = read_message("Last script execution didn't finish.");
    is_in_doubt(read.clone(), "did not finish");
    assert!(read.expect_err("unknown").fix.text().contains("do not repeat one that changes things"));
}

#[test]
fn what_az_says_about_itself_is_told_apart() {
    for (exit, stderr, wanted, fix) in [
        (1, CONFLICT, Exit::Busy, "once is safe"),
        (1, "ERROR: Please run 'az login' to setup account.\n", Exit::CouldNotLook, "az login"),
        (
            3,
            "ERROR: (ResourceNotFound) The Resource 'Microsoft.Compute/virtualMachines/x' was not found.",
            Exit::CouldNotLook,
            "az vm show",
        ),
        (3, "ERROR: (ResourceGroupNotFound) Resource group 'x' could not be found.", Exit::CouldNotLook, "az vm show"),
        (1, "ERROR: (AuthorizationFailed) The client does not have authorization", Exit::CouldNotLook, "az account show"),
        (
            1,
            "ERROR: (OperationNotAllowed) Cannot modify extensions in the VM when the VM is not running.",
            Exit::CouldNotLook,
            "az vm show",
        ),
        (2, "ERROR: unrecognized arguments: --only-show-errors", Exit::CouldNotLook, "az upgrade"),
        (1, "ERROR: HTTPSConnectionPool: read timed out", Exit::CouldNotLook, "may still be running"),
        (137, "", Exit::CouldNotLook, "may still be running"),
    ] {
        let problem = read_error(exit, stderr).expect_err(stderr);
        assert_eq!(problem.exit, wanted, "{stderr}");
        assert!(problem.fix.text().contains(fix), "{stderr}: {}", problem.fix);
    }
}

/// The same words mean another thing once the script was sent.
#[test]
fn before_anything_was_sent_nothing_may_be_running() {
    for (exit, stderr, fix) in [
        (1, "ERROR: (ExpiredAuthenticationToken) The access token expiry UTC time '…' is earlier than current UTC time", "az login"),
        (1, "ERROR: Max retries exceeded with url: /subscriptions/0a1b2c3d-0000-1111-2222-333344445555", "curl -sSI"),
        (1, "ERROR: Please run 'az login' to setup account.", "az login"),
        (3, "ERROR: (ResourceNotFound) not found", "az vm show --resource-group Group --name Machine"),
        (2, "ERROR: unrecognized arguments", "az upgrade"),
        (143, "", "az vm show"),
    ] {
        let az = Az { exit: Some(exit), stdout: b"", stderr: stderr.as_bytes() };
        let problem = before(&az, Some(("Group", "Machine")));
        assert_eq!((problem.exit, problem.what.as_str()), (Exit::CouldNotLook, "the script did not run on the VM"), "{stderr}");
        assert!(problem.because.starts_with("nothing was sent: az ended with ") && problem.fix.text().contains(fix), "{problem}");
        assert!(!problem.to_string().contains("0a1b2c3d"), "{problem}");
        assert!(!problem.fix.text().contains("still be running"), "{problem}");
    }
    let sent = |stderr| read_error(1, stderr).expect_err("nothing is known").fix.text();
    assert!(sent("ERROR: (ExpiredAuthenticationToken) The access token").starts_with("az login\nthe script may still be running"));
    assert!(sent("ERROR: Connection reset by peer").starts_with("look at the network and the proxy:\ncurl -sSI"));
}

#[test]
fn a_conflict_is_believed_only_when_the_script_cannot_have_run() {
    let quoted = format!("ERROR: Enable failed: exit status=1\n[stdout]\nx\n[stderr]\n{CONFLICT}");
    assert_eq!(exit_of(read_error(1, &quoted)), Exit::CouldNotLook);
    assert_eq!(exit_of(read_message(&message("", CONFLICT))), Exit::CouldNotLook);
    let az = Az { exit: Some(1), stdout: b"{\"value\": [", stderr: CONFLICT.as_bytes() };
    assert_eq!(exit_of(super::read(&az, &nonce(), None, LOOK)), Exit::CouldNotLook);
    let az = Az { exit: None, stdout: b"", stderr: CONFLICT.as_bytes() };
    assert_eq!(exit_of(super::read(&az, &nonce(), None, LOOK)), Exit::Busy);
}

#[test]
fn whatever_is_no_envelope_is_unknown() {
    let good = message(&end("0"), "");
    let part = json!({"message": good});
    for stdout in [
        b"".to_vec(),
        b"@script.sh".to_vec(),
        b"null".to_vec(),
        b"[]".to_vec(),
        b"{}".to_vec(),
        json!({"value": []}).to_string().into_bytes(),
        json!({"value": [part, part]}).to_string().into_bytes(),
        json!({"value": [{"message": null}]}).to_string().into_bytes(),
        good.clone().into_bytes(),
        envelope(&good)[..60].to_vec(),
        [envelope(&good), b"x".to_vec()].concat(),
    ] {
        let read = super::read(&Az { exit: Some(0), stdout: &stdout, stderr: b"" }, &nonce(), None, LOOK);
        assert_eq!(exit_of(read), Exit::CouldNotLook, "{:?}", String::from_utf8_lossy(&stdout));
    }
}

#[test]
fn a_cut_document_is_no_yes_and_keeps_every_other_status() {
    let tail = |status: &str| {
        let all = format!("{}\n{}", "я".repeat(4000), end(status));
        String::from_utf8_lossy(&all.as_bytes()[all.len() - 4096..]).into_owned()
    };
    for (status, exit) in [("0", Exit::CouldNotLook), ("1", Exit::No), ("4", Exit::NeedsPerson)] {
        // The half of a letter comes back as a sign for it, or not at all.
        let dropped = tail(status).replace('\u{fffd}', "");
        assert!(dropped.len() < 4096 && read_message(&message(&dropped, "")).expect("the sentinel is there").cut);
        let answered = read_message(&message(&tail(status), "")).expect("the sentinel is there");
        assert!(answered.cut);
        assert_eq!(answered.exit(), exit);
        assert!(answered.problem(LOOK).is_some());
    }
}

#[test]
fn complaints_of_the_vm_cannot_steer_a_terminal() {
    assert_eq!(printable_lines("a\u{1b}[2J\r\nb\n\n"), ["a\\x1b[2J", "b"]);
    assert!(printable_lines("").is_empty());
}

#[test]
fn a_nonce_has_32_hexadecimal_digits() {
    for text in ["", "0", &NONCE[1..], &format!("{NONCE}0"), &NONCE.replace('a', "g"), &NONCE.replace('a', " ")] {
        assert!(text.parse::<Nonce>().is_err(), "{text:?}");
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic_and_never_say_yes(stdout: Vec<u8>, stderr: Vec<u8>, exit: Option<i32>) {
        let read = super::read(&Az { exit, stdout: &stdout, stderr: &stderr }, &nonce(), None, LOOK);
        prop_assert!(read.is_err());
    }

    #[test]
    fn no_output_without_the_nonce_says_yes(stdout in "(\\[stdout\\]\n|\\[stderr\\]\n|NEXY-END [0-9a-f]{4} 0\n|NEXY-END|[a-z\n ]{0,5}){0,12}", stderr: String) {
        prop_assert!(read_message(&message(&stdout, &stderr)).is_err());
        let as_error = read_error(1, &message(&stdout, &stderr).replace("succeeded", "failed"));
        prop_assert!(as_error.is_err());
    }

    #[test]
    fn whatever_surrounds_a_believed_sentinel_the_status_is_its_own(
        before in "(\\[stdout\\]\n|\\[stderr\\]\n|[a-z\n ]{0,5}){0,8}",
        stderr in "(\\[stdout\\]\n|\\[stderr\\]\n|[a-z\n ]{0,5}){0,8}",
    ) {
        if let Ok(answered) = read_message(&message(&format!("{before}\n{}", end("1")), &stderr)) {
            prop_assert_eq!(answered.status, 1);
            prop_assert_eq!(answered.document, format!("{before}\n"));
        }
    }
}
