//! What all gates of one run look at; whatever is costly is looked at once and shared.

use crate::{
    channels::{self, Channels},
    inbox::Inbox,
};
use nexy_contract::{Exit, Problem, Record, report::Subject};
use nexy_outside::{
    Workspace,
    github::Github,
    http::Http,
    token::{self, Token},
};
use std::cell::OnceCell;

/// The workspace, the record if one came, and what was seen so far.
#[derive(Debug)]
pub(crate) struct Context {
    /// What `nexy.toml` says, and where the workspace is.
    pub(crate) workspace: Workspace,
    /// The record of standard input.
    pub(crate) record: Option<Record>,
    http: OnceCell<Result<Http, Problem>>,
    token: OnceCell<Result<Token, Problem>>,
    inbox: OnceCell<Inbox>,
    channels: OnceCell<Channels>,
}

impl Context {
    /// Nothing has been looked at yet.
    pub(crate) fn new(workspace: Workspace, record: Option<Record>) -> Self {
        Self { workspace, record, http: OnceCell::new(), token: OnceCell::new(), inbox: OnceCell::new(), channels: OnceCell::new() }
    }

    /// The door to the network, opened when it is first needed; one run keeps its connections.
    pub(crate) fn http(&self) -> Result<&Http, &Problem> {
        let open = || {
            Http::new(&self.workspace.target.limits)
                .map_err(|error| Problem::new(Exit::CouldNotLook, "cannot open the network", error.to_string(), error.fix()))
        };
        self.http.get_or_init(open).as_ref()
    }

    /// The GitHub token, looked for once.
    pub(crate) fn token(&self) -> Result<&Token, &Problem> {
        self.token.get_or_init(|| token::find(&self.workspace.target)).as_ref()
    }

    /// GitHub's calls, with the token if there is one; public channels can be looked at without.
    pub(crate) fn github(&self) -> Result<Github<'_>, &Problem> {
        let secret = self.token().ok().map(|token| token.secret.clone());
        Ok(Github::new(self.http()?, &self.workspace.target, secret))
    }

    /// The inbox; every artifact in it is hashed when this is first asked, and never again in this run.
    pub(crate) fn inbox(&self) -> &Inbox {
        self.inbox.get_or_init(|| Inbox::look(&self.workspace))
    }

    /// The fixed releases of the artifacts in question, asked once.
    pub(crate) fn channels(&self) -> &Channels {
        self.channels.get_or_init(|| channels::look(self))
    }

    /// The bytes that this run has judged, and the live assets that it has seen; looks at nothing new.
    pub(crate) fn subjects(&self) -> Vec<Subject> {
        let judged = self.inbox.get().into_iter().flat_map(Inbox::readable);
        judged
            .map(|(name, bytes)| {
                let seen = self.channels.get().and_then(|channels| channels.seen(name));
                Subject {
                    name: name.to_owned(),
                    size_bytes: bytes.size_bytes,
                    sha256: bytes.sha256,
                    looked: seen.is_some(),
                    live: seen.flatten(),
                }
            })
            .collect()
    }
}
