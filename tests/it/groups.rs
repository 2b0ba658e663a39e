//! `--next`: groups of targets with options of their own, as curl has them.

use std::process::Command;

use crate::support::server::{ClosedPort, Server};
use crate::support::{binary, lprobe, lprobe_by_default, run};

const NO_CONTENT: &str = "HTTP/1.1 204 No Content\r\n\r\n";
const UP: &str = "HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{\"status\":\"UP\"}";

#[test]
fn each_group_has_options_of_its_own() {
    let (a, b) = (Server::answering(NO_CONTENT), Server::answering(UP));
    let (a, b) = (&*a.http("/a"), &*b.http("/b"));
    lprobe(["--http-codes", "204", a, "--next", "--contains", "UP", b]).healthy();
    lprobe(["--http-codes", "204", a, "-next", "-contains", "UP", b]).healthy();
    lprobe([a, "--http-codes=204", "--next", b, "--http-codes=200", "--next", "--http-codes=200-204", a, b]).healthy();
    // The other way round, each option is about the other target.
    let outcome = lprobe(["--http-codes", "204", b, "--next", "--contains", "UP", a]);
    let lines: Vec<_> = outcome.stderr.lines().collect();
    assert!(
        lines[0].contains("/b: status 200, expected 204") && lines[1].contains("/a: the text of --contains"),
        "{lines:?}"
    );
}

#[test]
fn headers_stay_in_their_group() {
    let (a, b) = (Server::answering(UP), Server::answering(UP));
    lprobe(["--header=X-Group: a", &*a.http("/"), "--next", &*b.http("/")]).healthy();
    assert!(a.request().contains("x-group: a") && !b.request().contains("x-group"));
}

#[test]
fn the_runs_options_stand_in_any_group_and_once() {
    let silent = Server::silent();
    let target = &*silent.http("/");
    let closed = ClosedPort::new();
    let other = &*format!("tcp://:{}", closed.port);
    for line in [["--timeout=150ms", target, "--next", other], [target, "--next", "--timeout=150ms", other]] {
        let outcome = lprobe(line);
        assert!(outcome.stderr.contains("within 150 ms"), "{outcome:?}");
    }
    for option in ["--timeout=1s", "--wait=1s", "--watch=1s", "--verbose"] {
        let name = option.split('=').next().expect("a name");
        lprobe([option, target, "--next", option, other])
            .unhealthy_saying(&[&format!("{name} can be given once only")]);
    }
    let up = Server::answering(UP);
    let outcome = lprobe_by_default([&*up.http("/"), "--next", "-v", &*up.http("/")]);
    assert!(outcome.status.success() && outcome.stdout.lines().count() == 2, "{outcome:?}");
    // The command line wins over the variable, in whichever group it stands.
    let mut command = Command::new(binary());
    let outcome = run(command.env("LPROBE_VERBOSE", "1").args(["-v=false", &up.http("/"), "--next", &up.http("/")]));
    outcome.healthy();
    lprobe(["--timeout=1s", target, "--next", "--connect-timeout=1s", other])
        .unhealthy_saying(&["--connect-timeout can't go with --timeout"]);
    // One latency a group.
    lprobe_by_default(["--max-latency=2s", other, "--next", target])
        .unhealthy_saying(&["--max-latency must be less than --timeout"]);
}

#[test]
fn a_group_without_a_target_or_with_a_useless_option_is_refused() {
    for line in [&["--next"][..], &[":1", "--next"], &["--next", ":1"], &[":1", "--next", "--next", ":2"]] {
        lprobe(line).unhealthy_saying(&["--next stands between targets"]);
    }
    lprobe([":1", "--next", "--contains=x", "tcp://:2"]).unhealthy_saying(&["--contains is for http://"]);
    lprobe(["--send=x", ":1", "--next", "tcp://:2"]).unhealthy_saying(&["--send is for tcp://"]);
    for given in ["--next=x", "--next=true", "-next="] {
        lprobe([":1", given, ":2"]).unhealthy_saying(&["--next takes no value"]);
    }
    lprobe(["-port=1", "--next", ":2"]).unhealthy_saying(&["--port can't go with --next"]);
    // The variable names the targets of the only group.
    let mut command = Command::new(binary());
    run(command.env("LPROBE_TARGET", ":1").args(["--next", ":2"])).unhealthy_saying(&["--next stands between targets"]);
}

/// A value and a target may be called so.
#[test]
fn what_is_no_option_does_not_part_groups() {
    let server = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n--next");
    lprobe(["--contains", "--next", &*server.http("/")]).healthy();
    lprobe(["--", "--next"]).unhealthy_saying(&["target \"--next\""]);
}
