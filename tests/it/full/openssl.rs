//! HTTPS against `openssl s_server`.

use super::pki::{Authority, Identity, as_is, expired, openssl, text};
use super::tls::https;
use crate::support::{Running, have_tools, lprobe};
use std::process::{Child, Command, Stdio};

/// `openssl s_server`, on a port of its choice.
pub struct OpenSsl {
    pub port: u16,
    _process: Running,
}

pub fn s_server(identity: &Identity, arguments: &[&str]) -> OpenSsl {
    s_server_of("-www", identity, arguments)
}

/// The same, which answers as `manner` says: -www by a page.
pub fn s_server_of(manner: &str, identity: &Identity, arguments: &[&str]) -> OpenSsl {
    let mut process = Command::new("openssl")
        .args(["s_server", "-accept", "127.0.0.1:0", manner, "-cert", text(&identity.certificate)])
        .args(["-key", text(&identity.key)])
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("openssl starts");
    let port = announced_port(&mut process);
    OpenSsl { port, _process: Running(process) }
}

/// `ACCEPT 127.0.0.1:PORT`
fn announced_port(process: &mut Child) -> u16 {
    use std::io::{BufRead, BufReader};
    let mut lines = BufReader::new(process.stdout.take().expect("stdout is piped")).lines();
    let line = lines.find_map(|line| line.ok().filter(|line| line.starts_with("ACCEPT "))).expect("it says its port");
    // Its later words have somewhere to go.
    std::thread::spawn(move || lines.for_each(drop));
    line.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port")
}

#[test]
fn openssl_is_verified() {
    if !have_tools(&["openssl"]) {
        return;
    }
    let authority = Authority::new("authority");
    let ca = ["--tls-ca-cert", text(&authority.certificate)];
    let identity = authority.issue("server", &["localhost"], as_is);
    https(s_server(&identity, &[]).port, "/", &ca).healthy();
    https(s_server(&identity, &["-tls1_2"]).port, "/", &ca).healthy();
    // Without tickets, nothing follows the server's part of the handshake.
    https(s_server(&identity, &["-num_tickets", "0"]).port, "/", &ca).healthy();
    // It knows no ALPN, and HTTP/2 is only spoken where a server agrees.
    https(s_server(&identity, &[]).port, "/", &[&ca[..], &["--http2"]].concat())
        .unhealthy_saying(&["does not offer HTTP/2"]);
    https(s_server(&identity, &["-alpn", "spdy/3"]).port, "/", &ca).unhealthy_saying(&["no_application_protocol"]);
    https(s_server(&identity, &["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]).port, "/", &ca)
        .unhealthy_saying(&["protocol_version"]);
    https(s_server(&identity, &["-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256", "-tls1_3"]).port, "/", &ca)
        .unhealthy_saying(&["handshake_failure"]);
    for version in ["-tls1_2", "-tls1_3"] {
        let server = s_server(&identity, &[version, "-Verify", "1", "-verify_return_error", "-CAfile", ca[1]]);
        https(server.port, "/", &ca).unhealthy_saying(&["client certificate required", "--tls-client-cert"]);
        let client = authority.issue("client", &["a client"], as_is);
        let shown = ["--tls-client-cert", text(&client.certificate), "--tls-client-key", text(&client.key)];
        https(server.port, "/", &[&ca[..], &shown].concat()).healthy();
        // h2 keeps an alert's text alone, which is empty here.
        let flags = [version, "-Verify", "1", "-verify_return_error", "-CAfile", ca[1], "-alpn", "h2"];
        let http2 = s_server(&identity, &flags);
        let alert = if version == "-tls1_3" { "TLS alert certificate_required" } else { "client certificate required" };
        https(http2.port, "/", &[&ca[..], &["--http2"]].concat()).unhealthy_saying(&[alert]);
        lprobe(["--timeout=30s", &format!("grpcs://localhost:{}", http2.port), ca[0], ca[1]])
            .unhealthy_saying(&[alert]);
        let stranger = Authority::new("a stranger");
        let strangers = stranger.issue("client", &["a stranger"], as_is);
        let shown = ["--tls-client-cert", text(&strangers.certificate), "--tls-client-key", text(&strangers.key)];
        https(server.port, "/", &[&ca[..], &shown].concat())
            .unhealthy_saying(&["the server refused the client certificate", "unknown_ca"]);
    }
}

/// As `openssl req -x509` makes it: an authority's certificate, and a server's.
#[test]
fn a_certificate_of_ones_own_making_is_trusted_by_name() {
    if !have_tools(&["openssl"]) {
        return;
    }
    let authority = Authority::new("folder");
    let trusting = |identity: &Identity| ["--tls-ca-cert", text(&identity.certificate)].map(str::to_owned);
    let probe = |identity: &Identity, trusted: &Identity, more: &[&str]| {
        let server = s_server(identity, &[]);
        let trust = trusting(trusted);
        https(server.port, "/", &[&[&*trust[0], &*trust[1]][..], more].concat())
    };
    let own = authority.self_signed("own", &["localhost"], as_is);
    probe(&own, &own, &[]).healthy();
    probe(&own, &own, &["--tls-server-name=x.example"]).unhealthy_saying(&["does not match the name x.example"]);
    let another = authority.self_signed("another", &["localhost"], as_is);
    probe(&own, &another, &[]).unhealthy_saying(&["unknown issuer"]);
    // An authority that was renewed under its old name.
    let renewed = Authority::new("folder");
    let issued = renewed.issue("issued", &["localhost"], as_is);
    let old = Identity { certificate: authority.certificate.clone(), ..authority.issue("old", &[], as_is) };
    probe(&issued, &old, &[]).unhealthy_saying(&["unknown issuer", "another key"]);
    let late = authority.self_signed("late", &["localhost"], expired);
    probe(&late, &late, &[]).unhealthy_saying(&["certificate has expired"]);

    let made = Identity {
        certificate: authority.path("made.pem"),
        key: authority.path("made.key"),
        der: Vec::new(),
        key_der: Vec::new(),
    };
    let files = ["-keyout", text(&made.key), "-out", text(&made.certificate)];
    let request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=own", "-addext"];
    openssl(&[&request[..], &["subjectAltName=DNS:localhost"], &files].concat());
    probe(&made, &made, &[]).healthy();
}
