//! A request and its connection, which hyper has as two futures.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use super::limited::Gate;

/// Awaits `answer` while `connection` does the work. Returns `closed` where the connection ends without one.
pub async fn driven<T, E>(
    connection: impl Future,
    gate: &Gate,
    closed: E,
    answer: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let mut connection = pin!(connection);
    let mut answer = pin!(answer);
    let mut closed = Some(closed);
    let mut ended = false;
    poll_fn(|context| {
        loop {
            // The request goes first: so it is sent in the same turn, and a connection that ends before it tells why.
            match answer.as_mut().poll(context) {
                Poll::Pending if ended => {
                    return closed.take().map_or(Poll::Pending, |closed| Poll::Ready(Err(closed)));
                }
                Poll::Pending if connection.as_mut().poll(context).is_ready() => ended = true,
                Poll::Pending if gate.was_opened() => {}
                answer => return answer,
            }
        }
    })
    .await
}
