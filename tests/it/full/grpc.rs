//! gRPC's health service, of grpcio and of tonic, each plain, on a Unix socket, over TLS and by mutual TLS; and what is
//! asked of it, as a peer of our own sees it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use tokio_stream::wrappers::{TcpListenerStream, UnixListenerStream};
use tonic::transport::{Certificate, Identity as TonicIdentity, Server, ServerTlsConfig};
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;

use super::peer::{Answer, Peer};
use super::pki::{Authority, Identity, as_is, text};
use crate::support::server::ClosedPort;
use crate::support::{Outcome, Running, have, lprobe, repository};

/// Where one health service listens.
struct Ports {
    plain: u16,
    tls: u16,
    mutual: u16,
    socket: PathBuf,
}

/// Who there is: an authority, a server and a client.
struct Cast {
    authority: Authority,
    server: Identity,
    client: Identity,
}

impl Cast {
    fn new() -> Self {
        let authority = Authority::new("authority");
        let server = authority.issue("server", &["localhost", "127.0.0.1"], as_is);
        let client = authority.issue("client", &["a client"], as_is);
        Self { authority, server, client }
    }
}

fn probe(arguments: &[&str]) -> Outcome {
    lprobe(["--timeout=30s"].iter().chain(arguments))
}

/// What both servers are asked, and what lprobe makes of it.
fn is_probed(cast: &Cast, ports: &Ports) {
    let ca = ["--tls-ca-cert", text(&cast.authority.certificate)];
    let shown = ["--tls-client-cert", text(&cast.client.certificate), "--tls-client-key", text(&cast.client.key)];
    let socket = text(&ports.socket);
    let addr = |port: u16| format!("-addr=:{port}");

    for (target, arguments) in [
        (format!("grpc://localhost:{}", ports.plain), &[][..]),
        (format!("grpcs://localhost:{}", ports.tls), &ca),
        (format!("grpcs://localhost:{}", ports.mutual), &[&ca[..], &shown].concat()),
        (format!("grpcs://127.0.0.1:{}", ports.tls), &ca),
    ] {
        let probe = |service: &str, more: &[&str]| {
            let target = if service.is_empty() { target.clone() } else { format!("{target}/{service}") };
            probe(&[&[&*target][..], arguments, more].concat())
        };
        probe("", &[]).healthy();
        probe("", &["--gzip"]).healthy();
        probe("well", &[]).healthy();
        probe("", &["--service=well"]).healthy();
        probe("sick", &[]).unhealthy_saying(&["/sick: NOT_SERVING, expected SERVING"]);
        probe("", &["--service=sick", "--gzip"]).unhealthy_saying(&["NOT_SERVING, expected SERVING"]);
        probe("unknown", &[]).unhealthy_saying(&[": UNKNOWN, expected SERVING"]);
        probe("none", &[]).unhealthy_saying(&["grpc-status 5 (NOT_FOUND)", "no service of that name"]);
    }
    probe(&["grpc://localhost:1", "--unix-socket", socket]).healthy();
    probe(&["grpc://localhost:1/sick", "--unix-socket", socket])
        .unhealthy_saying(&["grpc://localhost:1/sick on ", "NOT_SERVING"]);

    // grpc_health_probe's spelling, and FivexL's.
    lprobe([&addr(ports.plain), "-connect-timeout=30s", "-rpc-timeout=30s"]).healthy();
    lprobe([&addr(ports.plain), "-service=sick", "-rpc-timeout=30s"]).unhealthy_saying(&["NOT_SERVING"]);
    lprobe([format!("-addr=localhost:{}", ports.plain), "-rpc-timeout=30s".into(), "-gzip".into()]).healthy();
    lprobe([&format!("-addr=unix://{socket}"), "-rpc-timeout=30s"]).healthy();
    lprobe([&format!("-addr=unix:{socket}"), "-service", "sick", "-rpc-timeout=30s"])
        .unhealthy_saying(&[socket, "NOT_SERVING"]);
    lprobe([&addr(ports.tls), "-tls", ca[0], ca[1], "-connect-timeout=30s", "-rpc-timeout=30s"]).healthy();
    lprobe([&addr(ports.tls), "-tls", "-tls-no-verify", "-connect-timeout=30s", "-rpc-timeout=30s"]).healthy();
    let mutual = addr(ports.mutual);
    let times = ["-connect-timeout=30s", "-rpc-timeout=30s"];
    lprobe([&[&*mutual, "-tls"][..], &ca, &shown, &times].concat()).healthy();
    let port = format!("-port={}", ports.plain);
    lprobe(["-mode=grpc", &port, "-rpc-timeout=30s"]).healthy();
    lprobe(["-mode=grpc", &port, "-service=sick", "-rpc-timeout=30s"]).unhealthy_saying(&["NOT_SERVING"]);
    lprobe(["-mode=grpc", &format!("-port={}", ports.tls), "-tls", ca[0], ca[1], "-connect-timeout=30s"]).healthy();

    // Each with what it does not speak.
    probe(&[&format!("grpcs://localhost:{}", ports.mutual), ca[0], ca[1]])
        .unhealthy_saying(&["client certificate required"]);
    let other = Authority::new("another");
    probe(&[&format!("grpcs://localhost:{}", ports.tls), "--tls-ca-cert", text(&other.certificate)])
        .unhealthy_saying(&["unknown issuer"]);
    probe(&[&format!("grpcs://localhost:{}", ports.tls), ca[0], ca[1], "--tls-server-name=x.example"])
        .unhealthy_saying(&["does not match the name x.example"]);
    probe(&[&format!("grpcs://localhost:{}", ports.plain), "--tls-no-verify"])
        .unhealthy_saying(&["does not speak TLS"]);
    probe(&[&format!("grpc://localhost:{}", ports.tls)]).unhealthy();
    probe(&[&format!("http://localhost:{}/", ports.plain)]).unhealthy_saying(&["no HTTP/1.1 answer"]);
}

