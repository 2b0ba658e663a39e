//! TLS 1.2 and 1.3 (RFC 5246, RFC 8446). HTTP is offered by ALPN (RFC 7301), and no other protocol is. In the small
//! build, absent.rs replaces this folder.

pub mod alarm;
mod authorities;
mod certificate;
pub mod credentials;
mod der;
mod metered;
mod provider;
mod recorded;
mod session;
pub mod settings;
pub mod system;
pub mod trust;
pub mod workload_api;

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use rustls::version::{TLS12, TLS13};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::connect::{self, Stream, Writes};
use crate::progress::Progress;
use crate::target::endpoint::Endpoint;
use crate::unhealthy::Unhealthy;
use crate::unhealthy::http2::BadHttp2;
use crate::unhealthy::tls::BadHandshake;
use crate::wire::Version;
use metered::Metered;
use recorded::Recorded;
use session::Session;
pub use settings::Settings;
use settings::Source;
use trust::Trust;

/// Opens a connection to `endpoint`, over TLS if there are settings for it. The [`Session`] explains errors that occur
/// later on the connection.
pub async fn open(
    endpoint: &Endpoint,
    tls: Option<&Settings>,
    version: Option<Version>,
    progress: &Progress,
) -> Result<(Stream, Arc<Session>), Unhealthy> {
    let writes = if tls.is_some() || version == Some(Version::Http2) { Writes::Often } else { Writes::Once };
    let Some(Settings { source, name }) = tls else {
        return Ok((connect::open(endpoint, writes, progress).await?, Arc::default()));
    };
    let credentials = match source {
        Source::Files(credentials) => credentials,
        Source::WorkloadApi(api) => &workload_api::fetch(api, progress).await?,
    };
    let stream = Metered::new(connect::open(endpoint, writes, progress).await?, progress.deadline);
    progress.awaits_step("TLS handshake");
    let session = Arc::new(Session::new(credentials.identity.clone()));
    match handshake(stream, name.clone(), version, credentials.trust.clone(), session.clone()).await {
        Ok(stream) => Ok((Box::new(Recorded { stream, session: session.clone() }), session)),
        Err(reason) => Err(session.explain(reason)),
    }
}

async fn handshake(
    stream: Metered<Stream>,
    name: ServerName<'static>,
    version: Option<Version>,
    trust: Arc<Trust>,
    session: Arc<Session>,
) -> Result<TlsStream<Metered<Stream>>, Unhealthy> {
    let mut config = ClientConfig::builder_with_provider(provider::provider())
        .with_protocol_versions(&[&TLS13, &TLS12])
        .expect("the provider has suites for both")
        .dangerous()
        .with_custom_certificate_verifier(trust)
        .with_client_cert_resolver(session);
    config.alpn_protocols = version.map(|version| alpn(version).to_vec()).into_iter().collect();
    // Each attempt makes a whole handshake, so that it sees the certificate.
    config.resumption = Resumption::disabled();
    let handshake = TlsConnector::from(Arc::new(config)).connect(name.clone(), stream);
    let stream = handshake.await.map_err(|error| BadHandshake { error, name: name.to_str().into_owned() })?;
    if version == Some(Version::Http2) && stream.get_ref().1.alpn_protocol() != Some(alpn(Version::Http2)) {
        return Err(BadHttp2::NotOffered.into());
    }
    Ok(stream)
}

/// Returns the ALPN name of a version: RFC 7301, section 6, and RFC 9113, section 3.2.
fn alpn(version: Version) -> &'static [u8] {
    match version {
        Version::Http1 => b"http/1.1",
        Version::Http2 => b"h2",
    }
}
