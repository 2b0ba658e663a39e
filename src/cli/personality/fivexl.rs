//! The command line of FivexL's lprobe: <https://github.com/FivexL/lprobe>.

use std::slice;

use super::definition::Personality;
use super::invocation::{self, Invocation, refuse_alts};
use crate::FULL;
use crate::cli::arguments::Arguments;
use crate::cli::bad_usage::BadUsage;
use crate::cli::checks::{self, RunSettings, TargetGroup};
use crate::cli::command::Command;
use crate::cli::options::Opt;
use crate::cli::variables::Variables;
use crate::cli::voice::{TIMEOUT, Voice};
use crate::target::authority::{Authority, Host, parse_port};
use crate::target::bad_target::BadTarget;
use crate::target::endpoint::socket_path;
use crate::target::url_path::UrlPath;
use crate::target::{GrpcTarget, HttpTarget, Target};

pub const PERSONALITY: Personality = Personality {
    name: "fivexl",
    about: "FivexL's lprobe",
    flags: &[
        Opt::other_tool("mode", "MODE", "http; in the full build, grpc too [default: http]"),
        Opt::other_tool("port", "PORT", "a port of localhost [default: 8080]"),
        Opt::other_tool("endpoint", "PATH", "the path to ask for [default: /]"),
        Opt::other_tool("url", "URL", "what to probe, instead of the three above"),
    ],
    command,
};

const VOICE: Voice = Voice { user_agent: "lprobe", connect_timeout: Some(TIMEOUT), rpc_timeout: Some(TIMEOUT) };

fn command(invocation: &mut Invocation, variables: &Variables) -> Result<Command, BadUsage> {
    let arguments = invocation.of_other_tool(PERSONALITY.flags, variables)?;
    if let Some(command) = invocation::text(&arguments) {
        return Ok(command);
    }
    let run = RunSettings::read(slice::from_ref(&arguments))?;
    let targets = vec![target(&arguments)?];
    let unix_socket = arguments.one("unix-socket", socket_path)?;
    let group = TargetGroup { arguments, targets, unix_socket };
    checks::plan(run, vec![group], &VOICE, variables)
}

fn target(arguments: &Arguments) -> Result<Target, BadUsage> {
    refuse_alts(arguments)?;
    if let Some(url) = arguments.many("url", url)?.pop() {
        // FivexL's lprobe silently ignores these flags beside a URL.
        return match ["mode", "port", "endpoint", "ipv6"].into_iter().find(|name| arguments.given(name)) {
            Some(name) => Err(BadUsage(format!("--{name} can't go with --url"))),
            None => Ok(url),
        };
    }
    let is_grpc = arguments.one("mode", mode)?.unwrap_or(false);
    let tls = arguments.flag("tls")? || arguments.flag("spiffe")?;
    let authority = Authority { host: Host::Localhost, port: arguments.one("port", parse_port)?.unwrap_or(8080) };
    match (is_grpc, arguments.one("endpoint", str::parse)?) {
        (true, Some(_)) => Err(BadUsage("--endpoint can't go with --mode grpc".into())),
        (true, None) => Ok(Target::Grpc(GrpcTarget { tls, authority, service: String::new() })),
        (false, path) => Ok(Target::Http(HttpTarget { tls, authority, path: path.unwrap_or_else(UrlPath::root) })),
    }
}

fn url(text: &str) -> Result<Target, BadTarget> {
    match text.parse()? {
        http @ Target::Http(_) => Ok(http),
        _ => Err(BadTarget::NotHttp),
    }
}

/// Returns whether the mode is gRPC.
fn mode(text: &str) -> Result<bool, BadTarget> {
    match text {
        "http" => Ok(false),
        "grpc" if FULL => Ok(true),
        "grpc" => Err(BadTarget::NotInThisBuild),
        _ => Err(BadTarget::Mode),
    }
}
