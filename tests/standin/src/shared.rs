//! What all connections of one stand-in share.

use crate::exchange::Exchange;
use crate::fault::{Faults, Listener};
use crate::github::Store;
use crate::request_log::RequestLine;
use crate::tokens::Tokens;
use std::collections::HashMap;
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};

/// The state of one stand-in.
pub(crate) struct Shared {
    pub(crate) folder: PathBuf,
    pub(crate) faults: Mutex<Faults>,
    pub(crate) tokens: Tokens,
    pub(crate) stop: AtomicBool,
    /// Requests whose head was read and whose log line is not written yet.
    pub(crate) in_flight: AtomicUsize,
    /// API calls since the start, for the rate limit's headers.
    pub(crate) api_calls: AtomicU64,
    /// Open connections, so that a stopping stand-in can end them.
    pub(crate) connections: Mutex<HashMap<u64, TcpStream>>,
    /// Whole exchanges; none are kept until somebody asks for them.
    pub(crate) exchanges: Mutex<Option<Vec<Exchange>>>,
    store: Mutex<Store>,
    log: Mutex<()>,
    urls: [String; 9],
}

impl Shared {
    pub(crate) fn new(folder: PathBuf, urls: [String; 9]) -> Self {
        Self {
            store: Mutex::new(Store::new(folder.join("github"))),
            tokens: Tokens::new(folder.join("tokens.json")),
            faults: Mutex::default(),
            stop: AtomicBool::new(false),
            in_flight: AtomicUsize::new(0),
            api_calls: AtomicU64::new(0),
            connections: Mutex::default(),
            exchanges: Mutex::default(),
            log: Mutex::new(()),
            folder,
            urls,
        }
    }

    /// The base address of a door, without a trailing slash.
    pub(crate) fn url(&self, listener: Listener) -> &str {
        &self.urls[listener as usize]
    }

    /// The releases; a failed test in one thread must not hide what another one would say.
    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
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
