//! HTTPS against nginx.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::openssl::s_server;
use super::pki::{Authority, Identity, as_is, expired, not_yet_valid, openssl, text};
use crate::support::nginx::Nginx;
use crate::support::server::{Server, until_closed};
use crate::support::{Outcome, binary, have_tools, lprobe, measured, run};

/// An nginx that shows `identity`, with more `directives`.
pub fn nginx(identity: &Identity, directives: &str) -> Nginx {
    nginx_with("ssl", identity, directives)
}

fn nginx_with(flags: &str, identity: &Identity, directives: &str) -> Nginx {
    let (certificate, key) = (text(&identity.certificate), text(&identity.key));
    Nginx::start_with(
        flags,
        &format!(
            "ssl_certificate {certificate}; ssl_certificate_key {key}; {directives}
             location = /well {{ return 200 all-is-well; }}
             location = /sick {{ return 503; }}
             location = /version {{ add_header X-Protocol $ssl_protocol; return 200 $ssl_protocol-$server_protocol; }}
             location = /host {{ if ($http_host = $ssl_server_name:$server_port) {{ return 200; }} return 400; }}"
        ),
    )
}

const RSA: &[&str] = &["-algorithm", "rsa", "-pkeyopt", "rsa_keygen_bits:2048"];

pub fn https(port: u16, path: &str, arguments: &[&str]) -> Outcome {
    let target = format!("https://localhost:{port}{path}");
    lprobe(["--timeout=30s", &target].iter().chain(arguments))
}

#[test]
fn nginx_is_verified() {
    if !have_tools(&["nginx", "openssl"]) {
        return;
    }
    let authority = Authority::new("authority");
    let other = Authority::new("another");
    let ca = ["--tls-ca-cert", text(&authority.certificate)];
    let well = nginx(&authority.issue("well", &["localhost", "127.0.0.1"], as_is), "");
    https(well.port, "/well", &ca).healthy();
    https(well.port, "/host", &ca).healthy();
    https(well.port, "/well", &[&ca[..], &["--contains=all-is-well"]].concat()).healthy();
    https(well.port, "/well", &[&ca[..], &["--contains=no-such"]].concat()).unhealthy_saying(&["--contains"]);
    https(well.port, "/sick", &ca).unhealthy_saying(&["status 503, expected 200-299"]);
    https(well.port, "/sick", &[&ca[..], &["--http-codes=503"]].concat()).healthy();
    lprobe([&format!("https://127.0.0.1:{}/well", well.port), ca[0], ca[1]]).healthy();
    // nginx says so by a status, and by HTTP/1.1.
    lprobe([format!("http://localhost:{}/well", well.port)]).unhealthy_saying(&["status 400"]);

    https(well.port, "/well", &["--tls-ca-cert", text(&other.certificate)])
        .unhealthy_saying(&["unknown issuer", "--tls-ca-cert"]);
    https(well.port, "/well", &["--tls-no-verify"]).healthy();
    // Several certificates in one file, as a bundle has them, with words around them.
    let bundle = authority.path("bundle.pem");
    fs::write(&bundle, format!("# the first\n{}\n# the second\n{}", other.pem(), authority.pem())).expect("a file");
    https(well.port, "/well", &["--tls-ca-cert", text(&bundle)]).healthy();

    let late = nginx(&authority.issue("late", &["localhost"], expired), "");
    https(late.port, "/well", &ca).unhealthy_saying(&["certificate has expired"]);
    https(late.port, "/well", &["--tls-no-verify"]).healthy();
    let early = nginx(&authority.issue("early", &["localhost"], not_yet_valid), "");
    https(early.port, "/well", &ca).unhealthy_saying(&["certificate is not yet valid"]);
    let named = nginx(&authority.issue("named", &["service.example"], as_is), "");
    https(named.port, "/well", &ca).unhealthy_saying(&["does not match the name localhost", "--tls-server-name"]);
    lprobe([&format!("https://127.0.0.1:{}/well", named.port), ca[0], ca[1]])
        .unhealthy_saying(&["does not match the name 127.0.0.1"]);
    https(named.port, "/well", &[&ca[..], &["--tls-server-name=service.example"]].concat()).healthy();
    https(named.port, "/well", &[&ca[..], &["--tls-server-name=other.example"]].concat())
        .unhealthy_saying(&["does not match the name other.example"]);
    https(named.port, "/well", &["--tls-no-verify"]).healthy();
    https(well.port, "/well", &ca).healthy();
}

