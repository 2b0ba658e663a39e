//! Whose command line it is: by the program's name, by the first argument, or by the flags.

use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::support::server::Server;
use crate::support::{FULL, Outcome, binary, lprobe, run, without_variables};

const OK: &str = "HTTP/1.1 200 OK\r\n\r\n";

/// Runs the binary by another name.
fn called(name: &str, arguments: &[&str]) -> Outcome {
    run(without_variables(&mut Command::new(binary())).arg0(name).args(arguments))
}

/// The line of an outcome that is unhealthy, whoever says it.
#[track_caller]
fn line(outcome: &Outcome) -> &str {
    assert_eq!(outcome.status.code(), Some(1), "{outcome:?}");
    outcome.stderr.strip_suffix('\n').expect("a line")
}

#[test]
fn the_programs_name_picks_a_personality_and_begins_its_lines() {
    for name in ["grpc_health_probe", "/bin/grpc_health_probe", "./grpc_health_probe"] {
        for (arguments, words) in [
            (&["-addr=:1", ":2"][..], "grpc_health_probe can't go with a target"),
            (&["-addr=:1", "-port=2"], "grpc_health_probe can't go with --port"),
            (&["-addr=example.com:1"], "only reaches its own container"),
            (&["-no-such"], "unexpected argument"),
            (&[], "no --addr, as in --addr=:5000"),
        ] {
            let outcome = called(name, arguments);
            let said = line(&outcome);
            assert!(said.starts_with("grpc_health_probe: "), "{said}");
            // The small build refuses the name, and a flag of it, before it looks any further.
            assert!(said.contains(if FULL { words } else { "" }), "{said}");
            assert!(FULL || said.contains("lprobe-full") || words.starts_with("unexpected"), "{said}");
        }
    }
    let help = called("grpc_health_probe", &["--help"]);
    assert!(help.status.success() && help.stdout.contains("--timeout"), "{help:?}");
    // A link is enough, as in an image.
    let folder = tempfile::tempdir().expect("a folder");
    let link = folder.path().join("grpc_health_probe");
    symlink(binary(), &link).expect("a link");
    let outcome = run(without_variables(&mut Command::new(&link)).arg("-addr=:1"));
    assert!(line(&outcome).starts_with("grpc_health_probe: "), "{outcome:?}");
}

#[test]
fn the_first_argument_picks_a_personality() {
    let outcome = lprobe(["grpc_health_probe", "-addr=example.com:1"]);
    assert!(line(&outcome).starts_with("grpc_health_probe: "), "{outcome:?}");
    let server = Server::answering(OK);
    lprobe(["fivexl", &format!("-port={}", server.port)]).healthy();
    assert!(server.request().contains("user-agent: lprobe\r\n"));
    // Theirs probes a port of its own where it is told of none.
    let outcome = lprobe(["fivexl", "-connect-timeout=5s"]);
    assert!(outcome.status.success() || line(&outcome).starts_with("fivexl: http://127.0.0.1:8080/: "), "{outcome:?}");
    let outcome = lprobe(["fivexl", ":1"]);
    assert_eq!(line(&outcome), "fivexl: fivexl can't go with a target");
    // The name is explicit, and no flag of another tool is ignored.
    lprobe(["lprobe", "-port=1", ":2"]).unhealthy_saying(&["lprobe can't go with --port"]);
    lprobe(["lprobe", "-url=x"]).unhealthy_saying(&["lprobe can't go with --url"]);
    lprobe(["lprobe", ":1", "--next", "-port=2", ":3"]).unhealthy_saying(&["lprobe can't go with --port"]);
    // It is a name in the first place alone.
    lprobe([":1", "fivexl"]).unhealthy_saying(&["target \"fivexl\""]);
}

#[test]
fn a_flag_that_only_one_has_picks_it() {
    lprobe(["-port=1"]).unhealthy_saying(&["http://127.0.0.1:1/: 127.0.0.1: connection refused"]);
    lprobe(["--contains", "-port", ":1"]).unhealthy_saying(&["http://localhost:1/: 127.0.0.1"]);
    lprobe(["-port=1", "-url=http://localhost/"]).unhealthy_saying(&["--port can't go with --url"]);
    // The last one counts, an empty text is as none, and numbers and times are written as in Go.
    lprobe(["-port=2", "-port=1", "-endpoint=/a", "-endpoint="]).unhealthy_saying(&["http://127.0.0.1:1/: "]);
    for port in ["0x1F90", "017620", "0o17620", "0b1111110010000", "8_080", "+8080", "0x_1f90"] {
        let outcome = lprobe([&format!("-port={port}"), "-http-codes=200-599"]);
        assert!(outcome.status.success() || line(&outcome).contains("http://127.0.0.1:8080/: "), "{port}: {outcome:?}");
    }
    for port in ["", "0", "8__080", "_8080", "8080_", "08080", "0x", "++1", "65536"] {
        lprobe([&format!("-port={port}")]).unhealthy_saying(&["--port", "expected a port"]);
    }
    for time in ["100us", "25h", "+1s", "1h2m"] {
        lprobe(["-port=1", &format!("-connect-timeout={time}")]).unhealthy_saying(&["127.0.0.1:1/"]);
    }
    lprobe(["-port=1", "-connect-timeout=0s"]).unhealthy_saying(&["--connect-timeout", "expected a duration"]);
    // lprobe's own options are strict.
    lprobe(["--timeout=1s", "--timeout=2s", ":1"]).unhealthy_saying(&["--timeout can be given once only"]);
    lprobe(["--timeout=25h", ":1"]).unhealthy_saying(&["--timeout", "1ms to 24h"]);
    if FULL {
        lprobe(["-port=1", "-addr=:2"]).unhealthy_saying(&["--port can't go with --addr"]);
        lprobe(["--tls", ":1"]).unhealthy_saying(&["--tls goes with --mode, --port or --addr"]);
    }
    // Any other name is lprobe's own.
    for name in ["lprobe", "/lprobe-full", "probe", ""] {
        let outcome = called(name, &[":1"]);
        assert!(line(&outcome).starts_with("lprobe: http://localhost:1/: "), "{outcome:?}");
    }
}
