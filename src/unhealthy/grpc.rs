//! Why a gRPC response is unhealthy.

use std::fmt;

use super::fault::Fault;
use super::http2::BadHttp2;

/// The status of a call, by its code: <https://grpc.io/docs/guides/status-codes/>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GrpcStatus(pub u32);

/// The status of a service, by its number in `HealthCheckResponse.ServingStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServingStatus(pub u64);

/// Why a call did not succeed.
#[derive(Debug)]
pub enum BadCall {
    /// The exchange failed in HTTP/2.
    Http2(BadHttp2),
    /// The call ended with a status other than OK.
    Failed(GrpcStatus),
    /// The health service answered a status other than SERVING.
    NotServing(ServingStatus),
    /// An HTTP status other than 200, from something that does not speak gRPC.
    HttpStatus(u16),
    /// A content type other than gRPC's.
    ContentType,
    /// A Trailers-Only response with status OK, and so without a message.
    TrailersOnly,
    /// A response that ended without trailers.
    NoTrailers,
    /// Trailers without a status.
    NoStatus,
    /// A grpc-status that is not one number.
    Status,
    /// Status OK without a message.
    NoMessage,
    /// Status OK, and a message that is shorter than its prefix says.
    ShorterThanPrefix,
    /// Bytes after the one message.
    LongerThanPrefix,
    /// A message longer than this, in bytes.
    LongMessage(usize),
    /// A message with the compressed flag, in a response that names no encoding.
    UnnamedEncoding,
    /// A message in an encoding that was not offered.
    UnaskedEncoding,
    /// A compressed flag that is neither 0 nor 1.
    Flag,
    /// A message that is broken gzip.
    Gzip,
    /// A broken message.
    Message,
}

impl GrpcStatus {
    const NAMES: [&str; 17] = [
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    ];

    /// Returns whether the call succeeded.
    pub fn is_ok(self) -> bool {
        self.0 == 0
    }
}

impl ServingStatus {
    /// The healthy status.
    pub const SERVING: Self = Self(1);

    const NAMES: [&str; 4] = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];
}

impl From<BadHttp2> for BadCall {
    fn from(reason: BadHttp2) -> Self {
        Self::Http2(reason)
    }
}

impl fmt::Display for GrpcStatus {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::NAMES.get(self.0 as usize).unwrap_or(&"not a known status");
        write!(out, "grpc-status {} ({name})", self.0)?;
        out.write_str(match *name {
            "NOT_FOUND" => ": the server knows no service of that name",
            "UNIMPLEMENTED" => ": the server has no grpc.health.v1.Health",
            _ => "",
        })
    }
}

impl fmt::Display for ServingStatus {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match usize::try_from(self.0).ok().and_then(|number| Self::NAMES.get(number)) {
            Some(name) => out.write_str(name),
            // The number is the server's choice, and would carry 64 bits out: promise 2.
            None => out.write_str("an unknown serving status"),
        }
    }
}

impl Fault for BadCall {
    fn may_lack_certificate(&self) -> bool {
        match self {
            Self::HttpStatus(status) => *status == 400,
            Self::Http2(reason) => reason.may_lack_certificate(),
            _ => false,
        }
    }

    fn hides_tls(&self) -> bool {
        matches!(self, Self::Http2(reason) if reason.hides_tls())
    }
}

impl fmt::Display for BadCall {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Http2(reason) => return write!(out, "{reason}"),
            Self::Failed(status) => return write!(out, "{status}, expected OK"),
            Self::NotServing(status) => return write!(out, "{status}, expected SERVING"),
            Self::HttpStatus(status) => return write!(out, "HTTP status {status}, expected 200 and a gRPC answer"),
            Self::ContentType => "the content type is not application/grpc",
            Self::TrailersOnly => "grpc-status 0 (OK), but trailers only, and no message",
            Self::NoTrailers => "no trailers, and therefore no grpc-status",
            Self::NoStatus => "no grpc-status in the trailers",
            Self::Status => "grpc-status is not one number",
            Self::NoMessage => "grpc-status 0 (OK), but no message",
            Self::ShorterThanPrefix => "the message is shorter than its prefix says",
            Self::LongerThanPrefix => "the message is longer than its prefix says",
            Self::LongMessage(max) => return write!(out, "the message is longer than {max} bytes"),
            Self::UnnamedEncoding => "the message is marked as compressed, but there is no grpc-encoding",
            Self::UnaskedEncoding => "the message is compressed with a grpc-encoding that was not offered",
            Self::Flag => "the compressed flag is neither 0 nor 1",
            Self::Gzip => "the message is broken gzip",
            Self::Message => "the message is broken",
        })
    }
}
