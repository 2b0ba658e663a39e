//! The `LPROBE_` variables behind the options.

use std::cell::RefCell;
use std::env;
use std::ffi::{OsStr, OsString};

use super::options::OPTIONS;
use crate::plan;
use crate::sys::environment;

const PREFIX: &str = "LPROBE_";

/// How alike two names must be to be taken for one with a slip: `TIMEUOT` and `TIMEOUT` are 0.95 alike. Kubernetes sets
/// LPROBE_SERVICE_HOST beside a service named lprobe, which is 0.86 like `SERVICE`.
const ALIKE: f64 = 0.9;

/// The variables of this process.
pub struct Variables {
    /// Whether there is any of ours: most containers have none, and to ask for each is a tenth of a probe's instructions.
    any: bool,
    heeded: RefCell<Vec<String>>,
}

impl Variables {
    /// Looks whether there is any.
    pub fn new() -> Self {
        Self { any: environment::has_variables(PREFIX), heeded: RefCell::default() }
    }

    /// Returns the value behind one of lprobe's own options, and notes that it is heeded. No other tool's flags have one:
    /// Kubernetes sets LPROBE_PORT in every pod beside a service named lprobe.
    pub fn behind(&self, option: &str) -> Option<OsString> {
        if !self.any || !known().any(|known| known == option) {
            return None;
        }
        let name = variable_behind(option);
        let value = env::var_os(&name)?;
        let mut heeded = self.heeded.borrow_mut();
        if !heeded.contains(&name) {
            heeded.push(name);
        }
        Some(value)
    }

    /// Returns the names of those that were heeded, and of one that is misspelt.
    pub fn names(&self) -> plan::Variables {
        plan::Variables { heeded: self.heeded.take(), misspelt: self.misspelt() }
    }

    /// Returns the first variable that nobody knows, and the known one that it is like.
    pub fn misspelt(&self) -> Option<plan::Misspelt> {
        if !self.any {
            return None;
        }
        env::vars_os().find_map(|(name, _)| {
            let name = name.into_string().ok()?;
            let found = name.strip_prefix(PREFIX)?;
            let alike = |known: &str| strsim::jaro(&variable_behind(known)[PREFIX.len()..], found);
            let meant = known().max_by(|one, other| alike(one).total_cmp(&alike(other)))?;
            let slip = (ALIKE..1.0).contains(&alike(meant));
            slip.then(|| plan::Misspelt { meant: variable_behind(meant), name })
        })
    }
}

/// Returns the names of what a variable stands behind: lprobe's own options, and targets.
fn known() -> impl Iterator<Item = &'static str> {
    OPTIONS
        .iter()
        .filter(|option| option.is_served() && option.has_variable())
        .map(|option| option.name)
        .chain(["target"])
}

/// Returns the name of the variable behind an option.
pub fn variable_behind(option: &str) -> String {
    format!("{PREFIX}{}", option.to_ascii_uppercase().replace('-', "_"))
}

/// Returns what the environment says of `name`.
pub fn variable(name: &OsStr) -> Option<OsString> {
    env::var_os(name)
}
