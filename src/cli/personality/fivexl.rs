//! The command line of FivexL's lprobe: <https://github.com/FivexL/lprobe>.

use std::net::{Ipv4Addr, Ipv6Addr};
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
use crate::percent::{NOT_IN_PATHS, escaped};
use crate::target::authority::{Authority, Host};
use crate::target::bad_target::{BadTarget, NEEDS_FULL, PORT};
use crate::target::endpoint::socket_path;
use crate::target::scheme::Scheme;
use crate::target::url_path::UrlPath;
use crate::target::{GrpcTarget, Target, UrlTarget};

pub const PERSONALITY: Personality = Personality {
    name: "fivexl",
    about: "FivexL's lprobe",
    flags: &[
        Opt::other_tool("mode", "MODE", "http; in the full build, grpc too [default: http]"),
        Opt::other_tool("port", "PORT", "a port of localhost [default: 8080]"),
        Opt::other_tool("endpoint", "PATH", "the path to ask for [default: /]"),
        Opt::other_tool("url", "URL", "what to probe, instead of the three above"),
    ],
    client: None,
    command,
};

const VOICE: Voice = Voice { rpc_timeout: Some(TIMEOUT), follows: true, ..Voice::new("lprobe") };

fn command(invocation: &mut Invocation, reading: &Reading) -> Result<Command, BadUsage> {
    let arguments = invocation.of_other_tool(PERSONALITY.flags, reading)?;
    if let Some(command) = invocation::text(&arguments) {
        return Ok(command);
    }
    let run = RunSettings::read(slice::from_ref(&arguments));
    let targets = vec![target(&arguments)?];
    let unix_socket = arguments.one("unix-socket", socket_path);
    let group = TargetGroup { arguments, targets, unix_socket };
    Ok(checks::plan(&run, vec![group], &VOICE, reading))
}

fn target(arguments: &Arguments) -> Result<Target, BadUsage> {
    refuse_alts(arguments);
    if let Some(url) = arguments.many("url", url).pop() {
        // FivexL's lprobe silently ignores these flags beside a URL.
        return match ["mode", "port", "endpoint", "ipv6"].into_iter().find(|name| arguments.given(name)) {
            Some(name) => Err(BadUsage(format!("--{name} can't go with --url"))),
            None => Ok(url),
        };
    }
    let is_grpc = arguments.one("mode", mode).unwrap_or(false);
    let tls = arguments.flag("tls") || arguments.flag("spiffe");
    // Its tool asks for this address, by which a certificate is verified.
    let address = if arguments.flag("ipv6") { Ipv6Addr::LOCALHOST.into() } else { Ipv4Addr::LOCALHOST.into() };
    let port = arguments.one("port", port).unwrap_or(8080);
    let authority = Authority { host: Host::Literal(address), port };
    match (is_grpc, arguments.one("endpoint", endpoint)) {
        (true, Some(_)) => Err(BadUsage("--endpoint can't go with --mode grpc".into())),
        (true, None) => Ok(Target::Grpc(GrpcTarget { tls, authority, service: String::new() })),
        (false, path) => {
            let path = path.unwrap_or_else(UrlPath::root);
            Ok(Target::Http(UrlTarget { scheme: Scheme::http(tls), authority, path }))
        }
    }
}

fn url(text: &str) -> Result<Target, BadTarget> {
    match text.parse()? {
        http @ Target::Http(_) => Ok(http),
        _ => Err(BadTarget::NotHttp),
    }
}

/// Reads a path as Go does: bytes that a path can't have are escaped, and a fragment is not sent. In a query they are escaped
/// too, which Go leaves to the server.
fn endpoint(text: &str) -> Result<UrlPath, BadTarget> {
    let text = text.split('#').next().unwrap_or_default();
    // Go refuses control characters, and servers refuse a space in a query, which Go sends as it is.
    let query = text.find('?').unwrap_or(text.len());
    let is_refused = text.bytes().any(|byte| byte.is_ascii_control()) || text[query..].contains(' ');
    if is_refused { text.parse() } else { escaped(text.as_bytes(), NOT_IN_PATHS).parse() }
}

/// Reads a port as Go reads an integer, `0x1F90`, `0b1`, `0o17`, `017` and `8_080` among them.
fn port(text: &str) -> Result<u16, &'static str> {
    let unsigned = text.strip_prefix('+').unwrap_or(text).to_ascii_lowercase();
    let (digits, base) = match unsigned.as_bytes() {
        [b'0', b'x', ..] => (&unsigned[2..], 16),
        [b'0', b'b', ..] => (&unsigned[2..], 2),
        [b'0', b'o', ..] => (&unsigned[2..], 8),
        [b'0', _, ..] => (&unsigned[1..], 8),
        _ => (&unsigned[..], 10),
    };
    // A single underscore may stand between digits, and behind the base.
    let is_wrong = digits.ends_with('_')
        || digits.as_bytes().windows(2).any(|pair| pair == b"__")
        || digits.starts_with('+')
        || digits.starts_with('_') && base == 10;
    match u16::from_str_radix(&digits.replace('_', ""), base) {
        Ok(port @ 1..) if !is_wrong => Ok(port),
        _ => Err(PORT),
    }
}

/// Returns whether the mode is gRPC.
fn mode(text: &str) -> Result<bool, &'static str> {
    match text {
        "http" => Ok(false),
        "grpc" if FULL => Ok(true),
        "grpc" => Err(NEEDS_FULL),
        _ if FULL => Err("expected http or grpc; for TCP, lprobe tcp://:PORT"),
        _ => Err("expected http; for TCP, lprobe tcp://:PORT"),
    }
}
