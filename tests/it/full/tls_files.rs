//! The files of certificates and private keys, of which no line shows anything.

use super::pki::{Authority, as_is, text};
use super::tls::nginx;
use crate::support::{binary, have_tools, lprobe, lprobe_by_default, run};
use std::fs;
use std::process::Command;

#[test]
fn bad_files_are_refused_by_name_and_not_shown() {
    let authority = Authority::new("authority");
    let identity = authority.issue("server", &["localhost"], as_is);
    let other = authority.issue("other", &["localhost"], as_is);
    let write = |name: &str, contents: &str| {
        let path = authority.path(name);
        fs::write(&path, contents).expect("a file");
        text(&path).to_owned()
    };
    let (certificate, key) = (text(&identity.certificate), text(&identity.key));
    let half = write("half.pem", "-----BEGIN CERTIFICATE-----\nU0VDUkVU\n");
    let junk = write("junk.pem", "-----BEGIN CERTIFICATE-----\nU0VDUkVU\n-----END CERTIFICATE-----\n");
    let second = write("second.pem", &format!("{}{}", authority.pem(), fs::read_to_string(&junk).expect("a file")));
    let locked =
        write("locked.key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nU0VDUkVU\n-----END ENCRYPTED PRIVATE KEY-----\n");
    let broken = write("broken.key", "-----BEGIN PRIVATE KEY-----\nU0VDUkVU\n-----END PRIVATE KEY-----\n");
    let folder = text(authority.path("").parent().expect("a folder")).to_owned();
    let pair = |certificate: &str, key: &str| {
        ["--tls-no-verify", "--tls-client-cert", certificate, "--tls-client-key", key].map(str::to_owned).to_vec()
    };
    let one = |option: &str, file: &str| vec![option.to_owned(), file.to_owned()];
    for (arguments, words) in [
        (one("--tls-ca-cert", "/no/such"), ["--tls-ca-cert \"/no/such\"", "No such file"]),
        (one("--tls-ca-cert", &folder), ["--tls-ca-cert", "not a regular file"]),
        (one("--tls-ca-cert", "/dev/zero"), ["--tls-ca-cert", "not a regular file"]),
        (one("--tls-ca-cert", key), ["--tls-ca-cert", "no certificate in it"]),
        (one("--tls-ca-cert", &half), ["--tls-ca-cert", "not PEM"]),
        (one("--tls-ca-cert", &junk), ["--tls-ca-cert", "certificate 1 can't be understood"]),
        (one("--tls-ca-cert", &second), ["--tls-ca-cert", "certificate 2 can't be understood"]),
        (pair(&junk, key), ["--tls-client-key", ""]),
        (pair(certificate, &locked), ["--tls-client-key", "not encrypted"]),
        (pair(certificate, certificate), ["--tls-client-key", "no private key in it"]),
        (pair(certificate, &broken), ["--tls-client-key", "the private key can't be used"]),
        (pair(certificate, text(&other.key)), ["--tls-client-key", "does not belong to --tls-client-cert"]),
        (one("--tls-client-cert", certificate), ["--tls-client-cert needs --tls-client-key", ""]),
        (one("--tls-client-key", key), ["--tls-client-key needs --tls-client-cert", ""]),
        (one("--tls-server-name", "a b"), ["--tls-server-name \"a b\"", "DNS name"]),
    ] {
        let line = lprobe(["https://localhost:1/".to_owned(), "-v".into()].iter().chain(&arguments)).unhealthy();
        for word in words {
            assert!(line.contains(word), "{word:?} is not in {line:?}");
        }
        for secret in ["SECRET", "U0VDUkVU", "BEGIN PRIVATE"] {
            assert!(!line.contains(secret), "{line}");
        }
    }
}

/// What a variable holds may be the key itself, where its file's name was meant.
#[test]
fn pem_in_place_of_a_name_is_not_shown() {
    let authority = Authority::new("authority");
    let identity = authority.issue("client", &["a client"], as_is);
    let key = fs::read_to_string(&identity.key).expect("a file");
    let target = "https://localhost:1/";
    let given = ["--tls-no-verify", "--tls-client-cert", text(&identity.certificate)];
    let variable = run(Command::new(binary()).arg(target).args(given).env("LPROBE_TLS_CLIENT_KEY", &key));
    for outcome in [
        lprobe([target].iter().chain(&given).chain(&["--tls-client-key", &key])),
        lprobe([target, "--tls-ca-cert", &key]),
        lprobe([target, "--tls-ca-cert", &format!(" \n{key}")]),
        lprobe([target, "--tls-no-verify", "--tls-client-cert", &key]),
        variable,
    ] {
        let line = outcome.unhealthy();
        let secret = key.lines().nth(1).expect("a line");
        assert!(line.contains("expected the name of a file") && !line.contains(secret), "{line}");
        assert!(!line.contains("BEGIN"), "{line}");
    }
}

/// Not at any verbosity, and not what the server shows either.
#[test]
fn no_line_shows_a_key_or_a_certificate() {
    if !have_tools(&["nginx"]) {
        return;
    }
    let authority = Authority::new("NAME-OF-AUTHORITY");
    let server = nginx(&authority.issue("server", &["name-of-server.example"], as_is), "");
    let client = authority.issue("client", &["name-of-client.example"], as_is);
    let target = format!("https://localhost:{}/well", server.port);
    let shown = ["--tls-client-cert", text(&client.certificate), "--tls-client-key", text(&client.key)];
    let secrets = ["--header=X-Token: SECRET-HEADER", "--basic-auth=user:SECRET-PASSWORD"];
    for trust in [&["--tls-ca-cert", text(&authority.certificate)][..], &["--tls-no-verify"]] {
        let outcome = lprobe_by_default(
            [&target, "-v", "--timeout=30s"].into_iter().chain(shown).chain(secrets).chain(trust.iter().copied()),
        );
        let said = outcome.stdout + &outcome.stderr;
        assert!(said.starts_with("lprobe: https://"), "{said}");
        for secret in ["SECRET", "NAME-OF", "name-of", "BEGIN"] {
            assert!(!said.contains(secret), "{said}");
        }
    }
}
