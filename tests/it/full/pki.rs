//! Certificates of the tests' own, in files of a folder of their own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, CustomExtension, DnType, IsCa, KeyPair,
    PKCS_ECDSA_P256_SHA256, SignatureAlgorithm, date_time_ymd,
};
use tempfile::TempDir;

/// An authority, and the folder for all that it issues.
pub struct Authority {
    folder: TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
    /// Its own certificate.
    pub certificate: PathBuf,
}

/// A certificate and its key (PKCS#8), as files and as they are.
pub struct Identity {
    pub certificate: PathBuf,
    pub key: PathBuf,
    pub der: Vec<u8>,
    pub key_der: Vec<u8>,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        Self::within(&std::env::temp_dir(), name)
    }

    /// One whose folder is in another.
    pub fn within(folder: &Path, name: &str) -> Self {
        Self::made(folder, name, 0)
    }

    /// One whose certificate has so many extensions that nobody knows.
    pub fn with_extensions(name: &str, extensions: u64) -> Self {
        Self::made(&std::env::temp_dir(), name, extensions)
    }

    fn made(folder: &Path, name: &str, extensions: u64) -> Self {
        let folder = tempfile::tempdir_in(folder).expect("a folder");
        let mut params = CertificateParams::new([]).expect("names");
        params.distinguished_name.push(DnType::CommonName, name);
        let extension = |number| CustomExtension::from_oid_content(&[1, 3, 9999, number], vec![5, 0]);
        params.custom_extensions = (0..extensions).map(extension).collect();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a certificate");
        let certificate = folder.path().join("ca.pem");
        fs::write(&certificate, issuer.pem()).expect("a file");
        Self { folder, issuer, certificate }
    }

    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    pub fn der(&self) -> &[u8] {
        self.issuer.der()
    }

    /// A path in its folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A certificate for `names`, with `change`s, and its key.
    pub fn issue(&self, file: &str, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Identity {
        self.issue_for(file, names, &PKCS_ECDSA_P256_SHA256, change)
    }

    pub fn issue_for(
        &self,
        file: &str,
        names: &[&str],
        algorithm: &'static SignatureAlgorithm,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Identity {
        self.issue_with(file, names, KeyPair::generate_for(algorithm).expect("a key"), change)
    }

    pub fn issue_with(
        &self,
        file: &str,
        names: &[&str],
        key: KeyPair,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Identity {
        let certificate = params(names, change).signed_by(&key, &self.issuer).expect("a certificate");
        self.write(file, &certificate, &key)
    }

    /// A certificate that is an authority's and a server's, and signed by itself.
    pub fn self_signed(&self, file: &str, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let mut params = params(names, change);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let own = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key"));
        let own = own.expect("a certificate");
        self.write(file, own.as_ref(), own.key())
    }

    fn write(&self, file: &str, certificate: &Certificate, key: &KeyPair) -> Identity {
        let [certificate_path, key_path] = [format!("{file}.pem"), format!("{file}.key")].map(|name| self.path(&name));
        fs::write(&certificate_path, certificate.pem()).expect("a file");
        fs::write(&key_path, key.serialize_pem()).expect("a file");
        Identity {
            certificate: certificate_path,
            key: key_path,
            der: certificate.der().to_vec(),
            key_der: key.serialize_der(),
        }
    }

    /// A key that only openssl makes here, or makes so that it can read it.
    pub fn openssl_key(&self, arguments: &[&str]) -> KeyPair {
        let path = self.path("openssl.key");
        openssl(&[&["genpkey", "-out", text(&path)], arguments].concat());
        KeyPair::from_pem(&fs::read_to_string(&path).expect("openssl made it")).expect("a key")
    }
}

fn params(names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names");
    change(&mut params);
    params
}

/// It ended in the year 2000.
pub fn expired(params: &mut CertificateParams) {
    (params.not_before, params.not_after) = (date_time_ymd(1999, 1, 1), date_time_ymd(2000, 1, 1));
}

/// It begins in the year 4000.
pub fn not_yet_valid(params: &mut CertificateParams) {
    (params.not_before, params.not_after) = (date_time_ymd(4000, 1, 1), date_time_ymd(4001, 1, 1));
}

/// Nothing is to be changed.
pub fn as_is(_: &mut CertificateParams) {}

pub fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// Runs openssl to its end.
pub fn openssl(arguments: &[&str]) {
    let output = Command::new("openssl").args(arguments).output().expect("openssl starts");
    assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}
