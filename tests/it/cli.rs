//! The command line: what is understood, and what is said of what is not.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;

use crate::support::server::Server;
use crate::support::{FULL, binary, lprobe, run};

const OK: &str = "HTTP/1.1 200 OK\r\n\r\n";

#[test]
fn help_and_version_go_to_stdout() {
    for flag in ["--help", "-help", "-h"] {
        let help = lprobe([flag]);
        assert!(help.status.success() && help.stderr.is_empty(), "{help:?}");
        assert!(flag != "-h" || help.stdout.lines().count() <= 24, "it fits a screen");
        assert!(help.stdout.lines().all(|line| line.len() <= 80), "of 80 columns");
        for option in ["--timeout", "--http-codes", "--help"] {
            assert!(help.stdout.contains(option), "{option}");
        }
    }
    let full = std::fs::File::options().write(true).open("/dev/full").expect("a full device");
    let outcome = Command::new(binary()).arg("--help").stdout(full).output().expect("it starts");
    assert_eq!(outcome.status.code(), Some(1));
    assert!(outcome.stderr.starts_with(b"lprobe: stdout: "), "{outcome:?}");
    for flag in ["--version", "-V", "-version"] {
        let version = lprobe([flag]);
        assert!(version.status.success() && version.stderr.is_empty(), "{version:?}");
        let build = if FULL { " (full)" } else { "" };
        assert_eq!(version.stdout, format!("lprobe {}{build}\n", env!("CARGO_PKG_VERSION")));
    }
}

/// What was written for FivexL's lprobe works as it stands.
#[test]
fn fivexl_spelling_is_understood() {
    let server = Server::answering(OK);
    let port = format!("-port={}", server.port);
    let path = |arguments: &[&str]| {
        lprobe(arguments).healthy();
        server.request().lines().next().expect("a request line").to_owned()
    };
    assert_eq!(path(&["-mode=http", &port, "-endpoint=/healthz"]), "GET /healthz HTTP/1.1");
    assert_eq!(path(&["-mode", "http", "-port", &server.port.to_string()]), "GET / HTTP/1.1");
    assert_eq!(path(&[&format!("-{port}"), "--endpoint=/a?b=c"]), "GET /a?b=c HTTP/1.1");
    // Theirs adds the slash too.
    assert_eq!(path(&[&port, "-endpoint=healthz", "-http-codes=200"]), "GET /healthz HTTP/1.1");

    if !FULL {
        lprobe(["-mode=grpc", &port]).unhealthy_saying(&["--mode \"grpc\"", "lprobe-full"]);
    }
    lprobe(["-mode=tcp", &port]).unhealthy_saying(&["--mode \"tcp\"", "tcp://"]);
    lprobe([&port, ":80/"]).unhealthy_saying(&["--port can't go with a target"]);
}

#[test]
fn options_stand_on_either_side_of_the_target() {
    let server = Server::answering("HTTP/1.1 302 \r\n\r\n");
    lprobe(["--http-codes", "302", "--timeout=5s", &server.http("/")]).healthy();
    lprobe([&server.http("/"), "--http-codes", "302", "-timeout", "5s"]).healthy();
    lprobe(["--http-codes=302", "--", &server.http("/")]).healthy();
}

