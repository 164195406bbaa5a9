//! The stand-in itself: loopback listeners over one folder of state.

use crate::connection;
use crate::exchange::Exchange;
use crate::fault::Fault;
use crate::listener::Listener;
use crate::nexy::running::Vm;
use crate::request_log::{self, RequestLine};
use crate::state::State;
use std::fs;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The token that is accepted until [`Standin::set_token`] says otherwise.
pub const TOKEN: &str = "standin-token";

/// GitHub, its storage host and the Nexy server on loopback; stops when dropped.
pub struct Standin {
    pub(crate) state: Arc<State>,
    acceptors: Vec<JoinHandle<()>>,
}

/// The addresses that GitHub names itself by, when something stands in front of the stand-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GithubUrls {
    /// GitHub's REST API.
    pub api: String,
    /// GitHub's upload host.
    pub uploads: String,
    /// github.com.
    pub web: String,
    /// The storage host.
    pub storage: String,
}

impl Standin {
    /// Starts all listeners on free loopback ports.
    #[must_use]
    pub fn start(folder: &Path) -> Self {
        Self::start_as(folder, None)
    }

    /// The same, with a GitHub that names other addresses than its own in its answers.
    #[must_use]
    pub fn start_as(folder: &Path, github: Option<&GithubUrls>) -> Self {
        fs::create_dir_all(folder).unwrap();
        let named = github.map(|github| [&github.api, &github.uploads, &github.web, &github.storage].map(String::clone));
        let state = Arc::new(State::new(folder.to_owned(), named));
        state.tokens.set(TOKEN);
        let acceptors = Listener::ALL
            .into_iter()
            .map(|listener| {
                let state = Arc::clone(&state);
                thread::spawn(move || accept(&state, listener))
            })
            .collect();
        Self { state, acceptors }
    }

    /// The base address of one listener, without a trailing slash.
    #[must_use]
    pub fn url(&self, listener: Listener) -> String {
        self.state.url(listener).to_owned()
    }

    /// The socket address, which can differ from the URL that clients use.
    #[must_use]
    pub fn address(&self, listener: Listener) -> SocketAddr {
        self.state.socket(listener).address()
    }

    /// GitHub's REST API.
    #[must_use]
    pub fn api_url(&self) -> String {
        self.url(Listener::Api)
    }

    /// github.com.
    #[must_use]
    pub fn web_url(&self) -> String {
        self.url(Listener::Web)
    }

    /// The folder of state.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.state.folder
    }

    /// Says where the VM's checkout lies and which manifests the code there reads.
    pub fn set_vm(&self, checkout: &Path, manifests: &str, unit: &str) {
        Vm::write(&self.state.folder, checkout, manifests, unit);
    }

    /// Plants a fault.
    pub fn fault(&self, fault: Fault) {
        let mut faults = self.state.faults.lock().unwrap();
        faults.plant(fault);
    }

    /// Takes all planted faults away and opens every listener.
    pub fn clear_faults(&self) {
        self.state.faults.lock().unwrap().clear();
        Listener::ALL.into_iter().for_each(|listener| self.state.socket(listener).open());
    }

    /// Refuses connections at a listener from now on, for so long or until the faults are cleared.
    pub fn shut(&self, listener: Listener, time: Option<Duration>) {
        connection::shut(&self.state, listener, time, None);
    }

    /// Every request since the start of the log, after those that are still being answered.
    #[must_use]
    pub fn requests(&self) -> Vec<RequestLine> {
        let deadline = Instant::now() + Duration::from_secs(5);
        while self.state.in_flight.load(Ordering::SeqCst) > 0 && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(1));
        }
        request_log::read(&self.state.log_file())
    }

    /// From now on every exchange is kept whole.
    pub fn keep_exchanges(&self) {
        *self.state.exchanges.lock().unwrap() = Some(Vec::new());
    }

    /// The exchanges that were kept, in the order of their answers; those that a planted fault hit are not among them.
    #[must_use]
    pub fn exchanges(&self) -> Vec<Exchange> {
        let _ended = self.requests();
        self.state.exchanges.lock().unwrap().clone().unwrap_or_default()
    }

    /// How many requests have come so far, those that are still being answered included: the next one has this number.
    #[must_use]
    pub fn arrivals(&self) -> u64 {
        self.state.arrivals.load(Ordering::SeqCst)
    }

    /// Starts the log anew.
    pub fn clear_requests(&self) {
        let _ended = self.requests();
        fs::write(self.state.log_file(), "").unwrap();
    }

    /// Panics when a request came that GitHub or the server does not document.
    pub fn assert_all_scripted(&self) {
        let _ended = self.requests();
        self.assert_none_unscripted_so_far();
    }

    /// The same without waiting for requests that are still being answered.
    pub(crate) fn assert_none_unscripted_so_far(&self) {
        let all = request_log::read(&self.state.log_file());
        let strange: Vec<_> = all.iter().filter(|line| line.unscripted).collect();
        assert!(strange.is_empty(), "undocumented requests: {strange:#?}");
    }
}

impl Drop for Standin {
    fn drop(&mut self) {
        self.state.stop.store(true, Ordering::SeqCst);
        for listener in Listener::ALL {
            // Wakes the thread that waits for a connection.
            self.state.socket(listener).open();
            let _woken = TcpStream::connect(self.state.socket(listener).address());
        }
        for connection in self.state.connections.lock().unwrap().values() {
            let _already_gone = connection.shutdown(Shutdown::Both);
        }
        for acceptor in self.acceptors.drain(..) {
            let _panicked = acceptor.join();
        }
    }
}

fn accept(state: &Arc<State>, listener: Listener) {
    for number in 0.. {
        let accepted = state.socket(listener).next();
        if state.is_stopping() {
            return;
        }
        let Some(stream) = accepted else { continue };
        let key = (listener, number);
        if let Ok(copy) = stream.try_clone() {
            state.connections.lock().unwrap().insert(key, copy);
        }
        let state = Arc::clone(state);
        thread::spawn(move || {
            connection::serve(&state, listener, number, &stream);
            state.connections.lock().unwrap().remove(&key);
        });
    }
}
