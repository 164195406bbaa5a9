//! The internet on one loopback port: a proxy that leads host names to listeners of the stand-in, with TLS in front of them.
//!
//! So programs ask `https://api.github.com` as everywhere, see a certificate for it, and need no rights to do so.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustls::{ServerConfig, ServerConnection};
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

const POLL: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// The proxy; stops when dropped, and fails the test when an unknown host was asked for.
pub(crate) struct Internet {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

struct Shared {
    hosts: Vec<(String, SocketAddr)>,
    tls: Arc<ServerConfig>,
    strangers: Mutex<Vec<String>>,
    stop: AtomicBool,
}

impl Internet {
    /// An internet of these hosts alone, each on port 443.
    pub(crate) fn start(tls: Arc<ServerConfig>, hosts: &[(&str, SocketAddr)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let hosts = hosts.iter().map(|(host, listener)| (format!("{host}:443"), *listener)).collect();
        let shared = Arc::new(Shared { hosts, tls, strangers: Mutex::default(), stop: AtomicBool::new(false) });
        let all = Arc::clone(&shared);
        let acceptor = thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if all.stop.load(Ordering::SeqCst) {
                    return;
                }
                let shared = Arc::clone(&all);
                // A client that goes away is no fault of the proxy's.
                thread::spawn(move || serve(&shared, stream).unwrap_or_default());
            }
        });
        Self { address, shared, acceptor: Some(acceptor) }
    }

    /// For `HTTPS_PROXY`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Internet {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        let _woken = TcpStream::connect(self.address);
        let _panicked = self.acceptor.take().map(JoinHandle::join);
        if !thread::panicking() {
            let strangers = self.shared.strangers.lock().unwrap();
            assert!(strangers.is_empty(), "hosts were asked for that are none of this test's: {strangers:?}");
        }
    }
}

/// `CONNECT host:port`, then TLS.
fn serve(shared: &Shared, mut client: TcpStream) -> io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && client.read(&mut byte)? == 1 {
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let asked = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next());
    let Some((_, listener)) = shared.hosts.iter().find(|(host, _)| Some(host.as_str()) == asked) else {
        shared.strangers.lock().unwrap().push(head.lines().next().unwrap_or_default().to_owned());
        return client.write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
    };
    let server = TcpStream::connect(listener)?;
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let tls = ServerConnection::new(Arc::clone(&shared.tls)).map_err(io::Error::other)?;
    let ended = relay(shared, tls, &mut client, &server);
    let _already_gone = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
    ended
}

/// Takes TLS off in one direction and puts it on in the other until either side ends.
fn relay(shared: &Shared, mut tls: ServerConnection, client: &mut TcpStream, mut server: &TcpStream) -> io::Result<()> {
    let mut piece = vec![0; 16 * 1024];
    while !shared.stop.load(Ordering::SeqCst) {
        let mut ready = [PollFd::new(&*client, PollFlags::IN), PollFd::new(server, PollFlags::IN)];
        poll(&mut ready, Some(&POLL))?;
        let [from_client, from_server] = [!ready[0].revents().is_empty(), !ready[1].revents().is_empty()];
        if from_client {
            if tls.read_tls(client)? == 0 {
                return Ok(());
            }
            let state = tls.process_new_packets();
            // An alert tells the client what is wrong with its hello.
            while tls.wants_write() {
                tls.write_tls(client)?;
            }
            let mut left = state.map_err(io::Error::other)?.plaintext_bytes_to_read();
            while left > 0 {
                let count = tls.reader().read(&mut piece)?;
                server.write_all(&piece[..count])?;
                left -= count;
            }
        }
        if from_server {
            match server.read(&mut piece)? {
                0 => {
                    tls.send_close_notify();
                    while tls.wants_write() {
                        tls.write_tls(client)?;
                    }
                    return Ok(());
                }
                count => tls.writer().write_all(&piece[..count])?,
            }
        }
        while tls.wants_write() {
            tls.write_tls(client)?;
        }
    }
    Ok(())
}
