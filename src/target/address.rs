//! Addresses that may be this container's.

use std::net::{IpAddr, Ipv4Addr};

use super::bad_target::BadTarget;

/// The addresses of DNS resolvers that forward queries to other hosts: Docker's for user-defined networks, and the two of
/// systemd-resolved. A query and its answer would carry data out and in.
const RESOLVERS: [Ipv4Addr; 3] =
    [Ipv4Addr::new(127, 0, 0, 11), Ipv4Addr::new(127, 0, 0, 53), Ipv4Addr::new(127, 0, 0, 54)];

/// Checks that an address may be this container's.
pub fn check(address: IpAddr) -> Result<(), BadTarget> {
    // The kernel connects 0.0.0.0 and :: to itself, but neither is an address of a host.
    match address.to_canonical() {
        meant if meant.is_unspecified() => Err(BadTarget::Unspecified),
        IpAddr::V6(meant) if meant.is_unicast_link_local() => Err(BadTarget::LinkLocal),
        IpAddr::V4(meant) if RESOLVERS.contains(&meant) => Err(BadTarget::Resolver),
        meant if meant.is_multicast() || meant == Ipv4Addr::BROADCAST => Err(BadTarget::ForeignHost),
        _ => Ok(()),
    }
}
