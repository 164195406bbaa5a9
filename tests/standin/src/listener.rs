//! The listeners of the stand-in and the socket of each, which can refuse connections for a while without losing its port.

use rustix::net::{Shutdown, listen, shutdown};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Condvar, Mutex, PoisonError};

/// What the stand-in imitates, each on a port of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Listener {
    /// GitHub's REST API.
    Api,
    /// GitHub's upload host.
    Uploads,
    /// github.com, where public downloads start.
    Web,
    /// The storage host that public downloads are redirected to.
    Storage,
    /// The Nexy server on the VM (port 8080 there).
    Server,
    /// The update server on the VM (port 8081 there).
    Updates,
    /// The VM's public host.
    Public,
    /// The language model's API.
    Gemini,
    /// All of GitHub on one host, as GitHub Enterprise Server has it; its requests count as those of the listener they lead to.
    Enterprise,
    /// A host of a third party: it answers every request with 200 and a few words.
    Foreign,
}

impl Listener {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Api,
        Self::Uploads,
        Self::Web,
        Self::Storage,
        Self::Server,
        Self::Updates,
        Self::Public,
        Self::Gemini,
        Self::Enterprise,
        Self::Foreign,
    ];

    /// The name in the request log.
    #[must_use]
    pub fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }
}

/// A port on loopback.
pub(crate) struct ListeningSocket {
    socket: TcpListener,
    is_shut: Mutex<bool>,
    opened: Condvar,
}

impl ListeningSocket {
    /// Listens on any free port.
    pub(crate) fn on_loopback() -> Self {
        let socket = loop {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
            // A port that was asked for by number stays with the socket while it does not listen.
            if let Ok(socket) = TcpListener::bind(port) {
                break socket;
            }
        };
        Self { socket, is_shut: Mutex::default(), opened: Condvar::default() }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    /// The next connection, however long it is shut meanwhile; `None` when one came to nothing.
    pub(crate) fn next(&self) -> Option<TcpStream> {
        if let Ok((stream, _)) = self.socket.accept() {
            return Some(stream);
        }
        let shut = self.is_shut.lock().unwrap_or_else(PoisonError::into_inner);
        let _open = self.opened.wait_while(shut, |shut| *shut);
        None
    }

    /// From now on connections are refused.
    pub(crate) fn shut(&self) {
        let mut is_shut = self.is_shut.lock().unwrap_or_else(PoisonError::into_inner);
        if !std::mem::replace(&mut *is_shut, true) {
            shutdown(&self.socket, Shutdown::Read).unwrap();
        }
    }

    /// From now on connections are accepted.
    pub(crate) fn open(&self) {
        let mut is_shut = self.is_shut.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::replace(&mut *is_shut, false) {
            listen(&self.socket, 128).unwrap();
            self.opened.notify_all();
        }
    }
}
