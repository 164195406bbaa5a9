//! HTTP/1.1 as far as the imitated services speak it.

mod request;
mod response;

pub(crate) use request::{Framing, Request, read_request};
pub(crate) use response::{Body, Response, Tamper, write_response};
