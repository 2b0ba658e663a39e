//! How to speak TLS to one server.

use std::net::IpAddr;

use rustls::pki_types::ServerName;

use super::credentials::Credentials;
use crate::target::authority::Host;
use crate::target::endpoint::Endpoint;

/// How to speak TLS to one server.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where whom to trust, and what to show, come from.
    pub source: Source,
    /// What the certificate must be for, and what SNI says.
    pub name: ServerName<'static>,
}

/// Where [`Credentials`] come from.
#[derive(Debug, Clone)]
pub enum Source {
    /// From files, read when the arguments were.
    Files(Credentials),
    /// From SPIFFE's Workload API at this endpoint, asked when the probe begins: SPIFFE Workload Endpoint, section 4.
    WorkloadApi(Endpoint),
}

/// Returns the name that a host's certificate must be for.
pub fn server_name(host: Host) -> ServerName<'static> {
    match host {
        Host::Localhost | Host::Localhost6 => ServerName::try_from("localhost").expect("it is a DNS name"),
        Host::Literal(IpAddr::V4(address)) => ServerName::from(IpAddr::V4(address)),
        Host::Literal(IpAddr::V6(address)) => ServerName::from(IpAddr::V6(address)),
    }
}
