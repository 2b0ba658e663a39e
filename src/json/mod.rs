//! Conditions on a JSON body, RFC 8259. In the small build, absent.rs replaces this file.

use std::str::FromStr;

use serde_json::Value;

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
        let document: Value = serde_json::from_slice(&self.bytes).map_err(|_| BadAnswer::NotJson)?;
        for (number, condition) in (1..).zip(self.conditions) {
            match document.pointer(&condition.pointer) {
                None => return Err(BadAnswer::MissingValue(number)),
                Some(value) if !condition.is_met_by(value) => return Err(BadAnswer::OtherValue(number)),
                Some(_) => {}
            }
        }
        Ok(())
    }
}

impl Condition {
    fn is_met_by(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => *text == self.value,
            other => serde_json::from_str::<Value>(&self.value).is_ok_and(|expected| is_equal(&expected, other)),
        }
    }
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
