//! examples/seccomp.json: it has the system calls that the probes make, and no others, and under it the engine's
//! containers are probed as they are without.

use std::any::Any;
use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;
use std::thread;

use crate::support::engine::{Container, Image, have_engine};
use crate::support::netns::sysctl;
use crate::support::server::{ClosedPort, LOCALHOST6, Server, until_closed};
use crate::support::{FULL, NAME, Outcome, binary, have_root, have_tools, repository, run, without_variables};
use nix::sched::{CloneFlags, setns};
use serde_json::Value;

const OK: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";

/// A probe.
struct Case {
    arguments: Vec<String>,
    /// SPIFFE_ENDPOINT_SOCKET.
    agent: String,
    healthy: bool,
}

/// One probe of each kind and option that might make a system call of its own, and the servers that it is of, with what
/// they need in `folder`.
struct Matrix {
    cases: Vec<Case>,
    _servers: Vec<Box<dyn Any>>,
}

impl Matrix {
    fn new(folder: &Path) -> Self {
        let mut matrix = Self { cases: Vec::new(), _servers: Vec::new() };
        matrix.streams();
        matrix.services();
        matrix.datagrams();
        matrix.dns();
        matrix.files(folder);
        #[cfg(feature = "full")]
        matrix.full(folder);
        matrix
    }

    fn serves(&mut self, server: impl Any) {
        self._servers.push(Box::new(server));
    }

    fn healthy(&mut self, arguments: &[&str]) {
        self.add(arguments, true);
    }

    fn unhealthy(&mut self, arguments: &[&str]) {
        self.add(arguments, false);
    }

    fn add(&mut self, arguments: &[&str], healthy: bool) {
        // What is healthy at all is healthy soon.
        let timeout = if healthy { "--timeout=30s" } else { "--timeout=300ms" };
        let arguments = [timeout].iter().chain(arguments).map(|&argument| argument.to_owned()).collect();
        self.cases.push(Case { arguments, agent: String::new(), healthy });
    }

    fn streams(&mut self) {
        let (well, sick, silent) =
            (Server::answering(OK), Server::answering("HTTP/1.1 500 \r\n\r\n"), Server::silent());
        let v6 = Server::start_on(LOCALHOST6, |mut stream| drop(stream.write_all(OK.as_bytes())));
        let long = Server::answering([b"HTTP/1.1 200 OK\r\n\r\n".as_slice(), &[b'x'; 1 << 20]].concat());
        let closed = ClosedPort::new();
        self.healthy(&[&well.http("/")]);
        self.healthy(&["-v", "--method=HEAD", "--header=a: b", "--basic-auth=a:b", &well.http("/")]);
        self.healthy(&["--contains=hello", &well.http("/")]);
        self.healthy(&[&v6.http("/")]);
        self.healthy(&["--ipv6", &v6.http("/")]);
        self.healthy(&[&well.http("/"), &well.tcp(), &v6.http("/"), &v6.tcp()]);
        let many: Vec<_> = (0..64).map(|number| well.http(&format!("/{number}"))).collect();
        self.healthy(&many.iter().map(|target| &**target).collect::<Vec<_>>());
        self.healthy(&["--wait=10s", &well.http("/")]);
        self.healthy(&["--watch=100ms", "--every=20ms", &well.http("/")]);
        self.healthy(&["--send=a", &silent.tcp()]);
        self.unhealthy(&["--wait=200ms", &sick.http("/")]);
        self.unhealthy(&["--contains=none", &long.http("/")]);
        self.unhealthy(&[&silent.http("/")]);
        self.unhealthy(&["--expect=x", &silent.tcp()]);
        self.unhealthy(&["tcp://192.0.2.1:80"]);
        self.unhealthy(&["tcp://[2001:db8::1]:80"]);
        for scheme in ["http", "tcp", "redis", "postgres", "mysql", "amqp"] {
            self.unhealthy(&[&format!("{scheme}://localhost:{}", closed.port)]);
        }
        self.unhealthy(&["nonsense"]);
        self.healthy(&[&format!("tcp://localhost:${{NONE:-{}}}", well.port)]);
        self.serves((well, sick, silent, v6, long, closed));
    }

