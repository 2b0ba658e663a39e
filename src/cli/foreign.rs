//! The flags of FivexL's lprobe and of grpc_health_probe, with their meanings and conflicts.

#[cfg(feature = "full")]
use std::path::PathBuf;
use std::time::Duration;

use super::arguments::Arguments;
#[cfg(not(feature = "full"))]
use super::options;
use super::{BadUsage, duration};
use crate::bad_target::BadTarget;
use crate::target::{Authority, Endpoint, Host, Target, parse_port};

/// FivexL's own flags that make up a target.
const PARTS: [&str; 3] = ["mode", "port", "endpoint"];

/// What `-mode` chooses.
enum Mode {
    Http,
    #[cfg(feature = "full")]
    Grpc,
}

/// The target that theirs would have probed, if one of their flags for it is given.
pub fn target(arguments: &Arguments) -> Result<Option<Target>, BadUsage> {
    let tls = over_tls(arguments)?;
    #[cfg(feature = "full")]
    if let Some(authority) = grpc_health_probe(arguments)? {
        return Ok(Some(Target::Grpc { tls, authority, service: String::new() }));
    }
    let url = arguments.one("url", url)?;
    let part = PARTS.into_iter().find(|name| arguments.given(name));
    let given = url.as_ref().map(|_| "url").or(part);
    if let Some(name) = given.filter(|_| arguments.given("target")) {
        return Err(BadUsage(format!("--{name} can't go with a target")));
    }
    #[cfg(feature = "full")]
    if part.is_none() && arguments.flag("tls")? {
        return Err(BadUsage("--tls goes with --mode, --port or --addr; a target says https:// or grpcs://".into()));
    }
    if url.is_some() {
        // Theirs let the URL win, silently.
        return match PARTS.into_iter().chain(["ipv6"]).find(|name| arguments.given(name)) {
            Some(name) => Err(BadUsage(format!("--{name} can't go with --url"))),
            None => Ok(url),
        };
    }
    if part.is_none() {
        return Ok(None);
    }
    let mode = arguments.one("mode", mode)?.unwrap_or(Mode::Http);
    let port = arguments.one("port", parse_port)?.unwrap_or(8080);
    let path = arguments.one("endpoint", str::parse)?;
    let authority = Authority { host: Host::Localhost, port };
    match mode {
        Mode::Http => Ok(Some(Target::Http { tls, authority, path: path.unwrap_or_else(Endpoint::root) })),
        #[cfg(feature = "full")]
        Mode::Grpc if path.is_none() => Ok(Some(Target::Grpc { tls, authority, service: String::new() })),
        #[cfg(feature = "full")]
        Mode::Grpc => Err(BadUsage("--endpoint can't go with --mode grpc".into())),
    }
}

/// The authority of `-addr`; with the path of a Unix socket, it is gRPC's name for any.
#[cfg(feature = "full")]
fn grpc_health_probe(arguments: &Arguments) -> Result<Option<Authority>, BadUsage> {
    let authority = arguments.one("addr", |text| match crate::target::unix_socket(text) {
        Some(path) => path.map(|_| Authority { host: Host::Localhost, port: 80 }),
        None => without_resolver(text).parse(),
    })?;
    match PARTS.into_iter().chain(["target", "url"]).find(|name| arguments.given(name)) {
        Some(name) if authority.is_some() => Err(BadUsage(format!("--addr can't go with {}", dashed(name)))),
        _ => Ok(authority),
    }
}

/// gRPC's naming has a name for the resolver before the address, and none of them is asked here.
#[cfg(feature = "full")]
fn without_resolver(text: &str) -> &str {
    ["dns:///", "passthrough:///", "ipv4:"].into_iter().find_map(|name| text.strip_prefix(name)).unwrap_or(text)
}

#[cfg(feature = "full")]
fn dashed(name: &str) -> String {
    if name == "target" { "a target".into() } else { format!("--{name}") }
}

/// The Unix socket of `-addr`, where it names one.
#[cfg(feature = "full")]
pub fn unix_socket(arguments: &Arguments) -> Result<Option<PathBuf>, BadUsage> {
    let path = arguments.one("addr", |text| crate::target::unix_socket(text).transpose())?.flatten();
    match path {
        Some(_) if arguments.given("unix-socket") => {
            Err(BadUsage("--unix-socket can't go with another in --addr".into()))
        }
        path => Ok(path),
    }
}

/// The user agent, unless the caller has another: theirs, where the target is spelled their way.
pub fn user_agent(arguments: &Arguments) -> &'static str {
    match spelling(arguments) {
        Spelling::Ours => concat!("lprobe/", env!("CARGO_PKG_VERSION")),
        Spelling::Fivexl => "lprobe",
        #[cfg(feature = "full")]
        Spelling::GrpcHealthProbe => "grpc_health_probe",
    }
}

/// Whose way of naming a target the arguments follow.
#[derive(PartialEq, Eq)]
pub enum Spelling {
    /// lprobe's.
    Ours,
    /// FivexL's lprobe's.
    Fivexl,
    /// grpc_health_probe's.
    #[cfg(feature = "full")]
    GrpcHealthProbe,
}

/// Tells by the flags that are given.
pub fn spelling(arguments: &Arguments) -> Spelling {
    #[cfg(feature = "full")]
    if arguments.given("addr") {
        return Spelling::GrpcHealthProbe;
    }
    match PARTS.into_iter().chain(["url"]).any(|name| arguments.given(name)) {
        true => Spelling::Fivexl,
        false => Spelling::Ours,
    }
}

/// Their time limit for HTTP, and for gRPC's connection.
pub fn timeout(arguments: &Arguments) -> Result<Option<Duration>, BadUsage> {
    if arguments.given("connect-timeout") && arguments.given("timeout") {
        return Err(BadUsage("--connect-timeout can't go with --timeout".into()));
    }
    arguments.one("connect-timeout", duration::parse)
}

/// Whether a target that is spelled their way goes over TLS.
#[cfg(feature = "full")]
fn over_tls(arguments: &Arguments) -> Result<bool, BadUsage> {
    if arguments.flag("alts")? {
        return Err(BadUsage(
            "--alts: ALTS works on Google Cloud alone, and lprobe does not speak it; use --tls or --spiffe".into(),
        ));
    }
    Ok(arguments.flag("tls")? || arguments.flag("spiffe")?)
}

#[cfg(not(feature = "full"))]
fn over_tls(arguments: &Arguments) -> Result<bool, BadUsage> {
    for option in options::full() {
        if arguments.asked(option)? {
            return Err(BadUsage(format!("--{} takes TLS or gRPC, which only lprobe-full has", option.name)));
        }
    }
    Ok(false)
}

fn url(text: &str) -> Result<Target, BadTarget> {
    match text.parse()? {
        http @ Target::Http { .. } => Ok(http),
        _ => Err(BadTarget::NotHttp),
    }
}

fn mode(text: &str) -> Result<Mode, BadTarget> {
    match text {
        "http" => Ok(Mode::Http),
        #[cfg(feature = "full")]
        "grpc" => Ok(Mode::Grpc),
        #[cfg(not(feature = "full"))]
        "grpc" => Err(BadTarget::NotInThisBuild),
        _ => Err(BadTarget::Mode),
    }
}
