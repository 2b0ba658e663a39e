//! Redirects: RFC 9110, section 15.4. Each leads to a target of this container, or the check is unhealthy.

use hyper::body::Incoming;
use hyper::header::LOCATION;
use hyper::{Method, Response};

use crate::plan::{Changes, Follow, HttpProbe, has_body};
use crate::target::bad_target::BadTarget;
use crate::target::endpoint::Endpoint;
use crate::unhealthy::Unhealthy;
use crate::unhealthy::connection::ConnectError;
use crate::unhealthy::http::BadAnswer;

/// The most redirects that are followed: Go's limit.
pub const MOST: u32 = 10;

const OUTSIDE: &str = "outside this container";

/// A redirect, as a response has it.
pub struct Redirect {
    status: u16,
    location: Vec<u8>,
}

/// Returns a reason that was found behind a redirect, and says so. No address in it is shown.
pub fn explain(reason: Unhealthy) -> Unhealthy {
    if let Unhealthy::NotConnected(tried) = &reason {
        let is_foreign = tried.iter().any(|(_, error)| matches!(error, ConnectError::ForeignAddress));
        return BadAnswer::Redirect(if is_foreign { OUTSIDE } else { "to a port that accepts no connection" }).into();
    }
    Unhealthy::Explained { before: "after a redirect: ", reason: reason.into(), after: "" }
}

impl Redirect {
    /// Returns the redirect that a response asks for. curl and wget follow any status from 300 to 399, and Go follows five.
    pub fn of(response: &Response<Incoming>, follow: Follow) -> Option<Self> {
        let status = response.status().as_u16();
        // A lookup by name would hash it, and take 600 bytes.
        let (_, location) = response.headers().iter().find(|(name, _)| *name == LOCATION)?;
        let is_redirect =
            matches!(status, 301..=303 | 307 | 308) || follow == Follow::Any && (300..400).contains(&status);
        // curl and Go take one that leads nowhere for the last answer.
        (is_redirect && !location.is_empty()).then(|| Self { status, location: location.as_bytes().into() })
    }

    /// Returns the probe that follows `probe`. It is a GET where curl and Go make it one.
    ///
    /// # Errors
    ///
    /// The redirect leads elsewhere.
    #[inline(never)]
    pub fn follow(&self, probe: &HttpProbe) -> Result<HttpProbe, BadAnswer> {
        let target = probe.target.resolve(&self.location).map_err(|reason| match reason {
            BadTarget::NotInThisBuild => BadAnswer::Redirect("to HTTPS, which only lprobe-full speaks"),
            BadTarget::Percent | BadTarget::Nul | BadTarget::LongPath(_) => BadAnswer::Redirect("to a malformed URL"),
            _ => BadAnswer::Redirect(OUTSIDE),
        })?;
        let tls = probe.tls.clone().map(|tls| tls.of_other_host(probe.target.authority.host, target.authority.host));
        if target.scheme.tls && tls.is_none() {
            return Err(BadAnswer::Redirect("to https://, and no option for TLS says whom to trust"));
        }
        let endpoint = match &probe.endpoint {
            Endpoint::Authority(_) => Endpoint::Authority(target.authority),
            socket => socket.clone(),
        };
        let Changes { mut to_get, mut to_other } = probe.changes;
        to_get |= match self.status {
            303 => probe.request.method != Method::HEAD,
            301 | 302 => has_body(&probe.request.method),
            _ => false,
        };
        to_other |= target.authority != probe.target.authority || target.scheme != probe.target.scheme;
        let changes = Changes { to_get, to_other };
        Ok(HttpProbe { target, endpoint, tls, request: probe.request.clone(), changes })
    }
}
