//! The schemes of targets: one table, from which the help, the error messages and the parser are derived.

use crate::FULL;
use crate::probe::service::{SERVICES, Service, amqp, mongodb, redis};

/// A scheme, and the form of its targets.
#[derive(Debug, Clone, Copy)]
pub struct Scheme {
    /// The text before `://`.
    pub name: &'static str,
    /// The form of the text after `://`, as the help shows it.
    pub form: &'static str,
    /// When a target is healthy, as the help says it.
    pub healthy: &'static str,
    /// The port of a target that names none.
    pub port: Option<u16>,
    /// Whether only the full build has the scheme.
    pub full: bool,
    /// Whether its targets use TLS.
    pub tls: bool,
    /// The kind of its targets.
    pub kind: Kind,
}

/// A kind of target. Targets of one kind are parsed and probed in the same way.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// HTTP.
    Http,
    /// gRPC's health service.
    Grpc,
    /// A TCP connection.
    Tcp,
    /// A Unix socket.
    Unix,
    /// UDP.
    Udp,
    /// DNS.
    Dns,
    /// FastCGI.
    Fcgi,
    /// A server whose handshake is known.
    Service(&'static Service),
    /// A heartbeat file.
    File,
    /// A pid file.
    Pid,
}

const HTTP_FORM: &str = "[HOST][:PORT][/PATH][?QUERY]";
const GRPC_FORM: &str = "[HOST]:PORT[/SERVICE]";
const PORT_FORM: &str = "[HOST]:PORT";
const SERVICE_FORM: &str = "[HOST][:PORT]";
const DNS_FORM: &str = "[HOST][:PORT]/NAME";
const FILE_FORM: &str = "/PATH[?max-age=DURATION][&min-size=BYTES]";

const fn plain(name: &'static str, form: &'static str, kind: Kind, healthy: &'static str) -> Scheme {
    Scheme { name, form, healthy, port: None, full: false, tls: false, kind }
}

/// The schemes that are not a service's. The ports are those of RFC 9110, section 4.2, of RFC 1035, section 4.2,
/// and of php-fpm's examples.
const PROTOCOLS: [Scheme; 12] = [
    Scheme { port: Some(80), ..plain("http", HTTP_FORM, Kind::Http, "an answer with an expected status") },
    Scheme { port: Some(443), full: true, tls: true, ..plain("https", HTTP_FORM, Kind::Http, "the same over TLS") },
    Scheme { full: true, ..plain("grpc", GRPC_FORM, Kind::Grpc, "grpc.health.v1.Health/Check says SERVING") },
    Scheme { full: true, tls: true, ..plain("grpcs", GRPC_FORM, Kind::Grpc, "the same over TLS") },
    plain("tcp", PORT_FORM, Kind::Tcp, "it connects; with --expect, the reply has the text"),
    Scheme { full: true, tls: true, ..plain("tls", PORT_FORM, Kind::Tcp, "the same over TLS") },
    plain("udp", PORT_FORM, Kind::Udp, "the reply to --send has the text of --expect"),
    Scheme { port: Some(53), ..plain("dns", DNS_FORM, Kind::Dns, "NOERROR, in reply to a query for NAME's addresses") },
    Scheme { port: Some(9000), ..plain("fcgi", HTTP_FORM, Kind::Fcgi, "an expected status, for example from php-fpm") },
    plain("unix", "/PATH", Kind::Unix, "as with tcp://, on a Unix socket"),
    plain("file", FILE_FORM, Kind::File, "a regular file, fresh and large enough"),
    plain("pid", "/PATH", Kind::Pid, "the process whose ID is in this file is running"),
];

/// The services over TLS that have a scheme of their own. The ports are those of IANA's registry and of the servers.
const SERVICES_OVER_TLS: [Scheme; 3] = [
    over_tls("rediss", 6379, &redis::SERVICE),
    over_tls("amqps", 5671, &amqp::SERVICE),
    over_tls("mongodb+tls", 27017, &mongodb::SERVICE),
];

const fn over_tls(name: &'static str, port: u16, service: &'static Service) -> Scheme {
    let scheme = plain(name, SERVICE_FORM, Kind::Service(service), service.healthy);
    Scheme { port: Some(port), full: true, tls: true, ..scheme }
}

const ALL: usize = PROTOCOLS.len() + SERVICES.len() + SERVICES_OVER_TLS.len();

/// Every scheme, in the order of the help.
pub static SCHEMES: [Scheme; ALL] = {
    let mut schemes = [PROTOCOLS[0]; ALL];
    let mut place = 0;
    while place < ALL {
        schemes[place] = if place < PROTOCOLS.len() {
            PROTOCOLS[place]
        } else if place < PROTOCOLS.len() + SERVICES.len() {
            let service = SERVICES[place - PROTOCOLS.len()];
            let scheme = plain(service.scheme, SERVICE_FORM, Kind::Service(service), service.healthy);
            Scheme { port: Some(service.port), ..scheme }
        } else {
            SERVICES_OVER_TLS[place - PROTOCOLS.len() - SERVICES.len()]
        };
        place += 1;
    }
    schemes
};

impl Scheme {
    /// Returns the scheme of this name, in upper or lower case. libpq has two names for one scheme: PostgreSQL
    /// documentation, section 34.1.1.2.
    pub fn named(name: &str) -> Option<&'static Self> {
        let name = if name.eq_ignore_ascii_case("postgresql") { "postgres" } else { name };
        SCHEMES.iter().find(|scheme| scheme.name.eq_ignore_ascii_case(name))
    }

    /// Returns `http` or `https`.
    pub fn http(tls: bool) -> &'static Self {
        &SCHEMES[usize::from(tls)]
    }

    /// Returns `grpc` or `grpcs`.
    pub fn grpc(tls: bool) -> &'static Self {
        &SCHEMES[2 + usize::from(tls)]
    }

    /// Returns whether this build has the scheme.
    pub fn is_available(&self) -> bool {
        FULL || !self.full
    }

    /// Returns whether its targets have a host.
    pub fn has_host(&self) -> bool {
        !matches!(self.kind, Kind::Unix | Kind::File | Kind::Pid)
    }
}

/// Compares the names, which are unique.
impl PartialEq for Scheme {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Scheme {}
