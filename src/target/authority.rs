//! Hosts that can only be this container, and their ports. No host needs a resolver.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::address;
use super::bad_target::BadTarget;
use super::hostname::Hostname;

/// A host and a port: RFC 3986, section 3.2, without user information.
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
    /// `localhost` with `--ipv4`: 127.0.0.1 only.
    Localhost4,
    /// `localhost` with `--ipv6`: ::1 only.
    Localhost6,
    /// An address literal.
    Literal(IpAddr),
    /// The container's own hostname.
    Own(&'static Hostname),
}

impl Authority {
    /// Reads `[HOST][:PORT]`. The port is required if there is no default port.
    pub fn parse(text: &str, default_port: Option<u16>) -> Result<Self, BadTarget> {
        let (host, port) = host_and_port(text)?;
        let port = port.or(default_port).ok_or(BadTarget::NoPort)?;
        Ok(Self { host: host.unwrap_or(Host::Localhost), port })
    }

    /// Makes `localhost` mean its address of one family only.
    ///
    /// # Errors
    ///
    /// The host has an address of the other family.
    pub fn use_family(&mut self, is_ipv6: bool) -> Result<(), BadTarget> {
        match self.host {
            Host::Localhost | Host::Localhost4 | Host::Localhost6 => {
                self.host = if is_ipv6 { Host::Localhost6 } else { Host::Localhost4 };
                Ok(())
            }
            host if host.addresses().iter().all(|address| address.is_ipv6() == is_ipv6) => Ok(()),
            _ => Err(if is_ipv6 { BadTarget::NotIpv6 } else { BadTarget::NotIpv4 }),
        }
    }
}

impl Host {
    /// Returns the addresses to try, in order.
    pub fn addresses(&self) -> &[IpAddr] {
        const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
        const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);
        match self {
            Self::Localhost => &[V4, V6],
            Self::Localhost4 => &[V4],
            Self::Localhost6 => &[V6],
            Self::Literal(address) => std::slice::from_ref(address),
            Self::Own(hostname) => &hostname.addresses,
        }
    }
}

/// Reads `[HOST][:PORT]`, in which either part may be missing.
pub fn host_and_port(authority: &str) -> Result<(Option<Host>, Option<u16>), BadTarget> {
    if authority.contains('@') {
        return Err(BadTarget::UserInformation);
    }
    // A colon inside the brackets of an IPv6 literal does not end the host.
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

/// Returns a text that begins with an authority, in which an address to listen on is this host: the kernel connects it to
/// itself, and so do curl and Go.
pub fn to_this_host(text: &[u8]) -> Vec<u8> {
    for (listened, meant) in [(&b"0.0.0.0"[..], &b"127.0.0.1"[..]), (b"[::]", b"[::1]")] {
        if let Some(rest) = text.strip_prefix(listened)
            && rest.first().is_none_or(|byte| b":/?".contains(byte))
        {
            return [meant, rest].concat();
        }
    }
    text.into()
}

/// Reads a port from 1 to 65535, in digits only. Parsing a `u16` alone would accept a sign, and Go reads a leading 0 as
/// octal.
pub fn parse_port(text: &str) -> Result<u16, BadTarget> {
    match text.parse() {
        Ok(port) if !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit()) => Ok(port),
        _ => Err(BadTarget::Port),
    }
}

impl FromStr for Host {
    type Err = BadTarget;

    fn from_str(text: &str) -> Result<Self, BadTarget> {
        if text.eq_ignore_ascii_case("localhost") {
            return Ok(Self::Localhost);
        }
        let address = match text.strip_prefix('[') {
            Some(rest) => {
                rest.strip_suffix(']').and_then(|inner| inner.parse().ok()).map(IpAddr::V6).ok_or(BadTarget::Ipv6)?
            }
            None => match text.parse() {
                Ok(address) => IpAddr::V4(address),
                Err(_) => return Hostname::parse(text).map(Self::Own),
            },
        };
        address::check(address).map(|()| Self::Literal(address))
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
            Self::Localhost | Self::Localhost4 | Self::Localhost6 => out.write_str("localhost"),
            Self::Literal(IpAddr::V4(address)) => write!(out, "{address}"),
            Self::Literal(IpAddr::V6(address)) => write!(out, "[{address}]"),
            Self::Own(hostname) => out.write_str(&hostname.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_can_only_be_this_container() {
        for text in ["localhost", "LocalHost", "127.0.0.1", "10.1.2.3", "[::1]", "[fd00::1]", "[::ffff:127.0.0.1]"] {
            assert!(text.parse::<Host>().is_ok(), "{text}");
        }
        for (text, reason) in [
            ("example.com", BadTarget::ForeignHost),
            ("0.0.0.0", BadTarget::Unspecified),
            ("[::]", BadTarget::Unspecified),
            ("[::ffff:0.0.0.0]", BadTarget::Unspecified),
            ("[fe80::1]", BadTarget::LinkLocal),
            ("127.0.0.11", BadTarget::Resolver),
            ("[::ffff:127.0.0.53]", BadTarget::Resolver),
            ("224.0.0.1", BadTarget::ForeignHost),
            ("255.255.255.255", BadTarget::ForeignHost),
            ("[::1%lo]", BadTarget::Ipv6),
            ("127.1", BadTarget::ForeignHost),
        ] {
            assert_eq!(text.parse::<Host>(), Err(reason), "{text}");
        }
    }

    #[test]
    fn a_port_is_digits() {
        assert_eq!(parse_port("65535"), Ok(65535));
        for text in ["", "0", "080", "+80", "-1", "65536", "80 ", "\u{660}"] {
            assert_eq!(parse_port(text), Err(BadTarget::Port), "{text}");
        }
    }

    #[test]
    fn localhost_is_tried_over_ipv4_first() {
        let mut authority = Authority::parse("", Some(80)).expect("localhost");
        let addresses = |host: Host| host.addresses().iter().map(IpAddr::to_string).collect::<Vec<_>>();
        assert_eq!(addresses(authority.host), ["127.0.0.1", "::1"]);
        authority.use_family(true).expect("localhost has ::1");
        assert_eq!(addresses(authority.host), ["::1"]);
        authority.use_family(false).expect("localhost has 127.0.0.1");
        assert_eq!(addresses(authority.host), ["127.0.0.1"]);
        for (text, is_ipv6, refused) in [
            ("127.0.0.2", false, Ok(())),
            ("127.0.0.2", true, Err(BadTarget::NotIpv6)),
            ("[::1]", true, Ok(())),
            ("[::1]", false, Err(BadTarget::NotIpv4)),
        ] {
            let mut authority = Authority::parse(text, Some(80)).expect(text);
            let before = authority;
            assert_eq!(authority.use_family(is_ipv6), refused, "{text}");
            assert_eq!(authority, before);
        }
    }
}
