//! Several targets in one run, attempts that are repeated, and what -v says.

use std::io::Write;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::support::script::{Stage, Step, play};
use crate::support::server::{ClosedPort, Server, until_closed};
use crate::support::{binary, lprobe, lprobe_by_default, run};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

#[test]
fn all_targets_must_be_healthy_and_each_failure_is_a_line_in_order() {
    let (well, sick, closed) = (Server::answering(OK), Server::answering("HTTP/1.1 500 \r\n\r\n"), ClosedPort::new());
    lprobe([well.http("/"), well.tcp()]).healthy();
    let outcome = lprobe([format!("tcp://:{}", closed.port), well.http("/"), sick.http("/a"), sick.http("/b")]);
    assert_eq!(outcome.status.code(), Some(1));
    let lines: Vec<_> = outcome.stderr.lines().collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    for (line, words) in lines.iter().zip([&format!("tcp://localhost:{}", closed.port), "/a: status", "/b: status"]) {
        assert!(line.starts_with("lprobe: ") && line.contains(words), "{line}");
    }
}

#[test]
fn targets_are_probed_at_once_under_one_deadline() {
    let silent: Vec<_> = (0..8).map(|_| Server::silent()).collect();
    let targets = silent.iter().map(|server| server.http("/"));
    let outcome = lprobe(["--timeout=400ms".to_owned()].into_iter().chain(targets));
    assert_eq!(outcome.status.code(), Some(1));
    assert_eq!(outcome.stderr.lines().count(), 8);
    assert!(outcome.took < Duration::from_secs(3), "{:?}", outcome.took);
}

/// tokio lets all of them together read 128 times in one turn. An answer that was there when that was used up, on a
/// connection that had just failed, was once taken for none: in one of 300 probes.
#[test]
fn many_targets_that_go_on_and_on_are_healthy() {
    let zeros = [
        Step::Await(b"\r\n\r\n"),
        Step::Send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".into()),
        Step::Repeat(b"0".into()),
    ];
    let stage = Stage::new(Some(Arc::new(move |client| _ = play(client, &zeros))), false);
    for _ in 0..30 {
        lprobe((0..32).map(|number| stage.named(&format!("http://localhost:PORT/{number}")))).healthy();
    }
}

/// What Docker keeps is 4,096 bytes.
#[test]
fn many_lines_survive_a_health_log() {
    let closed = ClosedPort::new();
    let path = "x".repeat(3000);
    let outcome = lprobe((0..40).map(|number| format!("http://localhost:{}/{number}/{path}", closed.port)));
    assert_eq!(outcome.stderr.lines().count(), 40);
    assert!(outcome.stderr.len() < 4096, "{} bytes", outcome.stderr.len());
    let many = lprobe((0..200).map(|number| format!("http://localhost:{}/{number}", closed.port)));
    assert!(many.stderr.len() < 4096 && many.stderr.ends_with(" more\n"), "{}", many.stderr);
    let well = Server::silent();
    let verbose = lprobe(["-v".to_owned()].into_iter().chain((0..100).map(|_| well.tcp())));
    assert!(verbose.status.success() && verbose.stdout.len() < 4096, "{}", verbose.stdout);
    assert!(verbose.stdout.ends_with(" more\n"), "{}", verbose.stdout);
    let foreign = lprobe([format!("file:///{}", "\u{e4}".repeat(100))]);
    assert!(foreign.stderr.contains("No such file"), "{}", foreign.stderr);
    let three = lprobe((0..3).map(|number| format!("http://localhost:{}/{number}/{path}", closed.port)));
    assert!(three.stderr.lines().all(|line| line.contains("x...: 127.0.0.1: connection refused")), "{}", three.stderr);
}

#[test]
fn verbose_says_how_long_it_took() {
    let well = Server::answering(OK);
    for flag in ["-v", "--verbose", "-verbose", "--v"] {
        let outcome = lprobe_by_default([flag, &well.http("/")]);
        assert!(outcome.status.success() && outcome.stderr.is_empty(), "{outcome:?}");
        let line = outcome.stdout.strip_suffix('\n').expect("a line");
        let said = line.strip_prefix(&format!("lprobe: {}: healthy after ", well.http("/"))).expect(line);
        let (total, connected) = said.split_once(" ms, connected after ").expect(line);
        let connected = connected.strip_suffix(" ms").expect(line);
        let [total, connected] = [total, connected].map(|time| time.parse::<f64>().expect(line));
        assert!(0.0 < connected && connected < total && total < 1000.0, "{line}");
    }
    lprobe(["-v=false", &well.http("/")]).healthy();
    let line = lprobe_by_default(["-v", &Server::answering("HTTP/1.1 500 \r\n\r\n").http("/")]).unhealthy();
    assert!(line.contains("expected 200-299 after "), "{line}");
}

