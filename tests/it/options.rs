//! The options for HTTP, heartbeat files, variables, other tools' flags, and `install`.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::process::Command;
use std::thread;
use std::time::{Duration, SystemTime};

use crate::support::server::{Server, until_closed};
use crate::support::{FULL, Outcome, binary, executable, have_chroot, lprobe, lprobe_by_default, run, tool};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/// The request that `arguments` make.
fn request(arguments: &[&str]) -> String {
    let server = Server::answering(OK);
    lprobe(arguments.iter().copied().chain([&*server.http("/")])).healthy();
    server.request().replace(&format!("localhost:{}", server.port), "HOST")
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

const REST: &str = "accept: */*\r\nconnection: close\r\n";

#[test]
fn the_method_is_the_callers() {
    for method in ["GET", "HEAD", "OPTIONS", "POST"] {
        let request = request(&["--method", method]);
        assert!(request.starts_with(&format!("{method} / HTTP/1.1\r\n")), "{request}");
        assert_eq!(request.contains("content-length: 0\r\n"), method == "POST", "{request}");
    }
    for bad in ["get", "PUT", "DELETE", "", "GET / HTTP/1.1\r\nX: y"] {
        lprobe(["--method", bad, ":1"]).unhealthy_saying(&["--method", "GET, HEAD, OPTIONS or POST"]);
    }
}

#[test]
fn headers_are_the_callers() {
    let agent = format!("user-agent: lprobe/{VERSION}\r\n");
    let custom = request(&["--header", "X-A: 1", "--header=x-a:2", "-header", "X-B:\t with spaces "]);
    assert_eq!(
        custom,
        format!("GET / HTTP/1.1\r\nhost: HOST\r\nx-a: 1\r\nx-a: 2\r\nx-b: with spaces\r\n{agent}{REST}\r\n")
    );
    assert!(request(&["--header", "Host: service.example"]).contains("\r\nhost: service.example\r\n"));
    assert!(!request(&["--header", "Host: service.example"]).contains("HOST"));
    assert!(request(&["--header", "Accept: text/plain"]).contains("\r\naccept: text/plain\r\n"));
    assert!(request(&["--user-agent", "kube-probe/1.30"]).contains("\r\nuser-agent: kube-probe/1.30\r\n"));
    assert!(request(&["--basic-auth", "user:pass:word"]).contains("\r\nauthorization: Basic dXNlcjpwYXNzOndvcmQ=\r\n"));
    assert!(request(&["--basic-auth", "a:"]).contains("\r\nauthorization: Basic YTo=\r\n"));
    assert!(request(&["--basic-auth", ":b1"]).contains("\r\nauthorization: Basic OmIx\r\n"));
}

#[test]
fn a_bad_header_is_refused_and_its_value_is_not_shown() {
    for bad in
        ["SECRET", "SECRET: a\r\nX: y", "A: SECRET\n", "A: SECRET\tb", "A B: SECRET", ": SECRET", "A: SECR\u{c9}T"]
    {
        let line = lprobe(["--header", bad, ":1"]).unhealthy();
        assert!(line.contains("--header") && !line.contains("SECR"), "{line}");
    }
    for framing in ["Content-Length: 5", "Transfer-Encoding: chunked"] {
        lprobe(["--header", framing, ":1"]).unhealthy_saying(&["lprobe never sends a body"]);
    }
    for bad in ["SECRET", ""] {
        let line = lprobe(["--basic-auth", bad, ":1"]).unhealthy();
        assert!(line.contains("USER:PASSWORD") && !line.contains("SECRET"), "{line}");
    }
    lprobe(["--user-agent", "a\r\nX: y", ":1"]).unhealthy_saying(&["--user-agent"]);
}

#[test]
fn all_texts_must_be_in_the_body() {
    let length = |body: &str| format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let json = Server::answering(length(r#"{"status":"ok","db":"up"}"#));
    lprobe([r#"--contains="status":"ok""#, r#"--contains="db":"up""#, &json.http("/")]).healthy();
    lprobe(["--contains=ok", "--contains=down\n", &json.http("/")])
        .unhealthy_saying(&["the text of --contains (number 2) is not in the first 64 KiB of the body"]);

    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nre\r\n3\r\nady\r\n0\r\n\r\n";
    lprobe(["--contains=ready", &Server::answering(chunked).http("/")]).healthy();
    let to_the_end = "HTTP/1.0 200 OK\r\n\r\nready";
    lprobe(["--contains=ready", &Server::answering(to_the_end).http("/")]).healthy();
    // What comes before the text is complete; what breaks off before it is no answer.
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nready, but";
    lprobe(["--contains=ready", &Server::answering(half).http("/")]).healthy();
    lprobe(["--contains=steady", &Server::answering(half).http("/")]).unhealthy();
    // Nobody asked for another coding, and what is in it is not the text.
    for coding in ["gzip", "gzip, chunked", "chunked,", "chunked\r\nTransfer-Encoding: chunked"] {
        let coded = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: {coding}\r\n\r\n5;ready\r\nready\r\n0\r\n\r\n");
        lprobe([Server::answering(&*coded).http("/")]).healthy();
        lprobe(["--contains=ready", &Server::answering(coded).http("/")])
            .unhealthy_saying(&["a Transfer-Encoding that"]);
    }
    lprobe(["--contains=ready", &Server::answering("HTTP/1.1 500 \r\n\r\nready").http("/")])
        .unhealthy_saying(&["status 500"]);

    let at = |place: usize| Server::answering(length(&format!("{}ready{}", "x".repeat(place), "x".repeat(99_999))));
    lprobe(["--contains=ready", &at(65_531).http("/")]).healthy();
    lprobe(["--contains=ready", &at(65_532).http("/")]).unhealthy_saying(&["is not in the first 64 KiB"]);
    let crumbs = "1\r\nx\r\n".repeat(65_531) + "5\r\nready\r\n0\r\n\r\n";
    let server = Server::answering(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{crumbs}"));
    lprobe(["--contains=ready", "--timeout=10s", &server.http("/")]).healthy();

    let stalled = Server::start(|mut stream| {
        drop(stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nre"));
        until_closed(stream);
    });
    lprobe(["--contains=ready", "--timeout=200ms", &stalled.http("/")])
        .unhealthy_saying(&["no text of --contains within 200 ms"]);

    lprobe(["--contains=", ":1"]).unhealthy_saying(&["--contains"]);
    lprobe(["--contains=x", "--method=HEAD", ":1"]).unhealthy_saying(&["HEAD"]);
}

#[test]
fn http_goes_over_a_unix_socket() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("docker.sock");
    let listener = UnixListener::bind(&path).expect("a socket");
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let expected = format!("GET /_ping HTTP/1.1\r\nhost: localhost\r\nuser-agent: lprobe/{VERSION}\r\n{REST}\r\n");
        let mut request = vec![0; expected.len()];
        stream.read_exact(&mut request).expect("a request");
        stream.write_all(OK.as_bytes()).expect("the client reads");
        assert_eq!(String::from_utf8(request).expect("ASCII"), expected);
    });
    lprobe(["--unix-socket", path.to_str().expect("UTF-8"), "http://localhost/_ping"]).healthy();
    server.join().expect("the request is what is expected");
    lprobe(["--unix-socket=/nowhere.sock", "http://localhost/"]).unhealthy_saying(&["/nowhere.sock: No such file"]);
}

#[test]
fn an_option_that_no_target_heeds_is_refused() {
    for option in ["--contains=x", "--http-codes=200", "--method=GET", "--header=a: b", "--unix-socket=/x"] {
        lprobe([option, "tcp://:1"]).unhealthy_saying(&["http://", "no such target"]);
    }
    for option in ["--send=x", "--expect=x"] {
        lprobe([option, "http://:1"]).unhealthy_saying(&["tcp://", "no such target"]);
        lprobe([option, "redis://"]).unhealthy_saying(&["no such target"]);
    }
    // With another target for it, or from the environment, which may be meant for other probes too, it may stand.
    lprobe(["--contains=x", "tcp://:1", "http://:1"]).unhealthy_saying_in_each(&["refused"]);
    run(Command::new(binary()).env("LPROBE_CONTAINS", "x").arg("tcp://:1")).unhealthy_saying(&["refused"]);
}

/// Switched off, they ask for nothing.
#[test]
fn a_switch_that_is_off_goes_with_any_target() {
    for off in ["--ipv6=false", "-ipv6=0", "--verbose=false"] {
        lprobe([off, "unix:///nowhere.sock"]).unhealthy_saying(&["/nowhere.sock: No such file"]);
        lprobe([off, "file:///nowhere"]).unhealthy_saying(&["No such file"]);
    }
    lprobe(["--ipv6", "unix:///nowhere.sock"]).unhealthy_saying(&["--ipv6 is for targets with a host"]);
}

/// RFC 9110, section 15.2: another response follows an interim one.
#[test]
fn a_status_that_can_never_be_is_refused() {
    for never in ["100", "102", "200,199", "102-199", "100-100,204"] {
        lprobe(["--http-codes", never, ":1"]).unhealthy_saying(&["--http-codes", "interim"]);
    }
    for may_be in ["101", "100-199", "100-599", "200"] {
        lprobe(["--http-codes", may_be, ":1"]).unhealthy_saying(&["connection refused"]);
    }
}

impl EachLine for Outcome {}

trait EachLine: Into<Outcome> {
    /// Exit 1, and lines that each have `words`.
    fn unhealthy_saying_in_each(self, words: &[&str]) {
        let outcome = self.into();
        assert_eq!(outcome.status.code(), Some(1), "{outcome:?}");
        assert!(outcome.stderr.lines().all(|line| words.iter().all(|word| line.contains(word))), "{outcome:?}");
    }
}

#[test]
fn a_heartbeat_file_is_fresh_or_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("alive");
    let target = |query: &str| format!("file://{}{query}", path.display());
    lprobe([target("")]).unhealthy_saying(&["No such file"]);
    let file = File::create(&path).expect("a file");
    lprobe([target("")]).healthy();
    lprobe([target("?max-age=30s")]).healthy();
    let shift = |time: SystemTime| file.set_modified(time).expect("it is ours");
    shift(SystemTime::now() - Duration::from_secs(31));
    lprobe([target("?max-age=30s")]).unhealthy_saying(&["modified 31", "expected 30000 ms at most"]);
    lprobe([target("?max-age=1m")]).healthy();
    shift(SystemTime::now() + Duration::from_secs(60));
    lprobe([target("?max-age=30s")]).unhealthy_saying(&["in the future"]);
    lprobe([format!("file://{}", folder.path().display())]).unhealthy_saying(&["not a regular file"]);
    lprobe(["file:///dev/null"]).unhealthy_saying(&["not a regular file"]);
    let link = folder.path().join("link");
    symlink(&path, &link).expect("a link");
    lprobe([format!("file://{}", link.display())]).healthy();
    for bad in ["?age=1s", "?"] {
        lprobe([target(bad)]).unhealthy_saying(&["max-age=DURATION"]);
    }
    for bad in ["?max-age=", "?max-age=x", "?max-age=0", "?max-age=1s&x", "?max-age=99999999h"] {
        lprobe([target(bad)]).unhealthy_saying(&["max-age must be a duration"]);
    }
    // A nightly job leaves a file that is more than a day old.
    shift(SystemTime::now() - Duration::from_secs(25 * 3600));
    lprobe([target("?max-age=24h")]).unhealthy_saying(&["modified 9000"]);
    lprobe([target("?max-age=48h")]).healthy();
    for bad in ["file://", "file://alive", "file://localhost/alive", "file:///a\nb"] {
        lprobe([bad]).unhealthy_saying(&["absolute path"]);
    }
}

fn with_environment(variables: &[(&str, &str)], arguments: &[&str]) -> Outcome {
    run(Command::new(binary()).env_clear().envs(variables.iter().copied()).args(arguments))
}

#[test]
fn variables_expand_in_arguments() {
    let server = Server::answering(OK);
    let port = server.port.to_string();
    let path = |arguments: &[&str]| {
        with_environment(&[("PORT", &port), ("EMPTY", ""), ("_X1", "a b")], arguments).healthy();
        let request = server.request();
        request.lines().next().expect("a request line").split(' ').nth(1).expect("a path").to_owned()
    };
    assert_eq!(path(&[":${PORT}/"]), "/");
    assert_eq!(path(&["http://localhost:${PORT}/${NONE:-a/b}"]), "/a/b");
    assert_eq!(path(&[":${PORT}/${EMPTY}x${EMPTY:-y}"]), "/xy");
    assert_eq!(path(&[":${PORT}/$$x$$$$"]), "/$x$$");
    assert_eq!(path(&["-port=${PORT}", "-endpoint", "/${NONE:-}"]), "/");
    assert_eq!(path(&["--header=X: ${_X1}", ":${PORT}"]), "/");

    let refused = |argument: &str| with_environment(&[("EMPTY", ""), ("FLAG", "--help")], &[argument]);
    refused(":${PORT}/").unhealthy_saying(&["\":${PORT}/\"", "PORT is not set"]);
    refused("--timeout=${T}").unhealthy_saying(&["--timeout \"${T}\"", "T is not set"]);
    refused("http://localhost:${EMPTY}/").unhealthy_saying(&["port"]);
    for bad in [":80/$", ":80/$PORT", ":80/${", ":80/${}", ":80/${1X}", ":80/${A-b}", ":80/${A:-${B}}", ":80/${A B}"] {
        refused(bad).unhealthy_saying(&["$$"]);
    }
    // A value is never taken for an option.
    refused("${FLAG}").unhealthy_saying(&["target \"${FLAG}\""]);
    let line = with_environment(&[], &["--header=Authorization: SECRET${NONE}", ":1"]).unhealthy();
    assert!(line.contains("NONE is not set") && !line.contains("SECRET"), "{line}");
}

#[test]
fn options_are_read_from_the_environment_and_the_command_line_wins() {
    let server = Server::answering("HTTP/1.1 302 \r\n\r\n");
    let target = server.http("/");
    with_environment(&[("LPROBE_TARGET", &target), ("LPROBE_HTTP_CODES", "302")], &[]).healthy();
    with_environment(&[("LPROBE_HTTP_CODES", "302")], &["--http-codes=200", &target])
        .unhealthy_saying(&["expected 200"]);
    with_environment(&[("LPROBE_TARGET", "tcp://:1")], &["--http-codes=302", &target]).healthy();
    let two = format!("{target} tcp://:1");
    with_environment(&[("LPROBE_TARGET", &two), ("LPROBE_HTTP_CODES", "302")], &[])
        .unhealthy_saying(&["tcp://localhost:1"]);
    with_environment(&[("LPROBE_TIMEOUT", "soon")], &[":1"]).unhealthy_saying(&["LPROBE_TIMEOUT \"soon\""]);
    with_environment(&[("LPROBE_IPV6", "true")], &[":1"]).unhealthy_saying(&["::1: connection refused"]);
    with_environment(&[("LPROBE_IPV6", "true")], &["--ipv6=false", ":1"]).unhealthy_saying(&["127.0.0.1"]);
    let line = with_environment(&[("LPROBE_HEADER", "SECRET")], &[":1"]).unhealthy();
    assert!(line.contains("LPROBE_HEADER") && !line.contains("SECRET"), "{line}");
    // No probe is healthy for a variable that asks for something else, or that Kubernetes sets for a service.
    let variables = [("LPROBE_VERSION", "1"), ("LPROBE_HELP", "1"), ("LPROBE_PORT", "tcp://10.0.0.1:80")];
    with_environment(&variables, &[":1"]).unhealthy_saying(&["connection refused"]);
    with_environment(&variables, &[]).unhealthy_saying(&["no target"]);
}

#[test]
fn a_misspelt_variable_is_named() {
    let well = Server::answering(OK);
    let (healthy, sick) = (well.http("/"), ":1".to_owned());
    let said = |name: &str, meant: &str| format!("(LPROBE_{name} is set; did you mean LPROBE_{meant}?)");
    for (name, meant) in [
        ("TIMEUOT", "TIMEOUT"),
        ("TIMOUT", "TIMEOUT"),
        ("HTTP_CODE", "HTTP_CODES"),
        ("HTTPCODES", "HTTP_CODES"),
        ("HEADERS", "HEADER"),
        ("MAX_LATENCY_", "MAX_LATENCY"),
        ("WAITS", "WAIT"),
    ] {
        let variable = format!("LPROBE_{name}");
        with_environment(&[(&variable, "9s")], &[&healthy]).healthy();
        let line = with_environment(&[(&variable, "9s")], &[&sick]).unhealthy();
        assert!(line.ends_with(&said(name, meant)), "{line}");
    }
    // It may be why there is nothing to do, or nothing that can be done.
    with_environment(&[("LPROBE_TARGT", &healthy)], &[]).unhealthy_saying(&["no target", &said("TARGT", "TARGET")]);
    with_environment(&[("LPROBE_TIMEUOT", "9s")], &["--wait=x", &sick])
        .unhealthy_saying(&[&said("TIMEUOT", "TIMEOUT")]);
    // What Kubernetes sets beside a service named lprobe is no slip.
    let services = ["PORT", "SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTP", "PORT_80_TCP", "PORT_80_TCP_ADDR"];
    let variables: Vec<_> = services.iter().map(|name| (format!("LPROBE_{name}"), "tcp://10.0.0.1:80")).collect();
    let variables: Vec<_> = variables.iter().map(|(name, value)| (&**name, *value)).collect();
    let line = with_environment(&variables, &[&sick]).unhealthy();
    assert!(!line.contains("did you mean"), "{line}");
}

#[test]
fn verbose_names_the_variables_that_are_heeded() {
    let server = Server::answering(OK);
    let variables = [("LPROBE_TARGET", &*server.http("/")), ("LPROBE_TIMEOUT", "9s"), ("LPROBE_WIAT", "1s")];
    let outcome = with_environment(&variables, &["-v", "--timeout=8s"]);
    assert!(outcome.status.success(), "{outcome:?}");
    let lines: Vec<_> = outcome.stdout.lines().collect();
    let expected = ["lprobe: heeded variables: LPROBE_TARGET", "lprobe: LPROBE_WIAT is set; did you mean LPROBE_WAIT?"];
    assert_eq!(lines[..2], expected);
    assert!(lines.len() == 3 && lines[2].contains(": healthy after "), "{lines:?}");
}

#[test]
fn other_tools_flags_do_what_they_did_or_are_refused_by_name() {
    let server = Server::answering(OK);
    let port = format!("-port={}", server.port);
    lprobe(["-ipv6=false", "-v=false", "-connect-timeout=2s", "-user-agent=probe", &port]).healthy();
    assert!(server.request().contains("\r\nuser-agent: probe\r\n"));
    lprobe([&port, "-tls=false", "-gzip=F"]).healthy();
    assert!(server.request().contains("\r\nuser-agent: lprobe\r\n"), "their own default");
    lprobe([format!("-url={}", server.http("/x"))]).healthy();
    lprobe(["-connect-timeout=0s", &port]).unhealthy_saying(&["--connect-timeout"]);
    lprobe(["-connect-timeout=1s", "-timeout=1s", &port])
        .unhealthy_saying(&["--connect-timeout can't go with --timeout"]);
    lprobe(["-url=http://localhost/", &port]).unhealthy_saying(&["--port can't go with --url"]);
    lprobe(["-url=http://169.254.169.254/"]).unhealthy_saying(&["only reaches its own container"]);
    lprobe(["-ipv6=maybe", &port]).unhealthy_saying(&["--ipv6", "true or false"]);
    for flag in [
        "-addr=:5000",
        "-service=x",
        "-rpc-header=a: b",
        "-rpc-timeout=1s",
        "-gzip",
        "-http2",
        "-spiffe",
        "-alts",
        "-tls",
        "-tls-no-verify",
        "-tls-ca-cert=/ca.pem",
        "-tls-client-cert=/cert.pem",
        "-tls-client-key=/key.pem",
        "-tls-server-name=x",
    ] {
        if FULL {
            break;
        }
        let name = flag.split_once('=').map_or(flag, |(name, _)| name);
        lprobe([flag]).unhealthy_saying(&[&format!("-{name} "), "lprobe-full"]);
        lprobe([&port, &format!("-{flag}")]).unhealthy_saying(&[&format!("-{name} "), "lprobe-full"]);
    }
}

/// In a health log they would outlive the container.
#[test]
fn no_line_shows_a_secret() {
    let with_token = |arguments: &[&str]| with_environment(&[("TOKEN", "SECRET")], arguments);
    let server = Server::answering(OK);
    for arguments in [
        &[":1/health?token=${TOKEN}"][..],
        &["--contains=${TOKEN}", &server.http("/")],
        &["user:SECRET@localhost:8080/"],
        &["http:/user:SECRET@localhost/"],
        &["http://user:SECRET@local@host/"],
        &["-url=user:SECRET@localhost"],
        &["-HAuthorization:SECRET", ":1"],
        &["-uuser:SECRET", ":1"],
    ] {
        let line = with_token(arguments).unhealthy();
        assert!(!line.contains("SECRET"), "{line}");
    }
    let line = with_environment(&[("LPROBE_TARGET", "http://user:SECRET@localhost/")], &[]).unhealthy();
    assert!(line.contains("LPROBE_TARGET") && !line.contains("SECRET"), "{line}");
}

/// Texts that must be there, and others that must not.
#[test]
fn a_body_is_searched_for_several_texts() {
    let server = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nall is well\n");
    let probe = |arguments: &[&str]| lprobe([&server.http("/")[..]].iter().chain(arguments));
    probe(&["--contains-any=SECRET", "--contains-any=well"]).healthy();
    probe(&["--contains=all", "--contains-any=is", "--lacks=SECRET"]).healthy();
    probe(&["--contains-any=SECRET", "--contains-any=SECRET2"]).unhealthy_saying(&["no text of --contains-any"]);
    probe(&["--lacks=SECRET", "--lacks=well"]).unhealthy_saying(&["the text of --lacks (number 2) is in the body"]);
    probe(&["--lacks=well\n"]).unhealthy_saying(&["--lacks (number 1)"]);
    let cut = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nall is well\n");
    lprobe([&cut.http("/"), "--lacks=sick"]).unhealthy_saying(&["closed in the middle of the body"]);
    lprobe(["--lacks=", ":1"]).unhealthy_saying(&["--lacks", "empty"]);
    lprobe(["--lacks=x", "--method=HEAD", ":1"]).unhealthy_saying(&["--lacks can't go with --method HEAD"]);
}

/// Docker's and Kubernetes' secrets are files.
#[test]
fn a_secret_is_read_from_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, contents: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, contents).expect("a file");
        format!("@{}", path.display())
    };
    let header = file("header", b"X-Token: SECRET\n");
    assert!(request(&["--header", &header]).contains("\r\nx-token: SECRET\r\n"));
    let basic = file("basic", b"user:SECRET");
    assert!(request(&["--basic-auth", &basic]).contains("\r\nauthorization: Basic dXNlcjpTRUNSRVQ=\r\n"));
    let unusable = [
        ("@/no/such".into(), "No such file"),
        (format!("@{}", folder.path().display()), "not a regular file"),
        (file("long", &[b'x'; 65_537]), "longer than 64 KiB"),
        (file("binary", b"SECRET\xff"), "not UTF-8"),
        (file("no-header", b"SECRET"), "expected NAME: VALUE"),
    ];
    for (value, words) in &unusable {
        let line = lprobe(["--header", value, ":1"]).unhealthy();
        assert!(line.contains(words) && !line.contains("SECRET"), "{line}");
    }
    // A text that is no secret is what it is.
    assert!(request(&["--user-agent=@x"]).contains("\r\nuser-agent: @x\r\n"));
}

