//! The protocols on an open stream. They transfer bytes, and judge nothing.

pub mod dns;
pub mod driven;
pub mod fcgi;
#[cfg(feature = "full")]
pub mod frames;
#[cfg(feature = "full")]
pub mod grpc;
#[cfg(feature = "full")]
pub mod gzip;
#[cfg(feature = "full")]
mod hpack;
pub mod http1;
#[cfg(feature = "full")]
pub mod http2;
pub mod limited;
#[cfg(feature = "full")]
pub mod protobuf;

/// The version of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.1. Over TLS, it is also the protocol of a server without ALPN.
    Http1,
    /// HTTP/2. Over TLS, the server must agree to it by ALPN: RFC 9113, section 3.2.
    Http2,
}
