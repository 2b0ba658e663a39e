//! Promises 2 and 3: nothing is carried out, and the exit code is 0 or 1. Promise 1 is in reach.rs; promises 4 and 5, never
//! healthy by mistake, one deadline and bounded memory, are what hostile/ is about; what few resources change of promise 3
//! is in surroundings.rs.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::server::Server;
use crate::support::{Running, binary, have_tools, lprobe, run, stderr_of};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

// Promise 2: it carries nothing out.

#[test]
fn nothing_that_the_server_sent_is_printed() {
    for answer in [
        "HTTP/1.1 500 SECRET\r\nX-Secret: SECRET\r\nContent-Length: 6\r\n\r\nSECRET",
        "HTTP/1.1 302 Found\r\nLocation: http://SECRET/\r\n\r\n",
        "SECRET\r\n\r\n",
        "HTTP/1.1 SECRET\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: SECRET\r\n\r\n",
        "HTTP/1.1 200 OK\r\nSECRET\r\n\r\n",
        "HTTP/1.1 200 \x1b[2JSECRET",
    ] {
        let line = lprobe([Server::answering(answer).http("/")]).unhealthy();
        assert!(!line.contains("SECRET"), "{line}");
    }
}

#[ignore = "needs dist/: run `make test`"]
#[test]
fn no_file_is_opened_no_program_run_and_nothing_listened_on() {
    if !have_tools(&["strace"]) {
        return;
    }
    let server = Server::answering(OK);
    for target in [server.http("/"), server.tcp(), ":1/".into()] {
        let trace = run(Command::new("strace").arg("-f").arg(binary()).arg(&target));
        // tcp:// looks whether the kernel gives the port to clients too.
        let own = |line: &&str| !line.contains("/proc/sys/net/ipv4/ip_local_port_range");
        let name = |line: &str| line.split_once('(').map(|(name, _)| name.to_owned());
        let mut calls: Vec<_> = trace.stderr.lines().filter(own).filter_map(name).collect();
        assert_eq!(calls.remove(0), "execve");
        let calls: BTreeSet<_> = calls.into_iter().collect();
        assert!(calls.contains("socket"), "{trace:?}");
        for call in ["open", "openat", "creat", "execve", "fork", "vfork", "clone", "clone3", "listen", "accept4"] {
            assert!(!calls.contains(call), "{target}: {call}");
        }
    }
}

// Promise 3: exit 0 or 1, and nothing else.

#[test]
fn a_crash_is_exit_1_with_a_line() {
    let fault = if cfg!(target_arch = "x86_64") { Signal::SIGILL } else { Signal::SIGTRAP };
    for signal in [Signal::SIGABRT, fault, Signal::SIGSEGV, Signal::SIGBUS, Signal::SIGSYS, Signal::SIGFPE] {
        let server = Server::silent();
        // A caller may have blocked every signal, and an exec keeps that.
        let mut probe = Command::new("env");
        probe.arg("--block-signal").arg(binary()).args(["--timeout=60s", &server.http("/")]).stderr(Stdio::piped());
        let mut probe = Running(probe.spawn().expect("it starts"));
        server.request();
        kill(Pid::from_raw(probe.0.id().cast_signed()), signal).expect("it runs");
        let status = probe.0.wait().expect("it ends");
        assert_eq!(status.code(), Some(1), "{signal}");
        assert_eq!(stderr_of(&mut probe.0), "lprobe: crashed: out of memory, or a bug in lprobe\n");
    }
}
