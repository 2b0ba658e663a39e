//! TLS on any stream: `tls://`, and services over TLS.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use super::openssl::s_server_of;
use super::pki::{Authority, Identity, as_is, text};
use crate::support::server::{ClosedPort, Server};
use crate::support::{have_tools, lprobe};

/// A server that replies to the first bytes of each connection over TLS. With an authority, it wants a client's certificate.
pub fn over_tls(identity: &Identity, reply: &'static [u8], clients: Option<&Authority>) -> Server {
    serving_tls(identity, clients, b"another", move |stream| {
        if stream.read(&mut [0; 64]).is_ok_and(|length| length > 0) {
            let _ = stream.write_all(reply).and_then(|()| stream.read(&mut [0; 64]).map(drop));
        }
    })
}

/// A server that serves each connection over TLS, and knows one protocol of ALPN.
pub fn serving_tls(
    identity: &Identity,
    clients: Option<&Authority>,
    alpn: &[u8],
    mut serve: impl FnMut(&mut StreamOwned<ServerConnection, TcpStream>) + Send + 'static,
) -> Server {
    let provider = Arc::new(default_provider());
    let config = ServerConfig::builder_with_provider(provider.clone()).with_protocol_versions(&[&TLS13, &TLS12]);
    let config = config.expect("it knows both");
    let config = match clients {
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.der().to_vec().into()).expect("a certificate");
            let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider).build();
            config.with_client_cert_verifier(verifier.expect("it has a root"))
        }
        None => config.with_no_client_auth(),
    };
    let chain = vec![CertificateDer::from_pem_file(&identity.certificate).expect("a certificate")];
    let key = PrivateKeyDer::from_pem_file(&identity.key).expect("a key");
    let mut config = config.with_single_cert(chain, key).expect("a pair");
    // A server that knows protocols refuses a client that offers others.
    config.alpn_protocols = vec![alpn.to_vec()];
    let config = Arc::new(config);
    Server::greeting(move |stream| {
        serve(&mut StreamOwned::new(ServerConnection::new(config.clone()).expect("a configuration"), stream));
    })
}

const MONGODB: &[u8] = b"\x22\0\0\0\0\0\0\0\x01\0\0\0\xdd\x07\0\0\0\0\0\0\0\x0d\0\0\0\x10ok\0\x01\0\0\0\0";

/// Both read a body to its end, however long it is.
#[test]
fn a_long_body_is_healthy_for_curl_and_wget() {
    let authority = Authority::new("authority");
    let identity = authority.issue("server", &["localhost"], as_is);
    let answer = [b"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n", &[b'x'; 3_000_000][..]].concat();
    let server = serving_tls(&identity, None, b"http/1.1", move |stream| {
        if stream.read(&mut [0; 1000]).is_ok_and(|length| length > 0) {
            let _ = stream.write_all(&answer).and_then(|()| stream.read(&mut [0; 64]).map(drop));
        }
    });
    let url = format!("https://localhost:{}/", server.port);
    lprobe(["curl", "-fk", &url]).healthy();
    lprobe(["wget", "--no-check-certificate", &url]).healthy();
    lprobe(["--tls-no-verify", &url]).healthy();
}

#[test]
fn services_are_judged_inside_tls() {
    let authority = Authority::new("authority");
    let identity = authority.issue("server", &["localhost"], as_is);
    let ca = ["--tls-ca-cert", text(&authority.certificate)];
    for (scheme, port, well, sick) in [
        ("rediss", 6379, &b"+PONG\r\n"[..], &b"-LOADING\r\n"[..]),
        ("amqps", 5671, b"\x01\0\0\0\0\0\x14\0\x0a\0\x0a\0\x09\0\0\0\0\0\0\0\x01P\0\0\0\x01e\xce", b"AMQP\0\0\x09\x01"),
        ("mongodb+tls", 27017, MONGODB, b"\x22\0\0\0"),
    ] {
        let server = over_tls(&identity, well, None);
        let target = format!("{scheme}://localhost:{}", server.port);
        lprobe([ca[0], ca[1], &target]).healthy();
        lprobe(["--tls-no-verify", &target]).healthy();
        lprobe([&target]).unhealthy_saying(&[&format!("{target}: "), "certificate"]);
        let server = over_tls(&identity, sick, None);
        let target = format!("{scheme}://localhost:{}", server.port);
        lprobe(["--timeout=300ms", ca[0], ca[1], &target]).unhealthy_saying(&[&target, "reply"]);
        // A server without TLS.
        let plain = Server::greeting(move |mut stream| drop(stream.write_all(well)));
        let target = format!("{scheme}://localhost:{}", plain.port);
        lprobe([ca[0], ca[1], &target]).unhealthy_saying(&["does not speak TLS"]);
        lprobe(["--tls-no-verify", "--timeout=100ms", "--ipv6", &format!("{scheme}://")])
            .unhealthy_saying(&[&format!("{scheme}://localhost:{port}: ")]);
    }
}

#[test]
fn tls_without_a_protocol_is_a_handshake_and_an_exchange() {
    let authority = Authority::new("authority");
    let identity = authority.issue("server", &["localhost"], as_is);
    let ca = ["--tls-ca-cert", text(&authority.certificate)];
    let server = over_tls(&identity, b"hello", None);
    let target = format!("tls://localhost:{}", server.port);
    lprobe([ca[0], ca[1], &target]).healthy();
    lprobe([ca[0], ca[1], "--send=a", &target]).healthy();
    lprobe([ca[0], ca[1], "--send=a", "--expect=hello", &target]).healthy();
    lprobe([ca[0], ca[1], "--send=a", "--expect=other", "--timeout=300ms", &target])
        .unhealthy_saying(&["no expected reply within 300 ms"]);
    lprobe([ca[0], ca[1], "--tls-server-name=other.example", &target]).unhealthy_saying(&["other.example"]);
    lprobe([&target]).unhealthy_saying(&["certificate"]);
    let closed = ClosedPort::new();
    lprobe([ca[0], ca[1], &format!("tls://localhost:{}", closed.port)]).unhealthy_saying(&["connection refused"]);
    let plain = Server::greeting(|mut stream| drop(stream.write_all(b"hello, this is no handshake")));
    lprobe([ca[0], ca[1], &format!("tls://localhost:{}", plain.port)]).unhealthy_saying(&["does not speak TLS"]);

    let server = over_tls(&identity, b"hello", Some(&authority));
    let target = format!("tls://localhost:{}", server.port);
    let client = authority.issue("client", &["a client"], as_is);
    let shown = ["--tls-client-cert", text(&client.certificate), "--tls-client-key", text(&client.key)];
    let exchange = ["--send=a", "--expect=hello", &*target];
    lprobe(ca.iter().chain(&shown).chain(&exchange)).healthy();
    lprobe(ca.iter().chain(&exchange))
        .unhealthy_saying(&["TLS alert certificate_required", "it seems (--tls-client-cert, --tls-client-key)"]);
}

#[test]
fn openssl_answers_over_tls() {
    if !have_tools(&["openssl"]) {
        return;
    }
    let authority = Authority::new("authority");
    let identity = authority.issue("server", &["localhost"], as_is);
    for version in ["-tls1_2", "-tls1_3"] {
        // It sends each line back, from its end to its beginning.
        let server = s_server_of("-rev", &identity, &[version]);
        let exchange = ["--send=abc\\n", "--expect=cba\\n", "--tls-ca-cert", text(&authority.certificate)];
        lprobe(exchange.into_iter().chain([&*format!("tls://localhost:{}", server.port)])).healthy();
    }
}
