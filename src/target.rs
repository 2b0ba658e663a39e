//! What a target string means. It is parsed once, here, and never read again: a [`Target`] that exists
//! names something that may be probed. Whether an address literal really is one of this container's is the
//! kernel's to say, in [`crate::endpoint`].

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use crate::bad_target::BadTarget;
use crate::duration;

/// The longest path with query that is sent, in bytes: RFC 9110, section 4.1, asks every server to take 8,000.
pub const MAX_PATH: usize = 8_000;

/// The default ports of http and https, RFC 9110, section 4.2: left out of the Host header.
const HTTP_PORTS: [u16; 2] = [80, 443];

/// The longest path of a Unix socket, in bytes: unix(7), less its NUL.
pub const MAX_SOCKET_PATH: usize = 107;

/// One thing to probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// `http://` and, in the full build, `https://`: an answer with an expected status.
    Http {
        /// Whether over TLS.
        tls: bool,
        /// Where to connect, and what the Host header says.
        authority: Authority,
        /// What to ask for.
        path: Endpoint,
    },
    /// `grpc://` and `grpcs://`: gRPC's health service says that it is serving.
    #[cfg(feature = "full")]
    Grpc {
        /// Whether over TLS.
        tls: bool,
        /// Where to connect, and the call's authority.
        authority: Authority,
        /// What to ask for; empty is the server as a whole.
        service: String,
    },
    /// `tcp://`: the connection opens, and the exchange succeeds.
    Tcp {
        /// Where to connect.
        authority: Authority,
    },
    /// `udp://`: the exchange succeeds.
    Udp {
        /// Where to send.
        authority: Authority,
    },
    /// `redis://` and its like: a server of that kind says that it is ready.
    Service {
        /// The kind.
        service: Service,
        /// Where to connect.
        authority: Authority,
    },
    /// `unix://`: the socket accepts, and the exchange succeeds.
    Unix {
        /// The socket.
        path: PathBuf,
    },
    /// `file://`: the file exists and is fresh.
    File {
        /// The file.
        path: PathBuf,
        /// How long ago it may have been modified.
        max_age: Option<Duration>,
    },
}

/// A kind of server whose handshake is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Redis, and what speaks its protocol.
    Redis,
    /// PostgreSQL.
    Postgres,
    /// MySQL and MariaDB.
    Mysql,
    /// A broker of AMQP 0-9-1, such as RabbitMQ.
    Amqp,
}

impl Target {
    /// Whether it is reached by an address.
    pub fn has_host(&self) -> bool {
        !matches!(self, Self::Unix { .. } | Self::File { .. })
    }

    /// Whether it is probed by HTTP.
    pub fn is_http(&self) -> bool {
        matches!(self, Self::Http { .. })
    }

    /// Whether it is probed by HTTP or gRPC.
    pub fn makes_requests(&self) -> bool {
        #[cfg(feature = "full")]
        if self.is_grpc() {
            return true;
        }
        self.is_http()
    }

    /// Whether it goes over TLS.
    #[cfg(feature = "full")]
    pub fn over_tls(&self) -> bool {
        matches!(self, Self::Http { tls: true, .. } | Self::Grpc { tls: true, .. })
    }

    /// Whether it is probed by gRPC.
    #[cfg(feature = "full")]
    pub fn is_grpc(&self) -> bool {
        matches!(self, Self::Grpc { .. })
    }

    /// Whether `--send` and `--expect` mean anything to it.
    pub fn exchanges(&self) -> bool {
        matches!(self, Self::Tcp { .. } | Self::Udp { .. } | Self::Unix { .. })
    }
}

impl Service {
    /// Every kind, with its scheme and the port that it has unless told otherwise.
    const ALL: [(Self, &str, u16); 4] = [
        (Self::Redis, "redis", 6379),
        (Self::Postgres, "postgres", 5432),
        (Self::Mysql, "mysql", 3306),
        (Self::Amqp, "amqp", 5672),
    ];

