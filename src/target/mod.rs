//! The meaning of a target string. It is parsed once, here: a [`Target`] that exists may be probed. Whether an address
//! literal is an address of this container is for the kernel to say, in [`crate::connect`].

mod address;
pub mod authority;
pub mod bad_target;
pub mod domain_name;
pub mod endpoint;
pub mod hostname;
pub mod location;
pub mod scheme;
pub mod url_path;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::FULL;
use crate::duration;
use crate::probe::service::Service;
use authority::Authority;
use bad_target::BadTarget;
use domain_name::domain_name;
use endpoint::{Endpoint, absolute_path, socket_path};
use scheme::{Kind, Scheme};
use url_path::UrlPath;

/// One thing to probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// `http://` and `https://`.
    Http(UrlTarget),
    /// `fcgi://`.
    Fcgi(UrlTarget),
    /// `grpc://` and `grpcs://`.
    Grpc(GrpcTarget),
    /// `tcp://`, `tls://` and `unix://`: the scheme, and where the stream leads.
    Stream(&'static Scheme, Endpoint),
    /// `udp://`.
    Udp(Authority),
    /// `dns://`: the server, and the name to ask it for. The form is that of RFC 4501, without a class and a type.
    Dns(Authority, String),
    /// `redis://` and the other services: the scheme, the kind of server, and its address.
    Service(&'static Scheme, &'static Service, Authority),
    /// `file://`.
    File(FileTarget),
    /// `pid://`: the path of the file that has the ID of a process.
    Pid(PathBuf),
}

/// An HTTP or FastCGI server, and the path to request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlTarget {
    /// The scheme.
    pub scheme: &'static Scheme,
    /// The address to connect to, and the value of the Host header.
    pub authority: Authority,
    /// The path to request.
    pub path: UrlPath,
}

/// A gRPC server, and the service to ask its health service about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrpcTarget {
    /// Whether the connection uses TLS.
    pub tls: bool,
    /// The address to connect to, and the authority of the call.
    pub authority: Authority,
    /// The service; an empty name is the server as a whole.
    pub service: String,
}

/// A heartbeat file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileTarget {
    /// The path of the file.
    pub path: PathBuf,
    /// The longest time since the last modification that is healthy.
    pub max_age: Option<Duration>,
    /// The smallest size in bytes that is healthy.
    pub min_size: u64,
}

impl Target {
    /// Returns the scheme of the target.
    pub fn scheme(&self) -> &'static Scheme {
        let name = match self {
            Self::Http(url) | Self::Fcgi(url) => return url.scheme,
            Self::Grpc(grpc) => return Scheme::grpc(grpc.tls),
            Self::Udp(_) => "udp",
            Self::Stream(scheme, _) | Self::Service(scheme, ..) => return scheme,
            Self::Dns(..) => "dns",
            Self::File(_) => "file",
            Self::Pid(_) => "pid",
        };
        Scheme::named(name).expect("each of these names is in the table")
    }

    /// Makes `localhost` mean its address of one family only.
    ///
    /// # Errors
    ///
    /// The host has an address of the other family.
    pub fn use_family(&mut self, is_ipv6: bool) -> Result<(), BadTarget> {
        let authority = match self {
            Self::Http(url) | Self::Fcgi(url) => &mut url.authority,
            Self::Grpc(grpc) => &mut grpc.authority,
            Self::Stream(_, Endpoint::Authority(authority))
            | Self::Udp(authority)
            | Self::Dns(authority, _)
            | Self::Service(.., authority) => authority,
            Self::Stream(_, Endpoint::Unix(_)) | Self::File(_) | Self::Pid(_) => return Ok(()),
        };
        authority.use_family(is_ipv6)
    }
}

impl UrlTarget {
    /// Returns the value of the Host header, RFC 9110, section 7.2: without the port if it is the default port of the
    /// scheme.
    pub fn host(&self) -> String {
        let Authority { host, port } = self.authority;
        if self.scheme.port == Some(port) { host.to_string() } else { self.authority.to_string() }
    }
}

impl FromStr for Target {
    type Err = BadTarget;

