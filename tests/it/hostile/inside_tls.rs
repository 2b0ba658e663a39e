//! What has no end inside TLS 1.3, where each record is authentic; and before it, for one target and for eight at once.

use std::io::{Read, Write};
use std::sync::Arc;

use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use rustls::crypto::CryptoProvider;
use rustls::crypto::ring::cipher_suite::TLS13_AES_128_GCM_SHA256;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::version::TLS13;
use rustls::{ConnectionTrafficSecrets, ServerConfig, ServerConnection};
use socket2::Socket;

use super::Verdict::{NotHealthy, Unhealthy};
use super::{Case, case, run_all};
use crate::full::pki::{Authority, Identity, as_is, text};
use crate::support::script::Step::{Await, Repeat};

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;

/// RFC 8446, section 4.6.1: a ticket of four bytes for one second.
const TICKET: &[u8] = b"\x04\0\0\x12\0\0\0\x01\0\0\0\0\x01\0\0\x04abcd\0\0";

#[ignore = "needs dist/: run `make test`"]
#[test]
fn nothing_inside_tls_outlasts_the_deadline() {
    run_all(floods().collect());
}

#[ignore = "needs dist/: run `make test`"]
#[test]
fn nothing_before_tls_makes_eight_targets_late() {
    run_all(plain().map(Case::eight).collect());
}

#[ignore = "needs dist/: run `make test`"]
#[test]
fn nothing_inside_tls_makes_eight_targets_late() {
    run_all(floods().map(Case::eight).collect());
}

/// Nothing of a ticket comes out of TLS, so that only a limit below it counts them.
#[ignore = "needs dist/: run `make test`"]
#[test]
fn tickets_end_at_the_limit_below_tls() {
    let counted = Unhealthy("no end within 1024 KiB over TLS");
    let tickets = floods().filter(|case| case.name.starts_with("tickets"));
    run_all(tickets.map(|case| Case { verdict: counted, goes_on: false, ..case }).collect());
}

/// Plain bytes without end, at once and as an answer to a ClientHello.
fn plain() -> impl Iterator<Item = Case> {
    let record =
        |kind: u8, payload: &[u8]| [&[kind, 3, 3], &(payload.len() as u16).to_be_bytes()[..], payload].concat();
    let kinds = [
        ("HTTP/1.1", b"HTTP/1.1 200 OK\r\n\r\n".to_vec()),
        ("zeros", vec![0; 100]),
        ("0xff", vec![0xff; 100]),
        ("a line without end", b"x".to_vec()),
        ("frames of HTTP/2", b"\0\0\0\x04\0\0\0\0\0".to_vec()),
        ("empty alerts", record(ALERT, b"")),
        ("warnings", record(ALERT, &[1, 90])),
        ("empty handshake records", record(HANDSHAKE, b"")),
        ("HelloRequest", record(HANDSHAKE, &[0; 4])),
        ("a long message", record(HANDSHAKE, &[&[11, 0xff, 0xff, 0xff][..], &[0; 1000]].concat())),
        ("a message in bytes", record(HANDSHAKE, &[2])),
        ("tickets", record(HANDSHAKE, TICKET)),
        ("KeyUpdate", record(HANDSHAKE, &[24, 0, 0, 1, 0])),
        ("ChangeCipherSpec", record(20, &[1])),
        ("application data", record(APPLICATION_DATA, &[0; 16_000])),
        ("empty application data", record(APPLICATION_DATA, b"")),
        ("heartbeats", record(24, &[1, 0, 0])),
    ];
    kinds.into_iter().flat_map(|(name, bytes)| {
        let repeat = Repeat(bytes);
        let https = ["https://:PORT", "--tls-no-verify"];
        [
            case(format!("{name} at once"), &https, NotHealthy, std::slice::from_ref(&repeat)),
            case(format!("{name} behind a ClientHello"), &https, NotHealthy, &[Await(b"\x16\x03\x01"), repeat]),
        ]
    })
}

