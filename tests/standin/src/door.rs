//! One listening port that can be shut for a while: connections are refused, and nobody else gets the port meanwhile.

use rustix::net::{Shutdown, listen, shutdown};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Condvar, Mutex, PoisonError};

/// A port on loopback.
pub(crate) struct Door {
    socket: TcpListener,
    is_shut: Mutex<bool>,
    opened: Condvar,
}

impl Door {
    /// A door on any free port.
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

    /// The next connection, however long the door is shut meanwhile; `None` when one came to nothing.
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
