//! What child programs see of this process's environment: one list, since what one of them needs to reach a host, the next needs
//! too. A token or a password is in none of them, except in what a proxy's address holds.

/// Every program.
pub const ALWAYS: &[&str] = &["PATH", "LANG", "LC_ALL"];
/// What reads settings or a login of the person: their folders, and the bus behind which the keyring stands.
pub const PERSON: &[&str] =
    &["HOME", "USER", "LOGNAME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "GH_CONFIG_DIR", "AZURE_CONFIG_DIR"];
/// What asks the network.
pub const NETWORK: &[&str] = &[
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "https_proxy",
    "http_proxy",
    "all_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "GIT_SSL_CAPATH",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_SSH_VARIANT",
    "SSH_AUTH_SOCK",
];

/// The whole list, for docs/environment.md: who, and what.
pub const PASSED_ON: &[(&str, &[&str])] =
    &[("every program", ALWAYS), ("git, gh and az", PERSON), ("az, and git when it asks a remote", NETWORK)];
