//! Why TLS fails. rustls's own messages are not printed: they would quote the certificate.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;

use rustls::AlertDescription as Alert;
use rustls::{CertificateError, Error as TlsError, InvalidMessage, OtherError};

use super::cause::root;
use super::fault::Fault;

/// Why a server's certificate, or the chain that comes with it, is refused. Each reason prints as the end of a line that
/// begins with the server's certificate.
#[derive(Debug, Clone, Copy)]
pub enum BadChain {
    /// A certificate without extensions.
    Version,
    /// A key that did not sign the handshake, or that is too short.
    Key,
    /// An authority's own certificate, which is not itself trusted.
    Authority,
    /// Another certificate in its chain is not valid now.
    OtherDates,
    /// The trusted authority is not valid any more.
    LateAuthority,
    /// The trusted authority is not valid yet.
    EarlyAuthority,
    /// An issuer that is not an authority, or may not sign certificates.
    NoAuthority,
    /// An authority that may not issue certificates for servers.
    AuthorityPurpose,
    /// An authority that may not issue certificates for this name.
    Name,
    /// More certificates than an authority allows.
    Length,
    /// A critical extension that is not known.
    Extension,
    /// A signature by an unknown algorithm, or by a key of an unknown kind or size.
    Algorithm,
    /// More certificates than are verified.
    Costly,
}

impl Error for BadChain {}

impl From<BadChain> for CertificateError {
    fn from(reason: BadChain) -> Self {
        Self::Other(OtherError(Arc::new(reason)))
    }
}

impl fmt::Display for BadChain {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Version => "is not of version 3, or one in its chain is not",
            Self::Key => "has a key that did not sign the handshake, or an RSA key of fewer than 2048 bits",
            Self::Authority => {
                "has an unknown issuer, or is an authority's own (CA:TRUE); put it in --tls-ca-cert itself to trust it"
            }
            Self::OtherDates => "comes with a chain in which another certificate has expired, or is not yet valid",
            Self::LateAuthority => "comes from an authority whose own certificate has expired",
            Self::EarlyAuthority => "comes from an authority whose own certificate is not yet valid",
            Self::NoAuthority => "was issued by a certificate that may not issue any",
            Self::AuthorityPurpose => "comes from an authority that is not for servers",
            Self::Name => "has a name that its authority may not certify",
            Self::Length => "comes with a longer chain than its authority allows",
            Self::Extension => "has an unknown critical extension, or one in its chain has",
            Self::Algorithm => {
                "has a signature of an unsupported kind, or one in its chain has; expected RSA, ECDSA with P-256 or P-384, \
                 or Ed25519, and SHA-2"
            }
            Self::Costly => "comes with a chain that is too long, or repeats names",
        })
    }
}

/// Why a handshake failed.
#[derive(Debug)]
pub struct BadHandshake {
    /// The error of rustls, or of the connection.
    pub error: io::Error,
    /// The name that the certificate had to match.
    pub name: String,
}

impl Fault for BadHandshake {
    /// Returns whether the server ended the handshake, with an alert or without. If the client refused the server's
    /// certificate, a missing client certificate is not the cause.
    fn may_lack_certificate(&self) -> bool {
        matches!(inner(&self.error), None | Some(TlsError::AlertReceived(_)))
    }
}

/// Why TLS ended an open connection.
#[derive(Debug)]
pub struct Broken(pub TlsError);

impl Fault for Broken {
    fn may_lack_certificate(&self) -> bool {
        matches!(self.0, TlsError::AlertReceived(alert) if alert != Alert::CertificateRequired)
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        describe_broken(Some(&self.0), out)
    }
}

impl fmt::Display for BadHandshake {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        describe(&self.error, &self.name, out)
    }
}

fn describe(error: &io::Error, name: &str, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    match inner(error) {
        Some(TlsError::InvalidCertificate(error)) => describe_certificate(error, name, out),
        Some(TlsError::InvalidMessage(InvalidMessage::InvalidContentType)) => out.write_str(
            "the server does not speak TLS; perhaps it speaks plain HTTP (try http:// or grpc://, or leave out --tls)",
        ),
        Some(error) => describe_broken(Some(error), out),
        None if error.kind() == io::ErrorKind::UnexpectedEof => out.write_str("closed during the TLS handshake"),
        None => write!(out, "the TLS handshake broke: {error}"),
    }
}

