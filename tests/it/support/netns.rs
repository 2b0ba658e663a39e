//! Network namespaces, where addresses, routes and kernel settings are the test's own.

use std::fs;
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use nix::sched::{CloneFlags, unshare};

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
    let status = super::tool("ip").args(arguments.split(' ')).status().expect("ip starts");
    assert!(status.success(), "ip {arguments}");
}

/// Sets a kernel parameter of this namespace.
pub fn sysctl(name: &str, value: &str) {
    fs::write(format!("/proc/sys/net/{name}"), value).unwrap_or_else(|error| panic!("{name}: {error}"));
}

/// [`isolated`], with two addresses of this container and a cable to elsewhere, where every other address is routed to:
/// nothing but lprobe itself keeps a packet from leaving.
#[track_caller]
pub fn with_a_way_out(test: impl FnOnce() + Send + 'static) {
    isolated(|| {
        ip("link add near type veth peer name far");
        // So that the kernel sends nothing of its own: no ARP, and nothing of what IPv6 has in its place.
        ip("link set near arp off addrgenmode none");
        ip("link set far arp off addrgenmode none");
        ip("address add 10.77.0.1/24 dev near");
        // A secondary address: what goes there comes from the primary one, unless it is bound.
        ip("address add 10.77.0.9/24 dev near");
        ip("address add fd77::1/64 dev near");
        ip("link set near up");
        ip("link set far up");
        ip("route add default dev near");
        ip("-6 route add default dev near");
        // A count that stands still is no proof of anything.
        for address in ["10.77.0.2:80", "192.0.2.1:80", "[fd77::2]:80", "[2001:db8::1]:80"] {
            let before = packets_out();
            let address = address.parse().expect("an address");
            TcpStream::connect_timeout(&address, Duration::from_millis(50)).expect_err("nobody is there");
            assert!(packets_out() > before, "a packet to {address} can leave");
        }
        test();
    });
}

/// How many packets, of any kind, have come out at the far end of that cable.
pub fn packets_out() -> u64 {
    let counters = fs::read_to_string("/proc/thread-self/net/dev").expect("/proc is mounted");
    let far = counters.lines().find_map(|line| line.trim().strip_prefix("far:")).expect("the far end");
    // proc_net_dev(5): bytes received, and then packets.
    far.split_whitespace().nth(1).expect("a second column").parse().expect("a number")
}