    fn services(&mut self) {
        for (scheme, reply) in [
            ("redis", &b"+PONG\r\n"[..]),
            ("postgres", b"R\0\0\0\x08\0\0\0\0"),
            ("mysql", b"\x17\0\0\0\x0a8.0.36\0\x08\0\0\0abcdefgh\0\xff\xff"),
            ("amqp", b"\x01\0\0\0\0\0\x14\0\x0a\0\x0a\0\x09\0\0\0\0\0\0\0\x01P\0\0\0\x01e\xce"),
            ("nats", b"INFO {}\r\n"),
            ("memcached", b"VERSION 1\r\n"),
            ("mongodb", b"\x22\0\0\0\0\0\0\0\x01\0\0\0\xdd\x07\0\0\0\0\0\0\0\x0d\0\0\0\x10ok\0\x01\0\0\0\0"),
            ("kafka", b"\0\0\0\x10\0\0\0\x01\0\0\0\0\0\x01\0\x12\0\0\0\x04"),
            ("cassandra", b"\x84\0\0\0\x06\0\0\0\x02\0\0"),
            ("mqtt", b"\x20\x02\0\0"),
            ("ldap", b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\0\x04\0\x04\0"),
            ("smtp", b"220 ready\r\n"),
            ("ssh", b"SSH-2.0-x\r\n"),
            ("fcgi", b"\x01\x06\0\x01\0\x06\0\0A: b\n\n"),
            ("tcp", b"hello"),
        ] {
            let server = Server::greeting(move |mut stream| {
                // A probe that fails hangs up before.
                let _ = stream.write_all(reply);
                until_closed(stream);
            });
            let target = format!("{scheme}://localhost:{}", server.port);
            match scheme {
                "tcp" => self.healthy(&["--expect=hello", &target]),
                _ => self.healthy(&[&target]),
            }
            self.serves(server);
        }
    }

    fn datagrams(&mut self) {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        let target = format!("udp://localhost:{}", socket.local_addr().expect("an address").port());
        thread::spawn(move || {
            let mut datagram = [0; 16];
            loop {
                let (length, client) = socket.recv_from(&mut datagram).expect("a datagram");
                socket.send_to(&datagram[..length], client).expect("it is sent");
            }
        });
        self.healthy(&["--send=a", "--expect=a", &target]);
        self.unhealthy(&["--send=a", "--expect=b", &target]);
    }

    /// An answer by UDP, and then one by TCP: the query itself, as an answer that is truncated or not.
    fn dns(&mut self) {
        // The number of a free TCP port may be taken by another test's UDP socket.
        let (listener, socket, address) = loop {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
            let address = listener.local_addr().expect("an address");
            if let Ok(socket) = UdpSocket::bind(address) {
                break (listener, socket, address);
            }
        };
        thread::spawn(move || {
            let mut query = [0; 64];
            loop {
                let (length, client) = socket.recv_from(&mut query).expect("a datagram");
                query[2] = 0x83;
                socket.send_to(&query[..length], client).expect("it is sent");
            }
        });
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let mut query = [0; 64];
                let length = stream.read(&mut query).expect("a query");
                query[4] = 0x81;
                // A probe that fails hangs up before.
                let _ = stream.write_all(&query[..length]);
            }
        });
        self.healthy(&[&format!("dns://{address}/x")]);
    }

    fn files(&mut self, folder: &Path) {
        let [socket, file] = ["socket", "file"].map(|name| folder.join(name));
        let listener = UnixListener::bind(&socket).expect("a socket");
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                // Who only connects is gone by now.
                let _ = stream.read(&mut [0; 4096]).and_then(|_| stream.write_all(OK.as_bytes()));
            }
        });
        fs::write(&file, "").expect("a file");
        let [socket, file] = [&socket, &file].map(|path| path.to_str().expect("UTF-8"));
        self.healthy(&[&format!("unix://{socket}")]);
        self.healthy(&["--send=a", "--expect=hello", &format!("unix://{socket}")]);
        self.healthy(&["--unix-socket", socket, "http://localhost/"]);
        self.healthy(&[&format!("file://{file}?max-age=1h")]);
        self.unhealthy(&[&format!("file://{file}-none")]);
        let pid = folder.join("pid");
        fs::write(&pid, "1").expect("a file");
        self.healthy(&[&format!("pid://{}", pid.display())]);
        self.unhealthy(&[&format!("unix://{socket}-none")]);
    }
}

