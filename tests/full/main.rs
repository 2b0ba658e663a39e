//! What only lprobe-full has: TLS, HTTP/2 and gRPC, against real servers and misbehaving ones.

#![cfg(feature = "full")]

mod grpc;
mod http2;
mod memcheck;
mod peer;
mod pki;
mod spiffe;
#[path = "../support/mod.rs"]
mod support;
mod tls;
mod workload_api;
mod wrong_answers;