#[test]
fn either_version_and_each_kind_of_key_will_do() {
    if !have_tools(&["nginx", "openssl"]) {
        return;
    }
    let authority = Authority::new("authority");
    let ca = ["--tls-ca-cert", text(&authority.certificate)];
    let keys = [
        authority.issue("p256", &["localhost"], as_is),
        authority.issue_for("p384", &["localhost"], &rcgen::PKCS_ECDSA_P384_SHA384, as_is),
        authority.issue_with("ed25519", &["localhost"], authority.openssl_key(&["-algorithm", "ed25519"]), as_is),
        authority.issue_with("rsa", &["localhost"], authority.openssl_key(RSA), as_is),
    ];
    for identity in &keys {
        for version in ["1.2", "1.3"] {
            let server = nginx(identity, &format!("ssl_protocols TLSv{version};"));
            let contains = format!("--contains=TLSv{version}-HTTP/1.1");
            https(server.port, "/version", &[&ca[..], &[&contains]].concat()).healthy();
        }
    }
    for curve in ["X25519", "prime256v1", "secp384r1"] {
        let server = nginx(&keys[0], &format!("ssl_ecdh_curve {curve};"));
        https(server.port, "/well", &ca).healthy();
    }
    for cipher in ["AES128-GCM-SHA256", "AES256-GCM-SHA384"] {
        let server = nginx(&keys[3], &format!("ssl_protocols TLSv1.2; ssl_ciphers ECDHE-RSA-{cipher};"));
        https(server.port, "/well", &ca).healthy();
    }
    let old = nginx(&keys[3], "ssl_protocols TLSv1.2; ssl_ciphers AES128-SHA;");
    https(old.port, "/well", &ca).unhealthy_saying(&["TLS", "handshake_failure"]);
}

#[test]
fn a_client_certificate_is_shown_where_it_is_asked_for() {
    if !have_tools(&["nginx", "openssl"]) {
        return;
    }
    let authority = Authority::new("authority");
    let ca = text(&authority.certificate);
    let server = authority.issue("server", &["localhost"], as_is);
    let client = authority.issue("client", &["a client"], as_is);
    let stranger = Authority::new("a stranger");
    let strangers = stranger.issue("client", &["a stranger"], as_is);
    for version in ["1.2", "1.3"] {
        let required = format!("ssl_protocols TLSv{version}; ssl_verify_client on; ssl_client_certificate {ca};");
        let server = nginx(&server, &required);
        let probe = |more: &[&str]| https(server.port, "/well", &[&["--tls-ca-cert", ca][..], more].concat());
        let with = |identity: &Identity| {
            probe(&["--tls-client-cert", text(&identity.certificate), "--tls-client-key", text(&identity.key)])
        };
        with(&client).healthy();
        probe(&[]).unhealthy_saying(&["status 400", "client certificate required", "--tls-client-cert"]);
        // It is not that there was none.
        let line = with(&strangers).unhealthy();
        assert!(line.contains("status 400") && !line.contains("required"), "{line}");
    }
    // One that is asked for and not required is not what a 503 is about.
    let optional = nginx(&server, &format!("ssl_verify_client optional; ssl_client_certificate {ca};"));
    https(optional.port, "/well", &["--tls-ca-cert", ca]).healthy();
    for (path, status) in [("/sick", "503"), ("/none", "404")] {
        let line = https(optional.port, path, &["--tls-ca-cert", ca]).unhealthy();
        assert!(line.ends_with(&format!("status {status}, expected 200-299")), "{line}");
    }

    // PKCS#8 is what the others have; and a parameters block may come first.
    let required = nginx(&server, &format!("ssl_verify_client on; ssl_client_certificate {ca};"));
    let sec1 = authority.path("sec1.key");
    openssl(&["ec", "-in", text(&client.key), "-out", text(&sec1)]);
    let key = fs::read_to_string(&sec1).expect("openssl made it");
    assert!(key.starts_with("-----BEGIN EC PRIVATE KEY-----"), "SEC1");
    fs::write(&sec1, format!("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n{key}"))
        .expect("a file");
    let rsa = authority.issue_with("rsa-client", &["a client"], authority.openssl_key(RSA), as_is);
    let pkcs1 = authority.path("pkcs1.key");
    openssl(&["rsa", "-traditional", "-in", text(&rsa.key), "-out", text(&pkcs1)]);
    assert!(fs::read_to_string(&pkcs1).expect("openssl made it").starts_with("-----BEGIN RSA PRIVATE KEY-----"));
    for (certificate, key) in [(&client.certificate, &sec1), (&rsa.certificate, &rsa.key), (&rsa.certificate, &pkcs1)] {
        let shown = ["--tls-client-cert", text(certificate), "--tls-client-key", text(key)];
        https(required.port, "/well", &[&["--tls-ca-cert", ca][..], &shown].concat()).healthy();
    }
}

