//! What the language model's API has said, told apart by status, reason and a few fixed words; its own sentences are never
//! kept, since some of them repeat the key.

use serde_json::Value;

/// What an answer means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// The model has answered.
    Answers,
    /// The key is not valid.
    Invalid,
    /// The key was one.
    Expired,
    /// The key was found in public, and is refused since.
    Leaked,
    /// The key is one, and may not be used so: half a sentence.
    NotPermitted(&'static str),
    /// Nothing is left of what the key may ask.
    Exhausted {
        /// Of a `day`, a `minute`, or of a time that is not said.
        period: Option<&'static str>,
        /// When asking again may help, in seconds.
        wait_s: Option<u64>,
    },
    /// There is no such model.
    NoSuchModel,
    /// The API serves no requests from where this machine stands.
    Region,
    /// The service cannot answer now.
    Overloaded,
    /// Another server has answered, or the reason is not known: half a sentence.
    Unclear(String),
}

/// Reasons for which a key may not be used, and what they mean.
const REASONS: &[(&str, &str)] = &[
    ("SERVICE_DISABLED", "the API is switched off in the key's project"),
    ("BILLING_DISABLED", "the key's project has no billing"),
    ("CONSUMER_SUSPENDED", "the key's project was suspended"),
    ("CONSUMER_INVALID", "the key's project is gone"),
    ("API_KEY_SERVICE_BLOCKED", "the key is restricted to other APIs"),
    ("API_KEY_IP_ADDRESS_BLOCKED", "the key is restricted to other addresses than this machine's"),
    ("API_KEY_HTTP_REFERRER_BLOCKED", "the key is restricted to web pages"),
    ("API_KEY_ANDROID_APP_BLOCKED", "the key is restricted to apps"),
    ("API_KEY_IOS_APP_BLOCKED", "the key is restricted to apps"),
];
/// Longer waits than a month come from a wrong clock.
const LONGEST_WAIT_S: f64 = 31.0 * 86_400.0;

/// Reads an answer.
pub(super) fn read(status: u16, retry_after: Option<&str>, body: &[u8]) -> Reply {
    let Ok(document) = serde_json::from_slice::<Value>(body) else {
        return Reply::Unclear(format!("HTTP {status} with something else than JSON, so another server has answered"));
    };
    if status == 200 {
        return answer(&document);
    }
    // Some gateways send a list of one.
    let error = document.get("error").or_else(|| document.get(0)?.get("error")).unwrap_or(&Value::Null);
    if error["code"] != status {
        return Reply::Unclear(format!("HTTP {status} in a form that is not the API's, so another server has answered"));
    }
    refusal(status, retry_after, error)
}

/// An answer that was cut after its one token is one; a model that thinks first has spent it before the first word.
fn answer(document: &Value) -> Reply {
    match document["candidates"][0]["finishReason"].as_str() {
        Some("STOP" | "MAX_TOKENS") => Reply::Answers,
        Some(_) => Reply::Unclear("HTTP 200, but the model has ended its answer for another reason than its length".to_owned()),
        None => Reply::Unclear("HTTP 200 without an answer of the model".to_owned()),
    }
}

fn refusal(status: u16, retry_after: Option<&str>, error: &Value) -> Reply {
    let details = error["details"].as_array().map(Vec::as_slice).unwrap_or_default();
    let has_reason = |wanted: &str| details.iter().any(|detail| detail["reason"] == wanted);
    let message = error["message"].as_str().unwrap_or_default().to_lowercase();
    let unclear = || Reply::Unclear(format!("HTTP {status} for a reason that is not known here"));
    match (status, error["status"].as_str().unwrap_or_default()) {
        (400, "INVALID_ARGUMENT") if has_reason("API_KEY_INVALID") || message.contains("api key") => {
            if message.contains("expired") {
                Reply::Expired
            } else {
                Reply::Invalid
            }
        }
        (400, "FAILED_PRECONDITION") if message.contains("location") => Reply::Region,
        (400, "FAILED_PRECONDITION") if message.contains("billing") => Reply::NotPermitted("the key's project has no billing"),
        (401, "UNAUTHENTICATED") => Reply::Invalid,
        (403, "PERMISSION_DENIED") if message.contains("leaked") => Reply::Leaked,
        (403, "PERMISSION_DENIED") => {
            let known = REASONS.iter().find(|(reason, _)| has_reason(reason));
            Reply::NotPermitted(known.map_or("the key has no permission for it", |(_, because)| because))
        }
        (404, "NOT_FOUND") => Reply::NoSuchModel,
        (429, "RESOURCE_EXHAUSTED") => Reply::Exhausted { period: period(details), wait_s: wait_s(retry_after, details) },
        (500 | 503 | 504, _) => Reply::Overloaded,
        _ => unclear(),
    }
}

/// The longest time whose requests are used up.
fn period(details: &[Value]) -> Option<&'static str> {
    let quotas = || details.iter().filter_map(|detail| detail["violations"].as_array()).flatten();
    let has = |word: &str| quotas().any(|quota| quota["quotaId"].as_str().is_some_and(|id| id.contains(word)));
    [("PerDay", "day"), ("PerMinute", "minute")].into_iter().find_map(|(word, period)| has(word).then_some(period))
}

