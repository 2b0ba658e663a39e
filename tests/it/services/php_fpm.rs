//! php-fpm, of FastCGI.

use super::*;
use nix::sys::signal::Signal::{SIGCONT, SIGSTOP};

/// php-fpm's program, which Debian has by version.
fn program() -> PathBuf {
    let programs = fs::read_dir("/usr/sbin").into_iter().flatten().flatten().map(|program| program.path());
    let name = |path: &PathBuf| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"php-fpm"));
    programs.filter(name).max().unwrap_or_else(|| "/usr/sbin/php-fpm".into())
}

/// Runs `test` with a home, and with the address that the pool is to listen on.
#[track_caller]
fn at_home(test: impl FnOnce(&Home) + Send + 'static) {
    let program = program();
    at_home_of("www-data", &[program.to_str().expect("UTF-8")], test);
}

/// One worker, and a page that says pong.
fn php_fpm(home: &Home, listen: &str) -> Server {
    let log = home.path("fpm.log").display().to_string();
    let settings = format!(
        "[global]\ndaemonize = no\nerror_log = {log}\n[www]\nlisten = {listen}\npm = static\n\
         pm.max_children = 1\nping.path = /ping\npm.status_path = /status\n"
    );
    fs::write(home.path("settings"), settings).expect("a file");
    fs::write(home.path("moved.php"), "<?php header('Location: /x'); ?>").expect("a file");
    fs::write(home.path("broken.php"), "<?php http_response_code(500); fwrite(STDERR, 'x'); no_such(); ?>")
        .expect("a file");
    home.serve(home.command(program()).args(["-n", "-F", "-O", "-y"]).arg(home.path("settings")), Signal::SIGTERM)
}

/// A worker that does nothing more until this is dropped.
struct Stopped(Pid);

impl Stopped {
    fn of(server: &Server) -> Self {
        let master = server.process.id();
        let children = fs::read_to_string(format!("/proc/{master}/task/{master}/children")).expect("it lives");
        let worker = Pid::from_raw(children.trim().parse().expect("one worker"));
        kill(worker, SIGSTOP).expect("it is its child");
        Self(worker)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        let _ = kill(self.0, SIGCONT);
    }
}

/// What it says of the other pages.
fn probe_pages(home: &Home, probe: impl Fn(&[&str], &str) -> Outcome) {
    probe(&[], "/ping").healthy();
    probe(&["--contains=pong", "--lacks=sick"], "/ping").healthy();
    probe(&["--contains=pong"], "/p%69ng").healthy();
    probe(&["--contains=ping"], "/ping").unhealthy_saying(&["/ping", "the text of --contains (number 1)"]);
    probe(&["--lacks=pong"], "/ping").unhealthy_saying(&["/ping", "the text of --lacks (number 1)"]);
    probe(&["--contains=\"pool\":\"www\""], "/status?json").healthy();
    probe(&["--contains=total processes:", "--contains=script:"], "/status?full").healthy();
    probe(&[], "/none").unhealthy_saying(&["/none", "status 404, expected 200-299"]);
    probe(&[], "").unhealthy_saying(&["status 40", "expected 200-299"]);
    probe(&["--http-codes=404", "--contains=File not found."], "/none").healthy();
    let page = |name: &str| home.path(name).display().to_string();
    probe(&[], &page("moved.php")).unhealthy_saying(&["status 302"]);
    probe(&[], &page("broken.php")).unhealthy_saying(&["status 500"]);
}

#[test]
fn php_fpm_is_healthy_once_it_answers_its_ping() {
    at_home(|home| {
        const PING: &str = "fcgi://localhost/ping";
        probe(PING).unhealthy_saying(&["fcgi://localhost:9000/ping: ", NOBODY]);
        let mut server = php_fpm(home, "127.0.0.1:9000");
        server.until_healthy(PING);
        probe_pages(home, |options, path| {
            lprobe([&["--timeout=60s"], options, &[&*format!("fcgi://127.0.0.1:9000{path}")]].concat())
        });
        assert!(!server.log().contains("ERROR") && !server.log().contains("exited"), "{}", server.log());
        server.signal(Signal::SIGTERM);
        server.until_ended();
        probe(PING).unhealthy_saying(&[NOBODY]);
    });
}

#[test]
fn php_fpm_on_a_unix_socket_is_asked_there() {
    at_home(|home| {
        let socket = home.path("fpm.sock").display().to_string();
        let probe = |options: &[&str], path: &str| {
            let target = format!("fcgi://{path}");
            lprobe([&["--timeout=60s", "--unix-socket", &socket], options, &[&*target]].concat())
        };
        probe(&[], "/ping").unhealthy_saying(&[&format!("fcgi://localhost:9000/ping on {socket}: "), "No such file"]);
        let mut server = php_fpm(home, &socket);
        server.until("there", || fs::exists(&socket).is_ok_and(|exists| exists));
        probe_pages(home, probe);
        let stopped = Stopped::of(&server);
        lprobe(["--timeout=300ms", "--unix-socket", &socket, "fcgi:///ping"])
            .unhealthy_saying(&["no expected reply within 300 ms"]);
        drop(stopped);
        probe(&[], "/ping").healthy();
    });
}

/// The kernel takes its clients, but no worker does.
#[test]
fn php_fpm_with_no_worker_to_spare_is_unhealthy() {
    at_home(|home| {
        let mut server = php_fpm(home, "127.0.0.1:9000");
        server.until_healthy("fcgi:///ping");
        let stopped = Stopped::of(&server);
        lprobe(["tcp://:9000"]).healthy();
        lprobe(["--timeout=300ms", "fcgi:///ping"]).unhealthy_saying(&["no expected reply within 300 ms"]);
        drop(stopped);
        server.until_healthy("fcgi:///ping");
    });
}

/// It closes at once.
#[test]
fn php_fpm_that_refuses_its_clients_is_unhealthy() {
    at_home(|home| {
        let refused = "127.0.0.1:9000\nlisten.allowed_clients = 127.0.0.2";
        let mut server = php_fpm(home, refused);
        server.until_unhealthy("fcgi:///ping", "closed before an expected reply");
    });
}
