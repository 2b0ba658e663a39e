//! SPIFFE's Workload API, of our own.

use std::path::Path;

use rcgen::{CertificateParams, SanType};

use super::peer::{Answer, Peer};
use super::pki::{Authority, Identity, text};

/// Names a certificate.
pub fn spiffe_id(id: &'static str) -> impl FnOnce(&mut CertificateParams) {
    |params| params.subject_alt_names = vec![SanType::URI(id.try_into().expect("ASCII"))]
}

/// A field of wire type 2.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut field = vec![number << 3 | 2];
    let mut length = bytes.len();
    while length >= 0x80 {
        field.push(length as u8 | 0x80);
        length >>= 7;
    }
    field.push(length as u8);
    field.extend_from_slice(bytes);
    field
}

/// X509SVIDResponse.
pub fn response(id: &str, identity: &Identity, bundle: &[u8], federated: &[(&str, &Authority)]) -> Vec<u8> {
    let svid =
        [field(1, id.as_bytes()), field(2, &identity.der), field(3, &identity.key_der), field(4, bundle)].concat();
    let mut response = field(1, &svid);
    for (domain, authority) in federated {
        response.extend(field(3, &[field(1, domain.as_bytes()), field(2, authority.der())].concat()));
    }
    response
}

/// A stream that goes on, as the Workload API's does.
pub fn stream_of(message: &[u8]) -> Answer {
    Answer {
        head: vec![("content-type", "application/grpc".into())],
        data: [&[0][..], &(message.len() as u32).to_be_bytes(), message]
            .concat()
            .chunks(4_000)
            .map(Vec::from)
            .collect(),
        hang: true,
        ..Answer::default()
    }
}

/// One that goes on to say `message`, and where it is.
pub fn workload_api(path: &Path, message: Vec<u8>) -> (Peer, String) {
    let peer = Peer::start_on_socket(path, move |_| stream_of(&message));
    (peer, format!("unix://{}", text(path)))
}