/// Prints why TLS ended a connection.
pub fn describe_broken(error: Option<&TlsError>, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    match error {
        Some(TlsError::AlertReceived(alert)) => describe_alert(*alert, out),
        Some(TlsError::PeerIncompatible(_)) => {
            out.write_str("the server offers no known version or cipher suite of TLS 1.2 or 1.3")
        }
        Some(TlsError::NoApplicationProtocol) => out.write_str("the server chose a protocol that was not offered"),
        Some(
            TlsError::InvalidMessage(_)
            | TlsError::PeerMisbehaved(_)
            | TlsError::InappropriateMessage { .. }
            | TlsError::InappropriateHandshakeMessage { .. },
        ) => out.write_str("the server breaks the rules of TLS"),
        Some(TlsError::DecryptError) => out.write_str("what the server sent can't be decrypted"),
        _ => out.write_str("TLS failed"),
    }
}

/// Returns the error of rustls that caused hyper's, if there is one.
pub fn cause(error: &hyper::Error) -> Option<&TlsError> {
    match root(error).downcast_ref::<io::Error>() {
        Some(error) => inner(error),
        None => root(error).downcast_ref(),
    }
}

/// Returns the error of rustls in an I/O error, if there is one.
pub fn inner(error: &io::Error) -> Option<&TlsError> {
    error.get_ref()?.downcast_ref()
}

fn describe_certificate(error: &CertificateError, name: &str, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    use CertificateError as Bad;
    out.write_str("the server's certificate ")?;
    match error {
        Bad::Expired | Bad::ExpiredContext { .. } => out.write_str("has expired"),
        Bad::NotValidYet | Bad::NotValidYetContext { .. } => out.write_str("is not yet valid"),
        Bad::UnknownIssuer => out.write_str("has an unknown issuer (--tls-ca-cert names those to trust)"),
        Bad::NotValidForName | Bad::NotValidForNameContext { .. } => {
            write!(out, "does not match the name {name} (--tls-server-name asks for another)")
        }
        Bad::InvalidPurpose | Bad::InvalidPurposeContext { .. } => out.write_str("is not for servers"),
        Bad::ApplicationVerificationFailure => out.write_str("is from an unknown SPIFFE trust domain"),
        Bad::BadSignature => out.write_str(
            "has an unknown issuer: the one of that name has another key, or an RSA key of fewer than 2048 bits \
             (--tls-ca-cert names those to trust)",
        ),
        Bad::Revoked => out.write_str("is revoked"),
        Bad::BadEncoding => out.write_str("can't be understood, or one in its chain can't"),
        Bad::Other(OtherError(error)) => match error.downcast_ref::<BadChain>() {
            Some(reason) => write!(out, "{reason}"),
            None => out.write_str("can't be verified"),
        },
        _ => out.write_str("can't be verified"),
    }
}

/// Prints an alert from the server, by its name in RFC 8446, section 6.2.
fn describe_alert(alert: Alert, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (about, name) = match alert {
        Alert::CertificateRequired => {
            return out.write_str("client certificate required (TLS alert certificate_required)");
        }
        Alert::BadCertificate => ("the client certificate", "bad_certificate"),
        Alert::UnsupportedCertificate => ("the client certificate", "unsupported_certificate"),
        Alert::CertificateRevoked => ("the client certificate", "certificate_revoked"),
        Alert::CertificateExpired => ("the client certificate", "certificate_expired"),
        Alert::CertificateUnknown => ("the client certificate", "certificate_unknown"),
        Alert::UnknownCA => ("the client certificate", "unknown_ca"),
        Alert::AccessDenied => ("the client", "access_denied"),
        Alert::HandshakeFailure => ("the TLS handshake", "handshake_failure"),
        Alert::ProtocolVersion => ("TLS 1.2 and 1.3", "protocol_version"),
        Alert::InsufficientSecurity => ("the TLS handshake", "insufficient_security"),
        Alert::UnrecognisedName => ("the name (--tls-server-name asks for another)", "unrecognized_name"),
        Alert::NoApplicationProtocol => ("the protocol", "no_application_protocol"),
        Alert::InternalError => ("the TLS handshake", "internal_error"),
        Alert::UnexpectedMessage => ("the TLS handshake", "unexpected_message"),
        Alert::DecodeError => ("the TLS handshake", "decode_error"),
        Alert::IllegalParameter => ("the TLS handshake", "illegal_parameter"),
        Alert::DecryptError => ("the TLS handshake", "decrypt_error"),
        other => return write!(out, "the server refused: TLS alert {}", u8::from(other)),
    };
    write!(out, "the server refused {about}: TLS alert {name}")
}
