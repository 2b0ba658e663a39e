//! The interface to the operating system, and the only unsafe code. It makes the start cheap and the exit certain. Each
//! file has one subject.

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

/// Replaces the handlers on other systems, which are for development only.
#[cfg(not(target_os = "linux"))]
pub mod crash {
    pub use std::process::exit;

    pub fn handle_crashes() {}
    pub fn end_at_signals() {}
}
