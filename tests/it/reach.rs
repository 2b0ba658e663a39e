//! Promise 1: lprobe reaches only its own container. And a connection that only met itself is no service.

use std::fs;
use std::io::Write;
use std::iter::from_fn;
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use nix::sched::{CloneFlags, unshare};
use tempfile::NamedTempFile;

use crate::support::netns::{ip, isolated, packets_out, sysctl, with_a_way_out};
use crate::support::server::{LOCALHOST, LOCALHOST6, Server, until_closed};
use crate::support::{binary, have, have_root, have_tools, lprobe, run, tool};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
const ONLY: &str = "lprobe only reaches its own container";

#[test]
fn another_host_is_refused_before_anything_is_sent() {
    for host in [
        "example.com",
        "localhost.",
        "localhost.example",
        "notlocalhost",
        "ip6-localhost",
        // Other spellings of 127.0.0.1, which an inet_aton would take.
        "127.1",
        "0177.0.0.1",
        "0x7f.0.0.1",
        "2130706433",
        "[fe80::1]",
        "%6cocalhost",
        "224.0.0.1",
        "[ff02::1]",
        "255.255.255.255",
    ] {
        for target in [format!("http://{host}/"), format!("http://{host}:80/"), format!("tcp://{host}:80")] {
            lprobe([&target]).unhealthy_saying(&[&target, ONLY]);
        }
    }
}

/// The kernel connects to them as to localhost: they are a mistake, and no way out.
#[test]
fn an_address_to_listen_on_is_refused() {
    for host in ["0.0.0.0", "[::]", "[::ffff:0.0.0.0]"] {
        lprobe([format!("http://{host}:80/")]).unhealthy_saying(&["this is an address to listen on", "try localhost"]);
    }
}

/// Container engines and systemd listen there for DNS, and ask name servers of the world.
#[test]
fn a_resolver_that_forwards_is_refused() {
    for host in ["127.0.0.11", "127.0.0.53", "127.0.0.54", "[::ffff:127.0.0.11]"] {
        for target in [format!("http://{host}/"), format!("tcp://{host}:53"), format!("udp://{host}:53")] {
            lprobe([&target]).unhealthy_saying(&[&target, "forwards queries", ONLY]);
        }
    }
}

/// Rules that rewrite a loopback address need `route_localnet`, and then the kernel lets packets from 127/8 out.
#[test]
fn a_rewritten_loopback_address_leads_nowhere() {
    if !have_tools(&["iptables", "ip6tables"]) {
        return;
    }
    with_a_way_out(|| {
        sysctl("ipv4/conf/all/route_localnet", "1");
        sysctl("ipv4/conf/near/route_localnet", "1");
        for (program, address, other) in
            [("iptables", "127.0.0.1", "192.0.2.1:80"), ("ip6tables", "::1", "[2001:db8::1]:80")]
        {
            for protocol in ["tcp", "udp"] {
                let rule =
                    format!("-t nat -A OUTPUT -d {address} -p {protocol} --dport 9 -j DNAT --to-destination {other}");
                let outcome = run(Command::new(program).args(rule.split(' ')));
                if !have("NAT", outcome.status.success(), "the kernel has no NAT") {
                    return;
                }
            }
        }
        for target in [
            "tcp://127.0.0.1:9",
            "tcp://[::1]:9",
            "udp://127.0.0.1:9",
            "udp://[::1]:9",
            "dns://localhost:9/x",
            "fcgi://localhost:9/x",
            "http://localhost:9/",
        ] {
            assert_nothing_leaves(target, &[]);
        }
    });
}

#[track_caller]
fn assert_nothing_leaves(target: &str, words: &[&str]) {
    let before = packets_out();
    let exchange: &[&str] = if target.starts_with("udp:") { &["--send=x", "--expect=y"] } else { &[] };
    lprobe([&[target, "--timeout=200ms"], exchange].concat()).unhealthy_saying(words);
    assert_eq!(packets_out(), before, "{target} let a packet out");
}

#[test]
fn an_address_of_this_container_is_reached() {
    with_a_way_out(|| {
        for (address, bind_anything) in
            [("10.77.0.1", "0"), ("10.77.0.9", "0"), ("fd77::1", "0"), ("10.77.0.9", "1"), ("fd77::1", "1")]
        {
            sysctl("ipv4/ip_nonlocal_bind", bind_anything);
            sysctl("ipv6/ip_nonlocal_bind", bind_anything);
            let address = address.parse().expect("an address");
            let server = Server::start_on(address, |mut stream| drop(stream.write_all(OK)));
            let authority = SocketAddr::new(address, server.port);
            lprobe([format!("http://{authority}/")]).healthy();
            assert!(server.request().contains(&format!("host: {authority}\r\n")));
            lprobe([format!("tcp://{authority}")]).healthy();
        }
    });
}

