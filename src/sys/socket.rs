//! The one socket option that tokio does not offer.

use std::os::fd::AsRawFd;

/// Leaves the choice of a port from `bind` (to port 0) to `connect`. Where a kernel does not know the option, the bind
/// still works, with fewer ports to choose from: so its failure is not one.
#[cfg(target_os = "linux")]
pub fn bind_address_no_port(socket: &impl AsRawFd) {
    let on: std::ffi::c_int = 1;
    // SAFETY: the option's value is an int, and its size is told.
    unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_IP,
            libc::IP_BIND_ADDRESS_NO_PORT,
            (&raw const on).cast(),
            size_of_val(&on) as libc::socklen_t,
        )
    };
}

/// Linux alone has the option.
#[cfg(not(target_os = "linux"))]
pub fn bind_address_no_port(_socket: &impl AsRawFd) {}
