//! TCP: healthy when the connection opens.

use crate::support::lprobe;
use crate::support::server::{ClosedPort, LOCALHOST6, Server};

#[test]
fn a_listener_is_healthy() {
    let server = Server::silent();
    lprobe([server.tcp()]).healthy();
    lprobe([format!("tcp://:{}", server.port)]).healthy();
    lprobe([format!("tcp://127.0.0.1:{}", server.port)]).healthy();
    assert_eq!(server.request(), "", "a TCP probe sends nothing");
}

#[test]
fn nobody_there_is_unhealthy() {
    let closed = ClosedPort::new();
    let line = lprobe([format!("tcp://:{}", closed.port)]).unhealthy();
    assert_eq!(
        line,
        format!("tcp://localhost:{}: 127.0.0.1: connection refused, ::1: connection refused", closed.port)
    );
}

#[test]
fn ipv6_alone_can_be_asked_for() {
    let v6 = Server::start_on(LOCALHOST6, drop);
    lprobe(["--ipv6", &v6.tcp()]).healthy();
    lprobe([format!("tcp://[::1]:{}", v6.port)]).healthy();
    let v4 = Server::silent();
    lprobe(["--ipv6", &v4.tcp()]).unhealthy_saying(&["::1: connection refused"]);
}
