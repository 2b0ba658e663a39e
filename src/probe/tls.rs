//! TLS 1.2 and 1.3 (RFC 5246, RFC 8446) on a stream that is open, offering one protocol by ALPN (RFC 7301).

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::client::{ResolvesClientCert, Resumption};
use rustls::pki_types::ServerName;
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, SignatureScheme};
use tokio_rustls::TlsConnector;

use super::spiffe;
use crate::credentials::Trust;
use crate::crypto;
use crate::endpoint::{self, Stream, Writes};
use crate::plan::{self, Plan};
use crate::progress::Progress;
use crate::target::{Authority, Host};
use crate::unhealthy::{Awaiting, Unhealthy};

/// What is spoken inside.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1; a server that knows no ALPN speaks it.
    Http1,
    /// HTTP/2; RFC 9113, section 3.2: only where the server agrees to it.
    Http2,
}

/// Opens a connection to `authority`, over TLS if `tls`. The [`Identity`] tells more of what goes wrong on it later.
pub async fn open(
    tls: bool,
    authority: &Authority,
    protocol: Protocol,
    plan: &Plan,
    progress: &Progress,
) -> Result<(Stream, Arc<Identity>), Unhealthy> {
    let socket = plan.unix_socket.as_deref();
    let writes = if tls || protocol == Protocol::Http2 { Writes::Often } else { Writes::Once };
    if !tls {
        return Ok((endpoint::open(authority, socket, writes, progress).await?, Arc::default()));
    }
    let tls = plan.tls.as_ref().expect("a plan with a target over TLS says whom to trust");
    let name = tls.server_name.clone().unwrap_or_else(|| name(authority.host));
    let credentials = match &tls.credentials {
        plan::Credentials::Fixed(credentials) => credentials,
        plan::Credentials::Spiffe(api) => &spiffe::fetch(api, progress).await?,
    };
    let stream = endpoint::open(authority, socket, writes, progress).await?;
    progress.awaits(Awaiting::Handshake);
    let identity = Arc::new(Identity { shown: credentials.identity.clone(), asked: AtomicBool::new(false) });
    match shake_hands(stream, name, protocol, credentials.trust.clone(), identity.clone()).await {
        Ok(stream) => Ok((stream, identity)),
        Err(reason) => Err(identity.explain(reason)),
    }
}

async fn shake_hands(
    stream: Stream,
    name: ServerName<'static>,
    protocol: Protocol,
    trust: Arc<Trust>,
    identity: Arc<Identity>,
) -> Result<Stream, Unhealthy> {
    let mut config = ClientConfig::builder_with_provider(crypto::provider())
        .with_protocol_versions(&[&TLS13, &TLS12])
        .expect("the provider has suites for both")
        .dangerous()
        .with_custom_certificate_verifier(trust)
        .with_client_cert_resolver(identity);
    config.alpn_protocols = vec![protocol.alpn().to_vec()];
    // There is no second connection.
    config.resumption = Resumption::disabled();
    let handshake = TlsConnector::from(Arc::new(config)).connect(name.clone(), stream);
    let stream = handshake.await.map_err(|error| Unhealthy::Tls { error, name: name.to_str().into_owned() })?;
    if protocol == Protocol::Http2 && stream.get_ref().1.alpn_protocol() != Some(protocol.alpn()) {
        return Err(Unhealthy::NoHttp2);
    }
    Ok(Box::new(stream))
}

impl Protocol {
    fn alpn(self) -> &'static [u8] {
        match self {
            Self::Http1 => b"http/1.1",
            Self::Http2 => b"h2",
        }
    }
}

/// The name that a certificate must be for.
fn name(host: Host) -> ServerName<'static> {
    match host {
        Host::Localhost | Host::Localhost6 => ServerName::try_from("localhost").expect("it is a DNS name"),
        Host::Literal(IpAddr::V4(address)) => ServerName::from(IpAddr::V4(address)),
        Host::Literal(IpAddr::V6(address)) => ServerName::from(IpAddr::V6(address)),
    }
}

/// What the server is shown if it asks, and whether it did.
#[derive(Debug, Default)]
pub struct Identity {
    shown: Option<Arc<CertifiedKey>>,
    asked: AtomicBool,
}

impl Identity {
    /// Adds that the server asked for a certificate in vain, where that may be why. TLS 1.3 has it refuse after the
    /// client's part of the handshake, and nginx refuses by a status of 400.
    pub fn explain(&self, reason: Unhealthy) -> Unhealthy {
        let missing = self.shown.is_none() && self.asked.load(Ordering::Relaxed);
        match missing && reason.may_lack_certificate() {
            true => Unhealthy::NoClientCertificate(Box::new(reason)),
            false => reason,
        }
    }
}

impl ResolvesClientCert for Identity {
    fn resolve(&self, _issuers: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.asked.store(true, Ordering::Relaxed);
        self.shown.clone()
    }

    fn has_certs(&self) -> bool {
        self.shown.is_some()
    }
}