    fn from_str(text: &str) -> Result<Self, BadTarget> {
        if text.starts_with(':') {
            return url(text, Scheme::http(false)).map(Self::Http);
        }
        if text.starts_with('!') {
            return Err(BadTarget::Negated);
        }
        let mark = scheme_end(text.as_bytes()).ok_or_else(|| without_scheme(text))?;
        let (name, rest) = (&text[..mark], &text[mark + 3..]);
        let scheme = Scheme::named(name).ok_or(BadTarget::Scheme)?;
        if !scheme.is_available() {
            return Err(BadTarget::NotInThisBuild);
        }
        match scheme.kind {
            Kind::Http => url(rest, scheme).map(Self::Http),
            Kind::Fcgi => url(rest, scheme).map(Self::Fcgi),
            Kind::Grpc if FULL => grpc(rest, scheme),
            Kind::Grpc => Err(BadTarget::NotInThisBuild),
            Kind::Tcp => {
                authority_alone(rest, scheme).map(|authority| Self::Stream(scheme, Endpoint::Authority(authority)))
            }
            Kind::Unix => socket_path(rest).map(|path| Self::Stream(scheme, Endpoint::Unix(path))),
            Kind::Udp => authority_alone(rest, scheme).map(Self::Udp),
            Kind::Dns => {
                let (authority, name) = rest.split_once('/').unwrap_or((rest, ""));
                Ok(Self::Dns(Authority::parse(authority, scheme.port)?, domain_name(name)?))
            }
            Kind::Service(service) => {
                authority_alone(rest, scheme).map(|authority| Self::Service(scheme, service, authority))
            }
            Kind::File => file(rest),
            Kind::Pid => absolute_path(rest).map(Self::Pid),
        }
    }
}

/// Returns the length of the scheme before `://`.
pub fn scheme_end(text: &[u8]) -> Option<usize> {
    // A search for a text by std is 400 bytes larger.
    text.windows(3).position(|window| window == b"://")
}

/// Returns the reason for a target without a scheme. It suggests the target with `http://`, if that is one. The query
/// is left out, since it may be a secret.
fn without_scheme(text: &str) -> BadTarget {
    let end = text.find(['?', '#']).unwrap_or(text.len());
    let begin = &text[..end];
    let is_port = begin.split('/').next().is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    match url(&if is_port { format!(":{begin}") } else { begin.into() }, Scheme::http(false)) {
        Ok(target) if !begin.starts_with('/') => BadTarget::NoScheme(target.to_string()),
        _ => BadTarget::Scheme,
    }
}

fn url(rest: &str, scheme: &'static Scheme) -> Result<UrlTarget, BadTarget> {
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    // `http:///x` is a slip of the pen more often than localhost.
    if authority.is_empty() && matches!(scheme.kind, Kind::Http) {
        return Err(BadTarget::NoAuthority);
    }
    let authority = Authority::parse(authority, scheme.port)?;
    Ok(UrlTarget { scheme, authority, path: path.parse()? })
}

/// Reads a gRPC target. Names of services are seldom more than letters and dots; `--service` accepts all others.
fn grpc(rest: &str, scheme: &Scheme) -> Result<Target, BadTarget> {
    let (authority, service) = rest.split_once('/').unwrap_or((rest, ""));
    if !service.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#%".contains(&byte)) {
        return Err(BadTarget::Service);
    }
    let authority = authority_alone(authority, scheme)?;
    Ok(Target::Grpc(GrpcTarget { tls: scheme.tls, authority, service: service.into() }))
}

fn authority_alone(rest: &str, scheme: &Scheme) -> Result<Authority, BadTarget> {
    if rest.contains(['/', '?', '#']) { Err(BadTarget::NoPath) } else { Authority::parse(rest, scheme.port) }
}

fn file(rest: &str) -> Result<Target, BadTarget> {
    let (path, query) = rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)));
    let mut file = FileTarget { path: absolute_path(path)?, max_age: None, min_size: 0 };
    for condition in query.into_iter().flat_map(|query| query.split('&')) {
        match condition.split_once('=') {
            Some(("max-age", age)) if file.max_age.is_none() => {
                file.max_age = Some(duration::span(age).map_err(|_| BadTarget::MaxAge)?);
            }
            Some(("min-size", size)) if file.min_size == 0 => file.min_size = min_size(size)?,
            _ => return Err(BadTarget::FileQuery),
        }
    }
    Ok(Target::File(file))
}

