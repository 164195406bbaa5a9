//! HTTP and what is asked through it: GitHub, Gemini, and the token.

pub mod channel;
pub mod gemini;
pub mod github;
pub mod http;
pub mod live_asset;
pub mod secret;
pub mod token;
