//! `fcgi://`, against servers of our own that answer as no decent one would. services/php_fpm.rs has a decent one.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixListener;
use std::thread;

use crate::support::server::{ClosedPort, Server, until_closed};
use crate::support::{FULL, lprobe};

/// The records that end a request: the empty ones of the parameters and of the body.
const REQUEST_END: &[u8] = b"\x01\x04\0\x01\0\0\0\0\x01\x05\0\x01\0\0\0\0";

const PONG: &[u8] = b"Content-type: text/plain;charset=UTF-8\r\n\r\npong";
const CLOSED: &str = "closed before an expected reply";

const STDOUT: u8 = 6;
const STDERR: u8 = 7;

/// A record of a request.
fn record_of(request: u16, kind: u8, content: &[u8], padding: u8) -> Vec<u8> {
    let header = [[1, kind], request.to_be_bytes(), (content.len() as u16).to_be_bytes(), [padding, 0]].concat();
    [&header, content, &vec![b'x'; padding.into()]].concat()
}

/// A record of the request that lprobe makes.
fn record(kind: u8, content: &[u8]) -> Vec<u8> {
    record_of(1, kind, content, 0)
}

/// The record that ends the request with these statuses.
fn end(application: u8, protocol: u8) -> Vec<u8> {
    record(3, &[0, 0, 0, application, protocol, 0, 0, 0])
}

/// This output as an application of FastCGI sends it.
fn output(text: impl AsRef<[u8]>) -> Vec<u8> {
    [record(STDOUT, text.as_ref()), record(STDOUT, b""), end(0, 0)].concat()
}

/// Reads a request to its end.
fn read_request(stream: &mut impl Read) -> Vec<u8> {
    let (mut request, mut byte) = (Vec::new(), [0]);
    while !request.ends_with(REQUEST_END) && stream.read(&mut byte).is_ok_and(|count| count == 1) {
        request.extend(byte);
    }
    request
}

/// Reads each request, and then has the connection served.
fn server(mut serve: impl FnMut(&mut TcpStream) + Send + 'static) -> Server {
    Server::greeting(move |mut stream| {
        stream.set_nodelay(true).expect("a connection");
        read_request(&mut stream);
        serve(&mut stream);
    })
}

/// Answers each request by these bytes, and closes.
fn answering(answer: Vec<u8>) -> Server {
    // A probe that has seen enough hangs up.
    server(move |stream| drop(stream.write_all(&answer)))
}

fn target(server: &Server) -> String {
    format!("fcgi://127.0.0.1:{}/ping", server.port)
}

/// The options for which the verdict is clear at the status, at a text, and at the end of the answer.
const OPTIONS: [&str; 3] = ["--http-codes=200", "--contains=pong", "--lacks=sick"];

#[track_caller]
fn is_healthy(answer: Vec<u8>) {
    let server = answering(answer);
    for option in OPTIONS {
        lprobe([option, &target(&server)]).healthy();
    }
}

#[track_caller]
fn is_unhealthy(answer: Vec<u8>, words: &str) {
    let server = answering(answer);
    for option in OPTIONS {
        lprobe([option, &target(&server)]).unhealthy_saying(&["/ping: ", words]);
    }
}

/// Whose verdict is clear before its end, and unhealthy there.
#[track_caller]
fn is_unhealthy_at_the_end(answer: Vec<u8>, words: &str) {
    let server = answering(answer);
    lprobe([OPTIONS[0], &target(&server)]).healthy();
    lprobe([OPTIONS[1], &target(&server)]).healthy();
    lprobe([OPTIONS[2], &target(&server)]).unhealthy_saying(&["/ping: ", words]);
    lprobe([OPTIONS[1], OPTIONS[2], &target(&server)]).unhealthy_saying(&["/ping: ", words]);
}

