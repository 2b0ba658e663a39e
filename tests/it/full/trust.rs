//! Which certificates are trusted: those in a file, and those in folders.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use rcgen::{CertificateParams, ExtendedKeyUsagePurpose};

use super::openssl::s_server;
use super::pki::{Authority, Identity, as_is, expired, not_yet_valid, text};
use super::tls::{https, nginx};
use crate::support::{binary, executable, have_chroot, have_tools, run, tool};

/// One that an authority issued, which nobody here trusts, alone and among others.
#[test]
fn a_certificate_in_the_file_is_trusted_whoever_issued_it() {
    if !have_tools(&["openssl"]) {
        return;
    }
    let authority = Authority::new("authority");
    let probe = |identity: &Identity, trusted: &Path, more: &[&str]| {
        let server = s_server(identity, &[]);
        https(server.port, "/", &[&["--tls-ca-cert", text(trusted)][..], more].concat())
    };
    let own = authority.self_signed("own", &["localhost"], as_is);
    let issued = authority.issue("issued", &["localhost"], as_is);
    probe(&issued, &issued.certificate, &[]).healthy();
    probe(&issued, &issued.certificate, &["--tls-server-name=x.example"])
        .unhealthy_saying(&["does not match the name x.example"]);
    let several = [&issued, &own].map(|identity| fs::read_to_string(&identity.certificate).expect("a file"));
    fs::write(authority.path("several.pem"), several.concat()).expect("a file");
    for identity in [&issued, &own] {
        probe(identity, &authority.path("several.pem"), &[]).healthy();
    }
    // Its neighbours of the same authority are not trusted with it.
    let neighbour = authority.issue("neighbour", &["localhost"], as_is);
    probe(&neighbour, &issued.certificate, &[]).unhealthy_saying(&["unknown issuer"]);
    let late = authority.issue("late", &["localhost"], expired);
    probe(&late, &late.certificate, &[]).unhealthy_saying(&["certificate has expired"]);
    let early = authority.issue("early", &["localhost"], not_yet_valid);
    probe(&early, &early.certificate, &[]).unhealthy_saying(&["certificate is not yet valid"]);
    let client = |params: &mut CertificateParams| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    };
    for client in
        [authority.issue("client", &["localhost"], client), authority.self_signed("me", &["localhost"], client)]
    {
        probe(&client, &client.certificate, &[]).unhealthy_saying(&["is not for servers"]);
    }
}

