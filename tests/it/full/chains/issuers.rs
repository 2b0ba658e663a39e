//! Who may issue certificates: dates, authorities, the length of chains, and purposes.

use super::forge::{
    ANYTHING, CERTIFICATES, CLIENTS, ENCIPHERMENT, FUTURE, GATED, PAST, PRESENT, SERVERS, SIGNATURE, basic, purposes,
    usage,
};
use super::row::{Differs, LEAF, MIDDLE, ROOT, Row, row};

pub fn add(rows: &mut Vec<Row>) {
    dates(rows);
    authorities(rows);
    lengths(rows);
    usages(rows);
}

fn dates(rows: &mut Vec<Row>) {
    row!(rows, "a decent chain", "", |_| ());
    row!(rows, "expired root", "authority whose own certificate has expired", |it| it.root().dates = PAST);
    row!(rows, "root not yet valid", "authority whose own certificate is not yet valid", |it| it.root().dates = FUTURE);
    row!(rows, "expired intermediate", "another certificate has expired", |it| it.middle().dates = PAST);
    row!(rows, "intermediate not yet valid", "or is not yet valid", |it| it.middle().dates = FUTURE);
    row!(rows, "expired leaf", "certificate has expired", |it| it.leaf().dates = PAST);
    row!(rows, "leaf not yet valid", "certificate is not yet valid", |it| it.leaf().dates = FUTURE);
    row!(rows, "leaf that ends before it begins", "not yet valid", |it| {
        it.leaf().dates = [FUTURE[0], PAST[1]];
    });
    row!(rows, "expired root, and its successor with the same key", "", |it| {
        it.root().dates = PAST;
        let renewed = it.copy(ROOT, |root| root.dates = PRESENT);
        it.trusted.push(renewed);
    });
    row!(rows, "expired root and no intermediate", "authority whose own certificate has expired", |it| {
        it.root().dates = PAST;
        it.shorten();
    });
    row!(rows, "expired root that is sent too", "authority whose own certificate has expired", |it| {
        it.root().dates = PAST;
        it.sent.push(ROOT);
    });
    row!(rows, "leaf that outlives its root", "", |it| it.root().dates[1] = "20900101000000Z");
    row!(rows, "dates in the year 9999", "", |it| it.root().dates[1] = "99991231235959Z");
    row!(rows, "UTCTime of 1950", "", |it| it.root().dates[0] = "500101000000Z");
}

fn authorities(rows: &mut Vec<Row>) {
    row!(rows, "intermediate without basicConstraints", "may not issue", |it| it.middle().remove(&basic(true, None)));
    row!(rows, "intermediate with CA:FALSE", "may not issue", |it| it.middle().set(basic(false, None)));
    row!(rows, "intermediate without keyCertSign", "may not issue", |it| it.middle().set(usage(SIGNATURE)));
    row!(rows, "intermediate without keyUsage", "", |it| it.middle().remove(&usage(0)));
    row!(rows, "intermediate with no bit of keyUsage", "may not issue", |it| it.middle().set(usage(0)));
    row!(rows, "intermediate with no extension", "may not issue", |it| it.middle().extensions.clear());
    row!(rows, "intermediate of version 1", "not of version 3", |it| {
        it.middle().extensions.clear();
        it.middle().is_version_1 = true;
    });
    row!(rows, "root without basicConstraints", "", |it| it.root().remove(&basic(true, None)));
    row!(rows, "root with CA:FALSE", "may not issue", |it| it.root().set(basic(false, None)));
    row!(rows, "root without keyCertSign", "may not issue", |it| it.root().set(usage(SIGNATURE)));
    row!(rows, "root without keyUsage", "", |it| it.root().remove(&usage(0)));
    row!(rows, "root with no extension", "may not issue", |it| it.root().extensions.clear());
    row!(rows, "root of version 1", "", |it| {
        it.root().extensions.clear();
        it.root().is_version_1 = true;
    });
    row!(rows, "expired root of version 1", "authority whose own certificate has expired", |it| {
        it.root().extensions.clear();
        (it.root().is_version_1, it.root().dates) = (true, PAST);
    });
    row!(rows, "leaf as issuer of another leaf", "may not issue", |it| {
        let other = it.copy(LEAF, |leaf| (leaf.subject, leaf.key, leaf.issuer) = ("other", "P-256 other", LEAF));
        (it.sent, it.leaf) = (vec![LEAF, MIDDLE], other);
    });
    row!(rows, "trusted leaf as issuer of another leaf", "may not issue", |it| {
        let other = it.copy(LEAF, |leaf| (leaf.subject, leaf.key, leaf.issuer) = ("other", "P-256 other", LEAF));
        (it.sent, it.trusted, it.leaf) = (vec![], vec![LEAF], other);
    });
}