#[test]
fn a_request_is_what_a_web_server_sends() {
    let server = Server::greeting(|mut stream| {
        let request = read_request(&mut stream);
        let has = |text: &[u8]| request.windows(text.len()).any(|window| window == text);
        assert!(request.starts_with(b"\x01\x01\0\x01\0\x08\0\0\0\x01\0\0\0\0\0\0"), "a Responder");
        for text in [
            &b"\x0e\x03REQUEST_METHODGET"[..],
            b"SCRIPT_NAME/a b\x0f",
            b"SCRIPT_FILENAME/a b\x0c",
            b"QUERY_STRINGfull=%20\x0b",
            b"REQUEST_URI/a%20b?full=%20\x01\x04",
        ] {
            assert!(has(text), "{}", text.escape_ascii());
        }
        stream.write_all(&output(PONG)).expect("the client listens");
    });
    lprobe([format!("fcgi://127.0.0.1:{}/a%20b?full=%20", server.port)]).healthy();
    lprobe(["--http-codes=404", &format!("fcgi://127.0.0.1:{}/a%20b?full=%20", server.port)])
        .unhealthy_saying(&["/a%20b?...: status 200, expected 404"]);
}

/// Each of these is a page for nginx and its clients.
#[test]
fn a_sloppy_answer_is_healthy() {
    is_healthy(output(PONG));
    is_healthy(output("A: b\n\npong"));
    is_healthy(output("Status: 200 OK\r\n\r\npong"));
    is_healthy(output("status:200\r\n\r\npong"));
    is_healthy(output("\r\npong"));
    // No empty record ends the output.
    is_healthy([record(STDOUT, PONG), end(0, 0)].concat());
    let mut pieces: Vec<_> = PONG.iter().flat_map(|byte| record(STDOUT, &[*byte])).collect();
    pieces.extend(end(0, 0));
    is_healthy(pieces);
    let padded = |padding| [record_of(1, STDOUT, PONG, padding), record_of(1, 3, &[0; 8], padding)].concat();
    is_healthy(padded(1));
    is_healthy(padded(255));
    let (first, rest) = PONG.split_at(20);
    let messages = record(STDERR, b"pong sick\r\n\r\n");
    is_healthy([&messages, &record(STDOUT, first), &messages, &output(rest)].map(Vec::as_slice).concat());
    is_healthy([record(STDERR, b""), output(PONG), output(b"Status: 500\r\n\r\n")].concat());
    let long = format!("A: {}\r\n\r\npong", "x".repeat(60_000));
    is_healthy(output(long));
}

#[test]
fn an_answer_in_single_bytes_is_healthy() {
    let server = server(|stream| {
        for byte in output(PONG) {
            if stream.write_all(&[byte]).is_err() {
                break;
            }
        }
    });
    for option in OPTIONS {
        lprobe([option, &target(&server)]).healthy();
    }
}

#[test]
fn a_status_is_expected() {
    let missing = answering([record(STDERR, b"Primary script unknown"), output(MISSING)].concat());
    const MISSING: &str = "Status: 404 Not Found\r\nContent-type: text/html\r\n\r\nFile not found.\n";
    lprobe([target(&missing)]).unhealthy_saying(&["/ping: status 404, expected 200-299"]);
    lprobe(["--contains=File", &target(&missing)]).unhealthy_saying(&["/ping: status 404, expected 200-299"]);
    lprobe(["--http-codes=200,404", &target(&missing)]).healthy();
    lprobe(["--http-codes=404", "--contains=File not", &target(&missing)]).healthy();
    is_unhealthy(output("Location: http://localhost/\r\n\r\npong"), "status 302, expected 200");
}

