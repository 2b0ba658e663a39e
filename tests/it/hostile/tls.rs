//! TLS: what comes in its place, and a decent server's handshake, cut and added to, record by record.

use std::io::{Read, Write};
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, ServerConnection, SupportedProtocolVersion};
use socket2::Socket;

use super::Verdict::{self, Healthy, Late, Unhealthy};
use super::{Case, case, refused, run_all};
use crate::full::pki::{Authority, Identity, as_is, text};
use crate::support::script::Step::{self, Await, Drip, HalfClose, Repeat, Reset, Send, Silence};
use crate::support::script::play;

/// How a ClientHello begins.
const HELLO: Step = Await(b"\x16\x03\x01");

/// Of TLS 1.2, with ECDHE_ECDSA and AES_128_GCM: the client proves nothing yet, so any will do.
const SERVER_HELLO: &[u8] = b"\x16\x03\x03\0\x31\x02\0\0\x2d\x03\x03\
    0123456789abcdef0123456789abcdef\0\xc0\x2b\0\0\x05\xff\x01\0\x01\0";

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nall is well";

const CLOSED: Verdict = Unhealthy("closed during the TLS handshake");

#[ignore = "needs dist/: run `make test`"]
#[test]
fn no_records_are_taken_for_a_healthy_answer() {
    let authority = Authority::new("authority");
    let identity = authority.issue("server", &["localhost"], as_is);
    let mut table = Vec::new();
    beginnings(&mut table);
    for version in [&TLS12, &TLS13] {
        handshakes(&mut table, text(&authority.certificate), &identity, version);
    }
    run_all(table);
}

fn record(kind: u8, payload: &[u8]) -> Vec<u8> {
    [&[kind, 3, 3], &(payload.len() as u16).to_be_bytes()[..], payload].concat()
}

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;

