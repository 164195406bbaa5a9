//! One connection: request after request, each met by the fault that is planted for it.

use crate::exchange::{self, Exchange};
use crate::fault::Reply;
use crate::http::{self, Body, Framing, Request, Response, Tamper};
use crate::listener::Listener;
use crate::request_log::RequestLine;
use crate::state::State;
use crate::{clock, gemini, github, nexy};
use rustix::net::sockopt;
use serde_json::Value;
use std::io::{self, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

const BUFFER: usize = 256 * 1024;

/// How a connection goes on after an answer.
enum Next {
    Request,
    End,
    /// The client is told nothing but that the connection is broken.
    Reset,
}

/// Serves a connection until either side ends it.
pub(crate) fn serve(state: &Arc<State>, listener: Listener, number: u64, stream: &TcpStream) {
    let _answers_leave_at_once = stream.set_nodelay(true);
    let mut reader = BufReader::with_capacity(BUFFER, stream);
    while let Ok(Some(mut request)) = http::read_request(&mut reader) {
        state.in_flight.fetch_add(1, Ordering::SeqCst);
        let listener = github::behind_one_host(listener, &mut request);
        let mut line = RequestLine {
            number: state.arrivals.fetch_add(1, Ordering::SeqCst),
            listener: listener.name(),
            method: request.method.clone(),
            path: request.target.clone(),
            has_authorization: request.header("authorization").or(request.header("x-goog-api-key")).is_some(),
            range: request.header("range").map(str::to_owned),
            watched_before: state.store().watched(),
            ..RequestLine::default()
        };
        let call = Call { state, listener, connection: number, request: &request };
        let next = call.exchange(&mut reader, stream, &mut line);
        line.watched_after = state.store().watched();
        state.log(&line);
        state.in_flight.fetch_sub(1, Ordering::SeqCst);
        match next {
            Ok(Next::Request) if !state.is_stopping() => {}
            Ok(Next::Reset) => {
                // With nothing to linger for, the last close of the socket is a reset.
                let _already_gone = sockopt::set_socket_linger(stream, Some(Duration::ZERO));
                return;
            }
            _ => break,
        }
    }
    let _already_gone = stream.shutdown(Shutdown::Both);
}

/// One request and where it came in.
struct Call<'a> {
    state: &'a Arc<State>,
    listener: Listener,
    connection: u64,
    request: &'a Request,
}

