//! The input is a reply, and its first byte says whose: one of the services', by the letter of its scheme or its place in
//! the list, or any server's where the text `ready` is expected.

use lprobe::door::{Exchange, SERVICES, exchange};

use super::greetings;
use super::peer;
use super::reading::Reading::{Healthy, Unhealthy};

/// The text that is expected of what is no service.
const TEXT: &[u8] = b"ready";

/// How far into a reply the text counts, in bytes.
const MAX: usize = 4096;

/// Healthy exactly if a second reading of each protocol says so; however the reply is cut into pieces.
pub fn accepts(input: &[u8]) -> bool {
    let Some((kind, reply)) = input.split_first() else { return false };
    // A judge looks at all that has come each time, so a long reply in single bytes takes 10 ms.
    let shortest = 1 + reply.len() / 256;
    let service = service(*kind);
    let [whole, in_bytes, in_threes] =
        [usize::MAX, shortest, 3 * shortest].map(|piece| asked(service, reply, &[piece]));
    assert_eq!([whole, whole], [in_bytes, in_threes], "a matter of how it is cut into pieces");
    whole
}

/// Whether `reply`, in these pieces, is healthy: of a service, by its place in the list, or of any other server. Fails where
/// the second reading says otherwise.
pub fn asked(service: Option<usize>, reply: &[u8], pieces: &[usize]) -> bool {
    let stream = peer::saying(reply, pieces);
    let wanted = Exchange { send: Vec::new(), expect: vec![b"steady".to_vec(), TEXT.to_vec()] };
    let (healthy, reading) = match service.map(|place| SERVICES[place]) {
        Some(service) => {
            let healthy = peer::run(exchange::send_and_judge(stream, service.greeting, &service.judge)).is_ok();
            (healthy, greetings::reading(service.scheme, reply))
        }
        None => {
            let judge = |reply: &[u8]| exchange::expected(&wanted, reply);
            let healthy = peer::run(exchange::send_and_judge(stream, b"ping", &judge)).is_ok();
            let has = |text: &[u8]| reply[..reply.len().min(MAX)].windows(text.len()).any(|part| part == text);
            let has_one = wanted.expect.iter().any(|text| has(text));
            (healthy, if has_one { Healthy } else { Unhealthy("without the text") })
        }
    };
    reading.check(healthy);
    healthy
}

/// Returns the place of the service whose scheme begins with this letter, or that has this digit as its place.
fn service(kind: u8) -> Option<usize> {
    let by_place = char::from(kind).to_digit(10).map(|place| place as usize).filter(|&place| place < SERVICES.len());
    by_place.or_else(|| SERVICES.iter().position(|service| service.scheme.as_bytes()[0] == kind))
}
