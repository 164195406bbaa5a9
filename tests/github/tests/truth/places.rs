//! The two places where GitHub is found: github.com with its hosts, and a GitHub Enterprise Server on one.

use crate::{certificates::Certificates, internet::Internet};
use nexy_standin::world::{Options, Tool, World};
use nexy_standin::{GithubUrls, Listener};

/// The one token that is accepted; long enough to be searched for in all recorded traffic.
pub(crate) const TOKEN: &str = "ghp_SENTINELw5Rk8sVn3JqT6yXc1ZbG9dLm2Pf";

/// Where GitHub is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// github.com.
    Cloud,
    /// GitHub Enterprise Server.
    Enterprise,
}

/// A host that no other test uses and that does not exist.
const ENTERPRISE: &str = "github.example.test";
const ENTERPRISE_STORAGE: &str = "storage.example.test";

impl Place {
    /// The host that people name.
    pub(crate) const fn host(self) -> &'static str {
        match self {
            Self::Cloud => "github.com",
            Self::Enterprise => ENTERPRISE,
        }
    }

    /// The variable that a token for it stands in.
    pub(crate) const fn token_variable(self) -> &'static str {
        match self {
            Self::Cloud => "GH_TOKEN",
            Self::Enterprise => "GH_ENTERPRISE_TOKEN",
        }
    }

    fn urls(self) -> GithubUrls {
        let text = |text: &str| text.to_owned();
        match self {
            Self::Cloud => GithubUrls {
                api: text("https://api.github.com"),
                uploads: text("https://uploads.github.com"),
                web: text("https://github.com"),
                storage: text("https://release-assets.githubusercontent.com"),
            },
            Self::Enterprise => GithubUrls {
                api: format!("https://{ENTERPRISE}/api/v3"),
                uploads: format!("https://{ENTERPRISE}/api/uploads"),
                web: format!("https://{ENTERPRISE}"),
                storage: format!("https://{ENTERPRISE_STORAGE}"),
            },
        }
    }

    /// Every host there, and the listener of the stand-in behind it.
    const fn hosts(self) -> &'static [(&'static str, Listener)] {
        match self {
            Self::Cloud => &[
                ("api.github.com", Listener::Api),
                ("uploads.github.com", Listener::Uploads),
                ("github.com", Listener::Web),
                ("release-assets.githubusercontent.com", Listener::Storage),
            ],
            Self::Enterprise => &[(ENTERPRISE, Listener::Enterprise), (ENTERPRISE_STORAGE, Listener::Storage)],
        }
    }
}

/// A world whose GitHub is reached over TLS, under its own names.
pub(crate) struct Encrypted {
    /// The place whose names it has.
    pub(crate) place: Place,
    /// Laptop, VM and stand-in.
    pub(crate) world: World,
    internet: Internet,
    certificates: Certificates,
}

impl Encrypted {
    /// One at this place; none without openssl, which is said.
    pub(crate) fn at(place: Place, test: &str) -> Option<Self> {
        let names: Vec<&str> = place.hosts().iter().map(|(host, _)| *host).collect();
        let certificates = Certificates::made_for(test, &names)?;
        let world = World::with(&Options { github: Some(place.urls()), ..Options::default() });
        world.standin.set_token(TOKEN);
        let hosts: Vec<_> = place.hosts().iter().map(|(host, listener)| (*host, world.standin.address(*listener))).collect();
        let internet = Internet::start(certificates.server(), &hosts);
        Some(Self { place, world, internet, certificates })
    }

    /// A pipeline that finds GitHub through the proxy, trusts its certificate, and has this place's token alone.
    pub(crate) fn shell(&self, pipeline: &str) -> Tool {
        let authority = self.certificates.authority();
        let shell = self.world.shell(pipeline).without_env("GH_TOKEN").without_env("GH_ENTERPRISE_TOKEN");
        shell
            .env(self.place.token_variable(), TOKEN)
            .env("HTTPS_PROXY", &self.internet.url())
            .env("NO_PROXY", "127.0.0.1")
            .env("SSL_CERT_FILE", authority.to_str().unwrap())
    }
}
