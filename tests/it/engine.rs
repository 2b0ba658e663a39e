//! On a real engine: the image of Dockerfile.example, its health check, and a container that has next to no rights.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::net::UdpSocket;
use std::process::Command;
use std::thread;
use std::time::Duration;

use nix::sched::{CloneFlags, setns};

use crate::support::engine::{Container, Image, docker, docker_ok, have_engine};
use crate::support::{have_root, repository};

/// The files that the build stage of Dockerfile.example copies, as the engine copies them, are all that it takes.
#[test]
fn the_example_copies_what_its_build_needs() {
    if !have_engine() {
        return;
    }
    let example = fs::read_to_string(repository("Dockerfile.example")).expect("the example");
    let stage = example.split_once("AS build\n").and_then(|(_, rest)| rest.split_once("\nFROM")).expect("two stages").0;
    let (copies, run) = stage.split_once("RUN ").expect("a build");
    let folder = tempfile::tempdir().expect("a folder");
    let dockerfile = folder.path().join("Dockerfile");
    fs::write(&dockerfile, format!("FROM scratch\n{copies}\nCMD [\"/none\"]\n")).expect("a file");
    let tag = format!("lprobe-test-copies:{}", std::process::id());
    let context = repository(".");
    let [dockerfile, context] = [&dockerfile, &context].map(|path| path.to_str().expect("a path in UTF-8"));
    docker_ok(&["build", "--quiet", "--tag", &tag, "--file", dockerfile, context]);
    let image = Image(tag);
    let container = Container(docker_ok(&["create", &image.0]));
    let copied = folder.path().join("src");
    docker_ok(&["cp", &format!("{}:/src", container.0), copied.to_str().expect("a path in UTF-8")]);

    let check = Command::new("cargo")
        .args(["check", "--quiet", "--locked", "--bins", "--examples", "--target-dir"])
        .arg(repository("target/copied"))
        .current_dir(&copied)
        .output()
        .expect("cargo starts");
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));
    let targets = run.lines().next().and_then(|run| run.split_once("&& make ")).expect("a make command").1;
    let make = Command::new("make").arg("--dry-run").args(targets.split(' ')).current_dir(&copied).output();
    assert!(make.expect("make starts").status.success(), "make {targets}");
    for script in ["scripts/dist", "scripts/sbom", "scripts/setup", "scripts/source", "scripts/toolchain"] {
        assert!(copied.join(script).exists(), "{script}");
    }
}

const NO_RIGHTS: [&str; 9] = [
    "--read-only",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--network=none",
    "--memory=16m",
    "--memory-swap=16m",
    "--pids-limit=8",
    "--health-interval=1s",
    "--health-retries=1",
];

#[ignore = "needs dist/: run `make test`"]
#[test]
fn the_engine_sees_health_come_and_go() {
    if !have_engine() {
        return;
    }
    let image = Image::of_example("health");
    // It begins sick, in a start period that lasts until it is well: so "starting" is there to be seen.
    let options = [&NO_RIGHTS[..], &["--health-start-period=1h"]].concat();
    let container = Container::run(&image, &options, &["8080", "sick"]);
    assert_eq!(container.inspect("{{.Config.User}}"), "65532:65532");
    let sick = "1 lprobe: http://localhost:8080/healthz: status 503, expected 200-299";

    container.wait_until("checked", || container.last_check() == sick);
    assert_eq!(container.health(), "starting");
    let becomes = |wish: &str, health: &str, check: &str| {
        assert!(container.exec(&["/demo-server", "8080", wish]).status.success());
        container.goes_to(health);
        assert_eq!(container.last_check(), check);
    };
    becomes("well", "healthy", "0");
    becomes("sick", "unhealthy", sick);
    becomes("well", "healthy", "0");
}

#[ignore = "needs dist/: run `make test`"]
#[test]
fn a_container_of_next_to_no_rights_is_probed() {
    if !have_engine() {
        return;
    }
    let image = Image::of_open_example("rights");
    let container = Container::run(&image, &NO_RIGHTS, &[]);
    container.goes_to("healthy");
    container.exec(&["/lprobe", "tcp://localhost:8080"]).healthy();
    container.exec(&["/lprobe", "-port=8080", "-endpoint=/healthz"]).healthy();
    let refused = container.exec(&["/lprobe", "tcp://:8081"]);
    refused.unhealthy_saying(&["127.0.0.1: connection refused"]);
    // There is no network but loopback, and no way past it.
    let elsewhere = container.exec(&["/lprobe", "http://192.0.2.1/"]);
    elsewhere.unhealthy_saying(&["only reaches its own container"]);
}

/// The image of examples/Dockerfile.sealed, over an image of lprobe like the one that is shipped.
pub fn sealed_image(name: &str) -> Image {
    let shipped = "FROM scratch\nCOPY lprobe /lprobe\nUSER 65532:65532\n";
    let shipped = Image::build(&format!("{name}-shipped"), shipped, &[repository("dist/lprobe")]);
    let example = fs::read_to_string(repository("examples/Dockerfile.sealed")).expect("the example");
    let (_, stages) = example.split_once("\nFROM ${LPROBE_IMAGE} AS lprobe\n").expect("a first stage");
    let dockerfile = format!("FROM {} AS lprobe\n{stages}", shipped.0);
    Image::build(name, &dockerfile, &[repository("target/demo-server")])
}

