//! The flags of FivexL's lprobe and of grpc_health_probe, with their meanings and conflicts.

use super::arguments::Arguments;
use super::options::{FULL, Takes};
use super::{BadUsage, duration};
use crate::bad_target::BadTarget;
use crate::target::{Authority, Endpoint, Host, Target, parse_port};

/// FivexL's own flags that make up a target.
const PARTS: [&str; 3] = ["mode", "port", "endpoint"];

/// The target that theirs would have probed, if one of their flags for it is given.
pub fn target(arguments: &Arguments) -> Result<Option<Target>, BadUsage> {
    refuse_full(arguments)?;
    let url = arguments.one("url", url)?;
    let part = PARTS.into_iter().find(|name| arguments.given(name));
    let given = url.as_ref().map(|_| "url").or(part);
    if let Some(name) = given.filter(|_| arguments.given("target")) {
        return Err(BadUsage(format!("--{name} can't go with a target")));
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
    arguments.one("mode", mode)?;
    let port = arguments.one("port", parse_port)?.unwrap_or(8080);
    let path = arguments.one("endpoint", str::parse)?.unwrap_or_else(Endpoint::root);
    Ok(Some(Target::Http { authority: Authority { host: Host::Localhost, port }, path }))
}

/// The user agent, unless the caller has another: theirs, where the target is spelled their way.
pub fn user_agent(arguments: &Arguments) -> &'static str {
    match PARTS.into_iter().chain(["url"]).any(|name| arguments.given(name)) {
        true => "lprobe",
        false => concat!("lprobe/", env!("CARGO_PKG_VERSION")),
    }
}

/// Their time limit for HTTP.
pub fn timeout(arguments: &Arguments) -> Result<Option<std::time::Duration>, BadUsage> {
    if arguments.given("connect-timeout") && arguments.given("timeout") {
        return Err(BadUsage("--connect-timeout can't go with --timeout".into()));
    }
    arguments.one("connect-timeout", duration::parse)
}

fn refuse_full(arguments: &Arguments) -> Result<(), BadUsage> {
    for option in &FULL {
        let on = match option.takes {
            Takes::Nothing => arguments.flag(option.name)?,
            _ => arguments.given(option.name),
        };
        if on {
            return Err(BadUsage(format!("--{} takes TLS or gRPC, which only lprobe-full has", option.name)));
        }
    }
    Ok(())
}

fn url(text: &str) -> Result<Target, BadTarget> {
    match text.parse()? {
        http @ Target::Http { .. } => Ok(http),
        _ => Err(BadTarget::NotHttp),
    }
}

fn mode(text: &str) -> Result<(), BadTarget> {
    match text {
        "http" => Ok(()),
        "grpc" => Err(BadTarget::NotInThisBuild),
        _ => Err(BadTarget::Mode),
    }
}
