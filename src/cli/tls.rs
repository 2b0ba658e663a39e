//! The options for TLS.

use std::env;
use std::sync::Arc;

use rustls::pki_types::ServerName;

use super::arguments::Arguments;
use super::options::{FOREIGN_FULL, TLS};
use super::{BadUsage, Quoted};
use crate::bad_target::BadTarget;
use crate::credentials::{self, BadCredentials, Trust};
use crate::plan::{Credentials, Tls, WorkloadApi};
use crate::target::{Target, unix_socket};

/// What the targets over TLS need; nothing is read where there is none.
pub fn tls(arguments: &Arguments, targets: &[Target]) -> Result<Option<Tls>, BadUsage> {
    if !targets.iter().any(Target::over_tls) {
        return Ok(None);
    }
    let server_name = arguments.one("tls-server-name", server_name)?;
    if arguments.flag("spiffe")? {
        for option in TLS.iter().chain(&FOREIGN_FULL).filter(|option| !["spiffe", "addr"].contains(&option.name)) {
            if arguments.asked(option)? {
                return Err(BadUsage(format!("--{} can't go with --spiffe", option.name)));
            }
        }
        return Ok(Some(Tls { credentials: Credentials::Spiffe(workload_api()?), server_name }));
    }
    let credentials = credentials::Credentials { trust: Arc::new(trust(arguments)?), identity: identity(arguments)? };
    Ok(Some(Tls { credentials: Credentials::Fixed(credentials), server_name }))
}

fn trust(arguments: &Arguments) -> Result<Trust, BadUsage> {
    if arguments.flag("tls-no-verify")? {
        // With another tool's --tls, a name is for verification; with lprobe's own targets it is also for SNI.
        let useless = ["tls-ca-cert"].into_iter().chain(arguments.flag("tls")?.then_some("tls-server-name"));
        return match useless.into_iter().find(|name| arguments.given(name)) {
            Some(name) => Err(BadUsage(format!("--{name} can't go with --tls-no-verify, which trusts anyone"))),
            None => Ok(Trust::Unverified),
        };
    }
    let store = match arguments.one("tls-ca-cert", credentials::authorities)? {
        Some(store) => store,
        None => credentials::system_authorities().map_err(|error| BadUsage(error.to_string()))?,
    };
    Ok(Trust::Authorities(store))
}

fn identity(arguments: &Arguments) -> Result<Option<Arc<rustls::sign::CertifiedKey>>, BadUsage> {
    let chain = arguments.one("tls-client-cert", |path| credentials::certificates(path.as_ref()))?;
    let key = arguments.one("tls-client-key", credentials::key)?;
    let refuse = |error: BadCredentials| BadUsage(format!("--tls-client-key: {error}"));
    match (chain, key) {
        (Some(chain), Some(key)) => credentials::identity(chain, key).map(Some).map_err(refuse),
        (Some(_), None) => Err(BadUsage("--tls-client-cert needs --tls-client-key".into())),
        (None, Some(_)) => Err(BadUsage("--tls-client-key needs --tls-client-cert".into())),
        (None, None) => Ok(None),
    }
}

fn server_name(text: &str) -> Result<ServerName<'static>, &'static str> {
    ServerName::try_from(text.to_owned()).map_err(|_| "expected a DNS name or an address")
}

/// SPIFFE Workload Endpoint, section 4: `unix:///PATH` or `tcp://ADDRESS:PORT`.
fn workload_api() -> Result<WorkloadApi, BadUsage> {
    const VARIABLE: &str = "SPIFFE_ENDPOINT_SOCKET";
    let Some(value) = env::var_os(VARIABLE) else {
        return Err(BadUsage(format!("--spiffe needs {VARIABLE}, as in unix:///run/spire/agent.sock")));
    };
    let refuse = |error: BadTarget| BadUsage(format!("{VARIABLE} {}: {error}", Quoted(&value)));
    let text = value.to_str().unwrap_or_default();
    match unix_socket(text) {
        Some(path) => path.map(WorkloadApi::Unix),
        None => text.strip_prefix("tcp://").ok_or(BadTarget::WorkloadApi).and_then(str::parse).map(WorkloadApi::Tcp),
    }
    .map_err(refuse)
}
