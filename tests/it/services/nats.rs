//! NATS.

use super::*;

const NATS: &str = "nats://localhost";

#[test]
fn nats_is_healthy_once_it_takes_clients() {
    at_home_of("nats", &["nats-server"], |home| {
        probe(NATS).unhealthy_saying(&["nats://localhost:4222", NOBODY]);
        let mut server = home.serve(home.command("nats-server").args(["--addr", "localhost"]), Signal::SIGKILL);
        server.until_healthy(NATS);
        probe("nats://127.0.0.1:4222").healthy();
        server.signal(Signal::SIGTERM);
        server.until_ended();
        probe(NATS).unhealthy_saying(&[NOBODY]);
    });
}

#[test]
fn nats_that_asks_for_a_token_is_healthy() {
    at_home_of("nats", &["nats-server"], |home| {
        let arguments = ["--addr", "localhost", "--auth", "secret"];
        home.serve(home.command("nats-server").args(arguments), Signal::SIGKILL).until_healthy(NATS);
    });
}
