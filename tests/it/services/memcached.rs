//! memcached.

use super::*;

const MEMCACHED: &str = "memcached://localhost";

fn memcached(home: &Home, settings: &[&str]) -> Server {
    home.serve(home.command("memcached").args(["-l", "localhost"]).args(settings), Signal::SIGKILL)
}

#[test]
fn memcached_is_healthy_once_it_answers() {
    at_home_of("memcache", &["memcached"], |home| {
        probe(MEMCACHED).unhealthy_saying(&["memcached://localhost:11211", NOBODY]);
        let mut server = memcached(home, &[]);
        server.until_healthy(MEMCACHED);
        probe("memcached://127.0.0.1:11211").healthy();
        server.signal(Signal::SIGTERM);
        server.until_ended();
        probe(MEMCACHED).unhealthy_saying(&[NOBODY]);
    });
}

#[test]
fn memcached_that_takes_no_more_clients_is_unhealthy() {
    at_home_of("memcache", &["memcached"], |home| {
        let mut server = memcached(home, &["-c", "64", "-o", "maxconns_fast"]);
        server.until_healthy(MEMCACHED);
        let mut clients = Vec::new();
        server.until("full", || {
            clients.push(connect(11211));
            is_unhealthy(MEMCACHED, NOT_READY)
        });
        drop(clients);
        server.until_healthy(MEMCACHED);
    });
}
