//! The options for gRPC.

use std::convert::Infallible;
use std::time::Duration;

use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName, USER_AGENT};
use hyper::http::HeaderValue;

use super::arguments::Arguments;
use super::http;
use super::voice::Voice;
use crate::plan::GrpcCall;
use crate::target::{GrpcTarget, Target};

/// Reads the settings of a call, with these time limits for the connection and for the call.
pub fn call(arguments: &Arguments, voice: &Voice, connect_timeout: Option<Duration>, timeout: Duration) -> GrpcCall {
    let mut headers = arguments.many("rpc-header", metadata);
    headers.push((USER_AGENT, http::user_agent(arguments, voice)));
    GrpcCall { headers, gzip: arguments.flag("gzip"), connect_timeout, timeout }
}

/// Sets the name of `--service` in each target that names no service.
pub fn name_services(arguments: &Arguments, targets: &mut [Target]) {
    let Some(name) = arguments.one("service", |text| Ok::<_, Infallible>(text.to_owned())) else { return };
    for target in targets {
        match target {
            Target::Grpc(GrpcTarget { service, .. }) if service.is_empty() => *service = name.clone(),
            Target::Grpc(_) if arguments.given("service") => {
                arguments.refuse(format!("--service can't go with a target that names one, {target}"));
            }
            _ => {}
        }
    }
}

/// Reads custom metadata: gRPC over HTTP/2, "Requests". gRPC reserves the names that begin with `grpc-`.
fn metadata(text: &str) -> Result<(HeaderName, HeaderValue), &'static str> {
    let (name, contents) = text.split_once(':').ok_or("expected NAME: VALUE")?;
    let name = http::name(name)?;
    if name == USER_AGENT {
        return Err("use --user-agent instead");
    }
    if name.as_str().starts_with("grpc-")
        || [CONTENT_LENGTH, CONTENT_TYPE, HOST].contains(&name)
        || http::is_about_connection(&name)
    {
        return Err("gRPC sets this header itself");
    }
    let contents = contents.trim_matches([' ', '\t']);
    let value = if name.as_str().ends_with("-bin") { &http::base64(contents.as_bytes()) } else { contents };
    Ok((name, http::value(value)?))
}