    fn scheme(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}

/// A host of this container and a port: RFC 3986, section 3.2, without user information.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Authority {
    /// The host.
    pub host: Host,
    /// The port, never 0.
    pub port: u16,
}

/// A host that can only be this container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    /// `localhost`: 127.0.0.1, then ::1.
    Localhost,
    /// `localhost` with `--ipv6`: ::1 alone.
    Localhost6,
    /// An address literal.
    Literal(IpAddr),
}

/// An absolute path, with its query if there is one: the origin-form of RFC 9112, section 3.2.1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint(String);

impl Target {
    /// The same target, with `localhost` meaning ::1 alone.
    pub fn over_ipv6(mut self) -> Result<Self, BadTarget> {
        let authority = match &mut self {
            Self::Http { authority, .. }
            | Self::Tcp { authority }
            | Self::Udp { authority }
            | Self::Service { authority, .. } => authority,
            #[cfg(feature = "full")]
            Self::Grpc { authority, .. } => authority,
            Self::Unix { .. } | Self::File { .. } => return Ok(self),
        };
        match authority.host {
            Host::Literal(IpAddr::V4(_)) => return Err(BadTarget::NotIpv6),
            Host::Literal(IpAddr::V6(_)) => {}
            Host::Localhost | Host::Localhost6 => authority.host = Host::Localhost6,
        }
        Ok(self)
    }
}

impl Authority {
    /// As the Host header has it, RFC 9110, section 7.2: without a port that is the scheme's own.
    pub fn host_header(&self, tls: bool) -> String {
        if self.port == HTTP_PORTS[usize::from(tls)] { self.host.to_string() } else { self.to_string() }
    }
}

impl Host {
    /// The addresses to try, in order.
    pub fn addresses(&self) -> &[IpAddr] {
        const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
        const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);
        match self {
            Self::Localhost => &[V4, V6],
            Self::Localhost6 => &[V6],
            Self::Literal(address) => std::slice::from_ref(address),
        }
    }
}

impl Endpoint {
    /// `/`
    pub fn root() -> Self {
        Self("/".into())
    }

    /// The path as it is sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Target {
    type Err = BadTarget;

    fn from_str(text: &str) -> Result<Self, BadTarget> {
        if text.starts_with(':') {
            return http(text, false);
        }
        let (scheme, rest) = text.split_once("://").ok_or_else(|| without_scheme(text))?;
        match scheme.to_ascii_lowercase().as_str() {
            "http" => http(rest, false),
            #[cfg(feature = "full")]
            "https" => http(rest, true),
            #[cfg(feature = "full")]
            "grpc" => grpc(rest, false),
            #[cfg(feature = "full")]
            "grpcs" => grpc(rest, true),
            "tcp" => port_alone(rest, None).map(|authority| Self::Tcp { authority }),
            "udp" => port_alone(rest, None).map(|authority| Self::Udp { authority }),
            "unix" => unix(rest),
            "file" => file(rest),
            #[cfg(not(feature = "full"))]
            "https" | "grpc" | "grpcs" => Err(BadTarget::NotInThisBuild),
            scheme => {
                let known = Service::ALL.into_iter().find(|(_, known, _)| *known == scheme);
                let (service, _, port) = known.ok_or(BadTarget::Scheme)?;
                port_alone(rest, Some(port)).map(|authority| Self::Service { service, authority })
            }
        }
    }
}

/// Says what is meant by a target without a scheme, if that would be one with `http://`. Its query may be secret.
fn without_scheme(text: &str) -> BadTarget {
    let end = text.find(['?', '#']).unwrap_or(text.len());
    let begin = &text[..end];
    let is_port = begin.split('/').next().is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    match http(&if is_port { format!(":{begin}") } else { begin.into() }, false) {
        Ok(target) if !begin.starts_with('/') => BadTarget::NoScheme(target.to_string()),
        _ => BadTarget::Scheme,
    }
}

