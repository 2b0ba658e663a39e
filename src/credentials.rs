//! Certificates and keys: whom to trust, and what to show. They are read from PEM files (RFC 7468), or come from SPIFFE's
//! Workload API, and nothing of them is ever printed.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::{env, fmt};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};

use crate::crypto::{self, SIGNATURES};
use crate::unhealthy::LongChain;

/// The longest file that is read, in bytes; the longest bundle of a system has 250,000.
const MAX_FILE: u64 = 4 << 20;

/// The longest chain that is verified, in certificates between the server's and an authority's. A path through more could be
/// sought for longer than any deadline: 9 of one name, among 211 others, took 6 seconds.
const MAX_CHAIN: usize = 8;

/// Where distributions keep the certificates that they trust.
const BUNDLES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Whom to trust, and what to show to a server that asks.
#[derive(Debug)]
pub struct Credentials {
    /// Judges what the server shows.
    pub trust: Arc<Trust>,
    /// A certificate chain with its key.
    pub identity: Option<Arc<CertifiedKey>>,
}

/// Whose certificates are believed.
#[derive(Debug)]
pub enum Trust {
    /// Anyone's.
    Unverified,
    /// Those of these authorities, for the name that was asked for.
    Authorities(RootCertStore),
    /// Those of any identity in these SPIFFE trust domains, each with its bundle.
    TrustDomains(Vec<(String, RootCertStore)>),
}

/// Why certificates or a key can't be had. Each prints as the end of a line that begins with the file's name.
#[derive(Debug)]
pub enum BadCredentials {
    /// PEM itself, in place of a file's name.
    NotAName,
    /// What the kernel said.
    File(io::Error),
    /// A folder, a device or a pipe.
    NotAFile,
    /// More than [`MAX_FILE`].
    LongFile,
    /// No PEM at all, or broken PEM.
    Pem,
    /// PEM without a certificate.
    NoCertificate,
    /// A certificate that can't be understood: which of them, from 1.
    Certificate(usize),
    /// PEM without a key that is not encrypted.
    NoKey,
    /// A key of a kind or size that is not supported.
    Key,
    /// A certificate and another one's key.
    Mismatch,
    /// SSL_CERT_FILE can't be read.
    Environment(Box<BadCredentials>),
    /// There is nothing to trust.
    NoBundle,
}

/// The authorities in a file, every one of which must be understood.
pub fn authorities(path: &str) -> Result<RootCertStore, BadCredentials> {
    let mut store = RootCertStore::empty();
    for (number, certificate) in (1..).zip(certificates(path.as_ref())?) {
        store.add(certificate).map_err(|_| BadCredentials::Certificate(number))?;
    }
    Ok(store)
}

/// The authorities that SSL_CERT_FILE or else the system names; what is not understood there is not trusted.
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

/// The certificates in a file.
pub fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, BadCredentials> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&contents(path)?).collect();
    match certificates.map_err(|_| BadCredentials::Pem)? {
        none if none.is_empty() => Err(BadCredentials::NoCertificate),
        some => Ok(some),
    }
}

/// The first key in a file: PKCS#8, PKCS#1 or SEC1.
pub fn key(path: &str) -> Result<PrivateKeyDer<'static>, BadCredentials> {
    PrivateKeyDer::from_pem_slice(&contents(path.as_ref())?).map_err(|error| match error {
        pem::Error::NoItemsFound => BadCredentials::NoKey,
        _ => BadCredentials::Pem,
    })
}

