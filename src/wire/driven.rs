//! Runs a request together with its connection, which are two futures in hyper.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use tokio::task::unconstrained;

use super::limited::Gate;

/// Awaits `answer` while `connection` does the work. Returns `closed` if the connection ends without an answer.
pub async fn driven<T, E>(
    connection: impl Future,
    gate: &Gate,
    closed: E,
    answer: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let mut connection = pin!(connection);
    // tokio's budget for one turn is shared by all targets. Once it is used up, an answer that is there counts as pending,
    // and would be taken for none if the connection has ended.
    let mut answer = pin!(unconstrained(answer));
    let mut closed = Some(closed);
    let mut ended = false;
    poll_fn(|context| {
        loop {
            // The answer is polled first, so that the request is sent in the same turn. It is polled again after the
            // connection has ended, since its error says why.
            match answer.as_mut().poll(context) {
                Poll::Pending if ended => {
                    return closed.take().map_or(Poll::Pending, |closed| Poll::Ready(Err(closed)));
                }
                Poll::Pending if connection.as_mut().poll(context).is_ready() => ended = true,
                Poll::Pending if gate.take_opened() => {}
                answer => return answer,
            }
        }
    })
    .await
}
