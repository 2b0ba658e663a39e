//! OpenLDAP's slapd.

use super::*;

const LDAP: &str = "ldap://localhost";

fn slapd(home: &Home, settings: &str) -> Server {
    fs::write(home.path("settings"), settings).expect("a file");
    let arguments = ["-f", "settings", "-h", LDAP, "-d", "stats"];
    home.serve(home.command("slapd").args(arguments), Signal::SIGKILL)
}

#[test]
fn slapd_is_healthy_once_it_takes_clients() {
    at_home_of("root", &["slapd"], |home| {
        comes_and_goes(LDAP, 389, || slapd(home, ""), " UNBIND", "connection lost");
    });
}

/// It refuses with inappropriateAuthentication, or with unwillingToPerform.
#[test]
fn slapd_that_refuses_anonymous_binds_is_healthy() {
    for (settings, result) in [("disallow bind_anon\n", 48), ("restrict bind\n", 53)] {
        at_home_of("root", &["slapd"], move |home| {
            let mut server = slapd(home, settings);
            server.until_healthy(LDAP);
            server.until_logged(&format!("RESULT tag=97 err={result} "), 1);
        });
    }
}
