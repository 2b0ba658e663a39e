//! A service to probe: `GET /healthz` returns 200 while it is well and 503 while it is sick.
//!
//! ```text
//! demo-server PORT         serves on localhost, well
//! demo-server PORT sick    makes the one that serves on PORT sick, or starts a sick one
//! demo-server PORT well    makes it well again
//! ```
//!
//! PORT 0 picks a free port. The only line on stdout is the address.

use std::io::{BufRead, BufReader, Error, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

fn main() -> Result<(), Error> {
    let mut arguments = std::env::args().skip(1);
    let port = arguments.next().and_then(|port| port.parse().ok()).expect("usage: demo-server PORT [sick|well]");
    let wish = arguments.next();
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    match (TcpListener::bind(address), &wish) {
        (Ok(listener), _) => serve(&listener, wish.as_deref() != Some("sick")),
        (Err(_), Some(wish)) => tell(address, wish),
        (Err(error), None) => Err(error),
    }
}

/// Ends the program at SIGINT and SIGTERM, which have no effect on the first process of a container otherwise.
#[allow(unsafe_code)]
fn end_when_told() {
    // SAFETY: as POSIX declares them; both may be called at any time, and _exit by a handler.
    unsafe extern "C" {
        safe fn signal(number: i32, handler: extern "C" fn(i32)) -> usize;
        safe fn _exit(code: i32) -> !;
    }
    extern "C" fn end(_: i32) {
        _exit(0)
    }
    for number in [2, 15] {
        signal(number, end);
    }
}

fn serve(listener: &TcpListener, mut well: bool) -> Result<(), Error> {
    end_when_told();
    println!("{}", listener.local_addr()?);
    for connection in listener.incoming() {
        // If one client closes its connection early, the others still get answers.
        let _ = connection.and_then(|connection| answer(connection, &mut well));
    }
    Ok(())
}

fn answer(connection: TcpStream, well: &mut bool) -> Result<(), Error> {
    connection.set_read_timeout(Some(Duration::from_secs(1)))?;
    let mut lines = BufReader::new(&connection).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    while lines.next().transpose()?.is_some_and(|header| !header.is_empty()) {}
    let status = match request.split(' ').take(2).collect::<Vec<_>>()[..] {
        ["GET", "/healthz"] if *well => "200 OK",
        ["GET", "/healthz"] => "503 Service Unavailable",
        ["POST", wish @ ("/sick" | "/well")] => {
            *well = wish == "/well";
            "204 No Content"
        }
        _ => "404 Not Found",
    };
    write!(&connection, "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
}

fn tell(address: SocketAddr, wish: &str) -> Result<(), Error> {
    let mut connection = TcpStream::connect(address)?;
    write!(connection, "POST /{wish} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    match answer.starts_with("HTTP/1.1 204 ") {
        true => Ok(()),
        false => Err(Error::other(format!("{wish}: not understood"))),
    }
}