fn http(rest: &str, tls: bool) -> Result<Target, BadTarget> {
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (host, port) = host_and_port(authority)?;
    if host.is_none() && port.is_none() {
        return Err(BadTarget::NoAuthority);
    }
    Ok(Target::Http {
        tls,
        authority: Authority {
            host: host.unwrap_or(Host::Localhost),
            port: port.unwrap_or(HTTP_PORTS[usize::from(tls)]),
        },
        path: path.parse()?,
    })
}

/// Names of services are seldom more than letters and dots; `--service` takes the others.
#[cfg(feature = "full")]
fn grpc(rest: &str, tls: bool) -> Result<Target, BadTarget> {
    let (authority, service) = rest.split_once('/').unwrap_or((rest, ""));
    if !service.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#%".contains(&byte)) {
        return Err(BadTarget::Service);
    }
    Ok(Target::Grpc { tls, authority: authority.parse()?, service: service.into() })
}

fn port_alone(rest: &str, default: Option<u16>) -> Result<Authority, BadTarget> {
    if rest.contains(['/', '?', '#']) {
        return Err(BadTarget::NoPath);
    }
    let (host, port) = host_and_port(rest)?;
    Ok(Authority { host: host.unwrap_or(Host::Localhost), port: port.or(default).ok_or(BadTarget::NoPort)? })
}

fn unix(rest: &str) -> Result<Target, BadTarget> {
    Ok(Target::Unix { path: socket_path(rest)? })
}

/// The path of a Unix socket.
pub fn socket_path(path: &str) -> Result<PathBuf, BadTarget> {
    if path.len() > MAX_SOCKET_PATH { Err(BadTarget::SocketPath) } else { absolute(path) }
}

/// The path of a Unix socket as gRPC's naming has it, `unix:PATH` or `unix:///PATH`; `None` where it names none.
#[cfg(feature = "full")]
pub fn unix_socket(text: &str) -> Option<Result<PathBuf, BadTarget>> {
    let rest = text.strip_prefix("unix:")?;
    Some(socket_path(rest.strip_prefix("//").unwrap_or(rest)))
}

fn file(rest: &str) -> Result<Target, BadTarget> {
    let Some((path, query)) = rest.split_once('?') else {
        return Ok(Target::File { path: absolute(rest)?, max_age: None });
    };
    let age = query.strip_prefix("max-age=").ok_or(BadTarget::FileQuery)?;
    Ok(Target::File { path: absolute(path)?, max_age: Some(duration::span(age).map_err(|_| BadTarget::MaxAge)?) })
}

/// A path as it stands, with no escapes to undo.
fn absolute(path: &str) -> Result<PathBuf, BadTarget> {
    match Path::new(path).is_absolute() && path.len() <= MAX_PATH && !path.contains(char::is_control) {
        true => Ok(path.into()),
        false => Err(BadTarget::FilePath),
    }
}

/// `[HOST][:PORT]`, either of which may be missing.
fn host_and_port(authority: &str) -> Result<(Option<Host>, Option<u16>), BadTarget> {
    if authority.contains('@') {
        return Err(BadTarget::UserInformation);
    }
    // The colons inside the brackets of an IPv6 literal end no host.
    let bracket = authority.rfind(']').unwrap_or(0);
    let (host, port) = match authority[bracket..].find(':') {
        Some(colon) => (&authority[..bracket + colon], Some(&authority[bracket + colon + 1..])),
        None => (authority, None),
    };
    if port.is_some_and(|port| port.contains(':')) {
        return Err(BadTarget::Brackets);
    }
    let host = if host.is_empty() { None } else { Some(host.parse()?) };
    Ok((host, port.map(parse_port).transpose()?))
}

/// A port from 1 to 65535, in digits alone: `u16` would take a sign too, and to Go a leading 0 means octal.
pub fn parse_port(text: &str) -> Result<u16, BadTarget> {
    match text.parse() {
        Ok(port) if !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit()) => Ok(port),
        _ => Err(BadTarget::Port),
    }
}