#[test]
fn grpcio_is_probed() {
    let python = repository("target/test-tools/python/bin/python");
    if !have("TOOLS", python.exists(), "scripts/test-tools has not installed grpcio") {
        return;
    }
    let cast = Cast::new();
    let socket = cast.authority.path("health.sock");
    let mut process = Command::new(python)
        .arg(repository("tests/it/full/health_server.py"))
        .args([&socket, &cast.authority.certificate, &cast.server.certificate, &cast.server.key])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("python starts");
    let mut lines = BufReader::new(process.stdout.take().expect("stdout is piped")).lines();
    let _running = Running(process);
    let ports = lines.next().expect("it says its ports").expect("UTF-8");
    let [plain, tls, mutual] = *ports.split(' ').map(|port| port.parse().expect("a port")).collect::<Vec<u16>>() else {
        panic!("three ports: {ports}")
    };
    assert_eq!(lines.next().expect("it says more").expect("UTF-8"), "ready");
    lprobe([&format!("-addr=unix-abstract:{}", text(&socket)), "-rpc-timeout=30s"]).healthy();
    lprobe(["-addr=unix-abstract:no-such-socket"]).unhealthy_saying(&["no-such-socket: connection refused"]);
    is_probed(&cast, &Ports { plain, tls, mutual, socket });
}

#[test]
fn tonic_is_probed() {
    let cast = Cast::new();
    let socket = cast.authority.path("health.sock");
    let ports = tonic(&cast, &socket);
    is_probed(&cast, &ports);
}

/// Serves on all four, until the tests end.
fn tonic(cast: &Cast, socket: &Path) -> Ports {
    let read = |path: &Path| fs::read(path).expect("a file");
    let identity = TonicIdentity::from_pem(read(&cast.server.certificate), read(&cast.server.key));
    let tls = ServerTlsConfig::new().identity(identity);
    let mutual = tls.clone().client_ca_root(Certificate::from_pem(read(&cast.authority.certificate)));
    let listeners = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"));
    let [plain_port, tls_port, mutual_port] =
        [0, 1, 2].map(|which: usize| listeners[which].local_addr().expect("an address").port());
    let unix = std::os::unix::net::UnixListener::bind(socket).expect("a socket");
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        runtime.expect("a runtime").block_on(async move {
            let (reporter, service) = tonic_health::server::health_reporter();
            reporter.set_service_status("well", ServingStatus::Serving).await;
            reporter.set_service_status("sick", ServingStatus::NotServing).await;
            reporter.set_service_status("unknown", ServingStatus::Unknown).await;
            let service = service
                .accept_compressed(tonic::codec::CompressionEncoding::Gzip)
                .send_compressed(tonic::codec::CompressionEncoding::Gzip);
            let mut servers = Vec::new();
            for (listener, tls) in listeners.into_iter().zip([None, Some(tls), Some(mutual)]) {
                listener.set_nonblocking(true).expect("it can");
                let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
                let server = match tls {
                    Some(tls) => Server::builder().tls_config(tls).expect("a configuration"),
                    None => Server::builder(),
                };
                servers.push(tokio::spawn(
                    with(server, service.clone()).serve_with_incoming(TcpListenerStream::new(listener)),
                ));
            }
            unix.set_nonblocking(true).expect("it can");
            let unix = UnixListenerStream::new(tokio::net::UnixListener::from_std(unix).expect("a listener"));
            servers.push(tokio::spawn(with(Server::builder(), service).serve_with_incoming(unix)));
            for server in servers {
                server.await.expect("it runs").expect("it serves");
            }
        });
    });
    Ports { plain: plain_port, tls: tls_port, mutual: mutual_port, socket: socket.to_owned() }
}

