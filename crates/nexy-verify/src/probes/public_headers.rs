//! Whether the public documents say what they are, and may be kept by caches no longer than a rollback can wait.

use super::feed;
use crate::{
    context::{Context, Place},
    expected::NotKnown,
    fetch,
    probe::{Answer, Explain, Probe},
};
use nexy_contract::fix::{command, note};
use nexy_contract::{Fix, cache, text};
use nexy_outside::{clock, net::http};

/// The row of the table.
pub(crate) const PROBE: Probe = Probe {
    id: "public-headers",
    asks: "Do the public documents name their types, and is none kept by caches for too long?",
    profiles: &["public", "release", "done"],
    advice_in: &[],
    runbook: "S0 §4.2, S2 §4.9",
    explain: Explain {
        symptom: "Another program answers in the server's place; or clients and proxies go on with an old feed after a publication or a rollback: its length no longer fits the bytes, and they refuse the update.",
        check: "GET PUBLIC/health, /status, /updates/health and /updates/appcast.xml: Content-Type is JSON, for the feed XML; and the longest time that any of their Cache-Control or Expires fields allows (the web server in front adds a second one) is at most limits.cache_max_age_s.",
        fix: &[
            note(
                "Correct the location of that path in the web server in front, and let it load its configuration; then see what it sends:",
            ),
            command("curl -sSi \"$(nexy-version show endpoints.public)/updates/appcast.xml\""),
        ],
        verify: &[command("nexy-verify public-headers")],
    },
    check,
};

/// What a document is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Json,
    Xml,
}

/// Where the documents stand below the public base URL, and what they are written in.
const DOCUMENTS: [(&str, Form); 4] =
    [("/health", Form::Json), ("/status", Form::Json), ("/updates/health", Form::Json), (feed::PATH, Form::Xml)];

/// What the head of an answer says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    content_type: String,
    /// How long a cache may keep it, in seconds; `None` when nothing is said about it.
    kept_s: Option<u64>,
}

fn check(context: &Context) -> Answer {
    let look = |(path, form): &(&str, Form)| {
        let url = format!("{}{path}", context.public);
        let head = fetch::ask(context, &url, Place::Outside).map(|answer| head(&answer));
        (url, *form, head)
    };
    judge(&DOCUMENTS.iter().map(look).collect::<Vec<_>>(), context.workspace.target.limits.cache_max_age_s)
}

fn head(answer: &http::Answer) -> Head {
    let all = |name: &str| answer.headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect::<Vec<_>>();
    let kept_s = cache::longest_s(&all("Cache-Control"), answer.header("Expires"), answer.header("Date"), clock::now());
    Head { status: answer.status, content_type: answer.header("Content-Type").unwrap_or_default().to_owned(), kept_s }
}

fn judge(looks: &[(String, Form, Result<Head, NotKnown>)], most_s: u64) -> Answer {
    let wanted = format!("JSON and XML by Content-Type, and at most {most_s} s in caches (limits.cache_max_age_s)");
    let mut wrong = Vec::new();
    let mut first_wrong = None;
    for (url, form, head) in looks {
        let head = match head {
            Ok(head) => head,
            Err(not_known) => return not_known.answer(wanted),
        };
        if head.status != 200 {
            let mend = Fix::note("the other probes say more about that; mend it first:").then_command("nexy-verify public feed");
            return Answer::unknown(format!("{url} answers {}", head.status), wanted, mend);
        }
        let before = wrong.len();
        if !is_of_form(&head.content_type, *form) {
            let said = if head.content_type.is_empty() {
                "no Content-Type".to_owned()
            } else {
                format!("`{}`", text::excerpt(&head.content_type, 60))
            };
            wrong.push(format!("{url} says {said}, and is {form:?}"));
        }
        if let Some(kept_s) = head.kept_s.filter(|kept_s| *kept_s > most_s) {
            wrong.push(format!("caches may keep {url} for {kept_s} s"));
        }
        if wrong.len() > before {
            first_wrong.get_or_insert(url);
        }
    }
    let Some(url) = first_wrong else {
        let longest = looks.iter().filter_map(|(_, _, head)| head.as_ref().ok()?.kept_s).max();
        let kept =
            longest.map_or_else(|| "no Cache-Control bounds them".to_owned(), |kept_s| format!("caches keep none longer than {kept_s} s"));
        return Answer::pass(format!("{} documents name their types; {kept}", looks.len()));
    };
    let mend = Fix::note("correct the location of that path in the web server in front, on the VM; what it sends now:")
        .then_command(format!("curl -sSi {}", text::shell_word(url)));
    Answer::fail(wrong.join("; "), wanted, mend)
}

/// Whether a media type names this form; parameters such as `charset` do not matter.
fn is_of_form(content_type: &str, form: Form) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match form {
        Form::Json => essence == "application/json" || essence.ends_with("+json"),
        Form::Xml => ["application/xml", "text/xml"].contains(&essence.as_str()) || essence.ends_with("+xml"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nexy_contract::Verdict;

    fn judged(form: Form, status: u16, content_type: &str, kept_s: Option<u64>) -> Answer {
        let head = Head { status, content_type: content_type.to_owned(), kept_s };
        let good = Head { status: 200, content_type: "application/json; charset=utf-8".to_owned(), kept_s: Some(30) };
        judge(&[("https://h/health".to_owned(), Form::Json, Ok(good)), ("https://h/it".to_owned(), form, Ok(head))], 60)
    }

    #[test]
    fn types_and_the_longest_life_in_a_cache_are_judged() {
        for (form, content_type, kept_s) in [
            (Form::Json, "application/json", Some(60)),
            (Form::Json, "application/problem+json", Some(0)),
            (Form::Xml, "application/xml; charset=utf-8", Some(60)),
            (Form::Xml, "text/XML", None),
            (Form::Xml, "application/rss+xml", Some(1)),
        ] {
            assert!(judged(form, 200, content_type, kept_s).passes(), "{content_type}");
        }
        for (form, content_type, kept_s, said) in [
            (Form::Json, "text/html", Some(30), "https://h/it says `text/html`, and is Json"),
            (Form::Json, "", Some(30), "https://h/it says no Content-Type"),
            (Form::Json, "application/xml", None, "says `application/xml`"),
            (Form::Xml, "application/json", None, "and is Xml"),
            (Form::Xml, "text/plain; charset=application/xml", None, "says `text/plain"),
            (Form::Xml, "application/xml", Some(61), "caches may keep https://h/it for 61 s"),
        ] {
            let answer = judged(form, 200, content_type, kept_s);
            assert_eq!(answer.verdict, Verdict::Fail, "{content_type}");
            assert!(answer.found.contains(said) && answer.fix.text().ends_with("curl -sSi https://h/it"), "{answer:?}");
        }
    }

    #[test]
    fn what_cannot_be_reached_or_is_no_document_is_left_to_the_other_probes() {
        assert_eq!(judged(Form::Json, 502, "text/html", None).verdict, Verdict::Unknown);
        let nothing = Err(NotKnown { because: "refused".to_owned(), fix: Fix::note("check") });
        assert_eq!(judge(&[("https://h/health".to_owned(), Form::Json, nothing)], 60).verdict, Verdict::Unknown);
    }
}
