//! Whose command line it is: by the program's name, by the first argument, or by the flags.

use std::io::{Read, Write};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::support::server::{LOCALHOST, LOCALHOST6, Server};
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
            (&["-no-such"], "unknown option"),
            (&[], "no --addr, as in --addr=:5000"),
        ] {
            let outcome = called(name, arguments);
            let said = line(&outcome);
            assert!(said.starts_with("grpc_health_probe: "), "{said}");
            // The small build refuses the name, and a flag of it, before it looks any further.
            assert!(said.contains(if FULL { words } else { "" }), "{said}");
            assert!(FULL || said.contains("lprobe-full") || words.starts_with("unknown"), "{said}");
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
fn a_copy_named_curl_or_wget_checks_health_and_prints_no_body() {
    let server = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody");
    let url = server.http("/x?a=$1");
    for (name, arguments, agent) in
        [("curl", &["-fsSL"][..], "curl"), ("/usr/bin/wget", &["-SO", "-"], "Wget"), ("wget", &["-qO-"], "Wget")]
    {
        called(name, &[arguments, &[&*url]].concat()).healthy();
        let request = server.request();
        assert!(
            request.starts_with("GET /x?a=$1 HTTP/1.1\r\n") && request.contains(&format!("user-agent: {agent}\r\n"))
        );
    }
    // Where the body breaks off, a download would fail.
    let server = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbod");
    for arguments in [&["curl", "-f"][..], &["wget"]] {
        let outcome = lprobe([arguments, &[&*server.http("/")]].concat());
        assert_eq!(outcome.status.code(), Some(1), "{outcome:?}");
        assert!(outcome.stderr.contains("closed in the middle of the body"), "{outcome:?}");
    }
    lprobe(["wget", "--spider", &server.http("/")]).healthy();
    // A body has the type of a form, unless the line says another one.
    let server = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    for (arguments, kind) in [
        (&["curl", "-da=1", "-d", "b=2"][..], "application/x-www-form-urlencoded"),
        (&["curl", "-HContent-type: text/plain", "--data=a=1&b=2"], "text/plain"),
        (&["wget", "--post-data", "a=1&b=2"], "application/x-www-form-urlencoded"),
        (&["curl", "--json", "a=1", "--json", "&b=2"], "application/json"),
    ] {
        lprobe([arguments, &[&*server.http("/")]].concat()).healthy();
        let request = server.request();
        assert!(request.starts_with("POST / ") && request.contains(&format!("content-type: {kind}\r\n")), "{request}");
        assert!(request.contains("content-length: 7\r\n"), "{request}");
    }
    // An empty one is a body too.
    for (arguments, method) in [
        (&["curl", "-d", ""][..], "POST"),
        (&["curl", "-X", "PUT", "-d", ""], "PUT"),
        (&["wget", "--post-data="], "POST"),
        (&["wget", "--method=PUT", "--body-data="], "PUT"),
    ] {
        lprobe([arguments, &[&*server.http("/")]].concat()).healthy();
        assert!(server.request().starts_with(&format!("{method} / ")), "{arguments:?}");
    }
    for (arguments, text) in [(["curl", "-sV"], "lprobe "), (["wget", "--help"], "Probes its own container")] {
        let outcome = lprobe(arguments);
        assert!(outcome.status.success() && outcome.stdout.starts_with(text), "{outcome:?}");
    }
}

#[test]
fn curl_and_wget_write_no_file_and_follow_no_redirect_out_of_the_container() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody");
    let url = server.http("/file");
    for arguments in [
        &["curl", "-O"][..],
        &["curl", "-o", "file", "-D", "head", "-w", "%{http_code}"],
        &["wget"],
        &["wget", "-O", "file", "-o", "log", "-P", "."],
    ] {
        let mut command = Command::new(binary());
        run(without_variables(&mut command).args(arguments).arg(&url).current_dir(folder.path())).healthy();
        assert_eq!(folder.path().read_dir().expect("a folder").count(), 0, "{arguments:?}");
    }
    let server = Server::answering("HTTP/1.1 302 Found\r\nLocation: http://example.com/\r\nContent-Length: 0\r\n\r\n");
    for arguments in [&["curl", "-fL"][..], &["curl", "--location"], &["wget"], &["wget", "--spider"]] {
        let line = line(&lprobe([arguments, &[&*server.http("/")]].concat())).to_owned();
        assert!(line.contains("redirected outside this container"), "{arguments:?}: {line}");
    }
    lprobe(["curl", "-f", &server.http("/")]).healthy();
    assert!(line(&lprobe(["wget", "--max-redirect=0", &server.http("/")])).contains("status 302"));
}

