//! Network namespaces, where addresses, routes and kernel settings are the test's own.

use std::fs;
use std::io::Read;
use std::process::Command;
use std::thread;

use nix::sched::{CloneFlags, unshare};
use socket2::{Domain, Socket, Type};

/// Runs `test` in a network namespace of its own, loopback up. It is the thread's, so servers must be started and
/// the binary run from threads that `test` starts, or from `test` itself.
#[track_caller]
pub fn isolated(test: impl FnOnce() + Send + 'static) {
    if !super::have_tools(&["ip"]) {
        return;
    }
    let ran = thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let entered = unshare(CloneFlags::CLONE_NEWNET).is_ok();
            if entered {
                ip("link set lo up");
                test();
            }
            entered
        });
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    super::have("TOOLS", ran, "there is no right to make a network namespace");
}

/// `ip` with `arguments`.
#[track_caller]
pub fn ip(arguments: &str) {
    let status = Command::new("ip").args(arguments.split(' ')).status().expect("ip starts");
    assert!(status.success(), "ip {arguments}");
}

/// Sets a kernel parameter of this namespace.
pub fn sysctl(name: &str, value: &str) {
    fs::write(format!("/proc/sys/net/{name}"), value).unwrap_or_else(|error| panic!("{name}: {error}"));
}

/// Sees every TCP and UDP packet on every interface of this namespace.
pub struct Tap(Socket);

impl Tap {
    pub fn new() -> Self {
        let every_protocol = i32::from(u16::to_be(nix::libc::ETH_P_ALL as u16)).into();
        let socket = Socket::new(Domain::PACKET, Type::RAW, Some(every_protocol)).expect("a packet socket");
        socket.set_nonblocking(true).expect("it is a socket");
        Self(socket)
    }

    /// How many there were since the last call.
    pub fn packets(&self) -> usize {
        let mut count = 0;
        let mut frame = [0; 128];
        while let Ok(length) = (&self.0).read(&mut frame) {
            // Behind the Ethernet header: the protocol of IPv4, RFC 791, or the next header of IPv6, RFC 8200.
            let protocol = match &frame[12..length] {
                [0x08, 0x00, packet @ ..] => packet.get(9),
                [0x86, 0xdd, packet @ ..] => packet.get(6),
                _ => None,
            };
            count += usize::from(matches!(protocol, Some(6 | 17)));
        }
        count
    }
}
