//! The socket options that tokio does not offer. Only Linux has them.

#[cfg(target_os = "linux")]
use std::ffi::c_int;
#[cfg(target_os = "linux")]
use std::os::fd::AsRawFd;

/// Leaves the choice of the local port to `connect`. A bind to port 0 chooses it otherwise. If the kernel does not know
/// the option, the bind still works, with fewer ports to choose from, so that a failure does not matter.
#[cfg(target_os = "linux")]
pub fn bind_address_no_port(socket: &impl AsRawFd) {
    let on: c_int = 1;
    set(socket, libc::IPPROTO_IP, libc::IP_BIND_ADDRESS_NO_PORT, &on.to_ne_bytes());
}

/// Keeps the packets of a socket on the loopback device, whatever rules rewrite their addresses. Before Linux 5.7, the
/// kernel lets only root do so, and a failure leaves the kernel's own rules for 127/8.
#[cfg(target_os = "linux")]
pub fn bind_to_loopback_device(socket: &impl AsRawFd) {
    set(socket, libc::SOL_SOCKET, libc::SO_BINDTODEVICE, b"lo\0");
}

#[cfg(target_os = "linux")]
fn set(socket: &impl AsRawFd, level: c_int, option: c_int, value: &[u8]) {
    // SAFETY: the value is as long as the call says.
    unsafe {
        libc::setsockopt(socket.as_raw_fd(), level, option, value.as_ptr().cast(), value.len() as libc::socklen_t)
    };
}

/// Does nothing: other systems are for development.
#[cfg(not(target_os = "linux"))]
pub fn bind_address_no_port<S>(_socket: &S) {}

/// Does nothing: other systems are for development.
#[cfg(not(target_os = "linux"))]
pub fn bind_to_loopback_device<S>(_socket: &S) {}
