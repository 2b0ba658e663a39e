//! Why a string is no target, in words for the one who wrote it.

use std::error::Error;
use std::fmt;

use crate::target::{MAX_PATH, MAX_SOCKET_PATH};

/// Why a string is no target. Each prints as the end of a line that begins with that string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadTarget {
    /// No scheme, or none that exists.
    Scheme,
    /// No scheme, in what would be this target with `http://`.
    NoScheme(String),
    /// A scheme that this build lacks.
    #[cfg(not(feature = "full"))]
    NotInThisBuild,
    /// A gRPC service with characters that only `--service` takes.
    #[cfg(feature = "full")]
    Service,
    /// A SPIFFE_ENDPOINT_SOCKET that is neither `unix:` nor `tcp:`.
    #[cfg(feature = "full")]
    WorkloadApi,
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
    /// No port, where the scheme has none of its own.
    NoPort,
    /// A path, where there is none.
    NoPath,
    /// No absolute path of a file, or one with control characters.
    FilePath,
    /// A path that is too long for a Unix socket.
    SocketPath,
    /// A query other than `max-age=`.
    FileQuery,
    /// A `max-age` that is no duration.
    MaxAge,
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
    /// A `-url` of another scheme than http.
    NotHttp,
    /// A `-mode` that is neither http nor grpc.
    Mode,
    /// An IPv4 literal with `--ipv6`.
    NotIpv6,
}

impl Error for BadTarget {}

impl fmt::Display for BadTarget {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            #[cfg(feature = "full")]
            Self::Scheme => {
                "expected http://, https://, grpc://, grpcs://, tcp://, udp://, unix://, file://, redis://, postgres://, \
                 mysql://, amqp:// or :PORT/PATH"
            }
            #[cfg(not(feature = "full"))]
            Self::Scheme => {
                "expected http://, tcp://, udp://, unix://, file://, redis://, postgres://, mysql://, amqp:// or \
                 :PORT/PATH"
            }
            #[cfg(feature = "full")]
            Self::Service => "a service's name with spaces, ?, # or % is for --service",
            #[cfg(feature = "full")]
            Self::WorkloadApi => "expected unix:///PATH or tcp://ADDRESS:PORT",
            #[cfg(not(feature = "full"))]
            Self::NotInThisBuild => "takes TLS or gRPC, which only lprobe-full has",
            Self::NoAuthority => "no host and no port; try http://localhost/",
            Self::ForeignHost => {
                "lprobe only reaches its own container: the host must be localhost, a loopback address \
                 or an address of this container"
            }
            Self::Unspecified => "an address to listen on; lprobe only reaches its own container: try localhost",
            Self::LinkLocal => {
                "a link-local address may be anyone's; lprobe only reaches its own container: try localhost"
            }
            Self::Ipv6 => "brackets take an IPv6 address without a zone, as in http://[::1]:8080/",
            Self::UserInformation => "user and password have no place in a target",
            Self::Brackets => "an IPv6 address stands in brackets, as in http://[::1]:8080/",
            Self::Port => "a port is a number from 1 to 65535",
            Self::NoPort => "a port is needed, as in tcp://localhost:5432",
            Self::NoPath => "only http://, unix:// and file:// take a path",
            Self::FilePath => "expected an absolute path without control characters",
            Self::SocketPath => {
                return write!(out, "a Unix socket's path has no more than {MAX_SOCKET_PATH} bytes");
            }
            Self::NoScheme(target) => return write!(out, "did you mean {target}?"),
            Self::MaxAge => "max-age must be a duration from 1ms on, as in 30s, 5m or 48h",
            Self::FileQuery => "the one thing after ? is max-age=DURATION, as in file:///run/alive?max-age=30s",
            Self::Fragment => "a fragment (#) is never sent; write %23 for the character",
            Self::Percent => "% begins an escape of two hexadecimal digits; write %25 for the character",
            Self::Nul => "a NUL has no place in a path",
            Self::PathByte(byte) => return write!(out, "the path must spell byte 0x{byte:02X} as %{byte:02X}"),
            Self::LongPath => return write!(out, "the path is longer than {MAX_PATH} bytes"),
            #[cfg(feature = "full")]
            Self::NotHttp => "expected http:// or https://",
            #[cfg(not(feature = "full"))]
            Self::NotHttp => "expected http://",
            #[cfg(feature = "full")]
            Self::Mode => "expected http or grpc; for TCP, lprobe tcp://:PORT",
            #[cfg(not(feature = "full"))]
            Self::Mode => "expected http; for TCP, lprobe tcp://:PORT",
            Self::NotIpv6 => "asks for ::1, and the target is an IPv4 address",
        })
    }
}
