//! What is sent and what is trusted, and signatures.

use super::forge::{
    CERTIFICATES, CLIENTS, PAST, REVOCATION, SIGNATURE, authority_key, basic, names, purposes, subject_key, unknown,
    usage,
};
use super::row::{Differs, LEAF, MIDDLE, ROOT, Row, row};

pub fn add(rows: &mut Vec<Row>) {
    shaped(rows);
    trusted(rows);
    signed(rows);
}

fn shaped(rows: &mut Vec<Row>) {
    row!(rows, "no intermediate in the chain", "unknown issuer", |it| it.sent.clear());
    row!(rows, "intermediate that is trusted, not sent", "", |it| {
        it.sent.clear();
        it.trusted.push(MIDDLE);
    });
    row!(rows, "root in the chain", "", |it| it.sent.push(ROOT));
    row!(rows, "root before the intermediate", "", |it| it.sent.insert(0, ROOT));
    row!(rows, "two intermediates, in the wrong order", "", |it| {
        it.lengthen(|_| ());
        it.sent.reverse();
    });
    row!(rows, "leaf twice in the chain", "", |it| it.sent.insert(0, LEAF));
    row!(rows, "intermediate twice in the chain", "", |it| it.sent.push(MIDDLE));
    row!(rows, "leaf, intermediate and root, all twice", "", |it| it.sent = vec![MIDDLE, ROOT, LEAF, MIDDLE, ROOT]);
    row!(rows, "unrelated certificate in the chain", "", |it| {
        let other = it.copy(ROOT, |root| (root.subject, root.key, root.issuer) = ("other", "P-256 other", 3));
        it.sent.insert(0, other);
    });
    row!(rows, "another root", "unknown issuer", |it| {
        let other = it.copy(ROOT, |root| (root.subject, root.key, root.issuer) = ("other", "P-256 other", 3));
        it.trusted = vec![other];
    });
    row!(rows, "another root of the same name", "another key", |it| {
        let other = it.copy(ROOT, |root| (root.key, root.issuer) = ("P-256 other", 3));
        it.trusted = vec![other];
    });
    row!(
        rows,
        "two roots of the same name",
        "",
        Laxer,
        "OpenSSL tries the first, unless an authorityKeyIdentifier says which. lprobe and Go try each.",
        |it| {
            let other = it.copy(ROOT, |root| (root.key, root.issuer) = ("P-256 other", 3));
            it.trusted.insert(0, other);
        }
    );
    row!(rows, "two roots of the same name, and an authorityKeyIdentifier", "", |it| {
        let other = it.copy(ROOT, |root| {
            (root.key, root.issuer) = ("P-256 other", 3);
            root.set(subject_key(2));
        });
        it.root().set(subject_key(1));
        it.middle().set(authority_key(1));
        it.trusted.insert(0, other);
    });
    row!(rows, "intermediate of two roots, of which the first is trusted", "", |it| {
        let other = it.copy(ROOT, |root| (root.subject, root.key, root.issuer) = ("other", "P-256 other", 3));
        let crossed = it.copy(MIDDLE, |middle| middle.issuer = other);
        it.sent = vec![MIDDLE, crossed];
    });
    row!(
        rows,
        "intermediate of two roots, of which the second is trusted",
        "",
        Laxer,
        "OpenSSL follows the first that fits. lprobe and Go try each.",
        |it| {
            let other = it.copy(ROOT, |root| (root.subject, root.key, root.issuer) = ("other", "P-256 other", 3));
            let crossed = it.copy(MIDDLE, |middle| middle.issuer = other);
            (it.sent, it.trusted) = (vec![MIDDLE, crossed], vec![other]);
        }
    );
    row!(rows, "expired intermediate beside a valid one of another root", "", |it| {
        let other = it.copy(ROOT, |root| (root.subject, root.key, root.issuer) = ("other", "P-256 other", 3));
        let crossed = it.copy(MIDDLE, |middle| middle.issuer = other);
        it.middle().dates = PAST;
        (it.sent, it.trusted) = (vec![MIDDLE, crossed], vec![ROOT, other]);
    });
    row!(rows, "root that another root certified, which has expired", "", |it| {
        let old = it.copy(ROOT, |root| {
            (root.subject, root.key, root.issuer, root.dates) = ("old", "P-256 old", 3, PAST);
        });
        let crossed = it.copy(ROOT, |root| root.issuer = old);
        it.sent.push(crossed);
        it.trusted.push(old);
    });
    row!(rows, "leaf that names another issuer", "unknown issuer", |it| it.leaf().issuer_name = Some("nobody"));
    row!(rows, "leaf that another key signed", "another key", |it| it.leaf().signer = Some("P-256 other"));
    row!(rows, "intermediate that another key signed", "another key", |it| it.middle().signer = Some("P-256 other"));
    row!(rows, "root that another key signed", "", |it| it.root().signer = Some("P-256 other"));
}