fn with<S: tonic_health::pb::health_server::Health>(
    mut server: Server,
    service: HealthServer<S>,
) -> tonic::transport::server::Router {
    server.add_service(service)
}

/// A healthy answer: SERVING, as a message of field 1 with the number 1.
pub fn serving() -> Answer {
    Answer {
        head: vec![("content-type", "application/grpc".into())],
        data: vec![b"\0\0\0\0\x02\x08\x01".to_vec()],
        trailers: Some(vec![("grpc-status", "0".into())]),
        ..Answer::default()
    }
}

#[test]
fn the_call_is_as_grpc_has_it() {
    let peer = Peer::start(|_| serving());
    let target = format!("grpc://localhost:{}", peer.port);
    lprobe([&target, "--timeout=30s"]).healthy();
    let asked = peer.request();
    assert_eq!(asked.head.method(), "POST");
    assert_eq!(asked.head.uri().to_string(), format!("http://localhost:{}/grpc.health.v1.Health/Check", peer.port));
    assert_eq!(asked.header("content-type"), Some("application/grpc"));
    assert_eq!(asked.header("te"), Some("trailers"));
    assert_eq!(asked.header("user-agent"), Some(concat!("lprobe/", env!("CARGO_PKG_VERSION"))));
    assert_eq!(asked.header("grpc-timeout"), Some("30000m"));
    assert_eq!(asked.header("grpc-encoding"), None);
    assert_eq!(asked.body, b"\0\0\0\0\0");

    lprobe([&target, "--rpc-timeout=1.5s", "--service=a/b c", "--user-agent=me"]).healthy();
    let asked = peer.request();
    assert_eq!(asked.header("grpc-timeout"), Some("1500m"));
    assert_eq!(asked.header("user-agent"), Some("me"));
    assert_eq!(asked.body, b"\0\0\0\0\x07\x0a\x05a/b c");
    lprobe([&format!("{target}/my.Service"), "--rpc-timeout=30s"]).healthy();
    assert_eq!(peer.request().body, b"\0\0\0\0\x0c\x0a\x0amy.Service");
    let long = "x".repeat(300);
    lprobe([&target, "--service", &long, "--rpc-timeout=30s"]).healthy();
    let body = peer.request().body;
    assert!(body.starts_with(b"\0\0\0\x01\x2f\x0a\xac\x02xxx") && body.len() == 308, "{body:?}");
    lprobe([&target, "--timeout=20h", "--rpc-timeout=24h"]).healthy();
    assert_eq!(peer.request().header("grpc-timeout"), Some("72000000m"));

    // Their addresses, and user agents.
    lprobe([&format!("-addr=:{}", peer.port), "-rpc-timeout=30s"]).healthy();
    let asked = peer.request();
    assert_eq!(asked.head.uri().authority().expect("one").as_str(), format!("localhost:{}", peer.port));
    assert_eq!(asked.header("user-agent"), Some("grpc_health_probe"));
    for resolver in ["dns:///localhost", "passthrough:///localhost", "ipv4:127.0.0.1"] {
        lprobe([&format!("-addr={resolver}:{}", peer.port), "-rpc-timeout=30s"]).healthy();
        peer.request();
    }
    lprobe(["-mode=grpc", &format!("-port={}", peer.port), "-rpc-timeout=30s"]).healthy();
    assert_eq!(peer.request().header("user-agent"), Some("lprobe"));
    lprobe([&format!("grpc://127.0.0.1:{}", peer.port), "--rpc-timeout=30s"]).healthy();
    assert_eq!(peer.request().head.uri().authority().expect("one").as_str(), format!("127.0.0.1:{}", peer.port));

    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("peer.sock");
    let peer = Peer::start_on_socket(&socket, |_| serving());
    lprobe([&format!("-addr=unix://{}", text(&socket)), "-rpc-timeout=30s"]).healthy();
    assert_eq!(peer.request().head.uri().authority().expect("one").as_str(), "localhost");
}

