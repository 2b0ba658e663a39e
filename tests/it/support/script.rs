//! A server that plays a script to whoever connects: byte by byte, with pauses and resets.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use socket2::{Domain, SockAddr, Socket, Type};
use tempfile::TempDir;

use super::server::{ClosedPort, LOCALHOST, listen_alone};

/// What the server does next. Where the script ends, it closes.
#[derive(Clone)]
pub enum Step {
    /// Reads until the client has sent these bytes. To close before would be to reset.
    Await(&'static [u8]),
    Send(Vec<u8>),
    /// One byte after the other, each in a packet of its own, so long apart.
    Drip(Vec<u8>, Duration),
    /// Without end, or until the client hangs up.
    Repeat(Vec<u8>),
    Pause(Duration),
    /// Ends its own direction, and reads on until the client has gone.
    HalfClose,
    /// Says nothing more until the client has gone.
    Silence,
    Reset,
}

/// What is done with a client. There may be several at once.
pub type Serve = Arc<dyn Fn(&Socket) + std::marker::Send + Sync>;

/// Where a script is played; where nobody serves, nobody listens.
pub struct Stage {
    listener: Option<Socket>,
    port: u16,
    closed: Option<ClosedPort>,
    other_family: Option<Socket>,
    folder: TempDir,
}

impl Stage {
    /// A port of 127.0.0.1, which the kernel chose, or a Unix socket, where `serve` has each client.
    pub fn new(serve: Option<Serve>, unix: bool) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut stage = Self { listener: None, port: 0, closed: None, other_family: None, folder };
        let Some(serve) = serve else {
            let closed = ClosedPort::new();
            (stage.port, stage.closed) = (closed.port, Some(closed));
            return stage;
        };
        let listener = if unix {
            let listener = Socket::new(Domain::UNIX, Type::STREAM, None).expect("a socket");
            listener.bind(&SockAddr::unix(stage.socket()).expect("a path")).expect("a free name");
            listener.listen(16).expect("it is bound");
            listener
        } else {
            let (listener, port, other_family) = listen_alone(SocketAddr::new(LOCALHOST, 0));
            (stage.port, stage.other_family) = (port, other_family);
            listener.into()
        };
        stage.listener = Some(listener.try_clone().expect("a socket"));
        thread::spawn(move || {
            while let Ok((client, _)) = listener.accept() {
                let serve = serve.clone();
                thread::spawn(move || serve(&client));
            }
        });
        stage
    }

    fn socket(&self) -> String {
        self.folder.path().join("socket").display().to_string()
    }

    /// `argument` with the port in place of PORT, and the path in place of SOCKET.
    pub fn named(&self, argument: &str) -> String {
        argument.replace("PORT", &self.port.to_string()).replace("SOCKET", &self.socket())
    }
}

impl Drop for Stage {
    /// Ends the thread that waits for clients.
    fn drop(&mut self) {
        if let Some(listener) = &self.listener {
            let _ = listener.shutdown(std::net::Shutdown::Both);
        }
    }
}

/// Whether the script went to its end, and the client did not go before.
pub fn play(mut client: &Socket, script: &[Step]) -> bool {
    // A Unix socket has nothing to delay.
    let _ = client.set_tcp_nodelay(true);
    for step in script {
        let going = match step {
            Step::Await(bytes) => read_to(client, bytes),
            Step::Send(bytes) => client.write_all(bytes).is_ok(),
            Step::Drip(bytes, pause) => bytes.iter().all(|&byte| {
                thread::sleep(*pause);
                client.write_all(&[byte]).is_ok()
            }),
            Step::Repeat(bytes) => {
                let many = bytes.repeat(0x10000 / bytes.len() + 1);
                while client.write_all(&many).is_ok() {}
                false
            }
            Step::Pause(time) => {
                thread::sleep(*time);
                true
            }
            Step::HalfClose => client.shutdown(std::net::Shutdown::Write).is_ok() && read_to_end(client),
            Step::Silence => read_to_end(client),
            Step::Reset => client.set_linger(Some(Duration::ZERO)).is_ok(),
        };
        if !going {
            return false;
        }
    }
    true
}

/// Whether `bytes` came.
fn read_to(mut client: &Socket, bytes: &[u8]) -> bool {
    let (mut received, mut chunk) = (Vec::new(), [0; 4096]);
    while !bytes.is_empty() && !received.windows(bytes.len()).any(|window| window == bytes) {
        match client.read(&mut chunk) {
            Ok(length @ 1..) => received.extend_from_slice(&chunk[..length]),
            _ => return false,
        }
    }
    true
}

fn read_to_end(mut client: &Socket) -> bool {
    // A reset is an end too.
    let _ = client.read_to_end(&mut Vec::new());
    true
}