#[test]
fn a_body_is_searched_as_that_of_http() {
    let server = answering(output(PONG));
    lprobe(["--contains=pong", "--contains=on", "--contains-any=x", "--contains-any=ng", &target(&server)]).healthy();
    lprobe(["--contains=on", "--contains=text/plain", &target(&server)])
        .unhealthy_saying(&["the text of --contains (number 2) is not in the first 64 KiB of the body"]);
    lprobe(["--contains-any=x", &target(&server)]).unhealthy_saying(&["no text of --contains-any"]);
    lprobe(["--lacks=x", "--lacks=ong", &target(&server)]).unhealthy_saying(&["--lacks (number 2)"]);
    if FULL {
        let server = answering(output("A: b\r\n\r\n{\"status\": \"UP\"}"));
        lprobe(["--json=/status=UP", &target(&server)]).healthy();
        lprobe(["--json=/status=DOWN", &target(&server)]).unhealthy_saying(&["not the expected one"]);
        let cut = answering([record(STDOUT, b"A: b\r\n\r\n{\"status\": \"UP\"}")].concat());
        lprobe(["--json=/status=UP", &target(&cut)]).unhealthy_saying(&[CLOSED]);
    }
    // 64 KiB of the body count, and no more are awaited.
    let body = |text: &str| {
        let head = record(STDOUT, b"A: b\r\n\r\n");
        let body = record(STDOUT, &[b'x'; 0x8000]);
        let open = [&head[..], &body, &body[..8 + 0x8000], &record(STDOUT, text.as_bytes())].concat();
        self::server(move |stream| {
            let _ = stream.write_all(&open);
            until_closed(stream.try_clone().expect("a handle"));
        })
    };
    lprobe(["--lacks=sick", &target(&body("sick"))])
        .unhealthy_saying(&["longer than 64 KiB, and --lacks reads no more"]);
    lprobe(["--contains=pong", &target(&body("pong"))]).unhealthy_saying(&["is not in the first 64 KiB"]);
}

#[test]
fn a_wrong_answer_is_named() {
    const HEAD: &str = "the head of the answer has a malformed line";
    is_unhealthy(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), "no FastCGI answer: perhaps it is HTTP (try http://)");
    is_unhealthy(b"-ERR unknown command\r\n".to_vec(), "no FastCGI answer");
    is_unhealthy([&[2], &output(PONG)[1..]].concat(), "no FastCGI answer");
    is_unhealthy(record_of(0, 10, b"\x0f\0FCGI_MPXS_CONNS", 0), "the server sent a management record");
    is_unhealthy(record_of(0, 11, &[9; 8], 0), "the server sent a management record");
    let other = "the server sent a record that does not belong to the answer";
    is_unhealthy(record_of(2, STDOUT, PONG, 0), other);
    is_unhealthy(record_of(257, STDOUT, PONG, 0), other);
    is_unhealthy([record(8, b""), output(PONG)].concat(), other);
    is_unhealthy(REQUEST_END.to_vec(), other);
    for (code, name) in [(1, "FCGI_CANT_MPX_CONN"), (2, "FCGI_OVERLOADED"), (3, "FCGI_UNKNOWN_ROLE"), (4, "4")] {
        let words = format!("the server answered {name}, expected FCGI_REQUEST_COMPLETE");
        is_unhealthy(end(0, code), &words);
        is_unhealthy_at_the_end([record(STDOUT, PONG), end(0, code)].concat(), &words);
    }
    is_unhealthy(end(0, 0), "the answer ended before its head was complete");
    is_unhealthy(output("A: b\r\n"), "the answer ended before its head was complete");
    let failed = "the application ended with an error, expected appStatus 0";
    is_unhealthy(end(1, 0), failed);
    is_unhealthy_at_the_end([record(STDOUT, PONG), end(1, 0)].concat(), failed);
    for head in ["<html>\r\n\r\n", "PHP Warning: x\r\n\r\n", "Status: OK\r\n\r\n", "Status: 200\r\nStatus: 500\r\n\r\n"]
    {
        is_unhealthy(output(format!("{head}pong")), HEAD);
    }
}

/// nginx takes each of these for the end. A worker that crashes closes its connection like that.
#[test]
fn half_an_answer_is_unhealthy() {
    is_unhealthy(Vec::new(), CLOSED);
    is_unhealthy(record(STDOUT, b"A: b\r\n"), CLOSED);
    for answer in [record(STDOUT, PONG), [record(STDOUT, PONG), record(STDOUT, b"")].concat()] {
        is_unhealthy_at_the_end(answer, CLOSED);
    }
    let whole = output(PONG);
    // The content of the first record, and what follows the text.
    let first = record(STDOUT, PONG).len();
    for length in 0..whole.len() {
        let server = answering(whole[..length].into());
        lprobe(["--lacks=sick", &target(&server)]).unhealthy_saying(&[CLOSED]);
        let outcome = lprobe(["--contains=pong", &target(&server)]);
        if length < first { outcome.unhealthy_saying(&[CLOSED]) } else { outcome.healthy() }
    }
    let stalled = server(|stream| {
        let _ = stream.write_all(&record(STDOUT, PONG));
        until_closed(stream.try_clone().expect("a handle"));
    });
    lprobe([target(&stalled)]).healthy();
    lprobe(["--timeout=300ms", "--contains=none", &target(&stalled)])
        .unhealthy_saying(&["no text of --contains within 300 ms"]);
    lprobe(["--timeout=300ms", "--lacks=sick", &target(&stalled)])
        .unhealthy_saying(&["no end of the body within 300 ms"]);
    let silent = server(|stream| drop(until_closed(stream.try_clone().expect("a handle"))));
    lprobe(["--timeout=300ms", &target(&silent)]).unhealthy_saying(&["/ping: no expected reply within 300 ms"]);
}

