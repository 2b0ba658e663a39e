//! `--data`: requests with a body.

use std::fs;
use std::io::{Read, Write};

use crate::support::netns::{isolated, sysctl};
use crate::support::server::{Server, until_closed};
use crate::support::{have_root, lprobe, repository};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/// A server that answers once it has read a body of this length, with 200 if it is `body`.
fn awaiting(body: Vec<u8>) -> Server {
    Server::start(move |mut stream| {
        let mut read = vec![0; body.len()];
        let is_right = stream.read_exact(&mut read).is_ok() && read == body;
        // A probe that has given up hangs up.
        let _ = stream.write_all(if is_right { OK } else { "HTTP/1.1 400 \r\n\r\n" }.as_bytes());
        until_closed(stream);
    })
}

#[test]
fn a_body_is_sent_as_it_stands() {
    let call = r#"{"jsonrpc":"2.0","method":"health","id":1}"#;
    let page = fs::read_to_string(repository("docs/http.md")).expect("the page");
    assert!(page.contains(&format!("--data '{call}'")), "the page has another one");
    let server = awaiting(call.into());
    lprobe(["--data", call, "--header=Content-Type: application/json", &server.http("/rpc")]).healthy();
    let head = server.request();
    assert!(head.starts_with("POST /rpc HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("\r\ncontent-length: 42\r\n") && head.contains("\r\ncontent-type: application/json\r\n"));
    lprobe(["--data", call, "--method=PUT", &server.http("/")]).healthy();
    assert!(server.request().starts_with("PUT / HTTP/1.1\r\n"));
    // The end of the value is the end of the body: no newline, no escapes.
    lprobe(["--data=a\\n ", &awaiting(b"a\\n ".into()).http("/")]).healthy();
    let server = Server::answering(OK);
    lprobe(["--data=", &server.http("/")]).healthy();
    assert!(server.request().contains("\r\ncontent-length: 0\r\n"));
    for method in ["GET", "HEAD", "OPTIONS"] {
        lprobe(["--data=SECRET", "--method", method, ":1"])
            .unhealthy_saying(&["--data goes with --method POST or PUT"]);
    }
    let line = lprobe(["--data=SECRET", "tcp://:1"]).unhealthy();
    assert!(line.contains("--data is for http") && !line.contains("SECRET"), "{line}");
}

#[test]
fn a_body_comes_out_of_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("body");
    // More than a socket takes at once, to a server that reads nothing for a while.
    let body = "x".repeat(64 * 1024);
    fs::write(&file, format!("{body}\n")).expect("a file");
    let server = awaiting(body.into_bytes());
    lprobe([&format!("--data=@{}", file.display()), "--timeout=10s", &server.http("/")]).healthy();
    assert!(server.request().contains("\r\ncontent-length: 65536\r\n"));
    fs::write(&file, "x".repeat(64 * 1024 + 1)).expect("a file");
    lprobe([&format!("--data=@{}", file.display()), ":1"]).unhealthy_saying(&["longer than 64 KiB"]);
}

#[test]
fn an_answer_to_half_a_body_counts() {
    // It answers before it reads, and closes.
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("body");
    fs::write(&file, "x".repeat(64 * 1024)).expect("a file");
    let data = format!("--data=@{}", file.display());
    let server = Server::start(|mut stream| stream.write_all(OK.as_bytes()).expect("it is read"));
    lprobe([&*data, &server.http("/")]).healthy();
    let server = Server::start(|mut stream| {
        stream.write_all(b"HTTP/1.1 413 \r\n\r\n").expect("it is read");
        until_closed(stream);
    });
    lprobe([&*data, &server.http("/")]).unhealthy_saying(&["status 413"]);
}

/// A socket that takes 4 KiB at a time: the rest of the body is sent when there is room again.
#[test]
fn a_body_is_sent_in_pieces_where_there_is_no_room() {
    if !have_root() {
        return;
    }
    isolated(|| {
        sysctl("ipv4/tcp_wmem", "4096 4096 4096");
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("body");
        let body = b"0123456789abcdef".repeat(4096);
        fs::write(&file, &body).expect("a file");
        let data = format!("--data=@{}", file.display());
        lprobe([&*data, &awaiting(body).http("/")]).healthy();
        // It answers, and takes none of the rest.
        let server = Server::start(|mut stream| {
            stream.write_all(OK.as_bytes()).expect("it is read");
        });
        for _ in 0..20 {
            lprobe([&*data, &server.http("/")]).healthy();
        }
    });
}
