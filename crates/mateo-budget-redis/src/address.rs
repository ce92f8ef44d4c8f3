//! From a URL to the servers it means.

use std::fmt;
use std::time::Duration;

use redis::{
    Client, ConnectionAddr, IntoConnectionInfo,
    cluster::{ClusterClient, ClusterClientBuilder},
    sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType},
};
use tokio::sync::Mutex;
use url::Url;

use crate::error::RedisStoreError;

/// How long connecting or one answer may take.
pub(crate) const ATTEMPT: Duration = Duration::from_millis(1500);

/// How to reach the server.
pub(crate) enum Servers {
    Single(Client),
    Cluster(ClusterClient),
    Sentinel(Mutex<SentinelClient>),
}

impl fmt::Debug for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Single(_) => "Single",
            Self::Cluster(_) => "Cluster",
            Self::Sentinel(_) => "Sentinel",
        })
    }
}

impl Servers {
    /// Reads a URL; the README has its forms. Also returns how to show it, without a password.
    pub(crate) fn read(text: &str) -> Result<(Self, String), RedisStoreError> {
        let (scheme, rest) = text
            .split_once("://")
            .ok_or_else(|| RedisStoreError::Url("it has no scheme, such as redis://".to_owned()))?;
        let shown = format!(
            "{scheme}://{}",
            rest.rsplit_once('@').map_or(rest, |(_, host)| host)
        );
        let shown = shown.split('?').next().unwrap_or_default().to_owned();
        let is_tls = scheme.starts_with("rediss") || scheme.starts_with("valkeys");
        if is_tls {
            install_provider();
        }
        let servers = match scheme {
            "redis-cluster" | "rediss-cluster" => cluster(rest, is_tls)?,
            "redis-sentinel" | "rediss-sentinel" => sentinel(rest, is_tls)?,
            _ => Self::Single(Client::open(text).map_err(unusable)?),
        };
        Ok((servers, shown))
    }
}

/// The redis crate takes the process's provider, and there must be one.
fn install_provider() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Somebody else may have been faster, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

fn unusable(error: impl fmt::Display) -> RedisStoreError {
    RedisStoreError::Url(error.to_string())
}

/// The user and the password of a URL with several hosts, the hosts, and the path.
fn parts(rest: &str) -> (&str, impl Iterator<Item = &str>, &str) {
    let (login, rest) = rest.rsplit_once('@').unwrap_or(("", rest));
    let (hosts, path) = rest.split_once('/').unwrap_or((rest, ""));
    (login, hosts.split(','), path)
}

fn cluster(rest: &str, is_tls: bool) -> Result<Servers, RedisStoreError> {
    let (login, hosts, _) = parts(rest);
    let scheme = if is_tls { "rediss" } else { "redis" };
    let at = if login.is_empty() { "" } else { "@" };
    let nodes = hosts.map(|host| format!("{scheme}://{login}{at}{host}").into_connection_info());
    let nodes: Vec<_> = nodes.collect::<Result<_, _>>().map_err(unusable)?;
    let client = ClusterClientBuilder::new(nodes)
        .connection_timeout(ATTEMPT)
        .response_timeout(ATTEMPT)
        .retries(1)
        .build();
    Ok(Servers::Cluster(client.map_err(unusable)?))
}

fn sentinel(rest: &str, is_tls: bool) -> Result<Servers, RedisStoreError> {
    let (login, hosts, path) = parts(rest);
    let (name, database) = path.split_once('/').unwrap_or((path, ""));
    if name.is_empty() {
        return Err(RedisStoreError::Url(
            "it lacks the name that Sentinel has for the primary, as in redis-sentinel://host/NAME"
                .to_owned(),
        ));
    }
    let mut sentinels = Vec::new();
    for host in hosts {
        let url = Url::parse(&format!("redis://{host}")).map_err(unusable)?;
        let host = url.host_str().unwrap_or("localhost").to_owned();
        let port = url.port().unwrap_or(26_379);
        sentinels.push(if is_tls {
            ConnectionAddr::TcpTls {
                host,
                port,
                insecure: false,
                tls_params: None,
            }
        } else {
            ConnectionAddr::Tcp(host, port)
        });
    }
    let mut builder =
        SentinelClientBuilder::new(sentinels, name, SentinelServerType::Master).map_err(unusable)?;
    if is_tls {
        builder = builder.set_client_to_redis_tls_mode(redis::TlsMode::Secure);
    }
    if !database.is_empty() {
        let database = database.parse();
        builder = builder.set_client_to_redis_db(database.map_err(unusable)?);
    }
    // The url crate leaves what is escaped; the redis crate has the only reader of it, and takes a whole URL.
    let url = format!("redis://{login}@host");
    if !login.is_empty() {
        let info = url.into_connection_info().map_err(unusable)?;
        if let Some(user) = info.redis_settings().username() {
            builder = builder.set_client_to_redis_username(user);
        }
        if let Some(password) = info.redis_settings().password() {
            builder = builder.set_client_to_redis_password(password);
        }
    }
    let client = builder.build().map_err(unusable)?;
    Ok(Servers::Sentinel(Mutex::new(client)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(url: &str) -> Result<String, String> {
        let read = Servers::read(url);
        read.map(|(servers, shown)| format!("{servers:?} {shown}"))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn every_form_of_url_is_read_and_no_password_is_shown() {
        for (url, expected) in [
            ("redis://h", "Single redis://h"),
            ("rediss://u:s3cret@h:1/2", "Single rediss://h:1/2"),
            ("valkey://:s3cret@h", "Single valkey://h"),
            ("redis-cluster://:s3cret@a:1,b", "Cluster redis-cluster://a:1,b"),
            ("rediss-cluster://a", "Cluster rediss-cluster://a"),
            (
                "redis-sentinel://u:s3cret@a,b:2/main/3",
                "Sentinel redis-sentinel://a,b:2/main/3",
            ),
            ("rediss-sentinel://a/main", "Sentinel rediss-sentinel://a/main"),
        ] {
            assert_eq!(shown(url).as_deref(), Ok(expected), "{url}");
        }
        for url in [
            "s3cret",
            "http://s3cret@h",
            "redis-sentinel://:s3cret@a",
            "redis-sentinel://a/main/s3cret",
        ] {
            let error = shown(url).unwrap_err();
            assert!(!error.contains("s3cret"), "{error}");
        }
    }
}
