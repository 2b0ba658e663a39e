//! Runs a plan's checks. One file a kind of probe, each of which opens a connection and says healthy or why not.

mod attempts;
pub mod exchange;
mod file;
#[cfg(feature = "full")]
pub mod grpc_health;
pub mod http;
pub mod judgement;
pub mod service;
mod udp;

pub use attempts::{Outcome, run};
