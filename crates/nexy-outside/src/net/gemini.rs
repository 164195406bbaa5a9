//! The language model's API: one minimal request, with the key in a header and nowhere else.

use crate::{
    Secret,
    net::http::{Answer, Ask, Credential, Http, HttpError, Method, Payload, Url},
};
use std::time::Duration;

/// The header that carries the key; in an address it would stand in every log on the way.
const HEADER: &str = "x-goog-api-key";
/// One word, and one token of an answer: the least that takes key, quota and model.
const BODY: &str = r#"{"contents":[{"role":"user","parts":[{"text":"ping"}]}],"generationConfig":{"maxOutputTokens":1}}"#;
/// An answer of one token has some hundred bytes.
const MAX_BYTES: u64 = 256 << 10;

/// Where a model is asked.
pub fn url(api_url: &str, model: &str) -> String {
    format!("{api_url}/v1beta/models/{model}:generateContent")
}

/// The same request as a command for a person, with the key piped past the list of processes.
pub fn by_hand(api_url: &str, model: &str, key_name: &str, file: &str) -> String {
    format!(
        "sudo sed -n 's/^{key_name}=/{HEADER}: /p' {file} | curl -sS -H @- -H 'Content-Type: application/json' -d '{BODY}' {}",
        nexy_contract::text::shell_word(&url(api_url, model))
    )
}

/// Asks the model for one token.
/// Errors: [`HttpError`] when there was no whole answer; a refusal is an answer.
pub fn ask(http: &Http, api_url: &str, model: &str, key: &Secret, timeout: Duration) -> Result<Answer, HttpError> {
    let text = url(api_url, model);
    let url = Url::parse(&text).ok_or_else(|| HttpError::unreachable(&text, "it is no URL"))?;
    let origins = [url.origin()];
    let mut ask = Ask::get(url, timeout, MAX_BYTES);
    ask.method = Method::POST;
    ask.payload = Payload::Json(BODY);
    ask.credential = Some(Credential { header: HEADER, scheme: "", secret: key, origins: &origins });
    http.ask(&ask)
}