#[cfg(feature = "full")]
impl Matrix {
    fn full(&mut self, folder: &Path) {
        use crate::full::peer::{Answer, Peer};
        use crate::full::pki::{Authority, as_is, text};
        use crate::full::workload_api::{response, spiffe_id, workload_api};
        use crate::support::nginx::Nginx;

        let serving = || Answer {
            head: vec![("content-type", "application/grpc".into())],
            data: vec![b"\0\0\0\0\x02\x08\x01".to_vec()],
            trailers: Some(vec![("grpc-status", "0".into())]),
            ..Answer::default()
        };
        let grpc = Peer::start(move |_| serving());
        let target = format!("grpc://localhost:{}", grpc.port);
        self.healthy(&[&target]);
        self.healthy(&["--gzip", "--service=x", &target]);
        self.healthy(&["--http2", &format!("http://localhost:{}", grpc.port)]);
        let socket = folder.join("grpc");
        let on_socket = Peer::start_on_socket(&socket, move |_| serving());
        self.healthy(&["--unix-socket", text(&socket), "grpc://localhost:1"]);

        let authority = Authority::within(folder, "authority");
        let server = authority.issue("server", &["localhost"], |params| {
            spiffe_id("spiffe://own.example/service")(params);
            params.subject_alt_names.push(rcgen::SanType::DnsName("localhost".try_into().expect("ASCII")));
        });
        let client = authority.issue("client", &["a client"], as_is);
        let ca = ["--tls-ca-cert", text(&authority.certificate)];
        let shown = ["--tls-client-cert", text(&client.certificate), "--tls-client-key", text(&client.key)];
        for version in ["1.2", "1.3"] {
            let nginx = Nginx::start_with(
                "ssl http2",
                &format!(
                    "ssl_certificate {}; ssl_certificate_key {}; ssl_client_certificate {}; ssl_verify_client on;
                     ssl_protocols TLSv{version}; location = / {{ return 200 well; }}",
                    text(&server.certificate),
                    text(&server.key),
                    text(&authority.certificate)
                ),
            );
            let [https, grpcs] = ["https", "grpcs"].map(|scheme| format!("{scheme}://localhost:{}", nginx.port));
            self.healthy(&[&ca[..], &shown, &["--contains=well", &https]].concat());
            self.healthy(&[&shown[..], &["--tls-no-verify", "--http2", &https]].concat());
            self.unhealthy(&[&ca[..], &[&https]].concat());
            // The system's authorities are files in a folder.
            self.unhealthy(&[&https]);
            self.unhealthy(&[&ca[..], &shown, &[&grpcs]].concat());
            let me = authority.issue("me", &[], spiffe_id("spiffe://own.example/probe"));
            let message = response("spiffe://own.example/probe", &me, authority.der(), &[]);
            let path = folder.join(format!("agent-{version}"));
            let (agent, socket) = workload_api(&path, message);
            self.healthy(&["--spiffe", &https]);
            self.cases.last_mut().expect("the one before").agent = socket;
            self.serves((nginx, agent));
        }
        self.serves((grpc, on_socket, authority));
    }
}

/// The names of the system calls that the profile allows to what its comments call `who`, on a processor by Docker's name.
pub fn allowed_to(who: &str, processor: &str) -> BTreeSet<String> {
    let profile = fs::read_to_string(repository("examples/seccomp.json")).expect("the profile");
    let profile: Value = serde_json::from_str(&profile).expect("JSON");
    assert_eq!(profile["defaultAction"], "SCMP_ACT_ERRNO");
    let groups = profile["syscalls"].as_array().expect("groups");
    let here =
        |group: &&Value| group["includes"]["arches"].as_array().is_none_or(|arches| arches.contains(&processor.into()));
    let of = |group: &&Value| group["comment"].as_str().is_some_and(|comment| comment.starts_with(&format!("{who}: ")));
    let names = groups.iter().filter(here).filter(of).flat_map(|group| group["names"].as_array().expect("names"));
    names.map(|name| name.as_str().expect("a name").to_owned()).collect()
}

/// The example of one that is merged: it has the profile as it is, and one group more.
#[ignore = "needs dist/: run `make test`"]
#[test]
fn the_merged_profile_is_the_profile_and_a_group() {
    let [profile, mut merged] = ["examples/seccomp.json", "examples/demo-seccomp.json"].map(|file| {
        let text = fs::read_to_string(repository(file)).expect("a profile");
        serde_json::from_str::<Value>(&text).expect("JSON")
    });
    merged["syscalls"].as_array_mut().expect("groups").pop();
    assert_eq!(merged, profile);
}

/// Runs the binary by `program` and its `arguments`.
fn runs(program: &str, arguments: &[&str], case: &Case) -> Outcome {
    let mut command = Command::new(program);
    without_variables(&mut command).args(arguments).arg(binary()).args(&case.arguments);
    run(command.env("SPIFFE_ENDPOINT_SOCKET", &case.agent))
}

