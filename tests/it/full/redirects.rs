//! Redirects and bodies over TLS and HTTP/2.

use std::io::{Read, Write};

use super::peer::{Answer, Peer};
use super::pki::{Authority, Identity, as_is, text};
use super::streams::serving_tls;
use crate::support::lprobe;
use crate::support::server::Server;

/// A server over TLS that answers once a request with this end is there.
fn https(identity: &Identity, end: &'static [u8], answer: String) -> Server {
    serving_tls(identity, None, b"http/1.1", move |stream| {
        let mut request = Vec::new();
        while !request.ends_with(end) {
            let mut byte = [0];
            // A probe that refuses the certificate hangs up.
            match stream.read(&mut byte) {
                Ok(1) => request.push(byte[0]),
                _ => return,
            }
        }
        let _ = stream.write_all(answer.as_bytes()).and_then(|()| stream.read(&mut [0; 64]).map(drop));
    })
}

const END: &[u8] = b"\r\n\r\n";

fn ok() -> String {
    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".into()
}

fn to(url: &str) -> String {
    format!("HTTP/1.1 302 Found\r\nLocation: {url}\r\nContent-Length: 0\r\n\r\n")
}

#[test]
fn redirects_lead_into_tls_and_out_of_it() {
    let authority = Authority::new("authority");
    let identity = authority.issue("server", &["localhost"], as_is);
    let by_address = authority.issue("address", &["127.0.0.1"], as_is);
    let ca = ["--follow", "--tls-ca-cert", text(&authority.certificate)];
    let inside = https(&identity, END, ok());
    let url = format!("https://localhost:{}/", inside.port);

    let plain = Server::answering(to(&url));
    lprobe([ca[0], ca[1], ca[2], &plain.http("/")]).healthy();
    lprobe(["--follow", "--tls-no-verify", &plain.http("/")]).healthy();
    lprobe(["--follow", &plain.http("/")]).unhealthy_saying(&["redirected to https://, and no option for TLS says"]);
    let other = Authority::new("other");
    let line = lprobe(["--follow", "--tls-ca-cert", text(&other.certificate), &plain.http("/")]).unhealthy();
    assert!(line.contains("after a redirect: ") && line.contains("certificate"), "{line}");
    // Without redirects, it trusts nobody.
    lprobe(["--tls-ca-cert", ca[2], &plain.http("/")]).unhealthy_saying(&["no such target"]);

    let first = https(&identity, END, to(&url));
    lprobe([ca[0], ca[1], ca[2], &format!("https://localhost:{}/", first.port)]).healthy();
    let out = Server::answering(ok());
    let first = https(&identity, END, to(&out.http("/")));
    lprobe([ca[0], ca[1], ca[2], &format!("https://localhost:{}/", first.port)]).healthy();

    // Each certificate is verified for the host that the redirect names.
    let named = https(&by_address, END, ok());
    for (host, is_healthy) in [("127.0.0.1", true), ("localhost", false)] {
        let plain = Server::answering(to(&format!("https://{host}:{}/", named.port)));
        let outcome = lprobe([ca[0], ca[1], ca[2], &plain.http("/")]);
        assert_eq!(outcome.status.success(), is_healthy, "{host}: {outcome:?}");
    }
    let second = Server::answering(to(&format!("https://127.0.0.1:{}/", named.port)));
    let first = Server::answering(to(&format!("http://127.0.0.1:{}/", second.port)));
    lprobe([ca[0], ca[1], ca[2], &first.http("/")]).healthy();
}

#[test]
fn a_body_is_sent_over_tls_and_by_http2() {
    let authority = Authority::new("authority");
    let identity = authority.issue("server", &["localhost"], as_is);
    let server = https(&identity, b"\r\n\r\n{\"a\":1}", ok());
    let target = format!("https://localhost:{}/", server.port);
    lprobe(["--data={\"a\":1}", "--tls-ca-cert", text(&authority.certificate), &target]).healthy();

    let peer = Peer::start(|_| Answer { status: 200, ..Answer::default() });
    let target = format!("http://localhost:{}/", peer.port);
    lprobe(["--http2", "--data=hello", "--method=PUT", &target]).healthy();
    let request = peer.request();
    assert_eq!(request.body, b"hello");
    assert_eq!(request.head.method(), "PUT");
    assert_eq!(request.head.headers()["content-length"], "5");
}