/// Each is refused with exit 1 and one line that has these words.
#[test]
fn bad_usage_is_refused_by_name() {
    let cases: &[(&[&str], &[&str])] = &[
        (&[], &["no target", "--help"]),
        (&[""], &["target \"\""]),
        (&["localhost:8080"], &["target \"localhost:8080\": did you mean http://localhost:8080/?"]),
        (
            &["localhost:8080/healthz?x=y"],
            &["target \"localhost:8080/healthz?...\": did you mean http://localhost:8080/healthz?"],
        ),
        (&["8080"], &["did you mean http://localhost:8080/?"]),
        (&["8080/ready"], &["did you mean http://localhost:8080/ready?"]),
        (&["localhost"], &["did you mean http://localhost:80/?"]),
        (&["127.0.0.1:9090"], &["did you mean http://127.0.0.1:9090/?"]),
        (&["[::1]:9090"], &["did you mean http://[::1]:9090/?"]),
        (&["example.com:8080"], &["expected http://"]),
        (&["65536"], &["expected http://"]),
        (&["/healthz"], &["target \"/healthz\""]),
        (&["//evil.example/"], &["target \"//evil.example/\""]),
        (&["ftp://localhost/"], &["target \"ftp://localhost/\""]),
        (&["http://"], &["target \"http://\"", "no host and no port"]),
        (&["http:///healthz"], &["no host and no port"]),
        (&["http://:/"], &["port"]),
        (&["http://localhost:/"], &["port"]),
        (&["http://:0/"], &["port"]),
        (&[":65536/"], &["port"]),
        (&["http://:-1/"], &["port"]),
        (&["http://:+80/"], &["port"]),
        (&["http://:80x/"], &["port"]),
        (&["tcp://localhost"], &["a port is needed"]),
        (&["tcp://"], &["a port is needed"]),
        (&["tcp://:80/"], &["takes no path"]),
        (&["tcp://[::1]"], &["a port is needed"]),
        (&["http://::1:80/"], &["brackets"]),
        (&["http://[::1]80/"], &["brackets"]),
        (&["http://[fe80::1%eth0]/"], &["zone"]),
        (&["http://[::ffff:127.0.0.1%lo]/"], &["zone"]),
        (&["--ipv6", "http://127.0.0.1/"], &["--ipv6: the target is an IPv4 address"]),
        (&["-V", ":1"], &["--version goes with no other argument"]),
        (&["-h", ":1"], &["-h goes with no other argument"]),
        (&["--help=x"], &["--help takes no value"]),
        (&["--version=false", ":1"], &["--version takes no value"]),
        (&["--h"], &["unknown option \"--h\""]),
        (&["-v", "-v", ":1"], &["--verbose can be given once only"]),
        (&[":1", "--help"], &["--help"]),
        (&["http://[::1/"], &["brackets"]),
        (&["http://0.0.0.0/"], &["localhost"]),
        (&["http://[::]/"], &["localhost"]),
        (&["http://user:pass@localhost/"], &["target \"http://...@localhost/\"", "user and password"]),
        (&["http://localhost\\@evil.example/"], &["user and password"]),
        (&["http:\\\\localhost\\"], &["target \"http:\\\\\\\\localhost\\\\\""]),
        (&[":80/\\evil"], &["%5C"]),
        (&[":80/a b"], &["%20"]),
        (&[":80/a\nb"], &["target \":80/a\\nb\"", "%0A"]),
        (&[":80/\u{e4}"], &["%C3"]),
        (&[":80/\x1b[2J"], &["\\x1b[2J", "%1B"]),
        (&[":80/#top"], &["%23"]),
        (&[":80/100%"], &["%25"]),
        (&[":80/%zz"], &["%25"]),
        (&[":80/%00"], &["NUL"]),
        (&["--timeout", ":80/"], &["--timeout \":80/\""]),
        (&["--timeout"], &["--timeout needs a value"]),
        (&["--timeout=", ":1"], &["--timeout \"\""]),
        (&["--timeout=0", ":1"], &["--timeout \"0\""]),
        (&["--timeout=-1s", ":1"], &["--timeout \"-1s\""]),
        (&["--timeout=1x", ":1"], &["--timeout \"1x\""]),
        (&["--timeout=1e3", ":1"], &["--timeout \"1e3\""]),
        (&["--timeout=25h", ":1"], &["--timeout \"25h\"", "24h"]),
        (&["--timeout=99999999999999999999s", ":1"], &["--timeout"]),
        (&["--timeout=1s", "--timeout=2s", ":1"], &["--timeout can be given once only"]),
        (&["--http-codes=", ":1"], &["--http-codes \"\""]),
        (&["--http-codes=200,", ":1"], &["--http-codes \"200,\""]),
        (&["--http-codes=2xx", ":1"], &["--http-codes \"2xx\""]),
        (&["--http-codes=200- 299", ":1"], &["--http-codes \"200- 299\""]),
        (&["--http-codes=299-200", ":1"], &["--http-codes \"299-200\""]),
        (&["--http-codes=0-999", ":1"], &["--http-codes \"0-999\""]),
        (&["--http-codes=200-299-300", ":1"], &["--http-codes"]),
        (&["--http-codes=+20", ":1"], &["--http-codes"]),
        (&["-port=0"], &["--port \"0\""]),
        (&["-port=http"], &["--port \"http\""]),
        (&["-port=80", "-endpoint=/a\tb"], &["--endpoint \"/a\\tb\"", "%09"]),
        (&["--no-such", ":1"], &["--no-such", "--help"]),
        (&["-x", ":1"], &["-x"]),
        (&["--ipv6=yes", ":1"], &["--ipv6 \"yes\"", "true or false"]),
    ];
    for (arguments, words) in cases {
        lprobe(*arguments).unhealthy_saying(words);
    }
    for target in ["https://localhost/", "grpc://:5000", "grpcs://:5000"] {
        if !FULL {
            lprobe([target]).unhealthy_saying(&[&format!("target \"{target}\""), "lprobe-full"]);
        }
    }
}

#[test]
fn an_argument_that_is_no_text_is_refused_by_name() {
    for (arguments, word) in [
        ([b":1".as_slice(), b"--timeout=\xff\x1b"], "--timeout \"\\xff\\x1b\""),
        ([b"--timeout=1s", b":80/\xff"], "target \":80/\\xff\""),
        ([b":1", b"--\xff=\xff"], "--"),
    ] {
        run(Command::new(binary()).args(arguments.map(OsStr::from_bytes))).unhealthy_saying(&[word]);
    }
}

#[test]
fn an_argument_of_any_length_is_refused_in_a_short_line() {
    let long = "x".repeat(100_000);
    for argument in [long.clone(), format!(":80/{long}"), format!("http://{long}/"), format!("--{long}")] {
        lprobe([&argument]).unhealthy_saying(&["xxx..."]);
    }
    lprobe([format!("--timeout={long}"), ":1".into()]).unhealthy_saying(&["xxx..."]);
    // A megabyte in all: no one argument can have more than 128 KB.
    lprobe(vec![format!(":1/{}", &long[..90_000]); 11]).unhealthy_saying(&["xxx...", "8000 bytes"]);
    lprobe([format!(":1/{}", &long[..7_000])]).unhealthy_saying(&["xxx...: 127.0.0.1: connection refused"]);
}

#[test]
fn durations_are_gos_and_a_bare_number_is_seconds() {
    for (text, milliseconds) in [("150ms", 150), ("0.15", 150), (".15s", 150), ("0.0025m", 150), ("0m0.1s50ms", 150)] {
        let outcome = lprobe([&format!("--timeout={text}"), &Server::silent().http("/")]);
        outcome.unhealthy_saying(&[&format!("within {milliseconds} ms")]);
    }
}
