//! The tests: the program as a process, against real servers and misbehaving ones. `make test` runs them on the binaries in
//! dist/, and plain `cargo test` on the one that cargo built, without what is marked as ignored.

mod binary;
mod bodies;
mod budgets;
mod cli;
mod corpus;
mod dist;
mod dns;
mod docs;
mod early;
mod engine;
mod exchange;
mod files;
#[cfg(feature = "full")]
mod full;
mod groups;
mod hostile;
mod http;
mod http_options;
mod install;
mod library;
mod memcheck;
mod nginx;
mod options;
mod personalities;
mod promises;
mod properties;
mod reach;
mod redirects;
mod sbom;
mod sealed;
mod seccomp;
mod secrets;
mod services;
mod several;
mod sloppy;
mod slow;
mod source;
mod standard_streams;
mod support;
mod surroundings;
mod tcp;
mod watch;