#[ignore = "needs dist/: run `make test`"]
#[test]
fn the_profile_has_what_the_probes_call_and_no_more() {
    let tools: &[&str] = if FULL { &["strace", "nginx"] } else { &["strace"] };
    if !have_tools(tools) || cfg!(not(target_arch = "x86_64")) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let matrix = Matrix::new(folder.path());
    let trace = folder.path().join("trace");
    let mut called = BTreeSet::new();
    for case in &matrix.cases {
        let outcome = runs("strace", &["-f", "-qq", "-o", trace.to_str().expect("UTF-8")], case);
        assert_eq!(outcome.status.code(), Some(i32::from(!case.healthy)), "{:?}: {outcome:?}", case.arguments);
        let trace = fs::read_to_string(&trace).expect("a trace");
        // Behind the one execve that starts it: `1234 socket(AF_INET, ...`.
        let calls = trace.lines().skip(1).filter_map(|line| line.split_once(' ')?.1.trim_start().split_once('('));
        called.extend(calls.map(|(name, _)| name.to_owned()));
    }
    let allowed = allowed_to("lprobe", "amd64");
    let missing: Vec<_> = called.difference(&allowed).collect();
    assert!(missing.is_empty(), "not in the profile: {missing:?}");
    // What the small build does not need, the full one does.
    let unused: Vec<_> = allowed.difference(&called).collect();
    assert!(unused.is_empty() || !FULL, "in the profile for nothing: {unused:?}");
}

/// As under a profile that forgets one. Without memory and its thread's own, no program gets to its first line.
#[ignore = "needs dist/: run `make test`"]
#[test]
fn a_call_that_is_denied_is_exit_0_or_1_and_never_healthy_by_mistake() {
    if !have_tools(&["strace"]) || cfg!(not(target_arch = "x86_64")) {
        return;
    }
    let (well, sick) = (Server::answering(OK), Server::answering("HTTP/1.1 500 \r\n\r\n"));
    let vital = ["arch_prctl", "mmap"];
    for name in allowed_to("lprobe", "amd64").iter().filter(|name| !vital.contains(&&***name)) {
        let denied = format!("inject={name}:error=EPERM");
        let code = |server: &Server| {
            let arguments = ["-qq", "-o", "/dev/null", "-e", &denied];
            let case = Case { arguments: vec![server.http("/")], agent: String::new(), healthy: true };
            runs("strace", &arguments, &case).status.code()
        };
        assert_eq!(code(&sick), Some(1), "without {name}");
        assert!(matches!(code(&well), Some(0 | 1)), "without {name}");
    }
}

/// The matrix's servers are in the container's own network, and what it needs of files in a volume.
#[ignore = "needs dist/: run `make test`"]
#[test]
fn the_engine_runs_every_probe_under_the_profile() {
    if !have_engine() || !have_root() || FULL && !have_tools(&["nginx"]) {
        return;
    }
    let image = Image::build("seccomp", "FROM scratch\nCOPY . /\n", &[binary()]);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_str().expect("UTF-8").to_owned();
    let program = format!("/{}", NAME);
    let options = [
        &format!("--security-opt=seccomp={}", repository("examples/seccomp.json").display()),
        "--security-opt=no-new-privileges",
        "--cap-drop=ALL",
        "--read-only",
        "--network=none",
        &format!("--volume={path}:{path}"),
    ];
    // What is waited for never comes: it keeps the container running.
    let container = Container::run(&image, &options, &[&program, "--wait=1h", "file:///none"]);
    let network = fs::File::open(format!("/proc/{}/ns/net", container.inspect("{{.State.Pid}}"))).expect("it runs");
    thread::scope(|scope| {
        let thread = scope.spawn(|| {
            setns(network, CloneFlags::CLONE_NEWNET).expect("root may");
            // The engine turns it off.
            sysctl("ipv6/conf/lo/disable_ipv6", "0");
            let matrix = Matrix::new(folder.path());
            for case in &matrix.cases {
                let agent = format!("--env=SPIFFE_ENDPOINT_SOCKET={}", case.agent);
                let mut exec = Command::new("docker");
                let outcome = run(exec.args(["exec", &agent, &container.0, &program]).args(&case.arguments));
                assert_eq!(outcome.status.code(), Some(i32::from(!case.healthy)), "{:?}: {outcome:?}", case.arguments);
            }
        });
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    });
}
