//! LDAP: RFC 4511, sections 4.1.1, 4.1.9, 4.2 and 4.3; X.690, section 8.1.3.

use super::definition::Service;
use super::judgement::{Judgement, message};
use crate::number::take_number;

/// The service. Its greeting is an anonymous bind of LDAP 3, with the message number 1, and its farewell an unbind.
pub const SERVICE: Service = Service {
    scheme: "ldap",
    port: 389,
    healthy: "an anonymous bind, or a request to log in",
    greeting: b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\0\x80\0",
    farewell: b"\x30\x05\x02\x01\x02\x42\0",
    judge,
};

/// Accepts a bind response with success, or with a result by which a server that takes clients refuses an anonymous one, or
/// one without TLS: strongerAuthRequired (8), confidentialityRequired (13), inappropriateAuthentication (48), and
/// unwillingToPerform (53). A server that is busy or unavailable has another result (51 and 52), or sends a notice of
/// disconnection.
fn judge(reply: &[u8]) -> Judgement {
    let [0x30, rest @ ..] = reply else {
        return if reply.is_empty() { Judgement::More } else { Judgement::Unhealthy };
    };
    let mut rest = rest;
    let end = take_length(&mut rest).map(|length| (reply.len() - rest.len()).saturating_add(length));
    message(reply, end, is_bound)
}

fn is_bound(mut message: &[u8]) -> Option<bool> {
    let mut message = take_value(&mut message, 0x30)?;
    let number = take_value(&mut message, 0x02)?;
    let mut response = take_value(&mut message, 0x61)?;
    let result = take_value(&mut response, 0x0a)?;
    // The DN and the message to a person.
    take_value(&mut response, 0x04)?;
    take_value(&mut response, 0x04)?;
    Some(number == [1] && matches!(result, [0 | 8 | 13 | 48 | 53]))
}

/// Takes a value with this tag.
fn take_value<'a>(bytes: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    *bytes = bytes.strip_prefix(&[tag])?;
    let length = take_length(bytes)?;
    bytes.split_off(..length)
}

/// Takes a length: one byte below 128, or the number of bytes that it takes, and these. LDAP has no indefinite lengths.
fn take_length(bytes: &mut &[u8]) -> Option<usize> {
    match take_number(bytes, 1)? {
        length if length < 0x80 => Some(length),
        size @ 0x81..=0x84 => take_number(bytes, size - 0x80),
        _ => Some(usize::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::service::judgement::assert_judged;

    #[test]
    fn a_bind_is_healthy_and_a_server_that_shuts_down_is_not() {
        assert_judged(
            judge,
            &[
                (b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\0\x04\0\x04\0", Judgement::Healthy),
                (b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\0\x04\0\x04", Judgement::More),
                (b"\x30", Judgement::More),
                (b"", Judgement::More),
                (b"\x30\x84\0\0\0\x10\x02\x01\x01\x61\x84\0\0\0\x07\x0a\x01\0\x04\0\x04\0", Judgement::Healthy),
                (b"\x30\x84\0\0", Judgement::More),
                (b"\x30\x80\x02\x01\x01\x61\x07\x0a\x01\0\x04\0\x04\0\0\0", Judgement::Unhealthy),
                (b"\x30\x0e\x02\x01\x01\x61\x09\x0a\x01\x30\x04\0\x04\x02no", Judgement::Healthy),
                (b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x33\x04\0\x04\0", Judgement::Unhealthy),
                (b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x34\x04\0\x04\0", Judgement::Unhealthy),
                (b"\x30\x0c\x02\x01\x02\x61\x07\x0a\x01\0\x04\0\x04\0", Judgement::Unhealthy),
                (b"\x30\x0c\x02\x01\0\x78\x07\x0a\x01\0\x04\0\x04\0", Judgement::Unhealthy),
                (b"\x30\x0a\x02\x01\x01\x61\x05\x0a\x01\0\x04\0", Judgement::Unhealthy),
                (b"\x30\x0d\x02\x01\x01\x61\x08\x0a\x02\0\0\x04\0\x04\0", Judgement::Unhealthy),
                (SERVICE.greeting, Judgement::Unhealthy),
                (b"HTTP/1.1 400", Judgement::Unhealthy),
            ],
        );
    }
}
