//! Where a request goes: the base URL, origins, and what a redirect's target is.

use std::fmt;

use http::{Uri, uri};
use url::{Host, Url};

use crate::network;

/// Scheme, host and port (RFC 6454): what decides whether the key may be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    is_https: bool,
    host: Host,
    /// The host as it stands in a URL: in lower case, an IPv6 address in brackets.
    name: String,
    port: u16,
}

impl Origin {
    /// `None` for a URI without host, with a port beyond 65535, or of another scheme than http and https.
    pub(crate) fn of(uri: &Uri) -> Option<Self> {
        Self::of_url(&Url::parse(&uri.to_string()).ok()?)
    }

    fn of_url(url: &Url) -> Option<Self> {
        let is_https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        Some(Self {
            is_https,
            host: url.host()?.to_owned(),
            name: url.host_str()?.to_owned(),
            port: url.port_or_known_default()?,
        })
    }

    /// Whether nobody can listen: https, or plain http that does not leave the machine.
    pub(crate) fn is_confidential(&self) -> bool {
        self.is_https || self.is_loopback()
    }

    pub(crate) fn is_https(&self) -> bool {
        self.is_https
    }

    pub(crate) fn host(&self) -> &str {
        &self.name
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Whether the host is this machine, under a name that no DNS server can point elsewhere.
    pub(crate) fn is_loopback(&self) -> bool {
        match &self.host {
            Host::Domain(name) => name == "localhost",
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        }
    }

    /// Whether the host is, by its name or address, this machine or one of a private network.
    pub(crate) fn is_internal(&self) -> bool {
        match &self.host {
            Host::Domain(name) => {
                let name = name.trim_end_matches('.');
                name == "localhost" || name.ends_with(".localhost")
            }
            Host::Ipv4(address) => network::is_internal((*address).into()),
            Host::Ipv6(address) => network::is_internal((*address).into()),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, usual) = if self.is_https {
            ("https", 443)
        } else {
            ("http", 80)
        };
        write!(f, "{scheme}://{}", self.name)?;
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
    #[error("the base URL's port is not a number up to 65535")]
    Port,
    #[error(
        "the base URL must be https: the API key would travel in the clear (http is accepted for this machine only)"
    )]
    NotConfidential,
    #[error("the base URL must not hold a user name or a password")]
    UserInfo,
    #[error("the base URL must not have a query or a fragment")]
    Query,
}

impl BaseUrl {
    pub(crate) fn parse(text: &str) -> Result<Self, BaseUrlError> {
        let url = parse_absolute(text).map_err(|error| match error {
            url::ParseError::InvalidPort => BaseUrlError::Port,
            _ => BaseUrlError::NotAUrl,
        })?;
        let origin = Origin::of_url(&url).ok_or(BaseUrlError::NotAUrl)?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err(BaseUrlError::Query);
        }
        if has_user_info(&url) {
            return Err(BaseUrlError::UserInfo);
        }
        if !origin.is_confidential() {
            return Err(BaseUrlError::NotConfidential);
        }
        let prefix = format!("{origin}{}", url.path().trim_end_matches('/'));
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
                .is_some_and(|host| host.eq_ignore_ascii_case(&origin.name))
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

/// An absolute URL as people and servers write it: what must be escaped is escaped, and a host in another script is
/// encoded. Where the standard would guess (`https:/x`, `https:x`), it is no URL.
pub(crate) fn parse_absolute(text: &str) -> Result<Url, url::ParseError> {
    let has_host = text
        .split_once("://")
        .is_some_and(|(_, rest)| !rest.starts_with(['/', '\\']));
    if !has_host {
        return Err(url::ParseError::RelativeUrlWithoutBase);
    }
    Url::parse(text)
}

pub(crate) fn has_user_info(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// The target of a redirect: a `Location` is relative to the request's URI (RFC 9110 section 10.2.2). None with a user name
/// or a password, which a transport would send.
pub(crate) fn resolve(from: &Uri, location: &[u8]) -> Option<Uri> {
    let from = Url::parse(&from.to_string()).ok()?;
    let mut target = from.join(&String::from_utf8_lossy(location)).ok()?;
    target.set_fragment(None);
    if has_user_info(&target) {
        return None;
    }
    target.as_str().parse().ok()
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
            assert_eq!(refused(open), BaseUrlError::NotConfidential, "{open}");
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
    fn a_port_that_is_none_is_an_error_and_not_the_usual_one() {
        for text in [
            "https://example.test:99999",
            "https://example.test:65536/",
            "https://example.test:x",
        ] {
            assert_eq!(BaseUrl::parse(text).unwrap_err(), BaseUrlError::Port, "{text}");
        }
    }

    #[test]
    fn a_host_is_internal_however_its_address_is_written() {
        let internal = |url: &str| {
            Origin::of_url(&parse_absolute(url).unwrap())
                .unwrap()
                .is_internal()
        };
        for url in [
            "https://localhost/",
            "https://LOCALHOST./",
            "https://x.localhost/",
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f.0.0.1/",
            "https://0177.0.0.1/",
            "https://%31%32%37.0.0.1/",
            "https://10.0.0.1/",
            "https://169.254.169.254/latest/meta-data/",
            "https://192.168.1.1/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://[fe80::1]/",
            "https://0/",
        ] {
            assert!(internal(url), "{url}");
        }
        for url in [
            "https://files.test/",
            "https://8.8.8.8/",
            "https://[2a00::1]/",
            "https://localhost.test/",
        ] {
            assert!(!internal(url), "{url}");
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
            if let Some(target) = resolve(&from, location.as_bytes())
                && !location.contains("//") && !location.contains(['\\', ':'])
            {
                assert_eq!(Origin::of(&target), Origin::of(&from), "{location}");
            }
        }
    }

    #[test]
    fn redirects_are_relative_to_the_request() {
        let from: Uri = "https://a.test/b/c?d=e".parse().unwrap();
        let resolved = |location: &str| resolve(&from, location.as_bytes()).unwrap().to_string();
        assert_eq!(resolved("https://b.test/x#f"), "https://b.test/x");
        assert_eq!(resolved("//b.test/x"), "https://b.test/x");
        assert_eq!(resolved("/x?next=http://y"), "https://a.test/x?next=http://y");
        assert_eq!(resolved("x"), "https://a.test/b/x");
        assert_eq!(resolved("?x"), "https://a.test/b/c?x");
        assert_eq!(resolve(&from, b"https://user:secret@b.test/"), None);
        assert_eq!(resolve(&from, b"https://"), None);
        assert_eq!(resolve(&from, b"https://b.test:99999/"), None);
        assert_eq!(resolved("/a b\"|é"), "https://a.test/a%20b%22|%C3%A9");
    }
}
