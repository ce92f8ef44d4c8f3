//! Where a request goes: the base URL, who its host is, and what a redirect's target is.

use http::{Uri, uri};
use url::{Host, ParseError, Url};

use crate::network;

/// The URL that the API's paths are appended to: https, or of this machine.
#[derive(Debug, Clone)]
pub(crate) struct BaseUrl(Url);

impl BaseUrl {
    /// The error is a sentence.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let url = parse("the base URL", text)?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err("the base URL must not have a query or a fragment".to_owned());
        }
        if !is_confidential(&url) {
            return Err(
                "the base URL must be https: the API key would travel in the clear (http is accepted for this machine only)"
                    .to_owned(),
            );
        }
        Ok(Self(url))
    }

    /// Scheme, host and port (RFC 6454).
    pub(crate) fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    pub(crate) fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }

    /// Whether `uri` goes to this URL's origin: what decides whether the key may be sent.
    pub(crate) fn covers(&self, uri: &Uri) -> bool {
        url(uri).is_some_and(|url| url.origin() == self.0.origin())
    }

    /// `path` begins with a slash.
    pub(crate) fn join(&self, path: &str, query: &str) -> Result<Uri, uri::InvalidUri> {
        let prefix = self.0.as_str().trim_end_matches('/');
        let question = if query.is_empty() { "" } else { "?" };
        Uri::from_maybe_shared(bytes::Bytes::from([prefix, path, question, query].concat()))
    }
}

/// An absolute URL of http or https as people and servers write it: what must be escaped is escaped, and a host in another
/// script is encoded. Where the standard would guess (`https:/x`, `https:x`), it is no URL. The error is a sentence about
/// `what`.
pub(crate) fn parse(what: &str, text: &str) -> Result<Url, String> {
    let rest = text.split_once("://").map(|(_, rest)| rest);
    let has_host = rest.is_some_and(|rest| !rest.starts_with(['/', '\\']));
    match Url::parse(text) {
        Ok(url) if has_user_info(&url) => Err(format!("{what} must not hold a user name or a password")),
        Ok(url) if has_host && matches!(url.scheme(), "http" | "https") => Ok(url),
        Err(ParseError::InvalidPort) => Err(format!("the port of {what} is not a number up to 65535")),
        _ => Err(format!("{what} is not an absolute URL like https://example.com")),
    }
}

pub(crate) fn url(uri: &Uri) -> Option<Url> {
    Url::parse(&uri.to_string()).ok()
}

fn has_user_info(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// Whether nobody can listen: https, or plain http that does not leave the machine.
pub(crate) fn is_confidential(url: &Url) -> bool {
    url.scheme() == "https" || is_loopback(url)
}

/// Whether the host is this machine, under a name that no DNS server can point elsewhere.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether the host is, by its name or address, this machine or one of a private network.
pub(crate) fn is_internal(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => network::is_internal(address.into()),
        Some(Host::Ipv6(address)) => network::is_internal(address.into()),
        None => false,
    }
}

/// The target of a redirect: a `Location` is relative to the request's URI (RFC 9110 section 10.2.2). `None` for another
/// scheme than http and https, and with a user name or a password, which a transport would send.
pub(crate) fn resolve(from: &Uri, location: &[u8]) -> Option<Uri> {
    let mut target = url(from)?.join(&String::from_utf8_lossy(location)).ok()?;
    target.set_fragment(None);
    let is_http = matches!(target.scheme(), "http" | "https");
    (is_http && !has_user_info(&target)).then(|| target.as_str().parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let origin = |text: &str| BaseUrl::parse(text).ok().map(|base| base.origin());
        assert_eq!(
            origin("https://API.example:443/x").as_deref(),
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
            assert!(refused(open).contains("must be https"), "{open}");
        }
        for (text, why) in [
            ("https://user:secret@example.test", "user name or a password"),
            ("http://localhost@evil.test/", "user name or a password"),
            ("https://example.test/?a=b", "query or a fragment"),
            ("https://example.test/#x", "query or a fragment"),
        ] {
            assert!(refused(text).contains(why), "{text}");
        }
        for nonsense in [
            "",
            "example.test",
            "ftp://example.test",
            "https://",
            "https:///x",
            "a b",
        ] {
            assert!(refused(nonsense).contains("not an absolute URL"), "{nonsense:?}");
        }
    }

    #[test]
    fn a_port_that_is_none_is_an_error_and_not_the_usual_one() {
        for text in [
            "https://example.test:99999",
            "https://example.test:65536/",
            "https://example.test:x",
        ] {
            assert!(
                BaseUrl::parse(text)
                    .unwrap_err()
                    .starts_with("the port of the base URL"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_host_is_internal_however_its_address_is_written() {
        let internal = |url: &str| is_internal(&parse("it", url).unwrap());
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
                assert_eq!(url(&target).unwrap().origin(), url(&from).unwrap().origin(), "{location}");
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
        assert_eq!(resolve(&from, b"ftp://b.test/x"), None);
        assert_eq!(resolve(&from, b"https://"), None);
        assert_eq!(resolve(&from, b"https://b.test:99999/"), None);
        assert_eq!(resolved("/a b\"|é"), "https://a.test/a%20b%22|%C3%A9");
    }
}
