//! Chains of certificates that cost: the search for a path and each step of it can't be interrupted.

use std::fs;

use rustls::pki_types::CertificateDer;
use rustls::version::TLS13;

use super::tls::Tampered;
use super::{Case, Verdict, run_all};
use crate::full::chains::forge::{
    CERTIFICATES, Certificate, Extension, Forge, SIGNATURE, basic, constraints, names, numbered, usage,
};
use crate::full::chains::pem;
use crate::full::pki::{Identity, text};
use crate::support::have_tools;

#[ignore = "needs dist/: run `make test`"]
#[test]
fn no_chain_outlasts_the_deadline() {
    if !have_tools(&["openssl"]) {
        return;
    }
    let forge = Forge::new();
    let mut table = Vec::new();
    for shape in [
        Shape { name: "one certificate", levels: 1, width: 1, of_each: 1 },
        Shape { name: "a ladder", levels: 6, width: 1, of_each: 1 },
        Shape { name: "a ladder that is too long", levels: 9, width: 1, of_each: 1 },
        Shape { name: "two pairs", levels: 2, width: 2, of_each: 1 },
        Shape { name: "two pairs of many keys", levels: 2, width: 2, of_each: 2 },
        Shape { name: "four pairs", levels: 4, width: 2, of_each: 1 },
        Shape { name: "four pairs of many keys", levels: 4, width: 2, of_each: 2 },
        Shape { name: "eight of one name", levels: 1, width: 8, of_each: 1 },
        Shape { name: "eight of one name and many keys", levels: 1, width: 8, of_each: 8 },
    ] {
        use Load::{Constraints, Extensions, Names, Nothing, Subject};
        for (key, loads) in [
            ("P-256", &[Nothing, Extensions, Constraints, Names, Subject][..]),
            ("P-384", &[Nothing, Constraints]),
            ("rsa8192", &[Nothing]),
        ] {
            if shape.of_each == 1 || key == "P-256" {
                loads.iter().for_each(|&load| chains(&forge, &shape, key, load, &mut table));
            }
        }
    }
    run_all(table);
}

/// Levels of authorities. Those of one level have one name, and so many keys.
struct Shape {
    name: &'static str,
    levels: usize,
    width: usize,
    of_each: usize,
}

/// What there is much of.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Load {
    Nothing,
    Extensions,
    /// nameConstraints of the authorities, and names of the leaf.
    Constraints,
    /// Names of the leaf only.
    Names,
    Subject,
}

/// Adds a chain whose leaf the first of the lowest level issued, and one whose leaf another key signed: there, each path
/// fails at its last signature.
fn chains(forge: &Forge, shape: &Shape, key: &str, load: Load, table: &mut Vec<Case>) {
    let &Shape { name, levels, width, of_each } = shape;
    let count = levels * width;
    // In all, about what a chain may have.
    let room = (29_000 / count).saturating_sub(if key == "rsa8192" { 2_400 } else { 450 });
    let mut authority = vec![basic(true, None), usage(CERTIFICATES)];
    match load {
        Load::Extensions => authority.extend((0..room / 16).map(|number| numbered(number as u16, 0))),
        Load::Constraints => authority.push(many_constraints(room / 10)),
        _ => {}
    }
    let long = if load == Load::Subject { "x".repeat(room / 2) } else { String::new() };
    let text_of = |text: String| -> &'static str { text.leak() };
    let top = text_of(format!("{key} 0"));
    let mut list = vec![Certificate::new("root", top, 0, &[basic(true, None), usage(CERTIFICATES)])];
    for level in 1..=levels {
        let subject = text_of(format!("level {level} {long}"));
        for number in 0..width {
            let issuer = if level == 1 { 0 } else { (level - 2) * width + 1 };
            let its_key = text_of(format!("{key} {}", number % of_each));
            let mut certificate = Certificate::new(subject, its_key, issuer, &authority);
            certificate.serial = vec![1, number as u8, level as u8];
            list.push(certificate);
        }
    }
    let many = matches!(load, Load::Constraints | Load::Names);
    let server = [many_names(if many { 1_400 } else { 1 }), usage(SIGNATURE)];
    list.push(Certificate::new("leaf", "P-256 leaf", (levels - 1) * width + 1, &server));

    let name = format!("{name}, {key}, {load:?}");
    let trusted = forge.folder().join(&name);
    fs::write(&trusted, pem(&forge.der(&list, 0))).expect("a file");
    let sent: Vec<_> = (1..=count).rev().map(|place| CertificateDer::from(forge.der(&list, place))).collect();
    let bytes: usize = sent.iter().map(|der| der.len()).sum();
    // More names are to be compared than webpki compares.
    let is_short = count <= 8 && levels * (width - 1) <= 2 && load != Load::Constraints;
    let key_der = forge.key("P-256 leaf").pair.as_ref().expect("of P-256").serialize_der();
    for signer in [None, Some("P-256 other")] {
        list[count + 1].signer = signer;
        let der = forge.der(&list, count + 1);
        let [certificate, key] = [&trusted; 2].map(Clone::clone);
        let identity = Identity { certificate, key, der, key_der: key_der.clone() };
        let verdict = match signer {
            Some(_) => Verdict::Unhealthy("the server's certificate "),
            None if is_short => Verdict::Healthy,
            None => Verdict::Unhealthy("too long, or repeats names"),
        };
        let arguments = ["https://localhost:PORT", "--tls-ca-cert", text(&trusted)];
        let served = Tampered::with_chain(&identity, sent.clone(), &TLS13, |_| ());
        let name = format!("{name}, {bytes} bytes, by {signer:?}");
        table.push(Case { goes_on: true, ..served.case(name, &arguments, verdict) });
    }
}

/// Each of these names is compared with each constraint.
fn many_names(count: usize) -> Extension {
    let other = (1..count).map(|number| format!("{number}.service.example"));
    let list: Vec<_> = other.chain(["localhost".into()]).collect();
    names(&list.iter().map(String::as_str).collect::<Vec<_>>())
}

fn many_constraints(count: usize) -> Extension {
    let list: Vec<_> = (0..count).map(|number| format!("{number}.e")).collect();
    constraints(&[], &list.iter().map(String::as_str).collect::<Vec<_>>())
}
