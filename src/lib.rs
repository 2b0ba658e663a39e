//! lprobe asks the service in its own container "are you well?", and answers with its exit code: 0 healthy, 1 not.
//!
//! This library is the program's body, apart from `main` so that tests and fuzzers reach its parts. Data goes one way:
//! arguments -> `cli` -> `plan::Plan` -> `probe::run` -> outcomes -> `report` -> exit code. docs/architecture.md is the
//! map.

pub(crate) mod alert;
pub(crate) mod cli;
pub(crate) mod connect;
pub(crate) mod duration;
pub(crate) mod install;
#[cfg(feature = "full")]
pub(crate) mod json;
/// Stands in for JSON in the small build.
#[cfg(not(feature = "full"))]
#[path = "json/absent.rs"]
pub(crate) mod json;
pub(crate) mod number;
pub(crate) mod percent;
pub(crate) mod plan;
pub(crate) mod printable;
pub(crate) mod probe;
pub(crate) mod progress;
pub(crate) mod report;
pub(crate) mod seal;
pub(crate) mod status;
pub(crate) mod sys;
pub(crate) mod target;
#[cfg(feature = "full")]
pub(crate) mod tls;
/// Stands in for TLS in the small build.
#[cfg(not(feature = "full"))]
#[path = "tls/absent.rs"]
pub(crate) mod tls;
pub(crate) mod unhealthy;
pub(crate) mod wire;

/// Whether this is the full build, which has TLS and gRPC.
pub const FULL: bool = cfg!(feature = "full");

/// The way in for the program, its tests, its fuzzers and the renderer of its documents. Nothing here is for others.
#[doc(hidden)]
pub mod door {
    pub use crate::FULL;
    pub use crate::cli::{BadUsage, Command, expand, help, manual, options, pages, parse, personality, shown::shown};
    pub use crate::connect::Stream;
    pub use crate::install::Install;
    pub use crate::plan::{Exchange, Plan, Probe};
    #[cfg(feature = "full")]
    pub use crate::probe::grpc_health;
    pub use crate::probe::service::{SERVICES, judgement::Judgement};
    pub use crate::probe::{exchange, fcgi, http, run as probe};
    pub use crate::progress::Progress;
    pub use crate::status::Statuses;
    pub use crate::sys::arena::Arena;
    pub use crate::sys::entry::enter;
    pub use crate::sys::environment::program;
    #[cfg(all(target_env = "musl", target_feature = "crt-static"))]
    pub use crate::sys::musl;
    pub use crate::target::{Target, bad_target::BadTarget, scheme::SCHEMES};
    #[cfg(feature = "full")]
    pub use crate::{tls::workload_api, unhealthy::grpc::ServingStatus, wire::gzip};

    /// The alerts.
    pub mod alert {
        pub use crate::alert::raise;
    }

    /// The output.
    pub mod report {
        pub use crate::report::{outcomes, refusal, text};
    }
}