/// As OpenSSL and Go read both variables, what one of them names may be missing.
#[test]
fn trust_is_in_each_file_of_the_folders() {
    if !have_tools(&["nginx", "mkfifo"]) {
        return;
    }
    let [authority, other] = ["authority", "another"].map(Authority::new);
    let server = nginx(&authority.issue("server", &["localhost"], as_is), "");
    let target = format!("https://localhost:{}/well", server.port);
    let root = tempfile::tempdir().expect("a folder");
    let folder = |name: &str| {
        let path = root.path().join(name);
        fs::create_dir(&path).expect("a folder");
        path
    };
    let [empty, good, many, large] = ["empty", "good", "many", "large"].map(folder);
    let probe = |file: &str, folders: &[&Path]| {
        let folders: Vec<_> = folders.iter().map(|path| text(path)).collect();
        let mut command = Command::new(binary());
        command.args(["--timeout=30s", &target]).env("SSL_CERT_FILE", file).env("SSL_CERT_DIR", folders.join(":"));
        run(&mut command)
    };
    let (ours, others) = (text(&authority.certificate), text(&other.certificate));
    let none = ["SSL_CERT_DIR: no certificate", "--tls-ca-cert"];
    probe("", &[&empty]).unhealthy_saying(&none);
    probe("", &[Path::new("/no/such")]).unhealthy_saying(&none);
    probe("/no/such/file", &[&empty]).unhealthy_saying(&["SSL_CERT_FILE: No such file", none[0], none[1]]);
    probe(ours, &[&empty]).healthy();
    probe(ours, &[Path::new("/no/such")]).healthy();
    // No name has to be a hash, and what is not a certificate does no harm.
    fs::copy(&other.certificate, good.join("another")).expect("a copy");
    probe("", &[&good]).unhealthy_saying(&["unknown issuer"]);
    probe(ours, &[&good]).healthy();
    fs::copy(&authority.certificate, good.join("authority.pem")).expect("a copy");
    fs::write(good.join("README"), "no certificate").expect("a file");
    fs::write(good.join("broken.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n").expect("a file");
    fs::write(good.join("junk.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").expect("a file");
    fs::create_dir(good.join("folder")).expect("a folder");
    symlink("/no/such/file", good.join("dangling")).expect("a link");
    assert!(run(Command::new("mkfifo").arg(good.join("pipe"))).status.success());
    probe("", &[&good]).healthy();
    probe("", &[Path::new("/no/such"), &empty, &good]).healthy();
    probe("/no/such/file", &[&good]).healthy();
    probe(others, &[&good]).healthy();
    // One file under many names is one file.
    for number in 0..1_001 {
        symlink(&authority.certificate, many.join(number.to_string())).expect("a link");
    }
    probe("", &[&many]).healthy();
    for number in 0..1_000 {
        fs::write(many.join(format!("file {number}")), "").expect("a file");
    }
    probe("", &[&many]).unhealthy_saying(&["SSL_CERT_DIR: more than 1000 files", "--tls-ca-cert"]);
    fs::copy(&authority.certificate, large.join("authority.pem")).expect("a copy");
    for name in ["first", "second"] {
        fs::write(large.join(name), vec![b'#'; 3 << 20]).expect("a file");
    }
    probe("", &[&large]).unhealthy_saying(&["SSL_CERT_DIR", "4194304 bytes"]);
}

#[ignore = "needs dist/: run `make test`"]
#[test]
fn trust_is_the_systems_unless_it_is_named() {
    if !have_tools(&["nginx"]) {
        return;
    }
    let authority = Authority::new("authority");
    let server = nginx(&authority.issue("server", &["localhost"], as_is), "");
    let target = format!("https://localhost:{}/well", server.port);
    let with_file = |file: &str| {
        let mut command = Command::new(binary());
        run(command.args(["--timeout=30s", &target]).env("SSL_CERT_FILE", file).env_remove("SSL_CERT_DIR"))
    };
    with_file(text(&authority.certificate)).healthy();
    with_file("/no/such/file").unhealthy_saying(&["SSL_CERT_FILE", "No such file", "--tls-ca-cert"]);
    with_file("/etc/hosts").unhealthy_saying(&["SSL_CERT_FILE", "no certificate"]);
    run(Command::new(binary())
        .args(["--timeout=30s", &target, "--tls-ca-cert", text(&authority.certificate)])
        .env("SSL_CERT_FILE", "/no/such/file"))
    .healthy();
}

/// An image that has no bundle, one that has it in each of the usual places, and one with an empty variable.
#[ignore = "needs dist/: run `make test`"]
#[test]
fn trust_is_the_systems_in_each_of_its_places() {
    if !have_tools(&["nginx"]) || !have_chroot() {
        return;
    }
    let authority = Authority::new("authority");
    let server = nginx(&authority.issue("server", &["localhost"], as_is), "");
    let target = format!("https://localhost:{}/well", server.port);
    let root = tempfile::tempdir().expect("a folder");
    executable(&root.path().join("lprobe"), &fs::read(binary()).expect("the binary"));
    let contained = |variable: &str| {
        run(tool("chroot")
            .arg(root.path())
            .args(["/lprobe", "--timeout=30s", &target])
            .env_clear()
            .env("SSL_CERT_FILE", variable))
    };
    contained("").unhealthy_saying(&[
        "no certificate to trust",
        "--tls-ca-cert",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "--tls-no-verify",
    ]);
    for bundle in [
        "etc/ssl/certs/ca-certificates.crt",
        "etc/pki/tls/certs/ca-bundle.crt",
        "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        "etc/ssl/ca-bundle.pem",
        "etc/ssl/cert.pem",
    ] {
        let path = root.path().join(bundle);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::copy(&authority.certificate, &path).expect("a copy");
        contained("").healthy();
        contained("/none").unhealthy_saying(&["SSL_CERT_FILE"]);
        fs::remove_file(path).expect("it is there");
    }
}