#[test]
fn curl_and_wget_show_a_client_certificate() {
    if !have_tools(&["nginx"]) {
        return;
    }
    let authority = Authority::new("authority");
    let ca = text(&authority.certificate);
    let client = authority.issue("client", &["a client"], as_is);
    let required = format!("ssl_verify_client on; ssl_client_certificate {ca};");
    let server = nginx(&authority.issue("server", &["localhost"], as_is), &required);
    let [certificate, key] = [&client.certificate, &client.key].map(|path| text(path));
    let both = authority.path("both.pem");
    fs::write(&both, [certificate, key].map(|path| fs::read_to_string(path).expect("a file")).concat())
        .expect("a file");
    let url = format!("https://localhost:{}/well", server.port);
    for shown in [
        &["curl", "-f", "--cacert", ca, "--cert", certificate, "--key", key][..],
        &["curl", "-fk", "-E", text(&both)],
        // Any certificate will do, and the private key needs no password.
        &["curl", "-fk", "--cacert", "/none", "-E", &format!("{}:geheim", text(&both))],
        &["wget", "--ca-certificate", ca, "--certificate", certificate, "--private-key", key],
    ] {
        lprobe([shown, &[&*url]].concat()).healthy();
        // What they say of TLS means nothing without.
        let plain = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        lprobe([shown, &[&*plain.http("/")]].concat()).healthy();
    }
    let outcome = lprobe(["curl", "-fk", "-E", "/none:geheim", &url]);
    assert!(outcome.status.code() == Some(1) && !outcome.stderr.contains("geheim"), "{outcome:?}");
    for shown in [&["curl", "-f", "--cacert", ca][..], &["wget", "--ca-certificate", ca]] {
        let outcome = lprobe([shown, &[&*url]].concat());
        assert!(outcome.status.code() == Some(1) && outcome.stderr.contains("status 400"), "{outcome:?}");
    }
}

#[test]
fn what_is_not_tls_is_named() {
    if !have_tools(&["nginx"]) {
        return;
    }
    let nginx = Nginx::start("");
    let target = format!("https://localhost:{}/", nginx.port);
    lprobe([&target, "--tls-no-verify"])
        .unhealthy_saying(&["does not speak TLS; perhaps it speaks plain HTTP", "http://"]);
}

/// webpki would seek a path for seconds, in one go: each step of its search reads the certificates again.
#[ignore = "needs dist/: run `make test`"]
#[test]
fn a_costly_chain_does_not_outlast_the_deadline() {
    if !have_tools(&["openssl"]) {
        return;
    }
    let authority = Authority::new("authority");
    let named = Authority::new("of one name");
    let leaf = named.issue("leaf", &["localhost"], as_is);
    let chain = authority.path("chain.pem");
    let too_long = "a chain that is too long, or repeats names";
    for (of_one_name, extensions, others, words) in [
        (8, 0, 0, too_long),
        (9, 0, 111, too_long),
        (8, 600, 0, too_long),
        (4, 10, 0, too_long),
        (3, 10, 0, "unknown issuer"),
        (0, 0, 9, too_long),
        (0, 0, 8, "unknown issuer"),
        (2, 1_400, 0, too_long),
        (2, 900, 0, "unknown issuer"),
    ] {
        let repeated = (0..of_one_name).map(|_| Authority::with_extensions("of one name", extensions).pem());
        let different = (0..others).map(|number| Authority::new(&format!("number {number}")).pem());
        fs::write(&chain, repeated.chain(different).collect::<String>()).expect("a file");
        let server = s_server(&leaf, &["-cert_chain", text(&chain)]);
        let target = format!("https://localhost:{}/", server.port);
        let (outcome, _) = measured([&target, "--timeout=1s", "--tls-ca-cert", text(&authority.certificate)]);
        assert!(outcome.by_itself().as_millis() < 1_100, "{of_one_name} and {others}: {outcome:?}");
        outcome.unhealthy_saying(&[words]);
    }
}

