//! nginx, where it is installed.

use std::fs;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::process::Child;

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid};
use tempfile::TempDir;

use super::{Outcome, lprobe, tool};

/// An nginx of the test's own.
pub struct Nginx {
    pub port: u16,
    process: Child,
    pub folder: TempDir,
}

impl Drop for Nginx {
    /// By SIGTERM, which the master hands on to its workers.
    fn drop(&mut self) {
        let _ = kill(Pid::from_raw(self.process.id().cast_signed()), Signal::SIGTERM);
        let _ = self.process.wait();
    }
}

impl Nginx {
    /// Serves what `locations` say by plain HTTP/1.1.
    pub fn start(locations: &str) -> Self {
        Self::start_with("", locations)
    }

    /// The same with `flags` of its `listen` directive. It inherits a socket that listens already, as it does from itself
    /// when it is upgraded, so the port is free for sure and a probe can come at once.
    pub fn start_with(flags: &str, server: &str) -> Self {
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
                 server {{ listen 127.0.0.1:{port} {flags}; root {root}; {server} }}
             }}",
            root = folder.path().display(),
        );
        fs::write(folder.path().join("nginx.conf"), configuration).expect("a file");
        let process = tool("nginx")
            .arg("-p")
            .arg(folder.path())
            .args(["-c", "nginx.conf", "-e", "stderr"])
            .env("NGINX", "0;")
            .stdin(OwnedFd::from(listener))
            .spawn()
            .expect("nginx starts");
        Self { port, process, folder }
    }

    /// What lprobe says of `path`.
    pub fn probe(&self, path: &str) -> Outcome {
        // nginx may take its time to start.
        lprobe(["--timeout=30s", &format!(":{}{path}", self.port)])
    }
}
