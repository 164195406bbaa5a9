//! How a server greets, before any request: its certificates, the protocol that it chooses, and its answer to a few bytes.

use super::{Http, HttpError, Url, proxy};
use nexy_contract::text;
use rustls::{
    ClientConfig, ClientConnection, RootCertStore,
    pki_types::{CertificateDer, ServerName},
};
use rustls_platform_verifier::BuilderVerifierExt as _;
use std::{
    fmt,
    io::{self, ErrorKind, Read, Write},
    sync::Arc,
    time::Duration,
};
use ureq::{
    Agent, Error,
    http::Request,
    tls::RootCerts,
    unversioned::{
        resolver::DefaultResolver,
        transport::{ConnectProxyConnector, ConnectionDetails, Connector, RustlsConnector, TcpConnector, Transport, TransportAdapter},
    },
};

/// Of an answer no more is read, in bytes.
const MAX_ANSWER_BYTES: usize = 512;

/// What is said to a server.
#[derive(Clone, Copy, Debug)]
pub struct Hello<'a> {
    /// Where it is: an `https` URL, whose path is not asked for.
    pub url: &'a Url,
    /// Whether it is spoken to in TLS, with certificates checked as for every request.
    pub tls: bool,
    /// The protocols that ALPN offers.
    pub protocols: &'a [&'a str],
    /// What is sent when the connection stands.
    pub says: &'static [u8],
    /// How many bytes of an answer are waited for; those that come with them are kept too.
    pub answer_bytes: usize,
    /// Longest time from start to end.
    pub timeout: Duration,
}

/// What the server has shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Greeting {
    /// Its certificates in DER, its own first; none without TLS.
    pub certificates: Vec<Vec<u8>>,
    /// The protocol that it has chosen by ALPN.
    pub protocol: Option<String>,
    /// The beginning of its answer.
    pub answer: Vec<u8>,
    /// Why no more of it came, when fewer bytes came than were waited for; empty when the server has ended the connection.
    pub broke_off: Option<String>,
}

impl Http {
    /// Connects on the way that every request takes, through a proxy too, and shows how the server greets.
    /// Errors: [`HttpError`] when no connection came about; [`super::Failure::Tls`] when only TLS did not.
    pub fn greet(&self, hello: &Hello<'_>) -> Result<Greeting, HttpError> {
        let url = hello.url;
        let proxy = proxy::of(url).map_err(|because| HttpError::proxy(url, &because))?;
        let failed = |error: Error| HttpError::sending(url, None, error);
        let name = ServerName::try_from(url.host().to_owned()).map_err(|error| HttpError::unreachable(&url.shown(), error))?;
        let tls = hello.tls.then(|| self.tls(hello.protocols)).transpose().map_err(|error| failed(error.into()))?;
        let request = Request::builder().uri(url.as_str()).body(()).map_err(|error| failed(error.into()))?;
        let greeter =
            Greeter { host: url.host().to_owned(), port: url.port(), name, tls, says: hello.says, answer_bytes: hello.answer_bytes };
        // A proxy is reached through the same chain; the last link encrypts the way to one that wants TLS.
        let chain =
            ().chain(ConnectProxyConnector::default()).chain(TcpConnector::default()).chain(greeter).chain(RustlsConnector::default());
        let agent = Agent::with_parts(self.config.clone(), chain, DefaultResolver::default());
        match agent.run(agent.configure_request(request).timeout_global(Some(hello.timeout)).proxy(proxy).build()) {
            Err(Error::Other(ended)) => match ended.downcast::<Greeted>() {
                Ok(greeted) => Ok(greeted.0),
                Err(other) => Err(failed(Error::Other(other))),
            },
            Err(error) => Err(failed(error)),
            Ok(_) => Err(HttpError::unreachable(&url.shown(), "a proxy answers in its place")),
        }
    }

    /// What every request trusts, and these protocols.
    fn tls(&self, protocols: &[&str]) -> Result<Arc<ClientConfig>, rustls::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let mut config = match self.config.tls_config().root_certs() {
            RootCerts::Specific(certificates) => {
                let mut roots = RootCertStore::empty();
                roots.add_parsable_certificates(certificates.iter().map(|certificate| CertificateDer::from(certificate.der())));
                builder.with_root_certificates(roots)
            }
            _ => builder.with_platform_verifier()?,
        }
        .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        Ok(Arc::new(config))
    }
}

/// The link of the chain at which a connection stands: it greets, and ends the chain with what came.
#[derive(Debug)]
struct Greeter {
    host: String,
    port: u16,
    name: ServerName<'static>,
    tls: Option<Arc<ClientConfig>>,
    says: &'static [u8],
    answer_bytes: usize,
}

impl<In: Transport> Connector<In> for Greeter {
    type Out = In;

    fn connect(&self, details: &ConnectionDetails<'_>, chained: Option<In>) -> Result<Option<In>, Error> {
        let host = details.uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let is_the_server = host == self.host && details.uri.port_u16().unwrap_or(443) == self.port;
        let Some(transport) = chained else { return Ok(None) };
        if !is_the_server {
            return Ok(Some(transport));
        }
        let mut wire = TransportAdapter::new(transport, details.current_time.clone());
        wire.set_timeout(details.timeout);
        let mut greeting = Greeting::default();
        match &self.tls {
            None => self.talk(&mut wire, &mut greeting),
            Some(config) => {
                let mut connection = ClientConnection::new(Arc::clone(config), self.name.clone())?;
                connection.complete_io(&mut wire)?;
                let shown = connection.peer_certificates().unwrap_or_default();
                greeting.certificates = shown.iter().map(|certificate| certificate.to_vec()).collect();
                greeting.protocol = connection.alpn_protocol().map(|name| text::excerpt(&String::from_utf8_lossy(name), 20));
                self.talk(&mut rustls::Stream::new(&mut connection, &mut wire), &mut greeting);
            }
        }
        Err(Error::Other(Box::new(Greeted(greeting))))
    }
}

impl Greeter {
    fn talk(&self, stream: &mut (impl Read + Write), greeting: &mut Greeting) {
        let mut piece = [0; MAX_ANSWER_BYTES];
        let mut exchange = || -> io::Result<()> {
            stream.write_all(self.says)?;
            stream.flush()?;
            while greeting.answer.len() < self.answer_bytes {
                match stream.read(&mut piece)? {
                    0 => return Err(ErrorKind::UnexpectedEof.into()),
                    count => greeting.answer.extend_from_slice(&piece[..count]),
                }
            }
            Ok(())
        };
        let ended = exchange();
        let fell_silent = |error: &io::Error| matches!(error.get_ref().and_then(|inner| inner.downcast_ref()), Some(Error::Timeout(_)));
        greeting.broke_off = ended.err().map(|error| match error.kind() {
            ErrorKind::UnexpectedEof => String::new(),
            _ if fell_silent(&error) => "it fell silent".to_owned(),
            _ => text::os_words(&error),
        });
        greeting.answer.truncate(MAX_ANSWER_BYTES);
    }
}

/// The end of a chain that has greeted.
#[derive(Debug)]
struct Greeted(Greeting);

impl fmt::Display for Greeted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the server has greeted")
    }
}

impl std::error::Error for Greeted {}
