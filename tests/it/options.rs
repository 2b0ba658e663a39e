//! Options for heartbeat files, variables, and the flags of other tools.

use std::process::Command;

use crate::http_options;
use crate::support::server::Server;
use crate::support::{FULL, Outcome, binary, lprobe, lprobe_by_default, run};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

#[test]
fn an_option_that_no_target_heeds_is_refused() {
    for option in ["--contains=x", "--http-codes=200", "--method=GET", "--header=a: b", "--follow", "--data=x"] {
        lprobe([option, "tcp://:1"]).unhealthy_saying(&["http://", "no such target"]);
    }
    for target in ["udp://:1", "unix:///x", "file:///x"] {
        lprobe(["--unix-socket=/x", target]).unhealthy_saying(&["http://", "redis://", "no such target"]);
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

impl EachLine for Outcome {}

trait EachLine: Into<Outcome> {
    /// Exit 1, and lines that each have `words`.
    fn unhealthy_saying_in_each(self, words: &[&str]) {
        let outcome = self.into();
        assert_eq!(outcome.status.code(), Some(1), "{outcome:?}");
        assert!(outcome.stderr.lines().all(|line| words.iter().all(|word| line.contains(word))), "{outcome:?}");
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
    let expected = ["lprobe: variables used: LPROBE_TARGET", "lprobe: LPROBE_WIAT is set; did you mean LPROBE_WAIT?"];
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

/// As Go's flags have it.
#[test]
fn a_value_may_begin_with_a_dash() {
    lprobe(["-port", "-1"]).unhealthy_saying(&["--port \"-1\""]);
    lprobe(["--timeout", "--wait", "1s"]).unhealthy_saying(&["--timeout \"--wait\""]);
    assert!(http_options::request(&["-user-agent", "-x"]).contains("\r\nuser-agent: -x\r\n"));
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
    lprobe(["--zzz", ":1"]).unhealthy_saying(&["\"--zzz\"", "see --help"]);
}
