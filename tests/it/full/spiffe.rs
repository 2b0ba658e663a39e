//! SPIFFE: certificates from a Workload API of our own, and servers of the same trust domain, of one that it federates
//! with, and of others.

use std::process::Command;

use rcgen::{CertificateParams, SanType};

use super::peer::{Answer, Peer};
use super::pki::{Authority, Identity, as_is, expired, text};
use super::workload_api::{response, spiffe_id, stream_of, workload_api};
use crate::support::nginx::Nginx;
use crate::support::{Outcome, binary, have_tools, run};

/// What a probe says with the Workload API at `socket`.
fn probe(socket: &str, arguments: &[&str]) -> Outcome {
    run(Command::new(binary()).arg("--timeout=30s").args(arguments).env("SPIFFE_ENDPOINT_SOCKET", socket))
}

/// An nginx that speaks HTTP/2 as `identity`, and wants a certificate of `authority`. Health as gRPC has it, in a file.
fn server(identity: &Identity, authority: &Authority) -> Nginx {
    Nginx::start_with(
        "ssl http2",
        &format!(
            "ssl_certificate {}; ssl_certificate_key {}; ssl_client_certificate {}; ssl_verify_client on;
             location = /well {{ return 200 well; }}",
            text(&identity.certificate),
            text(&identity.key),
            text(&authority.certificate)
        ),
    )
}

#[test]
fn identities_are_shown_and_verified() {
    if !have_tools(&["nginx"]) {
        return;
    }
    let own = Authority::new("own");
    let friend = Authority::new("friend");
    let stranger = Authority::new("stranger");
    let me = own.issue("me", &[], spiffe_id("spiffe://own.example/probe"));
    let message = response(
        "spiffe://own.example/probe",
        &me,
        &[own.der(), stranger.der()].concat(),
        &[("spiffe://friend.example", &friend)],
    );
    let (peer, socket) = workload_api(&own.path("agent.sock"), message);
    let https = |nginx: &Nginx| probe(&socket, &[&format!("https://localhost:{}/well", nginx.port), "--spiffe"]);

    let ours = server(&own.issue("ours", &[], spiffe_id("spiffe://own.example/service")), &own);
    https(&ours).healthy();
    let asked = peer.request();
    assert_eq!(asked.head.uri().path(), "/SpiffeWorkloadAPI/FetchX509SVID");
    assert_eq!(asked.header("workload.spiffe.io"), Some("true"));
    assert_eq!(asked.body, b"\0\0\0\0\0");
    let federated = server(&friend.issue("theirs", &[], spiffe_id("spiffe://friend.example/service")), &own);
    https(&federated).healthy();

    // One that our authority did not issue, one that is in a bundle of another domain's, one that has ended, and ones that
    // are no SPIFFE identity.
    let forged = server(&friend.issue("forged", &[], spiffe_id("spiffe://own.example/service")), &own);
    https(&forged).unhealthy_saying(&["unknown issuer"]);
    let unknown = server(&stranger.issue("unknown", &[], spiffe_id("spiffe://stranger.example/service")), &own);
    https(&unknown).unhealthy_saying(&["an unknown SPIFFE trust domain"]);
    let crossed = server(&own.issue("crossed", &[], spiffe_id("spiffe://friend.example/service")), &own);
    https(&crossed).unhealthy_saying(&["unknown issuer"]);
    let late = server(
        &own.issue("late", &[], |params| {
            spiffe_id("spiffe://own.example/service")(params);
            expired(params);
        }),
        &own,
    );
    https(&late).unhealthy_saying(&["certificate has expired"]);
    let none = server(&own.issue("none", &["localhost"], as_is), &own);
    https(&none).unhealthy_saying(&["an unknown SPIFFE trust domain"]);
    for (file, uris) in
        [("two", ["spiffe://own.example/a", "spiffe://own.example/b"]), ("web", ["https://own.example/a"; 2])]
    {
        let names = |params: &mut CertificateParams| {
            params.subject_alt_names = uris.map(|uri| SanType::URI(uri.try_into().expect("ASCII"))).to_vec();
        };
        https(&server(&own.issue(file, &[], names), &own)).unhealthy_saying(&["an unknown SPIFFE trust domain"]);
    }
    // Nor is an authority's own certificate, even one that is in the bundle, nor one for the trust domain as a whole.
    let uri = spiffe_id("spiffe://stranger.example/service");
    let signing = stranger.self_signed("signing", &[], uri);
    let bundle = response("spiffe://stranger.example/probe", &me, &signing.der, &[]);
    let (_peer, socket) = workload_api(&own.path("signing.sock"), bundle);
    let signing = server(&signing, &own);
    probe(&socket, &[&format!("https://localhost:{}/well", signing.port), "--spiffe"])
        .unhealthy_saying(&["an authority's own"]);
    let whole = server(&own.issue("whole", &[], spiffe_id("spiffe://own.example")), &own);
    https(&whole).unhealthy_saying(&["an unknown SPIFFE trust domain"]);
    // By TCP too, where the specification allows it.
    let message = response("spiffe://own.example/probe", &me, own.der(), &[]);
    let tcp = Peer::start(move |_| stream_of(&message));
    probe(&format!("tcp://127.0.0.1:{}", tcp.port), &[&format!("https://localhost:{}/well", ours.port), "--spiffe"])
        .healthy();
}

