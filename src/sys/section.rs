//! The section of the program's file that sealing fills in. What is in it is there as soon as the program runs, at no system
//! call.

use std::hint::black_box;

/// The size of the section, in bytes.
const SIZE: usize = 2048;

/// The size of the part that sealing fills in, in bytes.
pub const ROOM: usize = SIZE - MARK.len();

/// What the section of an open program begins with. It stands nowhere else in the file.
const MARK: &[u8; 16] = b"\0lprobe's seal:\0";

#[used]
#[cfg_attr(target_os = "linux", unsafe(link_section = ".lprobe.seal"))]
static SECTION: [u8; SIZE] = {
    let mut section = [0; SIZE];
    section.split_at_mut(MARK.len()).0.copy_from_slice(MARK);
    section
};

/// Returns the section as it is in this program's file.
fn section() -> &'static [u8; SIZE] {
    // The compiler must not take the section for what it compiled.
    black_box(&SECTION)
}

/// Returns the part of the section that sealing fills in.
pub fn contents() -> &'static [u8] {
    &section()[MARK.len()..]
}

/// Returns the same part of a copy of this program's file.
pub fn contents_in(file: &mut [u8]) -> Option<&mut [u8]> {
    let begin = file.windows(SIZE).position(|window| window == section())?;
    file.get_mut(begin..begin + SIZE).map(|section| &mut section[MARK.len()..])
}
