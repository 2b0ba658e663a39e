//! The facts of a handshake that explain a later error.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::sign::CertifiedKey;

use crate::unhealthy::Unhealthy;
use crate::unhealthy::tls::{self, Broken};

const NO_CERTIFICATE: &str = "; client certificate required, it seems (--tls-client-cert, --tls-client-key)";

/// The client certificate, whether the server asked for one, and why the connection broke.
#[derive(Debug, Default)]
pub struct Session {
    shown: Option<Arc<CertifiedKey>>,
    asked: AtomicBool,
    broken: OnceLock<rustls::Error>,
}

impl Session {
    /// Starts a session with this client certificate.
    pub fn new(shown: Option<Arc<CertifiedKey>>) -> Self {
        Self { shown, ..Self::default() }
    }

    /// Records an error of TLS on the open connection.
    pub fn record(&self, error: &io::Error) {
        if let Some(error) = tls::inner(error) {
            let _ = self.broken.set(error.clone());
        }
    }

    /// Replaces a reason that hides an error of TLS by that error. Adds to `reason` that the server asked for a client
    /// certificate and got none, if that may be the cause. With TLS 1.3, the server refuses after the client's part of the
    /// handshake. nginx refuses with status 400.
    pub fn explain(&self, reason: Unhealthy) -> Unhealthy {
        let reason = match self.broken.get() {
            Some(error) if reason.hides_tls() => Broken(error.clone()).into(),
            _ => reason,
        };
        let missing = self.shown.is_none() && self.asked.load(Ordering::Relaxed);
        match missing && reason.may_lack_certificate() {
            true => Unhealthy::Explained { before: "", reason: Box::new(reason), after: NO_CERTIFICATE },
            false => reason,
        }
    }
}

impl ResolvesClientCert for Session {
    fn resolve(&self, _issuers: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.asked.store(true, Ordering::Relaxed);
        self.shown.clone()
    }

    fn has_certs(&self) -> bool {
        self.shown.is_some()
    }
}
