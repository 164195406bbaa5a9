//! What `az` says for people when it does not answer, told apart by the marks of its messages.

/// Why `az` does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It does not reach Azure.
    Network,
    /// There is no login, or it is over.
    NotLoggedIn,
    /// The login may not do this.
    Forbidden,
    /// The subscription is switched off, or gone.
    Disabled,
    /// There is no such resource group.
    NoGroup,
    /// There is no such resource.
    NoResource,
}

/// Marks and what they mean; the first that is found counts. Those of the network come before all others: a request for a login
/// that did not get through names the login as well.
const MARKS: &[(&str, Refusal)] = &[
    ("Max retries exceeded", Refusal::Network),
    ("NameResolutionError", Refusal::Network),
    ("Temporary failure in name resolution", Refusal::Network),
    ("Name or service not known", Refusal::Network),
    ("nodename nor servname", Refusal::Network),
    ("getaddrinfo failed", Refusal::Network),
    ("Failed to establish a new connection", Refusal::Network),
    ("Connection aborted", Refusal::Network),
    ("Connection refused", Refusal::Network),
    ("Connection reset", Refusal::Network),
    ("Network is unreachable", Refusal::Network),
    ("timed out", Refusal::Network),
    ("ProxyError", Refusal::Network),
    ("SSLError", Refusal::Network),
    ("Certificate verification failed", Refusal::Network),
    ("CERTIFICATE_VERIFY_FAILED", Refusal::Network),
    ("ReadOnlyDisabledSubscription", Refusal::Disabled),
    ("DisabledSubscription", Refusal::Disabled),
    ("SubscriptionNotFound", Refusal::Disabled),
    ("AuthorizationFailed", Refusal::Forbidden),
    ("ResourceGroupNotFound", Refusal::NoGroup),
    ("ResourceNotFound", Refusal::NoResource),
    // 401: the token has expired or was revoked.
    ("AuthenticationToken", Refusal::NotLoggedIn),
    ("(AuthenticationFailed", Refusal::NotLoggedIn),
    ("(Unauthorized)", Refusal::NotLoggedIn),
    ("AADSTS", Refusal::NotLoggedIn),
    ("az login", Refusal::NotLoggedIn),
    ("No subscription", Refusal::NotLoggedIn),
];

/// Reads what `az` has printed for people; `None` for anything else than the known refusals.
pub fn refusal(words: &str) -> Option<Refusal> {
    MARKS.iter().find(|(mark, _)| words.contains(mark)).map(|(_, refusal)| *refusal)
}

/// Ids of tenants, accounts and subscriptions say nothing to a reader, and stay private.
pub fn without_ids(text: &str) -> String {
    let is_id = |word: &str| word.len() == 36 && word.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    let is_between = |character: char| !(character.is_ascii_alphanumeric() || character == '-');
    let shown = |piece: &str| {
        let word = piece.trim_end_matches(is_between);
        if is_id(word) { piece.replace(word, "…") } else { piece.to_owned() }
    };
    text.split_inclusive(is_between).map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_az_says_is_told_apart() {
        for (words, wanted) in [
            ("ERROR: Please run 'az login' to setup account.", Some(Refusal::NotLoggedIn)),
            ("ERROR: AADSTS700082: The refresh token has expired.\naz login --scope x", Some(Refusal::NotLoggedIn)),
            ("ERROR: No subscription found. Run 'az account set' to select a subscription.", Some(Refusal::NotLoggedIn)),
            ("ERROR: (ExpiredAuthenticationToken) The access token expiry UTC time '…' is earlier", Some(Refusal::NotLoggedIn)),
            ("ERROR: (InvalidAuthenticationTokenTenant) The access token is from the wrong issuer", Some(Refusal::NotLoggedIn)),
            ("ERROR: (AuthorizationFailed) The client 'a@b'", Some(Refusal::Forbidden)),
            ("ERROR: (ReadOnlyDisabledSubscription) The subscription 'x' is disabled", Some(Refusal::Disabled)),
            ("ERROR: (SubscriptionNotFound) The subscription 'x' could not be found.", Some(Refusal::Disabled)),
            ("ERROR: (ResourceGroupNotFound) Resource group 'x' could not be found.", Some(Refusal::NoGroup)),
            ("ERROR: (ResourceNotFound) The Resource 'x' was not found.", Some(Refusal::NoResource)),
            (
                "ERROR: HTTPSConnectionPool(host='login.microsoftonline.com', port=443): Max retries exceeded. Please run 'az login'",
                Some(Refusal::Network),
            ),
            ("ERROR: <urlopen error [Errno 8] nodename nor servname provided, or not known>", Some(Refusal::Network)),
            ("ERROR: Certificate verification failed. This typically happens behind a proxy", Some(Refusal::Network)),
            ("ERROR: something else", None),
        ] {
            assert_eq!(refusal(words), wanted, "{words}");
        }
    }

    #[test]
    fn ids_are_left_out() {
        assert_eq!(without_ids("tenant '0a1b2c3d-0000-1111-2222-333344445555' is odd"), "tenant '…' is odd");
    }
}
