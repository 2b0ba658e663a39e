//! The options for HTTP.

use std::convert::Infallible;
use std::rc::Rc;

use hyper::Method;
use hyper::header::{
    ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName, TRANSFER_ENCODING, USER_AGENT,
};
use hyper::http::HeaderValue;
use hyper::http::uri::Authority;

use super::arguments::{Arguments, Rules};
use super::escape::nonempty;
use super::voice::Voice;
use crate::FULL;
use crate::plan::{Follow, HttpRequest, Texts, has_body};
use crate::status::Statuses;
use crate::target::authority::parse_port;
use crate::wire::Version;

/// Reads the request to send, and the response to expect.
pub fn request(arguments: &Arguments, voice: &Voice) -> HttpRequest {
    let body = arguments.one("data", data);
    let default = if body.is_some() { Method::POST } else { Method::GET };
    let method = arguments.one("method", method).unwrap_or(default);
    if body.is_some() && !has_body(&method) {
        arguments.refuse("--data goes with --method POST or PUT".into());
    }
    let body: Rc<[u8]> = body.unwrap_or_default().into();
    let texts = Texts {
        all: arguments.many("contains", nonempty),
        any: arguments.many("contains-any", nonempty),
        none: arguments.many("lacks", nonempty),
        #[cfg(feature = "full")]
        json: arguments.many("json", str::parse),
        #[cfg(not(feature = "full"))]
        json: Vec::new(),
    };
    if method == Method::HEAD && !texts.is_empty() {
        arguments.refuse("--contains and its like can't go with --method HEAD, whose answer has no body".into());
    }
    let version = if arguments.flag("http2") { Version::Http2 } else { Version::Http1 };
    let given = given(arguments, version, voice);
    let own = own(arguments, &given, has_body(&method).then_some(body.len()), version, voice);
    let follow = match () {
        () if !arguments.flag("follow") && !voice.follows => Follow::None,
        () if voice.is_client => Follow::Any,
        () if voice.follows => Follow::All,
        () => Follow::Unexpected,
    };
    let reader = if arguments.rules == Rules::Go { Statuses::lenient } else { str::parse };
    let statuses = arguments.one("http-codes", reader).unwrap_or(Statuses::SUCCESSFUL);
    HttpRequest { version, method, body, follow, whole: voice.reads_bodies, given, own, statuses, texts }
}

/// Reads a method. The table of options has been checked before, and allows no others.
fn method(name: &str) -> Result<Method, &'static str> {
    Ok(match name {
        "HEAD" => Method::HEAD,
        "OPTIONS" => Method::OPTIONS,
        "POST" => Method::POST,
        "PUT" => Method::PUT,
        _ => Method::GET,
    })
}

/// Reads a body.
fn data(text: &str) -> Result<Vec<u8>, Infallible> {
    Ok(text.as_bytes().into())
}

type Headers = Vec<(HeaderName, HeaderValue)>;

/// Reads the user's headers.
fn given(arguments: &Arguments, version: Version, voice: &Voice) -> Headers {
    let mut headers: Headers = Vec::new();
    for (name, value) in arguments.many("header", header) {
        headers.retain(|(earlier, _)| !voice.replaces_headers || *earlier != name);
        headers.push((name, value));
    }
    if FULL
        && version == Version::Http2
        && let Some(problem) = headers.iter().find_map(problem_with_http2)
    {
        arguments.refuse(problem);
    }
    let has_other = voice.is_client && headers.iter().any(|(name, _)| name == AUTHORIZATION);
    if let Some(credentials) = arguments.one("basic-auth", basic).filter(|_| !has_other) {
        headers.push((AUTHORIZATION, credentials));
    }
    headers
}