/// A trusted certificate needs no path, whatever comes with it. Another fault than a missing path is named.
#[test]
fn a_costly_chain_hides_no_other_verdict() {
    if !have_tools(&["openssl"]) {
        return;
    }
    let authority = Authority::new("authority");
    let chain = authority.path("chain.pem");
    fs::write(&chain, (0..3).map(|_| Authority::new("of one name").pem()).collect::<String>()).expect("a file");
    let probe = |identity: &Identity, trusted: &Path| {
        let server = s_server(identity, &["-cert_chain", text(&chain)]);
        lprobe([&format!("https://localhost:{}/", server.port), "--tls-ca-cert", text(trusted)])
    };
    let own = authority.self_signed("own", &["localhost"], as_is);
    probe(&own, &own.certificate).healthy();
    let issued = authority.issue("issued", &["localhost"], as_is);
    probe(&issued, &authority.certificate).healthy();
    probe(&authority.issue("late", &["localhost"], expired), &authority.certificate).unhealthy_saying(&["expired"]);
}

#[test]
fn other_tools_flags_for_tls_do_what_they_did() {
    let no_target = ["-tls", "-tls-no-verify"];
    lprobe(no_target).unhealthy_saying(&["--tls goes with"]);
    lprobe(["-tls", "https://localhost:1/"]).unhealthy_saying(&["--tls goes with"]);
    for flag in ["-tls-no-verify", "-tls-ca-cert=x", "-tls-client-cert=x", "-tls-client-key=x", "-tls-server-name=x"] {
        lprobe(["-port=1", flag]).unhealthy_saying(&[flag.split('=').next().expect("a name"), "https://"]);
    }
    lprobe(["-port=1", "-tls", "-tls-no-verify", "-tls-ca-cert=x"])
        .unhealthy_saying(&["--tls-ca-cert can't go with --tls-no-verify"]);
    lprobe(["-port=1", "-tls", "-tls-no-verify", "-tls-server-name=x"])
        .unhealthy_saying(&["--tls-server-name can't go with --tls-no-verify"]);
    lprobe(["-port=1", "-tls", "-alts"]).unhealthy_saying(&["--alts", "Google Cloud"]);
    lprobe(["-port=1", "-tls", "-spiffe"]).unhealthy_saying(&["--tls can't go with --spiffe"]);
    // What is switched off stands in nothing's way.
    lprobe(["-port=1", "-tls=false", "-tls-no-verify=false", "-spiffe"]).unhealthy_saying(&["SPIFFE_ENDPOINT_SOCKET"]);
    lprobe(["-url=http://localhost:1/", "-tls=false"]).unhealthy_saying(&["connection refused"]);
    if !have_tools(&["nginx"]) {
        return;
    }
    let authority = Authority::new("authority");
    // FivexL's asks 127.0.0.1, and verifies that address unless it is told of a name.
    let server = nginx(&authority.issue("server", &["127.0.0.1"], as_is), "");
    let port = format!("-port={}", server.port);
    let ca = format!("-tls-ca-cert={}", text(&authority.certificate));
    let timeout = "-connect-timeout=30s";
    lprobe([&port, "-endpoint=/well", "-tls", &ca, timeout]).healthy();
    lprobe([&port, "-endpoint=/well", "-tls", "-tls-no-verify", timeout]).healthy();
    lprobe([&port, "-endpoint=/sick", "-tls", &ca, timeout]).unhealthy_saying(&["status 503"]);
    lprobe([&format!("-url=https://127.0.0.1:{}/well", server.port), &ca, timeout]).healthy();
    let named = nginx(&authority.issue("named", &["service.example"], as_is), "");
    let port = format!("-port={}", named.port);
    lprobe([&port, "-endpoint=/well", "-tls", &ca, timeout]).unhealthy_saying(&["does not match the name 127.0.0.1"]);
    lprobe([&port, "-endpoint=/well", "-tls", "-tls-server-name=service.example", &ca, timeout]).healthy();
}

