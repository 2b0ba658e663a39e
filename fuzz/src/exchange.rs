//! The input is a reply, and its first byte says whose: one of the services', by the letter of its scheme or its place in
//! the list; or any server's where the text `ready` is expected, after a `u` in two datagrams, and after an `f` or an `F` by
//! FastCGI: the latter has to end, without another text.

use std::net::{Ipv4Addr, UdpSocket};

use lprobe::door::{Exchange, SERVICES, exchange};

use super::fastcgi;
use super::greetings;
use super::peer;
use super::reading::Reading::{Healthy, Unhealthy};

/// The text that is expected of what is no service.
const TEXT: &[u8] = b"ready";

/// How far into a reply the text counts, in bytes.
const MAX: usize = 4096;

/// The most datagrams that lprobe looks at.
const MAX_DATAGRAMS: usize = 64;

/// Healthy exactly if a second reading of each protocol says so; however the reply is cut into pieces.
pub fn accepts(input: &[u8]) -> bool {
    let Some((kind, reply)) = input.split_first() else { return false };
    if *kind == b'u' {
        return asked_by_datagram(reply, &[reply.len().div_ceil(2)]);
    }
    if matches!(*kind, b'f' | b'F') {
        return fastcgi::accepts(reply, *kind == b'F');
    }
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
    let (healthy, reading) = match service.map(|place| SERVICES[place]) {
        Some(service) => {
            let mut judge = service.judge;
            let asked = exchange::send_and_judge(stream, service.greeting, &mut judge, service.farewell);
            let healthy = peer::run(asked).is_ok();
            (healthy, greetings::reading(service.scheme, reply))
        }
        None => {
            let wanted = wanted();
            let mut judge = |reply: &[u8]| exchange::expected(&wanted, reply);
            let healthy = peer::run(exchange::send_and_judge(stream, &wanted.send, &mut judge, b"")).is_ok();
            let has_one = wanted.expect.iter().any(|text| has(reply, text));
            (healthy, if has_one { Healthy } else { Unhealthy("without the text") })
        }
    };
    reading.check(healthy);
    healthy
}

/// Whether lprobe says healthy to these pieces of `replies`, each of which comes as a datagram. Fails where a second reading
/// says otherwise.
pub fn asked_by_datagram(replies: &[u8], pieces: &[usize]) -> bool {
    let (mut datagrams, mut rest) = (Vec::new(), replies);
    for &piece in pieces.iter().cycle().take(MAX_DATAGRAMS + 1) {
        // Those that are empty come where nothing else does, so that lprobe need not wait for more.
        datagrams.push(rest.split_off(..piece.min(rest.len())).expect("it is not longer"));
    }
    let healthy = peer::run(async {
        let [ours, theirs] = [(); 2].map(|()| UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port"));
        ours.connect(theirs.local_addr().expect("an address")).expect("loopback");
        theirs.connect(ours.local_addr().expect("an address")).expect("loopback");
        datagrams.iter().for_each(|datagram| _ = theirs.send(datagram).expect("room for few and short ones"));
        ours.set_nonblocking(true).expect("a socket");
        let ours = tokio::net::UdpSocket::from_std(ours).expect("an event loop");
        let wanted = wanted();
        let mut judge = |reply: &[u8]| exchange::expected(&wanted, reply);
        exchange::exchange_datagrams(&ours, &wanted.send, &mut judge).await.expect("loopback")
    });
    let has = |datagram: &&[u8]| wanted().expect.iter().any(|text| has(datagram, text));
    let reading = if datagrams.iter().take(MAX_DATAGRAMS).any(has) { Healthy } else { Unhealthy("without the text") };
    reading.check(healthy);
    healthy
}

/// What is expected of any other server than a service.
fn wanted() -> Exchange {
    Exchange { send: b"ping".to_vec(), expect: vec![b"steady".to_vec(), TEXT.to_vec()] }
}

/// Whether the text is in what counts of a reply.
fn has(reply: &[u8], text: &[u8]) -> bool {
    reply[..reply.len().min(MAX)].windows(text.len()).any(|part| part == text)
}

/// Returns the place of the service whose scheme begins with this letter, or that has this place.
fn service(kind: u8) -> Option<usize> {
    // The characters that follow 9 are the places from 10 on.
    let by_place = kind.checked_sub(b'0').map(usize::from).filter(|&place| place < SERVICES.len());
    by_place.or_else(|| SERVICES.iter().position(|service| service.scheme.as_bytes()[0] == kind))
}
