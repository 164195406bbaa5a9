//! The three small JSON documents in which the server says what it is: `/health`, `/status`, and the update server's `/health`.

use crate::{
    context::{Context, Place},
    expected::{Code, Expected, NotKnown},
    fetch::{self, Look, Unread},
    probe::Answer,
};
pub(crate) use nexy_contract::health::Said;
use nexy_contract::{Fix, health, text};

/// Which document is asked, and what it must say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    /// Where it stands.
    pub(crate) url: String,
    /// Where it is asked.
    pub(crate) place: Place,
    /// The word in `status` that means well: `OK`, `running`, `healthy`.
    pub(crate) word: &'static str,
    /// The version that it must name, and where that one comes from.
    pub(crate) version: Expected<Code>,
    /// What to do when nothing useful answers.
    pub(crate) fix_silence: Fix,
    /// What to do when it names another version.
    pub(crate) fix_version: Fix,
}

/// Looks, and judges.
pub(crate) fn check(context: &Context, question: &Question) -> Answer {
    judge(question, &fetch::fetch(context, &question.url, question.place))
}

/// Whether the server says that it is well and of the expected version.
pub(crate) fn judge(question: &Question, look: &Look) -> Answer {
    let (expected, origin) = match &question.version {
        Ok(expected) => expected,
        Err(not_known) => return not_known.answer("a version to compare with"),
    };
    let wanted = format!("200 with status {}, latest_version and latest_build {expected} (from {origin})", question.word);
    let said = match read(&question.url, look) {
        Ok(said) => said,
        Err(Unread::Nothing(not_known)) => return not_known.answer(wanted),
        Err(Unread::Useless(found)) => return Answer::fail(found, wanted, &question.fix_silence),
    };
    let version = expected.to_string();
    let url = &question.url;
    if said.status != question.word {
        return Answer::fail(format!("{url} says status `{}`", text::excerpt(&said.status, 40)), wanted, &question.fix_silence);
    }
    if said.version != version || said.build != version {
        let found = format!("{url} says version `{}`, build `{}`", text::excerpt(&said.version, 40), text::excerpt(&said.build, 40));
        return Answer::fail(found, wanted, &question.fix_version);
    }
    Answer::pass(format!("{url} says {}, version and build {version} (from {origin})", question.word))
}

/// Reads an answer; anything but 200 with the three texts is none.
pub(crate) fn read(url: &str, look: &Look) -> Result<Said, Unread> {
    let (status, body) = look.as_ref().map_err(Clone::clone)?;
    health::read(url, *status, body).map_err(|unread| match unread {
        health::Unread::Intermediary(because) => Unread::Nothing(NotKnown { because, fix: fetch::look_there(url) }),
        health::Unread::Useless(found) => Unread::Useless(found),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexy_contract::{ReleaseVersion, Verdict};

    fn question() -> Question {
        Question {
            url: "http://h/health".to_owned(),
            place: Place::Here,
            word: "OK",
            version: Ok((ReleaseVersion::new([2, 0, 0, 4]), "VERSION".to_owned())),
            fix_silence: Fix::command("look"),
            fix_version: Fix::command("restart"),
        }
    }

    fn answered(status: u16, body: &str) -> Look {
        Ok((status, body.as_bytes().to_vec()))
    }

    fn health(status: &str, version: &str, build: &str) -> Look {
        answered(200, &format!(r#"{{"status":"{status}","latest_version":"{version}","latest_build":"{build}","ffmpeg_available":false}}"#))
    }

    #[test]
    fn the_right_version_passes() {
        let answer = judge(&question(), &health("OK", "2.0.0.4", "2.0.0.4"));
        assert_eq!(answer, Answer::pass("http://h/health says OK, version and build 2.0.0.4 (from VERSION)"));
    }

    #[test]
    fn another_version_build_or_status_fails_with_what_to_type() {
        for (look, fix) in [
            (health("OK", "2.0.0.3", "2.0.0.3"), "restart"),
            (health("OK", "2.0.0.4", "2.0.0.3"), "restart"),
            (health("OK", "2.0.0.40", "2.0.0.40"), "restart"),
            (health("OK", "v2.0.0.4", "2.0.0.4"), "restart"),
            (health("OK", "", ""), "restart"),
            (health("ok", "2.0.0.4", "2.0.0.4"), "look"),
            (health("degraded", "2.0.0.4", "2.0.0.4"), "look"),
            (answered(502, "<html>"), "look"),
            (answered(200, r#"{"status":"OK"}"#), "look"),
        ] {
            let answer = judge(&question(), &look);
            assert_eq!((answer.verdict, answer.fix.text().as_str()), (Verdict::Fail, fix), "{look:?}");
            assert!(answer.expected.contains("2.0.0.4 (from VERSION)"));
        }
    }

    #[test]
    fn who_could_not_be_asked_is_unknown() {
        let nothing =
            Err(NotKnown { because: "cannot reach http://h/health: refused".to_owned(), fix: Fix::note("check the network") }.into());
        assert_eq!(judge(&question(), &nothing).verdict, Verdict::Unknown);
        for status in [407, 429, 511] {
            assert_eq!(judge(&question(), &answered(status, "")).verdict, Verdict::Unknown, "{status}");
        }
        let not_known = Err(NotKnown { because: "there is no VERSION".to_owned(), fix: Fix::command("nexy-version check") });
        let answer = judge(&Question { version: not_known, ..question() }, &health("OK", "2.0.0.4", "2.0.0.4"));
        assert_eq!((answer.verdict, answer.fix.text().as_str()), (Verdict::Unknown, "nexy-version check"));
    }

    #[test]
    fn text_of_the_server_cannot_steer_the_terminal() {
        let answer = judge(&question(), &health("OK", "\\u001b[2J", "2.0.0.4"));
        assert!(!answer.found.contains('\u{1b}'), "{}", answer.found);
    }
}
