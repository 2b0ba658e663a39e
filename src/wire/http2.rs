//! HTTP/2, RFC 9113, with prior knowledge, on an open stream: one request and its response.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http2::{Builder, Connection};
use hyper::rt::Executor;
use hyper::{Request, Response};

use super::driven::driven;
use super::frames::{Frames, MAX_FIELDS};
use super::limited::Limited;
use crate::connect::Stream;
use crate::unhealthy::http2::BadHttp2;

/// The most bytes that are read up to the end of the response's head. h2 keeps the headers of interim responses, whose
/// heads can be as short as 10 bytes: with 64 KiB of them, h2 took 7 MB.
const MAX_HEAD: usize = MAX_FIELDS;

/// The flow-control window: the initial value of RFC 9113, section 6.9.2. It is the smallest one that takes no extra
/// frame.
const WINDOW: u32 = 65_535;

/// Sends `request` on `stream`, and passes the response to `judge` while the connection goes on. After the head, at
/// most `max_body` bytes are read, including the framing. Sets `has_settings` at the server's first frame.
pub async fn ask<T, E: From<BadHttp2>>(
    stream: Stream,
    max_body: usize,
    has_settings: Rc<Cell<bool>>,
    request: Request<Full<Bytes>>,
    judge: impl AsyncFnOnce(Response<Incoming>) -> Result<T, E>,
) -> Result<T, E> {
    let tasks = Tasks::default();
    let mut frames = Frames::new(has_settings);
    let (stream, gate) = Limited::new(stream, [].into(), MAX_HEAD, Box::new(move |bytes| frames.check(bytes)));
    let (mut sender, connection) = Builder::new(tasks.clone())
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .max_header_list_size(MAX_HEAD as u32)
        .handshake(stream)
        .await
        .map_err(BadHttp2::Broken)?;
    driven(Driver { connection, tasks }, &gate, BadHttp2::Closed.into(), async {
        let response = sender.send_request(request).await.map_err(BadHttp2::Broken)?;
        gate.raise(max_body);
        judge(response).await
    })
    .await
}

/// The futures that hyper spawns. They end with the probe, whatever the server does. On a runtime they would keep their
/// connection open during the later attempts of `--wait`.
#[derive(Clone, Default)]
struct Tasks(Rc<RefCell<Vec<Task>>>);

type Task = Pin<Box<dyn Future<Output = ()>>>;

impl<F: Future<Output = ()> + 'static> Executor<F> for Tasks {
    fn execute(&self, future: F) {
        self.0.borrow_mut().push(Box::pin(future));
    }
}

impl Tasks {
    fn poll(&self, context: &mut Context<'_>) {
        let mut pending = Vec::new();
        // A task may add another one while it is polled.
        loop {
            let mut added = self.0.take();
            if added.is_empty() {
                break;
            }
            added.retain_mut(|task| task.as_mut().poll(context).is_pending());
            pending.append(&mut added);
        }
        self.0.replace(pending);
    }
}

struct Driver {
    connection: Connection<Limited<Stream>, Full<Bytes>, Tasks>,
    tasks: Tasks,
}

impl Future for Driver {
    type Output = hyper::Result<()>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<hyper::Result<()>> {
        let verdict = Pin::new(&mut self.connection).poll(context);
        self.tasks.poll(context);
        verdict
    }
}
