//! Certificates and private keys: the authorities to trust, and the client certificate. They are read from PEM files
//! (RFC 7468), or come from SPIFFE's Workload API. None of them is ever printed.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use super::authorities::Authorities;
use super::provider;
use super::trust::Trust;

/// The longest file that is read, in bytes. The longest bundle of a system has 250,000 bytes.
pub const MAX_FILE: u64 = 4 << 20;

/// The most files that are read in folders. Debian's has 150.
pub const MAX_FILES: usize = 1000;

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
    /// No variable gives a certificate: why SSL_CERT_FILE does not, where it is set, and whether SSL_CERT_DIR is set.
    Variables(Option<Box<BadCredentials>>, bool),
    /// The folders that SSL_CERT_DIR names have more than is read.
    LongFolders,
    /// No bundle of trusted certificates was found.
    NoBundle,
}

/// Reads the authorities in a file. A certificate that can't be parsed is an error.
pub fn authorities(path: &str) -> Result<Authorities, BadCredentials> {
    let mut authorities = Authorities::default();
    for (number, certificate) in (1..).zip(certificates(path.as_ref())?) {
        if !authorities.add(certificate) {
            return Err(BadCredentials::Certificate(number));
        }
    }
    Ok(authorities)
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
    let metadata = path.metadata().map_err(BadCredentials::File)?;
    if !metadata.is_file() {
        return Err(BadCredentials::NotAFile);
    }
    // One byte more, so that the end is found in one call of read.
    let mut contents = Vec::with_capacity(metadata.len().min(MAX_FILE) as usize + 1);
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
            Self::Variables(file, folders) => {
                if let Some(error) = file {
                    write!(out, "SSL_CERT_FILE: {error}")?;
                }
                let folders = match (file, folders) {
                    (_, false) => "",
                    (None, true) => "SSL_CERT_DIR: no certificate in the files of its folders",
                    (Some(_), true) => "; SSL_CERT_DIR: no certificate in the files of its folders",
                };
                return write!(out, "{folders} (--tls-ca-cert FILE names others to trust)");
            }
            Self::LongFolders => {
                return write!(
                    out,
                    "SSL_CERT_DIR: more than {MAX_FILES} files, or {MAX_FILE} bytes in them (--tls-ca-cert FILE names \
                     others to trust)"
                );
            }
            Self::NoBundle => {
                "there is no certificate to trust: give --tls-ca-cert FILE, SSL_CERT_FILE or SSL_CERT_DIR, or \
                 --tls-no-verify to trust any"
            }
        })
    }
}

impl std::error::Error for BadCredentials {}
