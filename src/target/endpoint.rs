//! Where a connection goes: an address of this container, or a Unix socket.

use std::fmt;
use std::path::{Path, PathBuf};

use super::authority::Authority;
use super::bad_target::BadTarget;

/// The longest path of a Unix socket, in bytes: the limit of unix(7), less the NUL.
const MAX_SOCKET_PATH: usize = 107;

/// The longest path of a file, in bytes.
const MAX_FILE_PATH: usize = 8_000;

/// Where a connection goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// A host and a port.
    Authority(Authority),
    /// A Unix socket.
    Unix(PathBuf),
}

impl Endpoint {
    /// Reads gRPC's name of a Unix socket, `unix:PATH` or `unix:///PATH`. Returns `None` for other names.
    pub fn unix(text: &str) -> Option<Result<Self, BadTarget>> {
        let rest = text.strip_prefix("unix:")?;
        Some(socket_path(rest.strip_prefix("//").unwrap_or(rest)).map(Self::Unix))
    }
}

/// Reads the path of a Unix socket, or the name of an abstract one behind a NUL.
pub fn socket_path(path: &str) -> Result<PathBuf, BadTarget> {
    if let Some(name) = path.strip_prefix('\0') {
        return abstract_socket(name);
    }
    if path.len() > MAX_SOCKET_PATH { Err(BadTarget::SocketPath(MAX_SOCKET_PATH)) } else { absolute_path(path) }
}

/// Reads the path of a Unix socket in the working directory.
pub fn relative_socket_path(path: &str) -> Result<PathBuf, BadTarget> {
    match () {
        () if path.len() > MAX_SOCKET_PATH => Err(BadTarget::SocketPath(MAX_SOCKET_PATH)),
        () if path.contains(char::is_control) => Err(BadTarget::FilePath),
        () => Ok(path.into()),
    }
}

/// Reads the name of a socket in Linux's abstract namespace, which is a path after a NUL: unix(7).
pub fn abstract_socket(name: &str) -> Result<PathBuf, BadTarget> {
    match () {
        () if name.len() > MAX_SOCKET_PATH => Err(BadTarget::SocketPath(MAX_SOCKET_PATH)),
        () if name.is_empty() || name.contains(char::is_control) => Err(BadTarget::FilePath),
        () => Ok(["\0", name].concat().into()),
    }
}

/// Reads an absolute path, without unescaping it.
pub fn absolute_path(path: &str) -> Result<PathBuf, BadTarget> {
    match () {
        () if path.len() > MAX_FILE_PATH => Err(BadTarget::LongPath(MAX_FILE_PATH)),
        () if Path::new(path).is_absolute() && !path.contains(char::is_control) => Ok(path.into()),
        () => Err(BadTarget::FilePath),
    }
}

/// Prints what stands behind the scheme in a target.
impl fmt::Display for Endpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Authority(authority) => write!(out, "{authority}"),
            Self::Unix(path) => write!(out, "{}", path.display()),
        }
    }
}
