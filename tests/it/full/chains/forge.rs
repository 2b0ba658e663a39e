//! Certificates as nobody should make them: each field is free, and DER is written by hand.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use rcgen::{KeyPair, SigningKey};
use tempfile::TempDir;

use crate::full::pki::{openssl, text};

/// The contents of a certificate. Whose names and keys are meant is a place in the chain's list.
#[derive(Clone)]
pub struct Certificate {
    pub is_version_1: bool,
    pub serial: Vec<u8>,
    pub subject: &'static str,
    /// The kind of key, and a label: two of one label are one key.
    pub key: &'static str,
    pub issuer: usize,
    /// What it says of its issuer, where that is not the issuer's name.
    pub issuer_name: Option<&'static str>,
    /// Who signs, where that is not the issuer's key.
    pub signer: Option<&'static str>,
    pub digest: &'static str,
    /// Of 13 characters as UTCTime, and else as GeneralizedTime.
    pub dates: [&'static str; 2],
    pub extensions: Vec<Extension>,
}

#[derive(Clone)]
pub struct Extension {
    identifier: Vec<u8>,
    pub is_critical: bool,
    value: Vec<u8>,
}

pub const PAST: [&str; 2] = ["990101000000Z", "000101000000Z"];
pub const PRESENT: [&str; 2] = ["200101000000Z", "20990101000000Z"];
pub const FUTURE: [&str; 2] = ["40000101000000Z", "40010101000000Z"];

impl Certificate {
    pub fn new(subject: &'static str, key: &'static str, issuer: usize, extensions: &[Extension]) -> Self {
        Self {
            is_version_1: false,
            serial: vec![7],
            subject,
            key,
            issuer,
            issuer_name: None,
            signer: None,
            digest: "sha256",
            dates: PRESENT,
            extensions: extensions.to_vec(),
        }
    }

    /// Puts `extension` in the place of the one of its kind.
    pub fn set(&mut self, extension: Extension) {
        self.remove(&extension);
        self.extensions.push(extension);
    }

    pub fn remove(&mut self, kind: &Extension) {
        self.extensions.retain(|extension| extension.identifier != kind.identifier);
    }
}

fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = contents.len();
    match length {
        ..0x80 => [&[tag, length as u8], contents].concat(),
        0x80..0x100 => [&[tag, 0x81, length as u8], contents].concat(),
        _ => [&[tag, 0x82, (length >> 8) as u8, length as u8], contents].concat(),
    }
}

fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    element(0x30, &parts.concat())
}

/// One of `id-ce`, 2.5.29.
fn standard(number: u8, is_critical: bool, value: Vec<u8>) -> Extension {
    Extension { identifier: vec![0x55, 0x1d, number], is_critical, value }
}

/// One that nobody knows.
pub fn unknown(is_critical: bool) -> Extension {
    Extension { identifier: vec![0x2a, 0x03, 0x04], is_critical, value: vec![5, 0] }
}

/// One that nobody knows, of so many bytes, and a number of its own.
pub fn numbered(number: u16, size: usize) -> Extension {
    let [a, b, c] = [(number >> 14) as u8 | 0x80, (number >> 7) as u8 | 0x80, number as u8 & 0x7f];
    Extension { identifier: vec![0x2a, 0x03, 0x05, a, b, c], is_critical: false, value: element(4, &vec![0; size]) }
}

pub fn basic(is_authority: bool, length: Option<u8>) -> Extension {
    let authority = if is_authority { element(1, &[0xff]) } else { vec![] };
    standard(19, true, sequence(&[authority, length.map_or(vec![], |length| element(2, &[length]))]))
}

pub const SIGNATURE: u8 = 0x80;
pub const ENCIPHERMENT: u8 = 0x20;
pub const CERTIFICATES: u8 = 0x04;
pub const REVOCATION: u8 = 0x02;

pub fn usage(bits: u8) -> Extension {
    standard(15, true, element(3, &[if bits == 0 { 0 } else { bits.trailing_zeros() as u8 }, bits]))
}

