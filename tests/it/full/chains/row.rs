//! A row of the table of chains, and the decent chain that it changes.

use super::forge::{
    CERTIFICATES, Certificate, REVOCATION, SERVERS, SIGNATURE, authority_key, basic, names, purposes, subject_key,
    usage,
};

/// A chain, what lprobe says of it, and why it differs from others.
pub struct Row {
    pub name: &'static str,
    pub change: fn(&mut Chain),
    /// In what lprobe says; nothing, where it is healthy.
    pub words: &'static str,
    pub differs: Option<(Differs, &'static str)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Differs {
    /// Healthy, where `openssl verify` refuses and curl does not.
    LikeCurl,
    /// Healthy, where both refuse.
    Laxer,
    /// Unhealthy, where curl does not refuse.
    Stricter,
}

/// Certificates by their places in the list, and the name that the leaf must match.
pub struct Chain {
    pub certificates: Vec<Certificate>,
    pub leaf: usize,
    /// Sent after the leaf, in this order.
    pub sent: Vec<usize>,
    pub trusted: Vec<usize>,
    pub host: &'static str,
}

pub const ROOT: usize = 0;
pub const MIDDLE: usize = 1;
pub const LEAF: usize = 2;

impl Chain {
    /// A decent one, of a root, an intermediate and a leaf.
    pub fn new() -> Self {
        let authority = [basic(true, None), usage(CERTIFICATES | REVOCATION)];
        let server = [names(&["localhost", "127.0.0.1"]), usage(SIGNATURE), purposes(&[SERVERS])];
        Self {
            certificates: vec![
                Certificate::new("root", "P-256 root", ROOT, &authority),
                Certificate::new("middle", "P-256 middle", ROOT, &authority),
                Certificate::new("leaf", "P-256 leaf", MIDDLE, &server),
            ],
            leaf: LEAF,
            sent: vec![MIDDLE],
            trusted: vec![ROOT],
            host: "localhost",
        }
    }

    pub fn root(&mut self) -> &mut Certificate {
        &mut self.certificates[ROOT]
    }

    pub fn middle(&mut self) -> &mut Certificate {
        &mut self.certificates[MIDDLE]
    }

    pub fn leaf(&mut self) -> &mut Certificate {
        &mut self.certificates[LEAF]
    }

    /// Adds a copy of a certificate, with changes, and returns its place.
    pub fn copy(&mut self, place: usize, change: impl FnOnce(&mut Certificate)) -> usize {
        let mut copy = self.certificates[place].clone();
        change(&mut copy);
        self.certificates.push(copy);
        self.certificates.len() - 1
    }

    /// Puts a second intermediate between the first and the leaf.
    pub fn lengthen(&mut self, change: impl FnOnce(&mut Certificate)) -> usize {
        let lower = self.copy(MIDDLE, |it| {
            (it.subject, it.key, it.issuer) = ("lower", "P-256 lower", MIDDLE);
            change(it);
        });
        self.leaf().issuer = lower;
        self.sent.insert(0, lower);
        lower
    }

    /// The second intermediate has the first one's name, as when an authority changes its key.
    pub fn lengthen_by_itself(&mut self) {
        self.lengthen(|lower| {
            lower.subject = "middle";
            lower.extensions.extend([subject_key(2), authority_key(1)]);
        });
        self.middle().set(subject_key(1));
        self.leaf().set(authority_key(2));
    }

    /// Has the root issue the leaf.
    pub fn shorten(&mut self) {
        self.leaf().issuer = ROOT;
        self.sent.clear();
    }

    /// Has the leaf sign itself, and be trusted.
    pub fn pin(&mut self) {
        self.leaf().issuer = LEAF;
        self.sent.clear();
        self.trusted = vec![LEAF];
    }
}

/// Adds a row on which all agree.
macro_rules! row {
    ($rows:ident, $name:literal, $words:literal, $change:expr) => {
        $rows.push(Row { name: $name, change: $change, words: $words, differs: None })
    };
    ($rows:ident, $name:literal, $words:literal, $how:ident, $why:literal, $change:expr) => {
        $rows.push(Row { name: $name, change: $change, words: $words, differs: Some((Differs::$how, $why)) })
    };
}

pub(super) use row;
