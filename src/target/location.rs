//! Where a redirect leads: the reference in a Location header, RFC 9110, section 10.2.2.

use super::authority::Host;
use super::bad_target::BadTarget;
use super::{Target, UrlTarget, scheme_end};
use crate::percent::{NOT_IN_URLS, escaped};

impl UrlTarget {
    /// Resolves a reference against this target: RFC 3986, section 5.2. Bytes that a URL must escape are escaped, as curl
    /// and Go do. The fragment is for a browser.
    ///
    /// # Errors
    ///
    /// It leads to what can't be a target over HTTP.
    pub fn resolve(&self, reference: &[u8]) -> Result<Self, BadTarget> {
        let reference = escaped(reference.split(|&byte| byte == b'#').next().unwrap_or_default(), NOT_IN_URLS);
        let scheme = self.scheme.name;
        let base = self.path.as_str().split('?').next().unwrap_or_default();
        let path = match reference.as_bytes() {
            [b'/', b'/', ..] => return self.leads_to(&format!("{scheme}:{reference}")),
            [b'/', ..] => reference,
            [] | [b'?', ..] => format!("{base}{reference}"),
            _ if reference.split(['/', '?']).next().is_some_and(|segment| segment.contains(':')) => {
                return self.leads_to(&reference);
            }
            _ => format!("{}/{reference}", &base[..parent(base)]),
        };
        self.leads_to(&format!("{scheme}://{}{path}", self.authority))
    }

    /// Parses an absolute URL. `localhost` stays what it is in this target. Brackets are escaped, except around the host.
    fn leads_to(&self, url: &str) -> Result<Self, BadTarget> {
        let authority = scheme_end(url.as_bytes()).map_or(0, |end| end + 3);
        let length = url[authority..].find(['/', '?']).unwrap_or(url.len() - authority);
        let (begin, path) = url.split_at(authority + length);
        let path = without_dots(&escaped(path.as_bytes(), b"[]"));
        let Target::Http(mut target) = [begin, &path].concat().parse()? else {
            return Err(BadTarget::NotHttp);
        };
        let is_one_family = matches!(self.authority.host, Host::Localhost4 | Host::Localhost6);
        if is_one_family && target.authority.host == Host::Localhost {
            target.authority.host = self.authority.host;
        }
        Ok(target)
    }
}

/// Returns the length of a path without its last segment and the slash before it.
fn parent(path: &str) -> usize {
    path.bytes().rposition(|byte| byte == b'/').unwrap_or(0)
}

/// Removes the segments `.` and `..` from a path: RFC 3986, section 5.2.4.
pub fn without_dots(path: &str) -> String {
    let (path, query) = path.split_at(path.find('?').unwrap_or(path.len()));
    let mut kept = String::new();
    for segment in path.split('/').skip(1) {
        match segment {
            "." => {}
            ".." => kept.truncate(parent(&kept)),
            _ => kept.extend(["/", segment]),
        }
    }
    if path.ends_with("/.") || path.ends_with("/..") {
        kept.push('/');
    }
    kept + query
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_resolved_as_rfc_3986_says() {
        let Ok(Target::Http(base)) = "http://localhost:8080/b/c/d;p?q".parse() else { panic!("a target") };
        // Section 5.4, as far as it is about paths.
        for (reference, path) in [
            ("g", "/b/c/g"),
            ("./g", "/b/c/g"),
            ("g/", "/b/c/g/"),
            ("/g", "/g"),
            ("?y", "/b/c/d;p?y"),
            ("g?y", "/b/c/g?y"),
            ("#s", "/b/c/d;p"),
            ("g#s", "/b/c/g"),
            ("", "/b/c/d;p"),
            (".", "/b/c/"),
            ("./", "/b/c/"),
            ("..", "/b/"),
            ("../", "/b/"),
            ("../g", "/b/g"),
            ("../..", "/"),
            ("../../g", "/g"),
            ("../../../g", "/g"),
            ("/./g", "/g"),
            ("/../g", "/g"),
            ("g.", "/b/c/g."),
            ("..g", "/b/c/..g"),
            ("./g/.", "/b/c/g/"),
            ("g/../h", "/b/c/h"),
            ("g?y/../x", "/b/c/g?y/../x"),
            ("a b\u{e9}", "/b/c/a%20b%C3%A9"),
            ("a%20b", "/b/c/a%20b"),
            ("/y?a[b]=1", "/y?a%5Bb%5D=1"),
            ("y[1]", "/b/c/y%5B1%5D"),
        ] {
            let target = base.resolve(reference.as_bytes());
            assert_eq!(target.expect(reference).to_string(), format!("http://localhost:8080{path}"), "{reference}");
        }
        for (reference, url) in [
            ("http://127.0.0.1", "http://127.0.0.1:80/"),
            ("HTTP://localhost:81/x#y", "http://localhost:81/x"),
            ("//[::1]:81?x", "http://[::1]:81/?x"),
            ("//[::1]:81/x/../y", "http://[::1]:81/y"),
            ("http://[::1]:81?[x]", "http://[::1]:81/?%5Bx%5D"),
        ] {
            assert_eq!(base.resolve(reference.as_bytes()).expect(reference).to_string(), url);
        }
        for reference in
            ["http://example.com/", "//example.com", "http:g", "g:h", "ftp://localhost/", "tcp://localhost:1", "/%zz"]
        {
            assert!(base.resolve(reference.as_bytes()).is_err(), "{reference}");
        }
    }
}
