//! The spelling of FivexL's lprobe: long flags with a single dash, and a target put together from flags.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use clap::ArgMatches;

use super::{BadUsage, option};
use crate::target::{Authority, BadTarget, Host, Target, parse_port};

/// `-port=8080` as `--port=8080`. Options of one letter stay as they are.
pub fn double_dash(argument: OsString) -> OsString {
    match argument.as_bytes() {
        [b'-', name, _, ..] if name.is_ascii_alphabetic() => OsString::from_vec([b"-", argument.as_bytes()].concat()),
        _ => argument,
    }
}

/// The target that `-mode`, `-port` and `-endpoint` name, with their defaults.
pub fn target(matches: &ArgMatches) -> Result<Target, BadUsage> {
    if !["mode", "port", "endpoint"].iter().any(|flag| matches.contains_id(flag)) {
        return Err(BadUsage("no target; try lprobe http://localhost:8080/ or lprobe --help".into()));
    }
    option(matches, "mode", "http", mode)?;
    Ok(Target::Http {
        authority: Authority { host: Host::Localhost, port: option(matches, "port", "8080", parse_port)? },
        path: option(matches, "endpoint", "/", str::parse)?,
    })
}

fn mode(text: &str) -> Result<(), BadTarget> {
    match text {
        "http" => Ok(()),
        "grpc" => Err(BadTarget::NotInThisBuild),
        _ => Err(BadTarget::Mode),
    }
}
