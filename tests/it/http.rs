//! HTTP: what is healthy, what is not, and what is said of it.

use std::fs;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::netns::isolated;
use crate::support::server::{ClosedPort, LOCALHOST, LOCALHOST6, Server, full_backlog, until_closed};
use crate::support::{lprobe, measured};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

#[track_caller]
fn healthy(answer: &str) {
    lprobe([Server::answering(answer).http("/")]).healthy();
}

#[track_caller]
fn unhealthy(answer: impl Into<Vec<u8>>, words: &[&str]) {
    lprobe([Server::answering(answer).http("/")]).unhealthy_saying(words);
}

#[test]
fn an_expected_status_is_healthy() {
    healthy(OK);
    healthy("HTTP/1.1 299 \r\n\r\n");
    healthy("HTTP/1.1 204 No Content\r\n\r\n");
}

#[test]
fn http_1_0_is_healthy() {
    healthy("HTTP/1.0 200 OK\r\n\r\n");
}

#[test]
fn another_status_is_unhealthy() {
    let server = Server::answering("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
    let line = lprobe([server.http("/healthz")]).unhealthy();
    assert_eq!(line, format!("{}: status 503, expected 200-299", server.http("/healthz")));

    unhealthy("HTTP/1.1 404 Not Found\r\n\r\n", &["status 404"]);
    unhealthy("HTTP/1.1 304 Not Modified\r\n\r\n", &["status 304"]);
    unhealthy("HTTP/1.1 199 \r\n\r\n", &[]);
    unhealthy("HTTP/1.1 600 \r\n\r\n", &["status 600"]);
}

#[test]
fn the_expected_statuses_are_the_callers() {
    let server = Server::answering("HTTP/1.1 304 Not Modified\r\n\r\n");
    lprobe(["--http-codes", "200-299,304", &server.http("/")]).healthy();
    lprobe(["-http-codes=304", &server.http("/")]).healthy();
    lprobe(["--http-codes=303,305-399", &server.http("/")]).unhealthy_saying(&["status 304, expected 303,305-399"]);
}

#[test]
fn interim_responses_are_waited_past() {
    healthy(&format!("HTTP/1.1 100 Continue\r\n\r\n{OK}"));
    healthy(&format!("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n{OK}"));
    unhealthy("HTTP/1.1 103 Early Hints\r\n\r\n", &["closed before a complete response head"]);
    unhealthy("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 500 \r\n\r\n", &["status 500"]);
}

#[test]
fn a_redirect_is_a_status_and_no_more() {
    let elsewhere = Server::answering(OK);
    let server = Server::answering(format!(
        "HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n",
        elsewhere.http("/")
    ));
    lprobe([server.http("/")]).unhealthy_saying(&["status 302"]);
    lprobe(["--http-codes=302", &server.http("/")]).healthy();
    assert!(elsewhere.untouched());
}

#[test]
fn a_body_is_not_awaited() {
    healthy("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    healthy("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
    healthy("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
}

#[test]
fn a_body_of_a_gigabyte_is_not_read() {
    const GIGABYTE: usize = 1 << 30;
    let (sender, written) = std::sync::mpsc::channel();
    let server = Server::start(move |mut stream| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {GIGABYTE}\r\n\r\n");
        stream.write_all(head.as_bytes()).expect("the client reads the head");
        let chunk = [b'x'; 64 * 1024];
        let mut count = 0;
        while count < GIGABYTE && stream.write_all(&chunk).is_ok() {
            count += chunk.len();
        }
        let _ = sender.send(count);
    });
    lprobe([server.http("/")]).healthy();
    let count = written.recv_timeout(Duration::from_secs(30)).expect("the server is done");
    assert!(count < GIGABYTE / 16, "{count} bytes went into socket buffers and beyond");
}

/// A reset makes Python's http.server log a traceback for each probe.
#[test]
fn the_rest_of_a_short_body_is_read() {
    let text = |length: usize| "a".repeat(length);
    let with_length = |length: usize| format!("Content-Length: {length}\r\n\r\n{}", text(length));
    let chunked = format!("Transfer-Encoding: chunked\r\n\r\n1000\r\n{}\r\n0\r\n\r\n", text(4096));
    let until_closed = format!("Connection: close\r\n\r\n{}", text(4096));
    for rest in [with_length(100), with_length(4096), with_length(64 * 1024), chunked, until_closed] {
        for (status, options) in [("200 OK", &[][..]), ("503 Busy", &[]), ("200 OK", &["--contains=aaaa"])] {
            let answer = format!("HTTP/1.1 {status}\r\n{rest}");
            let (sender, ends) = channel();
            let server = Server::start(move |mut stream| {
                // A probe that has given up hangs up.
                let _ = stream.write_all(answer.as_bytes());
                if answer.contains("close") {
                    let _ = stream.shutdown(Shutdown::Write);
                }
                let _ = sender.send(stream.read(&mut [0]).map_err(|error| error.kind()));
            });
            let end = || {
                let outcome = lprobe([options, &[&*server.http("/")]].concat());
                assert_eq!(outcome.status.success(), status == "200 OK", "{outcome:?}");
                ends.recv_timeout(Duration::from_secs(10)).expect("an end")
            };
            // The probe waits for the rest for 50 ms, in which a busy machine may not send it.
            assert!((0..20).any(|_| end() == Ok(0)), "{status} {options:?} {}", &rest[..40]);
        }
    }
}

/// Nor is the verdict any later for it, which `--max-latency` counts.
#[test]
fn a_rest_that_does_not_come_is_not_awaited_for_long() {
    for rest in ["Content-Length: 10\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n1", "Connection: close\r\n\r\n"] {
        let answer = format!("HTTP/1.1 200 OK\r\n{rest}");
        let head = answer.clone();
        let server = Server::start(move |mut stream| {
            // A probe that has given up hangs up.
            let _ = stream.write_all(head.as_bytes());
            until_closed(stream);
        });
        let outcome = lprobe(["--timeout=10s", "--verbose", &server.http("/")]);
        assert!(outcome.status.success(), "{outcome:?}");
        let took = outcome.by_itself();
        assert!(took < Duration::from_secs(5), "{took:?}");
        // What the line says ends with the verdict; what the process takes, with the rest.
        let said = outcome.stdout.split("healthy after ").nth(1).and_then(|rest| rest.split(" ms").next());
        let said = Duration::from_secs_f64(said.expect(&outcome.stdout).parse::<f64>().expect("milliseconds") / 1000.0);
        assert!(said + Duration::from_millis(40) < outcome.took, "{said:?} of {:?}", outcome.took);
        // The deadline comes before that time is over. A busy machine may need longer for the head.
        let is_healthy = || lprobe(["--timeout=40ms", &server.http("/")]).status.success();
        assert!((0..20).any(|_| is_healthy()), "the deadline is past before the verdict");
        // Nor behind a redirect.
        let mut is_first = false;
        let server = Server::start(move |mut stream| {
            is_first = !is_first;
            let answer =
                if is_first { "302 Found\r\nLocation: /b\r\nContent-Length: 10\r\n\r\n" } else { &answer[9..] };
            // A probe that has given up hangs up.
            let _ = stream.write_all(format!("HTTP/1.1 {answer}").as_bytes());
            until_closed(stream);
        });
        let follows = || lprobe(["--follow", "--max-latency=40ms", &server.http("/a")]).status.success();
        assert!((0..20).any(|_| follows()), "the rest counts behind a redirect");
    }
}

#[test]
fn a_rest_that_is_too_long_is_not_awaited() {
    let (sender, waits) = channel();
    let server = Server::start(move |mut stream| {
        // A probe that has given up hangs up.
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n\r\n");
        let sent = Instant::now();
        until_closed(stream);
        let _ = sender.send(sent.elapsed());
    });
    // Measured at the server, since an emulator takes longer than that to start the probe. A busy machine may take longer.
    let is_quick = || {
        lprobe([server.http("/")]).healthy();
        waits.recv_timeout(Duration::from_secs(10)).expect("the end") < Duration::from_millis(45)
    };
    assert!((0..20).any(|_| is_quick()), "it waits for a rest that it does not read");
}

#[test]
fn the_request_is_what_the_documentation_says() {
    let server = Server::answering(OK);
    lprobe([server.http("/healthz?full=1")]).healthy();
    let expected = format!(
        "GET /healthz?full=1 HTTP/1.1\r\nhost: localhost:{}\r\nuser-agent: lprobe/{}\r\naccept: */*\r\nconnection: close\r\n\r\n",
        server.port,
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(server.request(), expected);
}

#[test]
fn the_host_header_is_the_host_that_was_asked_for() {
    let host = |target: &str, server: &Server| {
        lprobe([target]).healthy();
        let request = server.request();
        request.lines().find_map(|line| line.strip_prefix("host: ").map(str::to_owned)).expect("a Host header")
    };
    let v4 = Server::answering(OK);
    assert_eq!(host(&format!(":{}", v4.port), &v4), format!("localhost:{}", v4.port));
    assert_eq!(host(&format!("http://LocalHost:{}", v4.port), &v4), format!("localhost:{}", v4.port));
    assert_eq!(host(&format!("http://127.0.0.1:{}/", v4.port), &v4), format!("127.0.0.1:{}", v4.port));
    let v6 = Server::start_on(LOCALHOST6, |mut stream| {
        drop(stream.write_all(OK.as_bytes()));
    });
    assert_eq!(host(&format!("http://[::1]:{}/", v6.port), &v6), format!("[::1]:{}", v6.port));
}

#[test]
fn the_default_port_is_80_and_not_in_the_host_header() {
    isolated(|| {
        let server = Server::start_at((LOCALHOST, 80).into(), |mut stream| drop(stream.write_all(OK.as_bytes())));
        for (target, host) in [
            ("http://localhost", "localhost"),
            ("http://localhost:80/", "localhost"),
            (":80", "localhost"),
            ("http://127.0.0.1?x=1", "127.0.0.1"),
        ] {
            lprobe([target]).healthy();
            assert!(server.request().contains(&format!("\r\nhost: {host}\r\n")), "{target}");
        }
    });
}

#[test]
fn localhost_is_127_0_0_1_and_then_1() {
    let v6 = Server::start_on(LOCALHOST6, |mut stream| {
        drop(stream.write_all(OK.as_bytes()));
    });
    lprobe([v6.http("/")]).healthy();
    lprobe(["--ipv6", &v6.http("/")]).healthy();
    lprobe(["-ipv6", &v6.http("/")]).healthy();
    lprobe([format!("http://127.0.0.1:{}", v6.port)]).unhealthy_saying(&["127.0.0.1: connection refused"]);

    let v4 = Server::answering(OK);
    lprobe(["--ipv6", &v4.http("/")]).unhealthy_saying(&["::1: connection refused"]);
    lprobe(["--ipv6", "http://127.0.0.1/"]).unhealthy_saying(&["--ipv6"]);
}

#[test]
fn nobody_there_is_unhealthy() {
    let closed = ClosedPort::new();
    let target = format!("http://localhost:{}/", closed.port);
    let line = lprobe([&target]).unhealthy();
    assert_eq!(line, format!("{target}: 127.0.0.1: connection refused, ::1: connection refused"));
}

/// RFC 9112, section 2.2: nothing stands before a status line.
#[test]
fn a_head_behind_an_empty_line_is_unhealthy() {
    unhealthy(format!("\r\n{OK}"), &["it begins with an empty line"]);
    unhealthy(format!("\n{OK}"), &["it begins with an empty line"]);
    unhealthy(format!("HTTP/1.1 100 Continue\r\n\r\n\r\n{OK}"), &["it begins with an empty line"]);
    unhealthy(format!("HTTP/1.1 100\n\n\n{OK}"), &["it begins with an empty line"]);
    healthy("HTTP/1.1 200 OK\r\n\r\nwhat follows\nis not a head\n");
    // Nor is what follows 101, which is another protocol's.
    let server = Server::answering("HTTP/1.1 101 Switching Protocols\r\n\r\n\n");
    lprobe(["--http-codes=101", &server.http("/")]).healthy();
}

#[test]
fn the_default_deadline_is_one_second() {
    let (outcome, _) = measured([Server::silent().http("/")]);
    assert!(outcome.took >= Duration::from_millis(1000), "{outcome:?}");
    assert!(outcome.by_itself() < Duration::from_millis(1500), "{outcome:?}");
    outcome.unhealthy_saying(&["within 1000 ms"]);
}

/// The connection opens after a second, when TCP tries again what a full backlog had refused, and then nothing comes.
/// One deadline covers both waits.
#[test]
fn one_deadline_covers_connection_and_answer() {
    let (listener, address, _waiting) = full_backlog();
    let silent = thread::spawn(move || {
        // Once the probe's first packet has gone unheard, there is room again.
        let knocking = format!("0100007F:{:04X} 02", address.port());
        while !fs::read_to_string("/proc/net/tcp").expect("/proc is mounted").contains(&knocking) {}
        let _waiting = listener.accept().expect("the one that waits");
        let (probe, _) = listener.accept().expect("the probe");
        until_closed(probe)
    });
    let (outcome, _) = measured(["--timeout=1800ms", &format!("http://{address}/")]);
    assert!(outcome.took >= Duration::from_millis(1800), "{outcome:?}");
    assert!(outcome.by_itself() < Duration::from_millis(2400), "{outcome:?}");
    outcome.unhealthy_saying(&["no complete response head within 1800 ms"]);
    assert!(silent.join().expect("the server").starts_with(b"GET / "));
}
