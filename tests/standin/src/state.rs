//! The state of one stand-in, which all its connections share.

use crate::exchange::Exchange;
use crate::fault::Faults;
use crate::gemini::Gemini;
use crate::github::Store;
use crate::listener::{Listener, ListeningSocket};
use crate::request_log::RequestLine;
use crate::tokens::Tokens;
use std::collections::HashMap;
use std::net::{Shutdown, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The state of one stand-in.
pub(crate) struct State {
    pub(crate) folder: PathBuf,
    pub(crate) faults: Mutex<Faults>,
    pub(crate) tokens: Tokens,
    pub(crate) gemini: Mutex<Gemini>,
    pub(crate) stop: AtomicBool,
    /// Requests whose head was read and whose log line is not written yet.
    pub(crate) in_flight: AtomicUsize,
    /// API calls since the start, for the rate limit's headers.
    pub(crate) api_calls: AtomicU64,
    /// Requests since the start, so that each has its number in the order of arrival.
    pub(crate) arrivals: AtomicU64,
    /// Open connections by listener and number, so that a listener that shuts and a stopping stand-in can end them.
    pub(crate) connections: Mutex<HashMap<(Listener, u64), TcpStream>>,
    /// Whole exchanges; none are kept until a test asks for them.
    pub(crate) exchanges: Mutex<Option<Vec<Exchange>>>,
    store: Mutex<Store>,
    log: Mutex<()>,
    sockets: [ListeningSocket; Listener::ALL.len()],
    urls: [String; Listener::ALL.len()],
}

impl State {
    /// Listens; GitHub's first listeners are called `named` from outside, when something stands in front of them.
    pub(crate) fn new(folder: PathBuf, named: Option<[String; 4]>) -> Self {
        let sockets = Listener::ALL.map(|_| ListeningSocket::on_loopback());
        let mut urls = std::array::from_fn(|index| format!("http://{}", sockets[index].address()));
        if let Some(named) = named {
            urls[..named.len()].clone_from_slice(&named);
        }
        Self {
            store: Mutex::new(Store::new(folder.join("assets"))),
            tokens: Tokens::default(),
            gemini: Mutex::default(),
            faults: Mutex::default(),
            stop: AtomicBool::new(false),
            in_flight: AtomicUsize::new(0),
            api_calls: AtomicU64::new(0),
            arrivals: AtomicU64::new(0),
            connections: Mutex::default(),
            exchanges: Mutex::default(),
            log: Mutex::new(()),
            folder,
            sockets,
            urls,
        }
    }

    pub(crate) fn socket(&self, listener: Listener) -> &ListeningSocket {
        &self.sockets[listener as usize]
    }

    /// Refuses new connections and ends those that wait for a next request; who is asking right now is `but`.
    pub(crate) fn shut(&self, listener: Listener, but: Option<u64>) {
        self.socket(listener).shut();
        for ((one, number), connection) in self.connections.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            if *one == listener && but != Some(*number) {
                let _already_gone = connection.shutdown(Shutdown::Both);
            }
        }
    }

    /// The base address of a listener, without a trailing slash.
    pub(crate) fn url(&self, listener: Listener) -> &str {
        &self.urls[listener as usize]
    }

    /// The releases; a failed test in one thread must not hide what another one would say.
    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    pub(crate) fn log_file(&self) -> PathBuf {
        self.folder.join("requests.jsonl")
    }

    /// Keeps an exchange when a test wants them.
    pub(crate) fn keep(&self, exchange: impl FnOnce() -> Exchange) {
        if let Some(kept) = self.exchanges.lock().unwrap_or_else(std::sync::PoisonError::into_inner).as_mut() {
            kept.push(exchange());
        }
    }

    pub(crate) fn log(&self, line: &RequestLine) {
        let _one_at_a_time = self.log.lock();
        line.append_to(&self.log_file());
    }
}
