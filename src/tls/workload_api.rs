//! SPIFFE's Workload API: who we are, by a certificate with its key, and whom to trust. SPIFFE Workload API
//! specification, section 5: the call's first message has it all.

use std::sync::Arc;

use hyper::header::{HeaderName, HeaderValue};
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

use super::credentials::{self, Credentials};
use super::trust::{Trust, domain_of};
use crate::connect::{self, Writes};
use crate::progress::Progress;
use crate::target::endpoint::Endpoint;
use crate::unhealthy::Unhealthy;
use crate::unhealthy::grpc::BadCall;
use crate::wire::protobuf::{Value, fields};
use crate::wire::{grpc, http2};

const FETCH: &str = "/SpiffeWorkloadAPI/FetchX509SVID";

/// The longest message that is read, in bytes.
const MAX_MESSAGE: usize = 256 * 1024;

/// The most that is read behind the head: the message in frames.
const MAX_READ: usize = 2 * MAX_MESSAGE;

/// Asks for this workload's first identity, and the bundles of its own trust domain and of those that it federates with.
pub async fn fetch(api: &Endpoint, progress: &Progress) -> Result<Credentials, Unhealthy> {
    let in_fetch = |reason| Unhealthy::Explained {
        before: "no certificates from SPIFFE_ENDPOINT_SOCKET: ",
        reason: Box::new(reason),
        after: "",
    };
    progress.awaits_step("certificates from SPIFFE_ENDPOINT_SOCKET");
    let authority = match api {
        Endpoint::Authority(authority) => authority.to_string(),
        Endpoint::Unix(_) => "localhost".into(),
    };
    let mut request = grpc::request(false, &authority, FETCH, &[], false);
    // Section 3: a request that someone was tricked into sending lacks it.
    request.headers_mut().insert(HeaderName::from_static("workload.spiffe.io"), HeaderValue::from_static("true"));
    let first = async |response| grpc::Reply::new(response, false, MAX_MESSAGE)?.message().await;
    // The connection that is awaited in detail is no target's.
    let stream = connect::open(api, Writes::Often, &Progress::start(false)).await.map_err(in_fetch)?;
    let message =
        http2::ask(stream, MAX_READ, request, first).await.map_err(|reason: BadCall| in_fetch(reason.into()))?;
    credentials_in(&message).ok_or_else(|| in_fetch(BadCall::Message.into()))
}

/// Reads an X509SVIDResponse: `svids` is field 1, `federated_bundles` field 3.
pub fn credentials_in(message: &[u8]) -> Option<Credentials> {
    let mut credentials = None;
    let mut bundles = Vec::new();
    for field in fields(message) {
        match field? {
            (1, Value::Bytes(svid)) if credentials.is_none() => credentials = Some(identity_in(svid, &mut bundles)?),
            (3, Value::Bytes(entry)) => bundles.push(federated_in(entry)?),
            _ => {}
        }
    }
    Some(Credentials { trust: Arc::new(Trust::Spiffe(bundles)), identity: Some(credentials?) })
}

/// Reads an X509SVID: `spiffe_id`, `x509_svid`, `x509_svid_key` and `bundle` are fields 1 to 4.
fn identity_in(svid: &[u8], bundles: &mut Vec<(String, RootCertStore)>) -> Option<Arc<rustls::sign::CertifiedKey>> {
    let [id, chain, key, bundle] = bytes_of(svid)?;
    let domain = domain_of(std::str::from_utf8(id).ok()?)?;
    bundles.push((domain.into(), store(bundle)?));
    let key = PrivatePkcs8KeyDer::from(key.to_vec());
    credentials::identity(certificates(chain)?, key.into()).ok()
}

/// Reads an entry of a map: the trust domain's SPIFFE ID, and its bundle.
fn federated_in(entry: &[u8]) -> Option<(String, RootCertStore)> {
    let [id, bundle] = bytes_of(entry)?;
    Some((domain_of(std::str::from_utf8(id).ok()?)?.into(), store(bundle)?))
}

/// Returns the fields 1 to `N` of a message, each of which is bytes.
fn bytes_of<const N: usize>(message: &[u8]) -> Option<[&[u8]; N]> {
    let mut found = [&[][..]; N];
    for field in fields(message) {
        if let (number @ 1.., Value::Bytes(bytes)) = field?
            && let Some(place) = found.get_mut(number as usize - 1)
        {
            *place = bytes;
        }
    }
    Some(found)
}

fn store(bundle: &[u8]) -> Option<RootCertStore> {
    let mut store = RootCertStore::empty();
    for certificate in certificates(bundle)? {
        store.add(certificate).ok()?;
    }
    Some(store)
}

/// Reads certificates in DER, one after the other: each begins with SEQUENCE and says its length, X.690, section 8.1.3.
fn certificates(mut der: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let mut certificates = Vec::new();
    while !der.is_empty() {
        let length = match *der {
            [0x30, length @ ..=0x7f, ..] => 2 + usize::from(length),
            [0x30, 0x81, a, ..] => 3 + usize::from(a),
            [0x30, 0x82, a, b, ..] => 4 + usize::from(u16::from_be_bytes([a, b])),
            _ => return None,
        };
        certificates.push(der.split_off(..length)?.to_vec().into());
    }
    if certificates.is_empty() { None } else { Some(certificates) }
}
