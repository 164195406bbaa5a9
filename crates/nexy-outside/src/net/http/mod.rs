//! HTTP: bounded in time and size, certificates checked, redirects followed by hand, a secret shown to named hosts only.

mod error;
mod greeting;
mod proxy;
mod redirect;
mod tls;

pub use error::{Failure, HttpError, look_there};
pub use greeting::{Greeting, Hello};
pub use nexy_contract::Url;
pub use ureq::http::Method;

use crate::{Secret, environment};
use nexy_contract::target_file::Limits;
use redirect::Addresses;
use std::{
    collections::BTreeSet,
    fs::File,
    io::Read as _,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use ureq::{
    Agent, AsSendBody, Body, Proxy, SendBody,
    config::Config,
    http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header},
    tls::{PemItem, RootCerts, TlsConfig},
    unversioned::{resolver::DefaultResolver, transport::DefaultConnector},
};

/// Redirects that one request follows: as many as the shipped client does. GitHub needs one.
const MAX_HOPS: usize = 10;
/// Pieces in which a download is handed on.
const PIECE_BYTES: usize = 256 << 10;
/// Of a refusal only its first words are read, however little the wanted answer may hold.
const MAX_REFUSAL_BYTES: u64 = 64 << 10;

/// What a request carries.
#[derive(Clone, Copy)]
pub enum Payload<'a> {
    /// Nothing.
    None,
    /// A JSON text.
    Json(&'a str),
    /// A file; never chunked.
    File(Sent<'a>),
}

/// A file that is uploaded, from its current position to its end.
#[derive(Clone, Copy)]
pub struct Sent<'a> {
    /// The open file, rewound.
    pub file: &'a File,
    /// Its size, in bytes.
    pub size_bytes: u64,
    /// Is told how many bytes have left so far.
    pub progress: &'a dyn Fn(u64),
}

/// A secret that a request carries, and who may see it.
#[derive(Clone, Copy, Debug)]
pub struct Credential<'a> {
    /// The header that it stands in.
    pub header: &'static str,
    /// What stands before it there: `Bearer `, or nothing.
    pub scheme: &'static str,
    /// The secret.
    pub secret: &'a Secret,
    /// The origins (`https://host:port`) that may see it; no other origin does, redirects included.
    pub origins: &'a [String],
}

/// One request.
#[derive(Clone)]
#[must_use]
pub struct Ask<'a> {
    /// What is asked.
    pub method: Method,
    /// Where.
    pub url: Url,
    /// The secret that proves who asks.
    pub credential: Option<Credential<'a>>,
    /// Extra headers.
    pub headers: Vec<(&'static str, String)>,
    /// What it carries.
    pub payload: Payload<'a>,
    /// Longest time from start to end.
    pub timeout: Duration,
    /// Largest answer that is read, in bytes.
    pub max_bytes: u64,
}

impl<'a> Ask<'a> {
    /// A plain GET without a secret.
    pub fn get(url: Url, timeout: Duration, max_bytes: u64) -> Self {
        Self { method: Method::GET, url, credential: None, headers: Vec::new(), payload: Payload::None, timeout, max_bytes }
    }

    /// The same request with one more header.
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// What a server answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Header fields.
    pub headers: HeaderMap,
    /// The whole body; empty after [`Http::download`].
    pub body: Vec<u8>,
    /// Bytes of the body.
    pub body_bytes: u64,
}