impl Call<'_> {
    /// Answers the request, as the fault that is planted for it says.
    fn exchange<'a>(&self, reader: &mut BufReader<&'a TcpStream>, stream: &'a TcpStream, line: &mut RequestLine) -> io::Result<Next> {
        let Self { state, listener, request, .. } = *self;
        let fault = state.faults.lock().unwrap_or_else(std::sync::PoisonError::into_inner).due(listener, &request.method, &request.target);
        line.fault = fault.as_ref().map(|fault| format!("{fault:?}"));
        let mut body = RequestBody::new(request, reader, stream);
        if let Some(next) = self.interrupts(fault.as_ref(), false, body.reader)? {
            return Ok(next);
        }
        let mut response = match &fault {
            Some(Reply::Status(status, value)) => Response::json(*status, value),
            Some(Reply::Answer { status, headers, body, after: false }) => refusal(*status, headers, body),
            Some(Reply::RedirectTo(url)) => Response::redirect(url),
            _ => route(state, listener, request, &mut body, fault.as_ref()),
        };
        let body_is_spent = body.drain();
        line.request_bytes = body.arrived;
        line.asset_id = response.asset_id;
        line.unscripted = response.unscripted;
        if let Some(next) = self.interrupts(fault.as_ref(), true, body.reader)? {
            return Ok(next);
        }
        self.change(fault.as_ref(), &mut response);
        if matches!(listener, Listener::Api | Listener::Uploads) {
            response = response.with("Date", &clock::http_date(state.store().now_seconds()));
        }
        if fault.is_none() {
            state.keep(|| Exchange::new(listener, request, &body, &response));
        }
        let tamper = tamper(fault.as_ref());
        let wants_close = request.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        let is_shut = matches!(&fault, Some(Reply::ThenShut { listener: shut, .. }) if *shut == listener);
        let close = wants_close || is_shut || !body_is_spent || tamper != Tamper::No;
        line.status = response.status;
        let is_head = request.method == "HEAD";
        let mut out = stream;
        line.response_bytes = http::write_response(&mut out, &response, is_head, close, tamper)?;
        if !body_is_spent {
            // The client may still be sending: let it finish, or it never reads the answer.
            stream.shutdown(Shutdown::Write)?;
            stream.set_read_timeout(Some(Duration::from_secs(5)))?;
            io::copy(reader, &mut io::sink())?;
        }
        Ok(if close { Next::End } else { Next::Request })
    }

    /// What a fault does before the request has its effect, or `after` it; `Some` when nothing is answered.
    fn interrupts(&self, fault: Option<&Reply>, after: bool, reader: &mut BufReader<&TcpStream>) -> io::Result<Option<Next>> {
        let next = match fault {
            Some(Reply::HangupBefore) if !after => Next::End,
            Some(Reply::HangupAfter) if after => Next::End,
            Some(Reply::Reset { after: when }) if *when == after => Next::Reset,
            Some(Reply::Silence { after: when }) if *when == after => {
                until_the_client_is_gone(self.state, reader)?;
                Next::End
            }
            Some(Reply::KillPid { file, after: when }) if *when == after => {
                kill(file);
                Next::End
            }
            Some(Reply::Stall(time)) if !after => {
                wait(self.state, *time);
                return Ok(None);
            }
            Some(Reply::Hold { hold, after: when }) if *when == after => {
                hold.wait();
                return Ok(None);
            }
            _ => return Ok(None),
        };
        Ok(Some(next))
    }

    /// What a fault does to the answer, or when it is made.
    fn change(&self, fault: Option<&Reply>, response: &mut Response) {
        match fault {
            Some(Reply::ThenShut { listener, time }) => {
                shut(self.state, *listener, *time, (*listener == self.listener).then_some(self.connection));
            }
            Some(Reply::Answer { status, headers, body, after: true }) => *response = refusal(*status, headers, body),
            Some(Reply::DigestNull) => change_digests(response, &Value::Null),
            Some(Reply::DigestWrong) => {
                let wrong = format!("sha256:{}", "0".repeat(64));
                change_digests(response, &Value::String(wrong));
            }
            _ => {}
        }
    }
}

/// Refuses connections at a listener, for so long or until the faults are cleared; `but` is the connection whose request is being answered.
pub(crate) fn shut(state: &Arc<State>, listener: Listener, time: Option<Duration>, but: Option<u64>) {
    state.shut(listener, but);
    let Some(time) = time else { return };
    let state = Arc::clone(state);
    thread::spawn(move || {
        wait(&state, time);
        state.socket(listener).open();
    });
}

fn refusal(status: u16, headers: &[(String, String)], body: &Value) -> Response {
    headers.iter().fold(Response::json(status, body), |response, (name, value)| response.with(name, value))
}

fn route(state: &State, listener: Listener, request: &Request, body: &mut RequestBody<'_, '_>, fault: Option<&Reply>) -> Response {
    match listener {
        Listener::Api => github::api(state, request, body),
        // Its requests have gone on to one of the others.
        Listener::Enterprise => Response::text(404, "Not Found").unscripted(),
        Listener::Uploads => github::uploads(state, request, body, fault),
        Listener::Web => github::web(state, request, fault == Some(&Reply::Stale)),
        Listener::Storage => github::storage(state, request),
        Listener::Server => nexy::server(state, request),
        Listener::Updates => nexy::updates(state, request),
        Listener::Public => nexy::public(state, request),
        Listener::Gemini => gemini::answer(state, request, body),
        Listener::Foreign => Response::text(200, "this is another host\n"),
    }
}