/// As Go's flags have it.
#[test]
fn a_value_may_begin_with_a_dash() {
    lprobe(["-port", "-1"]).unhealthy_saying(&["--port \"-1\""]);
    lprobe(["--timeout", "--wait", "1s"]).unhealthy_saying(&["--timeout \"--wait\""]);
    assert!(request(&["-user-agent", "-x"]).contains("\r\nuser-agent: -x\r\n"));
    lprobe(["--", "-port"]).unhealthy_saying(&["target \"-port\""]);
}

#[test]
fn what_would_never_tell_is_refused() {
    lprobe(["--ipv6", "unix:///x"]).unhealthy_saying(&["--ipv6 is for targets with a host"]);
    lprobe_by_default(["--max-latency=2s", ":1"]).unhealthy_saying(&["--max-latency must be less than --timeout"]);
    lprobe(["--unix-socket=", ":1"]).unhealthy_saying(&["--unix-socket \"\"", "absolute path"]);
    lprobe(["-url=tcp://:1"]).unhealthy_saying(&["--url", "expected http://"]);
}

#[test]
fn a_near_miss_gets_a_suggestion() {
    lprobe(["--timout=1s", ":1"]).unhealthy_saying(&["\"--timout\"", "did you mean --timeout?"]);
    lprobe(["-http-code=200", ":1"]).unhealthy_saying(&["did you mean --http-codes?"]);
    lprobe(["--zzz", ":1"]).unhealthy_saying(&["\"--zzz\"", "lprobe --help"]);
}