#[test]
fn metadata_is_sent_as_grpc_has_it() {
    let peer = Peer::start(|_| serving());
    let target = format!("grpc://localhost:{}", peer.port);
    lprobe([&*target, "--rpc-header=X-Token: a:b ", "-rpc-header=x-token:2", "--rpc-header", "key-bin: \\raw?>"])
        .healthy();
    let asked = peer.request();
    let values: Vec<_> = asked.head.headers().get_all("x-token").iter().collect();
    assert_eq!(values, ["a:b", "2"]);
    assert_eq!(asked.header("key-bin"), Some("XHJhdz8+"));
    for bad in [
        "SECRET",
        ": SECRET",
        "a b: SECRET",
        "x: SECRET\n",
        "grpc-timeout: SECRET",
        "te: SECRET",
        "content-length: SECRET",
        "Content-Type: SECRET",
        ":path: SECRET",
        "connection: SECRET",
        "user-agent: SECRET",
        "host: SECRET",
    ] {
        let line = lprobe([&target, "--rpc-header", bad]).unhealthy();
        assert!(line.starts_with("--rpc-header (value not shown): ") && !line.contains("SECRET"), "{line}");
    }
}

#[test]
fn messages_are_gzip_both_ways_if_asked() {
    use std::io::Read;
    let peer = Peer::start(|_| serving());
    let target = format!("grpc://localhost:{}", peer.port);
    for service in ["", "my.Service", &"x".repeat(100_000)] {
        lprobe([&target, "--gzip", "--service", service, "--rpc-timeout=30s"]).healthy();
        let asked = peer.request();
        assert_eq!((asked.header("grpc-encoding"), asked.header("grpc-accept-encoding")), (Some("gzip"), Some("gzip")));
        assert_eq!(asked.body[0], 1, "the flag");
        assert_eq!(asked.body[1..5], (asked.body.len() as u32 - 5).to_be_bytes());
        let mut message = Vec::new();
        flate2::read::GzDecoder::new(&asked.body[5..]).read_to_end(&mut message).expect("gzip");
        assert!(message.ends_with(service.as_bytes()) && message.len() < service.len() + 5, "{message:?}");
    }
}

#[test]
fn useless_and_conflicting_options_are_refused() {
    for (arguments, words) in [
        (&["--service=x", ":1"][..], "--service is for grpc://"),
        (&["--rpc-header=a: b", ":1"], "--rpc-header is for grpc://"),
        (&["--rpc-timeout=1s", "tcp://:1"], "--rpc-timeout is for grpc://"),
        (&["--gzip", ":1"], "--gzip is for grpc://"),
        (&["--spiffe", "grpc://:1"], "--spiffe is for https://"),
        (&["--tls-no-verify", "grpc://:1"], "--tls-no-verify is for https://"),
        (&["--method=HEAD", "grpc://:1"], "--method is for http://"),
        (&["--contains=x", "grpc://:1"], "--contains is for http://"),
        (&["--service=x", "grpc://:1/y"], "--service can't go with a target that names one"),
        (&["-addr=:1", ":2"], "--addr can't go with a target"),
        (&["-addr=:1", "-port=2"], "--addr can't go with --port"),
        (&["-addr=:1", "-url=http://localhost/"], "--addr can't go with --url"),
        (&["-addr=unix:/x", "-unix-socket=/y"], "--unix-socket can't go with"),
        (&["-addr=localhost"], "a port is needed"),
        (&["-addr=10.1.2.3.example:1"], "only reaches its own container"),
        (&["-addr=0.0.0.0:1"], "grpc://127.0.0.1:1: 127.0.0.1: connection refused"),
        (&["-addr=[::]:1"], "grpc://[::1]:1: ::1: connection refused"),
        (&["-addr=dns:localhost:1"], "127.0.0.1: connection refused, ::1: connection refused"),
        (&["-addr=passthrough:localhost:1"], "127.0.0.1: connection refused, ::1: connection refused"),
        (&["-addr=unix:no-such-socket"], "no-such-socket: No such file"),
        (&["-addr="], "no --addr"),
        (&["-mode=grpc", "-endpoint=/x"], "--endpoint can't go with --mode grpc"),
        (&["-mode=grpc", "-rpc-timeout=0s"], "--rpc-timeout \"0s\""),
        (&["grpc://localhost"], "a port is needed"),
        (&["grpc://:1/a b"], "--service"),
        (&["grpc://:1/a?b"], "--service"),
        (&["grpc://example.com:1"], "only reaches its own container"),
        (&["grpc://user:SECRET@localhost:1"], "user and password"),
        (&["--ipv6", "grpc://127.0.0.1:1"], "--ipv6"),
    ] {
        let line = lprobe(arguments).unhealthy();
        assert!(line.contains(words) && !line.contains("SECRET"), "{arguments:?}: {line}");
    }
    let closed = ClosedPort::new();
    lprobe([format!("grpc://:{}", closed.port)])
        .unhealthy_saying(&["127.0.0.1: connection refused, ::1: connection refused"]);
    lprobe([format!("grpc://:{}", closed.port), "--ipv6".into()]).unhealthy_saying(&["::1: connection refused"]);
    lprobe(["-addr=unix:///no/such.sock"]).unhealthy_saying(&["/no/such.sock", "No such file"]);
}
