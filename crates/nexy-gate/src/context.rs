//! What all gates of one run look at; whatever is costly is looked at once and shared.

use crate::cli::Cli;
use crate::observed::{
    channels::{self, Channels},
    inbox::Inbox,
};
use nexy_contract::{Problem, Record, ReleaseVersion, report::Subject};
use nexy_outside::{
    Workspace,
    frame::version_file::{self, NoVersion},
    fs::root_fs::RootFs,
    net::{
        github::{Github, GithubError, RepositoryAccess},
        http::Http,
        token::{self, Token},
    },
};
use std::{path::Path, sync::OnceLock};

/// The workspace, the record if one came, and what was seen so far. Gates that leave this process share it across threads.
#[derive(Debug)]
pub(crate) struct Context {
    /// What `nexy.toml` says, and where the workspace is.
    pub(crate) workspace: Workspace,
    /// The record of standard input.
    pub(crate) record: Option<Record>,
    /// The machine whose files are looked at by gates of the VM.
    pub(crate) tree: RootFs,
    /// The reason of `--allow-rolled-back`.
    pub(crate) allow_rolled_back: Option<String>,
    /// The tag that `--tag` names.
    tag: Option<String>,
    /// The commit that `--commit` names.
    commit: Option<String>,
    http: OnceLock<Result<Http, Problem>>,
    token: OnceLock<Result<Token, Problem>>,
    inbox: OnceLock<Inbox>,
    channels: OnceLock<Channels>,
    repository: OnceLock<Result<RepositoryAccess, GithubError>>,
}

impl Context {
    /// Nothing has been looked at yet.
    pub(crate) fn new(workspace: Workspace, record: Option<Record>, tree: RootFs, cli: &Cli) -> Self {
        Self {
            workspace,
            record,
            tree,
            allow_rolled_back: cli.allow_rolled_back.clone(),
            tag: cli.tag.clone(),
            commit: cli.commit.clone(),
            http: OnceLock::new(),
            token: OnceLock::new(),
            inbox: OnceLock::new(),
            channels: OnceLock::new(),
            repository: OnceLock::new(),
        }
    }

    /// The tag in question: that of `--tag`, else of the record, else of the version's owner.
    pub(crate) fn tag(&self) -> Result<String, NoVersion> {
        self.named_tag().map_or_else(|| self.version_here().map(ReleaseVersion::tag), |tag| Ok(tag.to_owned()))
    }

    /// The tag that `--tag` or the record names; `None` when this run was told none, so that the checkout speaks for itself.
    pub(crate) fn named_tag(&self) -> Option<&str> {
        self.tag.as_deref().or_else(|| Some(self.record.as_ref()?.tag.as_str()))
    }

    /// The commit that is to get the tag in question; `None` when the tag itself is asked about.
    pub(crate) fn commit(&self) -> Option<&str> {
        self.commit.as_deref()
    }

    /// What the version's owner says: in the workspace, or in the checkout of a mounted tree.
    fn version_here(&self) -> Result<ReleaseVersion, NoVersion> {
        if self.tree.is_here() {
            return version_file::read(&self.workspace);
        }
        let checkout = Path::new(&self.workspace.target.vm.checkout);
        let file = checkout.join(&self.workspace.target.layout.version_file);
        // The file itself may be a link, which must not lead out of the tree.
        let place = self.tree.find(&file).map_err(|error| NoVersion::Unreadable(error.to_string()))?;
        version_file::read_at(&self.workspace.target.layout.version_file, &place)
    }

    /// The door to the network, opened when it is first needed; one run keeps its connections.
    pub(crate) fn http(&self) -> Result<&Http, &Problem> {
        let open = || Http::new(&self.workspace.target.limits).map_err(|error| error.problem("cannot open the network"));
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

    /// The artifacts' repository as GitHub shows it to this token, asked once.
    pub(crate) fn repository(&self) -> Result<&Result<RepositoryAccess, GithubError>, &Problem> {
        let github = self.github()?;
        Ok(self.repository.get_or_init(|| github.repository()))
    }

    /// The inbox; every artifact in it is hashed when this is first asked, and never again in this run.
    pub(crate) fn inbox(&self) -> &Inbox {
        self.inbox.get_or_init(|| Inbox::look(&self.workspace))
    }

    /// The fixed releases of the artifacts in question, asked once.
    pub(crate) fn channels(&self) -> &Channels {
        self.channels.get_or_init(|| channels::look(self.inbox(), &self.workspace.target.artifacts, self.github()))
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
