//! The language model's API as far as one minimal request goes: strict about its form, and scriptable in what it says.

use crate::connection::RequestBody;
use crate::http::{Request, Response};
use crate::standin::Standin;
use crate::state::State;
use serde_json::{Value, json};
use std::io::Read;

/// What the model says to a request in good form.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Model {
    /// A word, cut by the limit of one token; an unknown key or model is refused.
    #[default]
    Answers,
    /// The same, not cut.
    AnswersWhole,
    /// Nothing but why it says nothing.
    Blocks,
    /// The key has expired.
    Expired,
    /// The key's project was suspended; the real refusal repeats the key, and so does this one.
    Suspended,
    /// The requests of a day are used up.
    DayQuota,
}

/// The only key that is accepted, the only model that there is, and what it says.
#[derive(Debug, Default)]
pub(crate) struct Gemini {
    key: String,
    model: String,
    says: Model,
}

impl Standin {
    /// Makes this the only key that is accepted; no file keeps it.
    pub fn set_gemini_key(&self, key: &str) {
        key.clone_into(&mut self.state.gemini.lock().unwrap().key);
    }

    /// Makes this the only model that there is.
    pub fn set_gemini_model(&self, model: &str) {
        model.clone_into(&mut self.state.gemini.lock().unwrap().model);
    }

    /// Says what the model says from now on.
    pub fn set_gemini(&self, says: Model) {
        self.state.gemini.lock().unwrap().says = says;
    }
}

/// Answers one call.
pub(crate) fn answer(state: &State, request: &Request, body: &mut RequestBody<'_, '_>) -> Response {
    let segments = request.segments();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let model = match segments.as_slice() {
        ["v1beta", "models", call] if request.method == "POST" => call.strip_suffix(":generateContent"),
        _ => None,
    };
    // A key in the address would stand in every log on the way.
    let (Some(model), true) = (model, request.query.is_empty()) else {
        return refusal(404, "NOT_FOUND", "Requested entity was not found.", vec![]).unscripted();
    };
    let mut text = String::new();
    let is_text = body.read_to_string(&mut text).is_ok();
    if !is_text || !is_minimal(request, &text) {
        return refusal(400, "INVALID_ARGUMENT", "Invalid JSON payload received.", vec![]).unscripted();
    }
    let Some(key) = request.header("x-goog-api-key") else {
        let text = "Method doesn't allow unregistered callers (callers without established identity).";
        return refusal(403, "PERMISSION_DENIED", text, vec![]).unscripted();
    };
    say(&state.gemini.lock().unwrap(), key, model)
}

/// One text, one token, and nothing else.
fn is_minimal(request: &Request, text: &str) -> bool {
    let is_json = request.header("content-type").is_some_and(|value| value.starts_with("application/json"));
    let body: Value = serde_json::from_str(text).unwrap_or(Value::Null);
    let said = body["contents"][0]["parts"][0]["text"].as_str().unwrap_or_default();
    is_json && (1..=20).contains(&said.len()) && body["contents"][0]["role"] == "user" && body["generationConfig"]["maxOutputTokens"] == 1
}

fn say(known: &Gemini, key: &str, model: &str) -> Response {
    let denied = |text: &str, details| refusal(403, "PERMISSION_DENIED", text, details);
    match known.says {
        Model::Expired => {
            return refusal(400, "INVALID_ARGUMENT", "API key expired. Please renew the API key.", vec![reason("API_KEY_INVALID")]);
        }
        Model::Suspended => {
            let text = format!("Permission denied: Consumer 'api_key:{key}' has been suspended.");
            let mut detail = reason("CONSUMER_SUSPENDED");
            detail["metadata"]["consumer"] = json!(format!("api_key:{key}"));
            return denied(&text, vec![detail]);
        }
        Model::DayQuota => return exhausted("GenerateRequestsPerDayPerProjectPerModel-FreeTier", "35.5s"),
        Model::Answers | Model::AnswersWhole | Model::Blocks => {}
    }
    if known.key != key {
        let text = "API key not valid. Please pass a valid API key.";
        return refusal(400, "INVALID_ARGUMENT", text, vec![reason("API_KEY_INVALID")]);
    }
    if known.model != model {
        let text = format!("models/{model} is not found for API version v1beta, or is not supported for generateContent.");
        return refusal(404, "NOT_FOUND", &text, vec![]);
    }
    let usage = json!({"promptTokenCount": 2, "totalTokenCount": 2});
    Response::json(
        200,
        &match known.says {
            Model::Blocks => json!({"promptFeedback": {"blockReason": "OTHER"}, "usageMetadata": usage, "modelVersion": model}),
            Model::AnswersWhole => json!({
                "candidates": [{"content": {"parts": [{"text": "Hi"}], "role": "model"}, "finishReason": "STOP", "index": 0}],
                "usageMetadata": usage,
                "modelVersion": model,
            }),
            // A model that thinks first has spent its one token before it says anything.
            _ => json!({
                "candidates": [{"content": {"role": "model"}, "finishReason": "MAX_TOKENS", "index": 0}],
                "usageMetadata": usage,
                "modelVersion": model,
            }),
        },
    )
}

fn exhausted(quota: &str, delay: &str) -> Response {
    let details = vec![
        json!({"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": quota, "quotaValue": "20"}]}),
        json!({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}),
    ];
    refusal(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota, please check your plan and billing details.", details)
}

fn reason(word: &str) -> Value {
    json!({
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": word,
        "domain": "googleapis.com",
        "metadata": {"service": "generativelanguage.googleapis.com"},
    })
}

fn refusal(code: u16, status: &str, message: &str, details: Vec<Value>) -> Response {
    let mut error = json!({"code": code, "message": message, "status": status});
    if !details.is_empty() {
        error["details"] = Value::Array(details);
    }
    Response::json(code, &json!({"error": error}))
}
