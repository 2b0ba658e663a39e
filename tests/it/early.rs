//! Servers that write before they read, as xinetd's, socat's and scripts around `nc` do.

use std::io::Write;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::thread;

use crate::support::{Outcome, lprobe};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Often enough that a race is seen: before reads waited for the request, some in each hundred were unhealthy.
const RUNS: usize = 1_000;

/// Runs a probe so often, each of which must be healthy.
#[track_caller]
fn all_healthy(probe: impl Fn() -> Outcome) {
    let unhealthy: Vec<_> = (0..RUNS).map(|_| probe()).filter(|outcome| !outcome.status.success()).collect();
    assert!(unhealthy.is_empty(), "{} of {RUNS}: {:?}", unhealthy.len(), unhealthy[0]);
}

/// Answers on each of `streams` without a look at the request, and closes it.
fn answer<S: Write>(streams: impl Iterator<Item = std::io::Result<S>>) {
    for stream in streams {
        // The client may be gone.
        let _ = stream.expect("a connection").write_all(OK);
    }
}

#[test]
fn by_tcp() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || answer(listener.incoming()));
    all_healthy(|| lprobe([format!("http://127.0.0.1:{port}/")]));
    all_healthy(|| lprobe(["--send=hello", "--expect=200 OK", &format!("tcp://127.0.0.1:{port}")]));
}

#[test]
fn by_unix_socket() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).expect("a socket");
    thread::spawn(move || answer(listener.incoming()));
    let path = path.to_str().expect("UTF-8");
    all_healthy(|| lprobe(["--unix-socket", path, "http://localhost/"]));
    all_healthy(|| lprobe(["--send=hello", "--expect=200 OK", &format!("unix://{path}")]));
}
