//! Connections of the stand-in, its program, and the fault that kills a process.

use crate::client::{send, send_raw};
use nexy_standin::{Fault, Listener, Reply, Standin};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;

#[test]
fn wrong_calls_of_the_program_are_usage_errors() {
    for arguments in [&["az"][..], &["--state", "/nowhere"]] {
        assert_cmd::Command::new(env!("CARGO_BIN_EXE_nexy-standin")).args(arguments).assert().code(2);
    }
}

#[test]
fn a_process_is_killed_by_the_request_it_makes() {
    let folder = tempfile::tempdir().unwrap();
    let standin = Standin::start(&folder.path().join("state"));
    let file = folder.path().join("pid");
    let mut victim = Command::new("sleep").arg("60").spawn().unwrap();
    std::fs::write(&file, format!("{}\n", victim.id())).unwrap();
    let kill = Reply::KillPid { file, after: false };
    standin.fault(Fault::new(Listener::Api, "*", "", kill));
    assert_eq!(send(&standin.api_url(), "GET", "/user", &[], b"").status, 0);
    assert_eq!(victim.wait().unwrap().signal(), Some(9));
}

#[test]
fn a_connection_serves_one_request_after_another() {
    let folder = tempfile::tempdir().unwrap();
    let standin = Standin::start(folder.path());
    let request = "GET /rate_limit HTTP/1.1\r\nHost: h\r\nUser-Agent: t\r\n\r\n";
    let mut stream = TcpStream::connect(standin.api_url().strip_prefix("http://").unwrap()).unwrap();
    for _ in 0..2 {
        stream.write_all(request.as_bytes()).unwrap();
        let mut start = [0; 12];
        stream.read_exact(&mut start).unwrap();
        assert_eq!(&start, b"HTTP/1.1 200");
        skip_answer(&mut stream);
    }
    assert_eq!(standin.requests().len(), 2);
}

#[test]
fn a_client_that_waits_is_told_to_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let standin = Standin::start(folder.path());
    let id = standin.create_release("o/r", "Update");
    let token = nexy_standin::TOKEN;
    let request = format!(
        "POST /repos/o/r/releases/{id}/assets?name=a HTTP/1.1\r\nHost: h\r\nUser-Agent: t\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: x/y\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\na"
    );
    assert_eq!(send_raw(&standin.url(Listener::Uploads), request.as_bytes()).status, 100);
    assert_eq!(standin.assets("o/r", "Update")[0].state, "uploaded");
}

/// Reads the rest of one answer: its head, and as many bytes as that announces.
fn skip_answer(stream: &mut TcpStream) {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.strip_prefix("Content-Length: ") {
            length = value.trim().parse().unwrap();
        }
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
}