#[test]
fn curl_and_wget_take_one_family_of_addresses_and_sockets() {
    for (address, family, other) in [(LOCALHOST, "-4", "-6"), (LOCALHOST6, "-6", "-4")] {
        let server = Server::start_on(address, |mut stream| drop(stream.write_all(OK.as_bytes())));
        for client in ["curl", "wget"] {
            lprobe([client, family, &server.http("/")]).healthy();
            let refused = lprobe([client, other, &server.http("/")]);
            assert!(line(&refused).contains("connection refused"), "{refused:?}");
        }
        lprobe([if family == "-4" { "--ipv4" } else { "--ipv6" }, &server.http("/")]).healthy();
    }
    lprobe(["--ipv4", "--ipv6", ":1"]).unhealthy_saying(&["--ipv4 can't go with --ipv6"]);
    lprobe(["--ipv4", "tcp://[::1]:1"]).unhealthy_saying(&["--ipv4: the target is an IPv6 address"]);

    let name = format!("lprobe-test-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).expect("a name");
    let listener = UnixListener::bind_addr(&address).expect("a free name");
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").expect("it reads");
        let _ = stream.read_to_end(&mut Vec::new());
    });
    lprobe(["curl", "-f", "--abstract-unix-socket", &name, "http://localhost/"]).healthy();
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
    // A path is escaped as Go does it, and its fragment is not sent.
    let server = Server::answering("HTTP/1.1 204 \r\n\r\n");
    let port = format!("-port={}", server.port);
    for (endpoint, sent) in [
        ("/a b", "/a%20b"),
        ("/a%20b", "/a%20b"),
        ("/\u{e9}|{}[]", "/%C3%A9%7C%7B%7D%5B%5D"),
        ("/?a={\"b\"}", "/?a=%7B%22b%22%7D"),
        ("/a#b", "/a"),
        ("/a?b=c#d", "/a?b=c"),
        ("healthz", "/healthz"),
    ] {
        lprobe([&port, "-endpoint", endpoint]).healthy();
        assert!(server.request().starts_with(&format!("GET {sent} HTTP/1.1\r\n")), "{endpoint}");
    }
    for endpoint in ["/%zz", "/a\tb", "/a\u{7f}", "/?a=b c"] {
        lprobe([&port, "-endpoint", endpoint]).unhealthy_saying(&["--endpoint"]);
    }
    // What is not a number is 0.
    for codes in ["-299", "+204", "x,204", "204,", "204, 304", "200-99999"] {
        lprobe([&port, "-http-codes", codes]).healthy();
    }
    lprobe([&port, "-http-codes=200, 204"]).unhealthy_saying(&["status 204, expected 200"]);
    lprobe([&port, "-http-codes=205-999"]).unhealthy_saying(&["status 204, expected 205-599"]);
    // These have no status at all.
    for codes in ["200-", " 204", "x", "299-200", "600", "200-299-300"] {
        lprobe([&port, "-http-codes", codes]).unhealthy_saying(&["--http-codes", "expected statuses"]);
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

/// What a server gets, since some refuse what is there twice, or without need.
#[test]
fn curl_and_wget_send_what_they_would() {
    let server = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let url = server.http("/a/../b/./c?d=/../e[f]=http://g/#h");
    let with_user = format!("http://probe@localhost:{}/", server.port);
    for (line, has, lacks) in [
        (&["curl", "-u", "a:b", "-H", "Authorization: c", &url][..], "authorization: c\r\n", "basic"),
        (
            &["curl", "--json", "{}", "-H", "Content-Type: a/b", &url],
            "content-type: a/b\r\n",
            "content-type: application",
        ),
        (&["curl", "--json", "{}", &url], "content-type: application/json\r\n", "urlencoded"),
        (&["curl", "--json", "{}", &url], "accept: application/json\r\n", "*/*"),
        (&["curl", "-d", "", &url], "content-type: application/x-www-form-urlencoded\r\n", "json"),
        (&["curl", "-X", "POST", &url], "post ", "content-type"),
        (&["curl", "-H", "X-A: 1", "-H", "X-A: 2", &url], "x-a: 1\r\nx-a: 2\r\n", "x-a: 3"),
        (&["wget", "--header=X-A: 1", "--header=x-a: 2", &url], "x-a: 2\r\n", "x-a: 1"),
        (&["wget", "--method=POST", &url], "post /b/c?d=/../e%5bf%5d=http://g/ http", "content-type"),
        (&["curl", &url], "get /b/c?d=/../e%5bf%5d=http://g/ http", "#h"),
        (&["curl", &with_user], "authorization: basic chjvymu6\r\n", "probe@"),
    ] {
        lprobe(line).healthy();
        let request = server.request().to_lowercase();
        assert!(request.contains(has) && !request.contains(lacks), "{line:?}: {request}");
    }
}

/// Statuses that are no end, or no redirect, for them.
#[test]
fn curl_and_wget_follow_what_leads_somewhere() {
    let sick = Server::answering("HTTP/1.1 500 \r\nContent-Length: 0\r\n\r\n");
    let answering = |status: u16, location: &str| {
        Server::answering(format!("HTTP/1.1 {status} \r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"))
    };
    for status in [300, 301, 304, 305, 308, 399] {
        let outcome = lprobe(["curl", "-fL", &answering(status, &sick.http("/")).http("/")]);
        assert!(line(&outcome).contains("after a redirect: status 500"), "{status}: {outcome:?}");
    }
    let outcome = lprobe(["wget", &answering(300, &sick.http("/")).http("/")]);
    assert!(line(&outcome).contains("after a redirect: status 500"), "{outcome:?}");
    lprobe(["curl", "-fL", &answering(302, "").http("/")]).healthy();
    // lprobe's own option follows five.
    lprobe(["--follow", &answering(300, &sick.http("/")).http("/")]).unhealthy_saying(&["status 300"]);
    lprobe(["--follow", &answering(302, "").http("/")]).unhealthy_saying(&["status 302"]);
    // Both would wait for another protocol.
    for client in ["curl", "wget"] {
        let outcome = lprobe([client, &answering(101, "/").http("/")]);
        assert!(line(&outcome).contains("status 101"), "{outcome:?}");
    }
}

/// The clients have no time limit, or a long one. lprobe's own is one second.
#[test]
fn curl_and_wget_wait_29_seconds_by_default() {
    let server = Server::silent();
    let waiting = ["curl", "wget"].map(|client| {
        let url = server.http("/");
        thread::spawn(move || called(client, &[&url]))
    });
    for probe in waiting {
        let outcome = probe.join().expect("an outcome");
        assert!(outcome.took >= Duration::from_secs(29), "{outcome:?}");
        assert!(line(&outcome).contains("within 29000 ms"), "{outcome:?}");
    }
}

#[test]
fn curl_and_wget_read_their_values_as_they_do() {
    let server = Server::answering("HTTP/1.1 300 Multiple Choices\r\nContent-Length: 0\r\n\r\n");
    let url = server.http("/");
    // A name alone takes out a header, and 0 is no limit.
    lprobe(["curl", "-f", "-m", "0", "-H", "X-Probe:", "-H", "X-Other: a", &url]).healthy();
    let head = server.request();
    assert!(head.contains("\r\nx-other: a\r\n") && !head.contains("x-probe"), "{head}");
    // For wget, 300 is a success.
    lprobe(["wget", "-q", "-T", "0", &url]).healthy();
    assert!(server.request().starts_with("GET / HTTP/1.1\r\n"));
    // A user in a URL is for this URL alone.
    let other = format!("http://probe:geheim@localhost:{}/", server.port);
    for client in ["curl", "wget"] {
        let outcome = lprobe([client, &other, &url]);
        assert_eq!(line(&outcome), format!("{client}: a URL with a user must be the only URL"));
    }
    // A URL may come from a variable.
    let port = server.port.to_string();
    let whole = ["${URL}", "${HOST}:${PORT}/", "${HOST:-localhost}:${PORT}/"];
    for template in whole.into_iter().chain(["${NONE:-${URL}}", "${NONE:-http://localhost:1/}"]) {
        let variables = [("URL", &*url), ("HOST", "127.0.0.1"), ("PORT", &port)];
        let mut client = Command::new(binary());
        let outcome = run(without_variables(&mut client).envs(variables).args(["curl", template]));
        let words = match template {
            template if whole.contains(&template) => "",
            "${NONE:-${URL}}" => "begins ${NAME} or ${NAME:-default}",
            _ => "localhost:1/: 127.0.0.1: connection refused",
        };
        assert!(outcome.stderr.contains(words) && outcome.status.success() == words.is_empty(), "{outcome:?}");
    }
    // What follows a flag in the same argument may be a secret.
    for (client, flag, shown) in [
        ("curl", "--user probe:geheim", "--user..."),
        ("curl", "--header:geheim", "--header..."),
        ("wget", "--password geheim", "--password..."),
        ("wget", "--quiet=geheim", "--quiet"),
    ] {
        let outcome = lprobe([client, flag, &url]);
        assert!(line(&outcome).starts_with(&format!("{client}: \"{shown}\" ")), "{outcome:?}");
    }
    // Each attempt has all of its time, also where the pauses together are shorter.
    let silent = Server::silent();
    let outcome = lprobe(["curl", "-f", "--retry", "1", "--retry-delay", "1", "-m", "2", &silent.http("/")]);
    assert!(outcome.took.as_millis() >= 2000, "{outcome:?}");
    assert_eq!(outcome.status.code(), Some(1));
    let outcome = lprobe(["wget", "--read-timeout=1", &silent.http("/")]);
    assert!(line(&outcome).ends_with("within 1000 ms"), "{outcome:?}");
}
