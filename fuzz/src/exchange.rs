//! The input is a reply, and its first byte says whose: one of the presets', by the letter of its scheme, or any server's
//! where the text `ready` is expected.

use lprobe::plan::Exchange;
use lprobe::probe::{exchange, service};
use lprobe::progress::Progress;
use lprobe::target::Service;

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
        b'r' => reply.starts_with(b"+PONG\r\n") || reply.starts_with(b"-NOAUTH "),
        b'p' => is_postgres(looked_at),
        b'm' => reply.len() >= 5 && reply[2..5] == [0, 0, 10],
        b'a' => reply.len() >= 11 && reply[..3] == [1, 0, 0] && reply[7..11] == [0, 10, 0, 10],
        _ => looked_at.windows(5).any(|window| window == b"ready"),
    };
    assert_eq!(whole, expected);
    whole
}

fn healthy(kind: u8, reply: &[u8], piece: usize) -> bool {
    let (stream, progress) = (peer::saying(reply, piece), Progress::default());
    let service = match kind {
        b'r' => Service::Redis,
        b'p' => Service::Postgres,
        b'm' => Service::Mysql,
        b'a' => Service::Amqp,
        _ => {
            let exchange = Exchange { send: b"ping".to_vec(), expect: vec![b"ready".to_vec()] };
            return peer::run(exchange::probe(stream, &exchange, &progress)).is_ok();
        }
    };
    peer::run(service::probe(service, stream, &progress)).is_ok()
}

/// A whole message, and either Authentication with a code that there is, or an ErrorResponse with an SQLSTATE that is not cannot_connect_now.
/// PostgreSQL documentation, sections 55.7 and 55.8.
fn is_postgres(reply: &[u8]) -> bool {
    let (Some(kind), Some(length)) = (reply.first(), reply.get(1..5)) else { return false };
    let length = length.iter().fold(0, |length, &byte| length << 8 | usize::from(byte));
    // As much more than its own length as the least that either message has in it.
    let Some(body) = reply.get(5..1 + length).filter(|body| (4..4000).contains(&body.len())) else { return false };
    let state = body.split(|&byte| byte == 0).find(|field| field.starts_with(b"C"));
    // Authentication's code is one of the first thirteen.
    let asks = || body[..3] == [0; 3] && body[3] <= 12;
    *kind == b'R' && asks() || *kind == b'E' && state.is_some_and(|state| state.len() == 6 && state != b"C57P03")
}