#[cfg(feature = "full")]
impl FromStr for Authority {
    type Err = BadTarget;

    /// `[HOST]:PORT`
    fn from_str(text: &str) -> Result<Self, BadTarget> {
        port_alone(text, None)
    }
}

impl FromStr for Host {
    type Err = BadTarget;

    fn from_str(text: &str) -> Result<Self, BadTarget> {
        if text.eq_ignore_ascii_case("localhost") {
            return Ok(Self::Localhost);
        }
        let address = match text.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')) {
            Some(inner) => inner.parse().map(IpAddr::V6),
            None => text.parse().map(IpAddr::V4),
        }
        .map_err(|_| if text.starts_with('[') { BadTarget::Ipv6 } else { BadTarget::ForeignHost })?;
        // The kernel takes a connection to 0.0.0.0 or :: as one to itself, but nobody's address is meant by it.
        match address.to_canonical() {
            meant if meant.is_unspecified() => Err(BadTarget::Unspecified),
            IpAddr::V6(meant) if meant.is_unicast_link_local() => Err(BadTarget::LinkLocal),
            meant if meant.is_multicast() || meant == Ipv4Addr::BROADCAST => Err(BadTarget::ForeignHost),
            _ => Ok(Self::Literal(address)),
        }
    }
}

impl FromStr for Endpoint {
    type Err = BadTarget;

    /// Takes what RFC 3986, sections 3.3 and 3.4, allow, and nothing that would need escaping first.
    /// Empty, or a query alone, is the root: RFC 9112, section 3.2.1.
    fn from_str(text: &str) -> Result<Self, BadTarget> {
        if text.len() > MAX_PATH {
            return Err(BadTarget::LongPath);
        }
        let mut rest = text.as_bytes();
        while let [byte, tail @ ..] = rest {
            rest = tail;
            match byte {
                b'#' => return Err(BadTarget::Fragment),
                b'%' => match tail {
                    [b'0', b'0', ..] => return Err(BadTarget::Nul),
                    [high, low, tail @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => rest = tail,
                    _ => return Err(BadTarget::Percent),
                },
                b'/' | b'?' | b':' | b'@' => {}
                b'-' | b'.' | b'_' | b'~' => {}
                b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' => {}
                byte if byte.is_ascii_alphanumeric() => {}
                byte => return Err(BadTarget::PathByte(*byte)),
            }
        }
        let root = if text.starts_with('/') { "" } else { "/" };
        Ok(Self(format!("{root}{text}")))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http { tls, authority, path } => {
                write!(out, "http{}://{authority}{}", if *tls { "s" } else { "" }, path.as_str())
            }
            #[cfg(feature = "full")]
            Self::Grpc { tls, authority, service } => {
                write!(out, "grpc{}://{authority}", if *tls { "s" } else { "" })?;
                if service.is_empty() { Ok(()) } else { write!(out, "/{service}") }
            }
            Self::Tcp { authority } => write!(out, "tcp://{authority}"),
            Self::Udp { authority } => write!(out, "udp://{authority}"),
            Self::Service { service, authority } => write!(out, "{}://{authority}", service.scheme()),
            Self::Unix { path } => write!(out, "unix://{}", path.display()),
            Self::File { path, max_age: None } => write!(out, "file://{}", path.display()),
            Self::File { path, max_age: Some(age) } => {
                write!(out, "file://{}?max-age={}ms", path.display(), age.as_millis())?;
                let finer = age.subsec_nanos() % 1_000_000;
                if finer == 0 { Ok(()) } else { write!(out, "{finer}ns") }
            }
        }
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.host, self.port)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Localhost | Self::Localhost6 => out.write_str("localhost"),
            Self::Literal(IpAddr::V4(address)) => write!(out, "{address}"),
            Self::Literal(IpAddr::V6(address)) => write!(out, "[{address}]"),
        }
    }
}