/// What needs no key.
fn beginnings(table: &mut Vec<Case>) {
    let https = ["https://:PORT", "--tls-no-verify"];
    table.push(refused(&https, "connection refused"));
    let mut add = |name: String, verdict, script: &[Step]| table.push(case(name, &https, verdict, script));
    add("accept and close".into(), Unhealthy(""), &[]);
    add("accept and reset".into(), Unhealthy(""), &[Reset]);
    add("accept and say nothing".into(), Late("no TLS handshake"), &[Silence]);
    add("close".into(), CLOSED, &[HELLO]);
    // Something else than TLS.
    for (name, bytes) in [
        ("HTTP/1.1", &b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"[..]),
        ("HTTP/1.1 200", b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwell"),
        ("HTTP/0.9", b"<html>well</html>"),
        ("HTTP/2", b"\0\0\0\x04\0\0\0\0\0\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\x01"),
        ("SMTP", b"220 mail.example ESMTP\r\n"),
        ("Redis", b"-ERR unknown command\r\n"),
        ("zeros", &[0; 100]),
        ("0xff", &[0xff; 100]),
    ] {
        let plain = Unhealthy("does not speak TLS; perhaps it speaks plain HTTP");
        add(name.into(), plain, &[HELLO, Send(bytes.into()), HalfClose]);
        add(format!("{name} at once"), plain, &[Send(bytes.into()), HalfClose]);
        add(format!("{name} without end"), plain, &[HELLO, Repeat(bytes.into())]);
    }
    // Each alert there is, and some that there are not.
    for begin in [&b""[..], SERVER_HELLO] {
        for description in 0..=255 {
            for level in [1, 2] {
                let verdict = match (level, description) {
                    (1, 0) => CLOSED,
                    (1, _) => Unhealthy(""),
                    _ => Unhealthy("TLS alert "),
                };
                let alert = [begin, &record(ALERT, &[level, description])].concat();
                let name = format!("alert {description}, level {level}, behind {} bytes", begin.len());
                add(name, verdict, &[HELLO, Send(alert), HalfClose]);
            }
        }
        // What is no record, or comes at the wrong time.
        let hello_request = record(HANDSHAKE, &[0; 4]);
        let hello_done = record(HANDSHAKE, &[14, 0, 0, 0]);
        for (name, other) in [
            ("an alert of level 3", record(ALERT, &[3, 40])),
            ("a short alert", record(ALERT, &[2])),
            ("an empty alert", record(ALERT, &[])),
            ("an empty handshake record", record(HANDSHAKE, &[])),
            ("HelloRequest", hello_request),
            ("ServerHelloDone", hello_done),
            ("a message of 2^24-1", record(HANDSHAKE, &[11, 0xff, 0xff, 0xff])),
            ("a message of no known type", record(HANDSHAKE, &[99, 0, 0, 0])),
            ("a certificate message of nothing", record(HANDSHAKE, &[11, 0, 0, 0])),
            ("a certificate message without end", record(HANDSHAKE, &[&[11, 0, 0xff, 0xff][..], &[0; 1000]].concat())),
            ("NewSessionTicket", record(HANDSHAKE, b"\x04\0\0\x06\0\0\0\0\0\0")),
            ("KeyUpdate", record(HANDSHAKE, &[24, 0, 0, 1, 0])),
            ("ChangeCipherSpec", record(20, &[1])),
            ("a long ChangeCipherSpec", record(20, &[1, 1])),
            ("application data", record(23, ANSWER)),
            ("heartbeat", record(24, &[1, 0, 0])),
            ("a record of no known type", record(99, &[0])),
            ("a record of 2^14+1", record(HANDSHAKE, &[0; 16_385])),
            ("a record of 2^14+257", record(23, &[0; 16_641])),
            ("a record of 2^16-1", record(23, &[0; 65_535])),
            ("SSL 3.0", b"\x16\x03\x00\0\x04\0\0\0\0".into()),
            ("TLS 9.9", b"\x16\x09\x09\0\x04\0\0\0\0".into()),
            ("SSLv2", b"\x80\x2e\x04\0\x01\0\x02\0\0\0\0\x10".into()),
        ] {
            let send = Send([begin, &other].concat());
            let at = |what: &str| format!("{name} {what}, behind {} bytes", begin.len());
            add(at("and the end"), Unhealthy(""), &[HELLO, send.clone(), HalfClose]);
            add(at("without end"), Unhealthy(""), &[HELLO, Send(begin.into()), Repeat(other)]);
        }
    }
    let hello = |change: usize, to: u8| {
        let mut hello = SERVER_HELLO.to_vec();
        hello[change] = to;
        Send(hello)
    };
    for (name, place, to) in [
        ("of SSL 3.0", 10, 0),
        ("of TLS 1.1", 10, 2),
        ("of TLS 1.5", 10, 5),
        ("of an unknown suite", 45, 0x99),
        ("with compression", 46, 1),
        ("with extensions that are cut", 48, 6),
        ("longer than it is", 8, 0x2e),
    ] {
        add(format!("ServerHello {name}"), Unhealthy(""), &[HELLO, hello(place, to), HalfClose]);
    }
    for length in 0..SERVER_HELLO.len() {
        let cut = || Send(SERVER_HELLO[..length].into());
        add(format!("close at {length}"), CLOSED, &[HELLO, cut()]);
        add(
            format!("reset at {length}"),
            Unhealthy("the TLS handshake broke: Connection reset"),
            &[HELLO, cut(), Reset],
        );
        if length % 10 == 0 {
            add(format!("silence at {length}"), Late("no TLS handshake"), &[HELLO, cut(), Silence]);
        }
    }
    let drip = [HELLO, Drip(SERVER_HELLO.into(), Duration::from_millis(5)), Silence];
    add("ServerHello, slowly".into(), Late("no TLS handshake"), &drip);
}

/// A decent server, whose records are cut off and added to.
#[derive(Clone)]
pub struct Tampered {
    config: Arc<ServerConfig>,
    answer: &'static [u8],
    /// So many records go out, and of the next this much of its length, before this is played.
    records: usize,
    bytes: fn(usize) -> usize,
    script: Vec<Step>,
    /// Whether the rest follows.
    goes_on: bool,
    /// What goes out in place of a record of this number.
    record: Arc<Change>,
    key_updates: usize,
}

type Change = dyn Fn(usize, &[u8]) -> Vec<u8> + Sync + std::marker::Send;

/// The number of the record that holds the answer.
const ANSWER_RECORD: usize = 3;

impl Tampered {
    fn new(
        identity: &Identity,
        version: &'static SupportedProtocolVersion,
        change: impl FnOnce(&mut ServerConfig),
    ) -> Self {
        Self::with_chain(identity, vec![], version, change)
    }

    pub fn with_chain(
        identity: &Identity,
        others: Vec<CertificateDer<'static>>,
        version: &'static SupportedProtocolVersion,
        change: impl FnOnce(&mut ServerConfig),
    ) -> Self {
        let chain = [vec![identity.der.clone().into()], others].concat();
        let key = PrivatePkcs8KeyDer::from(identity.key_der.clone());
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[version])
            .expect("the provider has it")
            .with_no_client_auth()
            .with_single_cert(chain, key.into())
            .expect("they belong together");
        config.send_tls13_tickets = 0;
        change(&mut config);
        Self {
            config: Arc::new(config),
            answer: ANSWER,
            records: usize::MAX,
            bytes: |_| 0,
            script: vec![],
            goes_on: true,
            record: Arc::new(|_, record| record.into()),
            key_updates: 0,
        }
    }

    pub fn case(self, name: String, arguments: &[&str], verdict: Verdict) -> Case {
        Case::new(name, arguments, verdict, Some(Arc::new(move |client| _ = self.serve(client))))
    }

    /// Up to the end, or `None` where the client went before.
    fn serve(&self, mut client: &Socket) -> Option<()> {
        client.set_tcp_nodelay(true).ok()?;
        let mut server = ServerConnection::new(self.config.clone()).expect("a configuration");
        // What it has to say may be long.
        server.set_buffer_limit(None);
        let (mut request, mut answered, mut sent) = (Vec::new(), false, 0);
        while !answered {
            answered = request.ends_with(b"\r\n\r\n");
            if answered {
                for _ in 0..self.key_updates {
                    server.refresh_traffic_keys().expect("it is TLS 1.3");
                }
                server.writer().write_all(self.answer).expect("it has room");
                server.send_close_notify();
            }
            let mut out = Vec::new();
            while server.wants_write() {
                server.write_tls(&mut out).expect("a Vec takes it all");
            }
            let mut rest = &out[..];
            while let [_, _, _, a, b, ..] = *rest {
                let record = rest.split_off(..5 + usize::from(u16::from_be_bytes([a, b]))).expect("whole records");
                let record = (self.record)(sent, record);
                if sent == self.records {
                    client.write_all(&record[..(self.bytes)(record.len())]).ok()?;
                    if !play(client, &self.script) || !self.goes_on {
                        return None;
                    }
                }
                client.write_all(&record).ok()?;
                sent += 1;
            }
            if !answered {
                server.read_tls(&mut client).ok().filter(|&length| length > 0)?;
                server.process_new_packets().ok()?;
                let _ = server.reader().read_to_end(&mut request);
            }
        }
        // To close would be to say more than the records do.
        play(client, &[Silence]).then_some(())
    }
}

fn handshakes(table: &mut Vec<Case>, ca: &str, identity: &Identity, version: &'static SupportedProtocolVersion) {
    let plain = ["https://localhost:PORT", "--tls-ca-cert", ca];
    let contains = ["https://localhost:PORT", "--tls-ca-cert", ca, "--contains=well"];
    let tls13 = version == &TLS13;
    let named = |name: &str| format!("{name}, in {:?}", version.version);
    let well = Tampered::new(identity, version, |_| ());
    table.push(well.clone().case(named("nothing"), &plain, Healthy));
    table.push(well.clone().case(named("nothing"), &contains, Healthy));
    // Cut at each flight, and in the middle of it.
    for records in 0..=ANSWER_RECORD + 1 {
        let parts: [fn(usize) -> usize; 4] = [|_| 0, |_| 3, |_| 5, |length| length - 1];
        for (part, bytes) in parts.into_iter().enumerate() {
            let cut = |name: &str, script: &[Step], verdict| {
                let cut = Tampered { records, bytes, script: script.into(), goes_on: false, ..well.clone() };
                let verdict = if records > ANSWER_RECORD { Healthy } else { verdict };
                let name = named(&format!("{name} behind {records} records, at {part}"));
                [cut.clone().case(name.clone(), &plain, verdict), cut.case(name, &contains, verdict)]
            };
            let shaken = records == ANSWER_RECORD;
            let closed = if shaken { Unhealthy("closed before a complete response head") } else { CLOSED };
            let late = Late(if shaken { "no complete response head" } else { "no TLS handshake" });
            // To close would be to reset, where the client is not done yet.
            table.extend(cut("end", &[HalfClose], closed));
            table.extend(cut("reset", &[Reset], Unhealthy("Connection reset by peer")));
            table.extend(cut("silence", &[Silence], late));
        }
    }
    // What has no place there.
    for records in 0..=ANSWER_RECORD {
        for (name, other) in [
            ("a fatal alert", record(ALERT, &[2, 40])),
            ("application data", record(23, b"HTTP/1.1 200 OK\r\n\r\nwell")),
            ("an empty record", record(23, b"")),
            ("an empty handshake record", record(HANDSHAKE, b"")),
            ("HelloRequest and more", record(HANDSHAKE, &[0; 8])),
            ("Finished", record(HANDSHAKE, &[20, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])),
            ("a record of no known type", record(99, b"x")),
            ("a record of 2^14+257", record(23, &[0; 16_641])),
            ("HTTP/1.1", ANSWER.into()),
        ] {
            for (how, step) in [("once", Send(other.clone())), ("without end", Repeat(other))] {
                let with = Tampered { records, script: vec![step], ..well.clone() };
                let name = named(&format!("{name} {how}, behind {records} records"));
                table.push(Case { goes_on: how != "once", ..with.case(name, &plain, Unhealthy("")) });
            }
        }
        let flipped = move |number: usize, record: &[u8]| {
            let mut record = record.to_vec();
            if number == records {
                // Neither of the header, nor of the last message's length.
                let place = if number == 0 { record.len() / 2 } else { record.len() - 1 };
                record[place] ^= 1;
            }
            record
        };
        let flipped = Tampered { record: Arc::new(flipped), ..well.clone() };
        table.push(flipped.case(named(&format!("a bit of record {records}")), &plain, Unhealthy("")));
        // ChangeCipherSpec, which TLS 1.3 has for old proxies' sake.
        let for_show = tls13 && records == 1;
        let verdict = |verdict| if for_show { Healthy } else { verdict };
        let twice = move |number: usize, record: &[u8]| record.repeat(if number == records { 2 } else { 1 });
        let twice = Tampered { record: Arc::new(twice), ..well.clone() };
        table.push(twice.case(named(&format!("record {records} twice")), &plain, verdict(Unhealthy(""))));
        let missed = records == 2 || !tls13 && records == 0;
        let mut without = |name: String, verdict, length: Option<u8>| {
            let change = move |number: usize, record: &[u8]| {
                let mut record = if number == records { vec![] } else { record.to_vec() };
                if let (true, Some(length)) = (number == records + 1, length) {
                    record[6] = length;
                }
                record
            };
            let without = Tampered { record: Arc::new(change), ..well.clone() };
            table.push(without.case(named(&name), &plain, verdict));
        };
        let late = Late("no TLS handshake");
        if !tls13 && records == 1 {
            // Without ChangeCipherSpec, the client takes what is encrypted for a message in the clear, and its length is
            // chance. Its first byte is 0 once in 256 runs, and then the client waits for the rest of the message.
            without("no ChangeCipherSpec, and then a long message".into(), Unhealthy(""), Some(0xff));
            without("no ChangeCipherSpec, and then a short message".into(), late, Some(0));
        } else {
            let verdict = verdict(if missed { late } else { Unhealthy("") });
            without(format!("no record {records}"), verdict, None);
        }
    }
    // What is strange, and as it should be.
    let bytes = |number: usize, bytes: &[u8]| match number {
        0 => bytes[5..].iter().flat_map(|&byte| record(HANDSHAKE, &[byte])).collect(),
        _ => bytes.to_vec(),
    };
    let bytes = Tampered { record: Arc::new(bytes), ..well.clone() };
    table.push(bytes.case(named("records of one byte"), &plain, Healthy));
    let small = Tampered::new(identity, version, |config| config.max_fragment_size = Some(32));
    table.push(small.case(named("small records"), &contains, Healthy));
    if tls13 {
        let many = |tickets| Tampered::new(identity, version, |config| config.send_tls13_tickets = tickets);
        table.push(many(10).case(named("10 tickets"), &contains, Healthy));
        let flood = many(10_000).case(named("10,000 tickets"), &contains, Unhealthy("message buffer full"));
        table.push(Case { goes_on: true, ..flood });
        for (key_updates, verdict) in [(1, Healthy), (32, Healthy), (33, Unhealthy("")), (10_000, Unhealthy(""))] {
            let updated = Tampered { key_updates, ..well.clone() };
            table.push(updated.case(format!("{key_updates} KeyUpdates"), &contains, verdict));
        }
    }
    // What is truncated, with TLS's own word for the end and without.
    for (answer, verdict) in [
        (&b"HTTP/1.1 200 OK\r\nServer: a\r\n"[..], Unhealthy("closed before a complete response head")),
        (b"HTTP/1.1 200 OK\r\n\r\nall is wel", Unhealthy("")),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nall is wel", Unhealthy("")),
        (b"HTTP/1.1 200 OK\r\n\r\nall is well", Healthy),
    ] {
        let name = |how: &str| named(&format!("{how}: {}", answer.escape_ascii()));
        let ended = Tampered { answer, ..well.clone() };
        let cut = Tampered { records: ANSWER_RECORD + 1, script: vec![HalfClose], goes_on: false, ..ended.clone() };
        table.push(ended.case(name("close_notify"), &contains, verdict));
        table.push(cut.case(name("no close_notify"), &contains, verdict));
    }
    // Certificates.
    for (name, count, size, verdict) in [
        ("a second certificate of 60,000 bytes", 1, 60_000, Healthy),
        ("a second certificate of 100,000 bytes", 1, 100_000, Unhealthy("")),
        ("a hundred certificates", 100, 500, Unhealthy("a chain that is too long")),
        ("ten thousand certificates of nothing", 10_000, 0, Unhealthy("")),
    ] {
        let others = vec![CertificateDer::from(vec![0x30; size]); count];
        let long = Tampered::with_chain(identity, others, version, |_| ());
        table.push(long.case(named(name), &plain, verdict));
    }
}