#[test]
fn without_certificates_it_says_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = "grpcs://localhost:1";
    run(Command::new(binary()).args([target, "--spiffe"]).env_remove("SPIFFE_ENDPOINT_SOCKET"))
        .unhealthy_saying(&["--spiffe needs SPIFFE_ENDPOINT_SOCKET"]);
    for (socket, words) in [
        ("", "expected unix:///PATH or tcp://ADDRESS:PORT"),
        ("/run/agent.sock", "expected unix:///PATH"),
        ("unix:agent.sock", "absolute path"),
        ("tcp://10.1.2.3.example:1", "only reaches its own container"),
        ("tcp://localhost", "a port is needed"),
    ] {
        probe(socket, &[target, "--spiffe"]).unhealthy_saying(&["SPIFFE_ENDPOINT_SOCKET", words]);
    }
    probe("unix:///no/such.sock", &[target, "--spiffe"])
        .unhealthy_saying(&["no certificates from SPIFFE_ENDPOINT_SOCKET: /no/such.sock: No such file"]);
    for option in ["--tls-no-verify", "--tls-ca-cert=/x", "--tls-client-cert=/x", "--tls-client-key=/x"] {
        probe("unix:///x", &[target, "--spiffe", option]).unhealthy_saying(&["can't go with --spiffe"]);
    }
    let denied = folder.path().join("denied.sock");
    let _denied = Peer::start_on_socket(&denied, |_| Answer {
        head: vec![("content-type", "application/grpc".into()), ("grpc-status", "7".into())],
        ..Answer::default()
    });
    probe(&format!("unix:{}", text(&denied)), &[target, "--spiffe"])
        .unhealthy_saying(&["SPIFFE_ENDPOINT_SOCKET", "PERMISSION_DENIED"]);

    let own = Authority::new("own");
    let me = own.issue("me", &[], spiffe_id("spiffe://own.example/probe"));
    let good = response("spiffe://own.example/probe", &me, own.der(), &[]);
    let other_key = Identity { key_der: own.issue("other", &[], as_is).key_der, ..own.issue("me2", &[], as_is) };
    for (number, message) in [
        Vec::new(),
        good[..good.len() - 1].to_vec(),
        response("own.example/probe", &me, own.der(), &[]),
        response("spiffe://", &me, own.der(), &[]),
        response("spiffe://own.example/probe", &me, b"", &[]),
        response("spiffe://own.example/probe", &me, &own.der()[..100], &[]),
        response("spiffe://own.example/probe", &me, b"\x30\x80junk", &[]),
        response("spiffe://own.example/probe", &other_key, own.der(), &[]),
        response("spiffe://own.example/probe", &Identity { der: Vec::new(), ..other_key_of(&own) }, own.der(), &[]),
    ]
    .into_iter()
    .enumerate()
    {
        let (_peer, socket) = workload_api(&folder.path().join(format!("{number}.sock")), message);
        probe(&socket, &[target, "--spiffe"]).unhealthy_saying(&["SPIFFE_ENDPOINT_SOCKET", "the message is broken"]);
    }
    // A good one, and a server that is not there.
    let (_peer, socket) = workload_api(&folder.path().join("good.sock"), good);
    probe(&socket, &[target, "--spiffe"]).unhealthy_saying(&["127.0.0.1: connection refused"]);
    let silent = folder.path().join("silent.sock");
    let _silent = Peer::start_on_socket(&silent, |_| Answer {
        head: vec![("content-type", "application/grpc".into())],
        hang: true,
        ..Answer::default()
    });
    run(Command::new(binary())
        .args([target, "--spiffe", "--timeout=300ms"])
        .env("SPIFFE_ENDPOINT_SOCKET", format!("unix://{}", text(&silent))))
    .unhealthy_saying(&["no certificates from SPIFFE_ENDPOINT_SOCKET within 300 ms"]);
}

fn other_key_of(authority: &Authority) -> Identity {
    authority.issue("another", &[], as_is)
}