#[ignore = "needs dist/: run `make test`"]
#[test]
fn an_alert_is_in_the_container_s_log() {
    if !have_engine() {
        return;
    }
    let image = sealed_image("alert");
    let as_root = ["--user=0:0", "--health-interval=1s"];
    for options in [&NO_RIGHTS[..], &as_root] {
        let container = Container::run(&image, options, &[]);
        let alerts = || docker(&["logs", &container.0]).stderr.matches("lprobe: ALERT: ").count();
        container.goes_to("healthy");
        for _ in 0..20 {
            container.exec(&["/healthcheck"]).healthy();
        }
        assert_eq!(alerts(), 0, "a healthy check raises none");
        for command in [
            &["/bin/sh", "-c", "id"][..],
            &["/bin/apk", "add", "nmap"],
            &["/bin/curl", "http://192.0.2.1/"],
            &["/healthcheck", "http://localhost:8080/admin"],
        ] {
            let before = alerts();
            let outcome = container.exec(command);
            assert_eq!(outcome.status.code(), Some(1), "{outcome:?}");
            assert!(outcome.stderr.starts_with("lprobe: ALERT: "), "{outcome:?}");
            assert_eq!(alerts(), before + 1, "{command:?}");
            assert!(docker(&["logs", &container.0]).stderr.contains(&outcome.stderr), "{outcome:?}");
        }
        container.exec(&["/healthcheck"]).healthy();
        let shown = container.exec(&["/healthcheck", "--sealed"]).stdout;
        assert_eq!(shown, "lprobe: sealed: \"http://localhost:8080/healthz\"\n");
    }
}

#[ignore = "needs dist/: run `make test`"]
#[test]
fn a_tripwire_ends_the_container() {
    if !have_engine() {
        return;
    }
    let image = sealed_image("tripwire");
    let options = [&NO_RIGHTS[..], &["--env=LPROBE_TRIPWIRE=term"]].concat();
    let container = Container::run(&image, &options, &[]);
    container.goes_to("healthy");
    container.exec(&["/bin/sh"]);
    container.wait_until("ended", || container.inspect("{{.State.Running}}") == "false");
    assert_eq!(container.inspect("{{.State.ExitCode}}"), "0", "it was asked to end, and not killed");
    assert!(docker(&["logs", &container.0]).stderr.contains("lprobe: ALERT: a decoy was started"));
}

#[ignore = "needs dist/: run `make test`"]
#[test]
fn an_address_of_the_container_is_reached_and_its_neighbour_is_not() {
    if !have_engine() {
        return;
    }
    let image = Image::of_open_example("address");
    let address = |container: &Container| container.inspect("{{.NetworkSettings.IPAddress}}");
    let container = Container::run(&image, &[], &[]);
    let neighbour = Container::run(&image, &[], &[]);
    container.exec(&["/lprobe", &format!("tcp://{}:9", address(&container))]).unhealthy_saying(&["connection refused"]);
    container
        .exec(&["/lprobe", &format!("tcp://{}:9", address(&neighbour))])
        .unhealthy_saying(&["only reaches its own container"]);
}

/// A network of the tests' own, removed at the end.
struct Network(String);

impl Drop for Network {
    fn drop(&mut self) {
        docker(&["network", "rm", &self.0]);
    }
}

/// Opens a socket in the network of a container.
fn within(container: &Container, open: impl FnOnce() -> UdpSocket + Send) -> UdpSocket {
    let namespace = format!("/proc/{}/ns/net", container.inspect("{{.State.Pid}}"));
    thread::scope(|scope| {
        let entered = scope.spawn(|| {
            setns(File::open(namespace).expect("it runs"), CloneFlags::CLONE_NEWNET).expect("root may");
            open()
        });
        entered.join().expect("a socket")
    })
}

/// On such a network, the engine's resolver is at 127.0.0.11, and asks the name servers of the world.
#[ignore = "needs dist/: run `make test`"]
#[test]
fn the_engines_resolver_carries_nothing_out() {
    if !have_engine() || !have_root() {
        return;
    }
    // A query for the address of `example.test`.
    let query = b"\xab\xcd\x01\0\0\x01\0\0\0\0\0\0\x07example\x04test\0\0\x01\0\x01";
    let network = Network(format!("lprobe-test-{}", std::process::id()));
    docker_ok(&["network", "create", &network.0]);
    let image = Image::of_open_example("resolver");
    let neighbour = Container::run(&image, &["--network", &network.0], &[]);
    let address = neighbour.inspect("{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}");
    let name_server = within(&neighbour, move || UdpSocket::bind((&*address, 53)).expect("its own address"));
    let address = name_server.local_addr().expect("it is bound").ip().to_string();
    let container = Container::run(&image, &["--network", &network.0, "--dns", &address], &[]);

    let escaped: String = query.iter().map(|byte| format!("\\x{byte:02x}")).collect();
    let arguments = ["/lprobe", "--timeout=500ms", "udp://127.0.0.11:53", "--send", &escaped, "--expect=example"];
    container.exec(&arguments).unhealthy_saying(&["udp://127.0.0.11:53", "forwards queries"]);
    container.exec(&["/lprobe", "tcp://127.0.0.11:53"]).unhealthy_saying(&["forwards queries"]);
    name_server.set_nonblocking(true).expect("a socket");
    let error = name_server.recv(&mut [0; 512]).expect_err("nothing was asked");
    assert_eq!(error.kind(), ErrorKind::WouldBlock);

    // Anything else in the container gets a query out that way.
    name_server.set_nonblocking(false).expect("a socket");
    name_server.set_read_timeout(Some(Duration::from_secs(30))).expect("a socket");
    let _asking = within(&container, || {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        socket.send_to(query, "127.0.0.11:53").expect("the resolver is there");
        socket
    });
    let length = name_server.recv(&mut [0; 512]).expect("the resolver forwards the query");
    assert!(length >= query.len());
}
