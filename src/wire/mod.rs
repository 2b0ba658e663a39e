//! Protocols on a stream that is open: bytes, and no verdicts.

pub mod driven;
#[cfg(feature = "full")]
pub mod grpc;
#[cfg(feature = "full")]
pub mod gzip;
pub mod http1;
#[cfg(feature = "full")]
pub mod http2;
pub mod limited;
#[cfg(feature = "full")]
pub mod protobuf;

/// The version of HTTP that is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.1; over TLS, a server that knows no ALPN speaks it.
    Http1,
    /// HTTP/2; over TLS only where the server agrees to it: RFC 9113, section 3.2.
    Http2,
}