#[test]
fn slower_than_the_latency_allowed_is_unhealthy() {
    let slow = Server::start(|mut stream| {
        std::thread::sleep(Duration::from_millis(60));
        drop(stream.write_all(OK.as_bytes()));
    });
    lprobe(["--max-latency=50ms", &slow.http("/")]).unhealthy_saying(&["healthy, but after ", "expected 50 ms"]);
    lprobe(["--max-latency=10s", "--timeout=20s", &slow.http("/")]).healthy();
}

#[test]
fn waiting_ends_when_all_is_healthy() {
    let mut attempts = 0;
    let server = Server::start(move |mut stream| {
        attempts += 1;
        let answer = if attempts < 4 { "HTTP/1.1 503 \r\n\r\n" } else { OK };
        drop(stream.write_all(answer.as_bytes()));
    });
    let outcome = lprobe(["--wait=60s", &server.http("/")]);
    // The pauses are 50, 100 and 200 ms.
    assert!(outcome.took >= Duration::from_millis(350), "{:?}", outcome.took);
    assert!(outcome.took < Duration::from_secs(10), "{:?}", outcome.took);
    outcome.healthy();
}

#[test]
fn waiting_ends_when_its_time_is_over() {
    let closed = ClosedPort::new();
    let outcome = lprobe(["--wait=700ms", &format!("tcp://:{}", closed.port)]);
    assert!(outcome.took >= Duration::from_millis(690) && outcome.took < Duration::from_secs(10), "{outcome:?}");
    outcome.unhealthy_saying(&["connection refused"]);
    // An attempt that outlasts it is cut short.
    let start = Instant::now();
    lprobe(["--wait=300ms", "--timeout=60s", &Server::silent().http("/")])
        .unhealthy_saying(&["no complete response head within "]);
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

/// The pauses double, so that the last one would be half of the wait.
#[test]
fn a_wait_uses_all_of_its_time() {
    for (wait, well_after) in [(1500, 1300), (800, 700)] {
        let begin = Instant::now();
        let server = Server::start(move |mut stream| {
            let well = begin.elapsed() > Duration::from_millis(well_after);
            drop(stream.write_all(if well { OK } else { "HTTP/1.1 503 \r\n\r\n" }.as_bytes()));
        });
        lprobe([&format!("--wait={wait}ms"), &*server.http("/")]).healthy();
    }
}

/// An attempt that the end of the wait cuts short was late, whatever the server's trouble is.
#[test]
fn a_wait_ends_with_what_the_last_whole_attempt_found() {
    let mut attempts = 0;
    let server = Server::start(move |mut stream| {
        attempts += 1;
        match attempts {
            1..3 => drop(stream.write_all(b"HTTP/1.1 503 \r\n\r\n")),
            _ => drop(until_closed(stream)),
        }
    });
    lprobe(["--wait=500ms", &server.http("/")]).unhealthy_saying(&["status 503"]);
}

/// There is one descriptor for a connection, so that each must be closed before the next attempt.
#[test]
fn attempts_leave_nothing_open() {
    let sick = Server::start(|mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 503 \r\nContent-Length: 9\r\n\r\n");
        until_closed(stream);
    });
    let silent = Server::silent();
    for (target, words) in [(sick.http("/"), "status 503"), (silent.http("/"), "no complete response head")] {
        let mut limited = Command::new("prlimit");
        let arguments = ["--wait=600ms", "--timeout=100ms", &target];
        run(limited.arg("--nofile=7").arg(binary()).args(arguments)).unhealthy_saying(&[words]);
    }
}

#[test]
fn one_bad_target_is_a_refusal_of_all() {
    let well = Server::answering(OK);
    lprobe([well.http("/"), "http://example.com/".into()]).unhealthy_saying(&["only reaches its own container"]);
    assert!(well.untouched());
}

/// Each look at a file is a system call that can't be interrupted, and thousands of them take longer than a millisecond.
#[test]
fn all_targets_have_one_deadline() {
    let targets = vec!["file:///proc/self/stat"; 5_000];
    let outcome = lprobe(["--timeout=1ms"].iter().chain(&targets));
    assert_eq!(outcome.status.code(), Some(1), "{outcome:?}");
    assert!(outcome.stderr.lines().last().expect("lines").starts_with("lprobe: and "), "{outcome:?}");
    assert!(outcome.stderr.contains("no start of the probe"), "{outcome:?}");
}