/// As grpc-go has it: the name that the certificate is verified for is the server's.
#[test]
fn a_call_asks_for_the_server_by_the_name_of_its_certificate() {
    if !have_tools(&["nginx"]) {
        return;
    }
    let authority = Authority::new("authority");
    let (ca, names) = (text(&authority.certificate), ["service.example", "127.0.0.1"]);
    let names = format!("location / {{ if ($http_host = {}) {{ return 421; }} return 404; }}", names[0]);
    let identity = authority.issue("server", &["service.example", "127.0.0.1"], as_is);
    let server = nginx_with("ssl http2", &identity, &names);
    let port = server.port;
    let named = ["-tls-server-name=service.example", "-tls-ca-cert", ca];
    for target in [format!("grpcs://127.0.0.1:{port}"), format!("-addr=127.0.0.1:{port}")] {
        let tls = target.starts_with('-').then_some("-tls");
        lprobe([&target].into_iter().map(|target| &**target).chain(tls).chain(named))
            .unhealthy_saying(&["HTTP status 421, expected 200"]);
        lprobe([&target].into_iter().map(|target| &**target).chain(tls).chain(["-tls-ca-cert", ca]))
            .unhealthy_saying(&["HTTP status 404, expected 200"]);
    }
}

/// An alarm that outlasted its attempt would ring within the watch.
#[test]
fn a_watch_makes_a_handshake_for_each_attempt_and_ends_its_alarm() {
    if !have_tools(&["nginx", "openssl"]) {
        return;
    }
    let authority = Authority::new("authority");
    let well = nginx(&authority.issue("well", &["localhost"], as_is), "");
    let target = format!("https://localhost:{}/well", well.port);
    let watched = ["--timeout=2s", "--watch=3s", "--every=100ms", "--tls-ca-cert", text(&authority.certificate)];
    let outcome = lprobe([&watched[..], &[&target]].concat());
    assert!(outcome.took >= Duration::from_secs(3), "{:?}", outcome.took);
    outcome.healthy();
}

/// A process that is held up in the middle of a handshake stands for one that computes.
#[ignore = "needs dist/: run `make test`"]
#[test]
fn what_outlasts_the_deadline_is_ended_with_the_name_of_its_target() {
    if !have_tools(&["strace"]) {
        return;
    }
    let server = Server::greeting(|stream| drop(until_closed(stream)));
    let target = format!("https://localhost:{}/well?token=SECRET", server.port);
    let held = |time: &str, arguments: &[&str]| {
        let inject = format!("--inject=writev,sendto:delay_exit={time}");
        let mut command = Command::new("strace");
        command.args(["--output=/dev/null", &inject]).arg(binary());
        run(command.args(["--timeout=100ms", "--tls-no-verify"]).args(arguments))
    };
    // In a process that waits for a processor, the alarm may come where no probe runs, and knows no target.
    let is_late = |line: String| line.contains("/well?...: no ") || line == "no verdict within the deadline";
    assert!(is_late(held("20ms", &[&target]).unhealthy()));
    let words = "/well?...: no verdict within 100 ms, since this machine is too busy, or the server's certificates";
    held("1s", &[&target]).unhealthy_saying(&[words]);
    held("1s", &[&target, "tcp://127.0.0.1:1"]).unhealthy_saying(&[words]);
    // A redirect may lead into TLS.
    let plain = Server::answering(format!("HTTP/1.1 302 \r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n"));
    held("1s", &["--follow", &plain.http("/plain")]).unhealthy_saying(&["/plain: no verdict within 100 ms"]);
    // Each attempt has an alarm of its own.
    assert!(is_late(held("20ms", &["--wait=1s", &target]).unhealthy()));
}
