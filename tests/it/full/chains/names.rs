//! Names that issuers may certify, names that match, and other extensions.

use super::forge::{
    CERTIFICATES, any_policy, authority_key, constraints, explicit_policy, names, subject_key, unknown, usage,
};
use super::row::{Differs, Row, row};

pub fn add(rows: &mut Vec<Row>) {
    constrained(rows);
    named(rows);
    extended(rows);
}

fn constrained(rows: &mut Vec<Row>) {
    row!(rows, "root for localhost", "", |it| {
        it.root().set(constraints(&["localhost", "127.0.0.0/255.0.0.0"], &[]));
    });
    row!(rows, "root for another name", "may not certify", |it| it.root().set(constraints(&["service.example"], &[])));
    row!(rows, "root for all names but localhost", "may not certify", |it| {
        it.root().set(constraints(&[], &["localhost"]));
    });
    row!(rows, "intermediate for localhost", "", |it| it.middle().set(constraints(&["localhost"], &[])));
    row!(rows, "intermediate for another name", "may not certify", |it| it
        .middle()
        .set(constraints(&["example"], &[])));
    row!(rows, "intermediate for all names but localhost", "may not certify", |it| {
        it.middle().set(constraints(&[], &["localhost"]));
    });
    row!(rows, "intermediate for all names but another", "", |it| it.middle().set(constraints(&[], &["example"])));
    row!(rows, "root and intermediate for names that exclude each other", "may not certify", |it| {
        it.root().set(constraints(&["example"], &[]));
        it.middle().set(constraints(&["localhost"], &[]));
    });
    row!(rows, "intermediate for an address range, and an address in it", "", |it| {
        it.middle().set(constraints(&["127.0.0.0/255.0.0.0"], &[]));
        it.host = "127.0.0.1";
    });
    row!(rows, "intermediate for an address range, and an address outside", "may not certify", |it| {
        it.middle().set(constraints(&["10.0.0.0/255.0.0.0"], &[]));
        it.host = "127.0.0.1";
    });
    row!(rows, "intermediate for all addresses but 127.0.0.0/8", "may not certify", |it| {
        it.middle().set(constraints(&[], &["127.0.0.0/255.0.0.0"]));
    });
    row!(rows, "intermediate for subdomains, and a subdomain", "", |it| {
        it.middle().set(constraints(&["example"], &[]));
        it.leaf().set(names(&["a.b.example"]));
        it.host = "a.b.example";
    });
    row!(rows, "intermediate for subdomains with a dot, and a subdomain", "", |it| {
        it.middle().set(constraints(&[".example"], &[]));
        it.leaf().set(names(&["a.example"]));
        it.host = "a.example";
    });
    row!(rows, "intermediate for a name that only ends alike", "may not certify", |it| {
        it.middle().set(constraints(&["example"], &[]));
        it.leaf().set(names(&["anexample"]));
        it.host = "anexample";
    });
    row!(rows, "intermediate for addresses of mail", "", |it| it.middle().set(constraints(&["a@b.example"], &[])));
    row!(rows, "intermediate for subjects, and another subject", "may not certify", |it| {
        it.middle().set(constraints(&["/another"], &[]));
    });
    row!(
        rows,
        "intermediate for subjects, and this subject",
        "may not certify",
        Stricter,
        "webpki compares no subjects.",
        |it| it.middle().set(constraints(&["/leaf"], &[]))
    );
    row!(rows, "nameConstraints that are not critical", "may not certify", |it| {
        it.middle().set(constraints(&["example"], &[]));
        it.middle().extensions.last_mut().expect("one").is_critical = false;
    });
    row!(
        rows,
        "wildcard where a name under it is excluded",
        "may not certify",
        Stricter,
        "The certificate would be for the excluded name too.",
        |it| {
            it.middle().set(constraints(&[], &["a.service.example"]));
            it.leaf().set(names(&["*.service.example"]));
            it.host = "b.service.example";
        }
    );
}

