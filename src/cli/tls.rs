//! The options for TLS.

use std::env;
use std::ffi::OsStr;
use std::sync::Arc;

use rustls::pki_types::ServerName;

use super::arguments::Arguments;
use super::bad_usage::{BadUsage, Quoted, holds_pem};
use super::options::{Group, OPTIONS, Opt};
use crate::target::authority::{Authority, Host};
use crate::target::bad_target::BadTarget;
use crate::target::endpoint::Endpoint;
use crate::tls::Settings;
use crate::tls::credentials::{self, BadCredentials, Credentials};
use crate::tls::settings::{self, Source};
use crate::tls::system;
use crate::tls::trust::Trust;

/// The options for TLS. They are read when the first target needs them: the system's authorities take 10 ms.
pub struct Tls(Option<(Source, Option<ServerName<'static>>)>);

impl Tls {
    /// Reads nothing yet.
    pub fn new() -> Self {
        Self(None)
    }

    /// Returns the TLS settings for `host`. Returns `None` without `tls`, for options that are refused, and for options that
    /// are only checked.
    pub fn settings(&mut self, arguments: &Arguments, tls: bool, host: Host) -> Option<Settings> {
        if !tls || arguments.is_sealing() {
            return None;
        }
        let (source, name) = match &self.0 {
            Some(read) => read,
            None => {
                let source = source(arguments).map_err(|BadUsage(problem)| arguments.refuse(problem)).ok()?;
                self.0.insert((source, arguments.one("tls-server-name", server_name)))
            }
        };
        let name = name.clone().unwrap_or_else(|| settings::server_name(host));
        Some(Settings { source: source.clone(), name })
    }
}

fn source(arguments: &Arguments) -> Result<Source, BadUsage> {
    if !arguments.flag("spiffe") {
        let credentials = Credentials { trust: Arc::new(trust(arguments)?), identity: identity(arguments)? };
        return Ok(Source::Files(credentials));
    }
    let is_other = |option: &Opt| match option.group {
        Group::Tls => option.name != "spiffe",
        group => group == Group::OtherTool && option.full,
    };
    for option in OPTIONS.iter().filter(|option| is_other(option)) {
        if arguments.asked(option) {
            return Err(BadUsage(format!("--{} can't go with --spiffe", option.name)));
        }
    }
    workload_api().map(Source::WorkloadApi)
}

fn trust(arguments: &Arguments) -> Result<Trust, BadUsage> {
    if arguments.flag("tls-no-verify") {
        // With another tool's --tls, the name is for verification. With lprobe's own targets, it is also for SNI.
        let useless = ["tls-ca-cert"].into_iter().chain(arguments.flag("tls").then_some("tls-server-name"));
        return match useless.into_iter().find(|name| arguments.given(name)) {
            Some(name) => Err(BadUsage(format!("--{name} can't go with --tls-no-verify, which trusts anyone"))),
            None => Ok(Trust::Unverified),
        };
    }
    let authorities = match arguments.one("tls-ca-cert", |path| credentials::authorities(file(path)?)) {
        Some(authorities) => authorities,
        None => system::authorities().map_err(|error| BadUsage(error.to_string()))?,
    };
    Ok(Trust::Authorities(authorities))
}

fn identity(arguments: &Arguments) -> Result<Option<Arc<rustls::sign::CertifiedKey>>, BadUsage> {
    let chain = arguments.one("tls-client-cert", |path| credentials::certificates(file(path)?.as_ref()));
    let key = arguments.one("tls-client-key", |path| credentials::key(file(path)?));
    let refuse = |error: BadCredentials| BadUsage(format!("--tls-client-key: {error}"));
    match (chain, key) {
        (Some(chain), Some(key)) => credentials::identity(chain, key).map(Some).map_err(refuse),
        (Some(_), None) => Err(BadUsage("--tls-client-cert needs --tls-client-key".into())),
        (None, Some(_)) => Err(BadUsage("--tls-client-key needs --tls-client-cert".into())),
        (None, None) => Ok(None),
    }
}

/// Returns the name of a file. PEM itself is refused: it belongs in the file.
fn file(name: &str) -> Result<&str, BadCredentials> {
    if holds_pem(OsStr::new(name)) { Err(BadCredentials::NotAName) } else { Ok(name) }
}

fn server_name(text: &str) -> Result<ServerName<'static>, &'static str> {
    ServerName::try_from(text.to_owned()).map_err(|_| "expected a DNS name or an address")
}

/// Reads SPIFFE_ENDPOINT_SOCKET, `unix:///PATH` or `tcp://ADDRESS:PORT`: SPIFFE Workload Endpoint, section 4.
fn workload_api() -> Result<Endpoint, BadUsage> {
    const VARIABLE: &str = "SPIFFE_ENDPOINT_SOCKET";
    let Some(value) = env::var_os(VARIABLE) else {
        return Err(BadUsage(format!("--spiffe needs {VARIABLE}, as in unix:///run/spire/agent.sock")));
    };
    let refuse = |error: BadTarget| BadUsage(format!("{VARIABLE} {}: {error}", Quoted(&value)));
    let text = value.to_str().unwrap_or_default();
    let tcp = || {
        let address = text.strip_prefix("tcp://").ok_or(BadTarget::WorkloadApi)?;
        Authority::parse(address, None).map(Endpoint::Authority)
    };
    Endpoint::unix(text).unwrap_or_else(tcp).map_err(refuse)
}
