//! OpenSSH's sshd.

use super::*;

const SSH: &str = "ssh://localhost";

/// It wants its own path, and a folder for its processes without rights, which Debian's service makes.
const SSHD: &str = "/usr/sbin/sshd";

fn sshd(home: &Home, settings: &str) -> Server {
    fs::create_dir_all("/run/sshd").expect("root may");
    let made = run(home.command("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f", "key"]));
    assert!(made.status.success(), "{made:?}");
    let key = home.path("key").display().to_string();
    let fixed = format!("HostKey {key}\nUsePAM no\nPidFile none\nListenAddress localhost\n");
    fs::write(home.path("settings"), fixed + settings).expect("a file");
    home.serve(home.command(SSHD).args(["-D", "-e", "-f"]).arg(home.path("settings")), Signal::SIGTERM)
}

/// It logs no error of a probe, but that a client came and went.
#[test]
fn sshd_is_healthy_once_it_takes_clients() {
    at_home_of("root", &[SSHD, "ssh-keygen"], |home| {
        comes_and_goes(SSH, 22, || sshd(home, ""), "[preauth]", "kex_exchange_identification");
    });
}

#[test]
fn sshd_that_takes_no_more_clients_is_unhealthy() {
    at_home_of("root", &[SSHD, "ssh-keygen"], |home| {
        let mut server = sshd(home, "MaxStartups 3\nLoginGraceTime 0\n");
        server.until_healthy(SSH);
        let mut clients = Vec::new();
        server.until("full", || {
            clients.push(connect(22));
            is_unhealthy(SSH, "reply")
        });
        drop(clients);
        server.until_healthy(SSH);
    });
}
