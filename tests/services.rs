//! The handshakes with the servers they were made for: each from its Debian package, up, starting, stopping, full,
//! and not there at all. Every test has a network namespace of its own, so each server is on its default port.

mod support;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User};
use support::netns::isolated;
use support::{Outcome, have_tools, lprobe, run};
use tempfile::TempDir;

/// Longer than any server takes, on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(120);

/// What lprobe says of a port where nobody listens, and of a server that answers, but not as one that is ready.
const NOBODY: &str = "connection refused";
const NOT_READY: &str = "the reply is not an expected one";

/// A folder of the account that a package made for its server: most of them refuse to run as root.
struct Home {
    account: User,
    folder: TempDir,
}

impl Home {
    fn of(account: &str) -> Self {
        let account = User::from_name(account).expect("accounts can be read").expect("the package made its account");
        let folder = tempfile::tempdir().expect("a folder");
        chown(folder.path(), Some(account.uid.as_raw()), Some(account.gid.as_raw())).expect("root may");
        Self { account, folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `program` as the account would run it, with nothing from the environment of whoever runs the tests.
    fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command
            .uid(self.account.uid.as_raw())
            .gid(self.account.gid.as_raw())
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            .env("HOME", self.folder.path())
            // A MariaDB that starts clears the temporary tables of every other one from a folder that they share.
            .env("TMPDIR", self.folder.path())
            .stdin(Stdio::null());
        command
    }

    /// Starts a server, which `stop` will end.
    fn serve(&self, command: &mut Command, stop: Signal) -> Server {
        let log = self.path("server.log");
        let output = File::options().create(true).append(true).open(&log).expect("a log");
        let errors = output.try_clone().expect("another handle");
        let process = command.stdout(output).stderr(errors).spawn().expect("the server starts");
        Server { process, stop, log }
    }
}

/// Runs `test` with an empty home of `account`, unless one of `programs` is missing.
#[track_caller]
fn at_home_of(account: &'static str, programs: &[&str], test: impl FnOnce(&Home) + Send + 'static) {
    if have_tools(programs) {
        isolated(move || test(&Home::of(account)));
    }
}

/// A server that ends with the test.
struct Server {
    process: Child,
    stop: Signal,
    log: PathBuf,
}

impl Drop for Server {
    fn drop(&mut self) {
        // A process that was waited for has given up its number.
        if self.runs() {
            self.signal(self.stop);
            let _ = self.process.wait();
        }
    }
}

impl Server {
    fn runs(&mut self) -> bool {
        self.process.try_wait().expect("it is our child").is_none()
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.process.id().cast_signed()), signal).expect("it is our child");
    }

    /// Waits until `condition` holds; a server that ends before will never let it.
    #[track_caller]
    fn until(&mut self, what: &str, mut condition: impl FnMut() -> bool) {
        let begin = Instant::now();
        while !condition() {
            let log = || fs::read_to_string(&self.log).unwrap_or_default();
            assert!(begin.elapsed() < PATIENCE, "it is still not {what}:\n{}", log());
            assert!(self.process.try_wait().is_ok_and(|ended| ended.is_none()), "it ended, not {what}:\n{}", log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    #[track_caller]
    fn until_healthy(&mut self, target: &str) {
        self.until("healthy", || is_healthy(target));
    }

    /// Waits until lprobe says `words` of `target`.
    #[track_caller]
    fn until_unhealthy(&mut self, target: &str, words: &str) {
        self.until("unhealthy", || is_unhealthy(target, words));
    }

    /// Waits until the server has ended by itself.
    #[track_caller]
    fn until_ended(&mut self) {
        let begin = Instant::now();
        while self.runs() {
            assert!(begin.elapsed() < PATIENCE, "it is still there");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Probes `target`, without haste: a busy server may take its time to answer.
fn probe(target: &str) -> Outcome {
    lprobe(["--timeout=60s", target])
}

/// Whether `target` is healthy; if not, it has to be plainly unhealthy.
#[track_caller]
fn is_healthy(target: &str) -> bool {
    let outcome = probe(target);
    let healthy = outcome.status.success();
    if healthy {
        outcome.healthy();
    } else {
        outcome.unhealthy();
    }
    healthy
}

/// Whether `target` is unhealthy, and lprobe says `words`.
#[track_caller]
fn is_unhealthy(target: &str, words: &str) -> bool {
    let outcome = probe(target);
    !outcome.status.success() && outcome.unhealthy().contains(words)
}

/// A connection that never waits for ever.
fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("localhost", port)).expect("the server listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("it is a socket");
    stream
}

// Redis

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

// PostgreSQL

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

// MariaDB

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

// RabbitMQ

const AMQP: &str = "amqp://localhost";

/// Debian's own wrapper of it takes neither another folder nor another log.
const RABBITMQ_SERVER: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";

/// Erlang's port mapper, which RabbitMQ would start for itself, and leave running.
fn epmd(home: &Home) -> Server {
    let mut server = home.serve(home.command("epmd").args(["-address", "127.0.0.1"]), Signal::SIGKILL);
    server.until_healthy("tcp://localhost:4369");
    server
}

fn rabbitmq(home: &Home) -> Server {
    let mut command = home.command(RABBITMQ_SERVER);
    command
        .env("RABBITMQ_NODENAME", "rabbit@localhost")
        .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
        .env("RABBITMQ_MNESIA_BASE", home.path("data"))
        .env("RABBITMQ_LOG_BASE", home.path("log"))
        .env("RABBITMQ_CONF_ENV_FILE", home.path("none"))
        .env("RABBITMQ_CONFIG_FILE", home.path("none"))
        .env("RABBITMQ_ENABLED_PLUGINS_FILE", home.path("none"))
        // The script is then replaced by the server, so that the signals are the server's.
        .env("RUNNING_UNDER_SYSTEMD", "true");
    home.serve(&mut command, Signal::SIGKILL)
}

#[test]
fn rabbitmq_is_healthy_once_it_is_up() {
    at_home_of("rabbitmq", &[RABBITMQ_SERVER, "epmd"], |home| {
        probe(AMQP).unhealthy_saying(&["amqp://localhost:5672", NOBODY]);
        let _epmd = epmd(home);
        let mut server = rabbitmq(home);
        server.until_healthy(AMQP);
        server.signal(Signal::SIGTERM);
        server.until_ended();
        probe(AMQP).unhealthy_saying(&[NOBODY]);
    });
}
