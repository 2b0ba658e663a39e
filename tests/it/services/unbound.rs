//! unbound, of DNS.

use super::*;
use crate::support::netns::sysctl;

/// Takes no query on, wherever it stands: it knows no other server, and has a zone of its own. As its own user, it may listen
/// on any port of the namespace.
const SETTINGS: &str = r#"
server:
    interface: 127.0.0.1
    interface: ::1
    do-daemonize: no
    use-syslog: no
    verbosity: 1
    chroot: ""
    username: ""
    directory: "."
    pidfile: ""
    module-config: "iterator"
    do-not-query-localhost: yes
    access-control: 127.0.0.0/8 allow
    access-control: ::1 allow
    local-zone: "." static
    local-zone: "refused.example." refuse
    local-data: "ns.example. A 127.0.0.1"
    local-data: "text.example. TXT here"
remote-control:
    control-enable: no
"#;

/// So many records that they need TCP.
fn many() -> String {
    (0..100).map(|last| format!("    local-data: \"many.example. A 127.0.1.{last}\"\n")).collect()
}

fn unbound(home: &Home, settings: &str) -> Server {
    sysctl("ipv4/ip_unprivileged_port_start", "0");
    fs::write(home.path("settings"), settings).expect("a file");
    home.serve(home.command("/usr/sbin/unbound").args(["-d", "-c", "settings"]), Signal::SIGKILL)
}

#[test]
fn unbound_is_healthy_once_it_answers() {
    at_home_of("unbound", &["unbound"], |home| {
        const DNS: &str = "dns://localhost/ns.example";
        probe(DNS).unhealthy_saying(&["dns://localhost:53/ns.example: ", NOBODY]);
        let settings = SETTINGS.replace("remote-control:", &format!("{}remote-control:", many()));
        let mut server = unbound(home, &settings);
        server.until_healthy(DNS);
        for healthy in ["127.0.0.1/NS.Example.", "127.0.0.1/text.example", "[::1]:53/ns.example", ":53/many.example"] {
            probe(&format!("dns://{healthy}")).healthy();
        }
        lprobe(["--timeout=60s", "--ipv6", DNS]).healthy();
        probe("dns:///none.example").unhealthy_saying(&["the server answered NXDOMAIN, expected NOERROR"]);
        probe("dns:///refused.example").unhealthy_saying(&["the server answered REFUSED, expected NOERROR"]);
        server.signal(Signal::SIGTERM);
        server.until_ended();
        probe(DNS).unhealthy_saying(&[NOBODY]);
    });
}

/// Without a question in its answer.
#[test]
fn unbound_that_refuses_its_clients_is_unhealthy() {
    at_home_of("unbound", &["unbound"], |home| {
        let mut server = unbound(home, &SETTINGS.replace("allow", "refuse"));
        server.until_unhealthy("dns://localhost/ns.example", "the server answered REFUSED, expected NOERROR");
    });
}

#[test]
fn unbound_that_takes_no_datagrams_is_asked_by_tcp() {
    at_home_of("unbound", &["unbound"], |home| {
        let mut server = unbound(home, &SETTINGS.replace("do-daemonize: no", "do-daemonize: no\n    do-udp: no"));
        server.until_healthy("dns://localhost/ns.example");
        probe("dns:///none.example").unhealthy_saying(&["NXDOMAIN"]);
    });
}
