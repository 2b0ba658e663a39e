//! What a certificate says of itself that webpki does not look at: RFC 5280, section 4.1. webpki takes a trusted
//! certificate for a name and a key, and ignores what a key may be used for.

use rustls::CertificateError;
use rustls::pki_types::UnixTime;

use super::der::{
    BIT_STRING, BOOLEAN, GENERALIZED_TIME, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, UTC_TIME, element,
    number, tagged,
};
use crate::unhealthy::tls::BadChain;

/// The bits of keyUsage that this looks at: section 4.2.1.3.
const KEY_CERT_SIGN: u8 = 0x04;
const DIGITAL_SIGNATURE_OR_KEY_EXCHANGE: u8 = 0x80 | 0x20 | 0x08;

/// `id-kp-serverAuth`: section 4.2.1.12.
const SERVER_AUTH: &[u8] = b"\x2b\x06\x01\x05\x05\x07\x03\x01";

/// What a certificate says of itself.
#[derive(Debug)]
pub struct Certificate<'a> {
    /// Whether it is of version 1, which has no extensions.
    is_version_1: bool,
    /// Whether it names itself as its issuer.
    is_self_issued: bool,
    /// The seconds of Unix time at which it begins and ends.
    validity: [i64; 2],
    /// Whether it is an authority's, and the most certificates that may be between it and the server's.
    basic_constraints: Option<(bool, Option<usize>)>,
    key_usage: Option<u8>,
    extended_key_usage: Option<&'a [u8]>,
    /// Whether it has a critical extension that nobody here knows.
    has_unknown: bool,
}

impl<'a> Certificate<'a> {
    /// Reads a certificate. An extension that occurs twice makes it unreadable.
    pub fn parse(mut der: &'a [u8]) -> Option<Self> {
        let mut signed = tagged(&mut der, SEQUENCE)?;
        let mut fields = tagged(&mut signed, SEQUENCE)?;
        let version = tagged(&mut fields, 0xa0);
        tagged(&mut fields, INTEGER)?;
        tagged(&mut fields, SEQUENCE)?;
        let issuer = tagged(&mut fields, SEQUENCE)?;
        let mut validity = tagged(&mut fields, SEQUENCE)?;
        let subject = tagged(&mut fields, SEQUENCE)?;
        tagged(&mut fields, SEQUENCE)?;
        let mut certificate = Self {
            is_version_1: version.is_none(),
            is_self_issued: issuer == subject,
            validity: [time(&mut validity)?, time(&mut validity)?],
            basic_constraints: None,
            key_usage: None,
            extended_key_usage: None,
            has_unknown: false,
        };
        if let Some(mut extensions) = tagged(&mut fields, 0xa3) {
            let mut extensions = tagged(&mut extensions, SEQUENCE)?;
            while !extensions.is_empty() {
                certificate.add_extension(tagged(&mut extensions, SEQUENCE)?)?;
            }
        }
        Some(certificate)
    }

    fn add_extension(&mut self, mut extension: &'a [u8]) -> Option<()> {
        let identifier = tagged(&mut extension, OBJECT_IDENTIFIER)?;
        let is_critical = tagged(&mut extension, BOOLEAN).is_some_and(|value| value != [0]);
        let mut value = tagged(&mut extension, OCTET_STRING)?;
        let is_second = match *identifier {
            [0x55, 0x1d, 15] => {
                let bits = tagged(&mut value, BIT_STRING)?.get(1).copied();
                self.key_usage.replace(bits.unwrap_or_default()).is_some()
            }
            [0x55, 0x1d, 19] => {
                let mut constraints = tagged(&mut value, SEQUENCE)?;
                let is_authority = tagged(&mut constraints, BOOLEAN).is_some_and(|value| value != [0]);
                let length = match tagged(&mut constraints, INTEGER) {
                    // A negative number.
                    Some([0x80..=0xff, ..]) => return None,
                    length => length.map(number),
                };
                self.basic_constraints.replace((is_authority, length)).is_some()
            }
            [0x55, 0x1d, 37] => self.extended_key_usage.replace(tagged(&mut value, SEQUENCE)?).is_some(),
            // Those that webpki checks, and those that a path without policies and revocation has no use for:
            // subjectKeyIdentifier, names, nameConstraints, cRLDistributionPoints, policies, authorityKeyIdentifier.
            [0x55, 0x1d, 14 | 17 | 18 | 30..=33 | 35 | 36 | 54] => false,
            _ => {
                self.has_unknown |= is_critical;
                false
            }
        };
        if is_second { None } else { Some(()) }
    }

