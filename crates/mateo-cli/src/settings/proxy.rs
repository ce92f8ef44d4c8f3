//! The proxy, from the variables that other programs read too.

use std::net::IpAddr;

use super::{Setting, Source};

/// The first that is set counts; all that leaves the machine is https, so that `HTTP_PROXY` means nothing here.
const PROXY: [&str; 4] = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
const NO_PROXY: [&str; 2] = ["no_proxy", "NO_PROXY"];

/// What requests go through.
#[derive(Debug, Clone)]
pub(crate) struct Proxy {
    pub(crate) url: Setting<String>,
    /// The hosts that are reached without it.
    pub(crate) except: Option<Setting<String>>,
}

impl Proxy {
    pub(super) fn find(env: &impl Fn(&str) -> Option<String>) -> Option<Self> {
        Some(Self {
            url: first(&PROXY, env)?,
            except: first(&NO_PROXY, env),
        })
    }

    /// The URL without a password.
    pub(crate) fn shown_url(&self) -> String {
        without_password(&self.url.value)
    }
}

fn first(names: &[&'static str], env: &impl Fn(&str) -> Option<String>) -> Option<Setting<String>> {
    names.iter().find_map(|name| {
        let value = env(name).filter(|value| !value.trim().is_empty())?;
        Some(Setting {
            value,
            source: Source::Env(name),
        })
    })
}

/// A URL with `***` in the place of a user and a password.
pub(crate) fn without_password(url: &str) -> String {
    let (scheme, rest) = url
        .split_once("://")
        .map_or(("", url), |(scheme, rest)| (scheme, rest));
    let separator = if scheme.is_empty() { "" } else { "://" };
    match rest.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}{separator}***@{host}"),
        None => url.to_owned(),
    }
}

/// Whether the URL is of this machine, which never goes through a proxy.
pub(crate) fn is_loopback(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let host = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or(v6),
        None => host.split(':').next().unwrap_or(host),
    };
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::{Proxy, is_loopback, without_password};

    fn found(pairs: &[(&str, &str)]) -> Option<(String, String)> {
        let env = |name: &str| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        };
        Proxy::find(&env).map(|proxy| (proxy.url.value, proxy.url.source.to_string()))
    }

    #[test]
    fn the_proxy_of_https_counts_before_that_of_all() {
        let all = ("ALL_PROXY", "http://all:1");
        assert_eq!(
            found(&[all, ("HTTPS_PROXY", "http://https:1")]),
            Some(("http://https:1".into(), "environment, HTTPS_PROXY".into()))
        );
        assert_eq!(found(&[all, ("https_proxy", " ")]).unwrap().0, "http://all:1");
        assert_eq!(found(&[("HTTP_PROXY", "http://plain:1")]), None);
    }

    #[test]
    fn a_password_is_not_shown() {
        assert_eq!(without_password("http://me:s3@p@proxy:1"), "http://***@proxy:1");
        assert_eq!(without_password("me:s3@proxy:1"), "***@proxy:1");
        assert_eq!(without_password("http://proxy:1"), "http://proxy:1");
    }

    #[test]
    fn this_machine_is_told_by_its_address() {
        for url in [
            "http://localhost:80/x",
            "http://127.9.9.9",
            "http://[::1]:80",
            "http://LOCALHOST",
        ] {
            assert!(is_loopback(url), "{url}");
        }
        for url in [
            "https://localhost.example",
            "https://10.0.0.1",
            "https://127.0.0.1.example",
        ] {
            assert!(!is_loopback(url), "{url}");
        }
    }
}