fn named(rows: &mut Vec<Row>) {
    row!(rows, "leaf for another name", "does not match", |it| it.leaf().set(names(&["example"])));
    row!(
        rows,
        "leaf with a CN and no subjectAltName",
        "does not match",
        Stricter,
        "RFC 9525 takes no name from the CN. Go refuses it too.",
        |it| {
            it.leaf().remove(&names(&[]));
            it.leaf().subject = "localhost";
        }
    );
    row!(rows, "leaf with the CN localhost and another subjectAltName", "does not match", |it| {
        it.leaf().set(names(&["example"]));
        it.leaf().subject = "localhost";
    });
    row!(rows, "leaf without a subject", "", |it| it.leaf().subject = "");
    row!(rows, "wildcard", "", |it| {
        it.leaf().set(names(&["*.service.example"]));
        it.host = "a.service.example";
    });
    row!(rows, "wildcard for one label, and two", "does not match", |it| {
        it.leaf().set(names(&["*.service.example"]));
        it.host = "a.b.service.example";
    });
    row!(rows, "wildcard for the domain itself", "does not match", |it| {
        it.leaf().set(names(&["*.service.example"]));
        it.host = "service.example";
    });
    row!(rows, "wildcard in the second label", "does not match", |it| {
        it.leaf().set(names(&["a.*.example"]));
        it.host = "a.b.example";
    });
    row!(rows, "wildcard for a part of a label", "does not match", |it| {
        it.leaf().set(names(&["a*.service.example"]));
        it.host = "ab.service.example";
    });
    row!(rows, "wildcard right below the top", "does not match", |it| {
        it.leaf().set(names(&["*.localhost"]));
        it.host = "a.localhost";
    });
    row!(rows, "wildcard for everything", "does not match", |it| it.leaf().set(names(&["*"])));
    row!(rows, "name in capitals", "", |it| it.leaf().set(names(&["LOCALHOST"])));
    row!(
        rows,
        "name with a dot at its end",
        "does not match",
        Stricter,
        "No name in a certificate has it (RFC 5280, 4.2.1.6). OpenSSL and Go refuse it too.",
        |it| it.leaf().set(names(&["localhost."]))
    );
    row!(rows, "address in subjectAltName", "", |it| it.host = "127.0.0.1");
    row!(rows, "another address in subjectAltName", "does not match", |it| {
        it.leaf().set(names(&["127.0.0.2"]));
        it.host = "127.0.0.1";
    });
    row!(rows, "only names where the target is an address", "does not match", |it| {
        it.leaf().set(names(&["localhost"]));
        it.host = "127.0.0.1";
    });
    row!(rows, "only addresses where the target is a name", "does not match", |it| {
        it.leaf().set(names(&["127.0.0.1"]));
    });
    row!(rows, "wildcard where the target is an address", "does not match", |it| {
        it.leaf().set(names(&["*.0.0.1"]));
        it.host = "127.0.0.1";
    });
    row!(rows, "address as a DNS name", "does not match", |it| {
        it.leaf().set(names(&["DNS/127.0.0.1"]));
        it.host = "127.0.0.1";
    });
    row!(
        rows,
        "address as a CN, and no subjectAltName",
        "does not match",
        Stricter,
        "RFC 9525 takes no name from the CN. OpenSSL and Go refuse it too.",
        |it| {
            it.leaf().remove(&names(&[]));
            it.leaf().subject = "127.0.0.1";
            it.host = "127.0.0.1";
        }
    );
    row!(rows, "a thousand names", "", |it| {
        let list: Vec<_> = (0..1_000).map(|number| format!("{number}.service.example")).collect();
        let list: Vec<_> = list.iter().map(String::as_str).chain(["localhost"]).collect();
        it.leaf().set(names(&list));
    });
    row!(rows, "only an address of mail in subjectAltName", "does not match", |it| {
        it.leaf().set(names(&["a@localhost"]));
    });
}

fn extended(rows: &mut Vec<Row>) {
    row!(rows, "unknown critical extension on the leaf", "critical", |it| it.leaf().set(unknown(true)));
    row!(rows, "unknown critical extension on the intermediate", "critical", |it| it.middle().set(unknown(true)));
    row!(rows, "unknown critical extension on the root", "critical", |it| it.root().set(unknown(true)));
    row!(rows, "unknown extension on each", "", |it| {
        it.certificates.iter_mut().for_each(|certificate| certificate.set(unknown(false)));
    });
    row!(rows, "unknown extension twice", "", |it| it.leaf().extensions.extend([unknown(false), unknown(false)]));
    row!(rows, "subjectAltName twice", "can't be understood", |it| it.leaf().extensions.push(names(&["example"])));
    row!(rows, "keyUsage twice on the intermediate", "can't be understood", |it| it
        .middle()
        .extensions
        .push(usage(CERTIFICATES)));
    row!(rows, "certificatePolicies on each", "", |it| {
        it.certificates.iter_mut().for_each(|certificate| certificate.set(any_policy(false)));
    });
    row!(rows, "certificatePolicies, critical, on the leaf", "critical", Stricter, "webpki knows no policies.", |it| {
        it.leaf().set(any_policy(true));
    });
    row!(
        rows,
        "certificatePolicies, critical, on the intermediate",
        "critical",
        Stricter,
        "webpki knows no policies.",
        |it| {
            it.middle().set(any_policy(true));
        }
    );
    row!(
        rows,
        "policyConstraints, critical, on the intermediate",
        "critical",
        Stricter,
        "webpki knows no policies.",
        |it| {
            it.certificates.iter_mut().for_each(|certificate| certificate.set(any_policy(false)));
            it.middle().set(explicit_policy());
        }
    );
    row!(rows, "policies, critical, on the root", "", |it| {
        it.certificates.iter_mut().for_each(|certificate| certificate.set(any_policy(false)));
        it.root().extensions.last_mut().expect("one").is_critical = true;
        it.root().set(explicit_policy());
    });
    row!(rows, "authorityKeyIdentifier that fits", "", |it| {
        it.middle().set(subject_key(1));
        it.leaf().set(authority_key(1));
    });
    row!(
        rows,
        "authorityKeyIdentifier of another key",
        "",
        Laxer,
        "It helps to find the issuer (RFC 5280, 4.2.1.1). The signature proves the issuer. Go takes it too.",
        |it| {
            it.middle().set(subject_key(1));
            it.leaf().set(authority_key(2));
        }
    );
    row!(rows, "serial number 0", "", |it| it.leaf().serial = vec![0]);
    row!(rows, "negative serial number", "", |it| it.leaf().serial = vec![0x80]);
    row!(rows, "serial number of 20 bytes", "", |it| it.leaf().serial = vec![1; 20]);
    row!(rows, "serial number of 21 bytes", "", |it| it.leaf().serial = vec![1; 21]);
    row!(rows, "the same serial number for all", "", |it| it.root().serial = vec![7]);
    row!(rows, "leaf of version 1", "not of version 3", |it| {
        it.leaf().extensions.clear();
        it.leaf().is_version_1 = true;
    });
}