/// /etc/hosts says what the hostname's addresses are, and the kernel proves each of them.
#[test]
fn the_hostname_of_this_container_is_reached_and_no_other_name() {
    if !have_root() || !have_tools(&["mount"]) {
        return;
    }
    with_a_way_out(|| {
        unshare(CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWUTS).expect("root may");
        let mount = |arguments: &[&str]| assert!(tool("mount").args(arguments).status().expect("mount").success());
        mount(&["--make-rprivate", "/"]);
        let mut hosts = NamedTempFile::new().expect("a file");
        mount(&["--bind", hosts.path().to_str().expect("UTF-8"), "/etc/hosts"]);
        fs::write("/proc/sys/kernel/hostname", "web-1").expect("a hostname");

        lprobe(["http://web-1:80/"]).unhealthy_saying(&["/etc/hosts has no address for this container's hostname"]);
        writeln!(hosts, "127.0.0.1 localhost\n192.0.2.1 web-1\n10.77.0.9 web web-1\n10.77.0.9 other").expect("a file");
        let server = Server::start_on([10, 77, 0, 9].into(), |mut stream| drop(stream.write_all(OK)));
        // The first address is another's.
        lprobe([format!("http://web-1:{}/", server.port)]).healthy();
        assert!(server.request().contains(&format!("host: web-1:{}\r\n", server.port)));
        lprobe([format!("tcp://WEB-1:{}", server.port)]).healthy();
        lprobe(["--ipv6", "tcp://web-1:80"]).unhealthy_saying(&["--ipv6: the target is an IPv4 address"]);
        for other in ["other", "web", "web-1.example", "web-1."] {
            lprobe([format!("http://{other}:{}/", server.port)]).unhealthy_saying(&[ONLY]);
        }
        fs::write(hosts.path(), "fd77::1 web-1\n").expect("a file");
        let server = Server::start_on("fd77::1".parse().expect("an address"), |mut stream| drop(stream.write_all(OK)));
        lprobe(["--ipv6".to_owned(), format!("http://web-1:{}/", server.port)]).healthy();
        fs::write(hosts.path(), "192.0.2.1 web-1\n").expect("a file");
        assert_nothing_leaves("http://web-1:80/", &["192.0.2.1", ONLY]);
    });
}

#[test]
fn an_address_of_another_is_not() {
    with_a_way_out(|| {
        for host in ["10.77.0.2", "[fd77::2]", "10.77.0.255", "192.0.2.1", "[2001:db8::1]", "[::ffff:10.77.0.2]"] {
            for target in [
                "http://HOST:80/",
                "tcp://HOST:80",
                "redis://HOST:80",
                "udp://HOST:80",
                "dns://HOST:80/x",
                "fcgi://HOST:80/x",
            ] {
                let target = target.replace("HOST", host);
                assert_nothing_leaves(&target, &[&target, ONLY]);
            }
        }
    });
}

#[test]
fn not_even_where_any_address_can_be_bound() {
    with_a_way_out(|| {
        sysctl("ipv4/ip_nonlocal_bind", "1");
        sysctl("ipv6/ip_nonlocal_bind", "1");
        for host in ["10.77.0.2", "[fd77::2]", "192.0.2.1", "[2001:db8::1]", "[::ffff:10.77.0.2]"] {
            assert_nothing_leaves(&format!("http://{host}:80/"), &[ONLY]);
            assert_nothing_leaves(&format!("udp://{host}:80"), &[ONLY]);
            assert_nothing_leaves(&format!("dns://{host}/x"), &[ONLY]);
        }
    });
}

#[test]
fn not_even_loopback_where_it_is_down_or_gone() {
    with_a_way_out(|| {
        ip("link set lo down");
        assert_nothing_leaves("http://127.0.0.1:80/", &["network unreachable (is loopback up?)"]);
        ip("address del 127.0.0.1/8 dev lo");
        for bind_anything in ["0", "1"] {
            sysctl("ipv4/ip_nonlocal_bind", bind_anything);
            sysctl("ipv6/ip_nonlocal_bind", bind_anything);
            for target in ["http://127.0.0.1:80/", "http://localhost:80/", "http://[::1]:80/"] {
                assert_nothing_leaves(target, &[target]);
            }
        }
    });
}

