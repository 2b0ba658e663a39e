//! The part of Protocol Buffers' wire format that lprobe's messages use:
//! <https://protobuf.dev/programming-guides/encoding/>.

/// The value of a field.
#[derive(Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// A number, of wire type 0.
    Number(u64),
    /// Text, bytes or a message, of wire type 2.
    Bytes(&'a [u8]),
    /// A number of fixed length, which no message of lprobe uses.
    Fixed,
}

/// Returns the number and the value of each field of a message. A malformed field is `None`, and ends the iteration.
pub fn fields(mut message: &[u8]) -> impl Iterator<Item = Option<(u64, Value<'_>)>> {
    std::iter::from_fn(move || {
        if message.is_empty() {
            return None;
        }
        let field = field(&mut message);
        if field.is_none() {
            message = &[];
        }
        Some(field)
    })
}

fn field<'a>(message: &mut &'a [u8]) -> Option<(u64, Value<'a>)> {
    // Field numbers have 29 bits.
    let tag = varint(message).filter(|&tag| tag <= u32::MAX.into())?;
    let value = match tag & 7 {
        0 => Value::Number(varint(message)?),
        1 => message.split_off(..8).map(|_| Value::Fixed)?,
        2 => {
            let length = usize::try_from(varint(message)?).ok()?;
            Value::Bytes(message.split_off(..length)?)
        }
        5 => message.split_off(..4).map(|_| Value::Fixed)?,
        _ => return None,
    };
    // Field numbers begin at 1.
    if tag >> 3 == 0 { None } else { Some((tag >> 3, value)) }
}

fn varint(message: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *message.split_off_first()?;
        // The tenth byte has room for one bit.
        if shift == 63 && byte > 1 {
            return None;
        }
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

/// Makes a message with `text` as field 1. An empty text is left out.
pub fn message_of(text: &str) -> Vec<u8> {
    if text.is_empty() {
        return Vec::new();
    }
    let mut message = vec![1 << 3 | 2];
    let mut length = text.len();
    while length >= 0x80 {
        message.push(length as u8 | 0x80);
        length >>= 7;
    }
    message.push(length as u8);
    message.extend(text.bytes());
    message
}