pub const SERVERS: &[u8] = b"\x2b\x06\x01\x05\x05\x07\x03\x01";
pub const CLIENTS: &[u8] = b"\x2b\x06\x01\x05\x05\x07\x03\x02";
pub const ANYTHING: &[u8] = b"\x55\x1d\x25\x00";
/// Netscape's Server Gated Cryptography, from the nineties.
pub const GATED: &[u8] = b"\x60\x86\x48\x01\x86\xf8\x42\x04\x01";

pub fn purposes(purposes: &[&[u8]]) -> Extension {
    standard(37, false, sequence(&purposes.iter().map(|purpose| element(6, purpose)).collect::<Vec<_>>()))
}

/// A GeneralName: an address, if it is one, or with a mask; an address of mail; `/CN`; or a DNS name, with `DNS/` if need
/// be.
fn name(name: &str) -> Vec<u8> {
    let address = |text: &str| text.parse::<std::net::Ipv4Addr>().map(|address| address.octets());
    match name.split_once('/') {
        Some(("DNS", text)) => element(0x82, text.as_bytes()),
        Some(("", common)) => element(0xa4, &distinguished(common)),
        Some((first, mask)) => {
            element(0x87, &[address(first).expect("an address"), address(mask).expect("a mask")].concat())
        }
        None if name.contains('@') => element(0x81, name.as_bytes()),
        None => address(name).map_or_else(|_| element(0x82, name.as_bytes()), |octets| element(0x87, &octets)),
    }
}

pub fn names(names: &[&str]) -> Extension {
    standard(17, false, sequence(&names.iter().map(|it| name(it)).collect::<Vec<_>>()))
}

pub fn constraints(permitted: &[&str], excluded: &[&str]) -> Extension {
    let subtrees = |tag: u8, names: &[&str]| match names {
        [] => vec![],
        names => element(tag, &names.iter().map(|it| sequence(&[name(it)])).collect::<Vec<_>>().concat()),
    };
    standard(30, true, sequence(&[subtrees(0xa0, permitted), subtrees(0xa1, excluded)]))
}

pub fn subject_key(identifier: u8) -> Extension {
    standard(14, false, element(4, &[identifier; 20]))
}

pub fn authority_key(identifier: u8) -> Extension {
    standard(35, false, sequence(&[element(0x80, &[identifier; 20])]))
}

/// `requireExplicitPolicy`, from here on.
pub fn explicit_policy() -> Extension {
    standard(36, true, sequence(&[element(0x80, &[0])]))
}

pub fn any_policy(is_critical: bool) -> Extension {
    standard(32, is_critical, sequence(&[sequence(&[element(6, b"\x55\x1d\x20\x00")])]))
}

/// `UTF8String` as CN, or no name at all.
fn distinguished(common: &str) -> Vec<u8> {
    match common {
        "" => sequence(&[]),
        common => {
            let attribute = sequence(&[element(6, b"\x55\x04\x03"), element(12, common.as_bytes())]);
            sequence(&[element(0x31, &attribute)])
        }
    }
}

/// Makes keys, and certificates from [`Certificate`]s.
pub struct Forge {
    folder: TempDir,
    keys: Mutex<HashMap<&'static str, Arc<Key>>>,
}

/// A key in a file, and what a certificate says of it.
pub struct Key {
    pub path: PathBuf,
    public: Vec<u8>,
    /// Of a P-256 key only.
    pub pair: Option<KeyPair>,
}

impl Forge {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder"), keys: Mutex::default() }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn key(&self, name: &'static str) -> Arc<Key> {
        let mut keys = self.keys.lock().expect("no panic");
        keys.entry(name).or_insert_with(|| Arc::new(make_key(self.folder(), name))).clone()
    }

    /// Returns the DER of the certificate at a place in `list`.
    pub fn der(&self, list: &[Certificate], place: usize) -> Vec<u8> {
        let it = &list[place];
        let issuer = &list[it.issuer];
        let signer = self.key(it.signer.unwrap_or(issuer.key));
        let algorithm = algorithm(it.signer.unwrap_or(issuer.key), it.digest);
        let extensions: Vec<_> = it.extensions.iter().map(extension).collect();
        let dates = it.dates.map(|date| element(if date.len() == 13 { 0x17 } else { 0x18 }, date.as_bytes()));
        let fields = sequence(&[
            if it.is_version_1 { vec![] } else { element(0xa0, &element(2, &[2])) },
            element(2, &it.serial),
            algorithm.clone(),
            distinguished(it.issuer_name.unwrap_or(issuer.subject)),
            sequence(&dates),
            distinguished(it.subject),
            self.key(it.key).public.clone(),
            if extensions.is_empty() { vec![] } else { element(0xa3, &sequence(&extensions)) },
        ]);
        let signature = sign(self.folder(), &signer, it.digest, &fields);
        sequence(&[fields, algorithm, element(3, &[&[0][..], &signature].concat())])
    }
}