fn tamper(fault: Option<&Reply>) -> Tamper {
    match fault {
        Some(Reply::CutAfter(bytes)) => Tamper::CutAfter(*bytes),
        Some(Reply::CorruptBytes(offset)) => Tamper::FlipFrom(*offset),
        Some(Reply::WrongLength) => Tamper::Shorter,
        Some(Reply::Oversized(bytes)) => Tamper::Longer(*bytes),
        _ => Tamper::No,
    }
}

fn change_digests(response: &mut Response, digest: &Value) {
    fn visit(value: &mut Value, digest: &Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| visit(item, digest)),
            Value::Object(map) => {
                for (key, item) in map.iter_mut() {
                    if key == "digest" {
                        *item = digest.clone();
                    } else {
                        visit(item, digest);
                    }
                }
            }
            _ => {}
        }
    }
    if let Body::Bytes(bytes) = &mut response.body
        && let Ok(mut value) = serde_json::from_slice::<Value>(bytes)
    {
        visit(&mut value, digest);
        *bytes = serde_json::to_vec(&value).unwrap();
    }
}

/// Kills the process whose id a test wrote to a file, perhaps a moment from now.
fn kill(file: &Path) {
    let deadline = Instant::now() + Duration::from_secs(5);
    let process = loop {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        if text.ends_with('\n') {
            break text.trim().to_owned();
        }
        assert!(Instant::now() < deadline, "no process id in {}", file.display());
        thread::sleep(Duration::from_millis(5));
    };
    let status = Command::new("/bin/sh").args(["-c", "kill -9 \"$1\"", "sh", &process]).stdin(Stdio::null()).status();
    assert!(status.unwrap().success(), "process {process} is not there");
}

fn wait(state: &State, time: Duration) {
    let deadline = Instant::now() + time;
    while Instant::now() < deadline && !state.is_stopping() {
        thread::sleep(Duration::from_millis(5).min(time));
    }
}

fn until_the_client_is_gone(state: &State, reader: &mut BufReader<&TcpStream>) -> io::Result<()> {
    let pause = Some(Duration::from_millis(50));
    reader.get_ref().set_read_timeout(pause)?;
    let mut buffer = [0; 1024];
    while !state.is_stopping() {
        match reader.read(&mut buffer) {
            Ok(0) => break,
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => break,
            _ => {}
        }
    }
    Ok(())
}

/// The body of a request; `100 Continue` is sent when reading starts.
pub(crate) struct RequestBody<'a, 'b> {
    reader: &'a mut BufReader<&'b TcpStream>,
    stream: &'b TcpStream,
    left: u64,
    framing: Framing,
    client_waits: bool,
    arrived: u64,
    beginning: Vec<u8>,
}

impl<'a, 'b> RequestBody<'a, 'b> {
    fn new(request: &Request, reader: &'a mut BufReader<&'b TcpStream>, stream: &'b TcpStream) -> Self {
        Self {
            left: match request.framing {
                Framing::Length(length) => length,
                _ => 0,
            },
            client_waits: request.header("expect").is_some(),
            framing: request.framing,
            arrived: 0,
            beginning: Vec::new(),
            reader,
            stream,
        }
    }

    pub(crate) fn arrived(&self) -> u64 {
        self.arrived
    }

    /// What arrived first.
    pub(crate) fn beginning(&self) -> &[u8] {
        &self.beginning
    }

    /// Reads the rest of the body and drops it; false when the connection cannot be used again.
    fn drain(&mut self) -> bool {
        if self.framing == Framing::Chunked || (self.client_waits && self.left > 0) {
            return false;
        }
        io::copy(self, &mut io::sink()).is_ok() && self.left == 0
    }
}

impl Read for RequestBody<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Ok(0);
        }
        if std::mem::take(&mut self.client_waits) {
            self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        let wanted = buffer.len().min(usize::try_from(self.left).unwrap());
        let count = self.reader.read(&mut buffer[..wanted])?;
        self.left -= count as u64;
        self.arrived += count as u64;
        let room = exchange::KEPT_BYTES.saturating_sub(self.beginning.len()).min(count);
        self.beginning.extend_from_slice(&buffer[..room]);
        Ok(count)
    }
}
