//! Certificates and private keys: the authorities to trust, and the client certificate. They are read from PEM files
//! (RFC 7468), or come from SPIFFE's Workload API. None of them is ever printed.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::{env, fmt};

use rustls::RootCertStore;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use super::provider;
use super::trust::Trust;

/// The longest file that is read, in bytes. The longest bundle of a system has 250,000 bytes.
const MAX_FILE: u64 = 4 << 20;

/// The files in which distributions keep the certificates that they trust.
const BUNDLES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The authorities to trust, and the certificate for a server that asks for one.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Verifies the server's certificate.
    pub trust: Arc<Trust>,
    /// The client's certificate chain, with its private key.
    pub identity: Option<Arc<CertifiedKey>>,
}

/// Why certificates or a private key can't be used. Each reason prints as the end of a line that begins with the file's
/// name.
#[derive(Debug)]
pub enum BadCredentials {
    /// PEM itself, in place of the name of a file.
    NotAName,
    /// The kernel's error.
    File(io::Error),
    /// A folder, a device or a pipe in place of a file.
    NotAFile,
    /// A file that is longer than [`MAX_FILE`].
    LongFile,
    /// A file without PEM, or with broken PEM.
    Pem,
    /// PEM without a certificate.
    NoCertificate,
    /// A certificate that can't be parsed; its number, from 1.
    Certificate(usize),
    /// PEM without an unencrypted private key.
    NoKey,
    /// A private key whose kind or size is not supported.
    Key,
    /// A private key that does not belong to the certificate.
    Mismatch,
    /// The file that SSL_CERT_FILE names can't be used.
    Environment(Box<BadCredentials>),
    /// No bundle of trusted certificates was found.
    NoBundle,
}

/// Reads the authorities in a file. A certificate that can't be parsed is an error.
pub fn authorities(path: &str) -> Result<RootCertStore, BadCredentials> {
    let mut store = RootCertStore::empty();
    for (number, certificate) in (1..).zip(certificates(path.as_ref())?) {
        store.add(certificate).map_err(|_| BadCredentials::Certificate(number))?;
    }
    Ok(store)
}

/// Reads the authorities in the file that SSL_CERT_FILE names, or else in the system's bundle. A certificate that can't
/// be parsed is skipped.
pub fn system_authorities() -> Result<RootCertStore, BadCredentials> {
    let read = |path: &Path| {
        let mut store = RootCertStore::empty();
        match store.add_parsable_certificates(certificates(path)?) {
            (0, _) => Err(BadCredentials::NoCertificate),
            _ => Ok(store),
        }
    };
    if let Some(path) = env::var_os("SSL_CERT_FILE").filter(|path| !path.is_empty()) {
        return read(path.as_ref()).map_err(|error| BadCredentials::Environment(Box::new(error)));
    }
    BUNDLES.iter().find_map(|path| read(path.as_ref()).ok()).ok_or(BadCredentials::NoBundle)
}

/// Reads the certificates in a file.
pub fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, BadCredentials> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&contents(path)?).collect();
    match certificates.map_err(|_| BadCredentials::Pem)? {
        none if none.is_empty() => Err(BadCredentials::NoCertificate),
        some => Ok(some),
    }
}

/// Reads the first private key in a file: PKCS#8, PKCS#1 or SEC1.
pub fn key(path: &str) -> Result<PrivateKeyDer<'static>, BadCredentials> {
    PrivateKeyDer::from_pem_slice(&contents(path.as_ref())?).map_err(|error| match error {
        pem::Error::NoItemsFound => BadCredentials::NoKey,
        _ => BadCredentials::Pem,
    })
}

/// Joins a certificate chain and the private key of its first certificate.
pub fn identity(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<CertifiedKey>, BadCredentials> {
    match CertifiedKey::from_der(chain, key, &provider::provider()) {
        Ok(identity) => Ok(Arc::new(identity)),
        Err(rustls::Error::InconsistentKeys(_)) => Err(BadCredentials::Mismatch),
        Err(rustls::Error::InvalidCertificate(_)) => Err(BadCredentials::Certificate(1)),
        Err(_) => Err(BadCredentials::Key),
    }
}

fn contents(path: &Path) -> Result<Vec<u8>, BadCredentials> {
    // The kind of file is checked before it is opened: opening a named pipe would wait for its writer.
    if !path.metadata().map_err(BadCredentials::File)?.is_file() {
        return Err(BadCredentials::NotAFile);
    }
    let mut contents = Vec::new();
    let file = File::open(path).map_err(BadCredentials::File)?;
    let length = file.take(MAX_FILE + 1).read_to_end(&mut contents).map_err(BadCredentials::File)?;
    if length as u64 > MAX_FILE { Err(BadCredentials::LongFile) } else { Ok(contents) }
}

impl fmt::Display for BadCredentials {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::File(error) => return write!(out, "{error}"),
            Self::NotAName => "expected the name of a file, not its contents",
            Self::NotAFile => "not a regular file",
            Self::LongFile => return write!(out, "longer than {MAX_FILE} bytes"),
            Self::Pem => "not PEM",
            Self::NoCertificate => "no certificate in it; expected PEM with BEGIN CERTIFICATE",
            Self::Certificate(number) => return write!(out, "certificate {number} can't be understood"),
            Self::NoKey => {
                "no private key in it; expected PEM with a private key of PKCS#8, PKCS#1 or SEC1, not encrypted"
            }
            Self::Key => {
                "the private key can't be used; expected RSA of 2048 bits or more, ECDSA P-256 or P-384, or Ed25519"
            }
            Self::Mismatch => "the private key does not belong to --tls-client-cert",
            Self::Environment(error) => {
                return write!(out, "SSL_CERT_FILE: {error} (--tls-ca-cert FILE names others to trust)");
            }
            Self::NoBundle => {
                "there is no certificate to trust: give --tls-ca-cert FILE or SSL_CERT_FILE, or --tls-no-verify to \
                 trust any"
            }
        })
    }
}

impl std::error::Error for BadCredentials {}
