//! An HTTP/2 server that answers as it is told, down to what no decent server would.

use std::future::{Future, poll_fn};
use std::net::TcpListener;
use std::path::Path;
use std::pin::pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Ping, PingPong, Reason, RecvStream, server};
use http::{HeaderMap, HeaderName, Request, Response};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixListener;

/// What to answer.
#[derive(Clone)]
pub struct Answer {
    /// So many responses of 103 come first.
    pub interim: usize,
    pub status: u16,
    pub head: Vec<(&'static str, String)>,
    /// The head is the end, if there is no data and there are no trailers.
    pub data: Vec<Vec<u8>>,
    pub trailers: Option<Vec<(&'static str, String)>>,
    /// Resets the stream in place of the head.
    pub reset_first: bool,
    /// Resets the stream in place of its end, once the client has all that came before.
    pub reset: bool,
    /// Neither ends nor resets it.
    pub hang: bool,
}

impl Default for Answer {
    fn default() -> Self {
        Self {
            interim: 0,
            status: 200,
            head: Vec::new(),
            data: Vec::new(),
            trailers: None,
            reset_first: false,
            reset: false,
            hang: false,
        }
    }
}

/// A request with all of its body.
pub struct Asked {
    pub head: Request<()>,
    pub body: Vec<u8>,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.headers().get(name).map(|value| value.to_str().expect("ASCII"))
    }
}

pub struct Peer {
    pub port: u16,
    requests: Receiver<Asked>,
}

impl Peer {
    pub fn start(answer: impl Fn(&Asked) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        listener.set_nonblocking(true).expect("it can");
        let (sender, requests) = channel();
        run(|| async move {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            while let Ok((stream, _)) = listener.accept().await {
                serve(stream, &answer, &sender).await;
            }
        });
        Self { port, requests }
    }

    pub fn start_on_socket(path: &Path, answer: impl Fn(&Asked) -> Answer + Send + 'static) -> Self {
        let listener = std::os::unix::net::UnixListener::bind(path).expect("a socket");
        listener.set_nonblocking(true).expect("it can");
        let (sender, requests) = channel();
        run(|| async move {
            let listener = UnixListener::from_std(listener).expect("a listener");
            while let Ok((stream, _)) = listener.accept().await {
                serve(stream, &answer, &sender).await;
            }
        });
        Self { port: 0, requests }
    }

    /// The next request.
    pub fn request(&self) -> Asked {
        self.requests.recv_timeout(Duration::from_secs(30)).expect("a request")
    }
}

fn run<F: Future>(serve: impl FnOnce() -> F + Send + 'static) {
    thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime");
        runtime.block_on(serve());
    });
}

/// One connection after the other, and one request on each.
async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    answer: &impl Fn(&Asked) -> Answer,
    requests: &Sender<Asked>,
) {
    let Ok(mut connection) = server::handshake(stream).await else { return };
    let mut ping = connection.ping_pong().expect("it is the first that asks");
    let Some(Ok((request, respond))) = connection.accept().await else { return };
    let (head, body) = request.into_parts();
    let answering = async {
        let asked = Asked { head: Request::from_parts(head, ()), body: all_of(body).await };
        let answer = answer(&asked);
        // A test that has seen enough hangs up, as does a client that has.
        let _ = requests.send(asked);
        let _ = give(answer, respond, &mut ping).await;
    };
    let mut answering = pin!(answering);
    let mut answered = false;
    // The connection moves what the answer gives it, until it is closed.
    poll_fn(|context| {
        answered = answered || answering.as_mut().poll(context).is_ready();
        connection.poll_closed(context).map(drop)
    })
    .await;
}

async fn all_of(mut body: RecvStream) -> Vec<u8> {
    let mut all = Vec::new();
    while let Some(Ok(data)) = body.data().await {
        let _ = body.flow_control().release_capacity(data.len());
        all.extend_from_slice(&data);
    }
    all
}

async fn give(answer: Answer, mut respond: SendResponse<Bytes>, ping: &mut PingPong) -> Result<(), h2::Error> {
    if answer.reset_first {
        respond.send_reset(Reason::INTERNAL_ERROR);
        return Ok(());
    }
    for _ in 0..answer.interim {
        respond.send_informational(Response::builder().status(103).body(()).expect("a head"))?;
    }
    let mut head = Response::builder().status(answer.status).body(()).expect("a head");
    *head.headers_mut() = headers(answer.head);
    let ends = answer.data.is_empty() && answer.trailers.is_none() && !answer.reset && !answer.hang;
    let mut stream = respond.send_response(head, ends)?;
    let last = answer.data.len().wrapping_sub(1);
    for (number, data) in answer.data.into_iter().enumerate() {
        let ends = number == last && answer.trailers.is_none() && !answer.reset && !answer.hang;
        stream.reserve_capacity(data.len());
        while stream.capacity() < data.len() {
            match poll_fn(|context| stream.poll_capacity(context)).await {
                Some(Ok(_)) => {}
                _ => return Ok(()),
            }
        }
        stream.send_data(data.into(), ends)?;
    }
    if let Some(trailers) = answer.trailers {
        stream.send_trailers(headers(trailers))?;
    }
    if answer.reset {
        // A reset takes back what is not sent yet.
        ping.ping(Ping::opaque()).await?;
        stream.send_reset(Reason::INTERNAL_ERROR);
    }
    if answer.hang {
        std::future::pending::<()>().await;
    }
    Ok(())
}

fn headers(pairs: Vec<(&'static str, String)>) -> HeaderMap {
    let pairs = pairs.into_iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().expect("a value")));
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(name, value);
    }
    headers
}
