//! The container's own hostname, as a host. Its addresses stand in /etc/hosts, where the engine writes them. No other name
//! is looked up, and nobody is asked.

use std::net::IpAddr;
use std::path::Path;

use super::address;
use super::bad_target::BadTarget;
use crate::sys::environment::hostname;
use crate::sys::file;

/// The container's own hostname.
#[derive(Debug, PartialEq, Eq)]
pub struct Hostname {
    /// The name, as the target spells it.
    pub name: String,
    /// Its addresses, in the order of /etc/hosts; at least one.
    pub addresses: Vec<IpAddr>,
}

impl Hostname {
    /// Reads the container's own hostname, and finds its addresses. The result is leaked: it is needed as long as the
    /// program runs, and a host can be copied.
    pub fn parse(text: &str) -> Result<&'static Self, BadTarget> {
        // It is also sent, in a Host header.
        let is_part_of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        if !text.bytes().all(is_part_of_name) || !hostname().eq_ignore_ascii_case(text.as_bytes()) {
            return Err(BadTarget::ForeignHost);
        }
        match addresses(&file::read(Path::new("/etc/hosts"), None).unwrap_or_default(), text) {
            addresses if addresses.is_empty() => Err(BadTarget::HostnameWithoutAddress),
            addresses => Ok(Box::leak(Box::new(Self { name: text.to_owned(), addresses }))),
        }
    }
}

/// Returns the addresses of `name` in a file of hosts(5), without those that a target can't have.
fn addresses(hosts: &[u8], name: &str) -> Vec<IpAddr> {
    let mut found = Vec::new();
    for line in hosts.split(|&byte| byte == b'\n') {
        let mut address = None;
        for word in line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()) {
            match address {
                _ if word.starts_with(b"#") => break,
                None => match str::from_utf8(word).ok().and_then(|word| word.parse().ok()) {
                    Some(parsed) if address::check(parsed).is_ok() => address = Some(parsed),
                    _ => break,
                },
                Some(address) if word.eq_ignore_ascii_case(name.as_bytes()) => found.push(address),
                Some(_) => {}
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addresses_of_a_hostname_stand_in_the_file() {
        let hosts = "127.0.0.1 localhost\n172.17.0.2\tweb.example Web # api\n#10.0.0.9 web\nfd00::2 web\n127.0.0.11 web\n\
            0.0.0.0 web\nfe80::1 web\nweb web\n10.0.0.8 website\n";
        let found = |name| addresses(hosts.as_bytes(), name).iter().map(IpAddr::to_string).collect::<Vec<_>>();
        assert_eq!(found("web"), ["172.17.0.2", "fd00::2"]);
        assert_eq!(found("WEB.example"), ["172.17.0.2"]);
        assert!(found("api").is_empty() && found("").is_empty());
    }
}