    /// Checks that it is valid `now`: section 6.1.3, (a) (2).
    pub fn check_dates(&self, now: UnixTime) -> Result<(), CertificateError> {
        let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        match self.validity {
            [begin, _] if now < begin => Err(CertificateError::NotValidYet),
            [_, end] if end < now => Err(CertificateError::Expired),
            _ => Ok(()),
        }
    }

    /// Checks that a server may use it: sections 4.2.1.3 and 4.2.1.12.
    pub fn check_server(&self) -> Result<(), CertificateError> {
        let may_sign = self.key_usage.is_none_or(|bits| bits & DIGITAL_SIGNATURE_OR_KEY_EXCHANGE != 0);
        if may_sign && self.is_for_servers() { Ok(()) } else { Err(CertificateError::InvalidPurpose) }
    }

    /// Checks that it may issue a certificate for a server, with so many certificates `between` them that did not issue
    /// themselves: section 6.1.4, (k) to (n).
    pub fn check_issuer(&self, between: usize) -> Result<(), BadChain> {
        let (is_authority, length) = match self.basic_constraints {
            Some(constraints) => constraints,
            // As OpenSSL judges an old authority's own certificate.
            None => (self.is_version_1 && self.is_self_issued || self.key_usage.is_some(), None),
        };
        if !is_authority || self.key_usage.is_some_and(|bits| bits & KEY_CERT_SIGN == 0) {
            return Err(BadChain::NoAuthority);
        }
        if length.is_some_and(|length| between > length) {
            return Err(BadChain::Length);
        }
        if !self.is_for_servers() {
            return Err(BadChain::AuthorityPurpose);
        }
        if self.has_unknown { Err(BadChain::Extension) } else { Ok(()) }
    }

    /// Returns whether it names itself as its issuer, so that it does not count in a path's length.
    pub fn is_self_issued(&self) -> bool {
        self.is_self_issued
    }

    fn is_for_servers(&self) -> bool {
        self.extended_key_usage.is_none_or(|mut purposes| {
            std::iter::from_fn(|| element(&mut purposes)).any(|purpose| purpose == (OBJECT_IDENTIFIER, SERVER_AUTH))
        })
    }
}

/// Reads a time as seconds of Unix time: section 4.1.2.5.
fn time(input: &mut &[u8]) -> Option<i64> {
    let (tag, text) = element(input)?;
    let mut pairs = text.strip_suffix(b"Z")?.chunks(2);
    let mut two_digits = || match *pairs.next()? {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Some(i64::from(tens - b'0') * 10 + i64::from(ones - b'0')),
        _ => None,
    };
    let year = match (tag, two_digits()?) {
        (UTC_TIME, year @ ..50) => 2000 + year,
        (UTC_TIME, year) => 1900 + year,
        (GENERALIZED_TIME, century) => century * 100 + two_digits()?,
        _ => return None,
    };
    let [month, day, hour] = [two_digits()?, two_digits()?, two_digits()?];
    let [minute, second] = [two_digits()?, two_digits()?];
    // The year begins in March, so that a leap day is its last.
    let (year, month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 719_469;
    pairs.next().is_none().then_some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_are_read() {
        for (text, expected) in [
            (&b"\x17\x0d700101000000Z"[..], Some(0)),
            (b"\x17\x0d691231235959Z", Some(-1)),
            (b"\x17\x0d000229120000Z", Some(951_825_600)),
            (b"\x17\x0d491231235959Z", Some(2_524_607_999)),
            (b"\x18\x0f20500101000000Z", Some(2_524_608_000)),
            (b"\x18\x0f20240301000000Z", Some(1_709_251_200)),
            (b"\x18\x0f99991231235959Z", Some(253_402_300_799)),
            (b"\x17\x0c70010100000Z", None),
            (b"\x17\x0d7001010000000", None),
            (b"\x17\x0f700101000000+0Z", None),
            (b"\x17\x0f70010100000000Z", None),
            (b"\x17\x0fx00101000000+0", None),
            (b"\x02\x0d700101000000Z", None),
            (b"", None),
        ] {
            assert_eq!(time(&mut &text[..]), expected, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn no_bytes_make_it_panic() {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let der = made.cert.der();
        assert!(Certificate::parse(der).is_some());
        for length in 0..der.len() {
            assert!(Certificate::parse(&der[..length]).is_none(), "{length} bytes");
        }
        proptest!(|(place in 0..der.len(), byte: u8, other in 0..der.len(), another: u8)| {
            let mut der = der.to_vec();
            (der[place], der[other]) = (byte, another);
            if let Some(certificate) = Certificate::parse(&der) {
                let now = UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000));
                let _ = (certificate.check_dates(now), certificate.check_server(), certificate.check_issuer(1));
            }
        });
        proptest!(|(bytes: Vec<u8>)| assert!(Certificate::parse(&bytes).is_none()));
    }
}
