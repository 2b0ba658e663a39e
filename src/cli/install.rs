//! The command line of `lprobe install`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use super::bad_usage::{BadUsage, Quoted};
use super::command::Command;
use super::expand::expand;
use super::parse_sealed;
use super::personality::PERSONALITIES;
use super::variables::variable;
use crate::install::Install;
use crate::seal::{Kind, ROOM, Seal};

const USAGE: &str =
    "expected lprobe install PATH, lprobe install --seal PATH -- ARGUMENTS, or lprobe install --as NAMES FOLDER";

/// Reads the arguments after `install`.
pub fn read(mut arguments: &[OsString]) -> Result<Install, BadUsage> {
    let mut has = |flag: &str| {
        let has = arguments.first().is_some_and(|first| first == flag);
        arguments = &arguments[usize::from(has)..];
        has
    };
    let trips = has("--tripwire=term");
    let mut seal = Some(Seal { kind: Kind::Decoy, trips });
    let (mut names, mut clients) = (Vec::new(), Vec::new());
    let seals = has("--seal");
    let copies = !seals && has("--as");
    let with_clients = copies && has("--decoy");
    match arguments {
        [path, dashes, line @ ..] if seals && dashes == "--" => {
            check(line)?;
            seal = Some(Seal { kind: Kind::Probe(line.to_vec()), trips });
            names.push(expanded(path)?);
        }
        [list, folder] if copies => {
            let folder = expanded(folder)?;
            for name in list.as_bytes().split(|&byte| byte == b',') {
                if name.is_empty() || name.contains(&b'/') {
                    return Err(BadUsage("--as takes names separated by commas, as in sh,ls,nc".into()));
                }
                let mut known = PERSONALITIES.iter().filter(|personality| personality.client.is_some());
                let is_client = !with_clients && known.any(|client| client.name.as_bytes() == name);
                if is_client { &mut clients } else { &mut names }.push(folder.join(OsStr::from_bytes(name)));
            }
            if trips && names.is_empty() {
                return Err(BadUsage("--tripwire is for decoys, and curl and wget are none without --decoy".into()));
            }
        }
        [path] if !seals && !copies && !trips => {
            seal = None;
            names.push(expanded(path)?);
        }
        _ => return Err(usage()),
    }
    Ok(Install { names, seal, clients })
}

fn usage() -> BadUsage {
    BadUsage(USAGE.into())
}

/// Reads a path.
fn expanded(path: &OsStr) -> Result<PathBuf, BadUsage> {
    if path.is_empty() || path.as_bytes().starts_with(b"-") {
        return Err(usage());
    }
    expand(path, variable).map(PathBuf::from).map_err(|error| BadUsage(format!("install {}: {error}", Quoted(path))))
}

/// Checks the arguments of a copy that is to be sealed. Files that they name need not be there yet.
fn check(arguments: &[OsString]) -> Result<(), BadUsage> {
    let bytes: usize = arguments.iter().map(|argument| argument.len() + 1).sum();
    if bytes > ROOM {
        return Err(BadUsage(format!("the arguments take {bytes} bytes, and a sealed copy has room for {ROOM}")));
    }
    if arguments.iter().any(|argument| argument.as_bytes().windows(2).any(|pair| pair == b"${")) {
        return Err(BadUsage(
            "a sealed copy reads no variable: write the value, or @FILE where an option takes it".into(),
        ));
    }
    match parse_sealed(arguments.to_vec(), true).1? {
        Command::Probe(_) => Ok(()),
        _ => Err(BadUsage("a sealed copy probes, and does nothing else".into())),
    }
}
