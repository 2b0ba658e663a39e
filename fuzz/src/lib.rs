//! What each fuzz target does with an input, and what must hold of it. `make fuzz` makes the inputs up; tests/corpus.rs
//! runs the same code on those in corpus/. Each `accepts` tells whether the input is taken: as arguments, as a target, as
//! a healthy server's answer.

pub mod arguments;
#[cfg(feature = "full")]
pub mod decoders;
pub mod exchange;
pub mod expand;
pub mod fastcgi;
pub mod greetings;
#[cfg(feature = "full")]
pub mod http2;
pub mod peer;
pub mod reading;
pub mod response;
#[cfg(feature = "full")]
pub mod rfc7541;
pub mod rfc9112;
#[cfg(feature = "full")]
pub mod rfc9113;
pub mod target;
