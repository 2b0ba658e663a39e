//! The one socket option that tokio does not offer.

use std::os::fd::AsRawFd;

/// Makes `bind` to port 0 leave the choice of the port to `connect`. If the kernel does not know the option, the bind
/// still works, with fewer ports to choose from. So a failure is ignored.
#[cfg(target_os = "linux")]
pub fn bind_address_no_port(socket: &impl AsRawFd) {
    let on: std::ffi::c_int = 1;
    // SAFETY: the option's value is an int, and its size is passed.
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

/// Does nothing: only Linux has the option.
#[cfg(not(target_os = "linux"))]
pub fn bind_address_no_port(_socket: &impl AsRawFd) {}
