//! What only lprobe-full has: TLS, HTTP/2 and gRPC, against real servers and misbehaving ones.

pub mod chains;
mod grpc;
mod grpc_times;
mod http2;
mod json;
mod memcheck;
mod openssl;
pub mod peer;
pub mod pki;
mod redirects;
mod spiffe;
mod streams;
mod tls;
mod tls_files;
mod trust;
pub mod workload_api;
mod wrong_answers;
