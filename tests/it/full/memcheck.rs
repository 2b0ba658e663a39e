//! TLS, HTTP/2 and gRPC without an error that valgrind can see, in ring's C and assembly among it.

use super::grpc::serving;
use super::peer::{Answer, Peer};
use super::pki::{Authority, as_is, text};
use crate::support::have_tools;
use crate::support::memcheck::{lprobe, lprobe_by_addresses};
use crate::support::nginx::Nginx;

#[test]
fn probes_over_tls_and_grpc_use_memory_as_they_may() {
    if !have_tools(&["valgrind", "nginx"]) {
        return;
    }
    let authority = Authority::new("authority");
    let server = authority.issue("server", &["localhost"], as_is);
    let client = authority.issue("client", &["a client"], as_is);
    let nginx = |protocol: &str| {
        Nginx::start_with(
            "ssl",
            &format!(
                "ssl_certificate {}; ssl_certificate_key {}; ssl_client_certificate {}; ssl_verify_client optional;
                 ssl_protocols {protocol};
                 location = / {{ if ($ssl_client_verify = SUCCESS) {{ return 200; }} return 403; }}",
                text(&server.certificate),
                text(&server.key),
                text(&authority.certificate),
            ),
        )
    };
    for protocol in ["TLSv1.2", "TLSv1.3"] {
        let nginx = nginx(protocol);
        let target = format!("https://localhost:{}/", nginx.port);
        let ca = ["--timeout=60s", "--tls-ca-cert", text(&authority.certificate)];
        let shown = ["--tls-client-cert", text(&client.certificate), "--tls-client-key", text(&client.key)];
        lprobe_by_addresses(&[&ca[..], &shown, &[&target]].concat()).healthy();
        lprobe_by_addresses(&[&ca[..], &[&target]].concat()).unhealthy_saying(&["status 403"]);
        lprobe_by_addresses(&["--timeout=60s", &target]).unhealthy_saying(&["unknown issuer"]);
    }
    let peer = Peer::start(|_| serving());
    lprobe(&["--timeout=60s", &format!("grpc://localhost:{}", peer.port)]).healthy();
    let peer = Peer::start(|_| Answer { status: 503, ..serving() });
    lprobe(&["--timeout=60s", &format!("grpc://localhost:{}", peer.port), "--gzip"]).unhealthy_saying(&["503"]);
}
