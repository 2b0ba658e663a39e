//! The TLS settings for one server.

use std::net::IpAddr;

use rustls::pki_types::ServerName;

use super::credentials::Credentials;
use crate::target::authority::Host;
use crate::target::endpoint::Endpoint;
use crate::target::hostname::Hostname;

/// The TLS settings for one server.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The source of the credentials.
    pub source: Source,
    /// The name that the certificate must match, and that SNI sends.
    pub name: ServerName<'static>,
}

/// The source of [`Credentials`].
#[derive(Debug, Clone)]
pub enum Source {
    /// Files, which were read together with the arguments.
    Files(Credentials),
    /// SPIFFE's Workload API at this endpoint, which is called when the probe begins: SPIFFE Workload Endpoint, section
    /// 4.
    WorkloadApi(Endpoint),
}

impl Settings {
    /// Returns the settings for another host, to which a redirect leads: its certificate must match its own name, unless
    /// --tls-server-name gave one.
    pub fn of_other_host(self, before: Host, host: Host) -> Self {
        if self.name == server_name(before) { Self { name: server_name(host), ..self } } else { self }
    }

    /// Returns the name that the certificate must match, if it is not that of the host, as an authority has it: an IPv6
    /// address stands in brackets (RFC 3986, section 3.2.2).
    pub fn other_name(&self, host: Host) -> Option<String> {
        if self.name == server_name(host) {
            return None;
        }
        let name = self.name.to_str();
        Some(if name.contains(':') { format!("[{name}]") } else { name.into_owned() })
    }
}

/// Returns the name that the certificate of a host must match.
pub fn server_name(host: Host) -> ServerName<'static> {
    match host {
        Host::Localhost | Host::Localhost4 | Host::Localhost6 => {
            ServerName::try_from("localhost").expect("it is a DNS name")
        }
        Host::Literal(IpAddr::V4(address)) => ServerName::from(IpAddr::V4(address)),
        Host::Literal(IpAddr::V6(address)) => ServerName::from(IpAddr::V6(address)),
        // A hostname of Linux need not be a name of DNS.
        Host::Own(Hostname { name, addresses }) => {
            ServerName::try_from(name.as_str()).unwrap_or_else(|_| ServerName::from(addresses[0]))
        }
    }
}
