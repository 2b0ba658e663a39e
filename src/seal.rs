//! Sealed copies of this program: what they do is in their file, and no argument and no variable of lprobe's changes it.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use crate::sys::section;

/// A copy of this program that does one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// What it does.
    pub kind: Kind,
    /// Whether an alert also ends the container.
    pub trips: bool,
}

/// What a sealed copy does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// It probes as these arguments say.
    Probe(Vec<OsString>),
    /// It raises an alert.
    Decoy,
}

/// The number of bytes before the arguments: the kind, whether an alert trips, and the length of the arguments.
const HEADER: usize = 4;

/// The number of bytes that the arguments may take, each with a NUL behind it.
pub const ROOM: usize = section::ROOM - HEADER;

impl Seal {
    /// Returns the seal of this program, or `None` if it is open.
    pub fn of_this_program() -> Option<Self> {
        let [kind, trips, low, high, rest @ ..] = section::contents() else { return None };
        let kind = match kind {
            b'p' => {
                let length = usize::from(u16::from_le_bytes([*low, *high]));
                let arguments = rest.get(..length)?.split_inclusive(|&byte| byte == 0);
                Kind::Probe(
                    arguments.map(|argument| OsStr::from_bytes(&argument[..argument.len() - 1]).into()).collect(),
                )
            }
            b'd' => Kind::Decoy,
            _ => return None,
        };
        Some(Self { kind, trips: *trips != 0 })
    }

    /// Writes the seal into a copy of this program's file. Returns `None` if the file is not this program's.
    pub fn write(&self, file: &mut [u8]) -> Option<()> {
        let mut contents = vec![b'd', self.trips.into(), 0, 0];
        if let Kind::Probe(arguments) = &self.kind {
            contents[0] = b'p';
            for argument in arguments {
                contents.extend_from_slice(argument.as_bytes());
                contents.push(0);
            }
            let length = u16::try_from(contents.len() - HEADER).ok()?;
            contents[2..HEADER].copy_from_slice(&length.to_le_bytes());
        }
        section::contents_in(file)?.get_mut(..contents.len())?.copy_from_slice(&contents);
        Some(())
    }
}
