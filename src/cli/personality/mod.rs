//! The personalities: the tools whose command lines lprobe understands, one file each. A new personality is a file here
//! and a line in the list below.

pub mod client;
mod definition;
mod invocation;

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

use super::arguments::takes_value;
use super::options::{OPTIONS, Opt, flag_name};
pub use definition::Personality;
use invocation::Invocation;

/// Declares the personalities' modules and lists the personalities.
macro_rules! personalities {
    ($($name:ident)*) => {
        $(mod $name;)*

        /// Every personality, of which the program's own is the first.
        pub static PERSONALITIES: &[Personality] = &[$($name::PERSONALITY),*];
    };
}

personalities! {
    lprobe
    fivexl
    grpc_health_probe
    curl
    wget
}

/// A command line, and the personality that was picked for it.
pub struct Picked {
    /// The name that begins each line of output.
    pub name: &'static str,
    /// The personality.
    pub personality: &'static Personality,
    /// The command line.
    pub invocation: Invocation,
}

/// Picks the personality by the program's name, by the first argument, or else by the first flag that only one
/// personality has. FivexL's program is named lprobe too, so that the name lprobe alone decides nothing.
pub fn pick(mut arguments: Vec<OsString>) -> Picked {
    let lprobe = &PERSONALITIES[0];
    // exec allows an empty list of arguments.
    let program: Vec<_> = arguments.drain(..arguments.len().min(1)).collect();
    let program = program.first().and_then(|path| path.as_bytes().rsplit(|&byte| byte == b'/').next());
    let named = |name: &[u8]| PERSONALITIES.iter().find(|personality| name == personality.name.as_bytes());
    let by_first = arguments.first().and_then(|first| named(first.as_bytes()));
    if by_first.is_some() {
        arguments.remove(0);
    }
    let by_name = by_first.or(program.and_then(named).filter(|personality| personality.name != lprobe.name));
    let (name, personality, picked_by) = match (by_name, picking_flag(&arguments)) {
        (Some(personality), _) => (personality.name, personality, personality.name.to_owned()),
        (None, Some((personality, flag))) => (lprobe.name, personality, format!("--{}", flag.name)),
        (None, None) => (lprobe.name, lprobe, lprobe.name.to_owned()),
    };
    let flags = PERSONALITIES.iter().map(|personality| personality.flags).collect();
    Picked { name, personality, invocation: Invocation { arguments, picked_by, flags } }
}

/// Returns the first flag that picks a personality.
fn picking_flag(arguments: &[OsString]) -> Option<(&'static Personality, &'static Opt)> {
    if !arguments.iter().any(|argument| argument.as_bytes().starts_with(b"-")) {
        return None;
    }
    let flags =
        || PERSONALITIES.iter().flat_map(|personality| personality.flags.iter().map(move |flag| (personality, flag)));
    let known: Vec<&Opt> = OPTIONS.iter().collect();
    let mut is_value = false;
    for argument in arguments.iter().take_while(|argument| *argument != "--") {
        if std::mem::take(&mut is_value) {
            continue;
        }
        let Some(name) = flag_name(argument) else { continue };
        if let Some(found) = flags().find(|(_, flag)| name == flag.name.as_bytes()) {
            return Some(found);
        }
        is_value = takes_value(argument, &known);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picked(line: &str) -> (&'static str, &'static str, String) {
        let Picked { name, personality, invocation } = pick(line.split(' ').map(OsString::from).collect());
        (name, personality.name, invocation.picked_by)
    }

    #[test]
    fn a_personality_is_picked_by_name_or_by_flag() {
        for (line, name, personality, sign) in [
            ("lprobe :8080", "lprobe", "lprobe", "lprobe"),
            ("/lprobe-full :8080", "lprobe", "lprobe", "lprobe"),
            ("lprobe -port=8080", "lprobe", "fivexl", "--port"),
            ("lprobe -timeout 2s --endpoint /x", "lprobe", "fivexl", "--endpoint"),
            ("lprobe --contains -port :1", "lprobe", "lprobe", "lprobe"),
            ("lprobe -- -port", "lprobe", "lprobe", "lprobe"),
            ("lprobe -addr=:1", "lprobe", "grpc_health_probe", "--addr"),
            ("/bin/grpc_health_probe -addr=:1", "grpc_health_probe", "grpc_health_probe", "grpc_health_probe"),
            ("lprobe grpc_health_probe -addr=:1", "grpc_health_probe", "grpc_health_probe", "grpc_health_probe"),
            ("lprobe fivexl -http-codes=200", "fivexl", "fivexl", "fivexl"),
        ] {
            assert_eq!(picked(line), (name, personality, sign.to_owned()), "{line}");
        }
        assert_eq!(pick(Vec::new()).personality.name, "lprobe");
    }
}