#[test]
fn where_ipv6_is_off_nothing_is_said_of_it() {
    isolated(|| {
        sysctl("ipv6/conf/all/disable_ipv6", "1");
        let line = lprobe([":80/"]).unhealthy();
        assert_eq!(line, "http://localhost:80/: 127.0.0.1: connection refused");
        lprobe(["--ipv6", ":80/"]).unhealthy_saying(&["::1: not an address of this container"]);
    });
}

#[test]
fn no_proxy_variable_is_read() {
    let server = Server::answering(OK);
    let proxy = Server::answering("HTTP/1.1 503 Not this way\r\n\r\n");
    let mut command = Command::new(binary());
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        command.env(name, proxy.http("/"));
    }
    run(command.arg(server.http("/"))).healthy();
    assert!(proxy.untouched());
}

#[ignore = "needs dist/: run `make test`"]
#[test]
fn no_resolver_is_asked() {
    if !have_tools(&["strace"]) {
        return;
    }
    let calls = |target: &str| {
        run(Command::new("strace").args(["-e", "trace=%file,%network"]).arg(binary()).arg(target)).stderr
    };
    let own = calls(":1/");
    assert!(own.contains("connect(") && !own.contains("open"), "{own}");
    for name in ["http://example.com/", "http://localhost.example/"] {
        let foreign = calls(name);
        // But for the container's log, to which the alert goes.
        let others = foreign.replace("open(\"/proc/1/fd/2\"", "").replace("openat(AT_FDCWD, \"/proc/1/fd/2\"", "");
        assert!(!["socket(", "connect(", "open"].iter().any(|call| others.contains(call)), "{foreign}");
    }
}

/// With one port to choose a source from, a connection to it meets itself.
#[test]
fn a_connection_to_itself_is_unhealthy() {
    isolated(|| {
        sysctl("ipv4/ip_local_port_range", "40002 40002");
        for host in ["localhost", "127.0.0.1", "[::1]"] {
            for target in [format!("tcp://{host}:40002"), format!("http://{host}:40002/")] {
                lprobe([target]).unhealthy_saying(&["nothing listens on the port"]);
            }
        }
    });
}

/// Connections that hold every port toward another server, as a busy proxy's do, are in nobody's way.
#[test]
fn a_used_up_port_range_does_not_matter() {
    isolated(|| {
        // Outside the range, of which a port of the kernel's choice may be one.
        let at = |port| SocketAddr::new(LOCALHOST, port);
        let busy = Server::start_at(at(40_001), |stream| drop(until_closed(stream)));
        let well = Server::start_at(at(40_002), |mut stream| drop(stream.write_all(OK)));
        sysctl("ipv4/ip_local_port_range", "41000 41009");
        let held: Vec<_> = from_fn(|| TcpStream::connect((LOCALHOST, busy.port)).ok()).take(100).collect();
        assert_eq!(held.len(), 10, "every port is taken");
        lprobe([well.http("/")]).healthy();
    });
}

/// Where nothing listens, two probes can meet: each connects to the port that the other one connects from.
#[test]
fn two_probes_of_closed_ports_that_meet_are_unhealthy() {
    isolated(|| {
        sysctl("ipv4/ip_local_port_range", "45000 45003");
        for host in ["127.0.0.1", "[::1]"] {
            let healthy = AtomicUsize::new(0);
            thread::scope(|scope| {
                for first in 0..4 {
                    let healthy = &healthy;
                    scope.spawn(move || {
                        for run in 0..2_000 {
                            let target = format!("tcp://{host}:{}", 45_000 + (first + run) % 4);
                            let outcome = lprobe(["--timeout=10s", &target]);
                            healthy.fetch_add(usize::from(outcome.status.success()), Ordering::Relaxed);
                        }
                    });
                }
            });
            assert_eq!(healthy.into_inner(), 0, "{host}: of 8,000 probes");
        }
    });
}

/// A port that the kernel gives to clients can be a server's all the same, on any address.
#[test]
fn a_listener_on_a_port_of_clients_is_healthy() {
    isolated(|| {
        sysctl("ipv4/ip_local_port_range", "1024 65535");
        for server in [Server::silent(), Server::start_on(LOCALHOST6, drop)] {
            lprobe([server.tcp()]).healthy();
        }
        // The second connection comes from another address of 127/8, unless there is none.
        ip("address delete 127.0.0.1/8 dev lo");
        ip("address add 127.0.0.1/32 dev lo");
        lprobe([Server::silent().tcp()]).healthy();
    });
}
