//! A command line, once it is known whose it is.

use std::ffi::OsString;

use crate::cli::arguments::{self, Arguments};
use crate::cli::bad_usage::BadUsage;
use crate::cli::command::Command;
use crate::cli::options::Opt;
use crate::cli::variables::Variables;

/// A command line, once it is known whose it is.
pub struct Invocation {
    /// What follows the name.
    pub arguments: Vec<OsString>,
    /// What tells whose it is: a name, or a flag as `--port`.
    pub sign: String,
    /// The flags of every personality: known, if only to be refused by name.
    pub flags: Vec<&'static [Opt]>,
}

impl Invocation {
    /// Takes the arguments apart into groups.
    pub fn groups<'a>(&self, variables: &'a Variables) -> Result<Vec<Arguments<'a>>, BadUsage> {
        arguments::groups(self.arguments.clone(), &self.flags, variables)
    }

    /// Takes the arguments apart as those of another tool, which has these flags beside lprobe's own options, and no
    /// targets.
    pub fn foreign<'a>(&self, own: &[Opt], variables: &'a Variables) -> Result<Arguments<'a>, BadUsage> {
        let sign = &self.sign;
        let mut groups = self.groups(variables)?;
        let (Some(arguments), true) = (groups.pop(), groups.is_empty()) else {
            return Err(BadUsage(format!("{sign} can't go with --next")));
        };
        if arguments.given("target") {
            return Err(BadUsage(format!("{sign} can't go with a target")));
        }
        let others = self.flags.iter().copied().flatten().filter(|flag| own.iter().all(|own| own.name != flag.name));
        for flag in others {
            if arguments.given(flag.name) {
                return Err(BadUsage(format!("{sign} can't go with --{}", flag.name)));
            }
        }
        Ok(arguments)
    }
}

/// Returns the command that an option alone asks for.
pub fn text(arguments: &Arguments) -> Result<Option<Command>, BadUsage> {
    Ok(if arguments.flag("h")? {
        Some(Command::ShortHelp)
    } else if arguments.flag("help")? {
        Some(Command::Help)
    } else if arguments.flag("version")? {
        Some(Command::Version)
    } else {
        None
    })
}

/// Refuses `--alts`.
pub fn refuse_alts(arguments: &Arguments) -> Result<(), BadUsage> {
    match arguments.flag("alts")? {
        true => Err(BadUsage(
            "--alts: ALTS works on Google Cloud alone, and lprobe does not speak it; use --tls or --spiffe".into(),
        )),
        false => Ok(()),
    }
}
