//! The `LPROBE_` variables, which supply the values of options.

use std::cell::RefCell;
use std::env;
use std::ffi::{CStr, OsStr, OsString};

use super::options::OPTIONS;
use super::similar::most_similar;
use crate::plan;
use crate::sys::environment;

const C_PREFIX: &CStr = c"LPROBE_";
const PREFIX: &str = match C_PREFIX.to_str() {
    Ok(prefix) => prefix,
    Err(_) => unreachable!(),
};

/// The similarity from which a name counts as misspelt: that of `TIMEUOT` and `TIMEOUT` is 0.95. Kubernetes sets
/// LPROBE_SERVICE_HOST for a service named lprobe, and its similarity to `SERVICE` is 0.86.
const MIN_SIMILARITY: f64 = 0.9;

/// The `LPROBE_` variables of this process.
pub struct Variables {
    /// Whether any `LPROBE_` variable is set. Most containers have none, and to look up each takes a tenth of a probe's
    /// instructions.
    any: bool,
    heeded: RefCell<Vec<String>>,
}

impl Variables {
    /// Checks whether any `LPROBE_` variable is set.
    pub fn new() -> Self {
        Self { any: environment::variables(C_PREFIX).next().is_some(), heeded: RefCell::default() }
    }

    /// Returns no variables.
    pub fn none() -> Self {
        Self { any: false, heeded: RefCell::default() }
    }

    /// Returns the value of the variable of one of lprobe's own options, and records that it is used. Other tools'
    /// flags have no variables: Kubernetes sets LPROBE_PORT in every pod beside a service named lprobe.
    pub fn value_of(&self, option: &str) -> Option<OsString> {
        if !self.any || !known().any(|known| known == option) {
            return None;
        }
        let name = variable_name(option);
        let value = env::var_os(&name)?;
        let mut heeded = self.heeded.borrow_mut();
        if !heeded.contains(&name) {
            heeded.push(name);
        }
        Some(value)
    }

    /// Returns the names of the variables that were used, and of a misspelt one.
    pub fn names(&self) -> plan::Variables {
        plan::Variables { heeded: self.heeded.take(), misspelt: self.misspelt() }
    }

    /// Returns the first unknown variable whose name is close to a known one, and the known name.
    pub fn misspelt(&self) -> Option<plan::Misspelt> {
        if !self.any {
            return None;
        }
        for found in environment::variables(C_PREFIX) {
            let Ok(found) = str::from_utf8(found) else { continue };
            let (meant, similarity) = most_similar(&found.to_ascii_lowercase().replace('_', "-"), &mut known());
            if (MIN_SIMILARITY..1.0).contains(&similarity) {
                return Some(plan::Misspelt { meant: variable_name(meant), name: format!("{PREFIX}{found}") });
            }
        }
        None
    }
}

/// Returns the names of everything that has a variable: lprobe's own options, and targets.
fn known() -> impl Iterator<Item = &'static str> {
    OPTIONS
        .iter()
        .filter(|option| option.is_available() && option.has_variable())
        .map(|option| option.name)
        .chain(["target"])
}

/// Returns the name of the variable of an option.
pub fn variable_name(option: &str) -> String {
    format!("{PREFIX}{}", option.to_ascii_uppercase().replace('-', "_"))
}

/// Returns the value of the environment variable `name`.
pub fn variable(name: &OsStr) -> Option<OsString> {
    env::var_os(name)
}