/// `Retry-After: 30`, else `"retryDelay": "30.5s"`.
fn wait_s(retry_after: Option<&str>, details: &[Value]) -> Option<u64> {
    let delay = || details.iter().find_map(|detail| detail["retryDelay"].as_str()?.strip_suffix('s')?.parse::<f64>().ok());
    let seconds = retry_after.and_then(|text| text.trim().parse::<f64>().ok()).or_else(delay)?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is looked at first")]
    (0.0..=LONGEST_WAIT_S).contains(&seconds).then(|| seconds.ceil() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn refused(code: u16, status: &str, message: &str, details: Value) -> Reply {
        let body = json!({"error": {"code": code, "status": status, "message": message, "details": details}});
        read(code, None, body.to_string().as_bytes())
    }

    fn reason(word: &str) -> Value {
        json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": word}])
    }

    #[test]
    fn every_refusal_of_a_key_is_told_apart() {
        let invalid = "INVALID_ARGUMENT";
        assert_eq!(refused(400, invalid, "API key not valid.", reason("API_KEY_INVALID")), Reply::Invalid);
        assert_eq!(refused(400, invalid, "API Key not found.", json!([])), Reply::Invalid);
        assert_eq!(refused(400, invalid, "API key expired. Please renew", reason("API_KEY_INVALID")), Reply::Expired);
        assert_eq!(refused(401, "UNAUTHENTICATED", "", json!([])), Reply::Invalid);
        assert_eq!(refused(403, "PERMISSION_DENIED", "Your API key was reported as leaked.", json!([])), Reply::Leaked);
        for (word, because) in REASONS {
            assert_eq!(refused(403, "PERMISSION_DENIED", "no", reason(word)), Reply::NotPermitted(because));
        }
        assert!(matches!(refused(403, "PERMISSION_DENIED", "no", Value::Null), Reply::NotPermitted(_)));
        assert_eq!(refused(400, "FAILED_PRECONDITION", "User location is not supported", json!([])), Reply::Region);
        assert!(matches!(refused(400, "FAILED_PRECONDITION", "Please enable billing", json!([])), Reply::NotPermitted(_)));
        assert_eq!(refused(404, "NOT_FOUND", "models/x is not found", json!([])), Reply::NoSuchModel);
        for code in [500, 503, 504] {
            assert_eq!(refused(code, "UNAVAILABLE", "overloaded", json!([])), Reply::Overloaded);
        }
    }

    #[test]
    fn an_exhausted_quota_says_of_what_and_until_when() {
        let quota = |id: &str, delay: &str| json!([{"violations": [{"quotaId": id}]}, {"retryDelay": delay}]);
        let asked = |details| refused(429, "RESOURCE_EXHAUSTED", "quota", details);
        assert_eq!(asked(quota("RequestsPerDayPerModel", "35.5s")), Reply::Exhausted { period: Some("day"), wait_s: Some(36) });
        assert_eq!(asked(quota("RequestsPerMinute", "1e300s")), Reply::Exhausted { period: Some("minute"), wait_s: None });
        assert_eq!(asked(quota("", "-3s")), Reply::Exhausted { period: None, wait_s: None });
        let body = br#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}"#;
        assert_eq!(read(429, Some("7"), body), Reply::Exhausted { period: None, wait_s: Some(7) });
        assert_eq!(read(429, Some("Wed, 21 Oct 2026 07:28:00 GMT"), body), Reply::Exhausted { period: None, wait_s: None });
    }

    #[test]
    fn only_an_answer_of_the_model_is_one() {
        let asked = |body: &str| read(200, None, body.as_bytes());
        for body in [r#"{"candidates":[{"finishReason":"MAX_TOKENS"}]}"#, r#"{"candidates":[{"finishReason":"STOP","content":{}}]}"#] {
            assert_eq!(asked(body), Reply::Answers, "{body}");
        }
        for body in [
            "",
            "<html>",
            "null",
            "[]",
            "{}",
            r#"{"candidates":[]}"#,
            r#"{"candidates":[{}]}"#,
            r#"{"candidates":[{"finishReason":"SAFETY"}]}"#,
            r#"{"promptFeedback":{"blockReason":"OTHER"}}"#,
            r#"{"error":{"code":200}}"#,
        ] {
            assert!(matches!(asked(body), Reply::Unclear(_)), "{body}");
        }
    }

    #[test]
    fn whoever_does_not_speak_as_the_api_does_says_nothing() {
        for (status, body) in [
            (400, r#"{"message":"API key expired"}"#),
            (403, r#"{"error":"PERMISSION_DENIED"}"#),
            (404, r#"{"error":{"code":400,"status":"NOT_FOUND"}}"#),
            (404, "<html>404</html>"),
            (429, "slow down"),
            (503, "{}"),
            (302, ""),
            (400, r#"{"error":{"code":400,"status":"INVALID_ARGUMENT","message":"Invalid JSON payload"}}"#),
        ] {
            assert!(matches!(read(status, None, body.as_bytes()), Reply::Unclear(_)), "{status} {body}");
        }
    }

    proptest! {
        #[test]
        fn no_answer_stops_the_reader_and_none_but_200_is_a_yes(status in 100..600_u16, after: Option<String>, bytes: Vec<u8>) {
            let reply = read(status, after.as_deref(), &bytes);
            prop_assert!(status == 200 || reply != Reply::Answers);
        }

        #[test]
        fn no_word_of_an_answer_is_kept(status in prop_oneof![Just(400_u16), Just(403), Just(404), Just(429), Just(503), Just(418)], word in "[A-Za-z0-9]{12}") {
            for field in ["message", "status", "reason"] {
                let mut error = json!({"code": status, "status": "PERMISSION_DENIED", "message": "x", "details": reason("y")});
                match field {
                    "reason" => error["details"][0]["reason"] = json!(word),
                    other => error[other] = json!(word),
                }
                let reply = format!("{:?}", read(status, None, json!({ "error": error }).to_string().as_bytes()));
                prop_assert!(!reply.contains(&word), "{}", reply);
            }
        }
    }
}