/// Returns lprobe's own headers, without those that the user gives. `body` is the length of the body, if there is one.
fn own(arguments: &Arguments, given: &Headers, body: Option<usize>, version: Version, voice: &Voice) -> Headers {
    let json = |otherwise| HeaderValue::from_static(if voice.is_json { "application/json" } else { otherwise });
    let mut own = vec![(USER_AGENT, user_agent(arguments, voice)), (ACCEPT, json("*/*"))];
    if version == Version::Http1 {
        own.push((CONNECTION, HeaderValue::from_static("close")));
    }
    if let Some(length) = body {
        // RFC 9110, section 8.6: without it some servers answer 411.
        own.push((CONTENT_LENGTH, value(&length.to_string()).expect("digits")));
        if voice.is_client && arguments.given("data") {
            own.push((CONTENT_TYPE, json("application/x-www-form-urlencoded")));
        }
    }
    own.retain(|(name, _)| given.iter().all(|(given, _)| given != name));
    own
}

/// Reads the user agent. The default is that of the personality.
pub fn user_agent(arguments: &Arguments, voice: &Voice) -> HeaderValue {
    arguments.one("user-agent", value).unwrap_or(HeaderValue::from_static(voice.user_agent))
}

/// Returns why HTTP/2 can't send a header: it is about the connection, or it is a Host that can't be an authority.
fn problem_with_http2((name, value): &(HeaderName, HeaderValue)) -> Option<String> {
    if is_about_connection(name) {
        return Some(format!("--header {name} can't be sent by HTTP/2, which --http2 asks for"));
    }
    (name == HOST && !is_authority(value))
        .then(|| "--header Host: with --http2, expected a host and perhaps a port".into())
}

/// Returns whether a value is a host with an optional port, and not longer than a DNS name (RFC 1035, section 2.3.4)
/// with a port.
fn is_authority(value: &HeaderValue) -> bool {
    let Ok(authority) = Authority::try_from(value.as_bytes()) else { return false };
    // User information, which is not allowed, would stand before the host.
    let port = authority.as_str().strip_prefix(authority.host());
    let is_port = |port: &str| port.is_empty() || port.strip_prefix(':').is_some_and(|port| parse_port(port).is_ok());
    value.len() <= 261 && port.is_some_and(is_port)
}

/// Returns whether a header is about the connection: RFC 9113, section 8.2.2. TE is one of them: HTTP/2 allows it with
/// the value `trailers`, but nothing would read the trailers.
pub fn is_about_connection(name: &HeaderName) -> bool {
    ["connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"].contains(&name.as_str())
}

/// Reads a header: a token, a colon, and a value without control characters (RFC 9110, section 5).
fn header(text: &str) -> Result<(HeaderName, HeaderValue), &'static str> {
    let (header, contents) = text.split_once(':').ok_or("expected NAME: VALUE")?;
    let name = name(header)?;
    if name == CONTENT_LENGTH || name == TRANSFER_ENCODING {
        return Err("lprobe sets this header itself, from --data");
    }
    Ok((name, value(contents.trim_matches([' ', '\t']))?))
}

/// Reads the name of a header: RFC 9110, section 5.1.
pub fn name(text: &str) -> Result<HeaderName, &'static str> {
    HeaderName::from_bytes(text.as_bytes()).map_err(|_| "a header's name is letters, digits and -")
}

/// Reads the value of a header: RFC 9110, section 5.5, restricted to printable ASCII.
pub fn value(text: &str) -> Result<HeaderValue, &'static str> {
    let visible = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    let value = if visible { text.parse().ok() } else { None };
    value.ok_or("a header's value is visible characters of ASCII")
}

/// Reads `USER:PASSWORD`: RFC 7617, section 2.
fn basic(credentials: &str) -> Result<HeaderValue, &'static str> {
    if !credentials.contains(':') {
        return Err("expected USER:PASSWORD");
    }
    value(&format!("Basic {}", base64(credentials.as_bytes())))
}

/// Encodes bytes in base64: RFC 4648, section 4.
pub fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0, |group, &byte| group << 8 | usize::from(byte)) << (8 * (3 - chunk.len()));
        for sextet in 0..4 {
            let digit = ALPHABET[group >> (18 - 6 * sextet) & 63];
            text.push(if sextet <= chunk.len() { digit.into() } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_rfc_4648() {
        // Section 10.
        for (text, encoded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(text.as_bytes()), encoded);
        }
    }
}
