//! What to type on the VM when the service is not well.

use nexy_contract::{Fix, text};

/// Where the cause stands when a server on this machine does not answer: in the unit and its journal.
pub(crate) fn look_at(unit: &str) -> Fix {
    Fix::note("the service does not answer on this machine; its unit and its journal say why:").then(status(unit)).then(journal(unit))
}

/// Shows what it said last.
pub(crate) fn journal(unit: &str) -> Fix {
    Fix::command(format!("journalctl -u {} -n 50 --no-pager", text::shell_word(unit)))
}

/// Shows what systemd knows of it.
pub(crate) fn status(unit: &str) -> Fix {
    Fix::command(format!("systemctl status {} --no-pager -l", text::shell_word(unit)))
}

/// Restarts it, when every hard gate passes.
pub(crate) fn restart(unit: &str) -> String {
    format!("sudo nexy-gate hard && sudo systemctl restart {}", text::shell_word(unit))
}
