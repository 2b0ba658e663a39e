//! Why a string is not a target, with a message for its author.

use std::error::Error;
use std::fmt;

use super::scheme::SCHEMES;
use crate::FULL;

/// The words of each message about a target outside the container, and of no other.
pub const OUTSIDE: &str = "lprobe only reaches its own container";

/// What the small build says about what it lacks.
pub const NEEDS_FULL: &str = "needs lprobe-full";

/// What is said of a port that is empty, no number, 0, or over 65535.
pub const PORT: &str = "expected a port from 1 to 65535";

/// Why a string is not a target. Each reason prints as the end of a line that begins with the string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadTarget {
    /// No scheme, or an unknown scheme.
    Scheme,
    /// No scheme, in a string that is this target with `http://`.
    NoScheme(String),
    /// A scheme that this build lacks.
    NotInThisBuild,
    /// The name of a gRPC service with characters that only `--service` accepts.
    Service,
    /// A SPIFFE_ENDPOINT_SOCKET that is neither `unix:` nor `tcp:`.
    WorkloadApi,
    /// Neither host nor port: `http://`.
    NoAuthority,
    /// A host that can't be this container, or that only a resolver could look up.
    ForeignHost,
    /// The container's own hostname, for which /etc/hosts has no address.
    HostnameWithoutAddress,
    /// `0.0.0.0` or `[::]`.
    Unspecified,
    /// `[fe80::...]`, which has a meaning only together with the name of an interface.
    LinkLocal,
    /// The address of a DNS resolver that forwards queries.
    Resolver,
    /// Brackets that do not contain an IPv6 literal, or that are followed by more than a port.
    Ipv6,
    /// `user@` before the host.
    UserInformation,
    /// An IPv6 literal without brackets.
    Brackets,
    /// A port that is empty, no number, 0, or over 65535.
    Port,
    /// No port, with a scheme that has no default port.
    NoPort,
    /// A path, with a scheme that takes none.
    NoPath,
    /// No name to ask a DNS server for, or what is no such name.
    DomainName,
    /// A path of a file that is not absolute, is too long, or has control characters.
    FilePath,
    /// A path that is too long for a Unix socket; the limit in bytes.
    SocketPath(usize),
    /// A query other than `max-age=` and `min-size=`, each once.
    FileQuery,
    /// A `min-size` that is not a number of bytes.
    MinSize,
    /// `!` before a target.
    Negated,
    /// A `max-age` that is not a duration.
    MaxAge,
    /// `#` in the path.
    Fragment,
    /// `%` without two hexadecimal digits.
    Percent,
    /// `%00`.
    Nul,
    /// A byte that must be escaped in a path.
    PathByte(u8),
    /// A path that is too long; the limit in bytes.
    LongPath(usize),
    /// A `-url` whose scheme is not http.
    NotHttp,
    /// An IPv4 address with `--ipv6`.
    NotIpv6,
    /// An IPv6 address with `--ipv4`.
    NotIpv4,
}

impl Error for BadTarget {}

impl fmt::Display for BadTarget {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            Self::Scheme => {
                let mut before = "expected ";
                for scheme in SCHEMES.iter().filter(|scheme| scheme.is_available()) {
                    write!(out, "{before}{}://", scheme.name)?;
                    before = ", ";
                }
                " or :PORT/PATH"
            }
            Self::Service if FULL => "use --service for a name with spaces, ?, # or %",
            Self::WorkloadApi if FULL => "expected unix:///PATH or tcp://ADDRESS:PORT",
            Self::Service | Self::WorkloadApi | Self::NotInThisBuild => NEEDS_FULL,
            Self::NoAuthority => "no host and no port; try http://localhost/",
            Self::ForeignHost => {
                return write!(
                    out,
                    "{OUTSIDE}: the host must be localhost, a loopback address, or this container's hostname or address"
                );
            }
            Self::HostnameWithoutAddress => "/etc/hosts has no address for this container's hostname; try localhost",
            Self::Unspecified => "this is an address to listen on, and none to connect to: try localhost",
            Self::LinkLocal => return write!(out, "a link-local address may be anyone's; {OUTSIDE}: try localhost"),
            Self::Resolver => {
                return write!(out, "a DNS resolver at this address forwards queries to other hosts, and {OUTSIDE}");
            }
            Self::Ipv6 => "brackets take an IPv6 address without a zone, as in http://[::1]:8080/",
            Self::UserInformation => "a target can't have a user and password",
            Self::Brackets => "an IPv6 address stands in brackets, as in http://[::1]:8080/",
            Self::Port => PORT,
            Self::NoPort => "a port is needed, as in tcp://localhost:5432",
            Self::NoPath => "this scheme takes no path",
            Self::DomainName => {
                "expected a DNS name, as in dns://:53/localhost: letters, digits, - and _, 63 in a label, 253 in all"
            }
            Self::FilePath => "expected an absolute path without control characters",
            Self::SocketPath(most) => return write!(out, "a Unix socket's path has no more than {most} bytes"),
            Self::NoScheme(target) => return write!(out, "did you mean {target}?"),
            Self::MaxAge => "max-age must be a duration of 1ms or more, as in 30s, 5m or 48h",
            Self::FileQuery => {
                "expected max-age=DURATION or min-size=BYTES, as in file:///run/alive?max-age=30s&min-size=1"
            }
            Self::MinSize => "min-size must be a number of bytes, 1 or more",
            Self::Negated => "lprobe does not check that something is absent",
            Self::Fragment => "a fragment (#) is never sent; write %23 for the character",
            Self::Percent => "% begins an escape of two hexadecimal digits; write %25 for the character",
            Self::Nul => "a path can't contain a NUL",
            Self::PathByte(byte) => return write!(out, "the path must spell byte 0x{byte:02X} as %{byte:02X}"),
            Self::LongPath(most) => return write!(out, "the path is longer than {most} bytes"),
            Self::NotHttp if FULL => "expected http:// or https://",
            Self::NotHttp => "expected http://",
            Self::NotIpv6 => "the target is an IPv4 address",
            Self::NotIpv4 => "the target is an IPv6 address",
        };
        out.write_str(words)
    }
}