/// Records without end in place of an answer, and behind its head.
fn floods() -> impl Iterator<Item = Case> {
    let authority = Authority::new("authority");
    let identity = authority.issue("server", &["localhost"], as_is);
    let config = config(&identity);
    let kinds: [(&str, u8, Vec<u8>, usize); 14] = [
        ("application data", APPLICATION_DATA, vec![b'x'; 16_384], 0),
        ("application data of one byte", APPLICATION_DATA, b"x".to_vec(), 0),
        ("empty application data", APPLICATION_DATA, vec![], 0),
        ("padding", APPLICATION_DATA, vec![], 16_384),
        ("interim responses", APPLICATION_DATA, b"HTTP/1.1 103 \r\n\r\n".repeat(900), 0),
        ("fields", APPLICATION_DATA, b"a: b\r\n".repeat(2000), 0),
        ("tickets", HANDSHAKE, TICKET.to_vec(), 0),
        ("tickets in long records", HANDSHAKE, TICKET.repeat(700), 0),
        ("empty handshake records", HANDSHAKE, vec![], 0),
        ("a message without end", HANDSHAKE, [&[4, 0xff, 0xff, 0xff][..], &[0; 16_000]].concat(), 0),
        ("KeyUpdate and the old key", HANDSHAKE, vec![24, 0, 0, 1, 0], 0),
        ("warnings", ALERT, vec![1, 90], 0),
        ("close_notify", ALERT, vec![1, 0], 0),
        ("records of no known type", 99, vec![0], 0),
    ];
    let sealed = kinds.map(|(name, kind, content, padding)| (name, Flood::Sealed { kind, content, padding }));
    let floods: Vec<_> = sealed.into_iter().chain([("KeyUpdate", Flood::KeyUpdates)]).collect();
    let ca = text(&authority.certificate).to_owned();
    // The authority's folder stays as long as the cases.
    let authority = Arc::new(authority);
    floods.into_iter().flat_map(move |(name, flood)| {
        let flood = Arc::new(flood);
        [
            ("", &b""[..]),
            (" behind a head", b"HTTP/1.1 200 OK\r\n\r\n"),
            (" behind half a head", b"HTTP/1.1 200 OK\r\n"),
        ]
        .map(|(place, begin)| {
            let (config, flood, authority) = (config.clone(), flood.clone(), authority.clone());
            let arguments = ["https://localhost:PORT", "--tls-ca-cert", &ca, "--contains=none"];
            let serve = move |client: &Socket| {
                let _folder = &authority;
                serve(client, &config, begin, &flood).unwrap_or_default();
            };
            let case = Case::new(format!("{name}{place}"), &arguments, NotHealthy, Some(Arc::new(serve)));
            Case { goes_on: true, ..case }
        })
    })
}

enum Flood {
    /// The same record, again and again.
    Sealed { kind: u8, content: Vec<u8>, padding: usize },
    /// A new key, again and again: only rustls has the secret that it takes.
    KeyUpdates,
}

fn config(identity: &Identity) -> Arc<ServerConfig> {
    let provider = CryptoProvider { cipher_suites: vec![TLS13_AES_128_GCM_SHA256], ..default_provider() };
    let key = PrivatePkcs8KeyDer::from(identity.key_der.clone());
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&TLS13])
        .expect("the provider has it")
        .with_no_client_auth()
        .with_single_cert(vec![identity.der.clone().into()], key.into())
        .expect("they belong together");
    config.send_tls13_tickets = 0;
    config.enable_secret_extraction = true;
    Arc::new(config)
}

/// Awaits a request, says `begin`, and floods the client until it has gone: `None`.
fn serve(mut client: &Socket, config: &Arc<ServerConfig>, begin: &[u8], flood: &Flood) -> Option<()> {
    let mut server = ServerConnection::new(config.clone()).expect("a configuration");
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        server.read_tls(&mut client).ok().filter(|&length| length > 0)?;
        server.process_new_packets().ok()?;
        let _ = server.reader().read_to_end(&mut request);
        while server.wants_write() {
            server.write_tls(&mut client).ok()?;
        }
    }
    server.writer().write_all(begin).expect("it has room");
    while server.wants_write() {
        server.write_tls(&mut client).ok()?;
    }
    let Flood::Sealed { kind, content, padding } = flood else {
        loop {
            server.refresh_traffic_keys().expect("it is TLS 1.3");
            server.write_tls(&mut client).ok()?;
        }
    };
    let (sequence, secrets) = server.dangerous_extract_secrets().expect("the handshake is over").tx;
    let ConnectionTrafficSecrets::Aes128Gcm { key, iv } = secrets else { panic!("the only cipher suite") };
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, key.as_ref()).expect("a key"));
    let mut sealer = Sealer { key, iv: iv.as_ref().try_into().expect("12 bytes"), sequence };
    loop {
        let mut many = Vec::new();
        while many.len() < 0x10000 {
            many.extend(sealer.record(*kind, content, *padding));
        }
        client.write_all(&many).ok()?;
    }
}

/// Makes records that are authentic: RFC 8446, sections 5.2 and 5.3.
struct Sealer {
    key: LessSafeKey,
    iv: [u8; 12],
    sequence: u64,
}

impl Sealer {
    fn record(&mut self, kind: u8, content: &[u8], padding: usize) -> Vec<u8> {
        let mut nonce = self.iv;
        nonce[4..].iter_mut().zip(self.sequence.to_be_bytes()).for_each(|(byte, with)| *byte ^= with);
        self.sequence += 1;
        let mut inner = [content, &[kind], &vec![0; padding]].concat();
        let length = (inner.len() + AES_128_GCM.tag_len()) as u16;
        let header = [&[APPLICATION_DATA, 3, 3][..], &length.to_be_bytes()].concat();
        let nonce = Nonce::assume_unique_for_key(nonce);
        self.key.seal_in_place_append_tag(nonce, Aad::from(&header), &mut inner).expect("a short record");
        [header, inner].concat()
    }
}
