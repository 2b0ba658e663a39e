//! The certificates that are trusted, and the search for a path from a server's certificate to one of them. webpki
//! searches. What RFC 5280 asks of the trusted certificate itself, and of keyUsage, is checked here.

use std::cell::Cell;
use std::ptr;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::{CertificateError, OtherError};
use webpki::{EndEntityCert, KeyUsage, VerifiedPath, anchor_from_trusted_cert};

use super::certificate::Certificate;
use super::provider::SIGNATURES;
use crate::unhealthy::tls::BadChain;

/// The most certificates between the server's and an authority's in a chain that is verified. The search for a path
/// through more could outlast any deadline: with 9 of one name, among 211 others, it took 6 seconds.
const MAX_CHAIN: usize = 8;

/// The most bytes of those certificates. A real one has about 1,500, and the search reads each again and again: 8 of one name
/// with 64 KB in all took 10 seconds.
const MAX_CHAIN_BYTES: usize = 32 * 1024;

/// The most of those certificates whose subject another has: an authority's certificates by several issuers. With four
/// such pairs there are 16 paths, and to check their P-384 signatures took 60 ms.
const MAX_REPEATS: usize = 2;

/// The certificates that are trusted.
#[derive(Debug, Default)]
pub struct Authorities(Vec<CertificateDer<'static>>);

impl Authorities {
    /// Adds a certificate, and returns whether it can be understood.
    pub fn add(&mut self, certificate: CertificateDer<'static>) -> bool {
        let is_understood =
            anchor_from_trusted_cert(&certificate).is_ok() && Certificate::parse(&certificate).is_some();
        if is_understood {
            self.0.push(certificate);
        }
        is_understood
    }

    /// Returns whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether this very certificate is trusted.
    pub fn contains(&self, certificate: &CertificateDer<'_>) -> bool {
        self.0.contains(certificate)
    }

    /// Checks that there is a path from a server's certificate to one of these: RFC 5280, section 6.1.
    pub fn check_issued(
        &self,
        certificate: &EndEntityCert<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), CertificateError> {
        if intermediates.len() > MAX_CHAIN {
            return Err(BadChain::Costly.into());
        }
        // A certificate that an authority issued itself needs no path through the others.
        let mut others = distinct(intermediates);
        let is_costly = is_costly(&others);
        if is_costly {
            others.clear();
        }
        let (certificates, anchors): (Vec<_>, Vec<_>) =
            self.0.iter().filter_map(|der| Some((der, anchor_from_trusted_cert(der).ok()?))).unzip();
        // webpki goes on to search for another path, and forgets why this one would not do.
        let refused = Cell::new(None);
        let check = |path: &VerifiedPath<'_>| {
            let place = anchors.iter().position(|anchor| ptr::eq(anchor, path.anchor()));
            let certificate = place.and_then(|place| Certificate::parse(certificates[place]));
            let verdict = certificate.ok_or(BadChain::NoAuthority).and_then(|anchor| check_path(path, &anchor, now));
            verdict.map_err(|reason| {
                refused.set(Some(reason));
                webpki::Error::UnknownIssuer
            })
        };
        let usage = KeyUsage::server_auth();
        match certificate.verify_for_usage(SIGNATURES.all, &anchors, &others, now, usage, None, Some(&check)) {
            Ok(_) => Ok(()),
            Err(error) => Err(match (refused.get(), error) {
                (Some(reason), _) => reason.into(),
                (None, webpki::Error::UnknownIssuer) if is_costly => BadChain::Costly.into(),
                (None, error) => refusal(error),
            }),
        }
    }
}

/// Checks what webpki does not: keyUsage of each issuer, and all that the trusted certificate says of itself.
fn check_path(path: &VerifiedPath<'_>, anchor: &Certificate<'_>, now: UnixTime) -> Result<(), BadChain> {
    let mut between = 0;
    for intermediate in path.intermediate_certificates() {
        let der = intermediate.der();
        let intermediate = Certificate::parse(&der).ok_or(BadChain::NoAuthority)?;
        intermediate.check_issuer(between)?;
        between += usize::from(!intermediate.is_self_issued());
    }
    anchor.check_issuer(between)?;
    anchor.check_dates(now).map_err(|error| match error {
        CertificateError::Expired => BadChain::LateAuthority,
        _ => BadChain::EarlyAuthority,
    })
}

/// Returns each certificate once. A chain that was put together by hand may repeat some.
fn distinct<'a>(certificates: &[CertificateDer<'a>]) -> Vec<CertificateDer<'a>> {
    let mut distinct = Vec::new();
    for certificate in certificates {
        if !distinct.contains(certificate) {
            distinct.push(certificate.clone());
        }
    }
    distinct
}

/// Returns whether the search for a path through these certificates could outlast the deadline.
fn is_costly(certificates: &[CertificateDer<'_>]) -> bool {
    let parsed: Vec<_> = certificates.iter().filter_map(|der| EndEntityCert::try_from(der).ok()).collect();
    let repeats = |(place, certificate): &(usize, &EndEntityCert<'_>)| {
        parsed[..*place].iter().any(|other| other.subject() == certificate.subject())
    };
    certificates.iter().map(|certificate| certificate.len()).sum::<usize>() > MAX_CHAIN_BYTES
        || parsed.iter().enumerate().filter(repeats).count() > MAX_REPEATS
}

/// Returns the reason for an error of webpki. The reason decides on the alert that the server gets.
pub fn refusal(error: webpki::Error) -> CertificateError {
    use webpki::Error as Bad;
    match error {
        Bad::UnknownIssuer => CertificateError::UnknownIssuer,
        Bad::CertNotValidForName(_) => CertificateError::NotValidForName,
        // By now, dates and purpose of the server's certificate are checked: it is another's.
        Bad::CertExpired { .. } | Bad::CertNotValidYet { .. } | Bad::InvalidCertValidity => BadChain::OtherDates.into(),
        Bad::RequiredEkuNotFoundContext(_) | Bad::EmptyEkuExtension => BadChain::AuthorityPurpose.into(),
        Bad::InvalidSignatureForPublicKey => CertificateError::BadSignature,
        Bad::CaUsedAsEndEntity => BadChain::Authority.into(),
        Bad::EndEntityUsedAsCa => BadChain::NoAuthority.into(),
        Bad::NameConstraintViolation => BadChain::Name.into(),
        Bad::PathLenConstraintViolated => BadChain::Length.into(),
        Bad::UnsupportedCertVersion => BadChain::Version.into(),
        Bad::UnsupportedCriticalExtension => BadChain::Extension.into(),
        Bad::UnsupportedSignatureAlgorithmContext(_) | Bad::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => {
            BadChain::Algorithm.into()
        }
        Bad::MaximumPathDepthExceeded
        | Bad::MaximumSignatureChecksExceeded
        | Bad::MaximumNameConstraintComparisonsExceeded => BadChain::Costly.into(),
        Bad::BadDer
        | Bad::BadDerTime
        | Bad::TrailingData(_)
        | Bad::ExtensionValueInvalid
        | Bad::MalformedExtensions => CertificateError::BadEncoding,
        other => CertificateError::Other(OtherError(Arc::new(other))),
    }
}
