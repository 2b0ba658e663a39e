//! The verification of a server's certificate.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, SignatureScheme};
use webpki::EndEntityCert;

use super::authorities::{Authorities, refusal};
use super::certificate::Certificate;
use super::provider::SIGNATURES;
use crate::unhealthy::tls::BadChain;

/// The certificates that are trusted.
#[derive(Debug)]
pub enum Trust {
    /// Any certificate.
    Unverified,
    /// Certificates from these authorities, and these themselves, for the name of the server.
    Authorities(Authorities),
    /// Certificates of any identity in these SPIFFE trust domains, each with its bundle.
    Spiffe(Vec<(String, Authorities)>),
}

impl Trust {
    fn verify(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), CertificateError> {
        if let Self::Unverified = self {
            return Ok(());
        }
        let parsed = EndEntityCert::try_from(certificate).map_err(refusal)?;
        let itself = Certificate::parse(certificate).ok_or(CertificateError::BadEncoding)?;
        itself.check_dates(now)?;
        itself.check_server()?;
        match self {
            Self::Unverified => Ok(()),
            Self::Authorities(authorities) => {
                // Containers often use a certificate of their own making, and give it as what to trust. It may be marked
                // as an authority's (`openssl req -x509` marks it), which webpki takes for no server's.
                if !authorities.contains(certificate) {
                    authorities.check_issued(&parsed, intermediates, now)?;
                }
                parsed.verify_is_valid_for_subject_name(name).map_err(refusal)
            }
            Self::Spiffe(bundles) => {
                let domain = trust_domain(&parsed);
                let bundle = bundles.iter().find(|(name, _)| Some(name.as_str()) == domain);
                let (_, authorities) = bundle.ok_or(CertificateError::ApplicationVerificationFailure)?;
                authorities.check_issued(&parsed, intermediates, now)
            }
        }
    }
}

/// Returns the trust domain of a SPIFFE identity. The X.509-SVID of a leaf has one URI, `spiffe://DOMAIN/PATH`:
/// X509-SVID specification, sections 2 and 5.2.
fn trust_domain<'a>(certificate: &EndEntityCert<'a>) -> Option<&'a str> {
    let mut uris = certificate.valid_uri_names();
    match (uris.next(), uris.next()) {
        (Some(uri), None) => domain_of(uri).filter(|domain| uri.len() > "spiffe:///".len() + domain.len()),
        _ => None,
    }
}

/// Returns the trust domain of a SPIFFE ID.
pub fn domain_of(id: &str) -> Option<&str> {
    id.strip_prefix("spiffe://")?.split('/').next().filter(|domain| !domain.is_empty())
}

/// Replaces the error of a signature that is not the key's, which is also that of a key that is too short: for the chain
/// it means another issuer.
fn bad_key(error: rustls::Error) -> rustls::Error {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::BadSignature) => {
            CertificateError::from(BadChain::Key).into()
        }
        error => error,
    }
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
        self.verify(certificate, intermediates, name, now)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &SIGNATURES).map_err(bad_key)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &SIGNATURES).map_err(bad_key)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        SIGNATURES.supported_schemes()
    }
}