fn extension(it: &Extension) -> Vec<u8> {
    let critical = if it.is_critical { element(1, &[0xff]) } else { vec![] };
    sequence(&[element(6, &it.identifier), critical, element(4, &it.value)])
}

fn make_key(folder: &Path, name: &str) -> Key {
    let path = folder.join(format!("{name}.key"));
    let public = folder.join(format!("{name}.public"));
    let kind = name.split(' ').next().expect("a kind");
    let arguments: &[&str] = match kind {
        "P-256" | "P-384" | "P-521" => &["-algorithm", "EC", "-pkeyopt", &format!("ec_paramgen_curve:{kind}")],
        "ed25519" | "ed448" => &["-algorithm", kind],
        // Of five primes, such a long key is made in seconds.
        "rsa8192" => &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:8192", "-pkeyopt", "rsa_keygen_primes:5"],
        bits => &["-algorithm", "RSA", "-pkeyopt", &format!("rsa_keygen_bits:{}", &bits["rsa".len()..])],
    };
    openssl(&[&["genpkey", "-out", text(&path)], arguments].concat());
    openssl(&["pkey", "-in", text(&path), "-pubout", "-outform", "DER", "-out", text(&public)]);
    let pem = fs::read_to_string(&path).expect("openssl made it");
    let pair = (kind == "P-256").then(|| KeyPair::from_pem(&pem).expect("a key"));
    Key { path, public: fs::read(public).expect("openssl made it"), pair }
}

/// AlgorithmIdentifier.
fn algorithm(key: &str, digest: &str) -> Vec<u8> {
    let rsa = |last| sequence(&[element(6, &[&b"\x2a\x86\x48\x86\xf7\x0d\x01\x01"[..], &[last]].concat()), vec![5, 0]]);
    let ecdsa = |last: &[u8]| sequence(&[element(6, &[&b"\x2a\x86\x48\xce\x3d\x04"[..], last].concat())]);
    match (&key[..3], digest) {
        ("rsa", "sha1") => rsa(5),
        ("rsa", "sha512") => rsa(13),
        ("rsa", _) => rsa(11),
        ("P-2" | "P-3" | "P-5", "sha1") => ecdsa(&[1]),
        ("P-2" | "P-3" | "P-5", "sha512") => ecdsa(&[3, 4]),
        ("P-2" | "P-3" | "P-5", _) => ecdsa(&[3, 2]),
        _ if key.starts_with("ed448") => sequence(&[element(6, b"\x2b\x65\x71")]),
        _ => sequence(&[element(6, b"\x2b\x65\x70")]),
    }
}

fn sign(folder: &Path, key: &Key, digest: &str, bytes: &[u8]) -> Vec<u8> {
    if let (Some(pair), "sha256") = (&key.pair, digest) {
        return pair.sign(bytes).expect("a key that signs");
    }
    let folder = tempfile::tempdir_in(folder).expect("a folder");
    let [from, to] = ["bytes", "signature"].map(|name| folder.path().join(name));
    fs::write(&from, bytes).expect("a file");
    let mut command = Command::new("openssl");
    command.args(["pkeyutl", "-sign", "-rawin", "-inkey", text(&key.path), "-in", text(&from), "-out", text(&to)]);
    if !text(&key.path).contains("/ed") {
        command.args(["-digest", digest]);
    }
    assert!(command.status().expect("openssl starts").success(), "{digest} by {:?}", key.path);
    fs::read(to).expect("openssl made it")
}
