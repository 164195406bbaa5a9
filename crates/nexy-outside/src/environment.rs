//! Every environment variable that the tools look at. A test compares this list with docs/environment.md.

use std::ffi::OsString;

/// Name and meaning of every variable.
pub const VARIABLES: &[(&str, &str)] = &[
    ("NEXY_TARGET", "path of nexy.toml; ignored as root"),
    ("NEXY_FORMAT", "text, json or tap: what `--format` says when it is not given"),
    ("GH_TOKEN", "GitHub token for github.com; comes before GITHUB_TOKEN"),
    ("GITHUB_TOKEN", "GitHub token for github.com"),
    ("GH_ENTERPRISE_TOKEN", "GitHub token for another host; comes before GITHUB_ENTERPRISE_TOKEN"),
    ("GITHUB_ENTERPRISE_TOKEN", "GitHub token for another host"),
    ("XDG_STATE_HOME", "nexy-publish keeps its locks in the folder nexy below it"),
    ("HOME", "the same, in .local/state below it, when XDG_STATE_HOME is not set"),
    ("SSL_CERT_FILE", "PEM file of trusted certificates; the system's store is used without it"),
    ("HTTPS_PROXY", "proxy for https, http:// or https://; https_proxy comes before it, all_proxy and ALL_PROXY after it"),
    ("NO_PROXY", "hosts, domains, addresses and networks that are asked without it; no_proxy comes before it"),
    ("NO_COLOR", "any value switches colour off"),
    ("TMPDIR", "where pip builds, as `disk-space` takes it; else `/tmp`"),
    ("PATH", "where git, gh, systemctl and the other programs are found"),
];

/// The value of a variable; unset and empty are the same.
#[expect(clippy::disallowed_methods, reason = "this is the door that all others are sent to")]
pub fn get(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The value of a variable as text; `None` when it is unset, empty, or no UTF-8.
pub fn text(name: &str) -> Option<String> {
    get(name)?.into_string().ok()
}
