//! HTTP by HTTP/2: h2c by prior knowledge, and h2 by ALPN.

use std::process::Command;

use super::peer::{Answer, Peer};
use super::pki::{Authority, as_is, text};
use crate::support::nginx::Nginx;
use crate::support::server::{Server, until_closed};
use crate::support::{Outcome, binary, have_tools, lprobe, run};

fn probe(port: u16, path: &str, arguments: &[&str]) -> Outcome {
    let target = format!("http://localhost:{port}{path}");
    lprobe(["--timeout=30s", "--http2", &target].iter().chain(arguments))
}

const LOCATIONS: &str = "
    location = /well { return 200 all-is-well; }
    location = /moved { return 301 http://elsewhere.example/; }
    location = /sick { return 503; }
    location = /rude { return 444; }
    location = /host { if ($http_host = localhost:$server_port) { return 200; } return 400; }
    location = /other { if ($http_host = other.example) { return 200; } return 400; }
    location = /method { if ($request_method = POST) { return 200; } return 400; }
    location = /protocol { return 200 $server_protocol; }
    location = /agent { if ($http_user_agent ~ ^lprobe/) { return 200; } return 400; }";

#[test]
fn nginx_is_probed_by_http2() {
    if !have_tools(&["nginx"]) {
        return;
    }
    let nginx = Nginx::start_with("http2", LOCATIONS);
    probe(nginx.port, "/well", &[]).healthy();
    probe(nginx.port, "/protocol", &["--contains=HTTP/2.0"]).healthy();
    probe(nginx.port, "/host", &[]).healthy();
    probe(nginx.port, "/agent", &[]).healthy();
    probe(nginx.port, "/other", &["--header=Host: other.example"]).healthy();
    probe(nginx.port, "/method", &["--method=POST"]).healthy();
    probe(nginx.port, "/well", &["--method=HEAD"]).healthy();
    probe(nginx.port, "/well", &["--contains=all", "--contains=well"]).healthy();
    probe(nginx.port, "/well", &["--contains=all", "--contains=none"]).unhealthy_saying(&["--contains (number 2)"]);
    probe(nginx.port, "/moved", &[]).unhealthy_saying(&["status 301, expected 200-299"]);
    probe(nginx.port, "/moved", &["--http-codes=301"]).healthy();
    probe(nginx.port, "/sick", &[]).unhealthy_saying(&["status 503"]);
    probe(nginx.port, "/none", &[]).unhealthy_saying(&["status 404"]);
    // It gives up the one stream.
    probe(nginx.port, "/rude", &[]).unhealthy_saying(&["the server reset the stream"]);
    // A large body is no trouble, whether it is searched or not.
    let large = nginx.folder.path().join("large");
    std::fs::File::create(&large).and_then(|file| file.set_len(1 << 30)).expect("a sparse file");
    probe(nginx.port, "/large", &[]).healthy();
    probe(nginx.port, "/large", &["--contains=x"]).unhealthy_saying(&["first 64 KiB"]);
}

#[test]
fn nginx_is_probed_by_http2_over_tls() {
    if !have_tools(&["nginx"]) {
        return;
    }
    let authority = Authority::new("authority");
    let server = authority.issue("server", &["localhost"], as_is);
    let certificate =
        format!("ssl_certificate {}; ssl_certificate_key {};", text(&server.certificate), text(&server.key));
    let ca = ["--tls-ca-cert", text(&authority.certificate)];
    let both = Nginx::start_with("ssl http2", &format!("{certificate} {LOCATIONS}"));
    let https = |port: u16, arguments: &[&str]| {
        let target = format!("https://localhost:{port}/protocol");
        lprobe(["--timeout=30s", &target].iter().chain(&ca).chain(arguments))
    };
    https(both.port, &["--http2", "--contains=HTTP/2.0"]).healthy();
    https(both.port, &["--contains=HTTP/1.1"]).healthy();
    let old = Nginx::start_with("ssl", &format!("{certificate} {LOCATIONS}"));
    https(old.port, &["--http2"]).unhealthy_saying(&["no_application_protocol"]);
}

#[test]
fn what_is_not_http2_is_named() {
    if !have_tools(&["nginx"]) {
        return;
    }
    let nginx = Nginx::start(LOCATIONS);
    probe(nginx.port, "/well", &[]).unhealthy_saying(&["HTTP/2"]);
}

#[test]
fn statuses_resets_and_interim_answers_are_as_in_http1() {
    let peer = Peer::start(|_| Answer { status: 204, ..Answer::default() });
    probe(peer.port, "/", &[]).healthy();
    let peer = Peer::start(|_| Answer { status: 500, ..Answer::default() });
    probe(peer.port, "/", &[]).unhealthy_saying(&["status 500"]);
    let peer = Peer::start(|_| Answer { interim: 20, ..Answer::default() });
    probe(peer.port, "/", &[]).healthy();
    let peer = Peer::start(|_| Answer { reset_first: true, ..Answer::default() });
    probe(peer.port, "/", &[]).unhealthy_saying(&["the server reset the stream"]);
    // The head is enough, unless the body must have something.
    let sick = |_: &_| Answer { data: vec![b"wel".to_vec()], reset: true, ..Answer::default() };
    probe(Peer::start(sick).port, "/", &[]).healthy();
    probe(Peer::start(sick).port, "/", &["--contains=well"]).unhealthy_saying(&["the server reset the stream"]);
    let pieces = |_: &_| Answer { data: vec![b"we".to_vec(), b"l".to_vec(), b"l".to_vec()], ..Answer::default() };
    probe(Peer::start(pieces).port, "/", &["--contains=well"]).healthy();
    let bytes = |_: &_| Answer {
        data: b"x".repeat(20_000).chunks(200).map(Vec::from).chain([b"well".to_vec()]).collect(),
        ..Answer::default()
    };
    probe(Peer::start(bytes).port, "/", &["--contains=well"]).healthy();
}

/// No write waits 40 ms for the one before to be acknowledged, and none of TLS's, by writev, raises SIGPIPE.
#[test]
fn writes_are_sent_at_once_and_fail_without_a_signal() {
    if !have_tools(&["strace"]) {
        return;
    }
    let server = Server::greeting(|stream| drop(until_closed(stream)));
    for target in ["https", "grpc", "grpcs"].map(|scheme| format!("{scheme}://localhost:{}", server.port)) {
        let trust = if target.starts_with("grpc:") { None } else { Some("--tls-no-verify") };
        let trace = run(Command::new("strace").arg(binary()).args(["--timeout=100ms", &target]).args(trust)).stderr;
        let (before, after) = trace.split_once("TCP_NODELAY, [1]").expect(&trace);
        let write = after.split_once("\nsendto(").or(after.split_once("\nwritev("));
        assert!(write.is_some(), "{target}: {trace}");
        let masks: Vec<_> = before.lines().filter(|line| line.starts_with("rt_sigprocmask(")).collect();
        assert!(matches!(*masks, [mask] if mask.contains("PIPE")), "{target}: {trace}");
    }
}

#[test]
fn what_http2_has_no_place_for_is_refused() {
    for header in ["Connection: close", "Keep-Alive: 5", "Upgrade: h2c", "Proxy-Connection: close", "TE: gzip"] {
        let flag = format!("--header={header}");
        let line = lprobe(["--http2", &flag, ":1"]).unhealthy();
        assert!(line.contains("--header") && line.contains("--http2"), "{line}");
    }
    lprobe(["--http2", "--header=Host: a b", ":1"]).unhealthy_saying(&["--header", "Host"]);
    let long = format!("--header=Host: {}", "a".repeat(66_000));
    for host in ["Host: a@b", "Host: :", "Host: a:b", "Host: [::1]x", "Host: a:99999", "Host: "] {
        lprobe(["--http2", &format!("--header={host}"), ":1"]).unhealthy_saying(&["--header", "Host"]);
    }
    lprobe(["--http2", &long, ":1"]).unhealthy_saying(&["--header", "Host"]);
    for host in ["Host: a.example", "Host: a.example:81", "Host: [::1]:81", "Host: 127.0.0.1"] {
        lprobe(["--http2", &format!("--header={host}"), ":1"]).unhealthy_saying(&["connection refused"]);
    }
    lprobe(["--http2", "tcp://:1"]).unhealthy_saying(&["--http2 is for http://"]);
    lprobe(["--http2=false", "tcp://:1"]).unhealthy_saying(&["connection refused"]);
}
