//! The input is an argument in which variables are to be expanded.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use lprobe::door::expand::{self, BadExpansion};

/// The whole environment.
fn variable(name: &OsStr) -> Option<OsString> {
    [("NAME", "va$lue"), ("EMPTY", "")].into_iter().find(|(set, _)| name == *set).map(|(_, value)| value.into())
}

fn expand(argument: &[u8]) -> Result<Vec<u8>, BadExpansion> {
    expand::expand(OsStr::from_bytes(argument), variable).map(OsString::into_vec)
}

/// What can be expanded in two parts comes to the same in one; `$$` brings any text through; a default stands in where
/// there is no value.
pub fn accepts(argument: &[u8]) -> bool {
    let expanded = expand(argument);
    if let Err(refusal) = &expanded {
        let line = refusal.to_string();
        assert!(line.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{line:?}");
    }
    for middle in 0..=argument.len().min(64) {
        let (left, right) = argument.split_at(middle);
        if let Ok(left) = expand(left) {
            let parts = expand(right).map(|right| [left, right].concat());
            assert_eq!(parts.is_ok(), expanded.is_ok(), "cut at {middle}");
            assert!(parts.is_err() || parts == expanded, "cut at {middle}");
        }
    }

    let escaped = argument.iter().flat_map(|&byte| if byte == b'$' { vec![b'$'; 2] } else { vec![byte] });
    assert_eq!(expand(&escaped.collect::<Vec<_>>()).as_deref(), Ok(argument));

    if !argument.iter().any(|byte| b"$}".contains(byte)) {
        let or_default = |name: &str| expand(&[b"${", name.as_bytes(), b":-", argument, b"}"].concat());
        assert_eq!(or_default("NAME").as_deref(), Ok(&b"va$lue"[..]));
        assert_eq!(or_default("EMPTY").as_deref(), Ok(argument));
        assert_eq!(or_default("UNSET").as_deref(), Ok(argument));
    }
    expanded.is_ok()
}
