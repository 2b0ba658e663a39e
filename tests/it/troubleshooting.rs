//! docs/troubleshooting.md: what the engine and lprobe say there is what they say.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::support::engine::{Container, Image, docker, docker_ok, have_engine};
use crate::support::server::{ClosedPort, Server};
use crate::support::{FULL, binary, lprobe, repository, run, without_variables};

/// The lines that a table of the page quotes: the first text in code of each row.
fn lines(section: &str) -> Vec<String> {
    let page = fs::read_to_string(repository("docs/troubleshooting.md")).expect("the page");
    let (_, rest) = page.split_once(&format!("\n## {section}\n")).expect("the section");
    let table = rest.split("\n## ").next().expect("its text");
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| row.split_once('`').expect("an end").0.to_owned()).collect()
}

/// The probe in folders of its own: as it is, linked to a C library, for another processor, and with rights that are too few. The
/// health check takes longer than the engine waits.
const DOCKERFILE: &str = r#"FROM scratch
COPY demo-server /demo-server
COPY lprobe /lprobe
COPY linked /linked/lprobe
COPY processor /processor/lprobe
COPY mode /mode/lprobe
COPY owner /owner/lprobe
USER 65532:65532
HEALTHCHECK --interval=1s --timeout=3s --retries=1 CMD ["/lprobe", "--wait=20s", "tcp://:9"]
ENTRYPOINT ["/demo-server"]
CMD ["8080"]
"#;

fn image() -> Image {
    let folder = tempfile::tempdir().expect("a folder");
    let probe = fs::read(repository("dist/lprobe")).expect("run by `make test`");
    let mut of_another_processor = probe.clone();
    // e_machine in the header of ELF: AArch64.
    of_another_processor[18..20].copy_from_slice(&183u16.to_le_bytes());
    // What cargo built beside this test takes a C library.
    let linked = fs::read(env!("CARGO_BIN_EXE_lprobe")).expect("cargo built it");
    let files = [
        ("lprobe", &probe, 0o755),
        ("linked", &linked, 0o755),
        ("processor", &of_another_processor, 0o755),
        ("mode", &probe, 0o644),
        ("owner", &probe, 0o700),
    ];
    let mut paths = vec![repository("target/demo-server")];
    for (name, contents, mode) in files {
        let path = folder.path().join(name);
        fs::write(&path, contents).expect("a file");
        fs::set_permissions(&path, Permissions::from_mode(mode)).expect("a mode");
        paths.push(path);
    }
    Image::build("trouble", DOCKERFILE, &paths)
}

#[ignore = "needs dist/: run `make test`"]
#[test]
fn the_engine_says_what_the_page_quotes() {
    if !have_engine() {
        return;
    }
    let image = image();
    let start = |options: &[&str]| Container::run(&image, &[&["--network=none"], options].concat(), &[]);
    let by_shell = start(&["--health-cmd=/lprobe :8080/healthz", "--health-interval=1s"]);
    let late = start(&[]);
    let executed = |program: &str| {
        let outcome = late.exec(&[program, ":8080/healthz"]);
        assert!(!outcome.status.success(), "{program}: {outcome:?}");
        [outcome.stdout, outcome.stderr].concat().replace(program, "/lprobe")
    };
    let absent = executed("/absent/lprobe");
    let by_name = late.exec(&["lprobe"]);
    let of_file = ["/linked/lprobe", "/processor/lprobe", "/mode/lprobe", "/owner/lprobe"].map(executed);
    let logged = |container: &Container| {
        container.wait_until("checked", || !container.last_check().is_empty());
        container.last_check()
    };
    let profile = format!("seccomp={}", repository("examples/demo-seccomp.json").display());
    let profiled = ["--network=none", "--security-opt", &profile];
    let refused = Container(docker_ok(&[&["create"], &profiled[..], &[&image.0]].concat()));
    let refused = docker(&["start", &refused.0]);
    let said = [
        &[logged(&by_shell), absent, [by_name.stdout, by_name.stderr].concat()],
        &of_file[..],
        &[logged(&late), refused.stderr],
    ]
    .concat();

    let lines = lines("What Docker says");
    assert_eq!(lines.len(), said.len(), "each line of the page is brought about");
    for (line, said) in lines.iter().zip(&said) {
        assert!(said.contains(line.as_str()), "{line:?} is not in {said:?}");
    }
    let cured = Container::run(&image, &[&profiled[..], &["--security-opt=no-new-privileges"]].concat(), &[]);
    cured.exec(&["/lprobe", "--wait=10s", ":8080/healthz"]).healthy();
}

/// A volume that is mounted with `noexec`, and one that is not.
#[ignore = "needs dist/: run `make test`"]
#[test]
fn a_volume_may_forbid_to_execute() {
    if !have_engine() {
        return;
    }
    let image = Image::of_open_example("noexec");
    for (volume, cured) in [("--tmpfs=/probe", false), ("--tmpfs=/probe:exec", true)] {
        let container = Container::run(&image, &["--network=none", "--user=0:0", volume], &[]);
        container.exec(&["/lprobe", "install", "/probe/lprobe"]).healthy();
        let outcome = container.exec(&["/probe/lprobe", "--wait=10s", "http://localhost:8080/healthz"]);
        if cured {
            outcome.healthy();
        } else {
            let said = [outcome.stdout, outcome.stderr].concat();
            assert!(said.contains("eaccess /probe/lprobe: permission denied"), "{said}");
        }
    }
}

#[test]
fn lprobe_says_what_the_page_quotes() {
    let port = ClosedPort::new();
    let closed = |host: &str| lprobe([format!("http://{host}:{}/", port.port)]);
    let answer = |status: &str, options: &[&str]| {
        let server = Server::answering(format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nok"));
        lprobe([&[server.http("/").as_str()], options].concat())
    };
    let said_by = |greeting: &str| lprobe([Server::answering(greeting).http("/")]);
    let silent = Server::silent();
    let outside = "302 Found\r\nLocation: http://example.com/";
    let mut without_port = Command::new(binary());
    let without_port = without_variables(&mut without_port).env_remove("PORT").arg("http://localhost:${PORT}/");
    let outcomes = [
        closed("localhost"),
        closed("127.0.0.1"),
        answer("503 Service Unavailable", &[]),
        answer("302 Found\r\nLocation: /login", &[]),
        answer(outside, &["--follow"]),
        answer("404 Not Found", &[]),
        lprobe(["--timeout=1s", &silent.http("/")]),
        said_by(""),
        said_by("SSH-2.0-OpenSSH\r\n"),
        answer("200 OK", &["--contains", "UP"]),
        lprobe(["http://example.com/"]),
        run(without_port),
        lprobe(["http://localhost:$PORT/"]),
        lprobe(["https://localhost/"]),
        lprobe(["--timeot", "1s", "http://localhost/"]),
    ];
    let lines = lines("What lprobe says");
    assert_eq!(lines.len(), outcomes.len(), "each line of the page is brought about");
    for (line, outcome) in lines.iter().zip(outcomes) {
        // The full build lacks nothing.
        let is_said = FULL && line == "needs lprobe-full" || outcome.stderr.contains(line.as_str());
        assert!(is_said, "{line:?} is not in {outcome:?}");
        outcome.unhealthy();
    }
}
