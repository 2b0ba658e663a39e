//! OpenSMTPD.

use super::*;

const SMTP: &str = "smtp://localhost";

/// It takes mail for the accounts of this machine, of which nobody sends any.
const SETTINGS: &str = "listen on localhost\naction \"local\" maildir\nmatch for local action \"local\"\n";

/// Its processes leave the account of root by themselves, and all of them end with the first.
#[test]
fn opensmtpd_is_healthy_once_it_takes_clients() {
    at_home_of("root", &["smtpd"], |home| {
        probe(SMTP).unhealthy_saying(&["smtp://localhost:25", NOBODY]);
        fs::write(home.path("settings"), SETTINGS).expect("a file");
        let mut server = home.serve(home.command("smtpd").args(["-d", "-f", "settings"]), Signal::SIGTERM);
        server.until_healthy(SMTP);
        probe("smtp://127.0.0.1:25").healthy();
        server.until_logged("reason=quit", 2);
        assert!(!server.log().contains("reason=disconnect"), "{}", server.log());
        for service in ["redis", "mqtt", "ldap"] {
            probe(&format!("{service}://localhost:25")).unhealthy_saying(&[NOT_READY]);
        }
        server.signal(Signal::SIGTERM);
        server.until_ended();
        probe(SMTP).unhealthy_saying(&[NOBODY]);
    });
}