impl Answer {
    /// A header field as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as text, with what is no UTF-8 replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// The door to the network; connections are kept and used again.
#[derive(Debug)]
pub struct Http {
    config: Config,
    agent: Agent,
    /// Follows redirects that begin outside; it connects to no address inside one's own network.
    outward: Agent,
    /// Hosts whose names have led to addresses inside.
    inside: Arc<Mutex<BTreeSet<String>>>,
    /// How long this run may still ask, transfers of artifacts not counted; `None` while what was begun must be finished or undone.
    left: Mutex<Option<Duration>>,
    limit_s: u64,
}

impl Http {
    /// Opens the door. Trusts `$SSL_CERT_FILE` when it is set, else the system's store. All that is asked through it, but no transfer of
    /// an artifact, may take `retry_total_s` in all, and one request more.
    /// Errors: [`HttpError`] when `$SSL_CERT_FILE` cannot be used.
    pub fn new(limits: &Limits) -> Result<Self, HttpError> {
        let stall = Some(Duration::from_secs(limits.stall_timeout_s));
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("nexy-release-tools/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(Duration::from_secs(limits.connect_timeout_s)))
            .timeout_resolve(Some(Duration::from_secs(limits.connect_timeout_s)))
            .timeout_per_read(stall)
            .timeout_per_write(stall)
            .max_idle_age(Duration::from_secs(10))
            .input_buffer_size(PIECE_BYTES)
            .output_buffer_size(PIECE_BYTES)
            .tls_config(TlsConfig::builder().root_certs(root_certificates()?).build())
            .proxy(None)
            .build();
        let inside = Arc::<Mutex<BTreeSet<String>>>::default();
        let agent = |refuse| {
            let addresses = Addresses { inside: Arc::clone(&inside), refuse, system: DefaultResolver::default() };
            Agent::with_parts(config.clone(), DefaultConnector::default(), addresses)
        };
        let limit_s = limits.retry_total_s;
        let left = Mutex::new(Some(Duration::from_secs(limit_s)));
        Ok(Self { agent: agent(false), outward: agent(true), config, inside, left, limit_s })
    }

    /// Lets this run ask for so much longer, since a person wants it to wait.
    pub fn extend_run(&self, by: Duration) {
        if let Some(left) = self.left().as_mut() {
            *left = left.saturating_add(by);
        }
    }

    /// From now on the run has no limit of its own: users may be without a download until what was begun is finished or undone.
    pub fn lift_run_limit(&self) {
        *self.left() = None;
    }

    fn left(&self) -> MutexGuard<'_, Option<Duration>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks, and reads the whole answer into memory.
    /// Errors: [`HttpError`] when there was no whole answer; a status such as 404 or 500 is an answer.
    pub fn ask(&self, ask: &Ask<'_>) -> Result<Answer, HttpError> {
        let is_transfer = matches!(ask.payload, Payload::File(_));
        // A change follows an answer that was in time, and is not left out after it.
        if ask.method == Method::GET && self.left().is_some_and(|left| left.is_zero()) {
            return Err(HttpError::run_is_over(&ask.url, self.limit_s));
        }
        let (started, mut body) = (Instant::now(), Vec::new());
        let asked = self.download(ask, &mut |piece| body.extend_from_slice(piece));
        if let Some(left) = self.left().as_mut().filter(|_| !is_transfer) {
            *left = left.saturating_sub(started.elapsed());
        }
        Ok(Answer { body, ..asked? })
    }

    /// Asks, and hands the body on piece by piece; of a refusal (any status but 2xx) only its beginning.
    /// Errors: as [`Http::ask`]; also when the body is larger than `max_bytes` or ends before its announced length.
    pub fn download(&self, ask: &Ask<'_>, take: &mut dyn FnMut(&[u8])) -> Result<Answer, HttpError> {
        let (url, response) = self.follow(ask)?;
        let status = response.status().as_u16();
        let refused = !response.status().is_success();
        let headers = response.headers().clone();
        let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        let mut reader = response.into_body().into_reader();
        let mut piece = vec![0; PIECE_BYTES];
        let mut total: u64 = 0;
        loop {
            let count = match reader.read(&mut piece) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(HttpError::reading(&url, &error, total)),
            };
            total += count as u64;
            if refused && total >= MAX_REFUSAL_BYTES {
                take(&piece[..count]);
                return Ok(Answer { status, headers, body: Vec::new(), body_bytes: total });
            }
            if !refused && total > ask.max_bytes {
                return Err(HttpError::too_large(&url.shown(), ask.max_bytes));
            }
            take(&piece[..count]);
        }
        if let Some(announced) = announced
            && announced != total
        {
            let url = url.shown();
            return Err(HttpError::network(&url, format!("{url} broke off after {total} of {announced} bytes")));
        }
        Ok(Answer { status, headers, body: Vec::new(), body_bytes: total })
    }

