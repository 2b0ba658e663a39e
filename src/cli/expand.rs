//! `${NAME}` and `${NAME:-default}` in arguments: the exec form of HEALTHCHECK has no shell to expand them.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// Why an argument can't be expanded.
#[derive(Debug, PartialEq, Eq)]
pub enum BadExpansion {
    /// The variable is not set, and there is no default.
    Unset(String),
    /// A `$` that begins no known reference.
    Dollar,
}

/// Expands `argument` with the values that `variable` returns. `$$` becomes a dollar sign.
///
/// # Errors
///
/// The first reference that can't be expanded, as a [`BadExpansion`].
pub fn expand(argument: &OsStr, variable: fn(&OsStr) -> Option<OsString>) -> Result<OsString, BadExpansion> {
    let mut rest = argument.as_bytes();
    let mut expanded = Vec::new();
    while let Some(dollar) = rest.iter().position(|&byte| byte == b'$') {
        expanded.extend_from_slice(&rest[..dollar]);
        rest = match &rest[dollar + 1..] {
            [b'$', rest @ ..] => {
                expanded.push(b'$');
                rest
            }
            [b'{', reference @ ..] => {
                let end = reference.iter().position(|&byte| byte == b'}').ok_or(BadExpansion::Dollar)?;
                expanded.extend(value(&reference[..end], variable)?);
                &reference[end + 1..]
            }
            _ => return Err(BadExpansion::Dollar),
        };
    }
    expanded.extend_from_slice(rest);
    Ok(OsString::from_vec(expanded))
}

/// Returns the value of `NAME` or `NAME:-default`. As in a shell, the default also replaces an empty value.
fn value(reference: &[u8], variable: fn(&OsStr) -> Option<OsString>) -> Result<Vec<u8>, BadExpansion> {
    let end = reference.iter().position(|&byte| !byte.is_ascii_alphanumeric() && byte != b'_');
    let (name, default) = reference.split_at(end.unwrap_or(reference.len()));
    let default = match default {
        [] => None,
        // A reference within a default is refused: its closing brace would end the outer reference.
        [b':', b'-', default @ ..] if !default.contains(&b'$') => Some(default),
        _ => return Err(BadExpansion::Dollar),
    };
    if name.is_empty() || name[0].is_ascii_digit() {
        return Err(BadExpansion::Dollar);
    }
    match (variable(OsStr::from_bytes(name)), default) {
        (Some(value), None) => Ok(value.into_vec()),
        (Some(value), Some(_)) if !value.is_empty() => Ok(value.into_vec()),
        (_, Some(default)) => Ok(default.to_vec()),
        (None, None) => Err(BadExpansion::Unset(String::from_utf8_lossy(name).into_owned())),
    }
}

impl fmt::Display for BadExpansion {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unset(name) => write!(out, "the variable {name} is not set; ${{{name}:-default}} gives it a default"),
            Self::Dollar => out.write_str("$ begins ${NAME} or ${NAME:-default}; write $$ for the character"),
        }
    }
}

impl std::error::Error for BadExpansion {}
