//! The verification of a server's certificate.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};

use super::provider::SIGNATURES;
use crate::unhealthy::tls::LongChain;

/// The most certificates between the server's and an authority's in a chain that is verified. The search for a path
/// through more could outlast any deadline: with 9 of one name, among 211 others, it took 6 seconds.
const MAX_CHAIN: usize = 8;

/// The most bytes of those certificates. A real one has about 1,500, and the search reads each again and again: 8 of one name
/// with 64 KB in all took 10 seconds.
const MAX_CHAIN_BYTES: usize = 32 * 1024;

/// The most of those certificates that have one subject: an authority's certificates by two issuers.
const MAX_SAME_SUBJECT: usize = 2;

/// The certificates that are trusted.
#[derive(Debug)]
pub enum Trust {
    /// Any certificate.
    Unverified,
    /// Certificates from these authorities, for the name of the server.
    Authorities(RootCertStore),
    /// Certificates of any identity in these SPIFFE trust domains, each with its bundle.
    Spiffe(Vec<(String, RootCertStore)>),
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
        let too_long = || rustls::Error::from(CertificateError::Other(OtherError(Arc::new(LongChain))));
        if !matches!(self, Self::Unverified) && intermediates.len() > MAX_CHAIN {
            return Err(too_long());
        }
        let issued_by = |store: &RootCertStore| {
            // A certificate that an authority issued itself needs no path through the others.
            let is_costly = is_costly(intermediates);
            let others = if is_costly { &[] } else { intermediates };
            let verdict = verify_server_cert_signed_by_trust_anchor(&parsed, store, others, now, SIGNATURES.all);
            verdict.map_err(|error| match error {
                rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) if is_costly => too_long(),
                error => error,
            })
        };
        match self {
            Self::Unverified => Ok(()),
            Self::Authorities(store) => {
                match issued_by(store) {
                    // Containers often use a self-signed certificate that is marked as an authority's (`openssl req
                    // -x509` marks it). It is accepted if it is itself one of the trusted certificates. By now, webpki
                    // has checked its dates.
                    Err(rustls::Error::InvalidCertificate(CertificateError::Other(error)))
                        if is_authority_certificate(&error) && is_in_store(store, certificate) => {}
                    verdict => verdict?,
                }
                verify_server_name(&parsed, name)
            }
            Self::Spiffe(bundles) => {
                let domain = trust_domain(certificate);
                let bundle = bundles.iter().find(|(name, _)| Some(name) == domain.as_ref());
                let (_, store) = bundle.ok_or(CertificateError::ApplicationVerificationFailure)?;
                issued_by(store)
            }
        }
    }
}

/// Returns whether the search for a path through these certificates could outlast the deadline.
fn is_costly(intermediates: &[CertificateDer<'_>]) -> bool {
    let parsed: Vec<_> = intermediates.iter().filter_map(|der| webpki::EndEntityCert::try_from(der).ok()).collect();
    let same = |subject: &[u8]| parsed.iter().filter(|certificate| certificate.subject() == subject).count();
    intermediates.iter().map(|certificate| certificate.len()).sum::<usize>() > MAX_CHAIN_BYTES
        || parsed.iter().any(|certificate| same(certificate.subject()) > MAX_SAME_SUBJECT)
}

fn is_authority_certificate(OtherError(error): &OtherError) -> bool {
    matches!(error.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}

fn is_in_store(store: &RootCertStore, certificate: &CertificateDer<'_>) -> bool {
    webpki::anchor_from_trusted_cert(certificate).is_ok_and(|anchor| store.roots.contains(&anchor))
}

/// Returns the trust domain of a SPIFFE identity. The X.509-SVID of a leaf has one URI, `spiffe://DOMAIN/PATH`:
/// X509-SVID specification, sections 2 and 5.2.
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

/// Returns the trust domain of a SPIFFE ID.
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
