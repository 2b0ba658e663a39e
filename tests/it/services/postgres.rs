//! PostgreSQL.

use super::*;

const POSTGRES: &str = "postgres://localhost";

/// Exit codes of pg_isready, by its manual.
const ACCEPTING: i32 = 0;
const REJECTING: i32 = 1;
const NO_RESPONSE: i32 = 2;

/// One of PostgreSQL's programs, which Debian keeps by version and out of PATH. Any version is as good, as long as all
/// programs are of the same.
fn postgresql(program: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let installed = versions.map(|version| version.path().join("bin")).filter(|bin| bin.join("postgres").exists());
    installed.max().unwrap_or_default().join(program)
}

/// Runs `test` with a new database cluster, made with these options.
#[track_caller]
fn with_a_cluster(options: &'static [&str], test: impl FnOnce(&Home) + Send + 'static) {
    let programs = ["postgres", "initdb", "pg_ctl", "pg_isready"].map(postgresql);
    let programs = programs.each_ref().map(|path| path.to_str().expect("UTF-8"));
    at_home_of("postgres", &programs, move |home| {
        fs::write(home.path("password"), "secret").expect("a file");
        let fresh = ["--pgdata=data", "--no-sync", "--no-locale", "--pwfile=password"];
        let made = run(home.command(postgresql("initdb")).args(fresh).args(options));
        assert!(made.status.success(), "{made:?}");
        test(home);
    });
}

/// PostgreSQL with these settings. SIGQUIT makes it end at once, and take its other processes along.
fn postgres(home: &Home, settings: &[&str]) -> Server {
    let mut command = home.command(postgresql("postgres"));
    command.args(["-D", "data", "-k"]).arg(home.folder.path());
    for setting in settings {
        command.args(["-c", setting]);
    }
    home.serve(&mut command, Signal::SIGQUIT)
}

/// Has lprobe and pg_isready judge the same server: `verdict` is pg_isready's.
#[track_caller]
fn both_find(home: &Home, verdict: i32) {
    let asked = run(home.command(postgresql("pg_isready")).args(["--host=localhost", "--timeout=60"]));
    assert_eq!(asked.status.code(), Some(verdict), "{asked:?}");
    let probed = probe(POSTGRES);
    match verdict {
        ACCEPTING => probed.healthy(),
        REJECTING => probed.unhealthy_saying(&["postgres://localhost:5432", NOT_READY]),
        _ => probed.unhealthy_saying(&["postgres://localhost:5432", NOBODY]),
    }
}

/// A session that is open as long as the value lives, or the error message that came instead.
fn session() -> Result<TcpStream, String> {
    let mut stream = connect(5432);
    stream.write_all(b"\0\0\0\x17\0\x03\0\0user\0postgres\0\0").expect("the server listens");
    loop {
        let mut head = [0; 5];
        stream.read_exact(&mut head).expect("a message");
        let [kind, length @ ..] = head;
        let mut body = vec![0; u32::from_be_bytes(length) as usize - length.len()];
        stream.read_exact(&mut body).expect("the rest of the message");
        match kind {
            // ReadyForQuery
            b'Z' => return Ok(stream),
            b'E' => return Err(String::from_utf8_lossy(&body).into_owned()),
            _ => {}
        }
    }
}

#[test]
fn postgres_is_healthy_until_it_shuts_down() {
    with_a_cluster(&["--auth=trust"], |home| {
        both_find(home, NO_RESPONSE);
        let mut server = postgres(home, &[]);
        server.until_healthy(POSTGRES);
        both_find(home, ACCEPTING);
        let session = session().expect("a session");
        // The smart shutdown: sessions may go on, and no new one is taken.
        server.signal(Signal::SIGTERM);
        server.until_unhealthy(POSTGRES, NOT_READY);
        both_find(home, REJECTING);
        drop(session);
        server.until_ended();
        both_find(home, NO_RESPONSE);
    });
}

/// A standby without queries never ends its start-up, until it is promoted.
#[test]
fn postgres_is_unhealthy_while_it_recovers() {
    with_a_cluster(&["--auth=trust"], |home| {
        fs::write(home.path("data/standby.signal"), "").expect("a file");
        let mut server = postgres(home, &["hot_standby=off"]);
        server.until_unhealthy(POSTGRES, NOT_READY);
        both_find(home, REJECTING);
        // Recovery begins a little later than the refusals.
        server.until("promoted", || {
            run(home.command(postgresql("pg_ctl")).args(["promote", "-D", "data"])).status.success()
        });
        server.until_healthy(POSTGRES);
        both_find(home, ACCEPTING);
    });
}

#[test]
fn postgres_that_asks_for_a_password_is_healthy() {
    with_a_cluster(&["--auth=scram-sha-256"], |home| {
        postgres(home, &[]).until_healthy(POSTGRES);
    });
}

#[test]
fn postgres_that_lets_nobody_in_is_healthy() {
    with_a_cluster(&["--auth-local=trust", "--auth-host=reject"], |home| {
        let mut server = postgres(home, &[]);
        server.until_healthy(POSTGRES);
        both_find(home, ACCEPTING);
        let refused = session().expect_err("no session");
        assert!(refused.contains("C28000\0"), "{refused:?}");
    });
}

/// It does accept connections, and says so to each that is one too many.
#[test]
fn postgres_that_has_no_session_left_is_healthy() {
    with_a_cluster(&["--auth=trust"], |home| {
        let mut server = postgres(home, &["max_connections=1", "superuser_reserved_connections=0"]);
        server.until_healthy(POSTGRES);
        let mut only = None;
        // The probe's own session may take a moment to end.
        server.until("free", || {
            only = session().ok();
            only.is_some()
        });
        both_find(home, ACCEPTING);
        let refused = session().expect_err("no session");
        assert!(refused.contains("C53300\0"), "{refused:?}");
    });
}