fn lengths(rows: &mut Vec<Row>) {
    row!(rows, "root with pathLen 0 and an intermediate", "longer chain", |it| it.root().set(basic(true, Some(0))));
    row!(rows, "root with pathLen 0 that issued the leaf", "", |it| {
        it.root().set(basic(true, Some(0)));
        it.shorten();
    });
    row!(rows, "root with pathLen 1, just met", "", |it| it.root().set(basic(true, Some(1))));
    row!(rows, "root with pathLen 1 and two intermediates", "longer chain", |it| {
        it.root().set(basic(true, Some(1)));
        it.lengthen(|_| ());
    });
    row!(rows, "two intermediates", "", |it| _ = it.lengthen(|_| ()));
    row!(rows, "intermediate with pathLen 0", "", |it| it.middle().set(basic(true, Some(0))));
    row!(rows, "intermediate with pathLen 0 above another", "longer chain", |it| {
        it.middle().set(basic(true, Some(0)));
        it.lengthen(|_| ());
    });
    row!(rows, "intermediate with pathLen 1 above another", "", |it| {
        it.middle().set(basic(true, Some(1)));
        it.lengthen(|_| ());
    });
    row!(rows, "intermediate with a longer pathLen than the root's", "", |it| {
        it.root().set(basic(true, Some(1)));
        it.middle().set(basic(true, Some(9)));
    });
    row!(rows, "root with pathLen 1, and a self-issued intermediate", "", |it| {
        it.root().set(basic(true, Some(1)));
        it.lengthen_by_itself();
    });
    row!(
        rows,
        "intermediate with pathLen 0 above a self-issued one",
        "another key",
        Stricter,
        "webpki counts an intermediate that names itself as its issuer. RFC 5280 does not.",
        |it| {
            it.middle().set(basic(true, Some(0)));
            it.lengthen_by_itself();
        }
    );
    row!(rows, "root with a negative pathLen", "can't be understood", |it| it.root().set(basic(true, Some(0x80))));
    row!(rows, "intermediate with a negative pathLen", "can't be understood", |it| {
        it.middle().set(basic(true, Some(0x80)));
    });
    row!(rows, "leaf with CA:FALSE", "", |it| it.leaf().set(basic(false, None)));
    row!(rows, "leaf with CA:FALSE and a pathLen", "", |it| it.leaf().set(basic(false, Some(0))));
    row!(rows, "six intermediates", "", |it| {
        const NAMES: [[&str; 2]; 5] =
            [["a", "P-256 a"], ["b", "P-256 b"], ["c", "P-256 c"], ["d", "P-256 d"], ["e", "P-256 e"]];
        for (number, [subject, key]) in NAMES.into_iter().enumerate() {
            let issuer = if number == 0 { MIDDLE } else { number + 2 };
            let place = it.copy(MIDDLE, |lower| (lower.subject, lower.key, lower.issuer) = (subject, key, issuer));
            it.sent.insert(0, place);
            it.leaf().issuer = place;
        }
    });
}

fn usages(rows: &mut Vec<Row>) {
    row!(rows, "leaf for clients only", "not for servers", |it| it.leaf().set(purposes(&[CLIENTS])));
    row!(rows, "leaf for clients and servers", "", |it| it.leaf().set(purposes(&[CLIENTS, SERVERS])));
    row!(rows, "leaf without extendedKeyUsage", "", |it| it.leaf().remove(&purposes(&[])));
    row!(rows, "leaf for any purpose", "not for servers", |it| it.leaf().set(purposes(&[ANYTHING])));
    row!(rows, "leaf with no purpose in extendedKeyUsage", "not for servers", |it| it.leaf().set(purposes(&[])));
    row!(
        rows,
        "leaf for Netscape's Server Gated Cryptography",
        "not for servers",
        Stricter,
        "It ended in the year 2000. Go refuses it too.",
        |it| it.leaf().set(purposes(&[GATED]))
    );
    row!(rows, "intermediate for servers", "", |it| it.middle().set(purposes(&[SERVERS])));
    row!(rows, "intermediate for clients only", "not for servers", |it| it.middle().set(purposes(&[CLIENTS])));
    row!(rows, "intermediate for any purpose", "not for servers", |it| it.middle().set(purposes(&[ANYTHING])));
    row!(rows, "root for clients only", "authority that is not for servers", |it| it.root().set(purposes(&[CLIENTS])));
    row!(rows, "root for servers", "", |it| it.root().set(purposes(&[CLIENTS, SERVERS])));
    row!(rows, "leaf without keyUsage", "", |it| it.leaf().remove(&usage(0)));
    row!(rows, "leaf with keyEncipherment only", "", |it| it.leaf().set(usage(ENCIPHERMENT)));
    row!(rows, "leaf with keyCertSign only", "not for servers", |it| it.leaf().set(usage(CERTIFICATES)));
    row!(rows, "leaf with keyCertSign and digitalSignature", "", |it| it.leaf().set(usage(CERTIFICATES | SIGNATURE)));
    row!(rows, "leaf with no bit of keyUsage", "not for servers", |it| it.leaf().set(usage(0)));
}
