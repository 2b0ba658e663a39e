//! The options for HTTP.

use hyper::Method;
#[cfg(feature = "full")]
use hyper::header::HOST;
use hyper::header::{ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, HeaderName, TRANSFER_ENCODING, USER_AGENT};
use hyper::http::HeaderValue;
#[cfg(feature = "full")]
use hyper::http::uri::Authority;

#[cfg(feature = "full")]
use crate::target::parse_port;

use super::arguments::Arguments;
use super::{BadUsage, foreign};
use crate::plan::Http;
use crate::status::Statuses;

/// What to send, and what to expect.
pub fn http(arguments: &Arguments) -> Result<Http, BadUsage> {
    let method = arguments.one("method", method)?.unwrap_or(Method::GET);
    let contains: Vec<Vec<u8>> = arguments.many("contains", text)?;
    if method == Method::HEAD && !contains.is_empty() {
        return Err(BadUsage("--contains can't go with --method HEAD, whose answer has no body".into()));
    }
    #[cfg(feature = "full")]
    let http2 = arguments.flag("http2")?;
    #[cfg(not(feature = "full"))]
    let http2 = false;
    let headers = headers(arguments, &method, http2)?;
    Ok(Http {
        headers,
        method,
        statuses: arguments.one("http-codes", str::parse)?.unwrap_or(Statuses::SUCCESSFUL),
        contains,
        #[cfg(feature = "full")]
        http2,
    })
}

/// The caller's, and ours where the caller has none of that name.
fn headers(arguments: &Arguments, method: &Method, http2: bool) -> Result<Vec<(HeaderName, HeaderValue)>, BadUsage> {
    let mut headers = arguments.many("header", header)?;
    #[cfg(feature = "full")]
    if http2 {
        headers.iter().try_for_each(fit_for_http2)?;
    }
    if let Some(credentials) = arguments.one("basic-auth", basic)? {
        headers.push((AUTHORIZATION, credentials));
    }
    let agent = arguments.one("user-agent", value)?;
    let mut ours = vec![
        (USER_AGENT, agent.unwrap_or(HeaderValue::from_static(foreign::user_agent(arguments)))),
        (ACCEPT, HeaderValue::from_static("*/*")),
    ];
    if !http2 {
        ours.push((CONNECTION, HeaderValue::from_static("close")));
    }
    if method == Method::POST {
        // RFC 9110, section 8.6: without it some servers answer 411.
        ours.push((CONTENT_LENGTH, HeaderValue::from_static("0")));
    }
    for (name, value) in ours {
        if !headers.iter().any(|(theirs, _)| *theirs == name) {
            headers.push((name, value));
        }
    }
    Ok(headers)
}

/// Refuses what is about the connection, and a host that can be no authority.
#[cfg(feature = "full")]
fn fit_for_http2((name, value): &(HeaderName, HeaderValue)) -> Result<(), BadUsage> {
    if is_about_connection(name) {
        return Err(BadUsage(format!("--header {name} has no place in HTTP/2, which --http2 asks for")));
    }
    if name == HOST && !is_authority(value) {
        return Err(BadUsage("--header Host: with --http2, expected a host and perhaps a port".into()));
    }
    Ok(())
}

/// A host and perhaps a port, not longer than a name of DNS (RFC 1035, section 2.3.4) with one.
#[cfg(feature = "full")]
fn is_authority(value: &HeaderValue) -> bool {
    let Ok(authority) = Authority::try_from(value.as_bytes()) else { return false };
    // User information would stand before the host.
    let port = authority.as_str().strip_prefix(authority.host());
    let is_port = |port: &str| port.is_empty() || port.strip_prefix(':').is_some_and(|port| parse_port(port).is_ok());
    value.len() <= 261 && port.is_some_and(is_port)
}

/// RFC 9113, section 8.2.2. TE might say `trailers`, but nobody would look at them.
#[cfg(feature = "full")]
pub fn is_about_connection(name: &HeaderName) -> bool {
    ["connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"].contains(&name.as_str())
}

fn method(text: &str) -> Result<Method, &'static str> {
    match text {
        "GET" => Ok(Method::GET),
        "HEAD" => Ok(Method::HEAD),
        "OPTIONS" => Ok(Method::OPTIONS),
        "POST" => Ok(Method::POST),
        _ => Err("expected GET, HEAD, OPTIONS or POST"),
    }
}

fn text(text: &str) -> Result<Vec<u8>, &'static str> {
    if text.is_empty() { Err("every body has it; expected a text") } else { Ok(text.into()) }
}

/// RFC 9110, section 5: a token, a colon, and a value without control characters.
fn header(text: &str) -> Result<(HeaderName, HeaderValue), &'static str> {
    let (header, contents) = text.split_once(':').ok_or("expected NAME: VALUE")?;
    let name = name(header)?;
    if name == CONTENT_LENGTH || name == TRANSFER_ENCODING {
        return Err("no body is ever sent");
    }
    Ok((name, value(contents.trim_matches([' ', '\t']))?))
}

/// RFC 9110, section 5.1.
pub fn name(text: &str) -> Result<HeaderName, &'static str> {
    HeaderName::from_bytes(text.as_bytes()).map_err(|_| "a header's name is letters, digits and -")
}

/// RFC 9110, section 5.5, less what is not ASCII.
pub fn value(text: &str) -> Result<HeaderValue, &'static str> {
    let visible = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    let value = if visible { text.parse().ok() } else { None };
    value.ok_or("a header's value is visible characters of ASCII")
}

/// RFC 7617, section 2.
fn basic(credentials: &str) -> Result<HeaderValue, &'static str> {
    if !credentials.contains(':') {
        return Err("expected USER:PASSWORD");
    }
    value(&format!("Basic {}", base64(credentials.as_bytes())))
}

/// RFC 4648, section 4.
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