#[test]
fn install_copies_the_program() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("lprobe");
    let install = |path: &std::path::Path| lprobe(["install".as_ref(), path.as_os_str()]);
    install(&path).healthy();
    assert_eq!(fs::read(&path).expect("a copy"), fs::read(binary()).expect("the binary"));
    assert_eq!(fs::metadata(&path).expect("a copy").permissions().mode() & 0o7777, 0o755);
    run(Command::new(&path).arg("--version")).status.success().then_some(()).expect("it runs");
    // Over an older one, by a rename: who runs the old one keeps it.
    fs::write(&path, "old").expect("a file");
    let old = fs::metadata(&path).expect("a file").ino();
    install(&path).healthy();
    assert_ne!(fs::metadata(&path).expect("a copy").ino(), old);
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing else is left");

    let link = folder.path().join("link");
    symlink(&path, &link).expect("a link");
    let pipe = folder.path().join("socket");
    let _listener = UnixListener::bind(&pipe).expect("a socket");
    for there in [folder.path(), &link, &pipe] {
        install(there).unhealthy_saying(&["install ", "not a regular file"]);
    }
    assert!(link.is_symlink() && fs::metadata(&pipe).expect("a socket").file_type().is_socket());
    install(&folder.path().join("none/lprobe")).unhealthy_saying(&["No such file"]);
    lprobe(["install"]).unhealthy_saying(&["lprobe install PATH"]);
    lprobe(["install", ""]).unhealthy_saying(&["lprobe install PATH"]);
    run(Command::new(binary()).env("DIR", folder.path()).args(["install", "${DIR}/expanded"])).healthy();
    assert!(folder.path().join("expanded").exists());
    lprobe(["install", "${NONE}/x"]).unhealthy_saying(&["NONE is not set"]);
    lprobe(["install", "--help"]).unhealthy_saying(&["lprobe install PATH"]);
    lprobe(["install", "/a", "/b"]).unhealthy_saying(&["lprobe install PATH"]);
}

/// Containers that start together seed one volume: whoever looks sees no copy, or a whole one.
#[test]
fn several_installs_at_once_leave_a_whole_copy() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, program) = (folder.path().join("lprobe"), fs::read(binary()).expect("the binary"));
    thread::scope(|scope| {
        let installs: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| (0..10).for_each(|_| lprobe(["install".as_ref(), path.as_os_str()]).healthy())))
            .collect();
        while installs.iter().any(|install| !install.is_finished()) {
            assert!(fs::read(&path).map_or(true, |copy| copy == program), "half a copy");
        }
    });
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing else is left");
}

/// As a volume is seeded from an image FROM scratch, with no /proc to find oneself by.
#[ignore = "needs dist/: run `make test`"]
#[test]
fn install_needs_no_proc() {
    if !have_chroot() {
        return;
    }
    let (root, program) = (tempfile::tempdir().expect("a folder"), fs::read(binary()).expect("the binary"));
    executable(&root.path().join("lprobe"), &program);
    run(tool("chroot").arg(root.path()).args(["/lprobe", "install", "/copy"])).healthy();
    assert_eq!(fs::read(root.path().join("copy")).expect("a copy"), program);
}
