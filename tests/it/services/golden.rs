//! Servers that Debian doesn't have: MongoDB, Kafka and Cassandra. Each reply is encoded by a client library, which also
//! decodes it, and each request is compared with the library's own.

use super::*;
use crate::support::repository;

const PYTHON: &str = "target/test-tools/python/bin/python";

/// Runs `test` with the server of this name, which answers as `manner` says.
#[track_caller]
fn with_golden(name: &'static str, manner: &'static str, test: impl FnOnce(Server, &str) + Send + 'static) {
    let python = repository(PYTHON);
    if !have("TOOLS", python.exists(), "scripts/test-tools has not installed the client libraries") {
        return;
    }
    at_home_of("root", &[], move |home| {
        let script = repository("tests/it/services").join(name).with_extension("py");
        let mut command = home.command(&python);
        let server = home.serve(command.arg("-B").arg(script).arg(manner), Signal::SIGKILL);
        test(server, &format!("{name}://127.0.0.1"));
    });
}

#[track_caller]
fn is_well(name: &'static str, manner: &'static str) {
    with_golden(name, manner, |mut server, target| {
        server.until_healthy(target);
        probe(target).healthy();
    });
}

#[track_caller]
fn is_sick(name: &'static str, manner: &'static str) {
    with_golden(name, manner, |mut server, target| {
        server.until_unhealthy(target, NOT_READY);
        probe(target).unhealthy_saying(&[target, NOT_READY]);
    });
}

#[test]
fn mongodb_is_healthy_if_hello_is_ok() {
    is_well("mongodb", "hello");
    is_sick("mongodb", "unknown");
}

#[test]
fn kafka_is_healthy_if_it_lists_its_versions() {
    is_well("kafka", "versions");
    is_sick("kafka", "unsupported");
    is_sick("kafka", "empty");
}

/// A server that refuses version 4, and says so in a frame of version 5, is one that clients can use.
#[test]
fn cassandra_is_healthy_if_it_says_what_it_supports() {
    is_well("cassandra", "supported");
    is_well("cassandra", "newer");
    is_sick("cassandra", "error");
    is_sick("cassandra", "bootstrapping");
}