/// Reads a size of 1 byte or more, in digits only.
fn min_size(text: &str) -> Result<u64, BadTarget> {
    match text.parse() {
        Ok(size @ 1..) if text.bytes().all(|byte| byte.is_ascii_digit()) => Ok(size),
        _ => Err(BadTarget::MinSize),
    }
}

impl fmt::Display for Target {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(url) | Self::Fcgi(url) => write!(out, "{url}"),
            Self::Grpc(grpc) => write!(out, "{grpc}"),
            Self::Stream(scheme, endpoint) => write!(out, "{}://{endpoint}", scheme.name),
            Self::Udp(authority) => write!(out, "udp://{authority}"),
            Self::Service(scheme, _, authority) => write!(out, "{}://{authority}", scheme.name),
            Self::Dns(authority, name) => write!(out, "dns://{authority}/{name}"),
            Self::File(file) => write!(out, "{file}"),
            Self::Pid(path) => write!(out, "pid://{}", path.display()),
        }
    }
}

impl fmt::Display for UrlTarget {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}://{}{}", self.scheme.name, self.authority, self.path.as_str())
    }
}

impl fmt::Display for GrpcTarget {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}://{}", Scheme::grpc(self.tls).name, self.authority)?;
        if self.service.is_empty() { Ok(()) } else { write!(out, "/{}", self.service) }
    }
}

impl fmt::Display for FileTarget {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "file://{}", self.path.display())?;
        let mut mark = '?';
        if let Some(age) = self.max_age {
            let finer = age.subsec_nanos() % 1_000_000;
            write!(out, "{mark}max-age={}ms", duration::milliseconds(age))?;
            if finer > 0 {
                write!(out, "{finer}ns")?;
            }
            mark = '&';
        }
        if self.min_size == 0 { Ok(()) } else { write!(out, "{mark}min-size={}", self.min_size) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scheme::SCHEMES;

    #[test]
    fn a_target_prints_and_parses_back_to_itself() {
        for (text, printed) in [
            (":8080/healthz", "http://localhost:8080/healthz"),
            ("HTTP://[::1]?a=b", "http://[::1]:80/?a=b"),
            ("tcp://:5432", "tcp://localhost:5432"),
            ("unix:///run/x.sock", "unix:///run/x.sock"),
            ("redis://", "redis://localhost:6379"),
            ("file:///run/alive?max-age=1m30s", "file:///run/alive?max-age=90000ms"),
            ("file:///run/alive?min-size=010&max-age=1s", "file:///run/alive?max-age=1000ms&min-size=10"),
            ("dns://:53/LocalHost.", "dns://localhost:53/LocalHost."),
            ("dns://[::1]/.", "dns://[::1]:53/."),
            ("fcgi:///ping?full", "fcgi://localhost:9000/ping?full"),
            ("fcgi://[::1]:1", "fcgi://[::1]:1/"),
            ("pid:///run/x.pid", "pid:///run/x.pid"),
        ] {
            let target: Target = text.parse().expect(text);
            assert_eq!(target.to_string(), printed);
            assert_eq!(printed.parse(), Ok(target));
        }
    }

    #[test]
    fn each_scheme_that_this_build_has_is_parsed_and_known_by_its_name() {
        for scheme in &SCHEMES {
            let rest = match scheme.kind {
                Kind::Dns => "localhost:1/x",
                _ if scheme.has_host() => "localhost:1",
                _ => "/x",
            };
            let target = format!("{}://{rest}", scheme.name).parse::<Target>();
            match scheme.is_available() {
                true => assert_eq!(target.expect(scheme.name).scheme(), scheme),
                false => assert_eq!(target, Err(BadTarget::NotInThisBuild)),
            }
        }
    }

    #[test]
    fn a_target_without_a_scheme_is_told_which_is_meant() {
        let meant = |text: &str| BadTarget::NoScheme(text.into());
        for (text, reason) in [
            ("8080", meant("http://localhost:8080/")),
            ("localhost:8080/x?token=secret", meant("http://localhost:8080/x")),
            ("example.com:80", BadTarget::Scheme),
            ("/healthz", BadTarget::Scheme),
            ("", BadTarget::Scheme),
        ] {
            assert_eq!(text.parse::<Target>(), Err(reason), "{text}");
        }
    }
}
