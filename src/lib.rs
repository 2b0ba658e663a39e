//! lprobe asks the service in its own container "are you well?", and answers with its exit code: 0 healthy, 1 not.
//!
//! This library is the program's body, apart from `main` so that tests, fuzzers and docs reach its parts. Data
//! goes one way: arguments -> [`cli`] -> [`plan::Plan`] -> [`probe::run`] -> outcomes -> [`report`] -> exit code.
//! [`target`], [`status`], [`duration`] and [`unhealthy`] are the ground floor; [`endpoint`] is the only module that opens
//! a connection, and [`sys`] the only one with unsafe code.

pub mod bad_target;
pub mod cli;
#[cfg(feature = "full")]
pub mod credentials;
#[cfg(feature = "full")]
pub mod crypto;
pub mod duration;
pub mod endpoint;
pub mod install;
pub mod plan;
pub mod probe;
pub mod progress;
pub mod report;
pub mod status;
pub mod sys;
pub mod target;
pub mod unhealthy;