#[test]
fn no_more_than_a_mebibyte_is_read() {
    let after = |messages: usize| answering([record(STDERR, b"").repeat(messages), output(PONG)].concat());
    let room = (1 << 20) - output(PONG).len();
    lprobe([OPTIONS[2], &target(&after(room / 8))]).healthy();
    lprobe([OPTIONS[2], &target(&after((1 << 20) / 8 + 1024))])
        .unhealthy_saying(&["no end of the answer within 1 MiB"]);
}

#[test]
fn nothing_that_a_server_sent_is_printed() {
    for answer in [
        output("Status: 404 SECRET\r\nSECRET: SECRET\r\n\r\nSECRET"),
        output("SECRET\r\n\r\n"),
        record(STDERR, b"SECRET"),
        b"SECRET".to_vec(),
        b"HTTP/1.1 SECRET".to_vec(),
    ] {
        let outcome = lprobe(["-v", &target(&answering(answer))]);
        assert_eq!(outcome.status.code(), Some(1), "{outcome:?}");
        assert!(!(outcome.stdout.clone() + &outcome.stderr).contains("SECRET"), "{outcome:?}");
    }
}

#[test]
fn a_unix_socket_is_asked_in_place_of_the_host() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("fpm.sock");
    let listener = UnixListener::bind(&path).expect("a free name");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            read_request(&mut stream);
            stream.write_all(&output("Status: 404\r\n\r\n")).expect("the client listens");
        }
    });
    let path = path.to_str().expect("UTF-8");
    lprobe(["--http-codes=404", "--unix-socket", path, "fcgi:///ping"]).healthy();
    lprobe(["--unix-socket", path, "fcgi:///ping?full"])
        .unhealthy_saying(&[&format!("fcgi://localhost:9000/ping?... on {path}: status 404")]);
}

#[test]
fn a_target_has_the_form_of_an_http_one() {
    let closed = ClosedPort::new();
    lprobe([format!("fcgi://localhost:{}/ping?token=SECRET", closed.port)])
        .unhealthy_saying(&["/ping?...: 127.0.0.1: connection refused, ::1: connection refused"]);
    lprobe(["fcgi://example.com/ping"]).unhealthy_saying(&["only reaches its own container"]);
    lprobe(["fcgi://localhost/a b"]).unhealthy_saying(&["must spell byte 0x20 as %20"]);
    lprobe(["fcgi://localhost/%00"]).unhealthy_saying(&["can't contain a NUL"]);
    for option in ["--send=x", "--header=a: b", "--method=HEAD", "--data=x", "--follow", "--user-agent=x"] {
        let name = option.split('=').next().expect("a name");
        lprobe([option, "fcgi:///ping"]).unhealthy_saying(&[name, "there is no such target"]);
    }
    lprobe(["-url=fcgi:///ping"]).unhealthy_saying(&["expected http://"]);
}

/// A redirect leads from HTTP to HTTP.
#[test]
fn a_redirect_to_fastcgi_is_not_followed() {
    let fcgi = answering(output(PONG));
    let moved = Server::answering(format!("HTTP/1.1 302 Found\r\nLocation: {}\r\n\r\n", target(&fcgi)));
    lprobe(["--follow", &moved.http("/")]).unhealthy_saying(&["redirected outside this container"]);
}
