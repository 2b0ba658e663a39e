//! Numbers in the messages of protocols.

/// Takes a number of `size` bytes, the most significant byte first.
pub fn take_number(bytes: &mut &[u8], size: usize) -> Option<usize> {
    Some(bytes.split_off(..size)?.iter().fold(0, |number, byte| number << 8 | usize::from(*byte)))
}
