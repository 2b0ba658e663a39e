//! What a target string means. It is parsed once, here, and never read again: a [`Target`] that exists
//! names something that may be probed. Whether an address literal really is one of this container's is the
//! kernel's to say, in [`crate::endpoint`].

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// The longest path with query that is sent, in bytes: RFC 9110, section 4.1, asks every server to take 8,000.
pub const MAX_PATH: usize = 8_000;

/// The scheme's default port, RFC 9110, section 4.2.1: left out of the Host header.
pub const HTTP_PORT: u16 = 80;

/// One thing to probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// `http://`: an HTTP/1.1 answer with an expected status.
    Http {
        /// Where to connect, and what the Host header says.
        authority: Authority,
        /// What to ask for.
        path: Path,
    },
    /// `tcp://`: the connection opens.
    Tcp {
        /// Where to connect.
        authority: Authority,
    },
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
pub struct Path(String);

impl Target {
    /// The same target, with `localhost` meaning ::1 alone.
    pub fn over_ipv6(mut self) -> Result<Self, BadTarget> {
        let (Self::Http { authority, .. } | Self::Tcp { authority }) = &mut self;
        match authority.host {
            Host::Literal(IpAddr::V4(_)) => return Err(BadTarget::NotIpv6),
            Host::Literal(IpAddr::V6(_)) => {}
            Host::Localhost | Host::Localhost6 => authority.host = Host::Localhost6,
        }
        Ok(self)
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

impl Path {
    /// The path as it is sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Target {
    type Err = BadTarget;

    fn from_str(text: &str) -> Result<Self, BadTarget> {
        if text.starts_with(':') {
            return http(text);
        }
        let (scheme, rest) = text.split_once("://").ok_or(BadTarget::Scheme)?;
        match scheme.to_ascii_lowercase().as_str() {
            "http" => http(rest),
            "tcp" => tcp(rest),
            "https" | "grpc" | "grpcs" => Err(BadTarget::NotInThisBuild),
            _ => Err(BadTarget::Scheme),
        }
    }
}

fn http(rest: &str) -> Result<Target, BadTarget> {
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (host, port) = host_and_port(authority)?;
    if host.is_none() && port.is_none() {
        return Err(BadTarget::NoAuthority);
    }
    Ok(Target::Http {
        authority: Authority { host: host.unwrap_or(Host::Localhost), port: port.unwrap_or(HTTP_PORT) },
        path: path.parse()?,
    })
}

fn tcp(rest: &str) -> Result<Target, BadTarget> {
    if rest.contains(['/', '?', '#']) {
        return Err(BadTarget::TcpPath);
    }
    let (host, port) = host_and_port(rest)?;
    Ok(Target::Tcp {
        authority: Authority { host: host.unwrap_or(Host::Localhost), port: port.ok_or(BadTarget::NoPort)? },
    })
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

/// A port from 1 to 65535, in digits alone: `u16` would take a sign too.
pub fn parse_port(text: &str) -> Result<u16, BadTarget> {
    match text.parse() {
        Ok(port) if port != 0 && text.bytes().all(|byte| byte.is_ascii_digit()) => Ok(port),
        _ => Err(BadTarget::Port),
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

impl FromStr for Path {
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
            Self::Http { authority, path } => write!(out, "http://{authority}{}", path.as_str()),
            Self::Tcp { authority } => write!(out, "tcp://{authority}"),
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

/// Why a string is no target. Each prints as the end of a line that begins with that string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadTarget {
    /// No scheme, or none that exists.
    Scheme,
    /// A scheme that this build lacks.
    NotInThisBuild,
    /// Neither host nor port: `http://`.
    NoAuthority,
    /// A host that can't be this container, or that only a resolver could tell.
    ForeignHost,
    /// `0.0.0.0` or `[::]`.
    Unspecified,
    /// `[fe80::...]`, which means something only beside the name of an interface.
    LinkLocal,
    /// What stands in brackets is no IPv6 literal, or more follows than a port.
    Ipv6,
    /// `user@` before the host.
    UserInformation,
    /// An IPv6 literal without brackets.
    Brackets,
    /// A port that is empty, no number, 0, or over 65535.
    Port,
    /// `tcp://` without a port.
    NoPort,
    /// `tcp://` with a path.
    TcpPath,
    /// `#` in the path.
    Fragment,
    /// `%` without two hexadecimal digits.
    Percent,
    /// `%00`.
    Nul,
    /// A byte that stands in no path unescaped.
    PathByte(u8),
    /// A path longer than [`MAX_PATH`].
    LongPath,
    /// A `-mode` that is neither http nor grpc.
    Mode,
    /// An IPv4 literal with `--ipv6`.
    NotIpv6,
}

impl std::error::Error for BadTarget {}

impl fmt::Display for BadTarget {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Scheme => "expected http://..., tcp://... or :PORT/PATH",
            Self::NotInThisBuild => "this build has no TLS and no gRPC, only http:// and tcp://",
            Self::NoAuthority => "no host and no port; try http://localhost/",
            Self::ForeignHost => {
                "lprobe only reaches its own container: the host must be localhost, a loopback address \
                 or an address of this container"
            }
            Self::Unspecified => {
                "an address to listen on, of any container, and lprobe only reaches its own container; try localhost"
            }
            Self::LinkLocal => {
                "a link-local address is one of many containers', and lprobe only reaches its own container; try \
                 localhost"
            }
            Self::Ipv6 => "brackets take an IPv6 address without a zone, as in http://[::1]:8080/",
            Self::UserInformation => "user and password have no place in a target",
            Self::Brackets => "an IPv6 address stands in brackets, as in http://[::1]:8080/",
            Self::Port => "a port is a number from 1 to 65535",
            Self::NoPort => "tcp:// needs a port, as in tcp://localhost:5432",
            Self::TcpPath => "tcp:// takes no path",
            Self::Fragment => "a fragment (#) is never sent; write %23 for the character",
            Self::Percent => "% begins an escape of two hexadecimal digits; write %25 for the character",
            Self::Nul => "a NUL has no place in a path",
            Self::PathByte(byte) => return write!(out, "the path must spell byte 0x{byte:02X} as %{byte:02X}"),
            Self::LongPath => return write!(out, "the path is longer than {MAX_PATH} bytes"),
            Self::Mode => "expected http; for TCP, lprobe tcp://:PORT",
            Self::NotIpv6 => "asks for ::1, and the target is an IPv4 address",
        })
    }
}
