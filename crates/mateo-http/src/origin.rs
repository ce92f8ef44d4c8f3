//! Where a request goes: the base URL, origins, and what a redirect's target is.

use std::{fmt, net::IpAddr};

use http::{Uri, uri};

/// Scheme, host and port (RFC 6454): what decides whether the key may be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    is_https: bool,
    /// In lower case.
    host: String,
    port: u16,
}

impl Origin {
    /// `None` for a URI without host, or of another scheme than http and https.
    pub(crate) fn of(uri: &Uri) -> Option<Self> {
        let is_https = match uri.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let host = uri.host().filter(|host| !host.is_empty())?.to_ascii_lowercase();
        let port = uri.port_u16().unwrap_or(if is_https { 443 } else { 80 });
        Some(Self { is_https, host, port })
    }

    /// Whether nobody can listen: https, or plain http that does not leave the machine.
    pub(crate) fn is_private(&self) -> bool {
        self.is_https || self.is_loopback()
    }

    pub(crate) fn is_https(&self) -> bool {
        self.is_https
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    fn is_loopback(&self) -> bool {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, usual) = if self.is_https {
            ("https", 443)
        } else {
            ("http", 80)
        };
        write!(f, "{scheme}://{}", self.host)?;
        if self.port == usual {
            Ok(())
        } else {
            write!(f, ":{}", self.port)
        }
    }
}

/// The URL that the API's paths are appended to.
#[derive(Debug, Clone)]
pub(crate) struct BaseUrl {
    origin: Origin,
    /// Scheme, authority and path, without a slash at the end.
    prefix: String,
}

/// Why a text is no base URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BaseUrlError {
    #[error("the base URL is not an absolute URL like https://integration.getmateo.com")]
    NotAUrl,
    #[error(
        "the base URL must be https: the API key would travel in the clear (http is accepted for this machine only)"
    )]
    NotPrivate,
    #[error("the base URL must not hold a user name or a password")]
    UserInfo,
    #[error("the base URL must not have a query or a fragment")]
    Query,
}

impl BaseUrl {
    pub(crate) fn parse(text: &str) -> Result<Self, BaseUrlError> {
        // `http::Uri` drops a fragment silently.
        if text.contains(['?', '#']) {
            return Err(BaseUrlError::Query);
        }
        let uri: Uri = text.parse().map_err(|_| BaseUrlError::NotAUrl)?;
        let origin = Origin::of(&uri).ok_or(BaseUrlError::NotAUrl)?;
        if has_user_info(&uri) {
            return Err(BaseUrlError::UserInfo);
        }
        if !origin.is_private() {
            return Err(BaseUrlError::NotPrivate);
        }
        let prefix = format!("{origin}{}", uri.path().trim_end_matches('/'));
        Ok(Self { origin, prefix })
    }

    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Whether `uri` goes to this URL's origin.
    pub(crate) fn covers(&self, uri: &Uri) -> bool {
        let origin = &self.origin;
        let (scheme, usual) = if origin.is_https {
            ("https", 443)
        } else {
            ("http", 80)
        };
        uri.scheme_str() == Some(scheme)
            && uri.port_u16().unwrap_or(usual) == origin.port
            && uri
                .host()
                .is_some_and(|host| host.eq_ignore_ascii_case(&origin.host))
    }

    /// `path` begins with a slash and may have a query.
    pub(crate) fn join(&self, path: &str, query: &str) -> Result<Uri, uri::InvalidUri> {
        let question = if query.is_empty() { "" } else { "?" };
        let mut url = String::with_capacity(self.prefix.len() + path.len() + question.len() + query.len());
        for part in [self.prefix.as_str(), path, question, query] {
            url.push_str(part);
        }
        Uri::from_maybe_shared(bytes::Bytes::from(url))
    }
}

pub(crate) fn has_user_info(uri: &Uri) -> bool {
    uri.authority()
        .is_some_and(|authority| authority.as_str().contains('@'))
}

