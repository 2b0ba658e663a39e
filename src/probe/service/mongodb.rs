//! MongoDB: <https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/>, "`OP_MSG`", and <https://bsonspec.org/>.

use super::definition::Service;
use super::judgement::{Judgement, message};

/// The service. Its greeting has request number 1, and the document `{hello: 1, $db: "admin"}`. Servers answer `hello` before
/// a login, and know it since 4.4.2, 4.2.10, 4.0.21 and 3.6.21.
pub const SERVICE: Service = Service {
    scheme: "mongodb",
    port: 27017,
    healthy: "ok: 1, in reply to hello",
    greeting: b"\x34\0\0\0\x01\0\0\0\0\0\0\0\xdd\x07\0\0\0\0\0\0\0\
        \x1f\0\0\0\x10hello\0\x01\0\0\0\x02$db\0\x06\0\0\0admin\0\0",
    farewell: b"",
    judge,
};

/// What follows the reply's own number: the request's number, `OP_MSG`, no flags, and a section of one document.
const TO_OUR_REQUEST: &[u8] = b"\x01\0\0\0\xdd\x07\0\0\0\0\0\0\0";

/// Accepts a message with one document, which has `ok: 1`. An error has `ok: 0`.
fn judge(reply: &[u8]) -> Judgement {
    message(reply, reply.first_chunk().map(length), is_ok)
}

fn length(bytes: &[u8; 4]) -> usize {
    u32::from_le_bytes(*bytes) as usize
}

/// Looks for `ok` in the document of a message. Its value is a double, or an integer of 32 or 64 bits.
fn is_ok(message: &[u8]) -> Option<bool> {
    let document = message.get(8..)?.strip_prefix(TO_OUR_REQUEST)?;
    let mut rest = document.get(4..).filter(|_| document.first_chunk().map(length) == Some(document.len()))?;
    let mut is_ok = false;
    loop {
        let (kind, after) = rest.split_first()?;
        if *kind == 0 {
            return Some(is_ok && after.is_empty());
        }
        let (name, value) = after.split_at(after.iter().position(|&byte| byte == 0)?);
        let value = &value[1..];
        let (value, after) = value.split_at_checked(size(*kind, value)?)?;
        if name == b"ok" {
            is_ok = match *kind {
                DOUBLE => value == 1f64.to_le_bytes(),
                INT32 => value == 1i32.to_le_bytes(),
                INT64 => value == 1i64.to_le_bytes(),
                _ => false,
            };
        }
        rest = after;
    }
}

const DOUBLE: u8 = 1;
const INT32: u8 = 16;
const INT64: u8 = 18;

/// Returns the size of a value, in bytes; `None` for a type that no server uses in its reply: a regular expression, code, or
/// a type that is deprecated.
fn size(kind: u8, value: &[u8]) -> Option<usize> {
    let length = || Some(length(value.first_chunk()?));
    Some(match kind {
        // Null.
        10 => 0,
        // A boolean.
        8 => 1,
        INT32 => 4,
        // A double, a date, a timestamp, an integer.
        DOUBLE | 9 | 17 | INT64 => 8,
        // An object's number.
        7 => 12,
        // A decimal number.
        19 => 16,
        // A document, an array.
        3 | 4 => length()?,
        // A string.
        2 => length()?.saturating_add(4),
        // Bytes, and their type.
        5 => length()?.saturating_add(5),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::service::judgement::assert_judged;

    /// A reply with these elements.
    fn reply(elements: &[u8]) -> Vec<u8> {
        let document = elements.len() as u32 + 5;
        let length = |length: u32| length.to_le_bytes();
        [&length(21 + document), &b"\x09\0\0\0"[..], TO_OUR_REQUEST, &length(document), elements, b"\0"].concat()
    }

    #[test]
    fn ok_1_is_healthy_and_an_error_is_not() {
        for (elements, judgement) in [
            (&b"\x01ok\0\0\0\0\0\0\0\xf0\x3f"[..], Judgement::Healthy),
            (b"\x10ok\0\x01\0\0\0", Judgement::Healthy),
            (b"\x12ok\0\x01\0\0\0\0\0\0\0", Judgement::Healthy),
            (b"\x12ok\0\x01\0\0\0\0\0\0\x01", Judgement::Unhealthy),
            (b"\x11ok\0\x01\0\0\0\0\0\0\0", Judgement::Unhealthy),
            (b"\x01ok\0\0\0\0\0\0\0\0\0", Judgement::Unhealthy),
            (b"\x02ok\0\x02\0\0\x001\0", Judgement::Unhealthy),
            (b"\x03ok\0\x0d\0\0\0\x10ok\0\x01\0\0\0\0", Judgement::Unhealthy),
            (b"\x03a\0\x0d\0\0\0\x10ok\0\x01\0\0\0\0", Judgement::Unhealthy),
            (b"\x10ok\0\x01\0\0\0\x10a", Judgement::Unhealthy),
            (b"\x10ok\0\x01\0\0\0\0\0", Judgement::Unhealthy),
            (b"\x06a\0\x10ok\0\x01\0\0\0", Judgement::Unhealthy),
            (b"\x02a\0\xff\xff\xff\xff\x10ok\0\x01\0\0\0", Judgement::Unhealthy),
            (b"", Judgement::Unhealthy),
        ] {
            assert_judged(judge, &[(&reply(elements), judgement)]);
        }
        let every_type = b"\x02a\0\x02\0\0\0x\0\x03b\0\x05\0\0\0\0\x04c\0\x05\0\0\0\0\x05d\0\x01\0\0\0\0x\
            \x07e\0abcdefghijkl\x08f\0\x01\x09g\0abcdefgh\x0ah\0\x11i\0abcdefgh\x13j\0abcdefghijklmnop\x10ok\0\x01\0\0\0";
        assert_judged(judge, &[(&reply(every_type), Judgement::Healthy)]);
    }

    #[test]
    fn a_reply_is_judged_when_it_is_complete() {
        let whole = reply(b"\x10ok\0\x01\0\0\0");
        let other_request = [&whole[..8], &[2], &whole[9..]].concat();
        let with_flags = [&whole[..16], &[1], &whole[17..]].concat();
        let other_length = [&whole[..21], &[0x0c], &whole[22..]].concat();
        assert_judged(
            judge,
            &[
                (&whole, Judgement::Healthy),
                (&whole[..whole.len() - 1], Judgement::More),
                (b"\x22\0\0", Judgement::More),
                (b"", Judgement::More),
                (&other_request, Judgement::Unhealthy),
                (&with_flags, Judgement::Unhealthy),
                (&other_length, Judgement::Unhealthy),
                (SERVICE.greeting, Judgement::Unhealthy),
                (b"\0\0\0\0", Judgement::Unhealthy),
                (b"HTTP/1.1 400", Judgement::Unhealthy),
            ],
        );
    }
}
