//! The interface to the operating system, and the only unsafe code. It makes the start cheap and the exit certain. Each
//! file has one subject.

#![allow(unsafe_code)]

#[cfg(all(target_os = "linux", feature = "full"))]
pub mod alarm;
pub mod arena;
#[cfg(target_os = "linux")]
pub mod crash;
pub mod entry;
pub mod environment;
pub mod file;
mod heap;
#[cfg(all(target_env = "musl", target_feature = "crt-static"))]
pub mod musl;
pub mod process;
pub mod section;
pub mod socket;
pub mod stdio;

/// Replaces the alarm on other systems, which are for development only.
#[cfg(all(not(target_os = "linux"), feature = "full"))]
pub mod alarm {
    pub struct Alarm;

    impl Alarm {
        pub fn after(_time: std::time::Duration) -> Self {
            Self
        }
    }

    pub struct Line(pub std::ffi::CString);

    impl Line {
        pub fn show(&self) {}
    }
}

/// Replaces the handlers on other systems, which are for development only.
#[cfg(not(target_os = "linux"))]
pub mod crash {
    pub use std::process::exit;

    pub fn handle_signals() {}
    pub fn end_at_signals() {}
}