/// The target of a redirect: a `Location` is relative to the request's URI (RFC 9110 section 10.2.2).
pub(crate) fn resolve(from: &Uri, location: &str) -> Option<Uri> {
    let location = location.split('#').next().unwrap_or_default();
    let (scheme, authority) = (from.scheme_str()?, from.authority()?);
    if let Some((before, _)) = location.split_once("://")
        && !before.is_empty()
        && before
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    {
        return location.parse().ok();
    }
    let absolute = if location.starts_with("//") {
        format!("{scheme}:{location}")
    } else if location.starts_with('/') {
        format!("{scheme}://{authority}{location}")
    } else if location.is_empty() || location.starts_with('?') {
        format!("{scheme}://{authority}{}{location}", from.path())
    } else {
        let folder = from.path().rsplit_once('/').map_or("", |(folder, _)| folder);
        format!("{scheme}://{authority}{folder}/{location}")
    };
    absolute.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Option<String> {
        Origin::of(&text.parse().unwrap()).map(|origin| origin.to_string())
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        assert_eq!(
            origin("https://API.example:443/x?y").as_deref(),
            Some("https://api.example")
        );
        assert_eq!(origin("http://[::1]:8080/").as_deref(), Some("http://[::1]:8080"));
        assert_eq!(origin("ftp://example/"), None);
        assert_eq!(origin("/relative"), None);
    }

    #[test]
    fn the_base_url_is_https_or_this_machine() {
        let refused = |text| BaseUrl::parse(text).unwrap_err();
        for good in [
            "https://example.test",
            "http://localhost:3000/",
            "http://127.0.0.1",
            "http://[::1]:1/a/",
        ] {
            BaseUrl::parse(good).unwrap();
        }
        for open in [
            "http://example.test",
            "http://10.0.0.1",
            "http://localhost.example.test",
            "http://127.0.0.1.evil.test",
        ] {
            assert_eq!(refused(open), BaseUrlError::NotPrivate, "{open}");
        }
        assert_eq!(
            refused("https://user:secret@example.test"),
            BaseUrlError::UserInfo
        );
        assert_eq!(refused("http://localhost@evil.test/"), BaseUrlError::UserInfo);
        assert_eq!(refused("https://example.test/?a=b"), BaseUrlError::Query);
        assert_eq!(refused("https://example.test/#x"), BaseUrlError::Query);
        for nonsense in [
            "",
            "example.test",
            "ftp://example.test",
            "https://",
            "https:///x",
            "a b",
        ] {
            assert_eq!(refused(nonsense), BaseUrlError::NotAUrl, "{nonsense:?}");
        }
    }

    #[test]
    fn a_base_url_covers_its_origin_and_no_other() {
        let base = BaseUrl::parse("https://api.test/proxy").unwrap();
        let covers = |uri: &str| base.covers(&uri.parse().unwrap());
        assert!(covers("https://api.test/x?y") && covers("https://API.test:443/"));
        for other in [
            "http://api.test/",
            "https://api.test:444/",
            "https://api.test.evil/",
            "https://evil/",
            "/x",
        ] {
            assert!(!covers(other), "{other}");
        }
    }

    #[test]
    fn paths_are_appended_to_the_base_urls_path() {
        let join = |base, query| {
            BaseUrl::parse(base)
                .unwrap()
                .join("/api/v1/import", query)
                .unwrap()
                .to_string()
        };
        assert_eq!(
            join("https://example.test/", "a=b"),
            "https://example.test/api/v1/import?a=b"
        );
        assert_eq!(
            join("https://example.test:8443/proxy//", ""),
            "https://example.test:8443/proxy/api/v1/import"
        );
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics_and_no_redirect_changes_an_origin_unseen(text in "[ -~é]{0,40}", location in "[ -~é]{0,40}") {
            let _ = BaseUrl::parse(&text);
            let from: Uri = "https://a.test/b/c?d".parse().unwrap();
            if let Some(target) = resolve(&from, &location)
                && !location.contains("//")
            {
                assert_eq!(Origin::of(&target), Origin::of(&from), "{location}");
            }
        }
    }

    #[test]
    fn redirects_are_relative_to_the_request() {
        let from: Uri = "https://a.test/b/c?d=e".parse().unwrap();
        let resolved = |location| resolve(&from, location).unwrap().to_string();
        assert_eq!(resolved("https://b.test/x#f"), "https://b.test/x");
        assert_eq!(resolved("//b.test/x"), "https://b.test/x");
        assert_eq!(resolved("/x?next=http://y"), "https://a.test/x?next=http://y");
        assert_eq!(resolved("x"), "https://a.test/b/x");
        assert_eq!(resolved("?x"), "https://a.test/b/c?x");
        assert_eq!(resolve(&from, "https://"), None);
    }
}
