//! A command line whose personality is known.

use std::ffi::OsString;
use std::mem;

use crate::cli::arguments::{self, Arguments, Rules};
use crate::cli::bad_usage::BadUsage;
use crate::cli::command::Command;
use crate::cli::options::Opt;
use crate::cli::reading::Reading;

/// A command line whose personality is known.
pub struct Invocation {
    /// The arguments after the name.
    pub arguments: Vec<OsString>,
    /// The name or the flag, such as `--port`, that picked the personality.
    pub picked_by: String,
    /// The flags of every personality. They are all known, so that those of the others are refused by name.
    pub flags: Vec<&'static [Opt]>,
}

impl Invocation {
    /// Splits the arguments into groups, and reads them by these rules.
    pub fn groups<'a>(&mut self, rules: Rules, reading: &'a Reading) -> Result<Vec<Arguments<'a>>, BadUsage> {
        arguments::groups(mem::take(&mut self.arguments), &self.flags, rules, reading)
    }

    /// Parses the arguments as those of another tool, which has the flags `own` beside lprobe's own options, and no
    /// targets.
    pub fn of_other_tool<'a>(&mut self, own: &[Opt], reading: &'a Reading) -> Result<Arguments<'a>, BadUsage> {
        let mut groups = self.groups(Rules::Go, reading)?;
        let picked_by = &self.picked_by;
        let (Some(arguments), true) = (groups.pop(), groups.is_empty()) else {
            return Err(BadUsage(format!("{picked_by} can't go with --next")));
        };
        if arguments.given("target") {
            arguments.refuse(format!("{picked_by} can't go with a target"));
        }
        self.refuse_others(&arguments, own);
        Ok(arguments)
    }

    /// Refuses the flags of every personality but `own`.
    pub fn refuse_others(&self, arguments: &Arguments, own: &[Opt]) {
        for flag in self.flags.iter().copied().flatten() {
            if arguments.given(flag.name) && own.iter().all(|own| own.name != flag.name) {
                arguments.refuse(format!("{} can't go with --{}", self.picked_by, flag.name));
            }
        }
    }
}

/// Returns the command of `-h`, `--help` or `--version`, if one of them is given.
pub fn text(arguments: &Arguments) -> Option<Command> {
    if arguments.given("h") {
        Some(Command::ShortHelp)
    } else if arguments.given("help") {
        Some(Command::Help)
    } else if arguments.given("version") {
        Some(Command::Version)
    } else {
        None
    }
}

/// Refuses `--alts`.
pub fn refuse_alts(arguments: &Arguments) {
    if arguments.flag("alts") {
        arguments.refuse(
            "--alts: ALTS works on Google Cloud alone, and lprobe does not speak it; use --tls or --spiffe".into(),
        );
    }
}
