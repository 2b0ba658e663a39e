//! No error that valgrind can see, from argument to exit: tests/support/memcheck.rs says what that is.

use std::fs;
use std::io::Write;

use crate::support::memcheck::{lprobe, lprobe_by_addresses};
use crate::support::server::{ClosedPort, Server, until_closed};
use crate::support::{binary, have_tools};

#[test]
fn probes_of_every_kind_use_memory_as_they_may() {
    if !have_tools(&["valgrind"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let fresh = folder.path().join("fresh");
    fs::write(&fresh, "").expect("a file");
    let fresh = format!("file://{}?max-age=1h", fresh.display());
    let well = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let sick = Server::answering("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
    let half = Server::answering("HTTP/1.1 200 OK\r\nContent-Le");
    let redis = Server::answering("+PONG\r\n");
    let closed = ClosedPort::new();
    let udp = format!("udp://localhost:{}", closed.port);

    let verbose =
        lprobe(&["--timeout=60s", &well.http("/"), "--contains=ok", "--header=X: y", "--basic-auth=a:b", "-v"]);
    assert!(verbose.status.success(), "{verbose:?}");
    lprobe(&["--timeout=60s", &well.http("/")]).healthy();
    lprobe(&["--timeout=60s", &well.tcp(), &fresh, &well.http("/${NOBODY:-}")]).healthy();
    lprobe(&["--timeout=60s", &redis.tcp(), "--send=PING\\r\\n\\r\\n", "--expect=+PONG"]).healthy();
    lprobe(&["--timeout=60s", &sick.http("/")]).unhealthy_saying(&["status 503"]);
    lprobe(&["--timeout=60s", &half.http("/")]).unhealthy();
    lprobe(&["--timeout=60s", &format!("tcp://localhost:{}", closed.port)]).unhealthy_saying(&["refused"]);
    lprobe(&["--timeout=60s", &udp, "--send=a", "--expect=b"]).unhealthy_saying(&["refused"]);
    lprobe(&["--timeout=60s", &format!("dns://localhost:{}/x.example", closed.port)]).unhealthy_saying(&["refused"]);
    let fcgi = Server::greeting(|mut stream| {
        // A probe that has seen enough hangs up.
        let _ = stream.write_all(b"\x01\x06\0\x01\0\x0a\x02\0A: b\n\npong..\x01\x03\0\x01\0\x08\0\0\0\0\0\0\0\0\0\0");
        until_closed(stream);
    });
    let fcgi = format!("fcgi://localhost:{}/ping", fcgi.port);
    lprobe(&["--timeout=60s", &fcgi, "--contains=pong", "--lacks=sick"]).healthy();
    lprobe(&["--timeout=60s", &fcgi, "--contains=ping"]).unhealthy_saying(&["the text of --contains"]);
    lprobe(&["--timeout=1ms", &Server::silent().http("/")]).unhealthy();
    lprobe(&["--wait=1s", "--timeout=60s", &format!("tcp://localhost:{}", closed.port)]).unhealthy();
}

/// More than the arena holds, so that the C library's allocator is asked too: each of these keeps some 100 KiB.
#[test]
fn what_spills_out_of_the_arena_uses_memory_as_it_may() {
    if !have_tools(&["valgrind"]) {
        return;
    }
    let head = format!("HTTP/1.1 200 OK\r\n{}", format!("X: {}\r\n", "x".repeat(4000)).repeat(14));
    let body = "y".repeat(64 << 10);
    let servers: Vec<_> =
        (0..6).map(|_| Server::answering(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()))).collect();
    let targets: Vec<_> = servers.iter().map(|server| server.http("/")).collect();
    let targets: Vec<_> = targets.iter().map(String::as_str).collect();
    lprobe_by_addresses(&[&["--timeout=60s", "--contains=yyy"], &targets[..]].concat()).healthy();
    let lacking = lprobe_by_addresses(&[&["--timeout=60s", "--contains=no such"], &targets[..]].concat());
    assert_eq!(lacking.status.code(), Some(1), "{lacking:?}");
}

#[test]
fn whatever_is_no_probe_uses_memory_as_it_may() {
    if !have_tools(&["valgrind"]) {
        return;
    }
    assert!(lprobe(&["--help"]).status.success());
    assert!(lprobe(&["--version"]).status.success());
    lprobe(&[]).unhealthy();
    lprobe(&["--no-such-flag", "x"]).unhealthy();
    lprobe(&["http://192.0.2.1/"]).unhealthy_saying(&["only reaches its own container"]);
    lprobe(&["tcp://localhost:${NOBODY}"]).unhealthy();
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("copy");
    lprobe(&["install", copy.to_str().expect("UTF-8")]).healthy();
    assert_eq!(fs::read(copy).ok(), fs::read(binary()).ok());
}
