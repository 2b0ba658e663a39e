//! The options for HTTP.

use std::convert::Infallible;

use hyper::header::{ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, HeaderName, TRANSFER_ENCODING, USER_AGENT};
use hyper::http::HeaderValue;
use hyper::{HeaderMap, Method};

use super::arguments::Arguments;
use super::{BadUsage, fivexl};
use crate::plan::Http;
use crate::status::Statuses;

/// What to send, and what to expect.
pub fn http(arguments: &Arguments) -> Result<Http, BadUsage> {
    let method = arguments.one("method", method)?.unwrap_or(Method::GET);
    let contains: Vec<Vec<u8>> = arguments.many("contains", text)?;
    if method == Method::HEAD && !contains.is_empty() {
        return Err(BadUsage("--contains can't go with --method HEAD, whose answer has no body".into()));
    }
    Ok(Http {
        method,
        headers: headers(arguments)?,
        statuses: arguments.one("http-codes", str::parse)?.unwrap_or(Statuses::SUCCESSFUL),
        contains,
        unix_socket: arguments.one("unix-socket", |path| Ok::<_, Infallible>(path.into()))?,
    })
}

/// Ours, unless the caller sets them.
fn headers(arguments: &Arguments) -> Result<HeaderMap, BadUsage> {
    let mut headers = HeaderMap::new();
    let agent = arguments.one("user-agent", value)?;
    headers.insert(USER_AGENT, agent.unwrap_or(HeaderValue::from_static(fivexl::user_agent(arguments))));
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    if let Some(credentials) = arguments.one("basic-auth", basic)? {
        headers.insert(AUTHORIZATION, credentials);
    }
    let mut theirs = HeaderMap::new();
    for (name, value) in arguments.many("header", header)? {
        theirs.append(name, value);
    }
    headers.extend(theirs);
    Ok(headers)
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
    let (name, contents) = text.split_once(':').ok_or("expected NAME: VALUE")?;
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| "a header's name is letters, digits and -")?;
    if name == CONTENT_LENGTH || name == TRANSFER_ENCODING {
        return Err("no body is ever sent");
    }
    Ok((name, value(contents.trim_matches([' ', '\t']))?))
}

fn value(text: &str) -> Result<HeaderValue, &'static str> {
    text.parse().map_err(|_| "a header's value is visible characters of ASCII")
}

/// RFC 7617, section 2.
fn basic(credentials: &str) -> Result<HeaderValue, &'static str> {
    if !credentials.contains(':') {
        return Err("expected USER:PASSWORD");
    }
    value(&format!("Basic {}", base64(credentials.as_bytes())))
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
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
