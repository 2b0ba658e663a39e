//! The input is a reply, and its first byte says whose: one of the services', by the letter of its scheme or its place in
//! the list, or any server's where the text `ready` is expected.

use lprobe::door::{Exchange, Judgement, SERVICES, exchange};

use super::peer;

/// Healthy exactly if a second reading of each protocol says so; however the reply is cut into pieces.
pub fn accepts(input: &[u8]) -> bool {
    let Some((kind, reply)) = input.split_first() else { return false };
    // A judge looks at all that has come each time, so a long reply in single bytes takes 10 ms.
    let shortest = 1 + reply.len() / 256;
    let [whole, in_bytes, in_threes] = [usize::MAX, shortest, 3 * shortest].map(|piece| healthy(*kind, reply, piece));
    assert_eq!([whole, whole], [in_bytes, in_threes], "a matter of how it is cut into pieces");
    let looked_at = &reply[..reply.len().min(4096)];
    let expected = match kind {
        b'r' => {
            let is_line = looked_at.windows(2).any(|pair| pair == b"\r\n") || looked_at.len() >= 2048;
            Some(reply.starts_with(b"+PONG\r\n") || reply.starts_with(b"-NOAUTH ") && is_line)
        }
        b'p' => Some(is_postgres(looked_at)),
        b'm' => {
            Some(reply.len() >= 5 && reply[2..5] == [0, 0, 10] && looked_at.len() >= 4 + number(&[reply[1], reply[0]]))
        }
        b'a' => Some(
            reply.len() >= 12
                && reply[..3] == [1, 0, 0]
                && reply[7..11] == [0, 10, 0, 10]
                && looked_at.get(number(&reply[3..7]) + 7) == Some(&0xce),
        ),
        _ if service(*kind).is_some() => None,
        _ => Some(looked_at.windows(5).any(|window| window == b"ready")),
    };
    // Services without a second reading here have their unit tests.
    assert!(expected.is_none_or(|expected| whole == expected));
    whole
}

/// Reads a number, whose most significant byte is the first.
fn number(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |number, &byte| number << 8 | usize::from(byte))
}

/// Returns the judge of the service whose scheme begins with this letter, or that has this digit as its place in the list.
fn service(kind: u8) -> Option<fn(&[u8]) -> Judgement> {
    let by_place = char::from(kind).to_digit(10).and_then(|place| SERVICES.get(place as usize));
    let by_letter = || SERVICES.iter().find(|service| service.scheme.as_bytes()[0] == kind);
    by_place.or_else(by_letter).map(|service| service.judge)
}

fn healthy(kind: u8, reply: &[u8], piece: usize) -> bool {
    let stream = peer::saying(reply, piece);
    let wanted = Exchange { send: Vec::new(), expect: vec![b"ready".to_vec()] };
    match service(kind) {
        Some(judge) => peer::run(exchange::send_and_judge(stream, b"ping", &judge)).is_ok(),
        None => {
            peer::run(exchange::send_and_judge(stream, b"ping", &|reply| exchange::expected(&wanted, reply))).is_ok()
        }
    }
}

/// A whole message, and either Authentication with a code that there is, or an ErrorResponse with an SQLSTATE that is not cannot_connect_now.
/// PostgreSQL documentation, sections 55.7 and 55.8.
fn is_postgres(reply: &[u8]) -> bool {
    let (Some(kind), Some(length)) = (reply.first(), reply.get(1..5)) else { return false };
    let length = number(length);
    // As much more than its own length as the least that either message has in it.
    let Some(body) = reply.get(5..1 + length).filter(|body| (4..4000).contains(&body.len())) else { return false };
    let state = body.split(|&byte| byte == 0).find(|field| field.starts_with(b"C"));
    // Authentication's code is one of the first thirteen.
    let asks = || body[..3] == [0; 3] && body[3] <= 12;
    *kind == b'R' && asks() || *kind == b'E' && state.is_some_and(|state| state.len() == 6 && state != b"C57P03")
}