    /// Sends, and follows redirects of GET requests. Each hop decides anew whether its host may see the secret.
    fn follow(&self, ask: &Ask<'_>) -> Result<(Url, Response<Body>), HttpError> {
        let mut url = ask.url.clone();
        let mut from: Option<Url> = None;
        for _ in 0..=MAX_HOPS {
            let response = self.send(ask, &url, from.as_ref())?;
            let location = match response.status() {
                StatusCode::MOVED_PERMANENTLY
                | StatusCode::FOUND
                | StatusCode::SEE_OTHER
                | StatusCode::TEMPORARY_REDIRECT
                | StatusCode::PERMANENT_REDIRECT
                    if ask.method == Method::GET =>
                {
                    response.headers().get(header::LOCATION).cloned()
                }
                _ => return Ok((url, response)),
            };
            let next = location
                .as_ref()
                .and_then(|value| value.to_str().ok())
                .and_then(|text| url.join(text))
                .ok_or_else(|| HttpError::redirect(&url, "it names no usable place"))?;
            if let Some(because) = redirect::refusal(self.begins_inside(ask), &url, &next) {
                return Err(HttpError::redirect_to(&url, &next, because));
            }
            from = Some(std::mem::replace(&mut url, next));
        }
        Err(HttpError::endless_redirects(&ask.url, MAX_HOPS))
    }

    /// Whether the caller's own URL leads inside one's own network, as far as it was resolved here.
    fn begins_inside(&self, ask: &Ask<'_>) -> bool {
        ask.url.is_inside() || self.inside.lock().unwrap_or_else(PoisonError::into_inner).contains(ask.url.host())
    }

    fn send(&self, ask: &Ask<'_>, url: &Url, from: Option<&Url>) -> Result<Response<Body>, HttpError> {
        if !url.is_safe() {
            return Err(HttpError::redirect(url, "plain http is allowed on loopback only"));
        }
        let proxy = proxy::of(url).map_err(|because| HttpError::proxy(url, &because))?;
        let agent = if from.is_some() && !self.begins_inside(ask) { &self.outward } else { &self.agent };
        let mut builder = Request::builder().method(&ask.method).uri(url.as_str());
        for (name, value) in &ask.headers {
            builder = builder.header(*name, value);
        }
        if let Some(Credential { header, scheme, secret, origins }) = ask.credential
            && origins.iter().any(|origin| *origin == url.origin())
        {
            // What cannot be sent is refused with the name of the header; no error ever holds the value.
            let mut value = HeaderValue::try_from(format!("{scheme}{}", secret.reveal()))
                .map_err(|_| HttpError::unreachable(&url.shown(), format!("the value of {header} cannot stand in a header")))?;
            value.set_sensitive(true);
            builder = builder.header(header, value);
        }
        let answered = match ask.payload {
            Payload::None => run(agent, builder.body(()), ask.timeout, proxy),
            Payload::Json(text) => {
                run(agent, builder.header(header::CONTENT_TYPE, "application/json").body(text.to_owned()), ask.timeout, proxy)
            }
            Payload::File(sent) => {
                let mut counted = Counted { sent, left: sent.size_bytes };
                // With a length of its own the body is never sent chunked, which GitHub refuses.
                let builder = builder.header(header::CONTENT_LENGTH, sent.size_bytes);
                run(agent, builder.body(SendBody::from_reader(&mut counted)), ask.timeout, proxy)
            }
        };
        answered.map_err(|error| HttpError::sending(url, from, error))
    }
}

fn run(
    agent: &Agent,
    request: Result<Request<impl AsSendBody>, ureq::http::Error>,
    timeout: Duration,
    proxy: Option<Proxy>,
) -> Result<Response<Body>, ureq::Error> {
    agent.run(agent.configure_request(request?).timeout_global(Some(timeout)).proxy(proxy).build())
}

/// The bytes of a file, counted while they leave; never more than were announced, should the file grow.
struct Counted<'a> {
    sent: Sent<'a>,
    left: u64,
}

impl std::io::Read for Counted<'_> {
    fn read(&mut self, piece: &mut [u8]) -> std::io::Result<usize> {
        let room = usize::try_from(self.left).unwrap_or(usize::MAX).min(piece.len());
        let Sent { mut file, size_bytes, progress } = self.sent;
        let count = file.read(&mut piece[..room])?;
        self.left -= count as u64;
        progress(size_bytes - self.left);
        Ok(count)
    }
}

fn root_certificates() -> Result<RootCerts, HttpError> {
    let Some(path) = environment::get("SSL_CERT_FILE") else {
        return Ok(RootCerts::PlatformVerifier);
    };
    let refuse = |because: &str| HttpError::certificates(&path.to_string_lossy(), because);
    let pem = crate::fs::files::read(path.as_ref(), 16 << 20).map_err(|error| refuse(&error.because()))?;
    let certificates: Vec<_> = ureq::tls::parse_pem(&pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        return Err(refuse("it holds no certificate in PEM form"));
    }
    Ok(RootCerts::new_with_certs(&certificates))
}
