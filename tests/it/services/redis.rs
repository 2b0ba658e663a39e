//! Redis.

use super::*;

const REDIS: &str = "redis://localhost";

/// A Redis with these settings, which writes nothing when it ends.
fn redis(home: &Home, settings: &[&str]) -> Server {
    home.serve(home.command("redis-server").args(["--save", ""]).args(settings), Signal::SIGKILL)
}

/// What Redis answers to `command`.
fn redis_answer(command: &str) -> String {
    let mut stream = connect(6379);
    stream.write_all(format!("{command}\r\n").as_bytes()).expect("the server listens");
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).expect("a line");
    answer
}

#[test]
fn redis_is_healthy_once_it_answers() {
    at_home_of("redis", &["redis-server"], |home| {
        probe(REDIS).unhealthy_saying(&["redis://localhost:6379", NOBODY]);
        let mut server = redis(home, &[]);
        server.until_healthy(REDIS);
        probe("redis://127.0.0.1:6379").healthy();
        server.signal(Signal::SIGTERM);
        server.until_ended();
        probe(REDIS).unhealthy_saying(&[NOBODY]);
    });
}

#[test]
fn redis_that_asks_for_a_password_is_healthy() {
    at_home_of("redis", &["redis-server"], |home| {
        let mut server = redis(home, &["--requirepass", "secret"]);
        server.until_healthy(REDIS);
        assert!(redis_answer("PING").starts_with("-NOAUTH "));
    });
}

/// It loads very slowly until it is told to hurry, which Redis has a setting for.
#[test]
fn redis_is_unhealthy_while_it_loads_its_data() {
    at_home_of("redis", &["redis-server"], |home| {
        let set = "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nvalue\r\n";
        fs::write(home.path("appendonly.aof"), set.repeat(200_000)).expect("a file");
        let mut server = redis(home, &["--appendonly", "yes", "--key-load-delay", "200"]);
        server.until_unhealthy(REDIS, NOT_READY);
        assert!(redis_answer("PING").starts_with("-LOADING "));
        probe(REDIS).unhealthy_saying(&[NOT_READY]);
        assert_eq!(redis_answer("CONFIG SET key-load-delay 0"), "+OK\r\n");
        server.until_healthy(REDIS);
    });
}

#[test]
fn redis_that_takes_no_more_clients_is_unhealthy() {
    at_home_of("redis", &["redis-server"], |home| {
        let mut server = redis(home, &["--maxclients", "1"]);
        server.until_healthy(REDIS);
        // The first may still come upon the last probe's connection, and be turned away.
        let mut clients = Vec::new();
        server.until("full", || {
            clients.push(connect(6379));
            is_unhealthy(REDIS, NOT_READY)
        });
        drop(clients);
        server.until_healthy(REDIS);
    });
}

#[cfg(feature = "full")]
#[test]
fn redis_over_tls_is_healthy() {
    use crate::full::pki::{Authority, as_is, text};

    at_home_of("redis", &["redis-server"], |home| {
        let authority = Authority::within(home.folder.path(), "authority");
        let identity = authority.issue("server", &["localhost"], as_is);
        let tls = ["--port", "0", "--tls-port", "6379", "--tls-auth-clients", "no"];
        let files = ["--tls-cert-file", text(&identity.certificate), "--tls-key-file", text(&identity.key)];
        for file in [&identity.certificate, &identity.key] {
            chown(file, Some(home.account.uid.as_raw()), None).expect("root may");
        }
        let ca = text(&authority.certificate);
        let mut server = redis(home, &[&tls[..], &files, &["--tls-ca-cert-file", ca]].concat());
        let probe = |target: &str| lprobe(["--timeout=60s", "--tls-ca-cert", ca, target]);
        server.until("healthy", || probe("rediss://localhost").status.success());
        probe("rediss://localhost").healthy();
        lprobe(["--tls-no-verify", "rediss://"]).healthy();
        lprobe(["rediss://"]).unhealthy_saying(&["certificate"]);
        lprobe(["redis://localhost:6379"]).unhealthy();
    });
}
