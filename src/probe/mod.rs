//! Runs the checks of a plan. Each file is one kind of probe, which opens a connection and returns healthy or the
//! reason why not.

mod attempts;
mod dns;
pub mod exchange;
pub mod fcgi;
mod file;
#[cfg(feature = "full")]
pub mod grpc_health;
pub mod http;
mod matcher;
mod pid;
mod redirect;
mod search;
pub mod service;
mod udp;

pub use attempts::{Outcome, run};