fn trusted(rows: &mut Vec<Row>) {
    row!(rows, "self-signed leaf that is trusted", "", |it| it.pin());
    row!(rows, "self-signed leaf that is not trusted", "unknown issuer", |it| {
        it.pin();
        it.trusted = vec![ROOT];
    });
    row!(rows, "self-signed leaf with CA:TRUE that is trusted", "", |it| {
        it.pin();
        it.leaf().set(basic(true, None));
    });
    row!(rows, "self-signed leaf with CA:TRUE that is not trusted", "an authority's own", |it| {
        it.pin();
        it.leaf().set(basic(true, None));
        it.trusted = vec![ROOT];
    });
    row!(rows, "self-signed leaf with CA:TRUE for certificates only", "not for servers", |it| {
        it.pin();
        it.leaf().set(basic(true, None));
        it.leaf().set(usage(CERTIFICATES | REVOCATION));
    });
    row!(rows, "self-signed leaf that is trusted and has expired", "has expired", |it| {
        it.pin();
        it.leaf().dates = PAST;
    });
    row!(rows, "self-signed leaf that is trusted, for another name", "does not match", |it| {
        it.pin();
        it.leaf().set(names(&["example"]));
    });
    row!(rows, "self-signed leaf that is trusted, for clients", "not for servers", |it| {
        it.pin();
        it.leaf().set(purposes(&[CLIENTS]));
    });
    row!(rows, "trusted leaf of an unknown authority", "", LikeCurl, "curl and Go take it too.", |it| {
        it.trusted = vec![LEAF];
    });
    row!(
        rows,
        "trusted leaf of an authority that has expired",
        "",
        Laxer,
        "The certificate itself is trusted. Go takes it too, and curl without the root in the file.",
        |it| {
            it.root().dates = PAST;
            it.trusted = vec![ROOT, LEAF];
        }
    );
    row!(rows, "trusted leaf of an unknown authority, expired", "has expired", |it| {
        it.leaf().dates = PAST;
        it.trusted = vec![LEAF];
    });
    row!(rows, "trusted leaf with an unknown critical extension", "critical", |it| {
        it.pin();
        it.leaf().set(unknown(true));
    });
    row!(rows, "trusted leaf that another key signed", "", |it| {
        it.pin();
        it.leaf().signer = Some("P-256 other");
    });
    row!(rows, "intermediate that is trusted, without its root", "", LikeCurl, "curl and Go take it too.", |it| {
        it.trusted = vec![MIDDLE];
    });
    row!(rows, "expired intermediate that is trusted, without its root", "own certificate has expired", |it| {
        it.middle().dates = PAST;
        it.trusted = vec![MIDDLE];
    });
    row!(
        rows,
        "leaf with CA:TRUE of an authority",
        "an authority's own",
        Stricter,
        "webpki takes no authority's certificate for a server's. It is healthy with the certificate itself in `--tls-ca-cert`.",
        |it| it.leaf().set(basic(true, None))
    );
    row!(rows, "leaf with CA:TRUE of an authority, trusted itself", "", |it| {
        it.leaf().set(basic(true, None));
        it.trusted.push(LEAF);
    });
    row!(rows, "root as the server's certificate", "", |it| {
        it.root().set(names(&["localhost"]));
        it.root().set(usage(SIGNATURE | CERTIFICATES));
        (it.leaf, it.sent) = (ROOT, vec![]);
    });
}

fn signed(rows: &mut Vec<Row>) {
    row!(rows, "RSA of 2048 bits", "", |it| it.certificates.iter_mut().for_each(|it| it.key = "rsa2048 a"));
    row!(rows, "root with RSA of 4096 bits", "", |it| it.root().key = "rsa4096 root");
    row!(rows, "root with RSA of 1024 bits", "fewer than 2048 bits", |it| it.root().key = "rsa1024 root");
    row!(rows, "intermediate with RSA of 1024 bits", "fewer than 2048 bits", |it| it.middle().key = "rsa1024 middle");
    row!(rows, "leaf with RSA of 1024 bits", "fewer than 2048 bits", |it| it.leaf().key = "rsa1024 leaf");
    row!(rows, "leaf signed with SHA-1 and RSA", "unsupported kind", |it| {
        it.middle().key = "rsa2048 a";
        it.leaf().digest = "sha1";
    });
    row!(rows, "leaf signed with SHA-1 and ECDSA", "unsupported kind", |it| it.leaf().digest = "sha1");
    row!(rows, "intermediate signed with SHA-1", "unsupported kind", |it| it.middle().digest = "sha1");
    row!(rows, "root signed with SHA-1", "", |it| it.root().digest = "sha1");
    row!(rows, "leaf signed with SHA-512 and RSA", "", |it| {
        it.middle().key = "rsa2048 a";
        it.leaf().digest = "sha512";
    });
    row!(
        rows,
        "leaf signed with SHA-512 and ECDSA P-256",
        "unsupported kind",
        Stricter,
        "*ring* has no such pair.",
        |it| {
            it.leaf().digest = "sha512";
        }
    );
    row!(rows, "P-384 and Ed25519", "", |it| {
        it.root().key = "ed25519 root";
        it.middle().key = "P-384 middle";
    });
    row!(rows, "root with P-521", "unsupported kind", Stricter, "*ring* has no P-521.", |it| it.root().key =
        "P-521 root");
    row!(rows, "root with Ed448", "unsupported kind", Stricter, "*ring* has no Ed448.", |it| it.root().key =
        "ed448 root");
}
