//! Conditions on a JSON body, RFC 8259. In the small build, absent.rs replaces this file.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde_json::value::RawValue;
use serde_json::{Error, Value, from_str};

use crate::unhealthy::http::BadAnswer;

/// A value that a document must have.
#[derive(Debug)]
pub struct Condition {
    /// Where it is: RFC 6901.
    pointer: String,
    /// The text of a string, or the JSON of another value.
    value: String,
}

impl FromStr for Condition {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        match text.split_once('=') {
            Some((pointer, _)) if pointer.split('~').skip(1).any(|escape| !escape.starts_with(['0', '1'])) => {
                Err("in a pointer, ~0 stands for ~, and ~1 for /")
            }
            Some((pointer, value)) if pointer.is_empty() || pointer.starts_with('/') => {
                Ok(Self { pointer: pointer.into(), value: value.into() })
            }
            _ => Err("expected /POINTER=VALUE, as in /status=UP"),
        }
    }
}

/// A body, as far as it has arrived.
pub struct Document<'a> {
    conditions: &'a [Condition],
    bytes: Vec<u8>,
}

impl<'a> Document<'a> {
    /// Begins a body that must meet these conditions.
    pub fn new(conditions: &'a [Condition]) -> Self {
        Self { conditions, bytes: Vec::new() }
    }

    /// Returns whether the whole body is needed.
    pub fn is_wanted(&self) -> bool {
        !self.conditions.is_empty()
    }

    /// Adds what has arrived.
    pub fn feed(&mut self, data: &[u8]) {
        if self.is_wanted() {
            self.bytes.extend_from_slice(data);
        }
    }

    /// Judges the body, which is complete.
    pub fn judge(&self) -> Result<(), BadAnswer> {
        if !self.is_wanted() {
            return Ok(());
        }
        let text = str::from_utf8(&self.bytes).map_err(|_| BadAnswer::NotJson)?;
        let document: &RawValue = from_str(text).map_err(|_| BadAnswer::NotJson)?;
        for (number, condition) in (1..).zip(self.conditions) {
            let value = condition.find(document).map_err(|_| BadAnswer::NotJson)?;
            let value = value.ok_or(BadAnswer::MissingValue(number))?;
            if !condition.is_met_by(value) {
                return Err(BadAnswer::OtherValue(number));
            }
        }
        Ok(())
    }
}

impl Condition {
    /// Returns the value at the pointer. Of what lies on the way, only one level at a time is read: a tree of 64 KiB of JSON
    /// takes up to 7 MB.
    fn find<'a>(&self, document: &'a RawValue) -> Result<Option<&'a RawValue>, Error> {
        let mut value = document;
        for token in self.pointer.split('/').skip(1) {
            let token = token.replace("~1", "/").replace("~0", "~");
            let json = value.get();
            let next = match json.as_bytes() {
                [b'{', ..] => from_str::<BTreeMap<String, &RawValue>>(json)?.remove(&token),
                [b'[', ..] => match index(&token) {
                    Some(index) => from_str::<Vec<&RawValue>>(json)?.get(index).copied(),
                    None => None,
                },
                _ => None,
            };
            let Some(next) = next else { return Ok(None) };
            value = next;
        }
        Ok(Some(value))
    }

    fn is_met_by(&self, value: &RawValue) -> bool {
        let json = value.get();
        if json.starts_with('"') {
            return from_str::<String>(json).is_ok_and(|text| text == self.value);
        }
        let Ok(expected) = from_str::<Value>(&self.value) else { return false };
        // A tree is only built where one is expected.
        let is_tree = json.starts_with(['{', '[']);
        is_tree == (expected.is_array() || expected.is_object())
            && from_str(json).is_ok_and(|value| is_equal(&expected, &value))
    }
}

/// Reads the index of an array: RFC 6901, section 4.
fn index(token: &str) -> Option<usize> {
    let is_index = token == "0" || token.starts_with(|first: char| ('1'..='9').contains(&first));
    if is_index { token.parse().ok() } else { None }
}

/// Compares numbers by their value: 3, 3.0 and 3e0 are the same.
fn is_equal(expected: &Value, value: &Value) -> bool {
    let is_float = |value: &Value| value.is_f64();
    expected == value
        || (is_float(expected) || is_float(value))
            && matches!((expected.as_f64(), value.as_f64()), (Some(expected), Some(value)) if expected == value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(document: &str, conditions: &[&str]) -> Result<(), String> {
        let conditions: Vec<Condition> = conditions.iter().map(|text| text.parse().expect("a condition")).collect();
        let mut body = Document::new(&conditions);
        body.feed(document.as_bytes());
        body.judge().map_err(|reason| reason.to_string())
    }

    #[test]
    fn a_value_is_compared_by_its_kind() {
        let document =
            r#"{"status":"UP","up":true,"n":1.50,"no":null,"a":[1,"x"],"o":{"b":2,"a":1},"a/b":"s","m~n":"t","":"e"}"#;
        for met in [
            "/status=UP",
            "/up=true",
            "/n=1.5",
            "/n=15e-1",
            "/a/0=1.0",
            "/no=null",
            "/a/0=1",
            "/a/1=x",
            "/a=[1, \"x\"]",
            "/o={\"a\":1,\"b\":2}",
            "/a~1b=s",
            "/m~0n=t",
            "/=e",
        ] {
            assert_eq!(judged(document, &[met]), Ok(()), "{met}");
        }
        for other in ["/status=\"UP\"", "/status=up", "/up=True", "/up=1", "/n=1", "/a/0=x", "/status="] {
            let expected = "the value at the pointer of --json (number 1) is not the expected one";
            assert_eq!(judged(document, &[other]), Err(expected.into()), "{other}");
        }
        for missing in ["/none=", "/a/2=1", "/a/00=1", "/status/x=1"] {
            let expected = "the body has no value at the pointer of --json (number 2)";
            assert_eq!(judged(document, &["/status=UP", missing]), Err(expected.into()), "{missing}");
        }
        assert_eq!(judged("\"UP\"", &["=UP"]), Ok(()));
        for broken in ["", "{", "{} x", "<html>", "{\"a\":1,}", "\u{feff}{}"] {
            assert!(judged(broken, &["/a=1"]).is_err_and(|reason| reason.contains("not JSON")), "{broken}");
        }
        assert!(judged(&"[".repeat(60_000), &["/0=1"]).is_err());
    }

    #[test]
    fn a_condition_has_a_pointer_and_a_value() {
        for bad in ["", "status=UP", "/status", "UP"] {
            assert!(bad.parse::<Condition>().is_err(), "{bad}");
        }
    }
}
