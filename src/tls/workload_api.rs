//! SPIFFE's Workload API: returns this workload's certificate with its private key, and the authorities to trust.
//! SPIFFE Workload API specification, section 5: the first message of the call has all of them.

use std::rc::Rc;
use std::sync::Arc;

use hyper::header::{HeaderName, HeaderValue};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

use super::authorities::Authorities;
use super::credentials::{self, Credentials};
use super::der;
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

/// The most bytes that are read after the head: the message in frames.
const MAX_READ: usize = 2 * MAX_MESSAGE;

/// Fetches the first identity of this workload, the bundle of its own trust domain, and the bundles of the trust
/// domains that it federates with.
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
    // Section 3: a forged request, which someone was tricked into sending, lacks this header.
    request.headers_mut().insert(HeaderName::from_static("workload.spiffe.io"), HeaderValue::from_static("true"));
    let first = async |response| grpc::Reply::new(response, false, MAX_MESSAGE)?.message().await;
    // The progress of the probe does not record this connection, which is not the target's.
    let stream = connect::open(api, Writes::Often, &progress.of_another()).await.map_err(in_fetch)?;
    let message = http2::ask(stream, MAX_READ, Rc::default(), request, first)
        .await
        .map_err(|reason: BadCall| in_fetch(reason.into()))?;
    credentials_in(&message).ok_or_else(|| in_fetch(BadCall::Message.into()))
}

/// Reads an X509SVIDResponse: field 1 is `svids`, field 3 is `federated_bundles`.
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

/// Reads an X509SVID: fields 1 to 4 are `spiffe_id`, `x509_svid`, `x509_svid_key` and `bundle`.
fn identity_in(svid: &[u8], bundles: &mut Vec<(String, Authorities)>) -> Option<Arc<rustls::sign::CertifiedKey>> {
    let [id, chain, key, bundle] = bytes_of(svid)?;
    let domain = domain_of(std::str::from_utf8(id).ok()?)?;
    bundles.push((domain.into(), store(bundle)?));
    let key = PrivatePkcs8KeyDer::from(key.to_vec());
    credentials::identity(certificates(chain)?, key.into()).ok()
}

/// Reads an entry of the map `federated_bundles`: the SPIFFE ID of a trust domain, and its bundle.
fn federated_in(entry: &[u8]) -> Option<(String, Authorities)> {
    let [id, bundle] = bytes_of(entry)?;
    Some((domain_of(std::str::from_utf8(id).ok()?)?.into(), store(bundle)?))
}

/// Returns fields 1 to `N` of a message, each of which holds bytes.
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

fn store(bundle: &[u8]) -> Option<Authorities> {
    let mut store = Authorities::default();
    certificates(bundle)?.into_iter().all(|certificate| store.add(certificate)).then_some(store)
}

/// Reads concatenated DER certificates.
fn certificates(mut der: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let mut certificates = Vec::new();
    while !der.is_empty() {
        let before = der;
        der::tagged(&mut der, der::SEQUENCE)?;
        certificates.push(before[..before.len() - der.len()].to_vec().into());
    }
    if certificates.is_empty() { None } else { Some(certificates) }
}
