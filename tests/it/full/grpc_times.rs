//! The time limits of a gRPC connection and of its call: lprobe's own, and those of the other tools.

use std::io;
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Duration;

use super::grpc::serving;
use super::peer::{Answer, Peer};
use crate::support::server::{Server, until_closed};
use crate::support::{lprobe, measured};

#[test]
fn connection_and_call_have_times_of_their_own() {
    // Nothing after the connection.
    let silent = Server::greeting(|stream| drop(until_closed(stream)));
    let grpc = format!("grpc://localhost:{}", silent.port);
    let within = |arguments: &[&str], milliseconds: u128, words: &[&str]| {
        let (outcome, _) = measured(arguments);
        assert!(outcome.took.as_millis() >= milliseconds, "{arguments:?} {outcome:?}");
        assert!(outcome.by_itself().as_millis() < milliseconds + 400, "{arguments:?} {outcome:?}");
        outcome.unhealthy_saying(words);
    };
    within(&[&grpc, "--timeout=300ms"], 300, &["within 300 ms"]);
    within(&[&grpc, "--rpc-timeout=300ms"], 300, &["within 300 ms"]);
    within(&[&grpc, "--rpc-timeout=9s", "--timeout=300ms"], 300, &["within 300 ms"]);
    within(&[&grpc, "--rpc-timeout=300ms", "--timeout=9s"], 300, &["within 300 ms"]);
    let addr = format!("-addr=:{}", silent.port);
    // The call begins with the first frame, which never comes.
    within(&[&addr, "-connect-timeout=300ms", "-rpc-timeout=9s"], 300, &["no first frame of HTTP/2 within 300 ms"]);
    within(&[&addr, "-rpc-timeout=100ms"], 1000, &["within 1000 ms"]);
    // More than a second, as it was asked for.
    within(&[&addr, "-connect-timeout=1300ms"], 1300, &["within 1300 ms"]);
    let tls = ["-tls", "-tls-no-verify"];
    within(
        &[&*addr, tls[0], tls[1], "-connect-timeout=300ms", "-rpc-timeout=9s"],
        300,
        &["no TLS handshake within 300 ms"],
    );
    // A server that has begun an answer.
    let peer = Peer::start(|_| Answer { hang: true, trailers: None, ..serving() });
    let half = format!("grpc://localhost:{}", peer.port);
    within(&[&half, "--rpc-timeout=300ms"], 300, &["no message with its trailers within 300 ms"]);
    within(
        &[&format!("-addr=:{}", peer.port), "-rpc-timeout=300ms"],
        300,
        &["message with its trailers within 300 ms"],
    );
}

/// grpc_health_probe's call begins when the server's SETTINGS are there, until when it connects. FivexL's lprobe connects as
/// a part of the call.
#[test]
fn the_times_of_connection_and_call_cover_what_theirs_cover() {
    const LATE: Duration = Duration::from_millis(500);
    let peer = Peer::start(|_| {
        thread::sleep(LATE);
        serving()
    });
    let late = Server::greeting(move |client| {
        thread::sleep(LATE);
        let server = TcpStream::connect(("127.0.0.1", peer.port)).expect("it listens");
        let [mut from, mut to] = [&client, &server].map(|stream| stream.try_clone().expect("a descriptor"));
        // A probe that has given up hangs up.
        let requests = thread::spawn(move || {
            let _ = io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Both);
        });
        let _ = io::copy(&mut &server, &mut &client);
        let _ = client.shutdown(Shutdown::Both);
        requests.join().expect("it does not panic");
    });
    let [addr, port] = ["addr=:", "port="].map(|name| format!("-{name}{}", late.port));
    let (short, long) =
        (["-connect-timeout=950ms", "-rpc-timeout=950ms"], ["-connect-timeout=300ms", "-rpc-timeout=9s"]);
    lprobe([&addr, short[0], short[1]]).healthy();
    lprobe([&addr, long[0], long[1]]).unhealthy_saying(&["within 300 ms"]);
    lprobe(["-mode=grpc", &port, short[0], short[1]]).unhealthy_saying(&["within 950 ms"]);
    lprobe(["-mode=grpc", &port, long[0], long[1]]).healthy();
}
