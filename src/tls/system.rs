//! The authorities that the system trusts: what SSL_CERT_FILE and SSL_CERT_DIR name, or else the system's bundle.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::{env, fs};

use super::authorities::Authorities;
use super::credentials::{BadCredentials, MAX_FILE, MAX_FILES, certificates};

/// The files in which distributions keep the certificates that they trust.
const BUNDLES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Reads the authorities that the variables name, as OpenSSL and Go do: both, where both are set, and what one of them
/// names may be missing. Without them, reads the system's bundle. A certificate that can't be parsed is skipped.
pub fn authorities() -> Result<Authorities, BadCredentials> {
    let [file, folders] = ["SSL_CERT_FILE", "SSL_CERT_DIR"].map(|name| env::var_os(name).filter(|it| !it.is_empty()));
    let mut authorities = Authorities::default();
    if file.is_none() && folders.is_none() {
        let read = BUNDLES.iter().any(|path| add_file(&mut authorities, path.as_ref()).is_ok());
        return if read { Ok(authorities) } else { Err(BadCredentials::NoBundle) };
    }
    let file = file.and_then(|path| add_file(&mut authorities, path.as_ref()).err());
    if let Some(folders) = &folders {
        add_folders(&mut authorities, folders)?;
    }
    if authorities.is_empty() {
        return Err(BadCredentials::Variables(file.map(Box::new), folders.is_some()));
    }
    Ok(authorities)
}

fn add_file(authorities: &mut Authorities, path: &Path) -> Result<(), BadCredentials> {
    let mut is_understood = false;
    for certificate in certificates(path)? {
        is_understood |= authorities.add(certificate);
    }
    if is_understood { Ok(()) } else { Err(BadCredentials::NoCertificate) }
}

/// Adds what is in the files of these folders, with colons between them. Whatever is not a file of certificates is
/// skipped. A file is read once: Debian's folder has each certificate under two names.
fn add_folders(authorities: &mut Authorities, folders: &OsStr) -> Result<(), BadCredentials> {
    let folders = folders.as_bytes().split(|&byte| byte == b':').map(OsStr::from_bytes);
    let entries = folders.filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
    let (mut read, mut bytes) = (Vec::new(), 0);
    for path in entries.map(|entry| entry.path()) {
        let Some(metadata) = path.metadata().ok().filter(|metadata| metadata.is_file()) else { continue };
        let file = (metadata.dev(), metadata.ino());
        if read.contains(&file) {
            continue;
        }
        read.push(file);
        bytes += metadata.len();
        if read.len() > MAX_FILES || bytes > MAX_FILE {
            return Err(BadCredentials::LongFolders);
        }
        // Debian's folder has the bundle, too.
        for certificate in certificates(&path).into_iter().flatten() {
            if !authorities.contains(&certificate) {
                authorities.add(certificate);
            }
        }
    }
    Ok(())
}