/// A certificate chain with the key of its first certificate.
pub fn identity(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<CertifiedKey>, BadCredentials> {
    match CertifiedKey::from_der(chain, key, &crypto::provider()) {
        Ok(identity) => Ok(Arc::new(identity)),
        Err(rustls::Error::InconsistentKeys(_)) => Err(BadCredentials::Mismatch),
        Err(rustls::Error::InvalidCertificate(_)) => Err(BadCredentials::Certificate(1)),
        Err(_) => Err(BadCredentials::Key),
    }
}

/// Whether a text is what should be in a file, and may be a key.
pub fn holds_pem(text: &OsStr) -> bool {
    const BEGIN: &[u8] = b"-----BEGIN";
    text.as_encoded_bytes().windows(BEGIN.len()).any(|window| window == BEGIN)
}

fn contents(path: &Path) -> Result<Vec<u8>, BadCredentials> {
    if holds_pem(path.as_os_str()) {
        return Err(BadCredentials::NotAName);
    }
    // Before it is opened: opening a named pipe would wait for its writer.
    if !path.metadata().map_err(BadCredentials::File)?.is_file() {
        return Err(BadCredentials::NotAFile);
    }
    let mut contents = Vec::new();
    let file = File::open(path).map_err(BadCredentials::File)?;
    let length = file.take(MAX_FILE + 1).read_to_end(&mut contents).map_err(BadCredentials::File)?;
    if length as u64 > MAX_FILE { Err(BadCredentials::LongFile) } else { Ok(contents) }
}

impl Trust {
    fn verify(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        let parsed = ParsedCertificate::try_from(certificate)?;
        let issued_by = |store: &RootCertStore| {
            verify_server_cert_signed_by_trust_anchor(&parsed, store, intermediates, now, SIGNATURES.all)
        };
        if !matches!(self, Self::Unverified) && intermediates.len() > MAX_CHAIN {
            return Err(CertificateError::Other(OtherError(Arc::new(LongChain))).into());
        }
        match self {
            Self::Unverified => Ok(()),
            Self::Authorities(store) => {
                match issued_by(store) {
                    // Many a container has a certificate of its own making that says it is an authority's (`openssl req
                    // -x509` makes it so), and is trusted by name. webpki has looked at its dates by now.
                    Err(rustls::Error::InvalidCertificate(CertificateError::Other(error)))
                        if is_an_authoritys(&error) && is_among(store, certificate) => {}
                    verdict => verdict?,
                }
                verify_server_name(&parsed, name)
            }
            Self::TrustDomains(bundles) => {
                let domain = trust_domain(certificate);
                let bundle = bundles.iter().find(|(name, _)| Some(name) == domain.as_ref());
                let (_, store) = bundle.ok_or(CertificateError::ApplicationVerificationFailure)?;
                issued_by(store)
            }
        }
    }
}

fn is_an_authoritys(OtherError(error): &OtherError) -> bool {
    matches!(error.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}

fn is_among(store: &RootCertStore, certificate: &CertificateDer<'_>) -> bool {
    webpki::anchor_from_trusted_cert(certificate).is_ok_and(|anchor| store.roots.contains(&anchor))
}

/// The trust domain of a SPIFFE identity: a leaf's X.509-SVID has one URI, `spiffe://DOMAIN/PATH`. X509-SVID
/// specification, sections 2 and 5.2.
fn trust_domain(certificate: &CertificateDer<'_>) -> Option<String> {
    let certificate = webpki::EndEntityCert::try_from(certificate).ok()?;
    let mut uris = certificate.valid_uri_names();
    match (uris.next(), uris.next()) {
        (Some(uri), None) => {
            domain_of(uri).filter(|domain| uri.len() > "spiffe:///".len() + domain.len()).map(str::to_owned)
        }
        _ => None,
    }
}

/// The trust domain in a SPIFFE ID.
pub fn domain_of(id: &str) -> Option<&str> {
    id.strip_prefix("spiffe://")?.split('/').next().filter(|domain| !domain.is_empty())
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.verify(certificate, intermediates, name, now).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &SIGNATURES)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &SIGNATURES)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        SIGNATURES.supported_schemes()
    }
}

impl fmt::Display for BadCredentials {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::File(error) => return write!(out, "{error}"),
            Self::NotAName => "expected the name of a file, and this is what should be in it",
            Self::NotAFile => "not a regular file",
            Self::LongFile => return write!(out, "longer than {MAX_FILE} bytes"),
            Self::Pem => "not PEM",
            Self::NoCertificate => "no certificate in it; expected PEM with BEGIN CERTIFICATE",
            Self::Certificate(number) => return write!(out, "certificate {number} can't be understood"),
            Self::NoKey => "no key in it; expected PEM with a key of PKCS#8, PKCS#1 or SEC1, not encrypted",
            Self::Key => "the key can't be used; expected RSA of 2048 bits or more, ECDSA P-256 or P-384, or Ed25519",
            Self::Mismatch => "the key is not that of --tls-client-cert",
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
