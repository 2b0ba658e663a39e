//! A real server of someone else's.

mod support;

use std::fs;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::process::{Child, Command};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid};
use support::{have_tools, lprobe};
use tempfile::TempDir;

/// An nginx of the test's own.
struct Nginx {
    port: u16,
    process: Child,
    folder: TempDir,
}

impl Drop for Nginx {
    /// By SIGTERM, which the master hands on to its workers.
    fn drop(&mut self) {
        let _ = kill(Pid::from_raw(self.process.id().cast_signed()), Signal::SIGTERM);
        let _ = self.process.wait();
    }
}

impl Nginx {
    /// Serves what `locations` say. It inherits a socket that listens already, as it does from itself when it is
    /// upgraded, so the port is free for sure and a probe can come at once.
    fn start(locations: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        // A worker that started as root would become a user who may not read the folder.
        let user = if Uid::effective().is_root() { "user root root;" } else { "" };
        let configuration = format!(
            "daemon off; pid nginx.pid; error_log stderr crit; {user}
             events {{}}
             http {{
                 access_log off;
                 client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
                 uwsgi_temp_path uwsgi; scgi_temp_path scgi;
                 server {{ listen 127.0.0.1:{port}; root {root}; {locations} }}
             }}",
            root = folder.path().display(),
        );
        fs::write(folder.path().join("nginx.conf"), configuration).expect("a file");
        let process = Command::new("nginx")
            .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin")
            .arg("-p")
            .arg(folder.path())
            .args(["-c", "nginx.conf", "-e", "stderr"])
            .env("NGINX", "0;")
            .stdin(OwnedFd::from(listener))
            .spawn()
            .expect("nginx starts");
        Self { port, process, folder }
    }

    fn probe(&self, path: &str) -> support::Outcome {
        // nginx may take its time to start.
        lprobe(["--timeout=30s", &format!(":{}{path}", self.port)])
    }
}

#[test]
fn nginx_is_probed() {
    if !have_tools(&["nginx"]) {
        return;
    }
    let nginx = Nginx::start(
        "location = /well { return 200 well; }
         location = /empty { return 204; }
         location = /moved { return 301 http://elsewhere.example/; }
         location = /sick { return 503; }
         location = /rude { return 444; }
         location = /query { if ($arg_full = 1) { return 200; } return 400; }
         location = /host { if ($http_host = localhost:$server_port) { return 200; } return 400; }",
    );
    nginx.probe("/well").healthy();
    nginx.probe("/empty").healthy();
    nginx.probe("/query?full=1").healthy();
    nginx.probe("/host").healthy();
    nginx.probe("/moved").unhealthy_saying(&["status 301"]);
    nginx.probe("/sick").unhealthy_saying(&["status 503"]);
    nginx.probe("/none").unhealthy_saying(&["status 404"]);
    nginx.probe("/rude").unhealthy_saying(&["closed before a complete response head"]);
    lprobe([format!("tcp://:{}", nginx.port)]).healthy();
    lprobe(["-mode=http", &format!("-port={}", nginx.port), "-endpoint=/moved", "-http-codes=200-299,301"]).healthy();
}

#[test]
fn a_file_of_a_gigabyte_is_not_read() {
    if !have_tools(&["nginx"]) {
        return;
    }
    let nginx = Nginx::start("");
    let file = fs::File::create(nginx.folder.path().join("large")).expect("a file");
    file.set_len(1 << 30).expect("a sparse file");
    nginx.probe("/large").healthy();
}
