//! GitHub Enterprise Server: the same listeners behind one host, told apart by the beginning of the path.

use crate::http::Request;
use crate::listener::Listener;

/// The listener that a request of the one host is meant for, with the path as that listener knows it.
pub(crate) fn behind_one_host(listener: Listener, request: &mut Request) -> Listener {
    if listener != Listener::Enterprise {
        return listener;
    }
    let path = request.path.clone();
    if path == "/api/graphql" {
        request.move_to("/graphql");
        return Listener::Api;
    }
    for (prefix, listener) in [("/api/v3", Listener::Api), ("/api/uploads", Listener::Uploads)] {
        match path.strip_prefix(prefix) {
            Some("") => request.move_to("/"),
            Some(rest) if rest.starts_with('/') => request.move_to(rest),
            _ => continue,
        }
        return listener;
    }
    Listener::Web
}
