//! The operating system, and the only unsafe code: what makes a start cheap and an end certain. One noun a file.

#![allow(unsafe_code)]

pub mod arena;
#[cfg(target_os = "linux")]
pub mod crash;
pub mod entry;
pub mod environment;
#[cfg(all(target_env = "musl", target_feature = "crt-static"))]
pub mod musl;
pub mod socket;
pub mod stdio;

/// Other systems are for development.
#[cfg(not(target_os = "linux"))]
pub mod crash {
    pub fn handle_crashes() {}
    pub fn end_at_signals() {}
}
