//! The command line of grpc_health_probe: <https://github.com/grpc-ecosystem/grpc-health-probe>.

use std::slice;

use super::definition::Personality;
use super::invocation::{self, Invocation, refuse_alts};
use crate::FULL;
use crate::cli::arguments::Arguments;
use crate::cli::bad_usage::BadUsage;
use crate::cli::checks::{self, RunSettings, TargetGroup};
use crate::cli::command::Command;
use crate::cli::options::Opt;
use crate::cli::reading::Reading;
use crate::cli::voice::{TIMEOUT, Voice};
use crate::target::authority::{Authority, Host, to_this_host};
use crate::target::bad_target::BadTarget;
use crate::target::endpoint::{Endpoint, abstract_socket, relative_socket_path, socket_path};
use crate::target::{GrpcTarget, Target};

pub const PERSONALITY: Personality = Personality {
    name: "grpc_health_probe",
    about: "grpc_health_probe",
    flags: &[Opt::other_tool_full("addr", "HOST:PORT", "the server to ask, or unix:PATH, unix-abstract:NAME")],
    client: None,
    command,
};

const VOICE: Voice =
    Voice { rpc_timeout: Some(TIMEOUT), calls_after_connection: true, ..Voice::new("grpc_health_probe") };

fn command(invocation: &mut Invocation, reading: &Reading) -> Result<Command, BadUsage> {
    let arguments = invocation.of_other_tool(PERSONALITY.flags, reading)?;
    if let Some(command) = invocation::text(&arguments) {
        return Ok(command);
    }
    if !FULL {
        return Err(BadUsage("grpc_health_probe speaks gRPC, which only lprobe-full has".into()));
    }
    let run = RunSettings::read(slice::from_ref(&arguments));
    let group = group(arguments)?;
    Ok(checks::plan(&run, vec![group], &VOICE, reading))
}

fn group(arguments: Arguments<'_>) -> Result<TargetGroup<'_>, BadUsage> {
    refuse_alts(&arguments);
    let tls = arguments.flag("tls") || arguments.flag("spiffe");
    let endpoint = arguments.one("addr", address).ok_or_else(|| BadUsage("no --addr, as in --addr=:5000".into()))?;
    let (authority, unix_socket) = match endpoint {
        Endpoint::Unix(_) if arguments.given("unix-socket") => {
            return Err(BadUsage("--unix-socket can't go with another in --addr".into()));
        }
        Endpoint::Unix(path) => (Authority { host: Host::Localhost, port: 80 }, Some(path)),
        Endpoint::Authority(authority) => (authority, arguments.one("unix-socket", socket_path)),
    };
    let target = Target::Grpc(GrpcTarget { tls, authority, service: String::new() });
    Ok(TargetGroup { arguments, targets: vec![target], unix_socket })
}

/// Reads `-addr`. gRPC's names of addresses may begin with a resolver, and lprobe asks none.
fn address(text: &str) -> Result<Endpoint, BadTarget> {
    // gRPC's names of Unix sockets may be relative: `unix:PATH`.
    if let Some(path) = text.strip_prefix("unix:").filter(|path| !path.starts_with('/') && !path.is_empty()) {
        return relative_socket_path(path).map(Endpoint::Unix);
    }
    if let Some(name) = text.strip_prefix("unix-abstract:") {
        return abstract_socket(name).map(Endpoint::Unix);
    }
    if let Some(socket) = Endpoint::unix(text) {
        return socket;
    }
    let resolvers = ["dns:///", "dns:", "passthrough:///", "passthrough:", "ipv4:"];
    let address = resolvers.into_iter().find_map(|name| text.strip_prefix(name)).unwrap_or(text);
    let address = String::from_utf8(to_this_host(address.as_bytes())).unwrap_or_default();
    if address.contains(['/', '?', '#']) {
        return Err(BadTarget::NoPath);
    }
    Authority::parse(&address, None).map(Endpoint::Authority)
}
