//! MariaDB.

use super::*;

const MYSQL: &str = "mysql://localhost";

/// Runs `test` with an empty MariaDB that has just been started with these settings.
#[track_caller]
fn with_mariadb(settings: &'static [&str], test: impl FnOnce(Server) + Send + 'static) {
    at_home_of("mysql", &["mariadbd", "mariadb-install-db"], move |home| {
        let own = ["--no-defaults".to_owned(), format!("--datadir={}", home.path("data").display())];
        let made = run(home.command("mariadb-install-db").args(&own).arg("--skip-test-db"));
        assert!(made.status.success(), "{made:?}");
        probe(MYSQL).unhealthy_saying(&["mysql://localhost:3306", NOBODY]);
        let mut command = home.command("mariadbd");
        command.args(own).arg("--socket=socket").args(settings);
        test(home.serve(&mut command, Signal::SIGKILL));
    });
}

/// Whether the server begins with "Too many connections", its error 1040.
fn has_too_many(connection: &mut TcpStream) -> bool {
    let mut beginning = [0; 7];
    connection.read_exact(&mut beginning).expect("a packet");
    matches!(beginning, [_, _, _, 0, 255, 0x10, 0x04])
}

/// MariaDB locks a host out whose connections too often end without a login, as a probe's do: but never localhost.
#[test]
fn mariadb_is_healthy_again_and_again() {
    with_mariadb(&["--max-connect-errors=1"], |mut server| {
        server.until_healthy(MYSQL);
        (0..10).for_each(|_| probe(MYSQL).healthy());
        server.signal(Signal::SIGTERM);
        server.until_ended();
        probe(MYSQL).unhealthy_saying(&[NOBODY]);
    });
}

/// It has an error packet for a greeting then.
#[test]
fn mariadb_that_has_no_connection_left_is_unhealthy() {
    with_mariadb(&["--max-connections=10", "--connect-timeout=600"], |mut server| {
        server.until_healthy(MYSQL);
        let mut connections = Vec::new();
        server.until("full", || {
            connections.push(connect(3306));
            has_too_many(connections.last_mut().expect("it has just come")) && is_unhealthy(MYSQL, NOT_READY)
        });
        drop(connections);
        server.until_healthy(MYSQL);
    });
}

#[test]
fn mariadb_is_no_other_service() {
    with_mariadb(&[], |mut server| {
        server.until_healthy(MYSQL);
        for service in ["redis", "postgres", "amqp"] {
            probe(&format!("{service}://localhost:3306")).unhealthy_saying(&[NOT_READY]);
        }
    });
}
