//! The options for gRPC.

use std::time::Duration;

use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName, USER_AGENT};
use hyper::http::HeaderValue;

use super::arguments::Arguments;
use super::foreign::Spelling;
use super::{BadUsage, TIMEOUT, duration, foreign, http};
use crate::plan::Grpc;
use crate::target::Target;

/// What to send, and the time that there is for it.
pub fn grpc(arguments: &Arguments) -> Result<Grpc, BadUsage> {
    let theirs = foreign::spelling(arguments) != Spelling::Ours;
    let mut headers = arguments.many("rpc-header", metadata)?;
    let agent = arguments.one("user-agent", http::value)?;
    headers.push((USER_AGENT, agent.unwrap_or(HeaderValue::from_static(foreign::user_agent(arguments)))));
    Ok(Grpc {
        headers,
        gzip: arguments.flag("gzip")?,
        connect_timeout: theirs.then_some(foreign::timeout(arguments)?.unwrap_or(TIMEOUT)),
        rpc_timeout: arguments.one("rpc-timeout", duration::parse)?.or(theirs.then_some(TIMEOUT)),
    })
}

/// What the call's own time adds to the whole.
pub fn time_for_calls(grpc: &Grpc, targets: &[Target]) -> Duration {
    grpc.rpc_timeout.filter(|_| targets.iter().any(Target::is_grpc)).unwrap_or_default()
}

/// Has `--service` stand in where a target names no service.
pub fn name_services(arguments: &Arguments, targets: &mut [Target]) -> Result<(), BadUsage> {
    let Some(name) = arguments.one("service", |text| Ok::<_, BadUsage>(text.to_owned()))? else { return Ok(()) };
    for target in targets {
        match target {
            Target::Grpc { service, .. } if service.is_empty() => *service = name.clone(),
            Target::Grpc { .. } if arguments.given("service") => {
                return Err(BadUsage(format!("--service can't go with a target that names one, {target}")));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Custom metadata: gRPC over HTTP/2, "Requests". What begins with `grpc-` is gRPC's own.
fn metadata(text: &str) -> Result<(HeaderName, HeaderValue), &'static str> {
    let (name, contents) = text.split_once(':').ok_or("expected NAME: VALUE")?;
    let name = http::name(name)?;
    if name == USER_AGENT {
        return Err("--user-agent sends that");
    }
    if name.as_str().starts_with("grpc-")
        || [CONTENT_LENGTH, CONTENT_TYPE, HOST].contains(&name)
        || http::is_about_connection(&name)
    {
        return Err("gRPC sets that header itself");
    }
    let contents = contents.trim_matches([' ', '\t']);
    let value = if name.as_str().ends_with("-bin") { &http::base64(contents.as_bytes()) } else { contents };
    Ok((name, http::value(value)?))
}
